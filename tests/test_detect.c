/* Detectors: decoding on maps made by hand, suppression against brute force, and the options. */
#include "engine/face/box.h"
#include "engine/face/detect/detector.h"
#include "engine/face/landmarks.h"
#include "engine/face/network/network_input.h"
#include "engine/face/picture/picture_codec.h"
#include "tests/check/check.h"

#include <math.h>
#include <string.h>

/* ---- detectors of one network ---- */

/* A detector of one map of 2 rows and 3 columns at stride 16, whose entries are 0. */
struct small {
    struct fid_detector detector;
    struct fid_cells cells;
    float numbers[FID_CELLS_PARTS][6 * 16];
};

static void small_fill(struct small *small, const struct fid_detect_kind *kind,
                       const struct fid_cells_part *parts, size_t count)
{
    *small = (struct small){.detector.kind = kind, .cells = {.h = 32, .w = 48}};
    struct fid_cells_card *card = &small->detector.cells;
    card->map_count = 1;
    card->strides[0] = 16;
    card->per_cell[0] = card->classes = 1;
    card->entry_count = 1;
    card->part_count = count;
    for (card->point_count = 0; card->point_count < 5; card->point_count++)
        card->points[card->point_count] = (enum fid_point)card->point_count;
    small->cells.maps[0] = (struct fid_cells_map){.stride = 16, .rows = 2, .cols = 3};
    for (size_t i = 0; i < count; i++) {
        card->parts[i] = parts[i];
        small->cells.maps[0].parts[i] = small->numbers[i];
    }
}

/* Where part i of the cell in row 1, column 2 begins. */
static float *last_cell(struct small *small, size_t i)
{
    return small->numbers[i] + 5 * small->detector.cells.parts[i].numbers;
}

/* The one face that there is. */
static struct fid_candidate decoded(const struct small *small)
{
    struct fid_candidates list = {0};
    struct fid_candidate face = {0};
    CHECK(fid_cells_decode(&small->detector, &small->cells, 0.5f, &list, NULL) == FID_OK);
    CHECK_THAT(list.count == 1, "%zu faces", list.count);
    if (list.count > 0)
        face = list.items[0];
    fid_candidates_free(&list);
    return face;
}

static bool is_near(float a, double b)
{
    return fabs((double)a - b) < 1e-4;
}

static void check_box(const struct fid_candidate *face, double x0, double y0, double x1, double y1)
{
    CHECK_THAT(is_near(face->x0, x0) && is_near(face->y0, y0) && is_near(face->x1, x1) &&
                   is_near(face->y1, y1),
               "%g %g %g %g", (double)face->x0, (double)face->y0, (double)face->x1,
               (double)face->y1);
}

static const struct fid_cells_part yunet_parts[] = {
    {"cls", 1}, {"obj", 1}, {"bbox", 4}, {"kps", 10}};
static const struct fid_cells_part usual_parts[] = {{"scores", 1}, {"boxes", 4}, {"points", 10}};

static void yunet_cell(void)
{
    struct small small;
    small_fill(&small, &fid_detect_kind_yunet, yunet_parts, 4);
    *last_cell(&small, 0) = 0.81f;
    *last_cell(&small, 1) = 0.64f;
    const float box[4] = {0.5f, -0.25f, logf(2.0f), logf(4.0f)}; /* center (2.5, 0.75) cells */
    memcpy(last_cell(&small, 2), box, sizeof box);
    for (int i = 0; i < 10; i++)
        last_cell(&small, 3)[i] = 0.1f * (float)i;
    const struct fid_candidate face = decoded(&small);
    CHECK(is_near(face.score, 0.72));
    check_box(&face, 40 - 16, 12 - 32, 40 + 16, 12 + 32);
    for (int i = 0; i < 5; i++) {
        CHECK(is_near(face.landmarks[i][0], 16 * (2 + 0.2 * i)));
        CHECK(is_near(face.landmarks[i][1], 16 * (1.1 + 0.2 * i)));
    }
    struct fid_candidates list = {0};
    REQUIRE(fid_cells_decode(&small.detector, &small.cells, 0.73f, &list, NULL) == FID_OK);
    CHECK(list.count == 0);
}

