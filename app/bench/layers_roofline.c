/* layers_roofline.c - draws the roofline picture: each layer's speed over its operational
 * intensity, on logarithmic axes, below the two measured roofs. A layer is a numbered point; a
 * list beside the axes explains the numbers. */
#include "app/bench/layers.h"
#include "app/output/plot.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    LEFT = 62,
    TOP = 64,
    PLOT_WIDTH = 760,
    LIST_X = LEFT + PLOT_WIDTH + 28,
    LIST_WIDTH = 506,
    LINE = 13,       /* of the list */
    LABEL_HEIGHT = 9 /* of a number beside its point */
};

struct point {
    const struct app_layer *row;
    size_t number, method;                /* number: from 1, its position in the network */
    double x, y, radius;                  /* pixels */
    double label_x, label_y, label_width; /* middle of the label's box */
};

struct picture {
    const struct app_layers *layers;
    FILE *out;
    struct app_axis x, y;               /* FLOP/byte, GFLOP/s */
    int height;                         /* of the axes, pixels */
    size_t count, method_count, hidden; /* hidden: layers that do not multiply */
    double hidden_ms, sum_ms;
    struct point *points;
    const char *methods[APP_PLOT_COLOURS];
};

/* ---- geometry ---- */

static void choose_axes(struct picture *picture)
{
    const struct app_layers *layers = picture->layers;
    double x_low = INFINITY, x_high = 0, y_low = INFINITY, y_high = 0;
    for (size_t i = 0; i < picture->count; i++) {
        const struct app_layer *row = picture->points[i].row;
        x_low = fmin(x_low, app_layer_intensity(row));
        x_high = fmax(x_high, app_layer_intensity(row));
        y_low = fmin(y_low, app_layer_gflops(row));
        y_high = fmax(y_high, app_layer_gflops(row));
    }
    if (isfinite(layers->peak)) {
        x_low = fmin(x_low, layers->peak / layers->bandwidth);
        y_high = fmax(y_high, layers->peak * 1e-9);
    }
    picture->x = (struct app_axis){
        .low = app_round_125(x_low / 1.3, false),
        .high = app_round_125(x_high * 1.3, true),
        .from = LEFT,
        .to = LEFT + PLOT_WIDTH,
        .log = true,
        .title = "operational intensity, FLOP/byte (input, weights and output moved once)"};
    picture->y = (struct app_axis){.low = app_round_125(y_low / 1.3, false),
                                   .high = y_high * 1.25,
                                   .from = TOP + picture->height,
                                   .to = TOP,
                                   .log = true,
                                   .title = "GFLOP/s"};
}

/* ---- points ---- */

static size_t method_of(struct picture *picture, const char *name)
{
    size_t i = 0;
    while (i < picture->method_count && strcmp(picture->methods[i], name) != 0)
        i++;
    if (i == picture->method_count && i < APP_PLOT_COLOURS)
        picture->methods[picture->method_count++] = name;
    return i < APP_PLOT_COLOURS ? i : APP_PLOT_COLOURS - 1;
}

static void collect_points(struct picture *picture)
{
    const struct app_layers *layers = picture->layers;
    picture->sum_ms = app_layers_sum(layers).time.least;
    for (size_t i = 0; i < layers->count; i++) {
        const struct app_layer *row = &layers->rows[i];
        if (app_layer_gflops(row) > 0 && row->bytes > 0) {
            struct point *point = &picture->points[picture->count++];
            point->row = row;
            point->number = i + 1;
            point->method = method_of(picture, row->method[0] != '\0' ? row->method : row->op);
            point->radius = 2.5 + 0.9 * sqrt(100 * row->time.least / picture->sum_ms);
        } else {
            picture->hidden++;
            picture->hidden_ms += row->time.least;
        }
    }
}

static bool overlap(double x1, double y1, double w1, double h1, double x2, double y2, double w2,
                    double h2)
{
    return fabs(x1 - x2) < (w1 + w2) / 2 && fabs(y1 - y2) < (h1 + h2) / 2;
}

/* Is there room for the label of point `self` around x, y? Labels are placed in order. */
static bool is_free(const struct picture *picture, size_t self, double x, double y)
{
    const double width = picture->points[self].label_width;
    if (x - width / 2 < LEFT + 2 || x + width / 2 > LEFT + PLOT_WIDTH - 2 || y < TOP + 8 ||
        y > TOP + picture->height - 8)
        return false;
    for (size_t i = 0; i < picture->count; i++) {
        const struct point *other = &picture->points[i];
        const double size = 2 * other->radius + 1;
        if (overlap(x, y, width, LABEL_HEIGHT, other->x, other->y, size, size))
            return false;
        if (i < self && overlap(x, y, width + 2, LABEL_HEIGHT + 1, other->label_x, other->label_y,
                                other->label_width, LABEL_HEIGHT))
            return false;
    }
    return true;
}

