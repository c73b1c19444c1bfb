#include "engine/face/picture_codec.h"

/* BT.601, limited range (Y 16..235, C 16..240), in 16.16 fixed point:
 * R = 1.164384 (Y-16) + 1.596027 V, G = ... - 0.391762 U - 0.812968 V, B = ... + 2.017232 U. */
enum { Y_GAIN = 76309, V_RED = 104597, U_GREEN = 25675, V_GREEN = 53279, U_BLUE = 132201 };
enum { ROUND = 1 << 15 };

static uint8_t clamp_to_byte(int fixed)
{
    int value = fixed >> 16;
    return (uint8_t)(value < 0 ? 0 : value > 255 ? 255 : value);
}

static void write_pixel(int luma, int u, int v, uint8_t *rgb)
{
    int base = (luma - 16) * Y_GAIN + ROUND;
    rgb[0] = clamp_to_byte(base + V_RED * v);
    rgb[1] = clamp_to_byte(base - U_GREEN * u - V_GREEN * v);
    rgb[2] = clamp_to_byte(base + U_BLUE * u);
}

enum fid_status fid_picture_from_yuyv(const uint8_t *pixels, size_t stride_bytes, int width,
                                      int height, struct fid_picture *picture,
                                      struct fid_error *error)
{
    fid_picture_clear(picture);
    if (width < 2 || width % 2 != 0)
        return fid_fail(error, FID_INVALID, "YUYV frames have an even width, not %d", width);
    if (stride_bytes < 2 * (size_t)width)
        return fid_fail(error, FID_INVALID, "a YUYV row of %d pixels needs %zu bytes, not %zu",
                        width, 2 * (size_t)width, stride_bytes);
    enum fid_status status = fid_picture_resize(picture, width, height, error);
    if (status != FID_OK)
        return status;
    for (int y = 0; y < height; y++) {
        const uint8_t *from = pixels + (size_t)y * stride_bytes;
        uint8_t *to = fid_picture_row(picture, y);
        for (int x = 0; x < width; x += 2, from += 4, to += 6) {
            int u = from[1] - 128, v = from[3] - 128;
            write_pixel(from[0], u, v, to);
            write_pixel(from[2], u, v, to + 3);
        }
    }
    return FID_OK;
}
