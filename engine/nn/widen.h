/* widen.h - filters of 16 and 8 bits for layers that compute in f32: made f32
 * when they are packed. */
#ifndef FID_NN_WIDEN_H
#define FID_NN_WIDEN_H

#include "engine/nn/step.h"

/* Has the step a filter that is not f32, though it computes in f32? Its numbers then, else 0. */
size_t fid_step_widened_count(const struct fid_step *step);
/* Writes them. */
void fid_step_widen(const struct fid_step *step, float *numbers);

#endif
