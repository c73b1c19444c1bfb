/* enrollment_check.c - checks that the faces are one person, the right one and no other. A wrong
 * face spoils a person's vectors for good, so doubts are reported before anything is written. */
#include "app/enrollment/enrollment.h"
#include "app/error.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* FILLS mean[size] with the mean direction of the faces that are used. */
static void mean_face(const struct app_enrollment *enrollment, float *mean)
{
    memset(mean, 0, enrollment->size * sizeof *mean);
    for (size_t i = 0; i < enrollment->shot_count; i++) {
        size_t look = enrollment->shots[i].look;
        if (look == APP_NO_LOOK)
            continue;
        const float *face = enrollment->embeddings + look * enrollment->size;
        for (size_t p = 0; p < enrollment->size; p++)
            mean[p] += (float)((double)face[p] * enrollment->looks[look].scale);
    }
}

/* The sources of the mean face in words: the first one, and how many more there are. */
static void describe(const struct app_enrollment *enrollment, char *out, size_t bytes)
{
    size_t used = 0, first = 0;
    for (size_t i = enrollment->shot_count; i-- > 0;)
        if (enrollment->shots[i].look != APP_NO_LOOK) {
            first = i;
            used++;
        }
    if (used > 1)
        snprintf(out, bytes, "the face of %.150s and %zu more", enrollment->shots[first].name,
                 used - 1);
    else
        snprintf(out, bytes, "the face of %.150s", enrollment->shots[first].name);
}

static int ascending(const void *a, const void *b)
{
    float x = *(const float *)a, y = *(const float *)b;
    return (x > y) - (x < y);
}

/* The similarity to the other person that half of the faces reach. The mean is not used: it
 * holds less of each picture's noise, so it is nearer to every person than a single face, and the
 * limits are for single faces. FILLS scores[], at most one per shot. */
static float typical_likeness(const struct app_enrollment *enrollment,
                              const struct fid_gallery *gallery, const char *name, float *scores)
{
    struct fid_person person;
    size_t count = 0;
    for (size_t i = 0; i < enrollment->shot_count; i++) {
        size_t look = enrollment->shots[i].look;
        if (look != APP_NO_LOOK &&
            fid_gallery_likeness(gallery, name, enrollment->embeddings + look * enrollment->size,
                                 &person, &scores[count]))
            count++;
    }
    qsort(scores, count, sizeof *scores, ascending);
    return count > 0 ? scores[count / 2] : -1;
}

static enum fid_status check_mean(struct app_enrollment *enrollment, const float *mean,
                                  float *scores, const struct fid_gallery *gallery,
                                  const struct fid_rule *rule, const char *name, bool replace,
                                  struct fid_error *error)
{
    struct fid_label label;
    struct fid_person own;
    float likeness;
    char what[256];
    describe(enrollment, what, sizeof what);
    fid_label_faces(gallery, rule, mean, 1, &label);
    bool known = fid_gallery_likeness(gallery, name, mean, &own, &likeness);
    bool other = label.person != 0 && (!known || label.person != own.id);
    float score = other ? typical_likeness(enrollment, gallery, label.nearest, scores) : -1;
    if (other && score >= rule->accept)
        return app_error(error, FID_QUALITY, "%s looks like %.128s (%.2f)", what, label.nearest,
                         (double)score);
    if (known && !replace && likeness < rule->maybe)
        return app_error(error, FID_QUALITY, "%s does not look like %s (%.2f)", what, own.name,
                         (double)likeness);
    if (other && score >= rule->accept - rule->margin && enrollment->doubt[0] == '\0')
        snprintf(enrollment->doubt, sizeof enrollment->doubt,
                 "%.200s is rather like %.128s (%.2f, a name is given from %.2f on)", what,
                 label.nearest, (double)score, (double)rule->accept);
    return FID_OK;
}

enum fid_status app_enrollment_check(struct app_enrollment *enrollment,
                                     const struct fid_gallery *gallery, const struct fid_rule *rule,
                                     const char *name, bool replace, struct fid_error *error)
{
    float *mean = malloc(enrollment->size * sizeof *mean);
    float *scores = calloc(enrollment->shot_count + 1, sizeof *scores);
    if (mean == NULL || scores == NULL) {
        free(mean);
        free(scores);
        return app_error(error, FID_NO_MEMORY, "no memory for a vector");
    }
    mean_face(enrollment, mean);
    enum fid_status status =
        check_mean(enrollment, mean, scores, gallery, rule, name, replace, error);
    free(mean);
    free(scores);
    return status;
}
