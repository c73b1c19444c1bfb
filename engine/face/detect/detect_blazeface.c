/* BlazeFace (Bazarevsky et al., "BlazeFace: Sub-millisecond Neural Face Detection on Mobile GPUs",
 * 2019): offsets in pixels of the input from a cell's middle, box and points in one output: center,
 * size, x and y of each point. */
#include "engine/face/detect/detector.h"

static enum fid_status blazeface_open(struct fid_detector *detector, struct fid_error *error)
{
    enum fid_status status = fid_cells_read(detector, error);
    if (status != FID_OK)
        return status;
    const struct fid_cells_part parts[] = {
        {"scores", (size_t)detector->cells.classes},
        {"boxes", 4 + 2 * detector->cells.point_count},
    };
    return fid_cells_open(detector, parts, 2, error);
}

static void blazeface_decode(const struct fid_detector *detector, const struct fid_cell *cell,
                             struct fid_decoded *decoded)
{
    const float *box = cell->parts[1], *points = box + 4;
    float x = ((float)cell->col + 0.5f) * (float)cell->cells->w / (float)cell->map->cols;
    float y = ((float)cell->row + 0.5f) * (float)cell->cells->h / (float)cell->map->rows;
    decoded->x0 = x + box[0] - box[2] / 2.0f;
    decoded->y0 = y + box[1] - box[3] / 2.0f;
    decoded->x1 = x + box[0] + box[2] / 2.0f;
    decoded->y1 = y + box[1] + box[3] / 2.0f;
    for (size_t i = 0; i < detector->cells.point_count; i++) {
        decoded->points[i][0] = x + points[2 * i];
        decoded->points[i][1] = y + points[2 * i + 1];
    }
}

const struct fid_detect_kind fid_detect_kind_blazeface = {.name = "blazeface",
                                                          .open = blazeface_open,
                                                          .find = fid_cells_find,
                                                          .decode = blazeface_decode};
