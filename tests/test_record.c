/* test_record.c - what rows hold comes back as it was written, and damaged contents are refused:
 * cut, too long, with a wrong length, a zero in a text or a number that is not finite. */
#include "engine/base/memory.h"
#include "engine/face/gallery/record.h"
#include "tests/check/check.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char model[33] = "0123456789abcdef0123456789abcdef";
static const char now[FID_TIME_BYTES] = "2026-11-23T22:10:05Z";
static struct fid_writer writer; /* of the running case */

static struct fid_entry entry_of(enum fid_kind kind)
{
    CHECK(!writer.failed);
    return (struct fid_entry){
        .id = FID_FIRST_ID(kind) + 5, .content = writer.bytes, .size = writer.size};
}

/* Reads the entry as the record of its kind, with everything that it points to. */
static bool reads(const struct fid_entry *entry)
{
    struct fid_person_record person;
    struct fid_sample_record sample;
    struct fid_consent_record consent;
    struct fid_crop_record crop;
    struct fid_copy_record copy;
    struct fid_change_record change;
    struct fid_calibration_record calibration;
    struct fid_template_record template;
    switch (FID_ROW_KIND(entry->id)) {
    case FID_KIND_PERSON:
        return fid_record_read_person(entry, &person);
    case FID_KIND_SAMPLE:
    case FID_KIND_STRANGER:
        return fid_record_read_sample(entry, &sample);
    case FID_KIND_CONSENT:
        return fid_record_read_consent(entry, &consent);
    case FID_KIND_CROP:
        return fid_record_read_crop(entry, &crop);
    case FID_KIND_COPY:
        return fid_record_read_copy(entry, &copy);
    case FID_KIND_CHANGE:
        return fid_record_read_change(entry, &change);
    case FID_KIND_CALIBRATION:
        return fid_record_read_calibration(entry, &calibration);
    default:
        return fid_record_read_template(entry, &template);
    }
}

/* As it is, but not shorter, longer, or as another kind. */
static void check_ends(const struct fid_entry *whole)
{
    uint8_t *room = malloc(whole->size + 1);
    CHECK(reads(whole));
    memcpy(room, whole->content, whole->size);
    room[whole->size] = 0;
    struct fid_entry entry = *whole;
    entry.content = room;
    entry.size = whole->size + 1;
    CHECK(!reads(&entry));
    const size_t step = 1 + whole->size / 500;
    for (entry.size = 0; entry.size < whole->size; entry.size += step) {
        uint8_t *cut = malloc(entry.size + 1); /* the sanitizer knows where it ends */
        memcpy(cut + 1, whole->content, entry.size);
        entry.content = cut + 1;
        CHECK_THAT(!reads(&entry), "kind %u cut to %zu of %zu bytes", FID_ROW_KIND(whole->id),
                   entry.size, whole->size);
        free(cut);
    }
    entry = *whole;
    for (unsigned kind = FID_KIND_PERSON; kind <= FID_KIND_TEMPLATE; kind++) {
        entry.id = FID_FIRST_ID(kind) + 5;
        const bool alike =
            FID_ROW_KIND(whole->id) == kind ||
            (FID_ROW_KIND(whole->id) == FID_KIND_SAMPLE && kind == FID_KIND_STRANGER);
        CHECK_THAT(reads(&entry) == alike, "kind %u as %u", FID_ROW_KIND(whole->id), kind);
    }
    free(room);
}

/* ---- one by one ---- */

static void write_person(const char *name, size_t was_count)
{
    static uint8_t was[8 * 100];
    struct fid_person_record record = {.expires = "2027-01-31", .was = was, .was_count = was_count};
    snprintf(record.name, sizeof record.name, "%s", name);
    memcpy(record.created, now, sizeof now);
    for (size_t i = 0; i < was_count; i++)
        fid_record_put_id(was, i, INT64_C(1) << 56 | (int64_t)i);
    fid_record_write_person(&writer, &record);
}

static void people(void)
{
    struct fid_person_record back;
    for (size_t was = 0; was <= 100; was += 25) {
        write_person("Ana", was);
        const struct fid_entry entry = entry_of(FID_KIND_PERSON);
        REQUIRE(fid_record_read_person(&entry, &back));
        CHECK(strcmp(back.name, "Ana") == 0 && strcmp(back.created, now) == 0);
        CHECK(strcmp(back.expires, "2027-01-31") == 0 && back.was_count == was);
        CHECK(was == 0 ||
              fid_record_id(back.was, was - 1) == (INT64_C(1) << 56 | (int64_t)was) - 1);
        CHECK(entry.size % 128 == 0);
        check_ends(&entry);
    }
}

