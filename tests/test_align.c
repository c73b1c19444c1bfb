/* The geometry of pixels: scaling, warping, alignment, against closed forms and brute force. */
#include "engine/face/embed/align_face.h"
#include "engine/face/picture/picture_codec.h"
#include "tests/check/check.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static void random_picture(struct fid_picture *picture, int width, int height)
{
    if (fid_picture_resize(picture, width, height, NULL) != FID_OK)
        check_fail(__FILE__, __LINE__, "no picture");
    for (int y = 0; y < height; y++)
        for (int x = 0; x < 3 * width; x++)
            fid_picture_row(picture, y)[x] = (uint8_t)check_random();
}

/* ---- scaling ---- */

/* The picture as a function of the plane, constant on each pixel. */
static double pixel_at(const struct fid_picture *picture, int x, int y, int channel,
                       enum fid_edge edge)
{
    bool outside = x < 0 || y < 0 || x >= picture->width || y >= picture->height;
    if (outside && edge == FID_EDGE_BLACK)
        return 0.0;
    x = x < 0 ? 0 : x >= picture->width ? picture->width - 1 : x;
    y = y < 0 ? 0 : y >= picture->height ? picture->height - 1 : y;
    return fid_picture_row(picture, y)[3 * x + channel];
}

/* The share of output pixel i in input pixel p along one axis: its area, or the linear weight of
 * the distance of the centers. */
static double share(double start, double step, int i, int p)
{
    double low = start + i * step, high = low + step;
    if (step > 1.0)
        return fmax(0.0, fmin(high, p + 1.0) - fmax(low, p)) / step;
    return fmax(0.0, 1.0 - fabs((low + high) / 2.0 - (p + 0.5)));
}

static double resampled(const struct fid_picture *source, struct fid_rect rect, enum fid_edge edge,
                        const struct fid_picture *target, int x, int y, int channel)
{
    double step_x = rect.w / target->width, step_y = rect.h / target->height, sum = 0.0;
    int x0 = (int)floor(rect.x + x * step_x) - 2, x1 = (int)ceil(rect.x + (x + 1) * step_x) + 2;
    int y0 = (int)floor(rect.y + y * step_y) - 2, y1 = (int)ceil(rect.y + (y + 1) * step_y) + 2;
    for (int v = y0; v < y1; v++)
        for (int u = x0; u < x1; u++)
            sum += share(rect.x, step_x, x, u) * share(rect.y, step_y, y, v) *
                   pixel_at(source, u, v, channel, edge);
    return sum;
}

/* Floats with sums of up to ~100 products of 8-bit numbers: an error below 255 · 100 · 2⁻²⁴ · 4
 * beside the rounding to a whole number. */
#define ROUNDING (0.5 + 255.0 * 100.0 * 4.0 / 16777216.0)

static void resample_against_the_definition(void)
{
    struct fid_picture source = {0}, target = {0};
    for (int round = 0; round < 60; round++) {
        random_picture(&source, 1 + (int)check_random_below(40), 1 + (int)check_random_below(40));
        REQUIRE(fid_picture_resize(&target, 1 + (int)check_random_below(30),
                                   1 + (int)check_random_below(30), NULL) == FID_OK);
        struct fid_rect rect = {
            (double)check_random_float(-20, 30), (double)check_random_float(-20, 30),
            (double)check_random_float(1, 60), (double)check_random_float(1, 60)};
        enum fid_edge edge = round % 2 == 0 ? FID_EDGE_BLACK : FID_EDGE_REPLICATE;
        REQUIRE(fid_resample(&source, rect, edge, &target, NULL) == FID_OK);
        for (int y = 0; y < target.height; y++)
            for (int i = 0; i < 3 * target.width; i++) {
                double want = resampled(&source, rect, edge, &target, i / 3, y, i % 3);
                double got = fid_picture_row(&target, y)[i];
                if (fabs(got - want) > ROUNDING) {
                    CHECK_THAT(false, "round %d: (%d, %d) is %g, not %g", round, i / 3, y, got,
                               want);
                    return;
                }
            }
    }
    fid_picture_free(&source);
    fid_picture_free(&target);
}

