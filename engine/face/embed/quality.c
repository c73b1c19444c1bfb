/* quality.c - how well a face is seen: large, sharp, lit and frontal faces make embeddings that can
 * be relied on. The numbers are for comparing looks at one face and for telling people what to do
 * better; none of them decides who a person is. */
#include "engine/face/box.h"
#include "engine/face/landmarks.h"
#include "engine/fid/face.h"

#include <math.h>

/* Detail is measured on a face shrunk to 64 to 127 pixels, about what a recognizer sees: more
 * resolution than that is no reason to call a face blurred. */
#define SIDE_LEAST 64
#define SIDE_MOST  192 /* of the longer side: room for boxes 1.5 times as high as wide */

/* What counts as fully good; from there a term of the score falls. */
#define SIZE_GOOD     112.0 /* pixels: the input of most recognizers */
#define DETAIL_GOOD   0.06  /* see struct detail; sharp webcam faces have 0.05 to 0.2 */
#define CONTRAST_GOOD 0.10  /* of a lit face 0.12 to 0.25 */
#define BRIGHT_LEAST  0.20  /* darker faces are mostly noise */
#define BRIGHT_MOST   0.85  /* brighter ones are burnt out */
#define ANGLE_GOOD    15.0  /* degrees: nothing is hidden */
#define ANGLE_BAD     55.0  /* half of the face is */

/* Sums over the shrunk face. Detail is the energy of what changes from pixel to pixel (a
 * 4-neighbor Laplacian) over that of all differences of brightness, so that it does not depend on
 * the light. */
struct detail {
    double sum, squares, edges;
    size_t pixels, edge_pixels;
};

/* A face's part of the picture in blocks of `step` × `step` pixels. */
struct grid {
    int x, y, columns, rows, step;
    double inside; /* the part of the face that is in the picture */
};

static bool make_grid(const struct fid_picture *picture, const struct fid_box *box,
                      struct grid *grid)
{
    if (!fid_box_is_one(box))
        return false;
    double x0 = fmax(box->x, 0), y0 = fmax(box->y, 0);
    double x1 = fmin((double)box->x + box->w, picture->width);
    double y1 = fmin((double)box->y + box->h, picture->height);
    if (!(x1 - x0 >= 4) || !(y1 - y0 >= 4))
        return false;
    double shorter = fmin(x1 - x0, y1 - y0), longer = fmax(x1 - x0, y1 - y0);
    double step = fmax(fmax(1, floor(shorter / SIDE_LEAST)), ceil(longer / SIDE_MOST));
    double area = (double)box->w * (double)box->h;
    *grid = (struct grid){(int)x0,
                          (int)y0,
                          (int)((x1 - x0) / step),
                          (int)((y1 - y0) / step),
                          (int)step,
                          fmin((x1 - x0) * (y1 - y0) / area, 1)};
    return grid->columns >= 3 && grid->rows >= 3;
}

/* Brightness (0..255) of a row of blocks, BT.601 weights. */
static void read_row(const struct fid_picture *picture, const struct grid *grid, int row,
                     float *out)
{
    const int step = grid->step;
    const float scale = 1.0f / (256.0f * (float)(step * step));
    unsigned sums[SIDE_MOST] = {0};
    for (int y = 0; y < step; y++) {
        const uint8_t *pixel = picture->pixels +
                               (size_t)(grid->y + row * step + y) * picture->stride_bytes +
                               3 * (size_t)grid->x;
        for (int column = 0; column < grid->columns; column++)
            for (int x = 0; x < step; x++, pixel += 3)
                sums[column] += 77u * pixel[0] + 150u * pixel[1] + 29u * pixel[2];
    }
    for (int column = 0; column < grid->columns; column++)
        out[column] = (float)sums[column] * scale;
}

static void add_edges(struct detail *detail, const float *above, const float *row,
                      const float *below, int columns)
{
    for (int x = 1; x + 1 < columns; x++) {
        double edge = 4.0 * (double)row[x] - (double)row[x - 1] - (double)row[x + 1] -
                      (double)above[x] - (double)below[x];
        detail->edges += edge * edge;
    }
    detail->edge_pixels += (size_t)columns - 2;
}

