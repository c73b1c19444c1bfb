#include "app/enrolment.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool grow(struct app_enrolment *enrolment)
{
    size_t capacity = enrolment->capacity == 0 ? 64 : 2 * enrolment->capacity;
    float *embeddings =
        reallocarray(enrolment->embeddings, capacity, enrolment->size * sizeof *embeddings);
    if (embeddings != NULL)
        enrolment->embeddings = embeddings;
    char **sources = reallocarray(enrolment->sources, capacity, sizeof *sources);
    if (sources != NULL)
        enrolment->sources = sources;
    bool *dropped = reallocarray(enrolment->dropped, capacity, sizeof *dropped);
    if (dropped != NULL)
        enrolment->dropped = dropped;
    if (embeddings == NULL || sources == NULL || dropped == NULL)
        return false;
    enrolment->capacity = capacity;
    return true;
}

bool app_enrolment_add(struct app_enrolment *enrolment, const float *embedding, size_t size,
                       const char *source)
{
    enrolment->size = size;
    if (enrolment->count == enrolment->capacity && !grow(enrolment))
        return false;
    char *copy = strdup(source);
    if (copy == NULL)
        return false;
    memcpy(enrolment->embeddings + enrolment->count * size, embedding, size * sizeof *embedding);
    enrolment->sources[enrolment->count] = copy;
    enrolment->dropped[enrolment->count++] = false;
    return true;
}

static float likeness(const struct app_enrolment *enrolment, size_t a, size_t b)
{
    return fid_cosine(enrolment->embeddings + a * enrolment->size,
                      enrolment->embeddings + b * enrolment->size, enrolment->size);
}

/* The face that is most like all the others: somebody who is in few frames cannot be it. */
static size_t middle(const struct app_enrolment *enrolment)
{
    size_t best = 0;
    double best_sum = -INFINITY;
    for (size_t i = 0; i < enrolment->count; i++) {
        double sum = 0;
        for (size_t j = 0; j < enrolment->count; j++)
            sum += (double)likeness(enrolment, i, j);
        if (sum > best_sum) {
            best_sum = sum;
            best = i;
        }
    }
    return best;
}

void app_enrolment_drop_bystanders(struct app_enrolment *enrolment, float alike)
{
    enrolment->bystanders = 0;
    if (enrolment->count < 3)
        return; /* of two unlike faces nobody can say which one is meant */
    size_t centre = middle(enrolment);
    for (size_t i = 0; i < enrolment->count; i++) {
        enrolment->dropped[i] = likeness(enrolment, i, centre) < alike;
        enrolment->bystanders += enrolment->dropped[i];
    }
}

enum fid_status app_enrolment_write(const struct app_enrolment *enrolment,
                                    struct fid_gallery *gallery, const char *name, bool replace,
                                    struct fid_person *person, struct fid_error *error)
{
    struct fid_sample *samples = calloc(enrolment->count, sizeof *samples);
    size_t count = 0;
    if (samples == NULL) {
        error->status = FID_NO_MEMORY;
        snprintf(error->text, sizeof error->text, "no memory for %zu faces", enrolment->count);
        return FID_NO_MEMORY;
    }
    for (size_t i = 0; i < enrolment->count; i++)
        if (!enrolment->dropped[i])
            samples[count++] = (struct fid_sample){enrolment->embeddings + i * enrolment->size,
                                                   enrolment->sources[i]};
    enum fid_status status = fid_gallery_enroll_with(gallery, name, samples, count, replace,
                                                     &enrolment->terms, person, error);
    free(samples);
    return status;
}

enum fid_status app_enrolment_save(struct app_enrolment *enrolment, struct fid_gallery *gallery,
                                   const struct fid_rule *rule, const char *name, bool replace,
                                   bool force, struct fid_person *person, struct fid_error *error)
{
    enum fid_status status = FID_OK;
    app_enrolment_drop_bystanders(enrolment, rule->maybe);
    if (!force)
        status = app_enrolment_check(enrolment, gallery, rule, name, replace, error);
    return status == FID_OK ? app_enrolment_write(enrolment, gallery, name, replace, person, error)
                            : status;
}

void app_enrolment_clear(struct app_enrolment *enrolment)
{
    for (size_t i = 0; i < enrolment->count; i++)
        free(enrolment->sources[i]);
    free(enrolment->embeddings);
    free(enrolment->sources);
    free(enrolment->dropped);
    *enrolment = (struct app_enrolment){0};
}
