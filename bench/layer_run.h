/* layer_run.h - one session and the times of its layers. */
#ifndef BENCH_LAYER_RUN_H
#define BENCH_LAYER_RUN_H

#include "bench/layer_result.h"
#include "engine/fid.h"

struct layer_setting {
    const char *model, *graph; /* graph NULL: the first */
    struct fid_options options;
    int batch, runs, width, height; /* 0 x 0: the customary size */
};

struct layer_run; /* a session with what it stands on */

/* Opens, fills the input with a pattern and warms up (not for one run alone); bench_fail when the
 * model cannot be used, bench_refuse when there is no such kernel table or method. */
struct layer_run *layer_run_open(const struct layer_setting *setting, const char *method);
void layer_run_close(struct layer_run **run);

void layer_run_once(struct layer_run *run); /* at most `runs` times */

/* What it runs with. */
const char *layer_run_isa(const struct layer_run *run);
int layer_run_threads(const struct layer_run *run);

/* FILLS result after `runs` runs, all but peak and bandwidth. */
void layer_run_result(struct layer_run *run, struct layer_result *result);

#endif
