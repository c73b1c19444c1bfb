/* test_boxes.c - boxes and landmarks that no picture could have, at the border of the library: they
 * are refused or left out, and none is computed with. */
#include "engine/face/embed/align_face.h"
#include "engine/face/embed/face_crop.h"
#include "engine/face/picture/resample.h"
#include "engine/fid.h"
#include "tests/check/check.h"

#include <math.h>
#include <string.h>

static const struct fid_box no_boxes[] = {
    {NAN, 0, 9, 9},
    {0, NAN, 9, 9},
    {0, 0, NAN, 9},
    {0, 0, 9, NAN},
    {INFINITY, 0, 9, 9},
    {0, -INFINITY, 9, 9},
    {0, 0, INFINITY, 9},
    {0, 0, 9, INFINITY},
    {1e30f, 0, 9, 9},
    {0, -1e30f, 9, 9},
    {0, 0, 1e30f, 9},
    {0, 0, 9, 1e30f},
    {3e38f, 3e38f, 3e38f, 3e38f},
    {-3e38f, 0, 3e38f, 1},
    {0, 0, 0, 9},
    {0, 0, 9, 0},
    {0, 0, -9, 9},
    {9, 9, 9, -1e30f},
    {2e9f, 0, 9, 9},
};
enum { NO_BOXES = sizeof no_boxes / sizeof no_boxes[0] };

/* Proper boxes, but far outside of a picture of 30 × 20, or far larger, or hardly there. */
static const struct fid_box odd_boxes[] = {
    {1e9f, 0, 9, 9},
    {0, -1e9f, 9, 9},
    {-1e9f, -1e9f, 1e9f, 1e9f},
    {-5e8f, -5e8f, 1e9f, 1e9f},
    {-40, -40, 9, 9},
    {0, 0, 1e-30f, 1e-30f},
    {29, 19, 1e-6f, 1e9f},
    {1e9f, 1e9f, 1e-6f, 1e-6f},
};
enum { ODD_BOXES = sizeof odd_boxes / sizeof odd_boxes[0] };

static const float no_places[] = {NAN, INFINITY, -INFINITY, 1e30f, -3e38f, 2e9f};
enum { NO_PLACES = sizeof no_places / sizeof no_places[0] };

static const struct fid_recognizer_card card = {
    .input_h = 112,
    .input_w = 112,
    .align = FID_ALIGN_LANDMARKS5,
    .template_points = {{38, 52}, {74, 52}, {56, 72}, {42, 92}, {71, 92}},
    .has_demo = true,
    .demo_margin = 0.1,
};

static struct fid_recognizer_card box_card(void)
{
    struct fid_recognizer_card box = card;
    box.align = FID_ALIGN_BOX;
    box.box_extend = 1.3;
    box.box_resize = 128;
    box.box_crop = 112;
    return box;
}

static struct fid_face a_face(void)
{
    return (struct fid_face){.box = {5, 5, 12, 12},
                             .score = 0.9f,
                             .landmarks = {{8, 8}, {14, 8}, {11, 11}, {9, 14}, {13, 14}}};
}

static struct fid_picture gray(void)
{
    struct fid_picture picture = {0};
    CHECK(fid_picture_resize(&picture, 30, 20, NULL) == FID_OK);
    memset(picture.pixels, 100, picture.stride_bytes * 20);
    return picture;
}

/* Every pixel is the picture's gray: no weight was wrong. */
static bool is_gray(const struct fid_picture *picture)
{
    for (int y = 0; y < picture->height; y++)
        for (int x = 0; x < 3 * picture->width; x++)
            if (picture->pixels[(size_t)y * picture->stride_bytes + (size_t)x] != 100)
                return false;
    return true;
}

static void cutting(void)
{
    struct fid_picture picture = gray(), cut = {0};
    struct fid_error error;
    for (int i = 0; i < NO_BOXES; i++)
        CHECK_THAT(fid_picture_cut(&picture, &no_boxes[i], 7, 9, &cut, &error) == FID_INVALID,
                   "box %d", i);
    for (int i = 0; i < ODD_BOXES; i++) {
        const enum fid_status status = fid_picture_cut(&picture, &odd_boxes[i], 7, 9, &cut, &error);
        CHECK_THAT(status == FID_INVALID || (status == FID_OK && is_gray(&cut)), "odd box %d", i);
    }
    fid_picture_free(&cut);
    fid_picture_free(&picture);
}

/* Below the border too: what resampling takes it computes right. */
static void resampling(void)
{
    static const double far[] = {0, 1e3, 1e9, 1e15, 1e16, 1e30, 1e300, 1.7e308};
    struct fid_picture picture = gray(), target = {0};
    CHECK(fid_picture_resize(&target, 7, 9, NULL) == FID_OK);
    for (size_t i = 0; i < sizeof far / sizeof *far; i++)
        for (size_t j = 0; j < sizeof far / sizeof *far; j++)
            for (int sign = -1; sign < 2; sign += 2) {
                const struct fid_rect rect = {sign * far[i], 3, far[j] + 5, 5};
                memset(target.pixels, 0, target.stride_bytes * 9);
                const enum fid_status status =
                    fid_resample(&picture, rect, FID_EDGE_REPLICATE, &target, NULL);
                CHECK_THAT(status == FID_INVALID || (status == FID_OK && is_gray(&target)),
                           "%g wide at %g: %d", rect.w, rect.x, (int)status);
            }
    fid_picture_free(&target);
    fid_picture_free(&picture);
}

