/* tensor.h - views of activations: shape and place, never an owner. */
#ifndef FID_NN_TENSOR_H
#define FID_NN_TENSOR_H

#include "engine/base/size.h"

#include <stddef.h>
#include <stdint.h>

/* A value may have this many numbers in a batch (1 GiB of f32); more is refused before any
 * allocation. */
#define FID_VALUE_LIMIT ((size_t)1 << 28)

/* One picture of a batch; channels last. */
struct fid_shape {
    size_t h, w, c;
};

/* [n, h, w, c]; n comes with the run. Of f32; or of bytes where quantized is not NULL, which has a
 * zero point and then one scale or one for each channel: number = scale · (byte - zero). */
struct fid_tensor {
    struct fid_shape shape;
    union {
        float *data;
        uint8_t *bytes;
    };
    const float *quantized; /* in the file's map: not to be read before its numbers are checked */
    size_t quantized_count;
};

static inline size_t fid_shape_pixels(struct fid_shape shape)
{
    return shape.h * shape.w;
}

static inline size_t fid_shape_count(struct fid_shape shape)
{
    return shape.h * shape.w * shape.c;
}

static inline bool fid_shape_equal(struct fid_shape a, struct fid_shape b)
{
    return a.h == b.h && a.w == b.w && a.c == b.c;
}

/* Numbers in n pictures; false above FID_VALUE_LIMIT. */
static inline bool fid_shape_batch(struct fid_shape shape, size_t n, size_t *count)
{
    size_t total;
    if (!fid_size_mul(shape.h, shape.w, &total) || !fid_size_mul(total, shape.c, &total) ||
        !fid_size_mul(total, n, &total) || total > FID_VALUE_LIMIT)
        return false;
    *count = total;
    return true;
}

static inline size_t fid_tensor_element_bytes(const struct fid_tensor *tensor)
{
    return tensor->quantized != NULL ? sizeof(uint8_t) : sizeof(float);
}

/* Number i, of any type. */
static inline void *fid_tensor_at(const struct fid_tensor *tensor, size_t i)
{
    return tensor->bytes + i * fid_tensor_element_bytes(tensor);
}

/* Image i of a batch. */
static inline void *fid_tensor_image(const struct fid_tensor *tensor, size_t i)
{
    return fid_tensor_at(tensor, i * fid_shape_count(tensor->shape));
}

#endif
