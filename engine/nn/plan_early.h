/* plan_early.h - which steps of a batch run picture by picture. Inside the planner. */
#ifndef FID_NN_PLAN_EARLY_H
#define FID_NN_PLAN_EARLY_H

#include "engine/nn/plan.h"

/* FILLS early_count and batched, and makes room for the steps of the other pictures; after the
 * methods are chosen. False: no memory. */
bool fid_plan_choose_early(struct fid_plan *plan, bool keep_values);

#endif
