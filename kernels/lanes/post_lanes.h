/* post_lanes.h - the end of every kernel in terms of lanes.h; included by a lanes_<isa>.h after its
 * primitives. */
#ifndef FID_KERNELS_POST_LANES_H
#define FID_KERNELS_POST_LANES_H

FID_INLINE size_t tail_lanes(size_t n)
{
    return tail_of(LANES, n);
}

FID_INLINE lanes_f32 clamp_lanes(lanes_f32 v, lanes_f32 min, lanes_f32 max)
{
    return min_lanes(max_lanes(v, min), max);
}

/* struct fid_post_f32, read once: what is stored meanwhile could be the post, for all that the
 * compiler knows, and it would read it again for each vector. */
struct lanes_post {
    const float *residual, *slope;
    size_t residual_stride;
    lanes_f32 min, max;
};

FID_INLINE struct lanes_post load_post(const struct fid_post_f32 *post)
{
    return (struct lanes_post){post->residual, post->slope, post->residual_stride,
                               set_lanes(post->min), set_lanes(post->max)};
}

/* Is there nothing to do but the clamp? Then the body for that, without a question for each vector,
 * takes clamp_alone. */
FID_INLINE int is_clamp(const struct lanes_post *post)
{
    return post->residual == NULL && post->slope == NULL;
}

FID_INLINE struct lanes_post clamp_alone(const struct lanes_post *post)
{
    return (struct lanes_post){.min = post->min, .max = post->max};
}

/* The post for n lanes of row i from column j on, but for the clamp; then all of it. */
FID_INLINE lanes_f32 unclamped_post_lanes(lanes_f32 v, size_t i, size_t j, size_t n,
                                          const struct lanes_post *post)
{
    if (post->residual)
        v = add_lanes(v, load_lanes(post->residual + i * post->residual_stride + j, n));
    if (post->slope)
        v = negative_lanes(v, mul_lanes(v, load_lanes(post->slope + j, n)));
    return v;
}

FID_INLINE lanes_f32 post_lanes(lanes_f32 v, size_t i, size_t j, size_t n,
                                const struct lanes_post *post)
{
    return clamp_lanes(unclamped_post_lanes(v, i, j, n, post), post->min, post->max);
}

/* The end of a matrix product's tile: row i of m has its first vector at sum + i * stride. */
FID_INLINE void store_row(const size_t vectors, size_t n, size_t i, const lanes_f32 *sum, float *c,
                          const struct lanes_post *post)
{
    UNROLL
    for (size_t v = 0; v < vectors; v++) {
        const size_t j = v * LANES;
        if (j + LANES <= n) {
            store_lanes(c + j, post_lanes(sum[v], i, j, LANES, post), LANES);
        } else {
            const size_t lanes = tail_lanes(n - j);
            store_lanes(c + j, post_lanes(sum[v], i, j, lanes, post), lanes);
        }
    }
}

FID_INLINE void store_tile(const size_t m, const size_t vectors, const size_t stride, size_t n,
                           const lanes_f32 *sum, float *c, size_t c_stride,
                           const struct fid_post_f32 *post)
{
    const struct lanes_post all = load_post(post), clamp = clamp_alone(&all);
    if (is_clamp(&all)) {
        UNROLL
        for (size_t i = 0; i < m; i++)
            store_row(vectors, n, i, sum + i * stride, c + i * c_stride, &clamp);
    } else {
        UNROLL
        for (size_t i = 0; i < m; i++)
            store_row(vectors, n, i, sum + i * stride, c + i * c_stride, &all);
    }
}

#endif
