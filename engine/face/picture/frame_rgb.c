/* frame_rgb.c - frames to RGB. Rows go in blocks: the samples of a block are spread out, one
 * of each a pixel, then computed in loops of a fixed length that compilers turn into
 * vectors, then packed. */
#include "engine/face/picture/picture_codec.h"

#include <string.h>

enum { BLOCK = 64, BLOCK_BYTES = 3 * BLOCK };

/* ITU-R BT.601-7 and BT.709-6, section 3: with Kr and Kb the shares of red and blue in Y,
 * R = y (Y - base) + 2 (1 - Kr) c (V - 128), B likewise with U, G what is left. Limited range:
 * y = 255/219, c = 255/224; full: 1 and 1. All in 16 bits: y in parts of 2^14 against Y in parts of
 * 2^7, the others (at most 2.11) in parts of 2^13 against U and V in parts of 2^8, so that the
 * upper halves of all products are in parts of 2^5. */
enum { Y_BITS = 7, UV_BITS = 8, BITS = 5 };

struct factors {
    int16_t base, y, v_red, u_green, v_green, u_blue;
};

static const struct factors all_factors[2][2] = {
    /* BT.601: limited, full */
    {{16, 19077, 13075, 3209, 6660, 16525}, {0, 16384, 11485, 2819, 5850, 14516}},
    /* BT.709: limited, full */
    {{16, 19077, 14686, 1747, 4366, 17305}, {0, 16384, 12901, 1535, 3835, 15201}},
};

struct block {
    uint8_t y[BLOCK], u[BLOCK], v[BLOCK]; /* one of each a pixel */
};

static inline int16_t upper_half(int16_t a, int16_t b)
{
    return (int16_t)((int32_t)a * b >> 16);
}

static inline uint8_t to_byte(int16_t fixed)
{
    int16_t value = (int16_t)(fixed >> BITS);
    value = value < 0 ? 0 : value;
    return (uint8_t)(value > 255 ? 255 : value);
}

/* Each product loses less than one part: half of that on average is given back
 * with the rounding. */
enum { ROUND_2 = (1 << (BITS - 1)) + 1, ROUND_3 = (1 << (BITS - 1)) };

/* rgb has room for one byte more, which may be written. */
static void to_rgb(const struct block *in, const struct factors *factors, uint8_t *rgb)
{
    uint8_t red[BLOCK], green[BLOCK], blue[BLOCK];
    uint32_t pixels[BLOCK];
    const struct factors by = *factors;
    for (int i = 0; i < BLOCK; i++) {
        int16_t luma = upper_half((int16_t)((in->y[i] - by.base) * (1 << Y_BITS)), by.y);
        int16_t u = (int16_t)((in->u[i] - 128) * (1 << UV_BITS));
        int16_t v = (int16_t)((in->v[i] - 128) * (1 << UV_BITS));
        red[i] = to_byte((int16_t)(luma + upper_half(v, by.v_red) + ROUND_2));
        green[i] = to_byte(
            (int16_t)(luma - upper_half(u, by.u_green) - upper_half(v, by.v_green) + ROUND_3));
        blue[i] = to_byte((int16_t)(luma + upper_half(u, by.u_blue) + ROUND_2));
    }
    for (int i = 0; i < BLOCK; i++)
        pixels[i] = red[i] | (uint32_t)green[i] << 8 | (uint32_t)blue[i] << 16;
    for (size_t i = 0; i < BLOCK; i++) /* four bytes at once: the next pixel covers the fourth */
        memcpy(rgb + 3 * i, &pixels[i], 4);
}

/* ---- spreading out: `count` pixels of row y from column x on (a multiple of BLOCK) ---- */

enum { PAIRS = BLOCK / 2 };

/* One byte for two pixels. */
static inline uint16_t twice(unsigned byte)
{
    return (uint16_t)(byte * 0x101);
}

static void load_gray(const struct fid_frame *frame, int x, int y, int count, struct block *block)
{
    memcpy(block->y, frame->planes[0] + (size_t)y * frame->stride_bytes[0] + x, (size_t)count);
}

