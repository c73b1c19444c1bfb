/* weight_id.c - the model's id, computed from what it stands for (FORMAT.md, model_id). */
#include "weights/weight_view.h"

#include <inttypes.h>
#include <locale.h>
#include <stdio.h>
#include <string.h>

#define PIECE_BYTES ((size_t)4 << 20) /* its pages are given back together */

/* Of a file's own numbers the pages leave the resident memory behind the sum. */
static void add_section(const struct fid_weight_file *file, const struct fid_weight_span *section,
                        bool numbers, struct fid_sha256 *sum)
{
    const uint8_t *bytes = section->bytes;
    const size_t offset = (size_t)file->sections[FID_SECTION_DATA].offset;
    const bool own = numbers && bytes == file->bytes + offset;
    for (size_t at = 0; at < section->size; at += PIECE_BYTES) {
        const size_t piece = section->size - at < PIECE_BYTES ? section->size - at : PIECE_BYTES;
        fid_sha256_add(sum, bytes + at, piece);
        if (own)
            fid_weight_drop_pages(file, offset + at, piece);
    }
}

static bool begins_with(const char *text, const char *prefix)
{
    return strncmp(text, prefix, strlen(prefix)) == 0;
}

bool fid_weight_is_outside_id(const char *key)
{
    return begins_with(key, "info.") || begins_with(key, "decision.") || begins_with(key, "labels");
}

/* The number as Python writes it with "%.17g": with a point in any locale of the host program. */
static void write_real(double real, char *text, size_t bytes)
{
    snprintf(text, bytes, "%.17g", real);
    const char *const point = localeconv()->decimal_point;
    char *found = strstr(text, point);
    if (found == NULL || strcmp(point, ".") == 0)
        return;
    *found = '.';
    memmove(found + 1, found + strlen(point), strlen(found + strlen(point)) + 1);
}

/* Adds value i of an entry; false for a string that could be taken for the entries behind it. */
static bool add_value(const struct fid_weight_file *file, const char *key, enum fid_meta_type type,
                      size_t i, struct fid_sha256 *sum)
{
    char number[64];
    const char *text = number;
    int64_t whole = 0;
    double real = 0;
    if (type == FID_META_STRING)
        text = fid_weight_file_text(file, key, i);
    else if (type == FID_META_INT && fid_weight_file_int(file, key, i, &whole))
        snprintf(number, sizeof number, "%" PRId64, whole);
    else if (fid_weight_file_float(file, key, i, &real))
        write_real(real, number, sizeof number);
    fid_sha256_add(sum, text, strlen(text));
    return strchr(text, '\n') == NULL;
}

static enum fid_status add_meta(const struct fid_weight_file *file, struct fid_sha256 *sum,
                                struct fid_error *error)
{
    size_t count;
    const struct fid_file_meta *meta = fid_weight_records(file, FID_SECTION_META, &count);
    for (size_t i = 0; i < count; i++) {
        const char *key = fid_weight_file_string(file, meta[i].key);
        if (fid_weight_is_outside_id(key))
            continue;
        bool clear = strpbrk(key, "=\n") == NULL;
        fid_sha256_add(sum, key, strlen(key));
        for (size_t j = 0; j < meta[i].count; j++) {
            fid_sha256_add(sum, j == 0 ? "=" : ",", 1);
            clear = add_value(file, key, (enum fid_meta_type)meta[i].type, j, sum) && clear;
        }
        fid_sha256_add(sum, "\n", 1);
        if (!clear)
            return fid_weight_refuse(file, error, FID_CORRUPT, &meta[i],
                                     "metadata '%.80s' holds a line end, or its key a '=': the "
                                     "model's id would not tell it from other metadata",
                                     key);
    }
    return FID_OK;
}

static void id_text(const uint8_t *id, char text[2 * FID_FILE_ID_BYTES + 1])
{
    for (size_t i = 0; i < FID_FILE_ID_BYTES; i++)
        snprintf(text + 2 * i, 3, "%02x", id[i]);
}

enum fid_status fid_weight_make_id_of(const struct fid_weight_file *file,
                                      const struct fid_weight_span *sections,
                                      fid_sha256_fn take_blocks, uint8_t id[FID_FILE_ID_BYTES],
                                      struct fid_error *error)
{
    static const enum fid_section order[] = {FID_SECTION_VALU, FID_SECTION_NODE, FID_SECTION_INDX,
                                             FID_SECTION_TENS, FID_SECTION_DATA, FID_SECTION_GRPH};
    struct fid_sha256 sum;
    uint8_t digest[32];
    fid_sha256_begin(&sum, take_blocks);
    for (size_t i = 0; i < sizeof order / sizeof order[0]; i++)
        add_section(file, &sections[order[i]], order[i] == FID_SECTION_DATA, &sum);
    const enum fid_status status = add_meta(file, &sum, error);
    fid_sha256_end(&sum, digest);
    memcpy(id, digest, FID_FILE_ID_BYTES);
    return status;
}

enum fid_status fid_weight_file_make_id(const struct fid_weight_file *file,
                                        fid_sha256_fn take_blocks, uint8_t id[FID_FILE_ID_BYTES],
                                        struct fid_error *error)
{
    struct fid_weight_span sections[FID_SECTION_COUNT] = {{NULL, 0}};
    for (size_t i = 0; i < file->section_count; i++)
        sections[i] = (struct fid_weight_span){file->bytes + file->sections[i].offset,
                                               (size_t)file->sections[i].bytes};
    return fid_weight_make_id_of(file, sections, take_blocks, id, error);
}

enum fid_status fid_weight_file_check_id(const struct fid_weight_file *file,
                                         fid_sha256_fn take_blocks, struct fid_error *error)
{
    uint8_t id[FID_FILE_ID_BYTES];
    char want[2 * FID_FILE_ID_BYTES + 1], got[2 * FID_FILE_ID_BYTES + 1];
    const uint8_t *stored = file->header->model_id;
    const enum fid_status status = fid_weight_file_make_id(file, take_blocks, id, error);
    if (status != FID_OK || memcmp(id, stored, sizeof id) == 0)
        return status;
    id_text(stored, want);
    id_text(id, got);
    return fid_weight_refuse(file, error, FID_CORRUPT, stored,
                             "the model's id is %s, but its graph, weights and preprocessing make "
                             "%s: it is not the model that it says it is, " FID_WEIGHT_ADVICE,
                             want, got);
}
