/* bytes_lanes.h - kernels of bytes, written once for vectors of any width; read lanes.h first.
 *
 * A bytes_<isa>.h gives the vector type `lanes_s32` of LANES integers, which also stands for
 * 4 · LANES bytes, and the primitives:
 *
 *     load_s32(p)  store_s32(p, v)  set_s32(x)  sub_s32(a, b)
 *     float_lanes(v)    integers to f32        nearest_lanes(v)  f32 to integers, halves to even
 *     widen_bytes(p, n) n bytes from p, each in a lane of 32 bits; nothing past them is read
 *     load_bytes(p)     4 · LANES bytes       load_spread(p)     the same, so that interleave()
 *                                                                makes them vectors in order
 *     max_bytes(a, b)   byte by byte          store_bytes(p, v, n)  the first n bytes
 *     low_pairs(a, b)  high_pairs(a, b)  bytes of a and b in turn, from the lower and the upper
 *                                        halves of each 128 bits
 *     low_quads(a, b)  high_quads(a, b)  the same with pairs of bytes
 *     narrow(v, vectors, zero)  integers v + zero, which are bytes, of 1, 2 or 4 vectors in order
 *
 * A dot_<isa>.h adds products of four bytes with four weights to each lane:
 *
 *     lanes_quads quads_of(bytes)   lanes_weights weights_of(bytes)   what dot_lanes takes
 *     dot_lanes(sum, quads, weights)
 *
 * It includes this file, which has the end of every sum (struct fid_post_s8). */
#ifndef FID_KERNELS_BYTES_LANES_H
#define FID_KERNELS_BYTES_LANES_H

enum { BYTES = 4 * LANES, VECTORS_MOST = 4 };

/* Bytes from 1, 2 or 4 vectors of integers to p, of which n are wanted. */
FID_INLINE void store_narrow(uint8_t *p, const lanes_s32 *v, const size_t vectors, int32_t zero,
                             size_t n)
{
    store_bytes(p, narrow(v, vectors, zero), min_size(n, vectors * LANES));
}

/* How many of n lanes vector v has. */
FID_INLINE size_t lanes_in(size_t n, size_t v)
{
    return n <= v * LANES ? 0 : min_size(n - v * LANES, LANES);
}

/* ---- the end of a sum ---- */

/* What networks do to a sum beside its limits, a body for each: in the general one every vector
 * asks what there is to do. */
enum ending { END_LIMITS, END_SLOPE, END_RESIDUAL, END_ANY };

FID_INLINE enum ending ending_of(const struct fid_post_s8 *post)
{
    if (post->f32 || (post->slope && post->residual))
        return END_ANY;
    return post->slope ? END_SLOPE : post->residual ? END_RESIDUAL : END_LIMITS;
}

/* A copy that a compiler knows as much of: what is stored could be the post, for all it knows. */
FID_INLINE struct fid_post_s8 known_post(const enum ending ending, const struct fid_post_s8 *post)
{
    if (ending == END_LIMITS || ending == END_SLOPE)
        return (struct fid_post_s8){.zero = post->zero, .slope = ending == END_SLOPE};
    struct fid_post_s8 known = *post;
    if (ending == END_RESIDUAL) {
        known.slope = known.f32 = false;
        if (known.residual == NULL)
            __builtin_unreachable();
    }
    return known;
}

/* The vectors of a block of columns, `width` apart, from the block's first column on. */
struct column_lanes {
    lanes_f32 scale[VECTORS_MOST], low[VECTORS_MOST], high[VECTORS_MOST];
    const float *slope, *residual;
};

/* One of the vectors (FID_S8_SCALE, ...) in front of packed weights. */
FID_INLINE const float *numbers_of(const void *packed, size_t row, size_t width)
{
    return (const float *)packed + row * width;
}

/* Vectors first to end - 1 of them. */
FID_INLINE struct column_lanes load_some_columns(const size_t first, const size_t end,
                                                 const void *packed, size_t width)
{
    struct column_lanes c = {.slope = numbers_of(packed, FID_S8_SLOPE, width),
                             .residual = numbers_of(packed, FID_S8_RESIDUAL, width)};
    UNROLL
    for (size_t v = first; v < end; v++) {
        c.scale[v] = load_lanes(numbers_of(packed, FID_S8_SCALE, width) + v * LANES, LANES);
        c.low[v] = load_lanes(numbers_of(packed, FID_S8_LOW, width) + v * LANES, LANES);
        c.high[v] = load_lanes(numbers_of(packed, FID_S8_HIGH, width) + v * LANES, LANES);
    }
    return c;
}

FID_INLINE struct column_lanes load_columns(const size_t vectors, const void *packed, size_t width)
{
    return load_some_columns(0, vectors, packed, width);
}

/* `residual`: n bytes, or NULL. */
FID_INLINE lanes_f32 post_s8_lanes(lanes_s32 sum, size_t v, const struct column_lanes *c,
                                   const uint8_t *residual, size_t n,
                                   const struct fid_post_s8 *post)
{
    lanes_f32 x = mul_lanes(float_lanes(sum), c->scale[v]);
    if (residual) {
        const lanes_s32 bytes = widen_bytes(residual + v * LANES, lanes_in(n, v));
        const lanes_f32 steps = float_lanes(sub_s32(bytes, set_s32(post->residual_zero)));
        x = add_lanes(x, mul_lanes(steps, load_lanes(c->residual + v * LANES, LANES)));
    }
    if (post->slope)
        x = negative_lanes(x, mul_lanes(x, load_lanes(c->slope + v * LANES, LANES)));
    return clamp_lanes(x, c->low[v], c->high[v]);
}

/* n numbers of a row from the sums of 1, 2 or 4 vectors. */
FID_INLINE void store_post_s8(const size_t vectors, size_t n, const lanes_s32 *sum,
                              const struct column_lanes *c, const uint8_t *residual, void *out,
                              const struct fid_post_s8 *post)
{
    lanes_s32 whole[VECTORS_MOST];
    UNROLL
    for (size_t v = 0; v < vectors; v++) {
        const lanes_f32 x = post_s8_lanes(sum[v], v, c, residual, n, post);
        if (post->f32)
            store_lanes((float *)out + v * LANES, add_lanes(x, set_lanes(0.0f)), lanes_in(n, v));
        else
            whole[v] = nearest_lanes(x);
    }
    if (!post->f32)
        store_narrow(out, whole, vectors, post->zero, n);
}

#endif
