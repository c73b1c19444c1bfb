/* add_f32_ref.c - out = post(a + b), the meaning of slot add_f32: the sum of two branches. */
#include "kernels/ref/post_ref.h"
#include "kernels/tables.h"

void fid_add_f32_ref(size_t pixels, size_t channels, const float *a, const float *b, float *out,
                     const struct fid_post_f32 *post)
{
    for (size_t x = 0; x < pixels; x++)
        for (size_t j = 0; j < channels; j++) {
            const size_t at = x * channels + j;
            out[at] = fid_post_ref(a[at] + b[at], x, j, post);
        }
}
