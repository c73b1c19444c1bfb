/* record.c - what the rows of a gallery hold, to bytes and back. A table says of each kind of row
 * what stands after what; FORMAT.md has the same in words. */
#include "engine/face/gallery/record.h"

#include "engine/base/bytes.h"
#include "engine/base/memory.h"
#include "engine/face/gallery/name.h"

#include <math.h>
#include <string.h>
#include <time.h>

/* ---- what stands after what ---- */

enum form {
    END = 0,
    NUMBER, /* `bytes` bytes as they are */
    COUNT,  /* a size_t, in 4 bytes */
    FIELD,  /* a text, which has to leave `bytes` room for its zero */
    TIME,   /* a time or day, or nothing */
    MODEL,  /* 32 hexadecimal digits */
    TEXT,   /* points to a text, whose size stands at `count` */
    LIST,   /* points to so many elements of `bytes` bytes as stand at `count` */
    FILL,   /* zeros up to a multiple of `bytes` */
    FLOATS, /* points to finite numbers, to the end */
};
struct part {
    enum form form;
    size_t at, bytes, count; /* at, count: places in the record's struct */
};
#define PART(form, type, field)                                                  \
    {                                                                            \
        form, offsetof(struct type, field), sizeof(((struct type *)0)->field), 0 \
    }
#define POINTER(form, type, field, bytes, count)                                \
    {                                                                           \
        form, offsetof(struct type, field), bytes, offsetof(struct type, count) \
    }

static const struct part person[] = {
    PART(FIELD, fid_person_record, name),
    PART(TIME, fid_person_record, created),
    PART(TIME, fid_person_record, expires),
    POINTER(LIST, fid_person_record, was, 8, was_count),
    {FILL, 0, 128, 0},
    {END, 0, 0, 0},
};
static const struct part sample[] = {
    PART(MODEL, fid_sample_record, model),
    PART(NUMBER, fid_sample_record, order),
    PART(COUNT, fid_sample_record, size),
    PART(TIME, fid_sample_record, created),
    POINTER(TEXT, fid_sample_record, source, 1, source_size),
    {FILL, 0, 128, 0},
    PART(FLOATS, fid_sample_record, numbers),
    {END, 0, 0, 0},
};
static const struct part consent[] = {
    PART(NUMBER, fid_consent_record, order),
    PART(TIME, fid_consent_record, created),
    POINTER(TEXT, fid_consent_record, text, 1, text_size),
    {FILL, 0, 256, 0},
    {END, 0, 0, 0},
};
static const struct part crop[] = {
    POINTER(LIST, fid_crop_record, bytes, 1, size), {FILL, 0, 4096, 0}, {END, 0, 0, 0}};
static const struct part copy[] = {
    PART(TIME, fid_copy_record, created),
    POINTER(TEXT, fid_copy_record, path, 1, path_size),
    {FILL, 0, 128, 0},
    {END, 0, 0, 0},
};
static const struct part change[] = {
    PART(FIELD, fid_change_record, verb),
    PART(TIME, fid_change_record, time),
    POINTER(LIST, fid_change_record, people, 8, people_count),
    POINTER(LIST, fid_change_record, added, 8, added_count),
    {END, 0, 0, 0},
};
static const struct part calibration[] = {
    PART(MODEL, fid_calibration_record, model),
    PART(FIELD, fid_calibration_record, model_name),
    PART(TIME, fid_calibration_record, numbers.created),
    PART(NUMBER, fid_calibration_record, numbers.accept),
    PART(NUMBER, fid_calibration_record, numbers.fpir),
    PART(COUNT, fid_calibration_record, numbers.people),
    PART(COUNT, fid_calibration_record, numbers.strangers),
    PART(COUNT, fid_calibration_record, numbers.named),
    {END, 0, 0, 0},
};
static const struct part template[] = {
    PART(MODEL, fid_template_record, model),    PART(NUMBER, fid_template_record, prototypes),
    PART(NUMBER, fid_template_record, size),    PART(NUMBER, fid_template_record, samples),
    PART(NUMBER, fid_template_record, crops),   {FILL, 0, 128, 0},
    PART(FLOATS, fid_template_record, numbers), {END, 0, 0, 0},
};

/* ---- reading ---- */

struct reader {
    const uint8_t *bytes;
    size_t at, size;
    size_t floats; /* how many there were */
};

/* The next n bytes; NULL: there are not so many. */
static const uint8_t *take(struct reader *from, size_t n)
{
    if (n > from->size - from->at)
        return NULL;
    from->at += n;
    return from->bytes + from->at - n;
}

/* A count, and so many elements. */
static const uint8_t *take_list(struct reader *from, size_t each, size_t *count)
{
    const uint8_t *at = take(from, 4);
    *count = at != NULL ? fid_get32(at) : 0;
    return at != NULL && *count <= from->size / each ? take(from, *count * each) : NULL;
}

