/* nms.h - candidates of a detector, and their suppression by better neighbors. */
#ifndef FID_FACE_NMS_H
#define FID_FACE_NMS_H

#include "engine/base/status.h"
#include "engine/fid/face.h"

struct fid_candidate {
    float x0, y0, x1, y1; /* corners in pixels; x1, y1 are behind the last pixel */
    float score;          /* 0..1 */
    float shift[4];       /* correction of the corners as fractions of width and height (mtcnn) */
    float landmarks[5][2];
};

/* A growing list; zero-initialize. OWNS items. */
struct fid_candidates {
    struct fid_candidate *items;
    size_t count, capacity;
};

/* Appends; FID_NO_MEMORY, or FID_UNSUPPORTED past 2^24 candidates. */
enum fid_status fid_candidates_add(struct fid_candidates *list,
                                   const struct fid_candidate *candidate, struct fid_error *error);
void fid_candidates_free(struct fid_candidates *list); /* leaves it zero */

/* Moves box and landmarks. */
void fid_candidate_shift(struct fid_candidate *candidate, float x, float y);

/* Highest score first; equal scores by position (top, then left), so that the order does not depend
 * on the sorting algorithm. */
void fid_candidates_sort(struct fid_candidates *list);

enum fid_overlap {
    FID_OVERLAP_UNION,  /* intersection over union */
    FID_OVERLAP_SMALLER /* intersection over the smaller of the two areas */
};
float fid_candidate_overlap(const struct fid_candidate *a, const struct fid_candidate *b,
                            enum fid_overlap kind);

/* Greedy non-maximum suppression: sorts the items from `first` on and removes each that overlaps a
 * better one that stays by more than limit. */
void fid_candidates_suppress(struct fid_candidates *list, size_t first, float limit,
                             enum fid_overlap kind);

#endif
