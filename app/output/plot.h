/* plot.h - pictures of measurements in SVG: axes with a grid, numbers and titles, and text that is
 * always well-formed. What stands inside the axes is drawn by their users, at app_axis_at. */
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

/* Colours that most eyes tell apart. */
enum { APP_PLOT_COLOURS = 7 };
extern const char *const app_plot_colours[APP_PLOT_COLOURS];

/* The pixel of a value; one beyond an end is drawn there. */
double app_axis_at(const struct app_axis *axis, double value);
/* The number of the axis after v; the first one is app_axis_first. An axis that spans more than a
 * factor of 12 in logarithms has 1, 2, 5 times the powers of ten, another one even steps. */
double app_axis_first(const struct app_axis *axis);
double app_axis_next(const struct app_axis *axis, double v);
/* The nearest of 1, 2, 5 times a power of ten, down or up; value > 0. */
double app_round_125(double value, bool up);

/* The file's head and a white ground; everything is drawn between begin and end. */
void app_plot_begin(FILE *out, int width, int height);
void app_plot_end(FILE *out);

/* Grid, numbers and titles of both axes, below everything that is drawn later. */
void app_plot_axes(FILE *out, const struct app_axis *x, const struct app_axis *y);
/* The box around the axes, above everything that was drawn before. */
void app_plot_frame(FILE *out, const struct app_axis *x, const struct app_axis *y);

/* Text inside XML: escaped, control characters and invalid bytes replaced. */
void app_plot_put(FILE *out, const char *text);
/* A line of text with its base line at y; anchor: "start", "middle" or "end". */
void app_plot_text(FILE *out, double x, double y, const char *anchor, const char *text);

#endif
