/* gelu_f32.c - v · Φ(v) around the middle and far out, every tail length. */
#include "tests/kernel_cases/kernel_cases.h"

#include <math.h>

enum { COUNT_MAX = 70 };

void cases_gelu_f32(const struct fid_kernels *table)
{
    static const float widths[] = {1, 4, 7, 30, 1e30f};
    const struct buffer buffer = buffer_new(COUNT_MAX);
    for (size_t count = 1; count <= COUNT_MAX && !check_failed(); count++)
        for (size_t round = 0; round < 20 && !check_failed(); round++) {
            float first[COUNT_MAX] = {0}, *v = buffer_take(&buffer, count, sizeof(float));
            const float width = widths[round % 5];
            for (size_t i = 0; i < count; i++)
                v[i] = first[i] = check_random_float(-1, 1) * width;
            table->gelu_f32(count, v);
            CHECK_THAT(buffer_intact(&buffer, v, 1, count, count), "writes outside: %zu", count);
            for (size_t i = 0; i < count && !check_failed(); i++) {
                const double x = (double)first[i], want = 0.5 * x * erfc(-x * sqrt(0.5));
                CHECK_THAT(fabs((double)v[i] - want) <= 0x1p-21 * fabs(x),
                           "count %zu: gelu(%.9g) is %.9g, want %.9g", count, x, (double)v[i],
                           want);
            }
        }
}