static void numbers_that_are_none(void)
{
    struct small small;
    struct fid_candidates list = {0};
    small_fill(&small, &fid_detect_kind_yunet, yunet_parts, 4);
    small.numbers[0][0] = NAN;
    small.numbers[0][1] = 4.0f;
    small.numbers[0][2] = small.numbers[1][0] = small.numbers[1][2] = 1.0f;
    small.numbers[1][1] = 9.0f;
    small.numbers[2][4 * 2 + 2] = 1000.0f; /* a width of exp(1000) */
    REQUIRE(fid_cells_decode(&small.detector, &small.cells, 0.5f, &list, NULL) == FID_OK);
    CHECK(list.count == 1 && list.items[0].score <= 1.0f && isfinite(list.items[0].x1));
    list.count = 0;
    small_fill(&small, &fid_detect_kind_scrfd, usual_parts, 3);
    small.numbers[0][0] = INFINITY; /* no more than sure */
    small.numbers[0][1] = NAN;
    small.numbers[0][2] = 1.0f;
    small.numbers[1][4 * 2] = NAN;
    REQUIRE(fid_cells_decode(&small.detector, &small.cells, 0.5f, &list, NULL) == FID_OK);
    CHECK(list.count == 1 && list.items[0].score == 1.0f);
    fid_candidates_free(&list);
}

/* Distances from the cell's corner, (2, 1) strides of 16. */
static void scrfd_cell(void)
{
    struct small small;
    small_fill(&small, &fid_detect_kind_scrfd, usual_parts, 3);
    *last_cell(&small, 0) = 0.75f;
    const float box[4] = {1.5f, 2.0f, 0.5f, 3.0f};
    memcpy(last_cell(&small, 1), box, sizeof box);
    for (int i = 0; i < 10; i++)
        last_cell(&small, 2)[i] = 0.1f * (float)i;
    const struct fid_candidate face = decoded(&small);
    CHECK(face.score == 0.75f);
    check_box(&face, 16 * (2 - 1.5), 16 * (1 - 2), 16 * (2 + 0.5), 16 * (1 + 3));
    for (int i = 0; i < 5; i++) {
        CHECK(is_near(face.landmarks[i][0], 16 * (2 + 0.2 * i)));
        CHECK(is_near(face.landmarks[i][1], 16 * (1.1 + 0.2 * i)));
    }
}

/* Entries of a cell stand one after the other, and the score may be the last of several numbers. */
static void second_entry_of_a_cell(void)
{
    static const struct fid_cells_part parts[] = {{"scores", 2}, {"boxes", 4}, {"points", 10}};
    struct small small;
    small_fill(&small, &fid_detect_kind_scrfd, parts, 3);
    small.detector.cells.per_cell[0] = 2;
    small.detector.cells.classes = 2;
    small.detector.cells.score_rule = FID_SCORE_SOFTMAX;
    for (int i = 0; i < 12; i++)
        small.numbers[0][2 * i] = 30.0f;      /* no face, surely */
    small.numbers[0][2 * (2 * 4 + 1)] = 1.0f; /* row 1, column 1, the second */
    small.numbers[0][2 * (2 * 4 + 1) + 1] = 3.0f;
    for (int i = 0; i < 4; i++)
        small.numbers[1][4 * (2 * 4 + 1) + i] = 1.0f;
    const struct fid_candidate face = decoded(&small);
    CHECK(is_near(face.score, 1 / (1 + exp(-2))));
    check_box(&face, 0, 0, 32, 32);
}

/* Offsets in pixels from the cell's middle, 40 and 24; the mouth has a middle alone, and its
 * corners lie beside it on a line like that through the eyes. */
