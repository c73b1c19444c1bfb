/* Figures of evaluations, against cases computed by hand and by brute force. */
#include "engine/fid.h"
#include "tests/check/check.h"

#include <math.h>
#include <string.h>

static bool near(double a, double b)
{
    return fabs(a - b) < 1e-12; /* sums of a few quotients */
}

static void pairs_that_separate(void)
{
    const float scores[8] = {0.9f, 0.8f, 0.1f, 0.2f, 0.7f, 0.95f, 0.3f, 0.0f};
    const bool same[8] = {true, true, false, false, true, true, false, false};
    const int fold[8] = {0, 0, 0, 0, 1, 1, 1, 1};
    struct fid_verification v;
    REQUIRE(fid_evaluate_pairs(scores, same, fold, 8, 2, NAN, &v, NULL, NULL) == FID_OK);
    CHECK(v.accuracy == 1.0 && v.deviation == 0.0 && v.errors == 0 && v.auc == 1.0);
    CHECK(v.tar_at_far_1e2 == 1.0 && v.tar_at_far_1e3 == 1.0);
    CHECK(fabs(v.threshold - 0.5) < 1e-6); /* in the middle of 0.3 and 0.7 */
}

/* Fold 0: same 0.6 0.4, different 0.5 0.1. Fold 1: same 0.9 0.58, different 0.2 0.0.
 * Fold 1's best threshold is (0.2 + 0.58) / 2 = 0.39: fold 0 has 3 of 4 right (0.5 is wrong).
 * Fold 0's best has one error; the highest such is (0.5 + 0.6) / 2 = 0.55: fold 1 has 4 of 4.
 * Over all pairs, too, the highest of equals: (0.5 + 0.58) / 2 = 0.54, where 0.4 is wrong. */
static void threshold_from_the_other_folds(void)
{
    const float scores[8] = {0.6f, 0.4f, 0.5f, 0.1f, 0.9f, 0.58f, 0.2f, 0.0f};
    const bool same[8] = {true, true, false, false, true, true, false, false};
    const int fold[8] = {0, 0, 0, 0, 1, 1, 1, 1};
    struct fid_verification v;
    struct fid_fold folds[2];
    REQUIRE(fid_evaluate_pairs(scores, same, fold, 8, 2, NAN, &v, NULL, NULL) == FID_OK);
    CHECK(near(v.accuracy, 0.875));
    CHECK(near(v.deviation, sqrt(2.0) / 8.0)); /* of 0.75 and 1 */
    CHECK(v.errors == 1 && fabs(v.threshold - 0.54) < 1e-6);
    CHECK(near(v.auc, 15.0 / 16.0));     /* 0.4 lies below 0.5 */
    CHECK(near(v.tar_at_far_1e2, 0.75)); /* no different pair allowed: above 0.5 */
    REQUIRE(fid_evaluate_pairs(scores, same, fold, 8, 2, NAN, &v, folds, NULL) == FID_OK);
    CHECK(near(folds[0].accuracy, 0.75) && near(folds[1].accuracy, 1.0));
    CHECK(fabs(folds[0].threshold - 0.39) < 1e-6 && fabs(folds[1].threshold - 0.55) < 1e-6);
}

/* The same pairs by a threshold from outside, which accepts what reaches it: 0.5 is wrong in fold 0
 * and 0.4 and 0.3 are in the two. */
static void threshold_from_outside(void)
{
    const float scores[8] = {0.6f, 0.4f, 0.5f, 0.1f, 0.9f, 0.3f, 0.2f, 0.0f};
    const bool same[8] = {true, true, false, false, true, true, false, false};
    const int fold[8] = {0, 0, 0, 0, 1, 1, 1, 1};
    struct fid_verification v;
    struct fid_fold folds[2];
    REQUIRE(fid_evaluate_pairs(scores, same, fold, 8, 2, 0.5, &v, folds, NULL) == FID_OK);
    CHECK(v.threshold == 0.5 && v.errors == 3 && folds[1].threshold == 0.5);
    CHECK(near(folds[0].accuracy, 0.5) && near(folds[1].accuracy, 0.75) && near(v.accuracy, 0.625));
    CHECK(near(v.auc, 14.0 / 16.0)); /* at any threshold */
}

