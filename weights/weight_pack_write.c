/* weight_pack_write.c - a weight file and its packed weights, as one file of version 1.1. */
#include "weights/weight_pack_write.h"

#include "engine/base/memory.h"
#include "weights/weight_copy.h"

static const uint8_t zeros[FID_FILE_ALIGN]; /* what stands between two steps, at most */

static uint32_t sum_packed(const struct fid_weight_file *file,
                           const struct fid_packed_weights *weights, uint64_t *end)
{
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

static void write_packed(FILE *out, const void *ctx)
{
    const struct fid_packed_weights *weights = ctx;
    uint64_t end = 0;
    for (size_t i = 0; i < weights->step_count; i++) {
        const struct fid_file_step *step = &weights->steps[i];
        fwrite(zeros, 1, (size_t)(step->offset - end), out);
        if (step->bytes > 0)
            fwrite(weights->packed[i], 1, (size_t)step->bytes, out);
        end = step->offset + step->bytes;
    }
}

enum fid_status fid_weight_file_write_packed(const struct fid_weight_file *file,
                                             const struct fid_packed_weights *weights,
                                             const char *path, struct fid_error *error)
{
    size_t tensor_count;
    struct fid_weight_copy copy;
    struct fid_weight_part pack = {.bytes = NULL};
    const struct fid_file_tensor *tensors = fid_weight_file_tensors(file, &tensor_count);
    uint32_t *sums = fid_calloc(tensor_count, sizeof *sums);
    if (sums == NULL)
        return fid_fail(error, FID_NO_MEMORY, "%.400s: no memory to write it", path);
    for (size_t i = 0; i < tensor_count; i++)
        sums[i] = file->crc32c(0, fid_weight_file_tensor_data(file, i), (size_t)tensors[i].bytes);
    pack.crc = sum_packed(file, weights, &pack.size);
    fid_weight_copy_begin(&copy, file);
    copy.section_count = FID_SECTION_COUNT;
    fid_weight_copy_give(&copy, FID_SECTION_SUMS, sums, tensor_count * sizeof *sums);
    fid_weight_copy_give(&copy, FID_SECTION_PLAN, &weights->plan, sizeof weights->plan);
    fid_weight_copy_give(&copy, FID_SECTION_STEP, weights->steps,
                         weights->step_count * sizeof *weights->steps);
    copy.parts[FID_SECTION_PACK] = pack;
    copy.write = write_packed;
    copy.ctx = weights;
    enum fid_status status = fid_weight_copy_write(&copy, path, error);
    fid_free(sums);
    return status;
}
