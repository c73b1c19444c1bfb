/* post_lanes.h - the end of every kernel in terms of lanes.h; included by a lanes_<isa>.h after its
 * primitives. */
#ifndef FID_KERNELS_POST_LANES_H
#define FID_KERNELS_POST_LANES_H

/* n, of which the compiler may know that it is less than a vector: the choice between whole and
 * partial loads is then made once, when it inlines. */
FID_INLINE size_t tail_lanes(size_t n)
{
    if (n >= LANES)
        __builtin_unreachable();
    return n;
}

FID_INLINE lanes_f32 clamp_lanes(lanes_f32 v, float min, float max)
{
    return min_lanes(max_lanes(v, set_lanes(min)), set_lanes(max));
}

/* struct fid_post_f32 for n lanes of row i from column j on, but for the clamp; then all of it. */
FID_INLINE lanes_f32 unclamped_post_lanes(lanes_f32 v, size_t i, size_t j, size_t n,
                                          const struct fid_post_f32 *post)
{
    if (post->residual)
        v = add_lanes(v, load_lanes(post->residual + i * post->residual_stride + j, n));
    if (post->slope)
        v = negative_lanes(v, mul_lanes(v, load_lanes(post->slope + j, n)));
    return v;
}

FID_INLINE lanes_f32 post_lanes(lanes_f32 v, size_t i, size_t j, size_t n,
                                const struct fid_post_f32 *post)
{
    return clamp_lanes(unclamped_post_lanes(v, i, j, n, post), post->min, post->max);
}

#endif