static void equal_scores_count_for_half(void)
{
    const float scores[4] = {0.5f, 0.5f, 0.5f, 0.5f};
    const bool same[4] = {true, false, true, false};
    const int fold[4] = {0, 0, 1, 1};
    struct fid_verification v;
    REQUIRE(fid_evaluate_pairs(scores, same, fold, 4, 2, NAN, &v, NULL, NULL) == FID_OK);
    CHECK(near(v.auc, 0.5) && v.errors == 2 && v.tar_at_far_1e2 == 0.0);
}

/* 1,000 different pairs: FAR 1 % allows ten of them, FAR 0.1 % one. Against counting. */
static void rates_by_brute_force(void)
{
    enum { COUNT = 2000 };
    static float scores[COUNT];
    static bool same[COUNT];
    static int fold[COUNT];
    for (int i = 0; i < COUNT; i++) {
        same[i] = i % 2 == 0;
        fold[i] = i % 10;
        scores[i] = floorf(check_random_float(0, 800) + (same[i] ? 400.0f : 0.0f));
    }
    struct fid_verification v;
    REQUIRE(fid_evaluate_pairs(scores, same, fold, COUNT, 10, NAN, &v, NULL, NULL) == FID_OK);
    size_t least = COUNT;
    double tar[2] = {0, 0}, wins = 0;
    for (int t = -1; t <= 1201; t++) {
        size_t accepted[2] = {0, 0};
        for (int i = 0; i < COUNT; i++)
            accepted[same[i]] += scores[i] >= (float)t;
        size_t errors = accepted[0] + COUNT / 2 - accepted[1];
        least = errors < least ? errors : least;
        for (int r = 0; r < 2; r++)
            if (accepted[0] <= (r == 0 ? 10 : 1) && (double)accepted[1] / 1000.0 > tar[r])
                tar[r] = (double)accepted[1] / 1000.0;
    }
    for (int i = 0; i < COUNT; i += 2)
        for (int j = 1; j < COUNT; j += 2)
            wins += scores[i] > scores[j] ? 1.0 : scores[i] == scores[j] ? 0.5 : 0.0;
    CHECK(v.errors == least);
    CHECK(near(v.tar_at_far_1e2, tar[0]) && near(v.tar_at_far_1e3, tar[1]));
    CHECK(near(v.auc, wins / 1e6));
}

static void bad_pairs_are_refused(void)
{
    float scores[4] = {0.5f, 0.5f, 0.5f, NAN};
    bool same[4] = {true, false, true, false};
    int fold[4] = {0, 0, 1, 1};
    struct fid_verification v;
    struct fid_error error;
    CHECK(fid_evaluate_pairs(scores, same, fold, 4, 2, NAN, &v, NULL, &error) == FID_INVALID);
    scores[3] = 0.1f;
    CHECK(fid_evaluate_pairs(scores, same, fold, 4, 1, NAN, &v, NULL, &error) == FID_INVALID);
    CHECK(fid_evaluate_pairs(scores, same, fold, 4, 3, NAN, &v, NULL, &error) == FID_INVALID);
    fold[3] = 2;
    CHECK(fid_evaluate_pairs(scores, same, fold, 4, 2, NAN, &v, NULL, &error) == FID_INVALID);
    fold[3] = 1;
    same[1] = same[3] = true;
    CHECK(fid_evaluate_pairs(scores, same, fold, 4, 2, NAN, &v, NULL, &error) == FID_INVALID);
    CHECK(fid_evaluate_pairs(scores, same, fold, 0, 2, NAN, &v, NULL, &error) == FID_INVALID);
}

