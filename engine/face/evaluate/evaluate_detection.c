/* evaluate_detection.c - matches detected boxes with labelled ones, and computes the average
 * precision. */
#include "engine/base/memory.h"
#include "engine/base/status.h"
#include "engine/face/box.h"
#include "engine/fid/evaluate.h"

#include <math.h>
#include <stdlib.h>

/* The same detections and truths, sorted, and what has been matched. */
struct matching {
    const struct fid_scored_box **found; /* highest score first */
    const struct fid_truth_box **truth;  /* by picture */
    float *truth_scores;                 /* as the caller's truths; -INFINITY: still free */
    float *scores;                       /* of hits and false alarms, without the ignored */
    bool *hits;
    size_t found_count, truth_count, counted; /* counted: entries of scores and hits */
};

/* Equal scores: in the order given, which the pointers into one array keep. */
static int by_falling_score(const void *first, const void *second)
{
    const struct fid_scored_box *a = *(const struct fid_scored_box *const *)first;
    const struct fid_scored_box *b = *(const struct fid_scored_box *const *)second;
    if (a->score != b->score)
        return a->score < b->score ? 1 : -1;
    return (a > b) - (a < b);
}

static int by_picture(const void *first, const void *second)
{
    const struct fid_truth_box *a = *(const struct fid_truth_box *const *)first;
    const struct fid_truth_box *b = *(const struct fid_truth_box *const *)second;
    if (a->picture != b->picture)
        return a->picture < b->picture ? -1 : 1;
    return (a > b) - (a < b);
}

/* The first truth of a picture, or of the next one that has some. */
static size_t first_of_picture(const struct matching *m, int picture)
{
    size_t low = 0, high = m->truth_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (m->truth[middle]->picture < picture)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static void add_outcome(struct matching *m, float score, bool hit)
{
    m->scores[m->counted] = score;
    m->hits[m->counted++] = hit;
}

/* The better the score, the earlier a detection chooses: it takes the free face that it overlaps
 * most. Without one it is a false alarm, unless it lies on a face that is to be ignored; those are
 * never used up. */
static void match(struct matching *m, const struct fid_scored_box *found,
                  const struct fid_truth_box *truths, double iou)
{
    const struct fid_truth_box *best = NULL;
    double best_iou = 0.0;
    bool ignored = false;
    for (size_t i = first_of_picture(m, found->picture);
         i < m->truth_count && m->truth[i]->picture == found->picture; i++) {
        const struct fid_truth_box *truth = m->truth[i];
        double overlap = fid_box_iou(&found->box, &truth->box);
        if (truth->ignore) {
            ignored = ignored || overlap >= iou;
        } else if (m->truth_scores[truth - truths] == -INFINITY && overlap >= iou &&
                   overlap > best_iou) {
            best = truth;
            best_iou = overlap;
        }
    }
    if (best != NULL)
        m->truth_scores[best - truths] = found->score;
    if (best != NULL || !ignored)
        add_outcome(m, found->score, best != NULL);
}

/* From the right, the best precision so far is the envelope; each point adds a step of recall. */
static double area_under_envelope(const struct fid_curve *curve)
{
    double area = 0.0, envelope = 0.0;
    for (size_t i = curve->count; i-- > 1;) {
        const struct fid_curve_point *point = &curve->points[i];
        envelope = fmax(envelope, (double)point->mated / (double)(point->mated + point->impostors));
        area += envelope * (double)(point->mated - point[-1].mated) / (double)curve->mated;
    }
    return area;
}

static bool matching_open(struct matching *m, const struct fid_scored_box *found,
                          const struct fid_truth_box *truth)
{
    m->found = fid_calloc(m->found_count, sizeof(void *));
    m->truth = fid_calloc(m->truth_count, sizeof(void *));
    m->scores = fid_calloc(m->found_count + m->truth_count, sizeof *m->scores);
    m->hits = fid_calloc(m->found_count + m->truth_count, sizeof *m->hits);
    if (m->found == NULL || m->truth == NULL || m->scores == NULL || m->hits == NULL)
        return false;
    for (size_t i = 0; i < m->found_count; i++)
        m->found[i] = &found[i];
    for (size_t i = 0; i < m->truth_count; i++) {
        m->truth[i] = &truth[i];
        m->truth_scores[i] = -INFINITY;
    }
    qsort(m->found, m->found_count, sizeof(void *), by_falling_score);
    qsort(m->truth, m->truth_count, sizeof(void *), by_picture);
    return true;
}

static void matching_close(struct matching *m)
{
    fid_free(m->found);
    fid_free(m->truth);
    fid_free(m->scores);
    fid_free(m->hits);
}

static bool is_finite(const struct fid_box *box)
{
    return isfinite(box->x) && isfinite(box->y) && isfinite(box->w) && isfinite(box->h);
}

static enum fid_status check_boxes(const struct fid_scored_box *found, size_t found_count,
                                   const struct fid_truth_box *truth, size_t truth_count,
                                   double iou, struct fid_error *error)
{
    size_t wanted = 0;
    for (size_t i = 0; i < truth_count; i++)
        wanted += !truth[i].ignore;
    if (wanted == 0)
        return fid_fail(error, FID_INVALID, "there is no face to be found");
    if (!(iou > 0.0 && iou <= 1.0))
        return fid_fail(error, FID_INVALID, "an overlap of %g is not between 0 and 1", iou);
    for (size_t i = 0; i < truth_count; i++)
        if (!is_finite(&truth[i].box))
            return fid_fail(error, FID_INVALID, "true box %zu is not finite", i);
    for (size_t i = 0; i < found_count; i++)
        if (!is_finite(&found[i].box))
            return fid_fail(error, FID_INVALID, "found box %zu is not finite", i);
    for (size_t i = 0; i < found_count; i++)
        if (!isfinite(found[i].score))
            return fid_fail(error, FID_INVALID, "found box %zu has no finite score", i);
    return FID_OK;
}

enum fid_status fid_evaluate_detection(const struct fid_scored_box *found, size_t found_count,
                                       const struct fid_truth_box *truth, size_t truth_count,
                                       double iou, float *truth_scores, struct fid_curve *curve,
                                       double *average_precision, struct fid_error *error)
{
    *curve = (struct fid_curve){0};
    enum fid_status status = check_boxes(found, found_count, truth, truth_count, iou, error);
    if (status != FID_OK)
        return status;
    struct matching m = {
        .found_count = found_count, .truth_count = truth_count, .truth_scores = truth_scores};
    if (!matching_open(&m, found, truth)) {
        status = fid_fail(error, FID_NO_MEMORY, "no memory for %zu boxes", found_count);
    } else {
        for (size_t i = 0; i < found_count; i++)
            match(&m, m.found[i], truth, iou);
        for (size_t i = 0; i < truth_count; i++)
            if (!truth[i].ignore && truth_scores[i] == -INFINITY)
                add_outcome(&m, -INFINITY, true);
        status = fid_curve_make(m.scores, m.hits, m.counted, curve, error);
    }
    if (status == FID_OK)
        *average_precision = area_under_envelope(curve);
    matching_close(&m);
    return status;
}
