/* weight_text.c - the strings of a weight file, references to them, and the metadata. */
#include "weights/weight_view.h"

#include "engine/base/memory.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* ---- strings ---- */

/* Bytes of the UTF-8 character at s, 0 if it is none (overlong, surrogate, above U+10FFFF). The
 * text ends in a zero byte, so that looking at a continuation byte stays inside. */
static size_t character_bytes(const uint8_t *s)
{
    if (s[0] < 0x80)
        return 1;
    size_t bytes = s[0] >= 0xF0 ? 4 : s[0] >= 0xE0 ? 3 : 2;
    uint32_t code = s[0] & (0xFFu >> (bytes + 1));
    if (s[0] < 0xC2 || s[0] > 0xF4)
        return 0;
    for (size_t i = 1; i < bytes; i++) {
        if ((s[i] & 0xC0u) != 0x80u)
            return 0;
        code = code << 6 | (s[i] & 0x3Fu);
    }
    static const uint32_t least[] = {[2] = 0x80, [3] = 0x800, [4] = 0x10000};
    bool surrogate = code >= 0xD800 && code <= 0xDFFF;
    return code < least[bytes] || code > 0x10FFFF || surrogate ? 0 : bytes;
}

bool fid_weight_is_text(const char *text)
{
    size_t step = 1;
    for (; *text != '\0' && step > 0; text += step)
        step = character_bytes((const uint8_t *)text);
    return step > 0;
}

enum fid_status fid_weight_check_strings(const struct fid_weight_file *file,
                                         struct fid_error *error)
{
    size_t bytes;
    const uint8_t *text = fid_weight_records(file, FID_SECTION_STRS, &bytes);
    if (bytes == 0 || text[0] != 0)
        return fid_weight_refuse(file, error, FID_CORRUPT, text,
                                 "section STRS does not begin with the empty string");
    if (text[bytes - 1] != 0)
        return fid_weight_refuse(file, error, FID_CORRUPT, text + bytes - 1,
                                 "the last string is not terminated");
    for (size_t i = 0; i < bytes;) {
        size_t step = character_bytes(text + i);
        if (step == 0)
            return fid_weight_refuse(file, error, FID_CORRUPT, text + i, "a string is not UTF-8");
        i += step;
    }
    return FID_OK;
}

enum fid_status fid_weight_check_string(const struct fid_weight_file *file, uint64_t reference,
                                        bool may_be_empty, const void *where, const char *what,
                                        struct fid_error *error)
{
    size_t bytes;
    const char *text = fid_weight_records(file, FID_SECTION_STRS, &bytes);
    if (reference >= bytes || (reference > 0 && text[reference - 1] != '\0'))
        return fid_weight_refuse(file, error, FID_CORRUPT, where,
                                 "%s: %" PRIu64 " is not the start of a string", what, reference);
    if (!may_be_empty && text[reference] == '\0')
        return fid_weight_refuse(file, error, FID_CORRUPT, where, "%s: the name is empty", what);
    return FID_OK;
}

/* Names as pointers into STRS, so that qsort needs no context: by place, then by text. Sorting by
 * text only after equal places are ruled out keeps the work bounded by the size of STRS, for any
 * the references are. */
static int by_place(const void *a, const void *b)
{
    const char *left = *(const char *const *)a, *right = *(const char *const *)b;
    return (left > right) - (left < right);
}

