/* window.c - output sizes and taps of sliding windows, for conv and both pools. */
#include "engine/nn/window.h"

#include <string.h>

/* One axis of a window. */
struct axis {
    size_t in, kernel, stride, dilation, pad_before, pad_after, out;
};

/* FORMAT.md, pad_mode. */
static enum fid_window_fault axis_set(struct axis *axis, int pad_mode)
{
    const size_t extent = axis->dilation * (axis->kernel - 1) + 1;
    if (pad_mode == FID_PAD_SAME) {
        axis->out = (axis->in + axis->stride - 1) / axis->stride;
        const size_t reach = (axis->out - 1) * axis->stride + extent;
        axis->pad_before = reach > axis->in ? (reach - axis->in) / 2 : 0;
        return FID_WINDOW_OK;
    }
    const size_t padded = axis->in + axis->pad_before + axis->pad_after;
    if (padded < extent)
        return FID_WINDOW_TOO_BIG;
    const size_t room = padded - extent;
    axis->out = room / axis->stride + 1;
    if (pad_mode == FID_PAD_EXPLICIT_CEIL && room % axis->stride != 0 &&
        axis->out * axis->stride < axis->in + axis->pad_before)
        axis->out++;
    return FID_WINDOW_OK;
}

static bool axis_fields(struct axis *axis, size_t in, int kernel, int stride, int dilation,
                        int before, int after)
{
    if (in < 1 || kernel < 1 || stride < 1 || dilation < 0 || before < 0 || after < 0)
        return false;
    *axis = (struct axis){.in = in,
                          .kernel = (size_t)kernel,
                          .stride = (size_t)stride,
                          .dilation = dilation == 0 ? 1 : (size_t)dilation,
                          .pad_before = (size_t)before,
                          .pad_after = (size_t)after};
    return true;
}

enum fid_window_fault fid_window_set(const struct fid_file_node *node, struct fid_shape in,
                                     struct fid_window *window)
{
    struct axis v, h;
    if (node->pad_mode < 0 || node->pad_mode >= FID_PAD_END ||
        !axis_fields(&v, in.h, node->kernel_h, node->stride_h, node->dilation_h, node->pad_top,
                     node->pad_bottom) ||
        !axis_fields(&h, in.w, node->kernel_w, node->stride_w, node->dilation_w, node->pad_left,
                     node->pad_right))
        return FID_WINDOW_FIELDS;
    enum fid_window_fault fault = axis_set(&v, node->pad_mode);
    if (fault == FID_WINDOW_OK)
        fault = axis_set(&h, node->pad_mode);
    *window = (struct fid_window){.in = in,
                                  .pixel_bytes = in.c * sizeof(float),
                                  .out_h = v.out,
                                  .out_w = h.out,
                                  .kernel_h = v.kernel,
                                  .kernel_w = h.kernel,
                                  .stride_h = v.stride,
                                  .stride_w = h.stride,
                                  .dilation_h = v.dilation,
                                  .dilation_w = h.dilation,
                                  .pad_top = v.pad_before,
                                  .pad_left = h.pad_before};
    return fault;
}

/* Does every window along one axis have a tap in 0..in-1? The positions on the axis are those of
 * the taps plus pad, so that they stay unsigned. Of the windows that begin inside, the last one
 * decides; those that begin on the padding are as many as it is wide at most. */
static bool axis_inside(size_t out, size_t kernel, size_t stride, size_t dilation, size_t pad,
                        size_t in)
{
    for (size_t i = 0; i < out && i * stride < pad; i++) {
        const size_t tap = (pad - i * stride + dilation - 1) / dilation; /* the first inside */
        if (tap >= kernel || i * stride + tap * dilation >= pad + in)
            return false;
    }
    return (out - 1) * stride < pad + in;
}

