/* align_face.c - cuts a face out as the recognizer wants it: by landmarks and a template, or by
 * the box. */
#include "engine/face/embed/align_face.h"

#include "engine/face/box.h"
#include "engine/face/landmarks.h"

#include <math.h>

static void centroid(const double points[][2], size_t count, double center[2])
{
    center[0] = center[1] = 0.0;
    for (size_t i = 0; i < count; i++) {
        center[0] += points[i][0] / (double)count;
        center[1] += points[i][1] / (double)count;
    }
}

bool fid_similarity_fit(const double from[][2], const double to[][2], size_t count,
                        struct fid_affine *similarity)
{
    double from_center[2], to_center[2];
    centroid(from, count, from_center);
    centroid(to, count, to_center);
    double along = 0.0, across = 0.0, spread = 0.0; /* of conj(from) · to, and of |from|² */
    for (size_t i = 0; i < count; i++) {
        double x = from[i][0] - from_center[0], y = from[i][1] - from_center[1];
        double u = to[i][0] - to_center[0], v = to[i][1] - to_center[1];
        along += x * u + y * v;
        across += x * v - y * u;
        spread += x * x + y * y;
    }
    double a = along / spread, b = across / spread;
    if (!(spread > 0.0) || !isfinite(a) || !isfinite(b) || !(a * a + b * b > 0.0))
        return false;
    *similarity =
        (struct fid_affine){{a, -b, to_center[0] - a * from_center[0] + b * from_center[1], b, a,
                             to_center[1] - b * from_center[0] - a * from_center[1]}};
    return isfinite(similarity->m[2]) && isfinite(similarity->m[5]);
}

struct fid_affine fid_similarity_invert(const struct fid_affine *similarity)
{
    const double *m = similarity->m;
    double determinant = m[0] * m[4] - m[1] * m[3];
    double a = m[4] / determinant, b = -m[1] / determinant;
    double c = -m[3] / determinant, d = m[0] / determinant;
    return (struct fid_affine){{a, b, -(a * m[2] + b * m[5]), c, d, -(c * m[2] + d * m[5])}};
}

/* The part of the picture that the map reads for a crop of w × h, in edge coordinates, grown by two
 * pixels of interpolation and cut to the picture; false if it is outside. */
static bool region_read(const struct fid_affine *map, int w, int h,
                        const struct fid_picture *picture, struct fid_rect *region)
{
    double x0 = INFINITY, y0 = INFINITY, x1 = -INFINITY, y1 = -INFINITY;
    for (int corner = 0; corner < 4; corner++) {
        double x = corner & 1 ? w : -1, y = corner & 2 ? h : -1;
        double u = map->m[0] * x + map->m[1] * y + map->m[2];
        double v = map->m[3] * x + map->m[4] * y + map->m[5];
        x0 = fmin(x0, u);
        x1 = fmax(x1, u);
        y0 = fmin(y0, v);
        y1 = fmax(y1, v);
    }
    x0 = fmax(floor(x0) - 2.0, 0.0);
    y0 = fmax(floor(y0) - 2.0, 0.0);
    x1 = fmin(ceil(x1) + 2.0, picture->width);
    y1 = fmin(ceil(y1) + 2.0, picture->height);
    *region = (struct fid_rect){x0, y0, x1 - x0, y1 - y0};
    return x1 > x0 && y1 > y0;
}

/* Warps a face that is `factor` times as large as the crop, or larger: bilinear sampling alone
 * would skip most of its pixels and turn hair into noise, so they are averaged first. */
static enum fid_status warp_averaged(const struct fid_picture *picture,
                                     const struct fid_affine *map, double factor,
                                     struct fid_rect region, struct fid_picture *aligned,
                                     struct fid_error *error)
{
    struct fid_picture small = {0};
    enum fid_status status = fid_picture_resize(&small, (int)ceil(region.w / factor),
                                                (int)ceil(region.h / factor), error);
    if (status == FID_OK) {
        region.w = small.width * factor;
        region.h = small.height * factor;
        status = fid_resample(picture, region, FID_EDGE_BLACK, &small, error);
    }
    if (status == FID_OK) {
        const double *m = map->m;
        struct fid_affine small_map = {{m[0] / factor, m[1] / factor,
                                        (m[2] + 0.5 - region.x) / factor - 0.5, m[3] / factor,
                                        m[4] / factor, (m[5] + 0.5 - region.y) / factor - 0.5}};
        fid_warp(&small, &small_map, aligned);
    }
    fid_picture_free(&small);
    return status;
}

