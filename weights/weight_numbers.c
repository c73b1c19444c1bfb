/* weight_numbers.c - the two large sections, DATA and PACK: checksum, gaps, numbers.
 *
 * A section is cut into parts, which the workers of a pool sum and search side by side; the sums
 * are joined in order afterwards, and of what was found the first counts. So the answer does not
 * depend on the number of workers. */
#include "weights/weight_view.h"

#include "engine/base/memory.h"
#include "engine/base/size.h"
#include "weights/checksum.h"

#include <string.h>

#define PART_BYTES  ((size_t)4 << 20)  /* one worker's piece; its pages are given back together */
#define PIECE_BYTES ((size_t)64 << 10) /* summed and searched while it is in the cache */

/* ---- a section as a row of blobs with gaps between them ---- */

struct blob {
    size_t offset, bytes;                 /* in the section */
    const struct fid_file_tensor *tensor; /* NULL: packed weights, any bits */
};

/* Tensor or step i. */
static struct blob blob_at(const struct fid_weight_file *file, enum fid_section section, size_t i)
{
    if (section == FID_SECTION_DATA) {
        const struct fid_file_tensor *tensor = &fid_weight_file_tensors(file, NULL)[i];
        return (struct blob){(size_t)tensor->offset, (size_t)tensor->bytes, tensor};
    }
    const struct fid_file_step *step = &fid_weight_file_steps(file, NULL)[i];
    return (struct blob){(size_t)step->offset, (size_t)step->bytes, NULL};
}

static size_t blob_count(const struct fid_weight_file *file, enum fid_section section)
{
    size_t count;
    if (section == FID_SECTION_DATA)
        fid_weight_file_tensors(file, &count);
    else
        fid_weight_file_steps(file, &count);
    return count;
}

/* The first blob that ends behind `at`; the number of blobs if none does. */
static size_t first_blob(const struct fid_weight_file *file, enum fid_section section, size_t at)
{
    size_t low = 0, high = blob_count(file, section);
    while (low < high) {
        const size_t middle = low + (high - low) / 2;
        const struct blob blob = blob_at(file, section, middle);
        if (blob.offset + blob.bytes > at)
            high = middle;
        else
            low = middle + 1;
    }
    return low;
}

/* ---- the pass ---- */

struct part {
    uint32_t crc;
    size_t bytes;
    size_t bad_gap, bad_number; /* first blob with one; SIZE_MAX: none */
};

struct pass {
    const struct fid_weight_file *file;
    enum fid_section section;
    bool keep;            /* the pages stay resident */
    const uint8_t *start; /* of the section */
    struct part *parts;
};

/* Sums [at, at + bytes) of the section and searches it: zeros in a gap (blob is NULL), numbers in a
 * tensor. */
static bool pass_over(const struct pass *pass, struct part *part, size_t at, size_t bytes,
                      const struct blob *blob)
{
    bool good = true;
    while (bytes > 0) {
        const size_t piece = bytes < PIECE_BYTES ? bytes : PIECE_BYTES;
        const uint8_t *start = pass->start + at;
        part->crc = pass->file->crc32c(part->crc, start, piece);
        if (blob == NULL)
            good = good && fid_weight_all_zero(start, piece);
        else if (blob->tensor != NULL)
            good = good && fid_weight_are_numbers(blob->tensor, at - blob->offset, start, piece);
        at += piece;
        bytes -= piece;
    }
    return good;
}

static void pass_part(void *ctx, size_t index, int worker)
{
    (void)worker;
    const struct pass *pass = ctx;
    struct part *part = &pass->parts[index];
    const size_t count = blob_count(pass->file, pass->section);
    const size_t end = index * PART_BYTES + part->bytes;
    size_t at = index * PART_BYTES;
    for (size_t i = first_blob(pass->file, pass->section, at); at < end; i++) {
        const struct blob blob =
            i < count ? blob_at(pass->file, pass->section, i) : (struct blob){.offset = end};
        const size_t gap = blob.offset > at ? fid_min_size(blob.offset, end) - at : 0;
        if (!pass_over(pass, part, at, gap, NULL))
            part->bad_gap = fid_min_size(part->bad_gap, i);
        at += gap;
        const size_t rest = at < end ? fid_min_size(blob.offset + blob.bytes, end) - at : 0;
        if (!pass_over(pass, part, at, rest, &blob))
            part->bad_number = fid_min_size(part->bad_number, i);
        at += rest;
    }
    if (!pass->keep)
        fid_weight_drop_pages(pass->file,
                              (size_t)(pass->start - pass->file->bytes) + index * PART_BYTES,
                              part->bytes);
}

/* What all parts together say. */
static struct part join_parts(const struct part *parts, size_t count)
{
    struct part sum = {.bad_gap = SIZE_MAX, .bad_number = SIZE_MAX};
    for (size_t i = 0; i < count; i++) {
        sum.crc = fid_crc32c_join(sum.crc, parts[i].crc, parts[i].bytes);
        sum.bad_gap = fid_min_size(sum.bad_gap, parts[i].bad_gap);
        sum.bad_number = fid_min_size(sum.bad_number, parts[i].bad_number);
    }
    return sum;
}