static void blazeface_cell(void)
{
    static const struct fid_cells_part parts[] = {{"scores", 1}, {"boxes", 16}};
    static const enum fid_point points[6] = {FID_POINT_RIGHT_EYE, FID_POINT_LEFT_EYE,
                                             FID_POINT_OTHER,     FID_POINT_MOUTH,
                                             FID_POINT_NOSE,      FID_POINT_OTHER};
    const float numbers[16] = {1, -2, 20, 40, 8, -6, -8, -4, 99, 99, 0, 10, 2, 3, 99, 99};
    struct small small;
    small_fill(&small, &fid_detect_kind_blazeface, parts, 2);
    struct fid_cells_card *card = &small.detector.cells;
    card->score_rule = FID_SCORE_SIGMOID;
    card->point_count = 6;
    card->mouth_width = 0.75;
    memcpy(card->points, points, sizeof points);
    for (int i = 0; i < 5; i++)
        small.numbers[0][i] = -200.0f;
    *last_cell(&small, 0) = 2.0f;
    memcpy(last_cell(&small, 1), numbers, sizeof numbers);
    const struct fid_candidate face = decoded(&small);
    const double want[5][2] = {{32, 20}, {48, 18}, {42, 27}, {34, 34.75}, {46, 33.25}};
    CHECK(is_near(face.score, 1 / (1 + exp(-2))));
    check_box(&face, 31, 2, 51, 42);
    for (int i = 0; i < 5; i++)
        CHECK_THAT(
            is_near(face.landmarks[i][0], want[i][0]) && is_near(face.landmarks[i][1], want[i][1]),
            "landmark %d: %g %g", i, (double)face.landmarks[i][0], (double)face.landmarks[i][1]);
}

/* A network without points: all five landmarks are the middle of the box. */
static void no_points(void)
{
    struct small small;
    small_fill(&small, &fid_detect_kind_scrfd, usual_parts, 2);
    small.detector.cells.point_count = 0;
    *last_cell(&small, 0) = 1.0f;
    const float box[4] = {1, 0, 1, 2};
    memcpy(last_cell(&small, 1), box, sizeof box);
    const struct fid_candidate face = decoded(&small);
    struct fid_face plain = {.box = {face.x0, face.y0, face.x1 - face.x0, face.y1 - face.y0}};
    memcpy(plain.landmarks, face.landmarks, sizeof plain.landmarks);
    CHECK(!fid_face_has_landmarks(&plain));
    CHECK(plain.landmarks[0][0] == 32 && plain.landmarks[0][1] == 32);
    plain.landmarks[4][1] += 1;
    CHECK(fid_face_has_landmarks(&plain));
}

/* ---- MTCNN ---- */

static void pnet_window(void)
{
    float prob[12] = {0}, box[24] = {0};
    const struct fid_pnet_maps maps = {2, 3, prob, box, 2.0, 4.0, 0};
    struct fid_candidates list = {0};
    prob[2 * 4 + 1] = 0.9f; /* row 1, column 1: the window 2..14 of the level */
    prob[2 * 4] = 0.1f;
    prob[2 * 2] = 0.99f; /* no face, surely */
    box[16] = 0.25f;
    box[19] = -0.5f;
    REQUIRE(fid_pnet_decode(&maps, 0.6f, &list, NULL) == FID_OK && list.count == 1);
    struct fid_candidate window = list.items[0];
    CHECK(window.x0 == 4 && window.y0 == 8 && window.x1 == 28 && window.y1 == 56);
    fid_candidate_correct(&window);
    CHECK(window.x0 == 10 && window.y0 == 8 && window.x1 == 28 && window.y1 == 32);
    fid_candidate_square(&window);
    CHECK(window.x0 == 7 && window.y0 == 8 && window.x1 == 31 && window.y1 == 32);
    fid_candidates_free(&list);
}

/* ---- suppression ---- */

static void overlaps_by_hand(void)
{
    const struct fid_candidate a = {.x0 = 0, .y0 = 0, .x1 = 10, .y1 = 10};
    const struct fid_candidate b = {.x0 = 5, .y0 = 0, .x1 = 10, .y1 = 20};
    const struct fid_candidate c = {.x0 = 10, .y0 = 0, .x1 = 20, .y1 = 10};
    CHECK(fabsf(fid_candidate_overlap(&a, &b, FID_OVERLAP_UNION) - 50.0f / 150.0f) < 1e-6f);
    CHECK(fabsf(fid_candidate_overlap(&a, &b, FID_OVERLAP_SMALLER) - 0.5f) < 1e-6f);
    CHECK(fid_candidate_overlap(&a, &c, FID_OVERLAP_UNION) == 0.0f);
}

