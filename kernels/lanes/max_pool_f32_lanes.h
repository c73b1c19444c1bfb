/* max_pool_f32_lanes.h - slot max_pool_f32: out = clamp(max over the taps).
 *
 * The taps of a window are pointers, so a vector of channels is gathered by one load a tap; the
 * kernel runs at the speed of the loads. Called by the pooling layer of engine/nn. */
#ifndef FID_KERNELS_MAX_POOL_F32_LANES_H
#define FID_KERNELS_MAX_POOL_F32_LANES_H

FID_INLINE void block(size_t taps, const float *const *in, size_t j, const size_t lanes, float *out,
                      lanes_f32 min, lanes_f32 max)
{
    lanes_f32 best = load_lanes(in[0] + j, lanes);
    for (size_t t = 1; t < taps; t++)
        best = max_lanes(best, load_lanes(in[t] + j, lanes));
    store_lanes(out + j, clamp_lanes(best, min, max), lanes);
}

FID_INLINE void max_pool_f32_lanes(size_t pixels, size_t channels, size_t taps,
                                   const float *const *in, size_t in_step, float *out,
                                   size_t out_stride, float min, float max)
{
    const lanes_f32 least = set_lanes(min), most = set_lanes(max);
    for (size_t x = 0; x < pixels; x++, in += in_step, out += out_stride) {
        size_t j = 0;
        for (; j + LANES <= channels; j += LANES)
            block(taps, in, j, LANES, out, least, most);
        if (j < channels)
            block(taps, in, j, tail_lanes(channels - j), out, least, most);
    }
}

#endif
