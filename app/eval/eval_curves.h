/* eval_curves.h - what an evaluation writes into the folder of --plots: its curves as pictures
 * (SVG) and tables (CSV). Without a folder the functions that write do nothing. */
#ifndef APP_EVAL_CURVES_H
#define APP_EVAL_CURVES_H

#include "app/app.h"

#include <stdio.h>

/* A protocol's names for the parts of its curve. */
struct app_eval_words {
    const char *mated, *impostors;                     /* in the key of the scores */
    const char *accepted, *refused, *false_accepted;   /* titles of axes, in % */
    const char *accepted_short, *false_accepted_short; /* "TAR", "FAR" */
    const char *score;                                 /* title of an axis */
    const char *columns; /* of curve.csv, after the threshold: mated, impostors, two shares */
};

struct app_eval_curves {
    const char *folder; /* borrowed; NULL: nothing is written */
    const struct app_eval_words *words;
    char title[256]; /* the models */
    char counts[256];
    double threshold; /* marked in the pictures */
};

/* Makes the folder of --plots, if given, before the long work starts. APP_USAGE after a message: a
 * file in it that would be replaced is the table itself, or not a file. */
enum app_exit app_eval_curves_open(const struct app *app, const struct app_eval_words *words,
                                   struct app_eval_curves *curves);
/* FILLS the title with the names of the open models. */
void app_eval_curves_title(const struct app *app, struct app_eval_curves *curves);

/* Opens and closes a file in the folder: a message and an exit code if it cannot be written. */
enum app_exit app_eval_create(const struct app_eval_curves *curves, const char *name,
                              struct fid_output **output);
enum app_exit app_eval_finish(struct fid_output **output);
/* The same of a table: its first line is these columns, and *file is where the others go. */
enum app_exit app_eval_create_table(const struct app_eval_curves *curves, const char *name,
                                    const char *columns, struct fid_output **output, FILE **file);

/* curve.csv, roc.svg, det.svg */
enum app_exit app_eval_write_rates(const struct app_eval_curves *curves,
                                   const struct fid_curve *curve);
/* curve.csv, precision_recall.svg: the mated are hits, the impostors false alarms */
enum app_exit app_eval_write_precision(const struct app_eval_curves *curves,
                                       const struct fid_curve *curve);
/* scores.svg: histograms of the mated and the impostors; -INFINITY is not a score */
enum app_exit app_eval_draw_scores(const struct app_eval_curves *curves, const float *scores,
                                   const bool *mated, size_t count);

#endif
