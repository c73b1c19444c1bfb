/* depthwise_s8_lanes.h - slot depthwise_s8: out = post(bias + Σ taps in · w), 4 · LANES channels at
 * a time.
 *
 * Up to four taps of a channel are brought together (interleave) and make one dot product. In a
 * window of 3 × 3 they are those of one column, which the outputs beside it share: the columns are
 * walked from left to right, each brought together once and added to the sums of all outputs that
 * have it. Where a pixel fills a quarter or half of a vector, a vector has a few columns. Windows
 * that lie partly on the padding are summed alone. Called by the depthwise layer of engine/nn, a
 * row of pixels at a time. */
#ifndef FID_KERNELS_DEPTHWISE_S8_LANES_H
#define FID_KERNELS_DEPTHWISE_S8_LANES_H

#include "kernels/lanes/window_lanes.h"

enum { QUAD = 4, SIDE = 3, BLOCK_ALIGN = 64 };

/* A block of channels: of all pixels, from channel j on. */
struct rows {
    const struct fid_windows *in;
    const char *packed; /* the block's vectors and weights */
    char *out;
    size_t out_bytes; /* from one pixel's output to the next */
    size_t pixels, channels, taps, n, j;
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

/* Products of up to four taps, from pointers to their pixels. */
FID_INLINE void bring_together(const size_t vectors, const struct rows *at,
                               const uint8_t *const *pixels, size_t taps, lanes_quads *quads)
{
    lanes_s32 bytes[VECTORS_MOST];
    interleave(vectors, pixels, taps, at->j, bytes);
    UNROLL
    for (size_t v = 0; v < vectors; v++)
        quads[v] = quads_of(bytes[v]);
}

/* Stores from output x on: one, or a few of as many channels that follow each other. */
FID_INLINE void end(const size_t vectors, const enum ending ending, const struct rows *at, size_t x,
                    const lanes_s32 *sum, const struct column_lanes *columns, size_t n)
{
    const struct fid_post_s8 post = known_post(ending, &at->post);
    const uint8_t *const residual =
        post.residual ? post.residual + x * post.residual_stride + at->j : NULL;
    store_post_s8(vectors, n, sum, columns, residual, at->out + x * at->out_bytes, &post);
}

FID_INLINE void end_one(const size_t vectors, const enum ending ending, const struct rows *at,
                        size_t x, const lanes_s32 *sum)
{
    const struct column_lanes columns = load_columns(vectors, at->packed, BYTES);
    end(vectors, ending, at, x, sum, &columns, at->n);
}

/* Where a walk over the taps of a window is, column by column. */
struct walk {
    size_t ky, number; /* of the picture's column */
};

FID_INLINE void next_taps(const struct fid_windows *in, size_t taps, struct walk *walk,
                          const uint8_t **pixels)
{
    UNROLL
    for (size_t i = 0; i < QUAD; i++) {
        pixels[i] = in->padding;
        if (i >= taps)
            continue;
        if (walk->number < in->width)
            pixels[i] = bytes_at(&in->rows[walk->ky], walk->number);
        if (++walk->ky == in->kernel_h) {
            walk->ky = 0;
            walk->number += in->dilation;
        }
    }
}

/* Any windows: four taps at a time. */
FID_INLINE void outputs_of_any(const size_t vectors, const struct rows *at, struct stretch outputs)
{
    for (size_t x = outputs.first; x < outputs.end; x++) {
        lanes_s32 sum[VECTORS_MOST];
        struct walk walk = {0, x * at->in->stride - at->in->pad};
        begin(vectors, at, sum);
        for (size_t t = 0; t < at->taps; t += QUAD) {
            const size_t taps = min_size(at->taps - t, QUAD);
            const uint8_t *pixels[QUAD];
            lanes_weights weights[VECTORS_MOST];
            lanes_quads quads[VECTORS_MOST];
            next_taps(at->in, taps, &walk, pixels);
            interleave_weights(vectors, at, t, taps, weights);
            bring_together(vectors, at, pixels, taps, quads);
            add_products(vectors, sum, quads, weights);
        }
        end_one(vectors, END_ANY, at, x, sum);
    }
}

/* The three rows under 3 × 3 windows inside the picture. */
struct columns {
    struct fid_pixels rows[SIDE]; /* from the next column on */
};

FID_INLINE struct columns columns_from(const struct rows *at, size_t x)
{
    struct columns next;
    UNROLL
    for (size_t ky = 0; ky < SIDE; ky++) {
        const struct fid_pixels *row = &at->in->rows[ky];
        const size_t left = x * at->in->stride - at->in->pad;
        next.rows[ky] = (struct fid_pixels){bytes_at(row, left), row->step};
    }
    return next;
}

/* The next column, or as many as fill a vector of bytes: of `vectors` vectors in all. */
FID_INLINE void take_columns(const size_t vectors, const size_t count, const struct rows *at,
                             struct columns *next, lanes_quads *quads)
{
    const uint8_t *pixels[QUAD];
    UNROLL
    for (size_t ky = 0; ky < SIDE; ky++) {
        pixels[ky] = next->rows[ky].first;
        next->rows[ky].first = pixels[ky] + count * next->rows[ky].step;
    }
    pixels[SIDE] = NULL;
    bring_together(vectors, at, pixels, SIDE, quads);
}

/* 3 × 3 at stride 1. */
FID_INLINE void outputs_by_one(const size_t vectors, const enum ending ending,
                               const struct rows *at, struct stretch outputs)
{
    lanes_weights weights[SIDE][VECTORS_MOST];
    lanes_quads quads[VECTORS_MOST];
    lanes_s32 sum[VECTORS_MOST], next[VECTORS_MOST], last[VECTORS_MOST];
    struct columns columns = columns_from(at, outputs.first);
    UNROLL
    for (size_t i = 0; i < SIDE; i++)
        interleave_weights(vectors, at, i * SIDE, SIDE, weights[i]);
    begin(vectors, at, sum);
    begin(vectors, at, next);
    take_columns(vectors, 1, at, &columns, quads);
    add_products(vectors, sum, quads, weights[0]);
    take_columns(vectors, 1, at, &columns, quads);
    add_products(vectors, sum, quads, weights[1]);
    add_products(vectors, next, quads, weights[0]);
    for (size_t x = outputs.first; x < outputs.end; x++) {
        take_columns(vectors, 1, at, &columns, quads);
        begin(vectors, at, last);
        add_products(vectors, sum, quads, weights[2]);
        add_products(vectors, next, quads, weights[1]);
        add_products(vectors, last, quads, weights[0]);
        end_one(vectors, ending, at, x, sum);
        UNROLL
        for (size_t v = 0; v < vectors; v++) {
            sum[v] = next[v];
            next[v] = last[v];
        }
    }
}

/* 3 × 3 at stride 2. */
FID_INLINE void outputs_by_two(const size_t vectors, const enum ending ending,
                               const struct rows *at, struct stretch outputs)
{
    lanes_weights weights[SIDE][VECTORS_MOST];
    lanes_quads quads[VECTORS_MOST];
    lanes_s32 sum[VECTORS_MOST], next[VECTORS_MOST];
    struct columns columns = columns_from(at, outputs.first);
    UNROLL
    for (size_t i = 0; i < SIDE; i++)
        interleave_weights(vectors, at, i * SIDE, SIDE, weights[i]);
    begin(vectors, at, sum);
    take_columns(vectors, 1, at, &columns, quads);
    add_products(vectors, sum, quads, weights[0]);
    for (size_t x = outputs.first; x < outputs.end; x++) {
        take_columns(vectors, 1, at, &columns, quads);
        add_products(vectors, sum, quads, weights[1]);
        take_columns(vectors, 1, at, &columns, quads);
        add_products(vectors, sum, quads, weights[2]);
        begin(vectors, at, next);
        add_products(vectors, next, quads, weights[0]);
        end_one(vectors, ending, at, x, sum);
        UNROLL
        for (size_t v = 0; v < vectors; v++)
            sum[v] = next[v];
    }
}

/* Do pixels of that many vectors follow each other without a gap? */
FID_INLINE bool is_dense(const size_t vectors, const struct rows *at)
{
    bool dense = at->channels == vectors * LANES && at->out_bytes == at->channels;
    UNROLL
    for (size_t ky = 0; ky < SIDE; ky++)
        dense = dense && at->in->rows[ky].step == at->channels;
    return dense;
}

/* The vectors of the columns for outputs that follow each other. */
FID_INLINE struct column_lanes repeat_columns(const size_t vectors, const struct rows *at)
{
    struct column_lanes columns = load_columns(vectors, at->packed, BYTES);
    UNROLL
    for (size_t v = vectors; v < VECTORS_MOST; v++) {
        columns.scale[v] = columns.scale[v % vectors];
        columns.low[v] = columns.low[v % vectors];
        columns.high[v] = columns.high[v % vectors];
    }
    return columns;
}

/* 3 × 3 at stride 1 where is_dense(), with nothing but limits: a vector of bytes of each row is a
 * group of columns. Returns how many of the outputs are made. */
FID_INLINE size_t outputs_by_groups(const size_t vectors, const struct rows *at,
                                    struct stretch outputs)
{
    const size_t group = VECTORS_MOST / vectors, begun = SIDE - 1;
    const struct column_lanes repeated = repeat_columns(vectors, at);
    lanes_weights weights[SIDE][VECTORS_MOST];
    lanes_quads quads[VECTORS_MOST];
    lanes_s32 sum[(SIDE - 1 + VECTORS_MOST) * VECTORS_MOST];
    struct columns columns = columns_from(at, outputs.first);
    size_t x = outputs.first;
    UNROLL
    for (size_t i = 0; i < SIDE; i++)
        interleave_weights(vectors, at, i * SIDE, SIDE, weights[i]);
    begin(vectors, at, sum);
    begin(vectors, at, sum + vectors);
    take_columns(vectors, 1, at, &columns, quads);
    add_products(vectors, sum, quads, weights[0]);
    take_columns(vectors, 1, at, &columns, quads);
    add_products(vectors, sum, quads, weights[1]);
    add_products(vectors, sum + vectors, quads, weights[0]);
    for (; x + group <= outputs.end; x += group) {
        take_columns(VECTORS_MOST, group, at, &columns, quads);
        UNROLL
        for (size_t i = begun; i < begun + group; i++)
            begin(vectors, at, sum + i * vectors);
        UNROLL
        for (size_t i = 0; i < group; i++)
            UNROLL
        for (size_t k = 0; k < SIDE; k++)
            add_products(vectors, sum + (i + begun - k) * vectors, quads + i * vectors, weights[k]);
        end(VECTORS_MOST, END_LIMITS, at, x, sum, &repeated, BYTES);
        UNROLL
        for (size_t v = 0; v < begun * vectors; v++)
            sum[v] = sum[group * vectors + v];
    }
    return x;
}

FID_INLINE void squares(const size_t vectors, const enum ending ending, const struct rows *at,
                        struct stretch outputs)
{
    if (at->in->stride == 2) {
        outputs_by_two(vectors, ending, at, outputs);
        return;
    }
    if (vectors < VECTORS_MOST && ending == END_LIMITS && is_dense(vectors, at))
        outputs.first = outputs_by_groups(vectors, at, outputs);
    if (outputs.first < outputs.end)
        outputs_by_one(vectors, ending, at, outputs);
}

/* The windows inside the picture that networks have, each ending with a body of its own; the others
 * are rare and take a general one, which keeps the program small. */
FID_INLINE void rows_of(const size_t vectors, const struct rows *at)
{
    const struct fid_windows *in = at->in;
    const bool square =
        in->kernel_h == SIDE && in->kernel_w == SIDE && in->dilation == 1 && in->stride <= 2;
    const enum ending ending = ending_of(&at->post);
    struct stretch made = windows_inside(in, at->pixels);
    if (!square || made.first == made.end)
        made.end = made.first;
    else if (ending == END_LIMITS)
        squares(vectors, END_LIMITS, at, made);
    else if (ending == END_SLOPE)
        squares(vectors, END_SLOPE, at, made);
    else
        squares(vectors, END_ANY, at, made);
    outputs_of_any(vectors, at, (struct stretch){0, made.first});
    outputs_of_any(vectors, at, (struct stretch){made.end, at->pixels});
}

FID_INLINE void depthwise_s8_lanes(size_t pixels, size_t channels, const struct fid_windows *in,
                                   const void *packed, void *out, size_t out_stride,
                                   const struct fid_post_s8 *post)
{
    const size_t taps = in->kernel_h * in->kernel_w;
    const size_t each = post->f32 ? sizeof(float) : 1;
    const size_t block_bytes =
        ((size_t)FID_S8_ROWS * BYTES * sizeof(int32_t) + taps * BYTES + BLOCK_ALIGN - 1) /
        BLOCK_ALIGN * BLOCK_ALIGN;
    struct rows at = {.in = in,
                      .packed = packed,
                      .out = out,
                      .out_bytes = out_stride * each,
                      .pixels = pixels,
                      .channels = channels,
                      .taps = taps,
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
