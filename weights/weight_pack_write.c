/* weight_pack_write.c - a weight file and its packed weights, as one file of version 1.1. */
#include "weights/weight_pack_write.h"

#include "engine/base/memory.h"
#include "weights/weight_view.h"

#include <stdio.h>
#include <string.h>

/* ---- header and table ---- */

struct front {
    struct fid_file_header header;
    struct fid_file_section table[FID_SECTION_COUNT];
};
_Static_assert(sizeof(struct front) == sizeof(struct fid_file_header) +
                                           FID_SECTION_COUNT * sizeof(struct fid_file_section),
               "no padding");

static uint64_t align_up(uint64_t bytes, uint32_t align)
{
    return (bytes + align - 1) / align * align;
}

static uint32_t sum_packed(const struct fid_weight_file *file,
                           const struct fid_packed_weights *weights, uint64_t *end)
{
    static const uint8_t zeros[FID_FILE_ALIGN];
    uint32_t crc = 0;
    *end = 0;
    for (size_t i = 0; i < weights->step_count; i++) {
        const struct fid_file_step *step = &weights->steps[i];
        crc = file->crc32c(crc, zeros, (size_t)(step->offset - *end));
        crc = file->crc32c(crc, weights->packed[i], (size_t)step->bytes);
        *end = step->offset + step->bytes;
    }
    return crc;
}

/* The new sections of the table but for their places. */
static void describe_packed(const struct fid_weight_file *file,
                            const struct fid_packed_weights *weights, const uint32_t *sums,
                            size_t tensor_count, struct fid_file_section *table)
{
    const size_t sums_bytes = tensor_count * sizeof *sums;
    const size_t steps_bytes = weights->step_count * sizeof *weights->steps;
    table[FID_SECTION_SUMS].bytes = sums_bytes;
    table[FID_SECTION_SUMS].crc = file->crc32c(0, sums, sums_bytes);
    table[FID_SECTION_PLAN].bytes = sizeof weights->plan;
    table[FID_SECTION_PLAN].crc = file->crc32c(0, &weights->plan, sizeof weights->plan);
    table[FID_SECTION_STEP].bytes = steps_bytes;
    table[FID_SECTION_STEP].crc = file->crc32c(0, weights->steps, steps_bytes);
    table[FID_SECTION_PACK].crc = sum_packed(file, weights, &table[FID_SECTION_PACK].bytes);
}

static void make_front(const struct fid_weight_file *file, const struct fid_packed_weights *weights,
                       const uint32_t *sums, size_t tensor_count, struct front *front)
{
    uint64_t end = sizeof *front;
    memset(front, 0, sizeof *front);
    front->header = *file->header;
    if (front->header.minor == 0)
        front->header.minor = 1;
    front->header.section_count = FID_SECTION_COUNT;
    memcpy(front->table, file->sections, FID_SECTION_COUNT_1_0 * sizeof *front->table);
    describe_packed(file, weights, sums, tensor_count, front->table);
    for (size_t i = 0; i < FID_SECTION_COUNT; i++) {
        const char *name = fid_weight_section_name((enum fid_section)i);
        struct fid_file_section *section = &front->table[i];
        section->kind = FID_FOURCC(name[0], name[1], name[2], name[3]);
        section->record_bytes = fid_weight_section_record((enum fid_section)i);
        section->offset = align_up(end, fid_weight_section_align((enum fid_section)i));
        end = section->offset + section->bytes;
    }
    front->header.file_bytes = end;
    front->header.crc = file->crc32c(0, &front->header, offsetof(struct fid_file_header, crc));
    front->header.crc = file->crc32c(front->header.crc, front->table, sizeof front->table);
}

/* ---- the bytes in their order ---- */

/* Errors of the stream are seen at its end. */
static void write_zeros(FILE *out, uint64_t from, uint64_t to)
{
    static const uint8_t zeros[FID_FILE_DATA_ALIGN];
    fwrite(zeros, 1, (size_t)(to - from), out);
}

static void write_packed(FILE *out, const struct fid_packed_weights *weights)
{
    uint64_t end = 0;
    for (size_t i = 0; i < weights->step_count; i++) {
        const struct fid_file_step *step = &weights->steps[i];
        write_zeros(out, end, step->offset);
        if (step->bytes > 0)
            fwrite(weights->packed[i], 1, (size_t)step->bytes, out);
        end = step->offset + step->bytes;
    }
}

static void write_all(FILE *out, const struct fid_weight_file *file,
                      const struct fid_packed_weights *weights, const uint32_t *sums,
                      const struct front *front)
{
    const void *const added[] = {sums, &weights->plan, weights->steps};
    uint64_t end = sizeof *front;
    fwrite(front, 1, sizeof *front, out);
    for (size_t i = 0; i < FID_SECTION_COUNT; i++) {
        const struct fid_file_section *section = &front->table[i];
        write_zeros(out, end, section->offset);
        if (i == FID_SECTION_PACK)
            write_packed(out, weights);
        else
            fwrite(i < FID_SECTION_COUNT_1_0 ? file->bytes + file->sections[i].offset
                                             : added[i - FID_SECTION_COUNT_1_0],
                   1, (size_t)section->bytes, out);
        end = section->offset + section->bytes;
    }
    fid_weight_drop_pages(file, 0, file->size);
}

/* ---- the file ---- */

static enum fid_status write_file(const struct fid_weight_file *file,
                                  const struct fid_packed_weights *weights, const uint32_t *sums,
                                  const struct front *front, const char *path,
                                  struct fid_error *error)
{
    struct fid_output *output;
    enum fid_status status = fid_output_open(path, FID_OUTPUT_ANYBODYS, &output, error);
    if (status != FID_OK)
        return status;
    write_all(fid_output_stream(output), file, weights, sums, front);
    return fid_output_finish(&output, error);
}

enum fid_status fid_weight_file_write_packed(const struct fid_weight_file *file,
                                             const struct fid_packed_weights *weights,
                                             const char *path, struct fid_error *error)
{
    size_t tensor_count;
    struct front front;
    const struct fid_file_tensor *tensors = fid_weight_file_tensors(file, &tensor_count);
    uint32_t *sums = fid_calloc(tensor_count, sizeof *sums);
    if (sums == NULL)
        return fid_fail(error, FID_NO_MEMORY, "%.400s: no memory to write it", path);
    for (size_t i = 0; i < tensor_count; i++)
        sums[i] = file->crc32c(0, fid_weight_file_tensor_data(file, i), (size_t)tensors[i].bytes);
    make_front(file, weights, sums, tensor_count, &front);
    enum fid_status status =
        front.header.file_bytes > FID_LIMIT_FILE_BYTES
            ? fid_fail(error, FID_UNSUPPORTED,
                       "%.400s: %llu bytes would be more than the format's 4 GiB", path,
                       (unsigned long long)front.header.file_bytes)
            : write_file(file, weights, sums, &front, path, error);
    fid_free(sums);
    return status;
}
