/* evaluate_pairs.c - verification accuracy over folds, each with the threshold of the others. */
#include "engine/base/memory.h"
#include "engine/base/status.h"
#include "engine/fid/evaluate.h"

#include <math.h>
#include <stdlib.h>

/* One pair, for sorting by score. */
struct pair {
    float score;
    bool same;
    int fold;
};

static int by_score(const void *first, const void *second)
{
    const struct pair *a = first, *b = second;
    return (a->score > b->score) - (a->score < b->score);
}

/* The next pair from i on that is outside the fold left_out; count at the end. */
static size_t next_pair(const struct pair *pairs, size_t count, size_t i, int left_out)
{
    while (i < count && pairs[i].fold == left_out)
        i++;
    return i;
}

/* The threshold with the fewest errors over the pairs outside `left_out` (-1: all), which take no
 * part in it. Candidates are the middles between neighboring scores, and below and above all; the
 * highest of equals, because a stranger with a name is worse than a friend without. */
static double best_threshold(const struct pair *pairs, size_t count, int left_out,
                             size_t *best_errors)
{
    size_t errors = 0; /* below all scores everything is "same": the different pairs are wrong */
    for (size_t i = 0; i < count; i++)
        errors += pairs[i].fold != left_out && !pairs[i].same;
    *best_errors = errors;
    size_t i = next_pair(pairs, count, 0, left_out);
    double best = i < count ? pairs[i].score - 1.0 : 0.0;
    while (i < count) {
        errors += pairs[i].same ? 1 : (size_t)-1;
        double score = pairs[i].score;
        i = next_pair(pairs, count, i + 1, left_out);
        double above = i < count ? pairs[i].score : score + 2.0;
        if (above > score && errors <= *best_errors) {
            *best_errors = errors;
            best = (score + above) / 2.0;
        }
    }
    return best;
}

static double fold_accuracy(const struct pair *pairs, size_t count, int fold, double threshold)
{
    size_t right = 0, total = 0;
    for (size_t i = 0; i < count; i++)
        if (pairs[i].fold == fold) {
            total++;
            right += (pairs[i].score >= threshold) == pairs[i].same;
        }
    return (double)right / (double)total;
}

/* Mean and (with n - 1) standard deviation over the folds. */
static void measure_folds(const struct pair *pairs, size_t count, int fold_count, double threshold,
                          struct fid_verification *result, struct fid_fold *folds)
{
    double sum = 0.0, squares = 0.0;
    for (int i = 0; i < fold_count; i++) {
        size_t errors;
        struct fid_fold fold = {.threshold = threshold};
        if (isnan(threshold))
            fold.threshold = best_threshold(pairs, count, i, &errors);
        fold.accuracy = fold_accuracy(pairs, count, i, fold.threshold);
        sum += fold.accuracy;
        squares += fold.accuracy * fold.accuracy;
        if (folds != NULL)
            folds[i] = fold;
    }
    result->accuracy = sum / fold_count;
    double variance = (squares - sum * sum / fold_count) / (fold_count - 1);
    result->deviation = sqrt(fmax(variance, 0.0));
}

static double true_accept_rate(const struct fid_curve *curve, double rate)
{
    return (double)curve->points[fid_curve_at_rate(curve, rate)].mated / (double)curve->mated;
}

static void measure_curve(const struct fid_curve *curve, struct fid_verification *result)
{
    const struct fid_curve_point *point =
        &curve->points[fid_curve_at_threshold(curve, result->threshold)];
    result->errors = point->impostors + curve->mated - point->mated;
    result->tar_at_far_1e2 = true_accept_rate(curve, 1e-2);
    result->tar_at_far_1e3 = true_accept_rate(curve, 1e-3);
    result->auc = fid_curve_area(curve);
}

static enum fid_status check_pairs(const float *scores, const bool *same, const int *fold,
                                   size_t count, int fold_count, struct fid_error *error)
{
    size_t same_count = 0;
    if (fold_count < 2)
        return fid_fail(error, FID_INVALID, "%d folds: a threshold from the others needs two",
                        fold_count);
    for (size_t i = 0; i < count; i++) {
        if (!isfinite(scores[i]) || fold[i] < 0 || fold[i] >= fold_count)
            return fid_fail(error, FID_INVALID, "pair %zu: score %g in fold %d of %d", i,
                            (double)scores[i], fold[i], fold_count);
        same_count += same[i];
    }
    if (same_count == 0 || same_count == count)
        return fid_fail(error, FID_INVALID,
                        "%zu same and %zu different pairs: both kinds are needed", same_count,
                        count - same_count);
    return FID_OK;
}

static enum fid_status check_folds(const struct pair *pairs, size_t count, int fold_count,
                                   struct fid_error *error)
{
    size_t *sizes = fid_calloc((size_t)fold_count, sizeof *sizes);
    if (sizes == NULL)
        return fid_fail(error, FID_NO_MEMORY, "no memory for %d folds", fold_count);
    for (size_t i = 0; i < count; i++)
        sizes[pairs[i].fold]++;
    enum fid_status status = FID_OK;
    for (int fold = 0; status == FID_OK && fold < fold_count; fold++)
        if (sizes[fold] == 0)
            status = fid_fail(error, FID_INVALID, "fold %d has no pairs", fold);
    fid_free(sizes);
    return status;
}

enum fid_status fid_evaluate_pairs(const float *scores, const bool *same, const int *fold,
                                   size_t count, int fold_count, double threshold,
                                   struct fid_verification *result, struct fid_fold *folds,
                                   struct fid_error *error)
{
    struct fid_curve curve = {0};
    enum fid_status status = check_pairs(scores, same, fold, count, fold_count, error);
    if (status == FID_OK)
        status = fid_curve_make(scores, same, count, &curve, error);
    if (status != FID_OK)
        return status;
    struct pair *pairs = fid_calloc(count, sizeof *pairs);
    if (pairs == NULL) {
        fid_curve_free(&curve);
        return fid_fail(error, FID_NO_MEMORY, "no memory for %zu pairs", count);
    }
    for (size_t i = 0; i < count; i++)
        pairs[i] = (struct pair){scores[i], same[i], fold[i]};
    status = check_folds(pairs, count, fold_count, error);
    if (status == FID_OK) {
        size_t errors;
        *result = (struct fid_verification){.threshold = threshold};
        qsort(pairs, count, sizeof *pairs, by_score);
        if (isnan(threshold))
            result->threshold = best_threshold(pairs, count, -1, &errors);
        measure_folds(pairs, count, fold_count, threshold, result, folds);
        measure_curve(&curve, result);
    }
    fid_free(pairs);
    fid_curve_free(&curve);
    return status;
}
