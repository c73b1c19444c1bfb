/* Damage and its traces: a flipped bit is found or harmless, what it does not hit can be saved, and
 * nothing is left of whoever is forgotten. make soak flips 10,000 bits. */
#include "engine/face/gallery/gallery.h"
#include "engine/fid/keeping.h"
#include "engine/face/store/trace.h"
#include "tests/check/check.h"
#include "tests/whole_file.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { SIZE = 24, PEOPLE = 6, FACES = 4 };

static const struct fid_store_model model = {"0123456789abcdef0123456789abcdef", "model", SIZE};

static struct fid_gallery *open_gallery(const char *path, unsigned flags)
{
    struct fid_gallery *gallery;
    fid_gallery_open_for(path, &model, NULL, flags, &gallery, NULL);
    return gallery;
}

static void enroll(struct fid_gallery *gallery, const char *name)
{
    float vectors[FACES][SIZE];
    struct fid_sample samples[FACES];
    const struct fid_terms terms = {"agreed in words that nobody else has", "2999-01-01"};
    struct fid_error error = {0};
    for (size_t i = 0; i < FACES; i++) {
        for (size_t p = 0; p < SIZE; p++)
            vectors[i][p] = check_random_float(0.5f, 3);
        samples[i] = (struct fid_sample){.embedding = vectors[i], .source = "made up"};
    }
    CHECK_THAT(fid_gallery_enroll_with(gallery, name, samples, FACES, false, &terms, NULL,
                                       &error) == FID_OK,
               "%s", error.text);
}

static void fill_gallery(const char *path)
{
    struct fid_gallery *gallery = open_gallery(path, FID_GALLERY_CREATE);
    char name[] = "person 0";
    REQUIRE(gallery != NULL);
    for (int i = 0; i < PEOPLE; i++) {
        name[7] = (char)('0' + i);
        enroll(gallery, name);
    }
    fid_gallery_close(&gallery);
}

/* Are these the very people, by name and vectors? */
static size_t same_people(const struct fid_gallery *a, const struct fid_gallery *b)
{
    size_t same = 0;
    for (size_t i = 0; i < a->count; i++)
        for (size_t j = 0; j < b->count; j++) {
            const struct fid_gallery_person *x = &a->people[i], *y = &b->people[j];
            same += strcmp(x->info.name, y->info.name) == 0 &&
                    strcmp(x->info.expires, y->info.expires) == 0 &&
                    x->vector_count == y->vector_count &&
                    memcmp(x->vectors, y->vectors, x->vector_count * SIZE * sizeof(float)) == 0;
        }
    return same;
}

static void count_tale(void *ctx, const char *sentence)
{
    CHECK(sentence[0] != '\0');
    ++*(size_t *)ctx;
}

static void a_whole_gallery_is_whole(void)
{
    const char *path = check_temp_path();
    size_t told = 0, faults = 1;
    struct fid_error error = {0};
    fill_gallery(path);
    CHECK_THAT(fid_gallery_check(path, NULL, count_tale, &told, &faults, &error) == FID_OK, "%s",
               error.text);
    CHECK(faults == 0 && told == 0);
    CHECK(fid_gallery_check("/none/x.db", NULL, count_tale, &told, &faults, &error) ==
          FID_NOT_FOUND);
}

/* What a check finds in order is in order: every person with every number. */
static void flips_are_found_or_harmless(void)
{
    const int rounds = check_soak() ? 10000 : 400;
    const char *path = check_temp_path(), *hurt = check_temp_path();
    int found = 0, harmless = 0;
    fill_gallery(path);
    struct file file = read_whole(path);
    struct fid_gallery *before = open_gallery(path, FID_GALLERY_READ_ONLY);
    REQUIRE(before != NULL && file.size > 0);
    for (int round = 0; round < rounds && !check_failed(); round++) {
        struct fid_error error = {0};
        size_t told = 0, faults = 0;
        uint32_t bit = check_random_below((uint32_t)(8 * file.size));
        bool cut = round % 10 == 9; /* a truncation now and then */
        file.bytes[bit / 8] ^= (unsigned char)(1 << bit % 8);
        write_whole(hurt, file.bytes, cut ? bit / 8 : file.size);
        file.bytes[bit / 8] ^= (unsigned char)(1 << bit % 8);
        enum fid_status status = fid_gallery_check(hurt, NULL, count_tale, &told, &faults, &error);
        if (status != FID_OK || faults > 0) {
            found++;
            CHECK(faults == 0 || told >= faults);
        } else {
            struct fid_gallery *after = open_gallery(hurt, FID_GALLERY_READ_ONLY);
            CHECK_THAT(after != NULL && same_people(before, after) == PEOPLE,
                       "bit %u is not found, and changes people", (unsigned)bit);
            fid_gallery_close(&after);
            harmless++;
        }
    }
    printf("%d flips and cuts: %d found, %d harmless\n", rounds, found, harmless);
    CHECK(found > 0 && harmless > 0);
    fid_gallery_close(&before);
    free(file.bytes);
}

