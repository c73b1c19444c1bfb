/* SCRFD (InsightFace): distances from a cell's corner to the sides of the box, and to the points,
 * in units of the stride. For the cell in row r, column c of stride s the corner is (c s, r s). */
#include "engine/face/detect/detector.h"

static enum fid_status scrfd_open(struct fid_detector *detector, struct fid_error *error)
{
    enum fid_status status = fid_cells_read(detector, error);
    return status == FID_OK ? fid_cells_open_usual(detector, error) : status;
}

static void scrfd_decode(const struct fid_detector *detector, const struct fid_cell *cell,
                         struct fid_decoded *decoded)
{
    float stride = (float)cell->map->stride, col = (float)cell->col, row = (float)cell->row;
    const float *box = cell->parts[1], *points = cell->parts[2];
    decoded->x0 = (col - box[0]) * stride;
    decoded->y0 = (row - box[1]) * stride;
    decoded->x1 = (col + box[2]) * stride;
    decoded->y1 = (row + box[3]) * stride;
    for (size_t i = 0; i < detector->cells.point_count; i++) {
        decoded->points[i][0] = (col + points[2 * i]) * stride;
        decoded->points[i][1] = (row + points[2 * i + 1]) * stride;
    }
}

const struct fid_detect_kind fid_detect_kind_scrfd = {
    .name = "scrfd", .open = scrfd_open, .find = fid_cells_find, .decode = scrfd_decode};
