/* nms.c - non-maximum suppression: of boxes that overlap, the best one stays. */
#include "engine/face/detect/nms.h"

#include "engine/base/memory.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_CANDIDATES = 1 << 24, FIRST_CAPACITY = 256 };

static bool grow(struct fid_candidates *list)
{
    size_t capacity = list->capacity == 0 ? FIRST_CAPACITY : 2 * list->capacity;
    struct fid_candidate *items = fid_calloc(capacity, sizeof *items);
    if (items == NULL)
        return false;
    if (list->count > 0)
        memcpy(items, list->items, list->count * sizeof *items);
    fid_free(list->items);
    list->items = items;
    list->capacity = capacity;
    return true;
}

enum fid_status fid_candidates_add(struct fid_candidates *list,
                                   const struct fid_candidate *candidate, struct fid_error *error)
{
    if (list->count == MAX_CANDIDATES)
        return fid_fail(error, FID_UNSUPPORTED, "more than %d face candidates in a picture",
                        MAX_CANDIDATES);
    if (list->count == list->capacity && !grow(list))
        return fid_fail(error, FID_NO_MEMORY, "no memory for %zu face candidates",
                        2 * list->capacity);
    list->items[list->count++] = *candidate;
    return FID_OK;
}

void fid_candidates_free(struct fid_candidates *list)
{
    fid_free(list->items);
    *list = (struct fid_candidates){0};
}

void fid_candidate_shift(struct fid_candidate *candidate, float x, float y)
{
    candidate->x0 += x;
    candidate->x1 += x;
    candidate->y0 += y;
    candidate->y1 += y;
    for (int i = 0; i < 5; i++) {
        candidate->landmarks[i][0] += x;
        candidate->landmarks[i][1] += y;
    }
}

static int compare(float a, float b)
{
    return (a > b) - (a < b);
}

static int by_score(const void *first, const void *second)
{
    const struct fid_candidate *a = first, *b = second;
    int order = compare(b->score, a->score);
    if (order == 0)
        order = compare(a->y0, b->y0);
    if (order == 0)
        order = compare(a->x0, b->x0);
    if (order == 0)
        order = compare(a->y1, b->y1);
    return order != 0 ? order : compare(a->x1, b->x1);
}

static void sort_from(struct fid_candidates *list, size_t first)
{
    if (list->count > first + 1)
        qsort(list->items + first, list->count - first, sizeof *list->items, by_score);
}

void fid_candidates_sort(struct fid_candidates *list)
{
    sort_from(list, 0);
}

float fid_candidate_overlap(const struct fid_candidate *a, const struct fid_candidate *b,
                            enum fid_overlap kind)
{
    float w = fminf(a->x1, b->x1) - fmaxf(a->x0, b->x0);
    float h = fminf(a->y1, b->y1) - fmaxf(a->y0, b->y0);
    if (!(w > 0.0f) || !(h > 0.0f))
        return 0.0f;
    float both = w * h;
    float area_a = (a->x1 - a->x0) * (a->y1 - a->y0), area_b = (b->x1 - b->x0) * (b->y1 - b->y0);
    return both / (kind == FID_OVERLAP_UNION ? area_a + area_b - both : fminf(area_a, area_b));
}

void fid_candidates_suppress(struct fid_candidates *list, size_t first, float limit,
                             enum fid_overlap kind)
{
    sort_from(list, first);
    size_t kept = first;
    for (size_t i = first; i < list->count; i++) {
        size_t better = first;
        while (better < kept &&
               fid_candidate_overlap(&list->items[better], &list->items[i], kind) <= limit)
            better++;
        if (better == kept)
            list->items[kept++] = list->items[i];
    }
    list->count = kept;
}
