#include "engine/base/memory.h"
#include "engine/base/status.h"
#include "engine/face/box.h"

#include <math.h>
#include <stdlib.h>

/* The same detections and truths, sorted, and what has been matched. */
struct matching {
    const struct fid_scored_box **found;      /* highest score first */
    const struct fid_truth_box **truth;       /* by picture */
    bool *taken;                              /* for each truth */
    bool *hits;                               /* in order of falling score, without the ignored */
    size_t found_count, truth_count, counted; /* counted: entries of hits */
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

/* The better the score, the earlier a detection chooses: it takes the free face that it overlaps
 * most. Without one it is a false alarm, unless it lies on a face that is to be ignored; those are
 * never used up. */
static void match(struct matching *m, const struct fid_scored_box *found, double iou)
{
    size_t best = m->truth_count;
    double best_iou = 0.0;
    bool ignored = false;
    for (size_t i = first_of_picture(m, found->picture);
         i < m->truth_count && m->truth[i]->picture == found->picture; i++) {
        double overlap = fid_box_iou(&found->box, &m->truth[i]->box);
        if (m->truth[i]->ignore) {
            ignored = ignored || overlap >= iou;
        } else if (!m->taken[i] && (best == m->truth_count ? overlap >= iou : overlap > best_iou)) {
            best = i;
            best_iou = overlap;
        }
    }
    bool hit = best < m->truth_count;
    if (hit)
        m->taken[best] = true;
    if (hit || !ignored)
        m->hits[m->counted++] = hit;
}

/* From the right, the best precision so far is the envelope; each hit adds one step of recall. */
static double area_under_envelope(const bool *hits, size_t count, size_t truth_count)
{
    size_t hit_count = 0;
    for (size_t i = 0; i < count; i++)
        hit_count += hits[i];
    double area = 0.0, envelope = 0.0;
    for (size_t i = count; i-- > 0;) {
        envelope = fmax(envelope, (double)hit_count / (double)(i + 1));
        if (hits[i]) {
            area += envelope / (double)truth_count;
            hit_count--;
        }
    }
    return area;
}

static bool matching_open(struct matching *m, const struct fid_scored_box *found,
                          const struct fid_truth_box *truth)
{
    m->found = fid_calloc(m->found_count, sizeof(void *));
    m->truth = fid_calloc(m->truth_count, sizeof(void *));
    m->taken = fid_calloc(m->truth_count, sizeof *m->taken);
    m->hits = fid_calloc(m->found_count, sizeof *m->hits);
    if (m->found == NULL || m->truth == NULL || m->taken == NULL || m->hits == NULL)
        return false;
    for (size_t i = 0; i < m->found_count; i++)
        m->found[i] = &found[i];
    for (size_t i = 0; i < m->truth_count; i++)
        m->truth[i] = &truth[i];
    qsort(m->found, m->found_count, sizeof(void *), by_falling_score);
    qsort(m->truth, m->truth_count, sizeof(void *), by_picture);
    return true;
}

static void matching_close(struct matching *m)
{
    fid_free(m->found);
    fid_free(m->truth);
    fid_free(m->taken);
    fid_free(m->hits);
}

enum fid_status fid_evaluate_detection(const struct fid_scored_box *found, size_t found_count,
                                       const struct fid_truth_box *truth, size_t truth_count,
                                       double iou, double *average_precision,
                                       struct fid_error *error)
{
    size_t wanted = 0;
    for (size_t i = 0; i < truth_count; i++)
        wanted += !truth[i].ignore;
    if (wanted == 0)
        return fid_fail(error, FID_INVALID, "there is no face to be found");
    if (!(iou > 0.0 && iou <= 1.0))
        return fid_fail(error, FID_INVALID, "an overlap of %g is not between 0 and 1", iou);
    for (size_t i = 0; i < found_count; i++)
        if (!isfinite(found[i].score))
            return fid_fail(error, FID_INVALID, "found box %zu has no finite score", i);
    enum fid_status status = FID_OK;
    struct matching m = {.found_count = found_count, .truth_count = truth_count};
    if (!matching_open(&m, found, truth)) {
        status = fid_fail(error, FID_NO_MEMORY, "no memory for %zu boxes", found_count);
    } else {
        for (size_t i = 0; i < found_count; i++)
            match(&m, m.found[i], iou);
        *average_precision = area_under_envelope(m.hits, m.counted, wanted);
    }
    matching_close(&m);
    return status;
}
