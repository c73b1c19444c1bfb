/* enrollment.c - the pictures and faces that an enrollment has gathered. */
#include "app/enrollment/enrollment.h"
#include "app/error.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Makes room for one more item of `each` bytes; returns the array, which moves if it was full.
 * NULL: no memory.
 */
static void *grown(void *items, size_t *capacity, size_t count, size_t each)
{
    if (count < *capacity)
        return items;
    size_t wanted = *capacity == 0 ? 64 : 2 * *capacity;
    void *larger = reallocarray(items, wanted, each);
    if (larger != NULL)
        *capacity = wanted;
    return larger;
}

bool app_enrollment_shot(struct app_enrollment *enrollment, const char *file, long frame,
                         bool rivals)
{
    char *name;
    struct app_shot *shots = grown(enrollment->shots, &enrollment->shot_capacity,
                                   enrollment->shot_count, sizeof *enrollment->shots);
    if (shots == NULL)
        return false;
    enrollment->shots = shots;
    if ((frame < 0 ? asprintf(&name, "%s", file) : asprintf(&name, "%s#%ld", file, frame)) < 0)
        return false;
    shots[enrollment->shot_count++] = (struct app_shot){.name = name,
                                                        .file_bytes = strlen(file),
                                                        .frame = frame,
                                                        .rivals = rivals,
                                                        .verdict = {.reason = APP_GATE_NO_FACE},
                                                        .look = APP_NO_LOOK};
    return true;
}

/* 1 / length; 0 if the length is not usable. */
static double scale_of(const float *embedding, size_t size)
{
    double square = 0;
    for (size_t p = 0; p < size; p++)
        square += (double)embedding[p] * embedding[p];
    return isfinite(square) && square >= 1e-60 ? 1 / sqrt(square) : 0;
}

/* Makes room for one more look and its embedding. */
static bool grow_looks(struct app_enrollment *enrollment)
{
    size_t count = enrollment->look_count, capacity = enrollment->look_capacity;
    float *embeddings =
        grown(enrollment->embeddings, &capacity, count, enrollment->size * sizeof *embeddings);
    if (embeddings != NULL)
        enrollment->embeddings = embeddings;
    capacity = enrollment->look_capacity;
    struct app_look *looks = grown(enrollment->looks, &capacity, count, sizeof *looks);
    if (looks != NULL)
        enrollment->looks = looks;
    if (embeddings == NULL || looks == NULL)
        return false;
    enrollment->look_capacity = capacity;
    return true;
}

bool app_enrollment_look(struct app_enrollment *enrollment, const float *embedding, size_t size,
                         const struct fid_quality *quality, const struct app_verdict *verdict)
{
    struct app_shot *shot = &enrollment->shots[enrollment->shot_count - 1];
    bool main = shot->verdict.reason == APP_GATE_NO_FACE;
    double scale = embedding != NULL ? scale_of(embedding, size) : 0;
    if (main)
        shot->verdict = *verdict;
    if (main && embedding != NULL && scale == 0)
        shot->verdict = (struct app_verdict){.reason = APP_GATE_NO_VECTOR};
    if (scale == 0)
        return true;
    enrollment->size = size;
    if (!grow_looks(enrollment))
        return false;
    size_t i = enrollment->look_count++;
    memcpy(enrollment->embeddings + i * size, embedding, size * sizeof *embedding);
    enrollment->looks[i] = (struct app_look){.shot = enrollment->shot_count - 1,
                                             .verdict = *verdict,
                                             .yaw = quality->yaw,
                                             .pitch = quality->pitch,
                                             .score = quality->score,
                                             .scale = scale,
                                             .main = main};
    return true;
}

enum fid_status app_enrollment_crop(struct app_enrollment *enrollment,
                                    const struct fid_picture *picture, const struct fid_face *face,
                                    struct fid_error *error)
{
    struct app_look *look = &enrollment->looks[enrollment->look_count - 1];
    struct fid_bytes encoded = {0}; /* its buffer has room for the raw picture, too much to keep */
    enum fid_status status = fid_face_crop_encode(picture, face, &encoded, error);
    if (status == FID_OK && (look->crop = malloc(encoded.size)) == NULL)
        status = app_error(error, FID_NO_MEMORY, "no memory for a crop");
    if (status == FID_OK) {
        memcpy(look->crop, encoded.data, encoded.size);
        look->crop_size = encoded.size;
    }
    fid_bytes_free(&encoded);
    return status == FID_INVALID ? FID_OK : status;
}

void app_enrollment_count(const struct app_enrollment *enrollment, size_t counts[APP_GATE_REASONS])
{
    memset(counts, 0, APP_GATE_REASONS * sizeof *counts);
    for (size_t i = 0; i < enrollment->shot_count; i++)
        counts[enrollment->shots[i].verdict.reason]++;
}

size_t app_enrollment_reasons(const struct app_enrollment *enrollment, char *text, size_t bytes)
{
    size_t counts[APP_GATE_REASONS], total = 0, end = 0;
    app_enrollment_count(enrollment, counts);
    for (size_t i = 0; i < enrollment->shot_count;
         i++) /* bad ones, used because there are no better ones */
        counts[enrollment->shots[i].verdict.reason] -= enrollment->shots[i].look != APP_NO_LOOK;
    text[0] = '\0';
    for (int i = APP_GATE_GOOD + 1; i < APP_GATE_REASONS; i++) {
        if (counts[i] == 0)
            continue;
        snprintf(text + end, bytes - end, "%s%zu %s", total > 0 ? ", " : "", counts[i],
                 app_gate_text((enum app_gate_reason)i));
        end += strlen(text + end);
        total += counts[i];
    }
    return total;
}

void app_enrollment_clear(struct app_enrollment *enrollment)
{
    for (size_t i = 0; i < enrollment->shot_count; i++)
        free(enrollment->shots[i].name);
    free(enrollment->shots);
    for (size_t i = 0; i < enrollment->look_count; i++)
        free(enrollment->looks[i].crop);
    free(enrollment->looks);
    free(enrollment->embeddings);
    *enrollment = (struct app_enrollment){.keep_crops = enrollment->keep_crops};
}