/* Damage of one page loses at most what lies on it. */
static void salvages_what_is_undamaged(void)
{
    const char *path = check_temp_path(), *hurt = check_temp_path();
    const size_t page = 4096;
    size_t saved_most = 0, opened = 0;
    fill_gallery(path);
    struct file file = read_whole(path);
    struct fid_gallery *before = open_gallery(path, FID_GALLERY_READ_ONLY);
    REQUIRE(before != NULL && file.size % page == 0);
    for (size_t at = page; at < file.size; at += page) { /* not the first: the table of tables */
        char target[300];
        size_t told = 0, people = 0;
        struct fid_error error = {0};
        unsigned char *damaged = malloc(file.size);
        memcpy(damaged, file.bytes, file.size);
        memset(damaged + at, 0x5A, page);
        write_whole(hurt, damaged, file.size);
        free(damaged);
        snprintf(target, sizeof target, "%s.%zu", hurt, at / page);
        enum fid_status status =
            fid_gallery_salvage(hurt, NULL, NULL, target, count_tale, &told, &people, &error);
        if (status != FID_OK) /* the page of the model or of all samples */
            continue;
        opened++;
        struct fid_gallery *after = open_gallery(target, FID_GALLERY_READ_ONLY);
        CHECK(after != NULL);
        if (after == NULL)
            continue;
        CHECK_THAT(after->count == people, "page %zu", at / page);
        CHECK_THAT(people == PEOPLE || told > 0, "page %zu: %zu people, and nothing said",
                   at / page, people);
        size_t same = same_people(before, after);
        CHECK_THAT(same + 1 + told * FACES >= people, "page %zu", at / page);
        saved_most = same > saved_most ? same : saved_most;
        fid_gallery_close(&after);
    }
    CHECK_THAT(saved_most == PEOPLE && opened > 3, "%zu of %zu files, at most %zu people", opened,
               file.size / page - 1, saved_most);
    fid_gallery_close(&before);
    free(file.bytes);
}

/* One flipped number: that face is lost, and the others of the person and
 * everybody else are kept. */
static void salvages_around_a_flip(void)
{
    const char *path = check_temp_path(), *target = check_temp_path();
    struct fid_error error = {0};
    size_t told = 0, people = 0, faults = 0, at = 0;
    fill_gallery(path);
    struct fid_gallery *gallery = open_gallery(path, FID_GALLERY_READ_ONLY);
    REQUIRE(gallery != NULL);
    float sample[FACES][SIZE];
    size_t count = 0;
    CHECK(fid_store_read_samples(gallery->store, gallery->people[2].info.id, &sample[0][0], FACES,
                                 SIZE, &count, &error) == FID_OK);
    fid_gallery_close(&gallery);
    struct file file = read_whole(path);
    unsigned char *found = memmem(file.bytes, file.size, sample[1], sizeof sample[1]);
    REQUIRE(found != NULL);
    at = (size_t)(found - file.bytes);
    file.bytes[at + 5] ^= 4;
    write_whole(path, file.bytes, file.size);
    free(file.bytes);
    CHECK(fid_gallery_check(path, NULL, count_tale, &told, &faults, &error) == FID_OK &&
          faults == 1);
    CHECK_THAT(fid_gallery_salvage(path, NULL, NULL, target, count_tale, &told, &people, &error) ==
                   FID_OK,
               "%s", error.text);
    CHECK(people == PEOPLE);
    CHECK(fid_gallery_salvage(path, NULL, NULL, target, count_tale, &told, &people, &error) ==
          FID_EXISTS);
    gallery = open_gallery(target, FID_GALLERY_READ_ONLY);
    REQUIRE(gallery != NULL && gallery->count == PEOPLE);
    for (size_t i = 0; i < PEOPLE; i++)
        CHECK_THAT(gallery->people[i].info.sample_count == (i == 2 ? FACES - 1 : FACES), "%zu", i);
    fid_gallery_close(&gallery);
}

