/* warp.c - warps a picture by an affine map. */
#include "engine/face/picture/picture_codec.h"
#include "engine/face/picture/resample.h"

#include <math.h>

/* sums += weight · the pixel at (x, y), which is black outside. */
static void add_pixel(const struct fid_picture *picture, int x, int y, float weight, float sums[3])
{
    if (x < 0 || y < 0 || x >= picture->width || y >= picture->height)
        return;
    const uint8_t *pixel = fid_picture_row(picture, y) + 3 * (size_t)x;
    for (int i = 0; i < 3; i++)
        sums[i] += weight * (float)pixel[i];
}

static void sample_bilinear(const struct fid_picture *picture, double x, double y, uint8_t rgb[3])
{
    float sums[3] = {0.0f, 0.0f, 0.0f};
    if (x > -1.0 && y > -1.0 && x < picture->width && y < picture->height) { /* false for a NaN */
        int left = (int)floor(x), top = (int)floor(y);
        float right_share = (float)(x - left), bottom_share = (float)(y - top);
        float left_share = 1.0f - right_share, top_share = 1.0f - bottom_share;
        add_pixel(picture, left, top, top_share * left_share, sums);
        add_pixel(picture, left + 1, top, top_share * right_share, sums);
        add_pixel(picture, left, top + 1, bottom_share * left_share, sums);
        add_pixel(picture, left + 1, top + 1, bottom_share * right_share, sums);
    }
    for (int i = 0; i < 3; i++)
        rgb[i] = (uint8_t)(sums[i] + 0.5f);
}

void fid_warp(const struct fid_picture *source, const struct fid_affine *map,
              struct fid_picture *target)
{
    const double *m = map->m;
    for (int y = 0; y < target->height; y++) {
        uint8_t *row = fid_picture_row(target, y);
        for (int x = 0; x < target->width; x++, row += 3)
            sample_bilinear(source, m[0] * x + m[1] * y + m[2], m[3] * x + m[4] * y + m[5], row);
    }
}
