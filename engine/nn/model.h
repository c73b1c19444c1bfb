/* model.h - an open weight file whose graphs have been checked against the layers' rules. Immutable
 * after load, but for the memory of what has been checked; sessions and threads share it. */
#ifndef FID_NN_MODEL_H
#define FID_NN_MODEL_H

#include "engine/fid/model.h"
#include "engine/nn/runtime.h"
#include "weights/weight_file.h"

struct fid_model_checks;

struct fid_model {
    const struct fid_runtime *runtime; /* borrowed */
    struct fid_weight_file *file;      /* owned */
    struct fid_model_info info;
    struct fid_model_checks *checks; /* owned */
};

/* The graph called name (NULL: the first); NULL if there is none. */
const struct fid_file_graph *fid_model_find_graph(const struct fid_model *model, const char *name);

/* The graph of that name and a size that it takes for n inputs: FILLS *h and *w with the file's
 * where they are 0. FID_NOT_FOUND, FID_INVALID. */
enum fid_status fid_model_size(const struct fid_model *model, const char *graph_name, int n, int *h,
                               int *w, const struct fid_file_graph **graph,
                               struct fid_error *error);

#endif