/* ---- copies and traces ---- */

static bool file_has(const char *path, const void *bytes, size_t size)
{
    struct file file = read_whole(path);
    bool has = file.bytes != NULL && memmem(file.bytes, file.size, bytes, size) != NULL;
    free(file.bytes);
    return has;
}

/* A person who was merged, renamed and copied: afterwards no file has 32 bytes of any of it. */
static void forgets_in_copies_and_history(void)
{
    const char *path = check_temp_path(), *copy = check_temp_path(), *gone = check_temp_path();
    float sample[2 * FACES][SIZE];
    struct fid_error error = {0};
    struct fid_forgotten forgotten;
    size_t count = 0;
    struct fid_gallery *gallery = open_gallery(path, FID_GALLERY_CREATE);
    REQUIRE(gallery != NULL);
    enroll(gallery, "anna the first");
    enroll(gallery, "ana");
    enroll(gallery, "bob");
    CHECK_THAT(fid_gallery_backup(gallery, copy, false, &error) == FID_OK, "%s", error.text);
    CHECK(fid_gallery_backup(gallery, copy, false, &error) == FID_EXISTS);
    CHECK(fid_gallery_backup(gallery, gone, false, &error) == FID_OK && unlink(gone) == 0);
    CHECK(fid_gallery_merge(gallery, "anna the first", "ana", &error) == FID_OK);
    CHECK(fid_store_read_samples(gallery->store, gallery->people[0].info.id, &sample[0][0],
                                 2 * FACES, SIZE, &count, &error) == FID_OK);
    CHECK(count == 2 * FACES && file_has(copy, sample[0], 32));
    CHECK_THAT(fid_gallery_forget_proven(gallery, "ana", &forgotten, &error) == FID_OK, "%s",
               error.text);
    CHECK(forgotten.backups == 1 && forgotten.files == 4 && forgotten.absent == 1);
    CHECK(forgotten.bytes_sought > 2 * FACES * SIZE * sizeof(float));
    for (size_t i = 0; i < count; i++)
        for (size_t p = 0; p + 8 <= SIZE; p++) {
            CHECK(!file_has(path, sample[i] + p, 32));
            CHECK(!file_has(copy, sample[i] + p, 32));
        }
    CHECK(!file_has(path, "anna the first", 14) && !file_has(copy, "anna the first", 14));
    fid_gallery_close(&gallery);
    gallery = open_gallery(copy, FID_GALLERY_READ_ONLY);
    CHECK(gallery != NULL && gallery->count == 1);
    fid_gallery_close(&gallery);
}

/* A copy of a copy, and one that was elsewhere when the person was forgotten. */
static void forgets_wherever_it_was_copied(void)
{
    const char *path = check_temp_path(), *copy = check_temp_path(), *second = check_temp_path();
    const char *elsewhere = check_temp_path(), *name = "anastasia";
    struct fid_error error = {0};
    struct fid_forgotten told;
    struct fid_gallery *gallery = open_gallery(path, FID_GALLERY_CREATE), *other;
    REQUIRE(gallery != NULL);
    enroll(gallery, name);
    enroll(gallery, "bob");
    CHECK_THAT(fid_gallery_backup(gallery, copy, false, &error) == FID_OK, "%s", error.text);
    other = open_gallery(copy, 0);
    REQUIRE(other != NULL);
    CHECK_THAT(fid_gallery_backup(other, second, false, &error) == FID_OK, "%s", error.text);
    fid_gallery_close(&other);
    CHECK(rename(second, elsewhere) == 0 && file_has(elsewhere, name, strlen(name)));
    CHECK(fid_gallery_forget_proven(gallery, name, &told, &error) == FID_OK);
    CHECK_THAT(told.backups == 1 && told.absent == 1, "%zu %zu", told.backups, told.absent);
    CHECK(!file_has(copy, name, strlen(name)));
    CHECK(fid_gallery_forget_proven(gallery, name, &told, &error) == FID_NOT_FOUND);
    CHECK(rename(elsewhere, second) == 0); /* back again: she is known there alone */
    CHECK_THAT(fid_gallery_forget_proven(gallery, name, &told, &error) == FID_OK, "%s", error.text);
    CHECK(told.backups == 1 && told.absent == 0 && told.bytes_sought > FACES * SIZE * 4);
    CHECK(!file_has(second, name, strlen(name)));
    fid_gallery_close(&gallery);
}

