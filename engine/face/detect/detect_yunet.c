/* YuNet (libfacedetection): for each cell a score of two numbers, a box and five points. A cell in
 * row r, column c of stride s: score = sqrt(cls · obj); center ((c + b0) s, (r + b1) s); size
 * (exp(b2) s, exp(b3) s); point i at ((c + k[2i]) s, (r + k[2i+1]) s). */
#include "engine/face/detect/detector.h"

#include <math.h>

static enum fid_status yunet_open(struct fid_detector *detector, struct fid_error *error)
{
    static const struct fid_cells_part parts[] = {{"cls", 1}, {"obj", 1}, {"bbox", 4}, {"kps", 10}};
    enum fid_status status = fid_cells_read(detector, error);
    struct fid_cells_card *card = &detector->cells;
    for (card->point_count = 0; card->point_count < 5; card->point_count++)
        card->points[card->point_count] = (enum fid_point)card->point_count;
    return status == FID_OK ? fid_cells_open(detector, parts, 4, error) : status;
}

static float yunet_score(const struct fid_cell *cell)
{
    return sqrtf(fminf(fmaxf(*cell->parts[0], 0.0f), 1.0f) *
                 fminf(fmaxf(*cell->parts[1], 0.0f), 1.0f));
}

static void yunet_decode(const struct fid_detector *detector, const struct fid_cell *cell,
                         struct fid_decoded *decoded)
{
    (void)detector;
    float stride = (float)cell->map->stride, col = (float)cell->col, row = (float)cell->row;
    const float *box = cell->parts[2], *points = cell->parts[3];
    float x = (col + box[0]) * stride, y = (row + box[1]) * stride;
    float half_w = expf(box[2]) * stride / 2.0f, half_h = expf(box[3]) * stride / 2.0f;
    decoded->x0 = x - half_w;
    decoded->y0 = y - half_h;
    decoded->x1 = x + half_w;
    decoded->y1 = y + half_h;
    for (size_t i = 0; i < 5; i++) {
        decoded->points[i][0] = (col + points[2 * i]) * stride;
        decoded->points[i][1] = (row + points[2 * i + 1]) * stride;
    }
}

const struct fid_detect_kind fid_detect_kind_yunet = {.name = "yunet",
                                                      .open = yunet_open,
                                                      .find = fid_cells_find,
                                                      .score = yunet_score,
                                                      .decode = yunet_decode};
