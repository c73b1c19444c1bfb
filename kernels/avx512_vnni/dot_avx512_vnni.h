/* dot_avx512_vnni.h - the products of kernels/lanes/bytes_lanes.h by vpdpbusd, sixteen lanes. */
#ifndef FID_KERNELS_DOT_AVX512_VNNI_H
#define FID_KERNELS_DOT_AVX512_VNNI_H

#include "kernels/avx512/bytes_avx512.h"

typedef __m512i lanes_quads, lanes_weights;

FID_INLINE __m512i quads_of(__m512i bytes)
{
    return bytes;
}

FID_INLINE __m512i weights_of(__m512i bytes)
{
    return bytes;
}

/* Assembly, for gcc 12 takes the intrinsic's sums to memory and back in every step. */
FID_INLINE __m512i dot_lanes(__m512i sum, __m512i quads, __m512i weights)
{
    __asm__("vpdpbusd %2, %1, %0" : "+v"(sum) : "v"(quads), "vm"(weights));
    return sum;
}

#endif