static bool take_field(struct reader *from, enum form form, char *field, size_t bytes)
{
    static const char time[FID_TIME_BYTES] = "0000-00-00T00:00:00Z";
    size_t size;
    const uint8_t *text = take_list(from, 1, &size);
    memset(field, 0, bytes);
    if (text == NULL || size >= bytes || memchr(text, 0, size) != NULL)
        return false;
    memcpy(field, text, size);
    for (size_t i = 0; form == TIME && size > 0 && i < bytes - 1; i++)
        if (time[i] == '0' ? field[i] < '0' || field[i] > '9' : field[i] != time[i])
            return false;
    return form != MODEL || strspn(field, "0123456789abcdef") == 32;
}

static bool take_zeros(struct reader *from, size_t multiple)
{
    const size_t more = (multiple - from->at % multiple) % multiple;
    const uint8_t *zeros = take(from, more);
    for (size_t i = 0; zeros != NULL && i < more; i++)
        if (zeros[i] != 0)
            return false;
    return zeros != NULL;
}

static const uint8_t *take_floats(struct reader *from)
{
    const uint8_t *numbers = from->bytes + from->at;
    uint32_t worst = 0, bits;
    from->floats = (from->size - from->at) / sizeof bits;
    for (size_t i = 0; i < from->floats; i++) {
        memcpy(&bits, numbers + i * sizeof bits, sizeof bits);
        bits &= 0x7fffffffu;
        worst = bits > worst ? bits : worst;
    }
    from->at += from->floats * sizeof bits;
    return worst < 0x7f800000u && from->floats > 0 ? numbers : NULL; /* infinity */
}

static bool take_part(struct reader *from, const struct part *part, char *record)
{
    char *field = record + part->at;
    size_t *count = (size_t *)(void *)(record + part->count);
    const uint8_t *at = NULL;
    switch (part->form) {
    case NUMBER:
    case COUNT:
        at = take(from, part->form == COUNT ? 4 : part->bytes);
        if (at != NULL && part->form == COUNT)
            *(size_t *)(void *)field = fid_get32(at);
        else if (at != NULL)
            memcpy(field, at, part->bytes);
        return at != NULL;
    case TEXT:
    case LIST:
        at = take_list(from, part->bytes, count);
        memcpy(field, &at, sizeof at);
        return at != NULL && (part->form == LIST || memchr(at, 0, *count) == NULL);
    case FILL:
        return take_zeros(from, part->bytes);
    case FLOATS:
        at = take_floats(from);
        memcpy(field, &at, sizeof at);
        return at != NULL;
    default:
        return take_field(from, part->form, field, part->bytes);
    }
}

/* FILLS record; *floats: how many numbers there are at its end (may be NULL). */
static bool read_parts(const struct fid_entry *entry, enum fid_kind kind, const struct part *parts,
                       void *record, size_t *floats)
{
    struct reader from = {entry->content, 0, entry->size, 0};
    bool good = FID_ROW_KIND(entry->id & ~FID_ROW_BEFORE_BIT) == (unsigned)kind;
    for (; good && parts->form != END; parts++)
        good = take_part(&from, parts, record);
    if (floats != NULL)
        *floats = from.floats;
    return good && from.at == from.size;
}

bool fid_record_read_person(const struct fid_entry *entry, struct fid_person_record *record)
{
    char name[FID_NAME_BYTES];
    return read_parts(entry, FID_KIND_PERSON, person, record, NULL) &&
           fid_name_check(record->name, name, NULL) == FID_OK && strcmp(name, record->name) == 0;
}

bool fid_record_read_sample(const struct fid_entry *entry, struct fid_sample_record *record)
{
    const unsigned kind = FID_ROW_KIND(entry->id & ~FID_ROW_BEFORE_BIT);
    size_t floats;
    return read_parts(entry, kind == FID_KIND_STRANGER ? FID_KIND_STRANGER : FID_KIND_SAMPLE,
                      sample, record, &floats) &&
           floats == record->size;
}

bool fid_record_read_consent(const struct fid_entry *entry, struct fid_consent_record *record)
{
    return read_parts(entry, FID_KIND_CONSENT, consent, record, NULL) && record->text_size > 0 &&
           record->text_size < FID_CONSENT_BYTES && fid_is_text(record->text, record->text_size);
}

bool fid_record_read_crop(const struct fid_entry *entry, struct fid_crop_record *record)
{
    return read_parts(entry, FID_KIND_CROP, crop, record, NULL);
}

bool fid_record_read_copy(const struct fid_entry *entry, struct fid_copy_record *record)
{
    return read_parts(entry, FID_KIND_COPY, copy, record, NULL) && record->path_size > 0;
}