static int by_text(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* A name that stands twice among the records from first on (each record_bytes long, beginning with
 * its name), or NULL. Sets *no_memory when it could not look. */
static const char *twice(const struct fid_weight_file *file, const void *first, size_t count,
                         size_t record_bytes, bool *no_memory)
{
    const char *found = NULL;
    const char **names = fid_calloc(count, sizeof *names);
    if (names == NULL) {
        *no_memory = true;
        return NULL;
    }
    for (size_t i = 0; i < count; i++) {
        uint32_t name;
        memcpy(&name, (const uint8_t *)first + i * record_bytes, sizeof name);
        names[i] = fid_weight_file_string(file, name);
    }
    qsort(names, count, sizeof *names, by_place);
    for (size_t i = 1; i < count && found == NULL; i++)
        if (names[i] == names[i - 1])
            found = names[i];
    if (found == NULL)
        qsort(names, count, sizeof *names, by_text);
    for (size_t i = 1; i < count && found == NULL; i++)
        if (strcmp(names[i], names[i - 1]) == 0)
            found = names[i];
    fid_free(names);
    return found;
}

enum fid_status fid_weight_check_unique(const struct fid_weight_file *file, const void *first,
                                        size_t count, size_t record_bytes, const char *what,
                                        struct fid_error *error)
{
    bool no_memory = false;
    const char *name = twice(file, first, count, record_bytes, &no_memory);
    if (no_memory)
        return fid_weight_refuse(file, error, FID_NO_MEMORY, first, "no memory to check %zu names",
                                 count);
    if (name != NULL)
        return fid_weight_refuse(file, error, FID_CORRUPT, first, "two %ss are called '%.80s'",
                                 what, name);
    return FID_OK;
}

/* ---- metadata ---- */

static enum fid_status check_meta_values(const struct fid_weight_file *file,
                                         const struct fid_file_meta *meta, const char *key,
                                         struct fid_error *error)
{
    size_t count;
    const uint64_t *values = fid_weight_records(file, FID_SECTION_MVAL, &count);
    enum fid_status status = FID_OK;
    for (size_t i = 0; i < meta->count && status == FID_OK; i++) {
        const uint64_t *value = &values[meta->first + i];
        if (meta->type == FID_META_STRING)
            status = fid_weight_check_string(file, *value, true, value, key, error);
        else if (meta->type == FID_META_FLOAT && (~*value & 0x7FF0000000000000u) == 0)
            return fid_weight_refuse(file, error, FID_CORRUPT, value,
                                     "metadata '%.80s': value %zu is not finite", key, i);
    }
    return status;
}

/* One record; *key is the key before it (NULL for the first) and becomes its own, *used counts the
 * values that have had an owner. */
static enum fid_status check_meta_record(const struct fid_weight_file *file,
                                         const struct fid_file_meta *meta, const char **key,
                                         size_t *used, struct fid_error *error)
{
    size_t value_count;
    const void *values = fid_weight_records(file, FID_SECTION_MVAL, &value_count);
    (void)values;
    enum fid_status status =
        fid_weight_check_string(file, meta->key, false, meta, "a key of the metadata", error);
    if (status != FID_OK)
        return status;
    const char *before = *key;
    *key = fid_weight_file_string(file, meta->key);
    if (before != NULL && (before == *key || strcmp(before, *key) >= 0))
        return fid_weight_refuse(
            file, error, FID_CORRUPT, meta,
            "metadata '%.80s' stands behind '%.80s', the keys are not in order", *key, before);
    if (meta->type < FID_META_STRING || meta->type > FID_META_FLOAT)
        return fid_weight_refuse(file, error, FID_CORRUPT, meta, "metadata '%.80s': type %u", *key,
                                 meta->type);
    if (meta->reserved0 != 0 || !fid_weight_all_zero(meta->reserved, sizeof meta->reserved))
        return fid_weight_refuse(file, error, FID_CORRUPT, meta,
                                 "metadata '%.80s': a reserved field is not zero", *key);
    if (meta->first != *used || meta->count == 0 || meta->count > value_count - *used)
        return fid_weight_refuse(file, error, FID_CORRUPT, meta,
                                 "metadata '%.80s': %" PRIu32 " values from %" PRIu32
                                 " do not continue at %zu of %zu",
                                 *key, meta->count, meta->first, *used, value_count);
    *used += meta->count;
    return check_meta_values(file, meta, *key, error);
}

enum fid_status fid_weight_check_meta(const struct fid_weight_file *file, struct fid_error *error)
{
    size_t count, value_count, used = 0;
    const struct fid_file_meta *meta = fid_weight_records(file, FID_SECTION_META, &count);
    const uint64_t *values = fid_weight_records(file, FID_SECTION_MVAL, &value_count);
    const char *key = NULL;
    for (size_t i = 0; i < count; i++) {
        enum fid_status status = check_meta_record(file, &meta[i], &key, &used, error);
        if (status != FID_OK)
            return status;
    }
    if (used != value_count)
        return fid_weight_refuse(file, error, FID_CORRUPT, values + used,
                                 "%zu values of metadata belong to no key", value_count - used);
    return FID_OK;
}
