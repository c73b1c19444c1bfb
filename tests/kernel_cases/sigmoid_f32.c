/* sigmoid_f32.c - 1 / (1 + e^-v) in the middle, far out and past every float's exponent,
 * every tail length. */
#include "tests/kernel_cases/kernel_cases.h"

#include <math.h>

enum { COUNT_MAX = 70 };

void cases_sigmoid_f32(const struct fid_kernels *table)
{
    static const float widths[] = {1e-6f, 1, 20, 90, 1e30f};
    const struct buffer buffer = buffer_new(COUNT_MAX);
    for (size_t count = 1; count <= COUNT_MAX && !check_failed(); count++)
        for (size_t round = 0; round < 20 && !check_failed(); round++) {
            float first[COUNT_MAX] = {0}, *v = buffer_take(&buffer, count, sizeof(float));
            const float width = widths[round % 5];
            for (size_t i = 0; i < count; i++)
                v[i] = first[i] = check_random_float(-1, 1) * width;
            if (round == 5)
                v[count / 2] = first[count / 2] = check_random() & 1 ? INFINITY : -INFINITY;
            if (round == 6)
                v[count / 2] = first[count / 2] = NAN;
            table->sigmoid_f32(count, v);
            CHECK_THAT(buffer_intact(&buffer, v, 1, count, count), "writes outside: %zu", count);
            for (size_t i = 0; i < count && !check_failed(); i++) {
                const double x = (double)first[i], want = 1.0 / (1.0 + exp(-x));
                CHECK_THAT(
                    isnan(x) ? isnan(v[i]) : fabs((double)v[i] - want) <= 0x1p-20 * want + 0x1p-125,
                    "count %zu: sigmoid(%.9g) is %.9g, want %.9g", count, x, (double)v[i], want);
            }
        }
}
