/* evaluate.h - how often scores err: curves, verification, detection. */
#ifndef FID_EVALUATE_H
#define FID_EVALUATE_H

#include "picture.h"

#ifdef __cplusplus
extern "C" {
#endif
#pragma GCC visibility push(default) /* what libfaceid.so exports */

/* ---- evaluation ---- */

/* What is accepted from a threshold on, of scores that should be (mated) and that
 * should not (impostors). */
struct fid_curve_point {
    float threshold; /* accepted are scores >= threshold */
    size_t mated, impostors;
};

struct fid_curve {                  /* zero-initialise */
    struct fid_curve_point *points; /* owned: the first accepts nothing, then one for each different
                                       score, the highest first */
    size_t count;
    size_t mated, impostors; /* all that there are */
};

/* FILLS the curve of count scores, -INFINITY for what no threshold accepts. FID_INVALID: a score is
 * no number; FID_NO_MEMORY. */
enum fid_status fid_curve_make(const float *scores, const bool *mated, size_t count,
                               struct fid_curve *curve, struct fid_error *error);
void fid_curve_free(struct fid_curve *curve); /* leaves it zero */

/* The last point that accepts at most this share of the impostors; below 0 or NAN: the first. */
size_t fid_curve_at_rate(const struct fid_curve *curve, double rate);
/* The point that says what a threshold accepts. */
size_t fid_curve_at_threshold(const struct fid_curve *curve, double threshold);
/* A threshold for point i: in the middle between its score and the next one, for the first point a
 * little above the highest score; INFINITY if there is no score. */
double fid_curve_threshold(const struct fid_curve *curve, size_t i);
/* FILLS *limit with the lowest score of a stranger such that no more than `fpir` of further
 * strangers are to be expected at or above it, and *named with how many of these are: whatever the
 * scores' distribution, the chance of another one to reach the k-th highest of n is k / (n + 1).
 * False if there are too few strangers for that wish: it takes 1 / fpir - 1 of them at least. */
bool fid_limit_for(const struct fid_curve *curve, double fpir, float *limit, size_t *named);

/* The chance that something mated scores higher than an impostor; equal scores count for half.
 * NAN where there is nothing mated or no impostor. */
double fid_curve_area(const struct fid_curve *curve);

struct fid_share { /* count of a whole */
    size_t count, whole;
    double share, low, high; /* with its 95 % interval of Clopper and Pearson; 0 of 0 is 0 */
};
struct fid_share fid_share_of(size_t count, size_t whole); /* count <= whole */

struct fid_verification {       /* of pairs: same person or not */
    double accuracy, deviation; /* over the folds */
    double threshold;           /* best on all pairs, or the given one */
    size_t errors;              /* wrong pairs at that threshold */
    double tar_at_far_1e2, tar_at_far_1e3, auc;
};
struct fid_fold { /* accuracy of its pairs at the threshold, which is the best on the other folds */
    double accuracy, threshold;
};
/* scores, same: count pairs (higher score = more alike); fold[i] in 0..fold_count-1. Every fold is
 * judged by `threshold`, or if that is NAN, by the best one on the other folds. FILLS *result and
 * folds[fold_count] (may be NULL). FID_INVALID: a score that is no number, a fold out of range or
 * without pairs, fewer than two folds to choose by, or pairs of one kind alone; FID_NO_MEMORY. */
enum fid_status fid_evaluate_pairs(const float *scores, const bool *same, const int *fold,
                                   size_t count, int fold_count, double threshold,
                                   struct fid_verification *result, struct fid_fold *folds,
                                   struct fid_error *error);

struct fid_scored_box {
    int picture;
    struct fid_box box;
    float score;
};
struct fid_truth_box {
    int picture;
    struct fid_box box;
    bool ignore; /* neither a miss nor, when found, a false alarm */
};
/* Matches what was found with the truth at the given IoU (0.5). FILLS truth_scores[truth_count]
 * with the score that each face was found with, -INFINITY for the others; *curve (mated: the
 * faces; impostors: false alarms; the caller frees it); and *average_precision: the area under
 * the envelope of precision over recall. FID_INVALID: a box that is not finite, or nothing to
 * find; FID_NO_MEMORY. */
enum fid_status fid_evaluate_detection(const struct fid_scored_box *found, size_t found_count,
                                       const struct fid_truth_box *truth, size_t truth_count,
                                       double iou, float *truth_scores, struct fid_curve *curve,
                                       double *average_precision, struct fid_error *error);

#pragma GCC visibility pop
#ifdef __cplusplus
}
#endif
#endif