static void same_size_is_a_copy(void)
{
    struct fid_picture source = {0}, target = {0};
    random_picture(&source, 31, 17);
    REQUIRE(fid_resample_to(&source, 31, 17, &target, NULL) == FID_OK);
    CHECK(memcmp(source.pixels, target.pixels, 31 * 17 * 3) == 0);
    fid_picture_free(&source);
    fid_picture_free(&target);
}

static void halving_is_the_mean_of_four(void)
{
    struct fid_picture source = {0}, target = {0};
    random_picture(&source, 128, 64);
    REQUIRE(fid_resample_to(&source, 64, 32, &target, NULL) == FID_OK);
    for (int y = 0; y < 32; y++)
        for (int i = 0; i < 64 * 3; i++) {
            int x = i / 3 * 6 + i % 3;
            const uint8_t *above = fid_picture_row(&source, 2 * y) + x;
            const uint8_t *below = fid_picture_row(&source, 2 * y + 1) + x;
            int sum = above[0] + above[3] + below[0] + below[3];
            CHECK(fid_picture_row(&target, y)[i] == (sum + 2) / 4); /* halves and quarters: exact */
        }
    fid_picture_free(&source);
    fid_picture_free(&target);
}

/* A rectangle that no picture fills must cost no more than the picture. */
static void far_and_huge_rectangles(void)
{
    struct fid_picture source = {0}, target = {0};
    random_picture(&source, 20, 10);
    REQUIRE(fid_picture_resize(&target, 24, 24, NULL) == FID_OK);
    struct fid_rect far = {1e12, -1e12, 5, 5}, huge = {-1e15, -1e15, 2e15, 2e15};
    REQUIRE(fid_resample(&source, far, FID_EDGE_BLACK, &target, NULL) == FID_OK);
    for (int i = 0; i < 24 * 24 * 3; i++)
        CHECK(target.pixels[i] == 0);
    REQUIRE(fid_resample(&source, far, FID_EDGE_REPLICATE, &target, NULL) == FID_OK);
    CHECK(memcmp(target.pixels, fid_picture_row(&source, 0) + 3 * 19, 3) == 0);
    CHECK(fid_resample(&source, huge, FID_EDGE_BLACK, &target, NULL) == FID_OK);
    struct fid_rect bad[3] = {{0, 0, 0, 5}, {NAN, 0, 5, 5}, {0, 0, INFINITY, 5}};
    for (int i = 0; i < 3; i++)
        CHECK(fid_resample(&source, bad[i], FID_EDGE_BLACK, &target, NULL) == FID_INVALID);
    fid_picture_free(&source);
    fid_picture_free(&target);
}

/* ---- warps ---- */

static void quarter_turn_is_exact(void)
{
    struct fid_picture source = {0}, target = {0};
    random_picture(&source, 9, 9);
    REQUIRE(fid_picture_resize(&target, 9, 9, NULL) == FID_OK);
    struct fid_affine turn = {{0, 1, 0, -1, 0, 8}}; /* (x, y) is read at (y, 8 - x) */
    fid_warp(&source, &turn, &target);
    for (int y = 0; y < 9; y++)
        for (int x = 0; x < 9; x++)
            CHECK(memcmp(fid_picture_row(&target, y) + 3 * x,
                         fid_picture_row(&source, 8 - x) + 3 * y, 3) == 0);
    struct fid_affine away = {{1, 0, 100, 0, 1, 0}}, nowhere = {{NAN, 0, 0, 0, 1, 0}};
    fid_warp(&source, &away, &target);
    CHECK(target.pixels[0] == 0 && target.pixels[100] == 0);
    fid_warp(&source, &nowhere, &target);
    CHECK(target.pixels[0] == 0);
    fid_picture_free(&source);
    fid_picture_free(&target);
}

