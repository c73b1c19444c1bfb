/* dot_avx2_vnni.h - the products of kernels/lanes/bytes_lanes.h by vpdpbusd, eight lanes. */
#ifndef FID_KERNELS_DOT_AVX2_VNNI_H
#define FID_KERNELS_DOT_AVX2_VNNI_H

#include "kernels/avx2/bytes_avx2.h"

typedef __m256i lanes_quads, lanes_weights;

FID_INLINE __m256i quads_of(__m256i bytes)
{
    return bytes;
}

FID_INLINE __m256i weights_of(__m256i bytes)
{
    return bytes;
}

/* Assembly, for gcc 12 takes the intrinsic's sums to memory and back in every step. */
FID_INLINE __m256i dot_lanes(__m256i sum, __m256i quads, __m256i weights)
{
    __asm__("%{vex%} vpdpbusd %2, %1, %0" : "+x"(sum) : "x"(quads), "xm"(weights));
    return sum;
}

#endif
