/* eval_limits.h - what `faceid eval --json` has measured, as limits of a model. */
#ifndef APP_EVAL_LIMITS_H
#define APP_EVAL_LIMITS_H

#include "app/app.h"

struct app_limits {
    double accept, maybe, margin; /* NAN: the model has none */
    char measured_on[1400];
};

/* FILLS limits with the model's own, and over them those that the file at path has measured for
 * this model: accept and margin by `eval identify`, maybe by `eval lfw`, of several of a kind the
 * last. maybe is never above accept. APP_INPUT after a sentence: no such file, no output of eval
 * --json, measured with another model, or nothing in it that a limit could be taken from. */
enum app_exit app_limits_read(const struct fid_model *model, const char *path,
                              struct app_limits *limits);

#endif