/* Half a pixel to the right and up: the mean of four, black counting outside. */
static void half_pixel_shift(void)
{
    struct fid_picture source = {0}, target = {0};
    REQUIRE(fid_picture_resize(&source, 2, 2, NULL) == FID_OK);
    REQUIRE(fid_picture_resize(&target, 2, 2, NULL) == FID_OK);
    for (int i = 0; i < 12; i++)
        source.pixels[i] = (uint8_t)(40 * (i / 3));
    struct fid_affine shift = {{1, 0, 0.5, 0, 1, 0.5}};
    fid_warp(&source, &shift, &target);
    CHECK(target.pixels[0] == (0 + 40 + 80 + 120) / 4);
    CHECK(target.pixels[3] == (40 + 120) / 4);
    CHECK(target.pixels[9] == 120 / 4);
    fid_picture_free(&source);
    fid_picture_free(&target);
}

/* ---- the similarity ---- */

static void apply(const struct fid_affine *map, const double point[2], double out[2])
{
    out[0] = map->m[0] * point[0] + map->m[1] * point[1] + map->m[2];
    out[1] = map->m[3] * point[0] + map->m[4] * point[1] + map->m[5];
}

static void similarity_is_found_again(void)
{
    for (int round = 0; round < 1000; round++) {
        double angle = (double)check_random_float(-3.1f, 3.1f);
        double scale = (double)check_random_float(0.05f, 20), from[5][2], to[5][2];
        struct fid_affine want = {{scale * cos(angle), -scale * sin(angle),
                                   (double)check_random_float(-500, 500), scale * sin(angle),
                                   scale * cos(angle), (double)check_random_float(-500, 500)}};
        for (int i = 0; i < 5; i++) {
            from[i][0] = (double)check_random_float(0, 200);
            from[i][1] = (double)check_random_float(0, 200);
            apply(&want, from[i], to[i]);
        }
        struct fid_affine got, back;
        REQUIRE(fid_similarity_fit((const double(*)[2])from, (const double(*)[2])to, 5, &got));
        back = fid_similarity_invert(&got);
        for (int i = 0; i < 5; i++) {
            double there[2], again[2];
            apply(&got, from[i], there);
            apply(&back, there, again);
            for (int k = 0; k < 2; k++) { /* coordinates below 5000, doubles: 1e-9 is 10⁴ ulp */
                CHECK(fabs(there[k] - to[i][k]) < 1e-9 * (1.0 + fabs(to[i][k])) * 100);
                CHECK(fabs(again[k] - from[i][k]) < 1e-7);
            }
        }
    }
}

static double squared_error(const struct fid_affine *map, const double from[5][2],
                            const double to[5][2])
{
    double sum = 0.0;
    for (int i = 0; i < 5; i++) {
        double there[2];
        apply(map, from[i], there);
        sum += pow(there[0] - to[i][0], 2) + pow(there[1] - to[i][1], 2);
    }
    return sum;
}

/* On points that no similarity maps, every small change makes the sum of squares larger. */
static void similarity_is_the_least_squares_one(void)
{
    for (int round = 0; round < 200; round++) {
        double from[5][2], to[5][2];
        for (int i = 0; i < 10; i++) {
            (&from[0][0])[i] = (double)check_random_float(0, 100);
            (&to[0][0])[i] = (double)check_random_float(0, 100);
        }
        struct fid_affine best;
        REQUIRE(fid_similarity_fit((const double(*)[2])from, (const double(*)[2])to, 5, &best));
        CHECK(best.m[0] == best.m[4] && best.m[1] == -best.m[3]);
        double least = squared_error(&best, (const double(*)[2])from, (const double(*)[2])to);
        for (int change = 0; change < 8; change++) {
            struct fid_affine other = best;
            double step = change % 2 == 0 ? 1e-3 : -1e-3;
            switch (change / 2) {
            case 0:
                other.m[0] += step;
                other.m[4] += step;
                break;
            case 1:
                other.m[1] += step;
                other.m[3] -= step;
                break;
            case 2:
                other.m[2] += step;
                break;
            default:
                other.m[5] += step;
            }
            CHECK(squared_error(&other, (const double(*)[2])from, (const double(*)[2])to) > least);
        }
    }
}

