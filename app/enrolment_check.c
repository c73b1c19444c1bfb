/* enrolment_check.c - is it one person, the right one, and nobody else? A wrong face that is saved
 * once spoils a person's vectors for good, so that doubt is told before anything is written. */
#include "app/enrolment.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static enum fid_status refuse(struct fid_error *error, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static enum fid_status refuse(struct fid_error *error, const char *format, ...)
{
    static const char rest[] = ": nothing saved";
    char reason[sizeof error->text - sizeof rest];
    va_list args;
    va_start(args, format);
    vsnprintf(reason, sizeof reason, format, args);
    va_end(args);
    error->status = FID_QUALITY;
    snprintf(error->text, sizeof error->text, "%s%s", reason, rest);
    return FID_QUALITY;
}

/* FILLS mean[size] with the mean direction of the faces that are left. */
static void mean_face(const struct app_enrolment *enrolment, float *mean)
{
    memset(mean, 0, enrolment->size * sizeof *mean);
    for (size_t i = 0; i < enrolment->count; i++) {
        const float *face = enrolment->embeddings + i * enrolment->size;
        double square = 0;
        for (size_t p = 0; p < enrolment->size; p++)
            square += (double)face[p] * face[p];
        if (enrolment->dropped[i] || !(square > 0) || !isfinite(square))
            continue;
        for (size_t p = 0; p < enrolment->size; p++)
            mean[p] += (float)(face[p] / sqrt(square));
    }
}

/* What the mean face is of, in words: its first source, and how many more there are. */
static void describe(const struct app_enrolment *enrolment, char *out, size_t bytes)
{
    size_t first = 0, more = enrolment->count - enrolment->bystanders - 1;
    while (enrolment->dropped[first])
        first++;
    if (more > 0)
        snprintf(out, bytes, "the face of %.150s and %zu more", enrolment->sources[first], more);
    else
        snprintf(out, bytes, "the face of %.150s", enrolment->sources[first]);
}

static enum fid_status check_mean(const struct app_enrolment *enrolment, const float *mean,
                                  const struct fid_gallery *gallery, const struct fid_rule *rule,
                                  const char *name, bool replace, struct fid_error *error)
{
    struct fid_label label;
    struct fid_person own;
    float likeness;
    char what[256];
    describe(enrolment, what, sizeof what);
    fid_label_faces(gallery, rule, mean, 1, &label);
    bool known = fid_gallery_likeness(gallery, name, mean, &own, &likeness);
    if (label.person != 0 && (!known || label.person != own.id) && label.score >= rule->accept)
        return refuse(error, "%s looks like %.128s (%.2f)", what, label.nearest,
                      (double)label.score);
    if (known && !replace && likeness < rule->maybe)
        return refuse(error, "%s does not look like %s (%.2f)", what, own.name, (double)likeness);
    return FID_OK;
}

enum fid_status app_enrolment_check(const struct app_enrolment *enrolment,
                                    const struct fid_gallery *gallery, const struct fid_rule *rule,
                                    const char *name, bool replace, struct fid_error *error)
{
    if (enrolment->count == 2) { /* of more, those of somebody else are dropped */
        float likeness = fid_cosine(enrolment->embeddings, enrolment->embeddings + enrolment->size,
                                    enrolment->size);
        if (likeness < rule->maybe)
            return refuse(error, "%.150s and %.150s do not look like one person (%.2f)",
                          enrolment->sources[0], enrolment->sources[1], (double)likeness);
    }
    float *mean = malloc(enrolment->size * sizeof *mean);
    if (mean == NULL) {
        error->status = FID_NO_MEMORY;
        snprintf(error->text, sizeof error->text, "no memory for a vector");
        return FID_NO_MEMORY;
    }
    mean_face(enrolment, mean);
    enum fid_status status = check_mean(enrolment, mean, gallery, rule, name, replace, error);
    free(mean);
    return status;
}
