/* layers_compare.c - two saved results side by side, layer by layer of one name. A quantized
 * network has converts that the f32 one has not: they stand in the table alone. */
#include "app/bench/layers.h"
#include "app/output/text.h"

#include <stdio.h>
#include <string.h>

static bool is_one_layer(const struct app_layer *a, const struct app_layer *b)
{
    return strcmp(a->name, b->name) == 0 && a->h == b->h && a->w == b->w && a->c == b->c;
}

/* The number of the row of `layers`, from `first` on, that is the same layer; their count if none
 * is. */
static size_t find_row(const struct app_layers *layers, size_t first, const struct app_layer *row)
{
    size_t i = first;
    while (i < layers->count && !is_one_layer(&layers->rows[i], row))
        i++;
    return i;
}

/* Have they most of their layers in common, in one order? */
static bool of_one_network(const struct app_layers *a, const struct app_layers *b)
{
    size_t common = 0, next = 0;
    for (size_t i = 0; i < a->count; i++) {
        const size_t found = find_row(b, next, &a->rows[i]);
        common += found < b->count;
        next = found < b->count ? found + 1 : next;
    }
    return strcmp(a->graph, b->graph) == 0 && 2 * common > a->count && 2 * common > b->count;
}

static void print_head(char letter, const char *path, const struct app_layers *layers)
{
    printf("%c: ", letter);
    app_put_visible(stdout, path);
    fputs(": ", stdout);
    app_put_visible(stdout, layers->model);
    fputs(", graph ", stdout);
    app_put_visible(stdout, layers->graph);
    printf(", %s, %d %s, batch %d, method %s, %d runs\n", layers->isa, layers->threads,
           app_plural((size_t)layers->threads, "thread", "threads"), layers->batch, layers->method,
           layers->runs);
}

static double ratio(double a, double b)
{
    return b > 0 ? a / b : 0;
}

/* The columns of one side; row NULL: it has no such layer. */
static void print_side(const struct app_layer *row, int batch)
{
    if (row == NULL)
        printf(" %-17s %8s %8s %8s ", "-", "-", "-", "-");
    else
        printf(" %-17.17s %8.3f %8.3f %8.1f ", row->method[0] != '\0' ? row->method : row->op,
               row->time.least / batch, row->time.median / batch, app_layer_gflops(row));
}

/* One of the two rows may be NULL. */
static void print_pair(const char *name, const struct app_layer *a, int batch_a,
                       const struct app_layer *b, int batch_b)
{
    const struct app_layer *const either = a != NULL ? a : b;
    char shape[64] = "";
    if (either != NULL && either->h > 0)
        app_layer_shape(either, shape, sizeof shape);
    app_layer_column(name);
    printf(" %-22s", shape);
    print_side(a, batch_a);
    print_side(b, batch_b);
    if (a != NULL && b != NULL)
        printf(" %6.3f %6.3f\n", ratio(a->time.least / batch_a, b->time.least / batch_b),
               ratio(a->time.median / batch_a, b->time.median / batch_b));
    else
        printf(" %6s %6s\n", "-", "-");
}

/* A row's name without the prefix that all rows of `layers` have. */
static const char *name_of(const struct app_layers *layers, size_t prefix,
                           const struct app_layer *row)
{
    return row->name + (strncmp(row->name, layers->rows[0].name, prefix) == 0 ? prefix : 0);
}

/* The layers in order: those of A, each behind those that B alone has before it. */
static void print_rows(const struct app_layers *a, const struct app_layers *b)
{
    const size_t prefix = app_layers_prefix(a);
    size_t next = 0;
    for (size_t i = 0; i < a->count; i++) {
        const size_t found = find_row(b, next, &a->rows[i]);
        for (; found < b->count && next < found; next++)
            print_pair(name_of(a, prefix, &b->rows[next]), NULL, 1, &b->rows[next], b->batch);
        print_pair(name_of(a, prefix, &a->rows[i]), &a->rows[i], a->batch,
                   found < b->count ? &b->rows[next++] : NULL, b->batch);
    }
    for (; next < b->count; next++)
        print_pair(name_of(a, prefix, &b->rows[next]), NULL, 1, &b->rows[next], b->batch);
}

enum app_exit app_layers_compare(const char *path_a, const struct app_layers *a, const char *path_b,
                                 const struct app_layers *b)
{
    if (!of_one_network(a, b)) {
        app_warn(
            "%s is of %s (graph %s, %zu layers) and %s of %s (graph %s, %zu layers): only results "
            "of the same network can be compared",
            path_a, a->model, a->graph, a->count, path_b, b->model, b->graph, b->count);
        return APP_INPUT;
    }
    print_head('A', path_a, a);
    print_head('B', path_b, b);
    puts("ms for one input; the ratio is A / B, so above 1 B is faster");
    printf("%-*s %-22s %-17s %8s %8s %8s  %-17s %8s %8s %8s  %6s %6s\n", APP_LAYER_COLUMN, "layer",
           "output, window, stride", "A: method", "ms min", "median", "GFLOP/s", "B: method",
           "ms min", "median", "GFLOP/s", "ratio", "median");
    print_rows(a, b);
    const struct app_layer sum_a = app_layers_sum(a), sum_b = app_layers_sum(b);
    print_pair("sum", &sum_a, a->batch, &sum_b, b->batch);
    struct app_layer whole_a = {.macs = sum_a.macs, .time = a->whole};
    struct app_layer whole_b = {.macs = sum_b.macs, .time = b->whole};
    print_pair("whole pass", &whole_a, a->batch, &whole_b, b->batch);
    if (app_layers_have_winograd(a) || app_layers_have_winograd(b))
        puts("GFLOP/s counts a direct convolution's multiply-adds, of which Winograd does fewer.");
    return APP_OK;
}