static void no_similarity_from_one_point(void)
{
    const double point[5][2] = {{3, 4}, {3, 4}, {3, 4}, {3, 4}, {3, 4}};
    const double square[5][2] = {{0, 0}, {1, 0}, {0, 1}, {1, 1}, {0.5, 0.5}};
    const double broken[5][2] = {{NAN, 0}, {1, 0}, {0, 1}, {1, 1}, {0.5, 0.5}};
    struct fid_affine map;
    CHECK(!fid_similarity_fit(point, square, 5, &map));
    CHECK(!fid_similarity_fit(square, point, 5, &map));
    CHECK(!fid_similarity_fit(broken, square, 5, &map));
}

/* ---- crops ---- */

static const struct fid_recognizer_card landmark_card = {
    .input_h = 112,
    .input_w = 112,
    .align = FID_ALIGN_LANDMARKS5,
    .template_points = {{38, 52}, {74, 52}, {56, 72}, {42, 92}, {71, 92}},
};

/* Blurred blobs at the landmarks of a face `scale` times the template, turned; after alignment the
 * brightest spots must be at the template's points. */
static void landmarks_land_on_the_template(void)
{
    static const double scales[4] = {0.7, 1.0, 2.6, 5.3}; /* the last two are averaged first */
    for (int s = 0; s < 4; s++) {
        struct fid_picture picture = {0}, aligned = {0};
        struct fid_face face = {0};
        double scale = scales[s], angle = 0.4 * s - 0.5, blob = 2.0 * scale;
        int size = (int)(200 * scale) + 40;
        REQUIRE(fid_picture_resize(&picture, size, size, NULL) == FID_OK);
        memset(picture.pixels, 0, (size_t)size * (size_t)size * 3);
        for (int i = 0; i < 5; i++) {
            double x = landmark_card.template_points[i][0] - 56;
            double y = landmark_card.template_points[i][1] - 72;
            face.landmarks[i][0] = (float)(size / 2.0 + scale * (cos(angle) * x - sin(angle) * y));
            face.landmarks[i][1] = (float)(size / 2.0 + scale * (sin(angle) * x + cos(angle) * y));
            for (int v = 0; v < size; v++)
                for (int u = 0; u < size; u++) {
                    double distance =
                        hypot(u - (double)face.landmarks[i][0], v - (double)face.landmarks[i][1]);
                    int light = (int)(255 * exp(-distance * distance / (2 * blob * blob)));
                    if (light > fid_picture_row(&picture, v)[3 * u])
                        fid_picture_row(&picture, v)[3 * u] = (uint8_t)light;
                }
        }
        REQUIRE(fid_align(&landmark_card, &picture, &face, FID_CROP_MODEL, &aligned, NULL) ==
                FID_OK);
        for (int i = 0; i < 5; i++) { /* the centroid of each blob of deviation 2 */
            double mass = 0, x = 0, y = 0;
            int at_x = (int)landmark_card.template_points[i][0];
            int at_y = (int)landmark_card.template_points[i][1];
            for (int v = at_y - 6; v <= at_y + 6; v++)
                for (int u = at_x - 6; u <= at_x + 6; u++) {
                    double light = fid_picture_row(&aligned, v)[3 * u];
                    mass += light;
                    x += light * u;
                    y += light * v;
                }
            CHECK_THAT(fabs(x / mass - at_x) < 0.1 && fabs(y / mass - at_y) < 0.1,
                       "scale %g, point %d: (%.2f, %.2f), not (%d, %d)", scale, i, x / mass,
                       y / mass, at_x, at_y);
        }
        fid_picture_free(&picture);
        fid_picture_free(&aligned);
    }
}

