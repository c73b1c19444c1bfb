/* dot_s8.c - lengths around the unrolling and the longest, any bytes and the extreme ones. */
#include "tests/kernel_cases/kernel_cases.h"

enum { K_MOST = 65536, ROUNDS = 600 };

static int8_t any_byte(uint32_t kind)
{
    switch (kind) {
    case 0:
        return 127;
    case 1:
        return -127;
    case 2:
        return check_random() & 1 ? 127 : -127;
    default:
        return (int8_t)((int)check_random_below(255) - 127);
    }
}

void cases_dot_s8(const struct fid_kernels *table)
{
    int8_t *const a_end = (int8_t *)check_guarded_bytes(K_MOST) + K_MOST;
    int8_t *const b_end = (int8_t *)check_guarded_bytes(K_MOST) + K_MOST;
    for (size_t round = 0; round < ROUNDS && !check_failed(); round++) {
        const size_t k = round < 4     ? K_MOST
                         : round < 300 ? round - 3
                                       : 1 + check_random_below(3000);
        const uint32_t a_kind = (uint32_t)round % 5, b_kind = (uint32_t)round / 5 % 5;
        int8_t *a = a_end - k, *b = b_end - k;
        int64_t want = 0;
        for (size_t p = 0; p < k; p++) {
            a[p] = any_byte(a_kind);
            b[p] = any_byte(b_kind);
            want += a[p] * b[p];
        }
        const int32_t got = table->dot_s8(k, a, b);
        CHECK_THAT(got == want, "k %zu fills %u %u: %ld, want %ld", k, (unsigned)a_kind,
                   (unsigned)b_kind, (long)got, (long)want);
    }
}