/* Names are those that the gallery would take, in the form that it keeps. */
static void names_that_are_none(void)
{
    static const char *const names[] = {"",   " Ana", "Ana ", "a/b",        "-a", "?",
                                        "..", "a\n",  "\xff", "Ana\xcc\x81" /* decomposed */};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        write_person(names[i], 0);
        const struct fid_entry entry = entry_of(FID_KIND_PERSON);
        CHECK_THAT(!reads(&entry), "name %zu", i);
    }
}

static void padding_is_zeros(void)
{
    write_person("Ana", 0);
    const struct fid_entry entry = entry_of(FID_KIND_PERSON);
    CHECK(reads(&entry));
    writer.bytes[writer.size - 1] = 1;
    CHECK(!reads(&entry));
}

static void samples(void)
{
    float numbers[512], out[512];
    for (size_t i = 0; i < 512; i++)
        numbers[i] = check_random_float(-1, 1);
    for (size_t length = 0; length < 300; length += 37) {
        char source[300];
        struct fid_sample_record back, record = {.order = 3,
                                                 .source = source,
                                                 .source_size = length,
                                                 .numbers = (const uint8_t *)numbers,
                                                 .size = 512};
        memset(source, 's', sizeof source);
        memcpy(record.model, model, sizeof model);
        memcpy(record.created, now, sizeof now);
        fid_record_write_sample(&writer, &record);
        const struct fid_entry entry = entry_of(FID_KIND_SAMPLE);
        REQUIRE(fid_record_read_sample(&entry, &back));
        fid_record_numbers(back.numbers, back.size, out);
        CHECK(back.size == 512 && memcmp(out, numbers, sizeof out) == 0 && back.order == 3);
        CHECK(back.source_size == length && memcmp(back.source, source, length) == 0);
        CHECK(strcmp(back.model, model) == 0 && strcmp(back.created, now) == 0);
        CHECK((back.numbers - entry.content) % 128 == 0);
        check_ends(&entry);
    }
}

static void numbers_are_finite(void)
{
    static const float bad[] = {INFINITY, -INFINITY, NAN};
    float numbers[64] = {0};
    struct fid_sample_record record = {
        .source = "", .numbers = (const uint8_t *)numbers, .size = 64};
    memcpy(record.model, model, sizeof model);
    for (size_t i = 0; i < 64 * 3; i++) {
        numbers[i % 64] = bad[i / 64];
        fid_record_write_sample(&writer, &record);
        const struct fid_entry entry = entry_of(FID_KIND_SAMPLE);
        CHECK(!reads(&entry));
        numbers[i % 64] = -3.4028235e38f; /* the greatest that is */
        fid_record_write_sample(&writer, &record);
        const struct fid_entry good = entry_of(FID_KIND_SAMPLE);
        CHECK(reads(&good));
    }
}

static void consents(void)
{
    static const char words[] = "I agree: Ja, gr\xc3\xbc\xc3\x9f euch.\nSincerely, Ana";
    struct fid_consent_record back,
        record = {.order = 9, .text = words, .text_size = sizeof words - 1};
    memcpy(record.created, now, sizeof now);
    fid_record_write_consent(&writer, &record);
    const struct fid_entry entry = entry_of(FID_KIND_CONSENT);
    REQUIRE(fid_record_read_consent(&entry, &back));
    CHECK(back.order == 9 && back.text_size == sizeof words - 1);
    CHECK(memcmp(back.text, words, back.text_size) == 0 && entry.size % 256 == 0);
    check_ends(&entry);
    static const struct {
        const char *text;
        size_t size;
    } bad[] = {{"", 0}, {"a\0b", 3}, {"\xc3", 1}, {"\xed\xa0\x80", 3}};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        record.text = bad[i].text;
        record.text_size = bad[i].size;
        fid_record_write_consent(&writer, &record);
        const struct fid_entry wrong = entry_of(FID_KIND_CONSENT);
        CHECK_THAT(!reads(&wrong), "consent %zu", i);
    }
}

static void crops_and_copies(void)
{
    static uint8_t bytes[10000];
    struct fid_crop_record crop;
    struct fid_copy_record path, copy = {.path = "/some/where.db", .path_size = 14};
    memset(bytes, 7, sizeof bytes);
    for (size_t size = 0; size <= sizeof bytes; size += 2500) {
        const struct fid_crop_record record = {bytes, size};
        fid_record_write_crop(&writer, &record);
        const struct fid_entry entry = entry_of(FID_KIND_CROP);
        REQUIRE(fid_record_read_crop(&entry, &crop));
        CHECK(crop.size == size && memcmp(crop.bytes, bytes, size) == 0 && entry.size % 4096 == 0);
        check_ends(&entry);
    }
    memcpy(copy.created, now, sizeof now);
    fid_record_write_copy(&writer, &copy);
    const struct fid_entry entry = entry_of(FID_KIND_COPY);
    REQUIRE(fid_record_read_copy(&entry, &path));
    CHECK(path.path_size == 14 && memcmp(path.path, copy.path, 14) == 0);
    check_ends(&entry);
}

