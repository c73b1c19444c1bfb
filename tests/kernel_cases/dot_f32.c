/* dot_f32.c - lengths around the unrolling, all fills, at unaligned addresses. */
#include "tests/kernel_cases/kernel_cases.h"

enum { K_MAX = 300 };

void cases_dot_f32(const struct fid_kernels *table)
{
    const struct buffer a_buffer = buffer_new(K_MAX), b_buffer = buffer_new(K_MAX);
    for (size_t k = 1; k <= K_MAX && !check_failed(); k++)
        for (enum fill kind = 0; kind < FILL_COUNT; kind++) {
            float *a = buffer_take(&a_buffer, k, sizeof(float));
            float *b = buffer_take(&b_buffer, k, sizeof(float));
            struct sum want = {0};
            fill(a, k, kind);
            fill(b, k, kind);
            for (size_t p = 0; p < k; p++)
                sum_add(&want, a[p], b[p]);
            const float got = table->dot_f32(k, a, b);
            CHECK_THAT(sum_close(&want, got), "k %zu fill %s: %.9g, want %.9g within %.3g", k,
                       fill_name(kind), (double)got, want.value, sum_tolerance(&want));
        }
}
