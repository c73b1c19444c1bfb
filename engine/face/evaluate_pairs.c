#include "engine/base/memory.h"
#include "engine/base/status.h"

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

static int by_falling_score(const void *first, const void *second)
{
    return by_score(second, first);
}

/* The next pair from i on that is outside the fold left_out; count at the end. */
static size_t next_pair(const struct pair *pairs, size_t count, size_t i, int left_out)
{
    while (i < count && pairs[i].fold == left_out)
        i++;
    return i;
}

/* The threshold with the fewest errors over the pairs outside `left_out` (-1: all), which take no
 * part in it. Candidates are the middles between neighbouring scores, and below and above all; the
 * lowest of equals. */
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
        if (above > score && errors < *best_errors) {
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
static void measure_folds(const struct pair *pairs, size_t count, int fold_count,
                          struct fid_verification *result)
{
    double sum = 0.0, squares = 0.0;
    for (int fold = 0; fold < fold_count; fold++) {
        size_t errors;
        double accuracy =
            fold_accuracy(pairs, count, fold, best_threshold(pairs, count, fold, &errors));
        sum += accuracy;
        squares += accuracy * accuracy;
    }
    result->accuracy = sum / fold_count;
    double variance = (squares - sum * sum / fold_count) / (fold_count - 1);
    result->deviation = sqrt(fmax(variance, 0.0));
}

/* The share of same pairs above the lowest threshold that at most `rate` of the different pairs
 * reach. pairs: highest score first; pairs of one score are taken together. */
static double true_accept_rate(const struct pair *pairs, size_t count, size_t same_count,
                               double rate)
{
    size_t allowed = (size_t)floor(rate * (double)(count - same_count) + 1e-9);
    size_t same = 0, different = 0, accepted = 0;
    for (size_t i = 0; i < count; i++) {
        same += pairs[i].same;
        different += !pairs[i].same;
        if (different > allowed)
            break;
        if (i + 1 == count || pairs[i + 1].score < pairs[i].score)
            accepted = same;
    }
    return (double)accepted / (double)same_count;
}

/* The chance that a same pair scores higher than a different one; equal scores count for half. */
static double area_under_curve(const struct pair *pairs, size_t count, size_t same_count)
{
    double area = 0.0;
    size_t above = 0; /* same pairs of higher scores */
    for (size_t first = 0, end; first < count; first = end) {
        size_t same = 0;
        for (end = first; end < count && pairs[end].score == pairs[first].score; end++)
            same += pairs[end].same;
        area += (double)(end - first - same) * ((double)above + (double)same / 2.0);
        above += same;
    }
    return area / ((double)same_count * (double)(count - same_count));
}

static enum fid_status check_pairs(const float *scores, const bool *same, const int *fold,
                                   size_t count, int fold_count, size_t *same_count,
                                   struct fid_error *error)
{
    *same_count = 0;
    if (fold_count < 2)
        return fid_fail(error, FID_INVALID, "%d folds: a threshold from the others needs two",
                        fold_count);
    for (size_t i = 0; i < count; i++) {
        if (!isfinite(scores[i]) || fold[i] < 0 || fold[i] >= fold_count)
            return fid_fail(error, FID_INVALID, "pair %zu: score %g in fold %d of %d", i,
                            (double)scores[i], fold[i], fold_count);
        *same_count += same[i];
    }
    if (*same_count == 0 || *same_count == count)
        return fid_fail(error, FID_INVALID,
                        "%zu same and %zu different pairs: both kinds are needed", *same_count,
                        count - *same_count);
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
                                   size_t count, int fold_count, struct fid_verification *result,
                                   struct fid_error *error)
{
    size_t same_count;
    enum fid_status status = check_pairs(scores, same, fold, count, fold_count, &same_count, error);
    if (status != FID_OK)
        return status;
    struct pair *pairs = fid_calloc(count, sizeof *pairs);
    if (pairs == NULL)
        return fid_fail(error, FID_NO_MEMORY, "no memory for %zu pairs", count);
    for (size_t i = 0; i < count; i++)
        pairs[i] = (struct pair){scores[i], same[i], fold[i]};
    status = check_folds(pairs, count, fold_count, error);
    if (status == FID_OK) {
        *result = (struct fid_verification){0};
        qsort(pairs, count, sizeof *pairs, by_score);
        result->threshold = best_threshold(pairs, count, -1, &result->best_errors);
        measure_folds(pairs, count, fold_count, result);
        qsort(pairs, count, sizeof *pairs, by_falling_score);
        result->tar_at_far_1e2 = true_accept_rate(pairs, count, same_count, 1e-2);
        result->tar_at_far_1e3 = true_accept_rate(pairs, count, same_count, 1e-3);
        result->auc = area_under_curve(pairs, count, same_count);
    }
    fid_free(pairs);
    return status;
}