static void random_list(struct fid_candidates *list, size_t count)
{
    list->count = 0;
    for (size_t i = 0; i < count; i++) {
        struct fid_candidate c = {.x0 = check_random_float(0, 50), .y0 = check_random_float(0, 50)};
        c.x1 = c.x0 + check_random_float(5, 40);
        c.y1 = c.y0 + check_random_float(5, 40);
        c.score = (float)check_random_below(8) / 8.0f; /* with equal ones */
        if (fid_candidates_add(list, &c, NULL) != FID_OK)
            check_fail(__FILE__, __LINE__, "no memory");
    }
}

/* Brute force: the kept are those that no kept and better one overlaps; each of
 * the removed has one. */
static void suppression_by_brute_force(void)
{
    struct fid_candidates list = {0}, all = {0};
    for (int round = 0; round < 200; round++) {
        enum fid_overlap kind = round % 2 == 0 ? FID_OVERLAP_UNION : FID_OVERLAP_SMALLER;
        float limit = check_random_float(0.1f, 0.9f);
        size_t count = check_random_below(60);
        random_list(&list, count);
        all.count = 0;
        for (size_t i = 0; i < count; i++)
            REQUIRE(fid_candidates_add(&all, &list.items[i], NULL) == FID_OK);
        fid_candidates_suppress(&list, 0, limit, kind);
        for (size_t i = 0; i < list.count; i++) {
            CHECK(i == 0 || list.items[i - 1].score >= list.items[i].score);
            for (size_t j = 0; j < i; j++)
                CHECK(fid_candidate_overlap(&list.items[i], &list.items[j], kind) <= limit);
        }
        for (size_t i = 0; i < count; i++) {
            bool accounted = false;
            for (size_t j = 0; j < list.count && !accounted; j++)
                accounted = memcmp(&all.items[i], &list.items[j], sizeof all.items[i]) == 0 ||
                            (list.items[j].score >= all.items[i].score &&
                             fid_candidate_overlap(&all.items[i], &list.items[j], kind) > limit);
            CHECK(accounted);
        }
    }
    fid_candidates_free(&list);
    fid_candidates_free(&all);
}

/* From `first` on only: what stands before neither goes nor suppresses. */
static void suppression_of_the_tail(void)
{
    struct fid_candidates list = {0};
    struct fid_candidate face = {.x0 = 0, .y0 = 0, .x1 = 10, .y1 = 10, .score = 0.5f};
    for (int i = 0; i < 4; i++)
        REQUIRE(fid_candidates_add(&list, &face, NULL) == FID_OK);
    fid_candidates_suppress(&list, 2, 0.5f, FID_OVERLAP_UNION);
    CHECK(list.count == 3);
    fid_candidates_free(&list);
}

static void order_does_not_matter(void)
{
    struct fid_candidates list = {0}, mixed = {0};
    random_list(&list, 300);
    for (size_t i = 300; i-- > 0;)
        REQUIRE(fid_candidates_add(&mixed, &list.items[i], NULL) == FID_OK);
    fid_candidates_suppress(&list, 0, 0.4f, FID_OVERLAP_UNION);
    fid_candidates_suppress(&mixed, 0, 0.4f, FID_OVERLAP_UNION);
    REQUIRE(list.count == mixed.count);
    CHECK(memcmp(list.items, mixed.items, list.count * sizeof *list.items) == 0);
    fid_candidates_free(&list);
    fid_candidates_free(&mixed);
}

/* ---- input and choice ---- */