/* Enrolls name with the faces of `of` besides. */
static void enroll_as(struct fid_gallery *gallery, const char *name, const char *of)
{
    float vectors[FACES][SIZE];
    struct fid_sample samples[FACES];
    struct fid_error error = {0};
    size_t count = 0;
    int64_t id = 0;
    CHECK(fid_gallery_find(gallery, of, &id, &error) == FID_OK &&
          fid_store_read_samples(gallery->store, id, &vectors[0][0], FACES, SIZE, &count, &error) ==
              FID_OK);
    for (size_t i = 0; i < count; i++)
        samples[i] = (struct fid_sample){.embedding = vectors[i], .source = "made up"};
    CHECK_THAT(fid_gallery_enroll(gallery, name, samples, count, true, NULL, &error) == FID_OK,
               "%s", error.text);
}

/* "ana bob": these two are in the gallery, and nobody else. */
static bool has_just(const char *path, const char *names)
{
    struct fid_gallery *gallery = open_gallery(path, FID_GALLERY_READ_ONLY);
    char found[200] = "";
    for (size_t i = 0; gallery != NULL && i < gallery->count; i++)
        snprintf(found + strlen(found), sizeof found - strlen(found), "%s%s", i == 0 ? "" : " ",
                 gallery->people[i].info.name);
    fid_gallery_close(&gallery);
    return strcmp(found, names) == 0;
}

/* Whoever stays in the gallery stays in its copies: with the same faces, under the same name then,
 * or with a number that was given again after a restore. */
static void forgets_nobody_else_in_copies(void)
{
    const char *path = check_temp_path(), *first = check_temp_path(), *second = check_temp_path();
    struct fid_restored restored;
    int64_t later = 0;
    struct fid_error error = {0};
    struct fid_gallery *gallery = open_gallery(path, FID_GALLERY_CREATE);
    REQUIRE(gallery != NULL);
    enroll(gallery, "anastasia");
    enroll(gallery, "radomir");
    CHECK(fid_gallery_backup(gallery, first, false, &error) == FID_OK);
    enroll_as(gallery, "twin", "anastasia");
    CHECK_THAT(fid_gallery_forget(gallery, "twin", &error) == FID_OK, "%s", error.text);
    CHECK(has_just(path, "anastasia radomir") && has_just(first, "anastasia radomir"));
    enroll_as(gallery, "twin", "anastasia");
    CHECK(fid_gallery_backup(gallery, second, false, &error) == FID_OK);
    CHECK_THAT(fid_gallery_forget(gallery, "twin", &error) == FID_OK, "%s", error.text);
    CHECK(has_just(second, "anastasia radomir"));

    CHECK(fid_gallery_rename(gallery, "anastasia", "empress", &error) == FID_OK);
    CHECK(fid_gallery_rename(gallery, "radomir", "anastasia", &error) == FID_OK);
    CHECK_THAT(fid_gallery_forget(gallery, "anastasia", &error) == FID_OK, "%s", error.text);
    CHECK(has_just(path, "empress") && has_just(first, "anastasia") &&
          has_just(second, "anastasia"));
    CHECK(fid_gallery_forget(gallery, "anastasia", &error) == FID_NOT_FOUND);

    enroll(gallery, "later than the first copy");
    CHECK(fid_gallery_find(gallery, "later than the first copy", &later, &error) == FID_OK);
    CHECK(fid_gallery_backup(gallery, second, true, &error) == FID_OK);
    fid_gallery_close(&gallery);
    CHECK_THAT(fid_gallery_restore(path, NULL, first, &restored, &error) == FID_OK, "%s",
               error.text);
    gallery = open_gallery(path, 0);
    REQUIRE(gallery != NULL);
    nanosleep(&(struct timespec){.tv_sec = 1}, NULL); /* times are noted in seconds */
    for (int64_t id = 0; id <= later;) {
        enroll(gallery, "given the same number");
        CHECK(fid_gallery_find(gallery, "given the same number", &id, &error) == FID_OK);
        CHECK_THAT(fid_gallery_forget(gallery, "given the same number", &error) == FID_OK, "%s",
                   error.text);
    }
    CHECK(has_just(second, "empress later than the first copy"));
    fid_gallery_close(&gallery);
    unlink(restored.aside);
}