/* FILLS *found; FID_NO_MEMORY. */
static enum fid_status run_pass(const struct fid_weight_file *file, enum fid_section section,
                                struct fid_pool *pool, bool keep, struct part *found,
                                struct fid_error *error)
{
    const size_t bytes = (size_t)file->sections[section].bytes;
    const size_t count = fid_ceil_div(bytes, PART_BYTES);
    struct pass pass = {file, section, keep, file->bytes + file->sections[section].offset,
                        fid_calloc(count, sizeof *pass.parts)};
    if (pass.parts == NULL)
        return fid_weight_refuse(file, error, FID_NO_MEMORY, file->bytes,
                                 "no memory to check its numbers");
    for (size_t i = 0; i < count; i++)
        pass.parts[i] = (struct part){.bytes = fid_min_size(PART_BYTES, bytes - i * PART_BYTES),
                                      .bad_gap = SIZE_MAX,
                                      .bad_number = SIZE_MAX};
    fid_parallel_for(pool, count, pass_part, &pass);
    *found = join_parts(pass.parts, count);
    fid_free(pass.parts);
    return FID_OK;
}

static enum fid_status refuse_numbers(const struct fid_weight_file *file, size_t tensor,
                                      struct fid_error *error)
{
    const struct fid_file_tensor *tensors = fid_weight_file_tensors(file, NULL);
    return fid_weight_refuse(
        file, error, FID_CORRUPT, fid_weight_file_tensor_data(file, tensor),
        "tensor %zu '%.80s' holds a number that is not finite or out of its range", tensor,
        fid_weight_file_string(file, tensors[tensor].name));
}

enum fid_status fid_weight_file_check_data(const struct fid_weight_file *file,
                                           struct fid_pool *pool, bool keep,
                                           struct fid_error *error)
{
    struct part found;
    const struct fid_file_tensor *tensors = fid_weight_file_tensors(file, NULL);
    enum fid_status status = run_pass(file, FID_SECTION_DATA, pool, keep, &found, error);
    if (status == FID_OK) /* before the rest: damage explains everything else */
        status = fid_weight_compare_sum(file, FID_SECTION_DATA, found.crc, error);
    if (status != FID_OK)
        return status;
    if (found.bad_gap != SIZE_MAX)
        return fid_weight_refuse(file, error, FID_CORRUPT,
                                 fid_weight_file_tensor_data(file, found.bad_gap),
                                 "the gap before tensor %zu '%.80s' is not zero", found.bad_gap,
                                 fid_weight_file_string(file, tensors[found.bad_gap].name));
    if (found.bad_number != SIZE_MAX)
        return refuse_numbers(file, found.bad_number, error);
    return fid_weight_file_check_quantized(file, error);
}

enum fid_status fid_weight_file_check_pack(const struct fid_weight_file *file,
                                           struct fid_pool *pool, bool keep,
                                           struct fid_error *error)
{
    struct part found;
    enum fid_status status = run_pass(file, FID_SECTION_PACK, pool, keep, &found, error);
    if (status == FID_OK)
        status = fid_weight_compare_sum(file, FID_SECTION_PACK, found.crc, error);
    if (status != FID_OK || found.bad_gap == SIZE_MAX)
        return status;
    return fid_weight_refuse(file, error, FID_CORRUPT,
                             file->bytes + file->sections[FID_SECTION_PACK].offset +
                                 blob_at(file, FID_SECTION_PACK, found.bad_gap).offset,
                             "the gap before packed step %zu is not zero", found.bad_gap);
}

enum fid_status fid_weight_file_check_tensor(const struct fid_weight_file *file, size_t tensor,
                                             struct fid_error *error)
{
    const struct fid_file_tensor *tensors = fid_weight_file_tensors(file, NULL);
    const size_t bytes = (size_t)tensors[tensor].bytes;
    const float *data = fid_weight_file_tensor_data(file, tensor);
    const uint32_t *sums = fid_weight_records(file, FID_SECTION_SUMS, NULL);
    const uint32_t crc = file->crc32c(0, data, bytes);
    if (crc != sums[tensor])
        return fid_weight_refuse(file, error, FID_CORRUPT, data,
                                 "tensor %zu '%.80s' is damaged, its checksum is %08x and stored "
                                 "is %08x: " FID_WEIGHT_ADVICE,
                                 tensor, fid_weight_file_string(file, tensors[tensor].name), crc,
                                 sums[tensor]);
    if (!fid_weight_are_numbers(&tensors[tensor], 0, data, bytes))
        return refuse_numbers(file, tensor, error);
    return FID_OK;
}

enum fid_status fid_weight_file_check(const struct fid_weight_file *file, struct fid_pool *pool,
                                      struct fid_error *error)
{
    size_t count;
    enum fid_status status = fid_weight_file_check_data(file, pool, false, error);
    if (status != FID_OK || fid_weight_file_plan(file) == NULL)
        return status;
    status = fid_weight_file_check_pack(file, pool, false, error);
    fid_weight_file_tensors(file, &count);
    for (size_t i = 0; i < count && status == FID_OK; i++) {
        status = fid_weight_file_check_tensor(file, i, error);
        fid_weight_file_release_tensor(file, i);
    }
    return status;
}
