/* eval_sheet.c - what the diagrams of --plots share: title, axes, key, lines and dots. */
#include "app/eval/eval_sheet.h"

#include <math.h>
#include <string.h>

enum { WIDTH = 800, HEIGHT = 560, LEFT = 70, RIGHT = 780, TOP = 84, BOTTOM = 508, KEY = 68 };

enum app_exit app_sheet_begin(struct app_sheet *sheet, const char *what)
{
    enum app_exit code = app_eval_create(sheet->curves, sheet->name, &sheet->output);
    if (code != APP_OK)
        return code;
    sheet->out = fid_output_stream(sheet->output);
    sheet->x.from = sheet->key = LEFT;
    sheet->x.to = RIGHT;
    sheet->y.from = BOTTOM;
    sheet->y.to = TOP;
    app_plot_begin(sheet->out, WIDTH, HEIGHT);
    fputs("<g font-size=\"16\" font-weight=\"bold\">", sheet->out);
    app_plot_text(sheet->out, LEFT, 24, "start", sheet->curves->title);
    fputs("</g>\n<g fill=\"#444\">", sheet->out);
    char line[600];
    snprintf(line, sizeof line, "%s: %s", what, sheet->curves->counts);
    app_plot_text(sheet->out, LEFT, 44, "start", line);
    fputs("</g>\n", sheet->out);
    app_plot_axes(sheet->out, &sheet->x, &sheet->y);
    return APP_OK;
}

enum app_exit app_sheet_end(struct app_sheet *sheet)
{
    app_plot_frame(sheet->out, &sheet->x, &sheet->y);
    app_plot_end(sheet->out);
    return app_eval_finish(&sheet->output);
}

void app_sheet_key(struct app_sheet *sheet, const char *color, bool dot, const char *text)
{
    if (dot)
        fprintf(sheet->out, "<circle cx=\"%.1f\" cy=\"%d\" r=\"5\" fill=\"%s\"/>", sheet->key + 6,
                KEY - 4, color);
    else
        fprintf(sheet->out, "<rect x=\"%.1f\" y=\"%d\" width=\"12\" height=\"12\" fill=\"%s\"/>",
                sheet->key, KEY - 10, color);
    app_plot_text(sheet->out, sheet->key + 18, KEY, "start", text);
    sheet->key += 40.0 + 7.2 * (double)strlen(text); /* approximately the width of the letters */
}

void app_sheet_line(struct app_sheet *sheet, const char *class, const char *style)
{
    sheet->at_x = sheet->at_y = -INFINITY;
    fprintf(sheet->out, "<polyline class=\"%s\" %s points=\"", class, style);
}

/* Invisible steps are left out, since a curve may have tens of thousands. */
void app_sheet_vertex(struct app_sheet *sheet, double x, double y)
{
    double at_x = app_axis_at(&sheet->x, x), at_y = app_axis_at(&sheet->y, y);
    if (fabs(at_x - sheet->at_x) < 0.2 && fabs(at_y - sheet->at_y) < 0.2)
        return;
    sheet->at_x = at_x;
    sheet->at_y = at_y;
    fprintf(sheet->out, "%.1f,%.1f ", at_x, at_y);
}

void app_sheet_line_end(const struct app_sheet *sheet)
{
    fputs("\"/>\n", sheet->out);
}

void app_sheet_dot(const struct app_sheet *sheet, double x, double y)
{
    fprintf(sheet->out,
            "<circle class=\"threshold\" cx=\"%.1f\" cy=\"%.1f\" r=\"5\" "
            "fill=\"" APP_SHEET_THRESHOLD "\" stroke=\"white\"/>\n",
            app_axis_at(&sheet->x, x), app_axis_at(&sheet->y, y));
}
