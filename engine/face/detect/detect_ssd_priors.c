/* SSD with priors (Liu et al., "SSD: Single Shot MultiBox Detector", 2016), as UltraLight and
 * RetinaFace are: a cell has boxes of given sizes around its middle, the priors, and the network
 * says how the face's box differs from one. With variances v: center = prior's center + b · v0 ·
 * prior's size; size = prior's size · exp(b · v1); point = prior's center + k · v0 · prior's size.
 */
#include "engine/face/detect/detector.h"

#include "engine/base/memory.h"

#include <math.h>

struct priors {
    double widths[FID_CELLS_ENTRIES], heights[FID_CELLS_ENTRIES]; /* pixels of the input */
    double variances[2];
    size_t spread; /* 1: cells as wide as make them fill the input; 0: of a stride */
};

static enum fid_status read_priors(const struct fid_detector *detector, struct priors *priors,
                                   struct fid_error *error)
{
    static const char *const grids[] = {"stride", "spread"};
    const struct fid_model *model = detector->model;
    size_t count = detector->cells.entry_count;
    enum fid_status status =
        fid_card_numbers(model, "detect.widths", 1.0, 4096.0, priors->widths, count, error);
    if (status == FID_OK)
        status =
            fid_card_numbers(model, "detect.heights", 1.0, 4096.0, priors->heights, count, error);
    if (status == FID_OK)
        status =
            fid_card_numbers(model, "detect.variances", 1e-3, 10.0, priors->variances, 2, error);
    if (status == FID_OK)
        status = fid_card_choice(model, "detect.grid", grids, 2, &priors->spread, error);
    return status;
}

static enum fid_status ssd_open(struct fid_detector *detector, struct fid_error *error)
{
    detector->own = fid_calloc(1, sizeof(struct priors));
    if (detector->own == NULL)
        return fid_fail(error, FID_NO_MEMORY, "no memory for a detector's priors");
    enum fid_status status = fid_cells_read(detector, error);
    if (status == FID_OK)
        status = read_priors(detector, detector->own, error);
    return status == FID_OK ? fid_cells_open_usual(detector, error) : status;
}

static void ssd_decode(const struct fid_detector *detector, const struct fid_cell *cell,
                       struct fid_decoded *decoded)
{
    const struct priors *priors = detector->own;
    const float *box = cell->parts[1], *points = cell->parts[2];
    double step_x = cell->map->stride, step_y = step_x;
    if (priors->spread) {
        step_x = (double)cell->cells->w / cell->map->cols;
        step_y = (double)cell->cells->h / cell->map->rows;
    }
    double x = (cell->col + 0.5) * step_x, y = (cell->row + 0.5) * step_y;
    double w = priors->widths[cell->entry], h = priors->heights[cell->entry];
    double near_x = w * priors->variances[0], near_y = h * priors->variances[0];
    double half_w = w * exp((double)box[2] * priors->variances[1]) / 2,
           half_h = h * exp((double)box[3] * priors->variances[1]) / 2;
    decoded->x0 = (float)(x + (double)box[0] * near_x - half_w);
    decoded->y0 = (float)(y + (double)box[1] * near_y - half_h);
    decoded->x1 = (float)(x + (double)box[0] * near_x + half_w);
    decoded->y1 = (float)(y + (double)box[1] * near_y + half_h);
    for (size_t i = 0; i < detector->cells.point_count; i++) {
        decoded->points[i][0] = (float)(x + (double)points[2 * i] * near_x);
        decoded->points[i][1] = (float)(y + (double)points[2 * i + 1] * near_y);
    }
}

const struct fid_detect_kind fid_detect_kind_ssd_priors = {
    .name = "ssd_priors", .open = ssd_open, .find = fid_cells_find, .decode = ssd_decode};
