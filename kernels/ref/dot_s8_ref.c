/* dot_s8_ref.c - Σ a · b of bytes, the meaning of slot dot_s8: the likeness of two
 * embeddings in short. */
#include "kernels/tables.h"

int32_t fid_dot_s8_ref(size_t k, const int8_t *a, const int8_t *b)
{
    int32_t sum = 0;
    for (size_t p = 0; p < k; p++)
        sum += a[p] * b[p];
    return sum;
}
