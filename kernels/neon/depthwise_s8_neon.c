/* depthwise_s8_neon.c - slot depthwise_s8: kernels/lanes/depthwise_s8_octets.h. */
#include "kernels/neon/lanes_neon.h"
#include "kernels/neon/neon.h"
#include "kernels/lanes/octets.h"
#include "kernels/lanes/post_octets.h"

enum { SHARES = 1 };

FID_INLINE int32x4_t add_high(int32x4_t sum, int16x8_t a, int16x8_t b)
{
    return vmlal_high_s16(sum, a, b);
}

#include "kernels/lanes/depthwise_s8_octets.h"

void fid_depthwise_s8_neon FID_DEPTHWISE_S8_ARGS
{
    depthwise_s8_octets(pixels, channels, in, packed, out, out_stride, post);
}
