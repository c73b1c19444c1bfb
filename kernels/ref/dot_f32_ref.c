/* dot_f32_ref.c - Σ a · b, the meaning of slot dot_f32: the likeness of two embeddings. */
#include "kernels/tables.h"

float fid_dot_f32_ref(size_t k, const float *a, const float *b)
{
    float sum = 0.0f;
    for (size_t p = 0; p < k; p++)
        sum += a[p] * b[p];
    return sum;
}
