/* quantize_numbers.c - the numbers of a quantized model: scales, filters of bytes and halves. */
#include "engine/nn/quantize_range.h"
#include "engine/nn/quantize_write.h"

#include "engine/base/memory.h"

#include <math.h>
#include <string.h>

/* ---- scales of values ---- */

static enum fid_status choose_value(struct fid_counted *counted, struct fid_histogram_sums *scratch,
                                    struct fid_error *error)
{
    counted->scales = fid_calloc(counted->count, sizeof *counted->scales);
    if (counted->scales == NULL)
        return fid_fail(error, FID_NO_MEMORY, "no memory for %zu scales", counted->count);
    if (counted->count == 1)
        fid_quantize_value(counted->histograms, scratch, &counted->zero, counted->scales);
    else
        fid_quantize_channels(counted->histograms, counted->count, scratch, &counted->zero,
                              counted->scales);
    return FID_OK;
}

enum fid_status fid_quantizer_choose(struct fid_quantizer *quantizer, struct fid_error *error)
{
    enum fid_status status = FID_OK;
    struct fid_histogram_sums *scratch = fid_calloc(1, sizeof *scratch);
    if (scratch == NULL)
        return fid_fail(error, FID_NO_MEMORY, "no memory to choose scales");
    for (size_t g = 0; g < quantizer->graph_count; g++) {
        struct fid_quantizer_graph *graph = &quantizer->graphs[g];
        for (size_t i = 0; i < graph->types.graph->value_count && status == FID_OK; i++) {
            struct fid_counted *counted = &graph->values[i];
            if (counted->histograms == NULL)
                continue;
            fid_free(counted->scales);
            status = choose_value(counted, scratch, error);
        }
    }
    fid_free(scratch);
    return status;
}

/* ---- filters ---- */

static const float *numbers_of(const struct fid_quantizer *quantizer, uint32_t tensor)
{
    return fid_weight_file_tensor_data(quantizer->model->file, tensor);
}

/* A scale for each output channel, then the bytes. */
static void fill_bytes(const struct fid_quantizer *quantizer, const struct fid_new_numbers *numbers,
                       const struct fid_file_tensor *tensor, char *data)
{
    const uint32_t *tensors = fid_file_node_tensors(quantizer->model->file, numbers->node);
    const float *bias = numbers_of(quantizer, tensors[1]);
    const float *weights = numbers_of(quantizer, numbers->old);
    const size_t channels = tensor->dims[0];
    const size_t each = (size_t)(fid_file_tensor_count(tensor) / channels);
    float *scales = (void *)data;
    int8_t *bytes = (int8_t *)(data + channels * sizeof *scales);
    for (size_t i = 0; i < channels; i++) {
        const float input = numbers->input != NULL ? fid_counted_scale(numbers->input, i) : 0.0f;
        scales[i] = fid_quantize_filter(weights + i * each, each, bias[i], input, bytes + i * each);
    }
}

/* The nearest number of IEEE 754's binary16, halves to even; an infinity for what is too large. */
static uint16_t half_of(float number)
{
    uint32_t bits;
    memcpy(&bits, &number, sizeof bits);
    const uint16_t sign = (uint16_t)(bits >> 16 & 0x8000u);
    const float size = fabsf(number);
    if (size < 0x1p-14f) /* a whole number of 2^-24 */
        return (uint16_t)(sign | (uint16_t)rintf(size * 0x1p24f));
    const uint32_t rounded = (bits & 0x7fffffffu) + 0x0fffu + (bits >> 13 & 1u);
    const uint32_t half = (rounded >> 13) - (112u << 10);
    return (uint16_t)(sign | (half < 0x7c00u ? half : 0x7c00u));
}

static enum fid_status fill_halves(const struct fid_quantizer *quantizer,
                                   const struct fid_new_numbers *numbers,
                                   const struct fid_file_tensor *tensor, char *data,
                                   struct fid_error *error)
{
    const float *weights = numbers_of(quantizer, numbers->old);
    const size_t count = (size_t)fid_file_tensor_count(tensor);
    uint16_t *halves = (void *)data;
    for (size_t i = 0; i < count; i++) {
        halves[i] = half_of(weights[i]);
        if ((halves[i] & 0x7fffu) == 0x7c00u)
            return fid_fail(error, FID_INVALID,
                            "%.300s: a weight of '%.100s', %g, is too large for f16",
                            quantizer->model->info.path,
                            fid_weight_file_string(quantizer->model->file, numbers->node->name),
                            (double)weights[i]);
    }
    return FID_OK;
}

static void fill_scales(const struct fid_counted *counted, char *data)
{
    float *numbers = (void *)data;
    numbers[0] = (float)counted->zero;
    memcpy(numbers + 1, counted->scales, counted->count * sizeof *numbers);
}

enum fid_status fid_new_numbers_fill(const struct fid_quantizer *quantizer,
                                     const struct fid_file_tensor *tensors,
                                     const struct fid_new_numbers *numbers, size_t count,
                                     char *data, struct fid_error *error)
{
    enum fid_status status = FID_OK;
    for (size_t i = 0; i < count && status == FID_OK; i++) {
        char *at = data + tensors[i].offset;
        if (numbers[i].scales != NULL)
            fill_scales(numbers[i].scales, at);
        else if (tensors[i].type == FID_TENSOR_S8)
            fill_bytes(quantizer, &numbers[i], &tensors[i], at);
        else if (tensors[i].type == FID_TENSOR_F16)
            status = fill_halves(quantizer, &numbers[i], &tensors[i], at, error);
        else
            memcpy(at, numbers_of(quantizer, numbers[i].old), (size_t)tensors[i].bytes);
    }
    return status;
}
