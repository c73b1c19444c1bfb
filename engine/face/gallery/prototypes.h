/* prototypes.h - the few vectors that stand for a person's many samples. */
#ifndef FID_FACE_PROTOTYPES_H
#define FID_FACE_PROTOTYPES_H

#include <stdbool.h>
#include <stddef.h>

#define FID_PROTOTYPES_MAX 5u /* beside the mean */

/* Scales a vector to length 1; false (and untouched) if it is zero or not finite. */
bool fid_normalise(float *vector, size_t size);

/* Spherical k-means over samples[count][size] (of length 1; count ≥ 1): FILLS
 * prototypes[FID_PROTOTYPES_MAX][size] with the directions of up to FID_PROTOTYPES_MAX groups and
 * returns how many. A group of less than 2 % of the samples is left out: it is more likely somebody
 * else's face than a look of this person. None for a single sample, whose mean says it all.
 * Deterministic. group: scratch of count numbers. */
size_t fid_choose_prototypes(const float *samples, size_t count, size_t size, unsigned char *group,
                             float *prototypes);

/* FILLS mean[size] with the mean of samples[count][size], added in double precision. count >= 1. */
void fid_mean(const float *samples, size_t count, size_t size, float *mean);

/* What stands for a person: FILLS vectors[1 + FID_PROTOTYPES_MAX][size] with the direction of the
 * mean and the prototypes of samples (of length 1), and returns how many there are; 0 if the
 * samples cancel out. group: scratch of count numbers. */
size_t fid_person_vectors(const float *samples, size_t count, size_t size, unsigned char *group,
                          float *vectors);

#endif
