/* window.h - the sliding window of convolutions and pools: output size, padding, taps. */
#ifndef FID_NN_WINDOW_H
#define FID_NN_WINDOW_H

#include "engine/nn/tensor.h"
#include "kernels/kernels.h"
#include "weights/format.h"

#include <stdbool.h>

struct fid_window {
    struct fid_shape in;
    size_t pixel_bytes; /* of the input */
    size_t out_h, out_w;
    size_t kernel_h, kernel_w, stride_h, stride_w, dilation_h, dilation_w;
    size_t pad_top, pad_left; /* the rest of the padding follows from the output's size */
};

/* What can be wrong with a window on an input of this size. */
enum fid_window_fault {
    FID_WINDOW_OK,
    FID_WINDOW_FIELDS,  /* a kernel, stride, dilation or pad out of range */
    FID_WINDOW_TOO_BIG, /* the kernel is larger than the padded input */
    FID_WINDOW_OUTSIDE  /* an output would see nothing but padding (a fault for pools only) */
};

/* FILLS *window from a node's fields for an input of f32; dilation 0 (pools) counts as 1. */
enum fid_window_fault fid_window_set(const struct fid_file_node *node, struct fid_shape in,
                                     struct fid_window *window);
/* FID_WINDOW_OUTSIDE when some output sees nothing but padding. */
enum fid_window_fault fid_window_check_inside(const struct fid_window *window);

static inline size_t fid_window_taps(const struct fid_window *window)
{
    return window->kernel_h * window->kernel_w;
}

/* Row of the input under kernel row ky of output y; out of range (≥ in.h, by wrapping below 0) on
 * the padding. */
static inline size_t fid_window_row(const struct fid_window *window, size_t y, size_t ky)
{
    return y * window->stride_h + ky * window->dilation_h - window->pad_top;
}

static inline size_t fid_window_column(const struct fid_window *window, size_t x, size_t kx)
{
    return x * window->stride_w + kx * window->dilation_w - window->pad_left;
}

/* Writes the pointers to all taps of output (y, x) of one image, row by row of the kernel, `step`
 * places apart; those on the padding are `pad`. */
void fid_window_pointers(const struct fid_window *window, const void *image, size_t y, size_t x,
                         const void *pad, const void **taps, size_t step);

/* The windows of output row y of one image, for the kernels that slide them. rows: room for
 * kernel_h; those on the padding are the pixel `pad`; NULL: left out. */
struct fid_windows fid_window_slide(const struct fid_window *window, const void *image, size_t y,
                                    const void *pad, struct fid_pixels *rows);

/* Those of fid_window_pointers without those on the padding; returns how many there are. */
size_t fid_window_pointers_inside(const struct fid_window *window, const void *image, size_t y,
                                  size_t x, const void **taps);

/* The first tap of output (y, x) of one image if all of its taps are inside, otherwise NULL. */
static inline const void *fid_window_inside(const struct fid_window *window, const void *image,
                                            size_t y, size_t x)
{
    const struct fid_shape in = window->in;
    const size_t top = fid_window_row(window, y, 0), left = fid_window_column(window, x, 0);
    const size_t below = (window->kernel_h - 1) * window->dilation_h;
    const size_t beside = (window->kernel_w - 1) * window->dilation_w;
    const bool inside = top < in.h && in.h - top > below && left < in.w && in.w - left > beside;
    return inside ? (const char *)image + (top * in.w + left) * window->pixel_bytes : NULL;
}

/* Copies the taps of output (y, x) into patch [kernel_h · kernel_w · c]; bytes of `zero` for the
 * padding. */
void fid_window_patch(const struct fid_window *window, const void *image, size_t y, size_t x,
                      int zero, void *patch);

#endif
