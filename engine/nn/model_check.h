/* model_check.h - what of a model has been checked. Inside the engine. */
#ifndef FID_NN_MODEL_CHECK_H
#define FID_NN_MODEL_CHECK_H

#include "engine/nn/model.h"

struct fid_model_checks *fid_model_checks_open(void);          /* NULL: no memory */
void fid_model_checks_close(struct fid_model_checks **checks); /* takes NULL */

/* The numbers of the file are checked when they are first needed, once, whatever thread
 * comes first: DATA; or PACK. The pages read stay resident. The error of damage is
 * FID_CORRUPT, every time. */
enum fid_status fid_model_check_data(const struct fid_model *model, struct fid_pool *pool,
                                     struct fid_error *error);
enum fid_status fid_model_check_pack(const struct fid_model *model, struct fid_pool *pool,
                                     struct fid_error *error);

#endif