/* ---- curves ---- */

static void curve_by_hand(void)
{
    const float scores[7] = {0.5f, 0.9f, 0.5f, -INFINITY, 0.7f, 0.1f, -INFINITY};
    const bool mated[7] = {true, true, false, true, false, true, false};
    struct fid_curve curve;
    REQUIRE(fid_curve_make(scores, mated, 7, &curve, NULL) == FID_OK);
    CHECK(curve.mated == 4 && curve.impostors == 3);
    REQUIRE(curve.count == 5); /* nothing, 0.9, 0.7, both 0.5, 0.1 */
    const size_t want[5][2] = {{0, 0}, {1, 0}, {1, 1}, {2, 2}, {3, 2}};
    for (size_t i = 0; i < 5; i++)
        CHECK_THAT(curve.points[i].mated == want[i][0] && curve.points[i].impostors == want[i][1],
                   "point %zu: %zu mated, %zu impostors", i, curve.points[i].mated,
                   curve.points[i].impostors);
    CHECK(fid_curve_at_rate(&curve, 0.0) == 1 && fid_curve_at_rate(&curve, 1.0 / 3.0) == 2);
    CHECK(fid_curve_at_rate(&curve, 0.66) == 2 && fid_curve_at_rate(&curve, 1.0) == 4);
    for (size_t i = 0; i < 4; i++) /* a point's own threshold leads back to it */
        CHECK(fid_curve_at_threshold(&curve, fid_curve_threshold(&curve, i)) == i);
    CHECK(fabs(fid_curve_threshold(&curve, 0) - 0.9) < 1e-4); /* strict, but not beyond reach */
    CHECK(fid_curve_at_threshold(&curve, (double)0.5f) == 3); /* reaching it is enough */
    CHECK(fid_curve_at_threshold(&curve, (double)0.5f + 1e-9) == 2);
    CHECK(fid_curve_at_threshold(&curve, -2.0) == 4 && fid_curve_at_threshold(&curve, 2.0) == 0);
    /* Pairs, mated by impostor: 0.9 wins 3; 0.5 half, lost, 1; 0.1 1; the last half. */
    CHECK(near(fid_curve_area(&curve), (3.0 + 1.5 + 1.0 + 0.5) / 12.0));
    fid_curve_free(&curve);
    CHECK(curve.points == NULL && curve.count == 0);
}

static void curve_of_little(void)
{
    const float scores[2] = {-INFINITY, NAN};
    const bool mated[2] = {false, true};
    struct fid_curve curve;
    struct fid_error error;
    REQUIRE(fid_curve_make(scores, mated, 0, &curve, NULL) == FID_OK);
    CHECK(curve.count == 1 && fid_curve_at_rate(&curve, 1.0) == 0);
    CHECK(isnan(fid_curve_area(&curve)));
    fid_curve_free(&curve);
    const float two[2] = {0.5f, 0.4f};
    REQUIRE(fid_curve_make(two, mated, 2, &curve, NULL) == FID_OK); /* no rate: nothing */
    CHECK(fid_curve_at_rate(&curve, -1.0) == 0 && fid_curve_at_rate(&curve, (double)NAN) == 0);
    CHECK(fid_curve_at_rate(&curve, (double)INFINITY) == 2);
    fid_curve_free(&curve);
    REQUIRE(fid_curve_make(scores, mated, 1, &curve, NULL) == FID_OK);
    CHECK(curve.count == 1 && curve.impostors == 1 && fid_curve_at_threshold(&curve, 0.0) == 0);
    fid_curve_free(&curve);
    CHECK(fid_curve_make(scores, mated, 2, &curve, &error) == FID_INVALID);
    CHECK(curve.points == NULL);
    const float endless[1] = {INFINITY};
    CHECK(fid_curve_make(endless, mated, 1, &curve, &error) == FID_INVALID);
}