static struct detail measure(const struct fid_picture *picture, const struct grid *grid)
{
    struct detail detail = {0};
    float rows[3][SIDE_MOST];
    for (int y = 0; y < grid->rows; y++) {
        float *row = rows[y % 3];
        read_row(picture, grid, y, row);
        for (int x = 0; x < grid->columns; x++) {
            detail.sum += (double)row[x];
            detail.squares += (double)row[x] * (double)row[x];
        }
        detail.pixels += (size_t)grid->columns;
        if (y >= 2)
            add_edges(&detail, rows[(y - 2) % 3], rows[(y - 1) % 3], row, grid->columns);
    }
    return detail;
}

/* The angles from where the nose tip stands between the other landmarks. On a mean face the tip is
 * 0.6 eye distances before the plane of the eyes, and seen from the front it stands at 0.55 of the
 * way from the eyes to the mouth, which is 1.16 eye distances long. Roll is taken out first. */
static void estimate_pose(const struct fid_face *face, struct fid_quality *quality)
{
    const float(*p)[2] = face->landmarks;
    double ex = (double)p[1][0] - (double)p[0][0], ey = (double)p[1][1] - (double)p[0][1];
    double eyes = hypot(ex, ey);
    double mx = ((double)p[0][0] + (double)p[1][0]) / 2,
           my = ((double)p[0][1] + (double)p[1][1]) / 2;
    double nx = (double)p[2][0] - mx, ny = (double)p[2][1] - my;
    double ox = ((double)p[3][0] + (double)p[4][0]) / 2 - mx;
    double oy = ((double)p[3][1] + (double)p[4][1]) / 2 - my;
    double down =
        (oy * ex - ox * ey) / eyes; /* from the eyes to the mouth, across the eyes' line */
    double nose = (ny * ex - nx * ey) / eyes;
    double aside = (nx * ex + ny * ey) / eyes - nose * ((ox * ex + oy * ey) / eyes) / down;
    double yaw = atan(aside / eyes / 0.6), pitch = atan((nose / down - 0.55) * 1.16 / 0.6);
    const double degrees = 180 / acos(-1);
    bool usable = eyes > 0 && down > 0 && isfinite(yaw) && isfinite(pitch);
    quality->yaw = usable ? (float)(yaw * degrees) : 90.0f;
    quality->pitch = usable ? (float)(pitch * degrees) : 90.0f;
}

static double clamp01(double value)
{
    return value > 0 ? fmin(value, 1) : 0;
}

/* 1 for a small angle, falling in a line to 0.1. */
static double angle_term(float angle)
{
    return 1 - 0.9 * clamp01((fabs((double)angle) - ANGLE_GOOD) / (ANGLE_BAD - ANGLE_GOOD));
}

static double light_term(const struct fid_quality *quality)
{
    double bright = (double)quality->brightness;
    double light = fmin(bright / BRIGHT_LEAST, (1 - bright) / (1 - BRIGHT_MOST));
    return clamp01(light) * clamp01((double)quality->contrast / CONTRAST_GOOD);
}

void fid_face_quality(const struct fid_picture *picture, const struct fid_face *face,
                      struct fid_quality *quality)
{
    struct grid grid;
    *quality = (struct fid_quality){.size = fminf(face->box.w, face->box.h)};
    if (fid_face_has_landmarks(face))
        estimate_pose(face, quality);
    if (!make_grid(picture, &face->box, &grid))
        return;
    quality->inside = (float)grid.inside;
    struct detail detail = measure(picture, &grid);
    double mean = detail.sum / (double)detail.pixels;
    double variance = fmax(0, detail.squares / (double)detail.pixels - mean * mean);
    double edges = detail.edges / (double)detail.edge_pixels;
    quality->brightness = (float)(mean / 255);
    quality->contrast = (float)(sqrt(variance) / 255);
    quality->sharpness = variance > 0 ? (float)clamp01(edges / variance / DETAIL_GOOD) : 0;
    quality->score = (float)(clamp01((double)quality->size / SIZE_GOOD) * (double)quality->inside *
                             (0.1 + 0.9 * (double)quality->sharpness) * light_term(quality) *
                             angle_term(quality->yaw) * angle_term(quality->pitch));
}
