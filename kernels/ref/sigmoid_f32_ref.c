/* sigmoid_f32_ref.c - 1 / (1 + e^-v), the meaning of slot sigmoid_f32. */
#include "kernels/tables.h"

#include <math.h>

void fid_sigmoid_f32_ref(size_t count, float *v)
{
    for (size_t i = 0; i < count; i++)
        v[i] = 1.0f / (1.0f + expf(-v[i]));
}