/* The copies come first, and the sentence says what has not happened. */
static void a_damaged_copy_is_told(void)
{
    const char *path = check_temp_path(), *copy = check_temp_path();
    struct fid_error error = {0};
    struct fid_gallery *gallery = open_gallery(path, FID_GALLERY_CREATE);
    REQUIRE(gallery != NULL);
    enroll(gallery, "ana");
    CHECK(fid_gallery_backup(gallery, copy, false, &error) == FID_OK);
    write_whole(copy, (const unsigned char *)"no gallery any more", 19);
    CHECK(fid_gallery_forget(gallery, "ana", &error) == FID_CORRUPT);
    CHECK_THAT(strstr(error.text, "'ana' is not forgotten yet") != NULL &&
                   strstr(error.text, copy) != NULL && strstr(error.text, "restore") == NULL,
               "%s", error.text);
    CHECK(gallery->count == 1 && unlink(copy) == 0);
    CHECK(fid_gallery_forget(gallery, "ana", &error) == FID_OK && gallery->count == 0);
    fid_gallery_close(&gallery);
}

/* What a killed backup or protect leaves is beside the copy, or the gallery, under another name. */
static void forgets_what_a_killed_process_left(void)
{
    const char *path = check_temp_path(), *copy = check_temp_path();
    static const char *const endings[] = {".faceid-part", ".faceid-part-journal",
                                          ".faceid-part-wal", ".faceid-part-shm"};
    char left[2][4][PATH_MAX];
    struct fid_error error = {0};
    struct fid_gallery *gallery = open_gallery(path, FID_GALLERY_CREATE);
    REQUIRE(gallery != NULL);
    enroll(gallery, "ana");
    enroll(gallery, "bob");
    CHECK_THAT(fid_gallery_backup(gallery, copy, false, &error) == FID_OK, "%s", error.text);
    struct file file = read_whole(copy);
    for (size_t i = 0; i < 2; i++)
        for (size_t e = 0; e < 4; e++) {
            snprintf(left[i][e], PATH_MAX, "%s%s", i == 0 ? path : copy, endings[e]);
            write_whole(left[i][e], file.bytes, file.size);
        }
    free(file.bytes);
    CHECK_THAT(fid_gallery_forget(gallery, "ana", &error) == FID_OK, "%s", error.text);
    for (size_t i = 0; i < 2; i++)
        for (size_t e = 0; e < 4; e++)
            CHECK_THAT(access(left[i][e], F_OK) != 0, "%s is there", left[i][e]);
    /* One that cannot be removed (a folder has its name) stops the forgetting before it begins. */
    CHECK(mkdir(left[1][0], 0700) == 0);
    CHECK(fid_gallery_forget(gallery, "bob", &error) == FID_IO &&
          strstr(error.text, left[1][0]) != NULL && gallery->count == 1);
    rmdir(left[1][0]);
    fid_gallery_close(&gallery);
}

/* A copy of the file's bytes into itself, as a fault would leave them: the proof must fail. */
static void the_proof_can_fail(void)
{
    struct fid_trace trace = {0};
    float telling[16], zeros[16] = {0};
    for (int i = 0; i < 16; i++)
        telling[i] = check_random_float(1, 2);
    REQUIRE(fid_trace_add(&trace, zeros, sizeof zeros));
    REQUIRE(fid_trace_add(&trace, telling, sizeof telling));
    REQUIRE(fid_trace_prepare(&trace));
    CHECK(trace.piece_count == 2); /* zeros tell nothing */
    fid_trace_free(&trace);
}

struct memory {
    const unsigned char *bytes;
};

static enum fid_status read_memory(void *ctx, uint64_t at, uint8_t *bytes, size_t count,
                                   struct fid_error *error)
{
    (void)error;
    memcpy(bytes, ((struct memory *)ctx)->bytes + at, count);
    return FID_OK;
}

