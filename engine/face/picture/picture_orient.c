/* picture_orient.c - turns and mirrors a picture as its EXIF orientation says. */
#include "engine/face/picture/picture_codec.h"

#include "engine/base/memory.h"

/* Orientation n: where the upright picture's pixels are found in the stored one. The upright left
 * upper corner lies at the stored picture's right if `from_right`, at its bottom if `from_bottom`;
 * with `transposed`, going right in the upright picture is going along a stored column. */
static const struct {
    bool transposed, from_right, from_bottom;
} turns[9] = {
    [2] = {false, true, false}, [3] = {false, true, true}, [4] = {false, false, true},
    [5] = {true, false, false}, [6] = {true, false, true}, [7] = {true, true, true},
    [8] = {true, true, false},
};

/* Copies pixel by pixel in square blocks, so that a column of the source stays in the cache. */
static void copy_turned(const uint8_t *first, ptrdiff_t step_x, ptrdiff_t step_y,
                        const struct fid_picture *upright)
{
    enum { BLOCK = 32 };
    for (int y0 = 0; y0 < upright->height; y0 += BLOCK)
        for (int x0 = 0; x0 < upright->width; x0 += BLOCK)
            for (int y = y0; y < y0 + BLOCK && y < upright->height; y++) {
                uint8_t *to = fid_picture_row(upright, y) + 3 * (size_t)x0;
                const uint8_t *from = first + y * step_y + x0 * step_x;
                for (int x = x0; x < x0 + BLOCK && x < upright->width; x++, to += 3) {
                    to[0] = from[0];
                    to[1] = from[1];
                    to[2] = from[2];
                    from += step_x;
                }
            }
}

enum fid_status fid_picture_orient(struct fid_picture *picture, int orientation,
                                   struct fid_error *error)
{
    if (orientation <= 1 || orientation > 8)
        return FID_OK;
    bool transposed = turns[orientation].transposed;
    struct fid_picture upright = {0};
    enum fid_status status =
        fid_picture_resize(&upright, transposed ? picture->height : picture->width,
                           transposed ? picture->width : picture->height, error);
    if (status != FID_OK)
        return status;
    ptrdiff_t along_row = 3, along_column = (ptrdiff_t)picture->stride_bytes;
    const uint8_t *first = picture->pixels;
    if (turns[orientation].from_right) {
        first += (picture->width - 1) * along_row;
        along_row = -along_row;
    }
    if (turns[orientation].from_bottom) {
        first += (picture->height - 1) * along_column;
        along_column = -along_column;
    }
    copy_turned(first, transposed ? along_column : along_row, transposed ? along_row : along_column,
                &upright);
    fid_free(picture->pixels);
    *picture = upright;
    return FID_OK;
}