static void aligning(void)
{
    struct fid_picture picture = gray(), aligned = {0};
    const struct fid_recognizer_card boxes = box_card();
    struct fid_error error;
    for (int i = 0; i < NO_BOXES + ODD_BOXES; i++) {
        struct fid_face face = a_face();
        face.box = i < NO_BOXES ? no_boxes[i] : odd_boxes[i - NO_BOXES];
        const enum fid_status by_box =
            fid_align(&boxes, &picture, &face, FID_CROP_MODEL, &aligned, &error);
        CHECK_THAT(by_box == FID_INVALID || (i >= NO_BOXES && is_gray(&aligned)), "box %d", i);
        const enum fid_status demo =
            fid_align(&card, &picture, &face, FID_CROP_DEMO, &aligned, &error);
        CHECK_THAT(demo == FID_INVALID || (i >= NO_BOXES && is_gray(&aligned)), "demo %d", i);
        CHECK(fid_align(&card, &picture, &face, FID_CROP_MODEL, &aligned, &error) == FID_OK);
    }
    for (int i = 0; i < 10 * NO_PLACES; i++) {
        struct fid_face face = a_face();
        face.landmarks[i % 5][i / 5 % 2] = no_places[i / 10];
        CHECK_THAT(fid_align(&card, &picture, &face, FID_CROP_MODEL, &aligned, &error) ==
                       FID_INVALID,
                   "landmark %d", i);
        CHECK(fid_align(&boxes, &picture, &face, FID_CROP_MODEL, &aligned, &error) == FID_OK);
    }
    fid_picture_free(&aligned);
    fid_picture_free(&picture);
}

/* A crop that is kept can be read again. */
static void keeping(void)
{
    struct fid_picture picture = gray();
    struct fid_bytes crop = {0};
    struct fid_error error;
    for (int i = 0; i < NO_BOXES + ODD_BOXES + NO_PLACES; i++) {
        struct fid_face face = a_face();
        if (i < NO_BOXES)
            face.box = no_boxes[i];
        else if (i < NO_BOXES + ODD_BOXES)
            face.box = odd_boxes[i - NO_BOXES];
        else
            face.landmarks[i % 5][0] = no_places[i - NO_BOXES - ODD_BOXES];
        const enum fid_status status = fid_face_crop_encode(&picture, &face, &crop, &error);
        const bool odd = i >= NO_BOXES && i < NO_BOXES + ODD_BOXES;
        CHECK_THAT(status == FID_INVALID || (odd && fid_face_crop_check(crop.data, crop.size)),
                   "face %d: %d", i, (int)status);
    }
    struct fid_face face = a_face();
    CHECK(fid_face_crop_encode(&picture, &face, &crop, &error) == FID_OK);
    fid_bytes_free(&crop);
    fid_picture_free(&picture);
}

static void judging(void)
{
    struct fid_picture picture = gray();
    struct fid_face faces[2] = {a_face(), a_face()};
    for (int i = 0; i < NO_BOXES; i++) {
        struct fid_quality quality;
        faces[0].box = no_boxes[i];
        fid_face_quality(&picture, &faces[0], &quality);
        CHECK_THAT(quality.score == 0.0f, "box %d", i);
        CHECK(fid_face_prominence(&faces[0], 30, 20) == 0.0f);
        CHECK(fid_main_face(faces, 2, 30, 20) == 1);
    }
    fid_picture_free(&picture);
}

static void following(void)
{
    struct fid_tracker *tracker;
    struct fid_error error;
    struct fid_quality qualities[2] = {{.score = 1}, {.score = 1}};
    const struct fid_track_options options = {.embedding_size = 4, .alike = 0.3f};
    REQUIRE(fid_tracker_open(&options, &tracker, &error) == FID_OK);
    for (int i = 0; i < NO_BOXES; i++) {
        struct fid_face faces[2] = {a_face(), a_face()};
        faces[0].box = no_boxes[i];
        fid_tracker_update(tracker, 1000000u * (uint64_t)(i + 1), faces, qualities, 2);
        CHECK_THAT(fid_tracker_count(tracker) == 1, "box %d", i);
    }
    fid_tracker_close(&tracker);
}

static void evaluating(void)
{
    static const float odd[] = {NAN, INFINITY, -INFINITY};
    struct fid_error error;
    for (int i = 0; i < 12; i++) {
        struct fid_scored_box found = {.box = {1, 1, 5, 5}, .score = 0.5f};
        struct fid_truth_box truth = {.box = {1, 1, 5, 5}};
        struct fid_curve curve;
        float score;
        double precision;
        float *const sides[] = {&found.box.x, &found.box.h, &truth.box.y, &truth.box.w};
        CHECK(fid_evaluate_detection(&found, 1, &truth, 1, 0.5, &score, &curve, &precision,
                                     &error) == FID_OK);
        fid_curve_free(&curve);
        *sides[i % 4] = odd[i / 4];
        CHECK(fid_evaluate_detection(&found, 1, &truth, 1, 0.5, &score, &curve, &precision,
                                     &error) == FID_INVALID);
    }
}

CHECK_MAIN(CHECK_CASE(cutting), CHECK_CASE(resampling), CHECK_CASE(aligning), CHECK_CASE(keeping),
           CHECK_CASE(judging), CHECK_CASE(following), CHECK_CASE(evaluating))
