/* plot.h - diagrams in SVG: axes with a grid, numbers and titles, and text that is always
 * well-formed. The caller draws inside the axes, at app_axis_at. */
#ifndef APP_PLOT_H
#define APP_PLOT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

struct app_axis {
    double low, high; /* the values at its ends */
    double from, to;  /* their pixels */
    bool log;         /* equal steps are equal ratios; low > 0 */
    const char *title;
};

/* Colors that most eyes can tell apart. */
enum { APP_PLOT_COLOURS = 7 };
extern const char *const app_plot_colors[APP_PLOT_COLOURS];

/* The pixel of a value; one beyond an end is drawn there. */
double app_axis_at(const struct app_axis *axis, double value);
/* The next tick after v; the first one is app_axis_first. A logarithmic axis that spans more than
 * a factor of 12 has ticks at 1, 2, 5 times the powers of ten, any other even steps. */
double app_axis_first(const struct app_axis *axis);
double app_axis_next(const struct app_axis *axis, double v);
/* The nearest of 1, 2, 5 times a power of ten, down or up; value > 0. */
double app_round_125(double value, bool up);

/* The file's head and a white background; everything is drawn between begin and end. */
void app_plot_begin(FILE *out, int width, int height);
void app_plot_end(FILE *out);

/* Grid, numbers and titles of both axes; drawn first, below everything else. */
void app_plot_axes(FILE *out, const struct app_axis *x, const struct app_axis *y);
/* The box around the axes; drawn last, above everything else. */
void app_plot_frame(FILE *out, const struct app_axis *x, const struct app_axis *y);

/* Text inside XML: escaped, control characters and invalid bytes replaced. */
void app_plot_put(FILE *out, const char *text);
/* A line of text with its baseline at y; anchor: "start", "middle" or "end". */
void app_plot_text(FILE *out, double x, double y, const char *anchor, const char *text);

#endif