static enum fid_status align_landmarks(const struct fid_recognizer_card *card,
                                       const struct fid_picture *picture,
                                       const struct fid_face *face, struct fid_picture *aligned,
                                       struct fid_error *error)
{
    double landmarks[5][2];
    if (!fid_landmarks_are_near(face))
        return fid_fail(error, FID_INVALID, "the face's landmarks lie in no picture");
    for (int i = 0; i < 5; i++) {
        landmarks[i][0] = face->landmarks[i][0];
        landmarks[i][1] = face->landmarks[i][1];
    }
    struct fid_affine to_template;
    if (!fid_similarity_fit((const double(*)[2])landmarks, card->template_points, 5, &to_template))
        return fid_fail(error, FID_INVALID, "the face's landmarks are no five points");
    struct fid_affine map = fid_similarity_invert(&to_template);
    double shrink = hypot(map.m[0], map.m[3]); /* pixels of the picture to one of the crop */
    struct fid_rect region;
    if (shrink >= 2.0 && region_read(&map, aligned->width, aligned->height, picture, &region))
        return warp_averaged(picture, &map, floor(shrink), region, aligned, error);
    fid_warp(picture, &map, aligned);
    return FID_OK;
}

struct fid_rect fid_box_crop(const struct fid_recognizer_card *card, const struct fid_box *box)
{
    double side = fmax(box->w, box->h) * card->box_extend;
    double pixel = side / card->box_resize;
    int cut_pixels = (card->box_resize - card->box_crop) / 2; /* whole ones */
    double cut = cut_pixels * pixel;
    return (struct fid_rect){box->x + (box->w - side) / 2.0 + cut,
                             box->y + (box->h - side) / 2.0 + cut, card->box_crop * pixel,
                             card->box_crop * pixel};
}

/* Along one axis: pushes start..end into 0..size and cuts what is still outside. */
static void push_inside(double *start, double *end, double size)
{
    double push = *start < 0.0 ? -*start : *end > size ? size - *end : 0.0;
    *start = fmax(*start + push, 0.0);
    *end = fmin(*end + push, size);
}

struct fid_rect fid_demo_crop(double margin, const struct fid_box *box, int width, int height)
{
    double border = margin * fmin(box->w, box->h);
    double x0 = box->x - border, x1 = (double)box->x + box->w + border;
    double y0 = box->y - border, y1 = (double)box->y + box->h + border;
    push_inside(&x0, &x1, width);
    push_inside(&y0, &y1, height);
    return (struct fid_rect){x0, y0, x1 - x0, y1 - y0};
}

enum fid_status fid_align(const struct fid_recognizer_card *card, const struct fid_picture *picture,
                          const struct fid_face *face, enum fid_crop crop,
                          struct fid_picture *aligned, struct fid_error *error)
{
    if (crop != FID_CROP_MODEL && crop != FID_CROP_DEMO)
        return fid_fail(error, FID_INVALID, "%d is no kind of crop", (int)crop);
    if (crop == FID_CROP_DEMO && !card->has_demo)
        return fid_fail(error, FID_INVALID, "the model has no demo crop (compat.demo.margin)");
    if (picture->width < 1 || picture->height < 1)
        return fid_fail(error, FID_INVALID, "there is no picture to cut a face from");
    enum fid_status status = fid_picture_resize(aligned, card->input_w, card->input_h, error);
    if (status != FID_OK)
        return status;
    if (crop == FID_CROP_MODEL && card->align == FID_ALIGN_LANDMARKS5)
        return align_landmarks(card, picture, face, aligned, error);
    if (!fid_box_is_one(&face->box))
        return fid_fail(error, FID_INVALID, "the face's box is empty or lies in no picture");
    if (crop == FID_CROP_DEMO)
        return fid_resample(
            picture, fid_demo_crop(card->demo_margin, &face->box, picture->width, picture->height),
            FID_EDGE_REPLICATE, aligned, error);
    /* The crops that VGGFace2's networks were trained on end where the photograph ends and are
     * never filled up with black, so the border is continued rather than framed. */
    return fid_resample(picture, fid_box_crop(card, &face->box), FID_EDGE_REPLICATE, aligned,
                        error);
}