/* The nearest free place on circles around the point, or the point itself if there is none. */
static void place_label(struct picture *picture, size_t self)
{
    enum { DIRECTIONS = 24, CIRCLES = 30 };
    struct point *point = &picture->points[self];
    point->label_width = point->number < 10 ? 6 : point->number < 100 ? 12 : 18;
    point->label_x = point->x;
    point->label_y = point->y;
    for (int circle = 0; circle < CIRCLES; circle++)
        for (int d = 0; d < DIRECTIONS; d++) {
            const double angle = 2 * 3.14159265358979 * d / DIRECTIONS;
            const double distance = point->radius + 5 + 5 * circle;
            const double x = point->x + (distance + point->label_width / 2) * cos(angle);
            const double y = point->y - (distance + LABEL_HEIGHT / 2.0) * sin(angle);
            if (is_free(picture, self, x, y)) {
                point->label_x = x;
                point->label_y = y;
                return;
            }
        }
}

static void place_points(struct picture *picture)
{
    for (size_t i = 0; i < picture->count; i++) {
        struct point *point = &picture->points[i];
        point->x = app_axis_at(&picture->x, app_layer_intensity(point->row));
        point->y = app_axis_at(&picture->y, app_layer_gflops(point->row));
    }
    for (size_t i = 0; i < picture->count; i++)
        place_label(picture, i);
}

/* ---- drawing ---- */

static void draw_roofs(const struct picture *picture)
{
    const struct app_layers *layers = picture->layers;
    FILE *out = picture->out;
    if (!isfinite(layers->peak))
        return;
    const double peak = layers->peak * 1e-9, slope = layers->bandwidth * 1e-9;
    const double ridge = peak / slope, foot = fmax(picture->x.low, picture->y.low / slope);
    const double x = app_axis_at(&picture->x, ridge), y = app_axis_at(&picture->y, peak);
    const double foot_x = app_axis_at(&picture->x, foot),
                 foot_y = app_axis_at(&picture->y, foot * slope);
    const double angle = -atan2(foot_y - y, x - foot_x) * 180 / 3.14159265358979;
    fprintf(out,
            "<polyline class=\"roof\" points=\"%.1f,%.1f %.1f,%.1f %d,%.1f\" fill=\"none\" "
            "stroke=\"#222\" stroke-width=\"1.8\"/>\n",
            foot_x, foot_y, x, y, LEFT + PLOT_WIDTH, y);
    fprintf(out,
            "<text x=\"%d\" y=\"%.1f\" text-anchor=\"end\">multiply-add peak %.1f GFLOP/s</text>\n",
            LEFT + PLOT_WIDTH - 6, y - 6, peak);
    fprintf(out,
            "<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"middle\" transform=\"rotate(%.1f %.1f %.1f)"
            "\">memory read %.1f GB/s</text>\n",
            (foot_x + x) / 2, (foot_y + y) / 2 - 6, angle, (foot_x + x) / 2, (foot_y + y) / 2,
            slope);
}

static void draw_points(const struct picture *picture)
{
    FILE *out = picture->out;
    fputs("<g stroke=\"#999\" stroke-width=\"0.6\">\n", out);
    for (size_t i = 0; i < picture->count; i++) {
        const struct point *p = &picture->points[i];
        if (hypot(p->label_x - p->x, p->label_y - p->y) > p->radius + 14)
            fprintf(out, "<line x1=\"%.1f\" y1=\"%.1f\" x2=\"%.1f\" y2=\"%.1f\"/>\n", p->x, p->y,
                    p->label_x, p->label_y);
    }
    fputs("</g>\n<g stroke=\"white\" stroke-width=\"0.6\">\n", out);
    for (size_t i = 0; i < picture->count; i++) {
        const struct point *p = &picture->points[i];
        fprintf(out,
                "<circle class=\"layer\" cx=\"%.1f\" cy=\"%.1f\" r=\"%.1f\" fill=\"%s\"><title>",
                p->x, p->y, p->radius, app_plot_colors[p->method]);
        app_plot_put(out, p->row->name);
        fprintf(out, ": %.1f GFLOP/s, %.3f ms, %.1f FLOP/byte</title></circle>\n",
                app_layer_gflops(p->row), p->row->time.least, app_layer_intensity(p->row));
    }
    fputs("</g>\n<g font-size=\"9.5\" text-anchor=\"middle\" stroke=\"white\" stroke-width=\"2.5\" "
          "paint-order=\"stroke\">\n",
          out);
    for (size_t i = 0; i < picture->count; i++)
        fprintf(out, "<text x=\"%.1f\" y=\"%.1f\">%zu</text>\n", picture->points[i].label_x,
                picture->points[i].label_y + 3.4, picture->points[i].number);
    fputs("</g>\n", out);
}

/* A cell of the list, cut to `width` characters; y is its baseline. */
static void cell(FILE *out, double x, double y, const char *anchor, int width, const char *text)
{
    char cut[64];
    snprintf(cut, sizeof cut, "%.*s", width, text);
    app_plot_text(out, x, y, anchor, cut);
}

