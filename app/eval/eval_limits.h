/* eval_limits.h - limits of a model, as measured by `faceid eval --json`. */
#ifndef APP_EVAL_LIMITS_H
#define APP_EVAL_LIMITS_H

#include "app/app.h"

struct app_limits {
    double accept, maybe, margin; /* NAN: the model has none */
    char measured_on[1400];
};

/* FILLS limits with the model's own, replaced by those that the file at path has measured for
 * this model: accept and margin by `eval identify`, maybe by `eval lfw`; the last of several
 * counts. maybe is never above accept. APP_INPUT after a message: no such file, not the output of
 * eval --json, measured with another model, or without a usable limit. */
enum app_exit app_limits_read(const struct fid_model *model, const char *path,
                              struct app_limits *limits);

#endif