/* A piece anywhere, also over the edge of two reads, is found, and nothing else is. */
static void finds_a_piece_anywhere(void)
{
    enum { BYTES = 3 << 20, SECRET = 1000 };
    static unsigned char haystack[BYTES];
    unsigned char secret[SECRET];
    struct fid_trace trace = {0};
    struct fid_error error;
    struct fid_trace_find find = {0};
    const uint8_t *bytes;
    size_t size;
    for (size_t i = 0; i < BYTES; i++)
        haystack[i] = (unsigned char)check_random_below(256);
    for (size_t i = 0; i < SECRET; i++)
        secret[i] = (unsigned char)check_random_below(256);
    REQUIRE(fid_trace_add(&trace, "short", 5) && fid_trace_add(&trace, secret, SECRET));
    REQUIRE(fid_trace_prepare(&trace));
    struct memory memory = {haystack};
    CHECK(fid_trace_search(&trace, read_memory, &memory, BYTES, &find, &error) == FID_OK);
    CHECK(find.piece == NULL);
    for (int round = 0; round < 40; round++) {
        unsigned char before[64];
        size_t at = round < 20 ? check_random_below(BYTES - 64)
                               : ((size_t)1 << 20) - 64 + check_random_below(64); /* a read's end */
        size_t from = check_random_below(SECRET - 64);
        memcpy(before, haystack + at, 64);
        memcpy(haystack + at, secret + from, 64); /* of any 64, 32 stand at a piece's place */
        find.at = 0;
        CHECK(fid_trace_search(&trace, read_memory, &memory, BYTES, &find, &error) == FID_OK);
        /* Bytes before it may happen to be those of the piece too. */
        const bool found = find.piece != NULL && find.at + FID_TRACE_BYTES > at &&
                           find.at < at + 64 &&
                           memcmp(haystack + find.at, find.piece, FID_TRACE_BYTES) == 0;
        CHECK_THAT(found, "64 bytes from %zu at %zu are not found", from, at);
        if (found) {
            fid_trace_get(&trace, find.piece, &bytes, &size);
            CHECK(size == SECRET && memcmp(bytes, secret, SECRET) == 0);
        }
        memcpy(haystack + at, before, 64);
    }
    fid_trace_free(&trace);
}

/* What is found can be taken out, alone or with all that was added with it; what lies behind it in
 * the file is found then, and what was added twice is out altogether. */
static void goes_on_behind_what_is_spared(void)
{
    enum { PIECE = FID_TRACE_BYTES, PIECES = 3, BYTES = 4 * PIECES * PIECE };
    unsigned char secret[PIECES * PIECE], haystack[BYTES] = {0};
    struct fid_trace trace = {0};
    struct fid_trace_find find = {0};
    struct fid_error error;
    struct memory memory = {haystack};
    for (size_t i = 0; i < sizeof secret; i++)
        secret[i] = (unsigned char)(1 + check_random_below(255));
    REQUIRE(fid_trace_add(&trace, secret, sizeof secret) && fid_trace_add(&trace, secret, PIECE) &&
            fid_trace_prepare(&trace));
    for (size_t i = 0; i < 2; i++)
        memcpy(haystack + 1 + i * sizeof secret, secret, sizeof secret);
    for (size_t i = 0; i < PIECES; i++) {
        CHECK(fid_trace_search(&trace, read_memory, &memory, BYTES, &find, &error) == FID_OK);
        CHECK_THAT(find.piece != NULL && find.at == 1 + i * PIECE, "piece %zu at %llu", i,
                   (unsigned long long)find.at);
        fid_trace_spare(&trace, secret + i * PIECE, PIECE);
    }
    CHECK(fid_trace_search(&trace, read_memory, &memory, BYTES, &find, &error) == FID_OK);
    CHECK(find.piece == NULL && trace.piece_count == 0);
    fid_trace_free(&trace);
}

CHECK_MAIN(CHECK_CASE(goes_on_behind_what_is_spared), CHECK_CASE(a_whole_gallery_is_whole),
           CHECK_CASE(flips_are_found_or_harmless), CHECK_CASE(salvages_what_is_undamaged),
           CHECK_CASE(salvages_around_a_flip), CHECK_CASE(forgets_in_copies_and_history),
           CHECK_CASE(forgets_what_a_killed_process_left),
           CHECK_CASE(forgets_wherever_it_was_copied), CHECK_CASE(forgets_nobody_else_in_copies),
           CHECK_CASE(a_damaged_copy_is_told), CHECK_CASE(the_proof_can_fail),
           CHECK_CASE(finds_a_piece_anywhere))
