/* live_light.c - notices a camera whose pictures are black or have one color only. */
#include "app/live/live_light.h"
#include "app/clock.h"

#include <stddef.h>

#define PATIENCE_NS (3 * APP_NS_PER_S) /* cameras start with black pictures */

/* In a cellar with a candle a webcam's noise alone lifts the mean above 12 of 255; a covered lens
 * stays below. A wall out of focus still has a standard deviation of several. */
enum { GRID = 24, CELLS = GRID * GRID, DARK_MEAN = 12, FLAT_SPREAD = 2 };

/* Brightness of a pixel, 0 to 255. */
static int luma_at(const struct fid_frame *frame, int x, int y)
{
    const uint8_t *row = frame->planes[0] + (size_t)y * frame->stride_bytes[0];
    int value = 0;
    switch (frame->format) {
    case FID_PIXELS_RGB:
        row += 3 * (size_t)x;
        return (row[0] + 2 * row[1] + row[2]) / 4;
    case FID_PIXELS_YUYV:
        value = row[2 * (size_t)x];
        break;
    case FID_PIXELS_UYVY:
        value = row[2 * (size_t)x + 1];
        break;
    case FID_PIXELS_GREY:
    case FID_PIXELS_NV12:
    case FID_PIXELS_I420:
        value = row[x];
        break;
    }
    value = frame->full_range ? value : (value - 16) * 255 / 219;
    return value < 0 ? 0 : value;
}

const char *app_light_look(struct app_light *light, const struct fid_frame *frame, uint64_t now_ns)
{
    int64_t sum = 0, squares = 0;
    for (int i = 0; i < GRID; i++)
        for (int j = 0; j < GRID; j++) {
            int luma = luma_at(frame, (2 * j + 1) * frame->width / (2 * GRID),
                               (2 * i + 1) * frame->height / (2 * GRID));
            sum += luma;
            squares += (int64_t)luma * luma;
        }
    const int64_t count = CELLS;
    bool dark = sum < DARK_MEAN * count;
    bool flat = squares * count - sum * sum < count * count * FLAT_SPREAD * FLAT_SPREAD;
    if (!dark && !flat) {
        light->poor_since_ns = 0;
        return NULL;
    }
    if (light->poor_since_ns == 0)
        light->poor_since_ns = now_ns;
    if (now_ns - light->poor_since_ns < PATIENCE_NS)
        return NULL;
    return dark ? "the camera's pictures are black: is its cover closed, or the room dark?"
                : "the camera's pictures have only one color: is something in front of it?";
}
