/* depthwise_s8_lanes.h - slot depthwise_s8: out = post(bias + Σ taps in · w), 4 · LANES channels at
 * a time.
 *
 * Up to four taps of a channel are brought together (interleave) and make one dot product. In a
 * window of 3 × 3 they are those of one column, which the outputs beside it share: at stride 1 each
 * output brings one new column together, and the sums of the next two outputs are begun with it.
 * Called by the depthwise layer of engine/nn, a row of pixels at a time. */
#ifndef FID_KERNELS_DEPTHWISE_S8_LANES_H
#define FID_KERNELS_DEPTHWISE_S8_LANES_H

enum { QUAD = 4, SIDE = 3, BLOCK_ALIGN = 64 };

/* A block of channels: of all pixels, from channel j on. */
struct rows {
    const uint8_t *const *in;
    const char *packed; /* the block's vectors and weights */
    char *out;
    size_t out_bytes; /* from one pixel's output to the next */
    size_t pixels, taps, step, n, j;
    struct fid_post_s8 post;
};

/* Byte j of `taps` rows, 1 to 4, and on: vector v of `vectors` has channels v · LANES and on, four
 * bytes each, of which those past the taps are zero. */
FID_INLINE void interleave(const size_t vectors, const uint8_t *const *rows, size_t taps, size_t j,
                           lanes_s32 *quads)
{
    const lanes_s32 none = set_s32(0);
    const lanes_s32 a = load_spread(rows[0] + j);
    const lanes_s32 b = taps > 1 ? load_spread(rows[1] + j) : none;
    const lanes_s32 c = taps > 2 ? load_spread(rows[2] + j) : none;
    const lanes_s32 d = taps > 3 ? load_spread(rows[3] + j) : none;
    const lanes_s32 low = low_pairs(a, b), low_end = low_pairs(c, d);
    quads[0] = low_quads(low, low_end);
    if (vectors > 1)
        quads[1] = high_quads(low, low_end);
    if (vectors > 2) {
        const lanes_s32 high = high_pairs(a, b), high_end = high_pairs(c, d);
        quads[2] = low_quads(high, high_end);
        quads[3] = high_quads(high, high_end);
    }
}

/* The weights of `taps` taps from t on, brought together likewise. */
FID_INLINE void interleave_weights(const size_t vectors, const struct rows *at, size_t t,
                                   size_t taps, lanes_weights *weights)
{
    const uint8_t *const first =
        (const uint8_t *)at->packed + (size_t)FID_S8_ROWS * BYTES * sizeof(int32_t) + t * BYTES;
    const uint8_t *const rows[QUAD] = {first, first + BYTES, first + (size_t)2 * BYTES,
                                       first + (size_t)3 * BYTES};
    lanes_s32 quads[VECTORS_MOST];
    interleave(vectors, rows, taps, 0, quads);
    UNROLL
    for (size_t v = 0; v < vectors; v++)
        weights[v] = weights_of(quads[v]);
}

FID_INLINE void begin(const size_t vectors, const struct rows *at, lanes_s32 *sum)
{
    UNROLL
    for (size_t v = 0; v < vectors; v++)
        sum[v] = load_s32(at->packed + v * BYTES);
}

FID_INLINE void add_products(const size_t vectors, lanes_s32 *sum, const lanes_quads *quads,
                             const lanes_weights *weights)
{
    UNROLL
    for (size_t v = 0; v < vectors; v++)
        sum[v] = dot_lanes(sum[v], quads[v], weights[v]);
}

FID_INLINE void column(const size_t vectors, const struct rows *at, size_t first, size_t taps,
                       lanes_quads *quads)
{
    lanes_s32 bytes[VECTORS_MOST];
    interleave(vectors, at->in + first, taps, at->j, bytes);
    UNROLL
    for (size_t v = 0; v < vectors; v++)
        quads[v] = quads_of(bytes[v]);
}

FID_INLINE void end(const size_t vectors, const enum ending ending, const struct rows *at, size_t x,
                    const lanes_s32 *sum)
{
    const struct column_lanes columns = load_columns(vectors, at->packed, BYTES);
    const struct fid_post_s8 post = known_post(ending, &at->post);
    const uint8_t *const residual =
        post.residual ? post.residual + x * post.residual_stride + at->j : NULL;
    store_post_s8(vectors, at->n, sum, &columns, residual, at->out + x * at->out_bytes, &post);
}

