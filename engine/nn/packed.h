/* packed.h - packed weights that a file brings along: are they those of a
 * plan, and writing them. */
#ifndef FID_NN_PACKED_H
#define FID_NN_PACKED_H

#include "engine/nn/model_check.h"
#include "engine/nn/plan.h"

/* Would packing the plan's weights give the bytes in the file? The plan's memory is laid out. If
 * not, FILLS why[bytes] with the difference in words; "" when the file has no packed weights or
 * they are another graph's. */
bool fid_packed_fit(const struct fid_plan *plan, const struct fid_plan_context *context, char *why,
                    size_t bytes);

/* Points the steps at the bytes in the file, which fid_model_check_pack checks, after checking all
 * tensors that the steps still read. FID_CORRUPT, FID_NO_MEMORY. */
enum fid_status fid_packed_bind(struct fid_plan *plan, struct fid_error *error);

/* Are the packed weights what packing the tensors makes? Packs each step anew, one at a time, by
 * the method that the file names. used: where they are for the kernels that the model was opened
 * with, else where they are for others. FID_OK too where there is nothing to compare; FID_CORRUPT,
 * FID_NO_MEMORY. */
enum fid_status fid_packed_compare(const struct fid_model *model, struct fid_pool *pool, bool used,
                                   struct fid_error *error);

#endif
