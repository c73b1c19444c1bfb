/* gelu_f32_ref.c - v · Φ(v), the meaning of slot gelu_f32: Φ is (1 + erf(v / √2)) / 2. */
#include "kernels/tables.h"

#include <math.h>

void fid_gelu_f32_ref(size_t count, float *v)
{
    const float root_half = 0.70710678f;
    for (size_t i = 0; i < count; i++)
        v[i] = 0.5f * v[i] * (1.0f + erff(v[i] * root_half));
}
