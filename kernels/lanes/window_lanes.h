/* window_lanes.h - what the kernels with sliding windows share: which windows, and which taps of a
 * window, lie inside. */
#ifndef FID_KERNELS_WINDOW_LANES_H
#define FID_KERNELS_WINDOW_LANES_H

/* Pixel `column` of a row. */
FID_INLINE const float *floats_at(const struct fid_pixels *row, size_t column)
{
    return (const float *)row->first + column * row->step;
}

FID_INLINE const uint8_t *bytes_at(const struct fid_pixels *row, size_t column)
{
    return (const uint8_t *)row->first + column * row->step;
}

/* From first to end - 1: windows whose columns are all inside, or taps of a window that are. */
struct stretch {
    size_t first, end;
};

FID_INLINE struct stretch windows_inside(const struct fid_windows *in, size_t pixels)
{
    const size_t reach = (in->kernel_w - 1) * in->dilation, room = in->pad + in->width;
    const size_t first = min_size((in->pad + in->stride - 1) / in->stride, pixels);
    const size_t end = room > reach ? min_size((room - reach - 1) / in->stride + 1, pixels) : 0;
    return (struct stretch){first, end > first ? end : first};
}

FID_INLINE struct stretch taps_inside(const struct fid_windows *in, size_t x)
{
    const size_t left = x * in->stride, room = in->pad + in->width;
    size_t first = 0, end = in->kernel_w;
    while (first < end && left + first * in->dilation < in->pad)
        first++;
    while (end > first && left + (end - 1) * in->dilation >= room)
        end--;
    return (struct stretch){first, end};
}

#endif