/* 1 of 100 must be allowed to 1 % although 0.01 * 100 may be less than 1: every whole number of
 * every size. */
static void rates_are_whole_numbers(void)
{
    enum { MOST = 400 };
    static float scores[MOST];
    static const bool mated[MOST];
    for (int i = 0; i < MOST; i++)
        scores[i] = (float)-i;
    for (size_t n = 1; n <= MOST; n += 7) {
        struct fid_curve curve;
        REQUIRE(fid_curve_make(scores, mated, n, &curve, NULL) == FID_OK);
        for (size_t k = 0; k <= n; k++)
            CHECK_THAT(fid_curve_at_rate(&curve, (double)k / (double)n) == k, "%zu of %zu", k, n);
        fid_curve_free(&curve);
    }
}

static void shares_have_bounds(void)
{
    struct fid_share share = fid_share_of(3, 300);
    CHECK(share.count == 3 && share.whole == 300 && near(share.share, 0.01));
    CHECK(near(share.low, 0.002067007235092) && near(share.high, 0.028944511255693));
    share = fid_share_of(0, 0);
    CHECK(share.share == 0.0 && share.low == 0.0 && share.high == 1.0);
}

/* ---- detection ---- */

enum { TRUTHS_MAX = 4 };

static double precision_of(const struct fid_scored_box *found, size_t found_count,
                           const struct fid_truth_box *truth, size_t truth_count)
{
    double ap = -1.0;
    float scores[TRUTHS_MAX];
    struct fid_curve curve;
    struct fid_error error = {0};
    CHECK_THAT(fid_evaluate_detection(found, found_count, truth, truth_count, 0.5, scores, &curve,
                                      &ap, &error) == FID_OK,
               "%s", error.text);
    fid_curve_free(&curve);
    return ap;
}

/* Right, wrong, right of two faces: precision 1, 1/2, 2/3; the envelope is 1 up to recall 1/2 and
 * 2/3 up to 1. */
static void envelope_by_hand(void)
{
    const struct fid_truth_box truth[2] = {{0, {0, 0, 10, 10}, false}, {1, {0, 0, 10, 10}, false}};
    const struct fid_scored_box found[3] = {
        {1, {1, 0, 10, 10}, 0.5f}, {0, {0, 0, 10, 10}, 0.9f}, {0, {50, 0, 10, 10}, 0.7f}};
    CHECK(near(precision_of(found, 3, truth, 2), 0.5 + 0.5 * 2.0 / 3.0));
    CHECK(near(precision_of(found, 0, truth, 2), 0.0));
    CHECK(near(precision_of(found + 1, 1, truth, 2), 0.5));
}

/* The second box on the same face is a false alarm; it comes after all recall and costs nothing,
 * and before it, it does. */
static void a_face_is_found_once(void)
{
    const struct fid_truth_box truth[2] = {{0, {0, 0, 10, 10}, false}, {0, {30, 0, 10, 10}, false}};
    struct fid_scored_box found[3] = {
        {0, {0, 0, 10, 10}, 0.9f}, {0, {0, 1, 10, 10}, 0.8f}, {0, {30, 0, 10, 10}, 0.7f}};
    CHECK(near(precision_of(found, 3, truth, 2), 0.5 + 0.5 * 2.0 / 3.0));
    found[1].score = 0.1f;
    CHECK(near(precision_of(found, 3, truth, 2), 1.0));
}

static void ignored_faces_count_for_nothing(void)
{
    const struct fid_truth_box truth[2] = {{0, {0, 0, 10, 10}, false}, {0, {30, 0, 10, 10}, true}};
    const struct fid_scored_box found[3] = {
        {0, {30, 0, 10, 10}, 0.9f}, {0, {30, 1, 10, 10}, 0.8f}, {0, {0, 0, 10, 10}, 0.7f}};
    CHECK(near(precision_of(found, 3, truth, 2), 1.0));
    /* and overlapping too little, they do not excuse: 10 · 3 / (200 - 30) */
    const struct fid_scored_box loose[2] = {{0, {37, 0, 10, 10}, 0.9f}, {0, {0, 0, 10, 10}, 0.7f}};
    CHECK(near(precision_of(loose, 2, truth, 2), 0.5));
}