enum fid_window_fault fid_window_check_inside(const struct fid_window *window)
{
    bool inside = axis_inside(window->out_h, window->kernel_h, window->stride_h, window->dilation_h,
                              window->pad_top, window->in.h) &&
                  axis_inside(window->out_w, window->kernel_w, window->stride_w, window->dilation_w,
                              window->pad_left, window->in.w);
    return inside ? FID_WINDOW_OK : FID_WINDOW_OUTSIDE;
}

static const char *pixel_at(const struct fid_window *window, const void *image, size_t row,
                            size_t column)
{
    return (const char *)image + (row * window->in.w + column) * window->pixel_bytes;
}

void fid_window_pointers(const struct fid_window *window, const void *image, size_t y, size_t x,
                         const void *pad, const void **taps, size_t step)
{
    const struct fid_shape in = window->in;
    for (size_t ky = 0; ky < window->kernel_h; ky++) {
        const size_t row = fid_window_row(window, y, ky);
        for (size_t kx = 0; kx < window->kernel_w; kx++, taps += step) {
            const size_t column = fid_window_column(window, x, kx);
            const bool inside = row < in.h && column < in.w;
            *taps = inside ? pixel_at(window, image, row, column) : pad;
        }
    }
}

struct fid_windows fid_window_slide(const struct fid_window *window, const void *image, size_t y,
                                    const void *pad, struct fid_pixels *rows)
{
    const struct fid_shape in = window->in;
    size_t count = 0;
    for (size_t ky = 0; ky < window->kernel_h; ky++) {
        const size_t row = fid_window_row(window, y, ky);
        if (row < in.h)
            rows[count++] = (struct fid_pixels){pixel_at(window, image, row, 0), in.c};
        else if (pad != NULL)
            rows[count++] = (struct fid_pixels){pad, 0};
    }
    return (struct fid_windows){.rows = rows,
                                .kernel_h = count,
                                .kernel_w = window->kernel_w,
                                .stride = window->stride_w,
                                .dilation = window->dilation_w,
                                .pad = window->pad_left,
                                .width = in.w,
                                .padding = pad};
}

size_t fid_window_pointers_inside(const struct fid_window *window, const void *image, size_t y,
                                  size_t x, const void **taps)
{
    const struct fid_shape in = window->in;
    size_t count = 0;
    for (size_t ky = 0; ky < window->kernel_h; ky++) {
        const size_t row = fid_window_row(window, y, ky);
        for (size_t kx = 0; kx < window->kernel_w && row < in.h; kx++) {
            const size_t column = fid_window_column(window, x, kx);
            if (column < in.w)
                taps[count++] = pixel_at(window, image, row, column);
        }
    }
    return count;
}

/* One kernel row whose columns are partly on the padding or apart from each other. */
static void patch_row_by_taps(const struct fid_window *window, const char *image_row, size_t x,
                              int zero, char *patch)
{
    const size_t bytes = window->pixel_bytes;
    for (size_t kx = 0; kx < window->kernel_w; kx++, patch += bytes) {
        const size_t column = fid_window_column(window, x, kx);
        if (column < window->in.w)
            memcpy(patch, image_row + column * bytes, bytes);
        else
            memset(patch, zero, bytes);
    }
}

void fid_window_patch(const struct fid_window *window, const void *image, size_t y, size_t x,
                      int zero, void *patch)
{
    const struct fid_shape in = window->in;
    const size_t left = fid_window_column(window, x, 0);
    const bool whole = window->dilation_w == 1 && left < in.w && in.w - left >= window->kernel_w;
    const size_t row_bytes = window->kernel_w * window->pixel_bytes;
    char *to = patch;
    for (size_t ky = 0; ky < window->kernel_h; ky++, to += row_bytes) {
        const size_t row = fid_window_row(window, y, ky);
        if (row >= in.h)
            memset(to, zero, row_bytes);
        else if (whole)
            memcpy(to, pixel_at(window, image, row, left), row_bytes);
        else
            patch_row_by_taps(window, pixel_at(window, image, row, 0), x, zero, to);
    }
}