bool fid_record_read_change(const struct fid_entry *entry, struct fid_change_record *record)
{
    return read_parts(entry, FID_KIND_CHANGE, change, record, NULL) &&
           strspn(record->verb, "abcdefghijklmnopqrstuvwxyz") == strlen(record->verb);
}

bool fid_record_read_calibration(const struct fid_entry *entry,
                                 struct fid_calibration_record *record)
{
    const struct fid_calibration *numbers = &record->numbers;
    return read_parts(entry, FID_KIND_CALIBRATION, calibration, record, NULL) &&
           isfinite(numbers->accept) && numbers->fpir >= 0 && numbers->fpir <= 1 &&
           numbers->named <= numbers->strangers;
}

bool fid_record_read_template(const struct fid_entry *entry, struct fid_template_record *record)
{
    size_t floats;
    return read_parts(entry, FID_KIND_TEMPLATE, template, record, &floats) &&
           record->prototypes > 0 && ((uint64_t)record->prototypes + 1) * record->size == floats;
}

/* ---- writing ---- */

/* Adds n bytes, which NULL makes zeros. */
static void add(struct fid_writer *to, const void *bytes, size_t n)
{
    if (to->failed || n > FID_ROW_MOST - to->size) {
        to->failed = true;
        return;
    }
    if (to->size + n > to->room) {
        uint8_t *larger = fid_calloc(2, to->size + n);
        if (larger == NULL) {
            to->failed = true;
            return;
        }
        if (to->size > 0)
            memcpy(larger, to->bytes, to->size);
        fid_free(to->bytes);
        to->bytes = larger;
        to->room = 2 * (to->size + n);
    }
    if (bytes == NULL)
        memset(to->bytes + to->size, 0, n);
    else if (n > 0)
        memcpy(to->bytes + to->size, bytes, n);
    to->size += n;
}

static void add_list(struct fid_writer *to, const void *list, size_t each, size_t count)
{
    uint8_t number[4];
    fid_put32(number, (uint32_t)count);
    add(to, number, sizeof number);
    add(to, list, count > FID_ROW_MOST / each ? SIZE_MAX : count * each);
}

static void write_parts(struct fid_writer *to, const struct part *part, const void *record,
                        size_t floats)
{
    to->size = 0;
    to->failed = false;
    for (; part->form != END; part++) {
        const char *field = (const char *)record + part->at;
        const void *const *pointer = (const void *const *)(const void *)field;
        const size_t *count = (const size_t *)(const void *)((const char *)record + part->count);
        uint8_t number[4];
        if (part->form == NUMBER) {
            add(to, field, part->bytes);
        } else if (part->form == COUNT) {
            fid_put32(number, (uint32_t) * (const size_t *)(const void *)field);
            add(to, number, sizeof number);
        } else if (part->form == TEXT || part->form == LIST) {
            add_list(to, *pointer, part->bytes, *count);
        } else if (part->form == FLOATS) {
            add(to, *pointer, floats * sizeof(float));
        } else if (part->form == FILL) {
            add(to, NULL, (part->bytes - to->size % part->bytes) % part->bytes);
        } else {
            add_list(to, field, 1, strlen(field));
        }
    }
}

#define WRITE(name, floats)                                                                       \
    void fid_record_write_##name(struct fid_writer *to, const struct fid_##name##_record *record) \
    {                                                                                             \
        write_parts(to, name, record, floats);                                                    \
    }
WRITE(person, 0)
WRITE(sample, record->size)
WRITE(consent, 0)
WRITE(crop, 0)
WRITE(copy, 0)
WRITE(change, 0)
WRITE(calibration, 0)
WRITE(template, ((size_t)record->prototypes + 1) * record->size)

/* ---- parts ---- */

void fid_record_numbers(const uint8_t *numbers, size_t count, float *out)
{
    memcpy(out, numbers, count * sizeof *out);
}

int64_t fid_record_id(const uint8_t *ids, size_t i)
{
    return (int64_t)fid_get64(ids + 8 * i);
}

void fid_record_put_id(uint8_t *ids, size_t i, int64_t id)
{
    fid_put64(ids + 8 * i, (uint64_t)id);
}

static void format_now(const char *format, char *out, size_t bytes)
{
    struct tm parts;
    const time_t now = time(NULL);
    gmtime_r(&now, &parts);
    strftime(out, bytes, format, &parts);
}

void fid_now(char time[FID_TIME_BYTES])
{
    format_now("%Y-%m-%dT%H:%M:%SZ", time, FID_TIME_BYTES);
}

void fid_today(char today[FID_DATE_BYTES])
{
    format_now("%Y-%m-%d", today, FID_DATE_BYTES);
}