/* Which face was found with which score, and how many false alarms come with it. */
static void faces_have_the_scores_that_found_them(void)
{
    const struct fid_truth_box truth[4] = {{0, {0, 0, 10, 10}, false},
                                           {0, {30, 0, 10, 10}, false},
                                           {0, {60, 0, 10, 10}, true},
                                           {1, {0, 0, 10, 10}, false}};
    const struct fid_scored_box found[4] = {{0, {0, 0, 10, 10}, 0.9f},
                                            {0, {30, 1, 10, 10}, 0.4f},
                                            {0, {0, 1, 10, 10}, 0.7f},
                                            {0, {60, 0, 10, 10}, 0.8f}};
    float scores[4];
    struct fid_curve curve;
    double ap;
    REQUIRE(fid_evaluate_detection(found, 4, truth, 4, 0.5, scores, &curve, &ap, NULL) == FID_OK);
    CHECK(scores[0] == 0.9f && scores[1] == 0.4f);
    CHECK(scores[2] == -INFINITY && scores[3] == -INFINITY);
    CHECK(curve.mated == 3 && curve.impostors == 1 && curve.count == 4);
    CHECK(curve.points[3].mated == 2 && curve.points[3].impostors == 1);
    fid_curve_free(&curve);
}

/* IoU of exactly the limit counts: 10 x 10 against 10 x 5. */
static void overlap_at_the_limit(void)
{
    const struct fid_truth_box truth[1] = {{0, {0, 0, 10, 10}, false}};
    const struct fid_scored_box half[1] = {{0, {0, 0, 10, 5}, 1.0f}};
    const struct fid_scored_box less[1] = {{0, {0, 0, 10, 4.99f}, 1.0f}};
    CHECK(near(precision_of(half, 1, truth, 1), 1.0));
    CHECK(near(precision_of(less, 1, truth, 1), 0.0));
}

static void bad_boxes_are_refused(void)
{
    const struct fid_truth_box ignored[1] = {{0, {0, 0, 10, 10}, true}};
    const struct fid_truth_box face[1] = {{0, {0, 0, 10, 10}, false}};
    const struct fid_scored_box found[1] = {{0, {0, 0, 1, 1}, NAN}};
    struct fid_error error;
    struct fid_curve curve;
    float score[1];
    double ap;
    CHECK(fid_evaluate_detection(NULL, 0, ignored, 1, 0.5, score, &curve, &ap, &error) ==
          FID_INVALID);
    CHECK(fid_evaluate_detection(NULL, 0, face, 1, 0.0, score, &curve, &ap, &error) == FID_INVALID);
    CHECK(fid_evaluate_detection(found, 1, face, 1, 0.5, score, &curve, &ap, &error) ==
          FID_INVALID);
    CHECK(curve.points == NULL);
}

CHECK_MAIN(CHECK_CASE(pairs_that_separate), CHECK_CASE(threshold_from_the_other_folds),
           CHECK_CASE(threshold_from_outside), CHECK_CASE(equal_scores_count_for_half),
           CHECK_CASE(rates_by_brute_force), CHECK_CASE(bad_pairs_are_refused),
           CHECK_CASE(curve_by_hand), CHECK_CASE(curve_of_little),
           CHECK_CASE(rates_are_whole_numbers), CHECK_CASE(shares_have_bounds),
           CHECK_CASE(envelope_by_hand), CHECK_CASE(a_face_is_found_once),
           CHECK_CASE(ignored_faces_count_for_nothing),
           CHECK_CASE(faces_have_the_scores_that_found_them), CHECK_CASE(overlap_at_the_limit),
           CHECK_CASE(bad_boxes_are_refused))
