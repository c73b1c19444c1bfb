/* eval_sheet.h - what the diagrams of --plots share: title, axes and key. */
#ifndef APP_EVAL_SHEET_H
#define APP_EVAL_SHEET_H

#include "app/eval/eval_curves.h"
#include "app/output/plot.h"

struct app_sheet { /* x and y filled by the caller except for their pixels */
    const struct app_eval_curves *curves;
    const char *name; /* of the file */
    struct fid_output *output;
    FILE *out; /* its stream */
    struct app_axis x, y;
    double key;        /* where its next entry starts */
    double at_x, at_y; /* the vertex drawn last */
};

/* Opens the file and draws the axes under a title that says what it is. */
enum app_exit app_sheet_begin(struct app_sheet *sheet, const char *what);
enum app_exit app_sheet_end(struct app_sheet *sheet);

/* An entry of the key, a square or (with dot) a dot, and its meaning. */
void app_sheet_key(struct app_sheet *sheet, const char *color, bool dot, const char *text);

/* A line of this class through the vertices, which are values of the axes. */
void app_sheet_line(struct app_sheet *sheet, const char *class, const char *style);
void app_sheet_vertex(struct app_sheet *sheet, double x, double y);
void app_sheet_line_end(const struct app_sheet *sheet);

/* The operating point. */
void app_sheet_dot(const struct app_sheet *sheet, double x, double y);

#define APP_SHEET_THRESHOLD "#222"

#endif
