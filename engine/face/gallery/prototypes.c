/* The few vectors that stand for the many samples of a person. */
#include "engine/face/gallery/prototypes.h"

#include "kernels/kernels.h"

#include <math.h>
#include <string.h>

enum { ROUNDS = 20 }; /* k-means settles in fewer; the limit ends a tie that goes round */

bool fid_normalise(float *vector, size_t size)
{
    double sum = 0;
    for (size_t i = 0; i < size; i++)
        sum += (double)vector[i] * vector[i];
    double norm = sqrt(sum);
    if (!isfinite(norm) || norm < 1e-30) /* as far as a float can be scaled and stay itself */
        return false;
    for (size_t i = 0; i < size; i++)
        vector[i] = (float)(vector[i] / norm);
    return true;
}

/* The prototype that the vector is most like. */
static unsigned char nearest_group(const struct fid_kernels *kernels, const float *vector,
                                   const float *prototypes, size_t groups, size_t size,
                                   float *cosine)
{
    unsigned char nearest = 0;
    *cosine = -INFINITY;
    for (size_t g = 0; g < groups; g++) {
        float dot = kernels->dot_f32(size, vector, prototypes + g * size);
        if (dot > *cosine) {
            *cosine = dot;
            nearest = (unsigned char)g;
        }
    }
    return nearest;
}

/* Farthest-first: starts with the first sample, then always the one least like those before. */
static size_t seed(const struct fid_kernels *kernels, const float *samples, size_t count,
                   size_t size, float *prototypes)
{
    const float same = 0.9999f; /* copies of a picture are no second look */
    memcpy(prototypes, samples, size * sizeof *samples);
    size_t groups = 1;
    while (groups < FID_PROTOTYPES_MAX) {
        size_t farthest = 0;
        float least = INFINITY, cosine;
        for (size_t i = 0; i < count; i++) {
            nearest_group(kernels, samples + i * size, prototypes, groups, size, &cosine);
            if (cosine < least) {
                least = cosine;
                farthest = i;
            }
        }
        if (least > same)
            break;
        memcpy(prototypes + groups++ * size, samples + farthest * size, size * sizeof *samples);
    }
    return groups;
}

/* Sends each sample to its group; returns whether one changed. */
static bool assign(const struct fid_kernels *kernels, const float *samples, size_t count,
                   size_t size, const float *prototypes, size_t groups, unsigned char *group)
{
    bool changed = false;
    float cosine;
    for (size_t i = 0; i < count; i++) {
        unsigned char now =
            nearest_group(kernels, samples + i * size, prototypes, groups, size, &cosine);
        changed = changed || now != group[i];
        group[i] = now;
    }
    return changed;
}

/* The direction of a group's sum; returns the number of its samples, or 0 for a group that is empty
 * or whose samples cancel out. */
static size_t centre(const float *samples, size_t count, size_t size, const unsigned char *group,
                     size_t g, float *prototype)
{
    size_t members = 0;
    for (size_t i = 0; i < count; i++)
        members += group[i] == g;
    for (size_t p = 0; p < size && members > 0; p++) {
        double sum = 0;
        for (size_t i = 0; i < count; i++)
            sum += group[i] == g ? (double)samples[i * size + p] : 0;
        prototype[p] = (float)(sum / (double)members);
    }
    return members > 0 && fid_normalise(prototype, size) ? members : 0;
}

size_t fid_choose_prototypes(const float *samples, size_t count, size_t size, unsigned char *group,
                             float *prototypes)
{
    const struct fid_kernels *kernels = fid_kernels_best();
    size_t members[FID_PROTOTYPES_MAX], kept = 0, least = (count + 49) / 50;
    if (count < 2)
        return 0;
    memset(group, FID_PROTOTYPES_MAX, count); /* no group yet */
    size_t groups = seed(kernels, samples, count, size, prototypes);
    for (int round = 0; round < ROUNDS; round++) {
        bool changed = assign(kernels, samples, count, size, prototypes, groups, group);
        for (size_t g = 0; g < groups; g++)
            members[g] = centre(samples, count, size, group, g, prototypes + g * size);
        if (!changed)
            break;
    }
    for (size_t g = 0; g < groups; g++)
        if (members[g] >= least)
            memmove(prototypes + kept++ * size, prototypes + g * size, size * sizeof *prototypes);
    return kept > 1 ? kept : 0; /* a single group is the mean again */
}

void fid_mean(const float *samples, size_t count, size_t size, float *mean)
{
    for (size_t p = 0; p < size; p++) {
        double sum = 0;
        for (size_t i = 0; i < count; i++)
            sum += (double)samples[i * size + p];
        mean[p] = (float)(sum / (double)count);
    }
}

size_t fid_person_vectors(const float *samples, size_t count, size_t size, unsigned char *group,
                          float *vectors)
{
    fid_mean(samples, count, size, vectors);
    if (!fid_normalise(vectors, size))
        return 0;
    return 1 + fid_choose_prototypes(samples, count, size, group, vectors + size);
}
