/* enrollment_spread.c - chooses the frames of a clip that differ most: hundreds of equal ones would
 * teach one view of a person and outweigh all others in the mean. */
#include "app/enrollment/enrollment.h"
#include "app/error.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* How different two looks at a face are: in its turn, by 10 degrees a step, and a little in time,
 * whose length of the clip counts as three steps. */
static double distance(const struct app_enrollment *enrollment, size_t a, size_t b,
                       double per_frame)
{
    const struct app_look *x = &enrollment->looks[enrollment->shots[a].look];
    const struct app_look *y = &enrollment->looks[enrollment->shots[b].look];
    double yaw = (double)(x->yaw - y->yaw) / 10, pitch = (double)(x->pitch - y->pitch) / 10;
    double time = (double)(enrollment->shots[a].frame - enrollment->shots[b].frame) * per_frame;
    return sqrt(yaw * yaw + pitch * pitch + time * time);
}

/* Of the used shots from..to-1 of one clip keeps `most`: first the best, then always the one
 * farthest from those before, preferring good ones. near: scratch. */
static void spread(struct app_enrollment *enrollment, size_t from, size_t to, size_t most,
                   double *near)
{
    double frames = (double)(enrollment->shots[to - 1].frame - enrollment->shots[from].frame);
    double per_frame = frames > 0 ? 3 / frames : 0;
    for (size_t i = from; i < to; i++)
        near[i] = INFINITY;
    for (size_t kept = 0; kept < most; kept++) {
        size_t best = APP_NO_LOOK;
        double farthest = -1;
        for (size_t i = from; i < to; i++) {
            if (enrollment->shots[i].look == APP_NO_LOOK || near[i] < 0)
                continue;
            double score = (double)enrollment->looks[enrollment->shots[i].look].score;
            double value = (kept == 0 ? 1 : near[i]) * (0.25 + 0.75 * score);
            if (value > farthest) {
                farthest = value;
                best = i;
            }
        }
        for (size_t i = from; i < to; i++)
            if (enrollment->shots[i].look != APP_NO_LOOK && near[i] >= 0)
                near[i] = fmin(near[i], distance(enrollment, i, best, per_frame));
        near[best] = -1; /* kept */
    }
    for (size_t i = from; i < to; i++)
        if (enrollment->shots[i].look != APP_NO_LOOK && near[i] >= 0) {
            enrollment->shots[i].look = APP_NO_LOOK;
            enrollment->shots[i].verdict = (struct app_verdict){.reason = APP_GATE_SPARE};
        }
}

static bool same_file(const struct app_shot *a, const struct app_shot *b)
{
    return a->file_bytes == b->file_bytes && memcmp(a->name, b->name, a->file_bytes) == 0;
}

enum fid_status app_enrollment_spread(struct app_enrollment *enrollment, size_t most,
                                      struct fid_error *error)
{
    double *near = calloc(enrollment->shot_count, sizeof *near);
    if (near == NULL)
        return app_error(error, FID_NO_MEMORY, "no memory for %zu frames", enrollment->shot_count);
    for (size_t from = 0, to; from < enrollment->shot_count; from = to) {
        size_t used = 0;
        for (to = from; to < enrollment->shot_count &&
                        same_file(&enrollment->shots[from], &enrollment->shots[to]);
             to++)
            used += enrollment->shots[to].look != APP_NO_LOOK;
        if (enrollment->shots[from].frame >= 0 && used > most)
            spread(enrollment, from, to, most, near);
    }
    free(near);
    return FID_OK;
}