static void draw_list_row(const struct picture *picture, const struct point *p, double y)
{
    FILE *out = picture->out;
    const struct app_layer *row = p->row;
    char text[64];
    fprintf(out, "<circle cx=\"%d\" cy=\"%.1f\" r=\"3.5\" fill=\"%s\"/>", LIST_X + 4, y - 3.5,
            app_plot_colors[p->method]);
    snprintf(text, sizeof text, "%zu", p->number);
    cell(out, LIST_X + 30, y, "end", 6, text);
    cell(out, LIST_X + 38, y, "start", 22, row->name + app_layers_prefix(picture->layers));
    app_layer_shape(row, text, sizeof text);
    cell(out, LIST_X + 180, y, "start", 20, text);
    snprintf(text, sizeof text, "%.1f", app_layer_gflops(row));
    cell(out, LIST_X + 358, y, "end", 10, text);
    const double share = app_layer_share(picture->layers, row);
    if (isfinite(share))
        snprintf(text, sizeof text, "%.0f %%", share);
    else
        snprintf(text, sizeof text, "-");
    cell(out, LIST_X + 408, y, "end", 8, text);
    snprintf(text, sizeof text, "%.3f", row->time.least);
    cell(out, LIST_X + 468, y, "end", 10, text);
}

static void draw_list(const struct picture *picture)
{
    FILE *out = picture->out;
    fputs("<g font-size=\"10\" font-family=\"DejaVu Sans Mono, monospace\">\n", out);
    fputs("<g font-weight=\"bold\">", out);
    cell(out, LIST_X + 38, TOP, "start", 22, "layer");
    cell(out, LIST_X + 180, TOP, "start", 22, "output, window");
    cell(out, LIST_X + 358, TOP, "end", 10, "GFLOP/s");
    cell(out, LIST_X + 408, TOP, "end", 8, "peak");
    cell(out, LIST_X + 468, TOP, "end", 10, "ms");
    fputs("</g>\n", out);
    for (size_t i = 0; i < picture->count; i++)
        draw_list_row(picture, &picture->points[i], TOP + (double)(i + 1) * LINE);
    fputs("</g>\n", out);
}

static void draw_key(const struct picture *picture)
{
    const double bottom = TOP + picture->height - 10;
    FILE *out = picture->out;
    for (size_t i = 0; i < picture->method_count; i++) {
        const double y = bottom - 16.0 * (double)(picture->method_count - 1 - i);
        fprintf(out, "<circle cx=\"%d\" cy=\"%.1f\" r=\"5\" fill=\"%s\"/>", LEFT + PLOT_WIDTH - 150,
                y - 4, app_plot_colors[i]);
        cell(out, LEFT + PLOT_WIDTH - 138, y, "start", 24, picture->methods[i]);
    }
}

static void draw_head(const struct picture *picture)
{
    const struct app_layers *layers = picture->layers;
    FILE *out = picture->out;
    fprintf(out, "<text x=\"%d\" y=\"24\" font-size=\"16\" font-weight=\"bold\">", LEFT);
    app_plot_put(out, layers->model);
    fprintf(out, ": %s, %d thread%s, batch %d, %.2f ms</text>\n", layers->isa, layers->threads,
            layers->threads == 1 ? "" : "s", layers->batch, layers->whole.least);
    fprintf(out,
            "<text x=\"%d\" y=\"42\" fill=\"#444\">A point is a layer, its area grows with its "
            "share of the "
            "time. Not drawn: %zu layers without multiply-adds (%.2f of %.2f ms).%s</text>\n",
            LEFT, picture->hidden, picture->hidden_ms, picture->sum_ms,
            app_layers_have_winograd(layers)
                ? " Winograd layers count a direct convolution's FLOP and may pass the roof."
                : "");
}

static void draw(const struct picture *picture)
{
    FILE *out = picture->out;
    app_plot_begin(out, LIST_X + LIST_WIDTH, TOP + picture->height + 52);
    draw_head(picture);
    app_plot_axes(out, &picture->x, &picture->y);
    draw_key(picture);
    draw_roofs(picture);
    draw_points(picture);
    app_plot_frame(out, &picture->x, &picture->y);
    draw_list(picture);
    app_plot_end(out);
}

static enum app_exit draw_into(struct picture *picture, const char *path)
{
    struct fid_output *output;
    struct fid_error error;
    if (fid_output_open(path, FID_OUTPUT_ANYBODYS, &output, &error) != FID_OK)
        return app_fail(APP_AREA_OUTPUT, &error);
    picture->out = fid_output_stream(output);
    const int list = (int)(picture->count + 1) * LINE;
    picture->height = list > 520 ? list : 520;
    choose_axes(picture);
    place_points(picture);
    draw(picture);
    return fid_output_finish(&output, &error) == FID_OK ? APP_OK
                                                        : app_fail(APP_AREA_OUTPUT, &error);
}

enum app_exit app_layers_draw(const struct app_layers *layers, const char *path)
{
    struct picture picture = {.layers = layers};
    enum app_exit code = APP_OK;
    picture.points = calloc(layers->count, sizeof *picture.points);
    if (picture.points == NULL) {
        app_warn("no memory for the picture");
        return APP_INTERNAL;
    }
    collect_points(&picture);
    if (picture.count == 0) {
        app_warn("%s: no layer multiplies, there is nothing to draw", path);
        code = APP_MODEL;
    } else
        code = draw_into(&picture, path);
    free(picture.points);
    return code;
}