static void impossible_faces(void)
{
    struct fid_picture picture = {0}, aligned = {0};
    struct fid_face face = {0};
    random_picture(&picture, 30, 30);
    CHECK(fid_align(&landmark_card, &picture, &face, FID_CROP_MODEL, &aligned, NULL) ==
          FID_INVALID);
    CHECK(fid_align(&landmark_card, &picture, &face, FID_CROP_DEMO, &aligned, NULL) == FID_INVALID);
    CHECK(fid_align(&landmark_card, &picture, &face, (enum fid_crop)9, &aligned, NULL) ==
          FID_INVALID);
    for (int i = 0; i < 5; i++) { /* a face as large as a house, far away */
        face.landmarks[i][0] = 1e8f + 1e6f * (float)landmark_card.template_points[i][0];
        face.landmarks[i][1] = 1e6f * (float)landmark_card.template_points[i][1];
    }
    REQUIRE(fid_align(&landmark_card, &picture, &face, FID_CROP_MODEL, &aligned, NULL) == FID_OK);
    for (int i = 0; i < 112 * 112 * 3; i++)
        CHECK(aligned.pixels[i] == 0);
    fid_picture_free(&picture);
    fid_picture_free(&aligned);
}

/* VGGFace2: box 80 x 100 at (50, 60): square of 130 around (90, 110), of which
 * 224 of 256 remain. */
static void box_rule(void)
{
    const struct fid_recognizer_card card = {.input_h = 224,
                                             .input_w = 224,
                                             .align = FID_ALIGN_BOX,
                                             .box_extend = 1.3,
                                             .box_resize = 256,
                                             .box_crop = 224};
    const struct fid_box box = {50, 60, 80, 100};
    struct fid_rect rect = fid_box_crop(&card, &box);
    double cut = 130.0 * 16 / 256;
    CHECK(fabs(rect.x - (25 + cut)) < 1e-9 && fabs(rect.y - (45 + cut)) < 1e-9);
    CHECK(fabs(rect.w - 130.0 * 224 / 256) < 1e-9 && rect.h == rect.w);
    struct fid_picture picture = {0}, aligned = {0};
    struct fid_face face = {.box = {0, 0, 20, 20}};
    REQUIRE(fid_picture_resize(&picture, 20, 20, NULL) == FID_OK);
    memset(picture.pixels, 200, 1200);
    REQUIRE(fid_align(&card, &picture, &face, FID_CROP_MODEL, &aligned, NULL) == FID_OK);
    CHECK(aligned.pixels[0] == 200); /* the border goes on, no black frame */
    fid_picture_free(&picture);
    fid_picture_free(&aligned);
}

/* The demo: margin of a fraction of the shorter side; pushed in at the border. */
static void demo_rule(void)
{
    const struct fid_box inside = {50, 60, 80, 100}, corner = {2, 60, 80, 100},
                         right = {150, 0, 50, 50}, wide = {0, 0, 200, 100};
    struct fid_rect rect = fid_demo_crop(0.1, &inside, 300, 300);
    CHECK(fabs(rect.x - 42) < 1e-6 && fabs(rect.y - 52) < 1e-6);
    CHECK(fabs(rect.w - 96) < 1e-6 && fabs(rect.h - 116) < 1e-6);
    rect = fid_demo_crop(0.1, &corner, 300, 300);
    CHECK(rect.x == 0.0 && fabs(rect.w - 96) < 1e-6);
    rect = fid_demo_crop(0.1, &right, 200, 200);
    CHECK(fabs(rect.x + rect.w - 200) < 1e-9 && fabs(rect.w - 60) < 1e-6 && rect.y == 0.0);
    rect = fid_demo_crop(0.1, &wide, 200, 100);
    CHECK(rect.x == 0.0 && rect.y == 0.0 && rect.w == 200.0 && rect.h == 100.0);
}

CHECK_MAIN(CHECK_CASE(resample_against_the_definition), CHECK_CASE(same_size_is_a_copy),
           CHECK_CASE(halving_is_the_mean_of_four), CHECK_CASE(far_and_huge_rectangles),
           CHECK_CASE(quarter_turn_is_exact), CHECK_CASE(half_pixel_shift),
           CHECK_CASE(similarity_is_found_again), CHECK_CASE(similarity_is_the_least_squares_one),
           CHECK_CASE(no_similarity_from_one_point), CHECK_CASE(landmarks_land_on_the_template),
           CHECK_CASE(impossible_faces), CHECK_CASE(box_rule), CHECK_CASE(demo_rule))