static void changes(void)
{
    uint8_t ids[8 * 10];
    for (size_t i = 0; i < 10; i++)
        fid_record_put_id(ids, i, (int64_t)i + 1);
    struct fid_change_record back,
        record = {
            .verb = "merge", .people = ids, .people_count = 2, .added = ids + 16, .added_count = 8};
    memcpy(record.time, now, sizeof now);
    fid_record_write_change(&writer, &record);
    const struct fid_entry entry = entry_of(FID_KIND_CHANGE);
    REQUIRE(fid_record_read_change(&entry, &back));
    CHECK(strcmp(back.verb, "merge") == 0 && strcmp(back.time, now) == 0);
    CHECK(back.people_count == 2 && fid_record_id(back.people, 1) == 2);
    CHECK(back.added_count == 8 && fid_record_id(back.added, 7) == 10);
    check_ends(&entry);
}

static void calibrations(void)
{
    struct fid_calibration_record back,
        record = {
            .model_name = "a model",
            .numbers = {.accept = 0.5f, .fpir = 0.001, .people = 3, .strangers = 4000, .named = 4}};
    memcpy(record.model, model, sizeof model);
    memcpy(record.numbers.created, now, sizeof now);
    fid_record_write_calibration(&writer, &record);
    const struct fid_entry entry = entry_of(FID_KIND_CALIBRATION);
    REQUIRE(fid_record_read_calibration(&entry, &back));
    CHECK(back.numbers.accept == 0.5f && back.numbers.fpir == 0.001 && back.numbers.people == 3);
    CHECK(back.numbers.strangers == 4000 && back.numbers.named == 4);
    CHECK(strcmp(back.model_name, "a model") == 0 && strcmp(back.numbers.created, now) == 0);
    check_ends(&entry);
    record.numbers.named = 4001;
    fid_record_write_calibration(&writer, &record);
    const struct fid_entry wrong = entry_of(FID_KIND_CALIBRATION);
    CHECK(!reads(&wrong));
}

static void templates(void)
{
    float numbers[4 * 64];
    for (size_t i = 0; i < 4 * 64; i++)
        numbers[i] = check_random_float(-1, 1);
    struct fid_template_record back, record = {.prototypes = 3,
                                               .size = 64,
                                               .samples = 10,
                                               .crops = 4,
                                               .numbers = (const uint8_t *)numbers};
    memcpy(record.model, model, sizeof model);
    fid_record_write_template(&writer, &record);
    const struct fid_entry entry = entry_of(FID_KIND_TEMPLATE);
    REQUIRE(fid_record_read_template(&entry, &back));
    CHECK(back.prototypes == 3 && back.size == 64 && back.samples == 10 && back.crops == 4);
    CHECK(memcmp(back.numbers, numbers, sizeof numbers) == 0);
    check_ends(&entry);
}

/* Every length of every kind, set to what it is not: the greatest, and one more or less. */
static void wrong_lengths(void)
{
    static const uint32_t lies[] = {UINT32_MAX, INT32_MAX, 0x20000000, 0x1fffffff};
    write_person("Ana", 3);
    const struct fid_entry entry = entry_of(FID_KIND_PERSON);
    for (size_t at = 0; at + 4 < 100; at++)
        for (size_t i = 0; i < sizeof lies / sizeof lies[0]; i++) {
            uint8_t kept[4];
            memcpy(kept, writer.bytes + at, 4);
            memcpy(writer.bytes + at, &lies[i], 4);
            struct fid_person_record back;
            if (fid_record_read_person(&entry, &back)) /* it hit the list of ids */
                CHECK(back.was_count == 3 && strcmp(back.name, "Ana") == 0);
            memcpy(writer.bytes + at, kept, 4);
        }
    CHECK(reads(&entry));
}

static void no_memory_is_told(void)
{
    struct fid_writer to = {0};
    const struct fid_person_record record = {.name = "Ana"};
    fid_allocation_fail_at(1);
    fid_record_write_person(&to, &record);
    CHECK(to.failed);
    fid_allocation_fail_at(0);
    fid_record_write_person(&to, &record);
    CHECK(!to.failed && to.size == 128);
    fid_free(to.bytes);
}

CHECK_MAIN(CHECK_CASE(people), CHECK_CASE(names_that_are_none), CHECK_CASE(padding_is_zeros),
           CHECK_CASE(samples), CHECK_CASE(numbers_are_finite), CHECK_CASE(consents),
           CHECK_CASE(crops_and_copies), CHECK_CASE(changes), CHECK_CASE(calibrations),
           CHECK_CASE(templates), CHECK_CASE(wrong_lengths), CHECK_CASE(no_memory_is_told))
