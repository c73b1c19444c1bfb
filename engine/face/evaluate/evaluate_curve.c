/* evaluate_curve.c - the error rates at every threshold, from two lists of scores. */
#include "engine/base/memory.h"
#include "engine/base/status.h"
#include "engine/face/evaluate/binomial.h"
#include "engine/fid/evaluate.h"

#include <math.h>
#include <stdlib.h>

#define CONFIDENCE 0.95
#define LITTLE     1e-5 /* above the highest score: more than a threshold loses when it is printed */

struct scored { /* for sorting */
    float score;
    bool mated;
};

static int by_falling_score(const void *first, const void *second)
{
    const struct scored *a = first, *b = second;
    return (a->score < b->score) - (a->score > b->score);
}

static enum fid_status check_scores(const float *scores, size_t count, struct fid_error *error)
{
    for (size_t i = 0; i < count; i++)
        if (!isfinite(scores[i]) && scores[i] != -INFINITY)
            return fid_fail(error, FID_INVALID, "score %zu is %g", i, (double)scores[i]);
    return FID_OK;
}

/* One point for each different score, after the one that accepts nothing. */
static void add_points(const struct scored *sorted, size_t count, struct fid_curve *curve)
{
    struct fid_curve_point last = {.threshold = INFINITY};
    curve->points[curve->count++] = last;
    for (size_t i = 0; i < count && sorted[i].score > -INFINITY; i++) {
        last.threshold = sorted[i].score;
        last.mated += sorted[i].mated;
        last.impostors += !sorted[i].mated;
        if (i + 1 == count || sorted[i + 1].score < last.threshold)
            curve->points[curve->count++] = last;
    }
}

enum fid_status fid_curve_make(const float *scores, const bool *mated, size_t count,
                               struct fid_curve *curve, struct fid_error *error)
{
    *curve = (struct fid_curve){0};
    enum fid_status status = check_scores(scores, count, error);
    if (status != FID_OK)
        return status;
    struct scored *sorted = fid_calloc(count + 1, sizeof *sorted);
    curve->points = fid_calloc(count + 1, sizeof *curve->points);
    if (sorted == NULL || curve->points == NULL) {
        fid_free(sorted);
        fid_curve_free(curve);
        return fid_fail(error, FID_NO_MEMORY, "no memory for %zu scores", count);
    }
    for (size_t i = 0; i < count; i++) {
        sorted[i] = (struct scored){scores[i], mated[i]};
        curve->mated += mated[i];
        curve->impostors += !mated[i];
    }
    qsort(sorted, count, sizeof *sorted, by_falling_score);
    add_points(sorted, count, curve);
    fid_free(sorted);
    return FID_OK;
}

void fid_curve_free(struct fid_curve *curve)
{
    fid_free(curve->points);
    *curve = (struct fid_curve){0};
}

size_t fid_curve_at_rate(const struct fid_curve *curve, double rate)
{
    /* 1 % of 300 are three, although 0.01 * 300 is a little less. */
    const double allowed = rate * (double)curve->impostors + 1e-9; /* less than 0, NAN: nothing */
    size_t i = 0;
    while (i + 1 < curve->count && (double)curve->points[i + 1].impostors <= allowed)
        i++;
    return i;
}

size_t fid_curve_at_threshold(const struct fid_curve *curve, double threshold)
{
    size_t i = 0;
    while (i + 1 < curve->count && (double)curve->points[i + 1].threshold >= threshold)
        i++;
    return i;
}

double fid_curve_threshold(const struct fid_curve *curve, size_t i)
{
    double above = (double)curve->points[i].threshold;
    if (i + 1 == curve->count)
        return above; /* INFINITY if there is nothing that could be accepted */
    double below = (double)curve->points[i + 1].threshold;
    return i == 0 ? below + LITTLE : (above + below) / 2.0;
}

bool fid_limit_for(const struct fid_curve *curve, double fpir, float *limit, size_t *named)
{
    double count = (double)curve->impostors;
    size_t most = (size_t)floor(fpir * (count + 1) + 1e-9), i = 0; /* 0.01 * 300 is below 3 */
    while (i + 1 < curve->count && curve->points[i + 1].impostors <= most)
        i++;
    *named = curve->points[i].impostors;
    *limit = -1;
    if (*named < most && i + 1 == curve->count)
        return true; /* too few can get a name at all */
    while (i > 0 && curve->points[i - 1].impostors == *named)
        i--; /* from a known face's score up to the stranger's */
    *limit = curve->points[i].threshold;
    return *named > 0;
}

double fid_curve_area(const struct fid_curve *curve)
{
    double area = 0.0;
    struct fid_curve_point last = {0}, all = {0.0f, curve->mated, curve->impostors};
    for (size_t i = 0; i <= curve->count; i++) { /* the last step: what nothing accepts */
        struct fid_curve_point next = i < curve->count ? curve->points[i] : all;
        area += (double)(next.impostors - last.impostors) *
                ((double)last.mated + (double)(next.mated - last.mated) / 2.0);
        last = next;
    }
    return area / ((double)curve->mated * (double)curve->impostors);
}

struct fid_share fid_share_of(size_t count, size_t whole)
{
    struct fid_share share = {.count = count, .whole = whole};
    if (whole > 0)
        share.share = (double)count / (double)whole;
    fid_binomial_interval(count, whole, CONFIDENCE, &share.low, &share.high);
    return share;
}
