/* model.h - an open weight file whose graphs have been checked against the layers' rules.
 * Immutable after load; sessions and threads share it. */
#ifndef FID_NN_MODEL_H
#define FID_NN_MODEL_H

#include "engine/nn/runtime.h"
#include "weights/weight_file.h"

struct fid_model {
    struct fid_weight_file *file; /* owned */
    struct fid_model_info info;
};

/* The graph called name (NULL: the first); NULL if there is none. */
const struct fid_file_graph *fid_model_find_graph(const struct fid_model *model, const char *name);

#endif
