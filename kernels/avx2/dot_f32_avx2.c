/* dot_f32_avx2.c - slot dot_f32: Σ a · b with four vectors of sums, which hide most of the latency
 * of the FMA. Called by the gallery: an embedding against each prototype. */
#include "kernels/avx2/avx2.h"
#include "kernels/avx2/lanes_avx2.h"

enum { VECTORS = 4 };

static float sum_of_lanes(__m256 v)
{
    const __m128 four = _mm_add_ps(_mm256_castps256_ps128(v), _mm256_extractf128_ps(v, 1));
    const __m128 two = _mm_add_ps(four, _mm_movehl_ps(four, four));
    return _mm_cvtss_f32(_mm_add_ss(two, _mm_movehdup_ps(two)));
}

float fid_dot_f32_avx2(size_t k, const float *a, const float *b)
{
    __m256 sum[VECTORS];
    size_t p = 0;
    for (size_t v = 0; v < VECTORS; v++)
        sum[v] = _mm256_setzero_ps();
    for (; p + VECTORS * LANES <= k; p += VECTORS * LANES)
        for (size_t v = 0; v < VECTORS; v++)
            sum[v] = _mm256_fmadd_ps(_mm256_loadu_ps(a + p + v * LANES),
                                     _mm256_loadu_ps(b + p + v * LANES), sum[v]);
    for (; p < k; p += LANES) {
        const size_t lanes = min_size(LANES, k - p);
        sum[0] = _mm256_fmadd_ps(load_lanes(a + p, lanes), load_lanes(b + p, lanes), sum[0]);
    }
    return sum_of_lanes(
        _mm256_add_ps(_mm256_add_ps(sum[0], sum[1]), _mm256_add_ps(sum[2], sum[3])));
}