/* 3 × 3 at stride 1. */
FID_INLINE void rows_by_one(const size_t vectors, const enum ending ending, const struct rows *at)
{
    lanes_weights weights[SIDE][VECTORS_MOST];
    lanes_quads quads[VECTORS_MOST];
    lanes_s32 sum[VECTORS_MOST], next[VECTORS_MOST], last[VECTORS_MOST];
    UNROLL
    for (size_t i = 0; i < SIDE; i++)
        interleave_weights(vectors, at, i * SIDE, SIDE, weights[i]);
    begin(vectors, at, sum);
    begin(vectors, at, next);
    column(vectors, at, 0, SIDE, quads);
    add_products(vectors, sum, quads, weights[0]);
    column(vectors, at, SIDE, SIDE, quads);
    add_products(vectors, sum, quads, weights[1]);
    add_products(vectors, next, quads, weights[0]);
    for (size_t x = 0; x < at->pixels; x++) {
        column(vectors, at, (x + 2) * SIDE, SIDE, quads);
        begin(vectors, at, last);
        add_products(vectors, sum, quads, weights[2]);
        add_products(vectors, next, quads, weights[1]);
        add_products(vectors, last, quads, weights[0]);
        end(vectors, ending, at, x, sum);
        UNROLL
        for (size_t v = 0; v < vectors; v++) {
            sum[v] = next[v];
            next[v] = last[v];
        }
    }
}

/* 3 × 3 at stride 2. */
FID_INLINE void rows_by_two(const size_t vectors, const enum ending ending, const struct rows *at)
{
    lanes_weights weights[SIDE][VECTORS_MOST];
    lanes_quads quads[VECTORS_MOST];
    lanes_s32 sum[VECTORS_MOST], next[VECTORS_MOST];
    UNROLL
    for (size_t i = 0; i < SIDE; i++)
        interleave_weights(vectors, at, i * SIDE, SIDE, weights[i]);
    begin(vectors, at, sum);
    column(vectors, at, 0, SIDE, quads);
    add_products(vectors, sum, quads, weights[0]);
    for (size_t x = 0; x < at->pixels; x++) {
        column(vectors, at, (2 * x + 1) * SIDE, SIDE, quads);
        add_products(vectors, sum, quads, weights[1]);
        column(vectors, at, (2 * x + 2) * SIDE, SIDE, quads);
        add_products(vectors, sum, quads, weights[2]);
        begin(vectors, at, next);
        add_products(vectors, next, quads, weights[0]);
        end(vectors, ending, at, x, sum);
        UNROLL
        for (size_t v = 0; v < vectors; v++)
            sum[v] = next[v];
    }
}

/* Any window: four taps at a time. */
FID_INLINE void rows_of_any(const size_t vectors, const enum ending ending, const struct rows *at)
{
    for (size_t x = 0; x < at->pixels; x++) {
        lanes_s32 sum[VECTORS_MOST];
        begin(vectors, at, sum);
        for (size_t t = 0; t < at->taps; t += QUAD) {
            const size_t taps = min_size(at->taps - t, QUAD);
            lanes_weights weights[VECTORS_MOST];
            lanes_quads quads[VECTORS_MOST];
            interleave_weights(vectors, at, t, taps, weights);
            column(vectors, at, x * at->step + t, taps, quads);
            add_products(vectors, sum, quads, weights);
        }
        end(vectors, ending, at, x, sum);
    }
}

FID_INLINE void squares(const size_t vectors, const enum ending ending, const struct rows *at)
{
    if (at->step == SIDE)
        rows_by_one(vectors, ending, at);
    else
        rows_by_two(vectors, ending, at);
}

/* Residuals are rare here: they take a general body, which keeps the program small. */
FID_INLINE void rows_of(const size_t vectors, const struct rows *at)
{
    const bool square =
        at->taps == (size_t)SIDE * SIDE && (at->step == SIDE || at->step == (size_t)2 * SIDE);
    const enum ending ending = ending_of(&at->post);
    if (square && ending == END_LIMITS)
        squares(vectors, END_LIMITS, at);
    else if (square && ending == END_SLOPE)
        squares(vectors, END_SLOPE, at);
    else
        rows_of_any(vectors, END_ANY, at);
}

FID_INLINE void depthwise_s8_lanes(size_t pixels, size_t channels, size_t taps,
                                   const uint8_t *const *in, size_t in_step, const void *packed,
                                   void *out, size_t out_stride, const struct fid_post_s8 *post)
{
    const size_t each = post->f32 ? sizeof(float) : 1;
    const size_t block_bytes =
        ((size_t)FID_S8_ROWS * BYTES * sizeof(int32_t) + taps * BYTES + BLOCK_ALIGN - 1) /
        BLOCK_ALIGN * BLOCK_ALIGN;
    struct rows at = {.in = in,
                      .packed = packed,
                      .out = out,
                      .out_bytes = out_stride * each,
                      .pixels = pixels,
                      .taps = taps,
                      .step = in_step,
                      .post = *post};
    for (; at.j < channels; at.j += BYTES, at.packed += block_bytes, at.out += BYTES * each) {
        at.n = min_size(channels - at.j, BYTES);
        if (at.n > (size_t)2 * LANES)
            rows_of(4, &at);
        else if (at.n > LANES)
            rows_of(2, &at);
        else
            rows_of(1, &at);
    }
}

#endif
