/* plot.c - draws axes, grid and titles of an SVG diagram. */
#include "app/output/plot.h"
#include "app/output/text.h"

#include <math.h>

const char *const app_plot_colors[APP_PLOT_COLOURS] = {"#0072b2", "#d55e00", "#009e73", "#cc79a7",
                                                       "#7f6000", "#56b4e9", "#666666"};

/* ---- axes ---- */

double app_axis_at(const struct app_axis *axis, double value)
{
    value = fmin(fmax(value, axis->low), axis->high);
    double share = axis->log ? log(value / axis->low) / log(axis->high / axis->low)
                             : (value - axis->low) / (axis->high - axis->low);
    return axis->from + (axis->to - axis->from) * share;
}

double app_round_125(double value, bool up)
{
    static const double steps[] = {1, 2, 5, 10};
    const double decade = pow(10, floor(log10(value)));
    size_t i = 0;
    if (up) {
        while (i < 3 && steps[i] * decade < value * (1 - 1e-9))
            i++;
    } else {
        i = 2;
        while (i > 0 && steps[i] * decade > value * (1 + 1e-9))
            i--;
    }
    return steps[i] * decade;
}

static bool has_125(const struct app_axis *axis)
{
    return axis->log && axis->high / axis->low > 12;
}

static double even_step(const struct app_axis *axis)
{
    return app_round_125((axis->high - axis->low) / 9, true);
}

double app_axis_first(const struct app_axis *axis)
{
    if (has_125(axis))
        return app_round_125(axis->low, true);
    const double step = even_step(axis);
    return step * ceil(axis->low / step - 1e-9);
}

double app_axis_next(const struct app_axis *axis, double v)
{
    if (has_125(axis))
        return app_round_125(v * 1.5, true);
    const double step = even_step(axis);
    return step * (floor(v / step + 1e-9) + 1);
}

/* ---- drawing ---- */

void app_plot_begin(FILE *out, int width, int height)
{
    fprintf(out,
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%d\" "
            "viewBox=\"0 0 %d %d\" font-family=\"DejaVu Sans, sans-serif\" font-size=\"12\">\n"
            "<rect width=\"%d\" height=\"%d\" fill=\"white\"/>\n",
            width, height, width, height, width, height);
}

void app_plot_end(FILE *out)
{
    fputs("</svg>\n", out);
}

/* Is v on the axis, allowing for rounding? */
static bool on_axis(const struct app_axis *axis, double v)
{
    return v <= axis->high + 1e-9 * fabs(axis->high - axis->low);
}

static void draw_grid(FILE *out, const struct app_axis *x, const struct app_axis *y)
{
    fputs("<g stroke=\"#e4e4e4\" stroke-width=\"1\">\n", out);
    for (double v = app_axis_first(x); on_axis(x, v); v = app_axis_next(x, v))
        fprintf(out, "<line x1=\"%.1f\" y1=\"%.1f\" x2=\"%.1f\" y2=\"%.1f\"/>\n", app_axis_at(x, v),
                y->from, app_axis_at(x, v), y->to);
    for (double v = app_axis_first(y); on_axis(y, v); v = app_axis_next(y, v))
        fprintf(out, "<line x1=\"%.1f\" y1=\"%.1f\" x2=\"%.1f\" y2=\"%.1f\"/>\n", x->from,
                app_axis_at(y, v), x->to, app_axis_at(y, v));
    fputs("</g>\n", out);
}

/* Ten digits hold a tick without the rounding errors of adding steps. */
static void draw_number(FILE *out, double x, double y, const char *anchor, double v)
{
    char text[32];
    snprintf(text, sizeof text, "%.10g", fabs(v) < 1e-12 ? 0.0 : v);
    app_plot_text(out, x, y, anchor, text);
}

void app_plot_axes(FILE *out, const struct app_axis *x, const struct app_axis *y)
{
    const double middle = (y->from + y->to) / 2;
    draw_grid(out, x, y);
    fputs("<g fill=\"#333\">\n", out);
    for (double v = app_axis_first(x); on_axis(x, v); v = app_axis_next(x, v))
        draw_number(out, app_axis_at(x, v), y->from + 16, "middle", v);
    for (double v = app_axis_first(y); on_axis(y, v); v = app_axis_next(y, v))
        draw_number(out, x->from - 6, app_axis_at(y, v) + 4, "end", v);
    app_plot_text(out, (x->from + x->to) / 2, y->from + 36, "middle", x->title);
    fprintf(out, "<g transform=\"rotate(-90 18 %.1f)\">", middle);
    app_plot_text(out, 18, middle, "middle", y->title);
    fputs("</g>\n</g>\n", out);
}

void app_plot_frame(FILE *out, const struct app_axis *x, const struct app_axis *y)
{
    fprintf(out,
            "<rect x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\" fill=\"none\" "
            "stroke=\"#444\"/>\n",
            x->from, y->to, x->to - x->from, y->from - y->to);
}

void app_plot_put(FILE *out, const char *text)
{
    uint32_t code;
    size_t bytes;
    for (; (bytes = app_utf8_next(text, &code)) != 0; text += bytes)
        if (code == '<')
            fputs("&lt;", out);
        else if (code == '&')
            fputs("&amp;", out);
        else if (code == '>')
            fputs("&gt;", out);
        else if (code < 0x20 || code == UINT32_MAX || (code >= 0x7F && code < 0xA0) ||
                 (code & 0xFFFEu) == 0xFFFE) /* not allowed in XML */
            fputc('?', out);
        else
            fwrite(text, 1, bytes, out);
}

void app_plot_text(FILE *out, double x, double y, const char *anchor, const char *text)
{
    fprintf(out, "<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"%s\">", x, y, anchor);
    app_plot_put(out, text);
    fputs("</text>\n", out);
}