static inline void load_packed(const struct fid_frame *frame, int x, int y, int count,
                               struct block *block, int luma)
{
    const uint8_t *row = frame->planes[0] + (size_t)y * frame->stride_bytes[0] + 2 * (size_t)x;
    uint16_t words[BLOCK] = {0};
    uint32_t quads[PAIRS];
    uint8_t lumas[BLOCK];
    uint16_t u[PAIRS], v[PAIRS];
    if (count == BLOCK)
        memcpy(words, row, sizeof words);
    else /* the last pixel of an odd width has its pair's U and V */
        memcpy(words, row, 4 * (((size_t)count + 1) / 2));
    memcpy(quads, words, sizeof quads);
    for (int i = 0; i < BLOCK; i++)
        lumas[i] = (uint8_t)(words[i] >> 8 * luma);
    for (int i = 0; i < PAIRS; i++) {
        u[i] = twice(quads[i] >> 8 * (1 - luma) & 0xFF);
        v[i] = twice(quads[i] >> 8 * (3 - luma) & 0xFF);
    }
    memcpy(block->y, lumas, BLOCK);
    memcpy(block->u, u, BLOCK);
    memcpy(block->v, v, BLOCK);
}

static void load_yuyv(const struct fid_frame *frame, int x, int y, int count, struct block *block)
{
    load_packed(frame, x, y, count, block, 0);
}

static void load_uyvy(const struct fid_frame *frame, int x, int y, int count, struct block *block)
{
    load_packed(frame, x, y, count, block, 1);
}

static void load_nv12(const struct fid_frame *frame, int x, int y, int count, struct block *block)
{
    const uint8_t *row = frame->planes[1] + (size_t)(y / 2) * frame->stride_bytes[1] + x;
    uint16_t words[PAIRS] = {0}, u[PAIRS], v[PAIRS];
    load_gray(frame, x, y, count, block);
    memcpy(words, row, 2 * (((size_t)count + 1) / 2));
    for (int i = 0; i < PAIRS; i++) {
        u[i] = twice(words[i] & 0xFF);
        v[i] = twice(words[i] >> 8);
    }
    memcpy(block->u, u, BLOCK);
    memcpy(block->v, v, BLOCK);
}

static void load_i420(const struct fid_frame *frame, int x, int y, int count, struct block *block)
{
    const uint8_t *u_row = frame->planes[1] + (size_t)(y / 2) * frame->stride_bytes[1] + x / 2;
    const uint8_t *v_row = frame->planes[2] + (size_t)(y / 2) * frame->stride_bytes[2] + x / 2;
    uint8_t bytes[2][PAIRS] = {0};
    uint16_t u[PAIRS], v[PAIRS];
    load_gray(frame, x, y, count, block);
    memcpy(bytes[0], u_row, ((size_t)count + 1) / 2);
    memcpy(bytes[1], v_row, ((size_t)count + 1) / 2);
    for (int i = 0; i < PAIRS; i++) {
        u[i] = twice(bytes[0][i]);
        v[i] = twice(bytes[1][i]);
    }
    memcpy(block->u, u, BLOCK);
    memcpy(block->v, v, BLOCK);
}

typedef void (*load_fn)(const struct fid_frame *frame, int x, int y, int count,
                        struct block *block);
static const load_fn loaders[] = {
    [FID_PIXELS_GREY] = load_gray, [FID_PIXELS_YUYV] = load_yuyv, [FID_PIXELS_UYVY] = load_uyvy,
    [FID_PIXELS_NV12] = load_nv12, [FID_PIXELS_I420] = load_i420,
};

static void convert_row(const struct fid_frame *frame, int y, const struct factors *factors,
                        uint8_t *rgb)
{
    load_fn load = loaders[frame->format];
    struct block block = {0};
    memset(block.u, 128, BLOCK); /* as GREY has them */
    memset(block.v, 128, BLOCK);
    for (int x = 0; x < frame->width; x += BLOCK, rgb += BLOCK_BYTES) {
        int count = frame->width - x < BLOCK ? frame->width - x : BLOCK;
        load(frame, x, y, count, &block);
        bool last = x + BLOCK >= frame->width;
        uint8_t part[3 * BLOCK + 1];
        to_rgb(&block, factors, last ? part : rgb);
        if (last)
            memcpy(rgb, part, 3 * (size_t)count);
    }
}

enum fid_status fid_picture_from_frame(const struct fid_frame *frame, struct fid_picture *picture,
                                       struct fid_error *error)
{
    fid_picture_clear(picture);
    enum fid_status status = fid_frame_check(frame, error);
    if (status == FID_OK)
        status = fid_picture_resize(picture, frame->width, frame->height, error);
    if (status != FID_OK)
        return status;
    const struct factors *factors = &all_factors[frame->bt709][frame->full_range];
    for (int y = 0; y < frame->height; y++) {
        uint8_t *rgb = fid_picture_row(picture, y);
        if (frame->format == FID_PIXELS_RGB)
            memcpy(rgb, frame->planes[0] + (size_t)y * frame->stride_bytes[0],
                   3 * (size_t)frame->width);
        else
            convert_row(frame, y, factors, rgb);
    }
    return FID_OK;
}