/* Channel order, mean and scale; around the picture it is black: (0 - mean) · scale. */
static void input_is_filled(void)
{
    struct fid_picture picture = {0};
    const struct fid_input_card card = {
        .bgr = true, .mean = {10, 20, 30}, .scale = {0.5f, 2.0f, -1.0f}};
    float data[4 * 5 * 3];
    REQUIRE(fid_picture_resize(&picture, 2, 2, NULL) == FID_OK);
    for (int i = 0; i < 12; i++)
        picture.pixels[i] = (uint8_t)(100 + i);
    for (int place = 0; place < 12; place++) {
        int left = place % 4, top = place / 4;
        fid_network_input_fill(&card, &picture, left, top, data, 4, 5);
        for (int y = -top; y < 4 - top; y++)
            for (int x = -left; x < 5 - left; x++)
                for (int i = 0; i < 3; i++) {
                    bool inside = x >= 0 && x < 2 && y >= 0 && y < 2;
                    float pixel = inside ? (float)(100 + 6 * y + 3 * x + 2 - i) : 0.0f;
                    CHECK(data[((y + top) * 5 + x + left) * 3 + i] ==
                          (pixel - card.mean[i]) * card.scale[i]);
                }
    }
    fid_picture_free(&picture);
}

/* One number for a pixel: its brightness, that of a gray pixel being its value. */
static void gray_input_is_filled(void)
{
    struct fid_picture picture = {0};
    const struct fid_input_card card = {.mean = {10}, .scale = {0.5f}, .gray = true};
    const uint8_t pixels[6] = {200, 100, 50, 77, 77, 77};
    float data[2 * 3 + 1] = {0};
    REQUIRE(fid_picture_resize(&picture, 2, 1, NULL) == FID_OK);
    memcpy(picture.pixels, pixels, sizeof pixels);
    fid_network_input_fill(&card, &picture, 0, 0, data, 2, 3);
    const double want[] = {0.299 * 200 + 0.587 * 100 + 0.114 * 50, 77, 0, 0, 0, 0};
    for (int i = 0; i < 6; i++)
        CHECK_THAT(fabs((double)data[i] - (want[i] - 10) / 2) < 1e-4, "number %d is %g", i,
                   (double)data[i]);
    CHECK(data[6] == 0);
    fid_picture_free(&picture);
}

static void main_face_of_a_portrait(void)
{
    const struct fid_face faces[3] = {
        {.box = {0, 0, 45, 45}},     /* a little larger, in the corner */
        {.box = {180, 180, 40, 40}}, /* in the middle of 400 x 400 */
        {.box = {200, 10, 20, 20}},
    };
    CHECK(fid_main_face(faces, 3, 400, 400) == 1);
    CHECK(fid_main_face(faces, 1, 400, 400) == 0);
    const struct fid_face large[2] = {{.box = {180, 180, 40, 40}}, {.box = {0, 0, 90, 90}}};
    CHECK(fid_main_face(large, 2, 400, 400) == 1); /* clearly larger wins */
}

static void cosine_by_hand(void)
{
    const float a[3] = {1, 2, 2}, b[3] = {2, 4, 4}, c[3] = {2, -2, 1}, zero[3] = {0};
    const float broken[3] = {1, NAN, 0}, huge[3] = {3e38f, 3e38f, 3e38f};
    CHECK(fid_cosine(a, b, 3) == 1.0f);
    CHECK(fabsf(fid_cosine(a, c, 3)) < 1e-7f);
    CHECK(fid_cosine(a, zero, 3) == 0.0f && fid_cosine(a, broken, 3) == 0.0f);
    CHECK(fabsf(fid_cosine(huge, huge, 3) - 1.0f) < 1e-6f); /* no overflow on the way */
}

CHECK_MAIN(CHECK_CASE(gray_input_is_filled), CHECK_CASE(yunet_cell),
           CHECK_CASE(numbers_that_are_none), CHECK_CASE(scrfd_cell),
           CHECK_CASE(second_entry_of_a_cell), CHECK_CASE(blazeface_cell), CHECK_CASE(no_points),
           CHECK_CASE(pnet_window), CHECK_CASE(overlaps_by_hand),
           CHECK_CASE(suppression_by_brute_force), CHECK_CASE(suppression_of_the_tail),
           CHECK_CASE(order_does_not_matter), CHECK_CASE(input_is_filled),
           CHECK_CASE(main_face_of_a_portrait), CHECK_CASE(cosine_by_hand))
