/* tensor.h - views of activations: shape and place, never an owner. */
#ifndef FID_NN_TENSOR_H
#define FID_NN_TENSOR_H

#include "engine/base/size.h"

#include <stddef.h>

/* A value may have this many numbers in a batch (1 GiB of f32); more is refused before anybody
 * tries to allocate it. */
#define FID_VALUE_LIMIT ((size_t)1 << 28)

/* One picture of a batch; channels last. */
struct fid_shape {
    size_t h, w, c;
};

/* [n, h, w, c] f32; n comes with the run. */
struct fid_tensor {
    struct fid_shape shape;
    float *data;
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

/* Image i of a batch. */
static inline float *fid_tensor_image(const struct fid_tensor *tensor, size_t i)
{
    return tensor->data + i * fid_shape_count(tensor->shape);
}

#endif
