/* layers_compare.c - two saved results side by side. */
#include "app/bench/layers.h"
#include "app/output/text.h"

#include <stdio.h>
#include <string.h>

static bool of_one_network(const struct app_layers *a, const struct app_layers *b)
{
    bool same = strcmp(a->model_id, b->model_id) == 0 && strcmp(a->graph, b->graph) == 0 &&
                a->count == b->count;
    for (size_t i = 0; same && i < a->count; i++)
        same = strcmp(a->rows[i].name, b->rows[i].name) == 0;
    return same;
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

static void print_pair(const char *name, const struct app_layer *a, int batch_a,
                       const struct app_layer *b, int batch_b)
{
    char shape[64] = "";
    const double least_a = a->time.least / batch_a, least_b = b->time.least / batch_b;
    const double median_a = a->time.median / batch_a, median_b = b->time.median / batch_b;
    if (a->h > 0)
        app_layer_shape(a, shape, sizeof shape);
    app_layer_column(name);
    printf(" %-22s %-17.17s %8.3f %8.3f %8.1f  %-17.17s %8.3f %8.3f %8.1f  %6.3f %6.3f\n", shape,
           a->method[0] != '\0' ? a->method : a->op, least_a, median_a, app_layer_gflops(a),
           b->method[0] != '\0' ? b->method : b->op, least_b, median_b, app_layer_gflops(b),
           ratio(least_a, least_b), ratio(median_a, median_b));
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
    const size_t prefix = app_layers_prefix(a);
    for (size_t i = 0; i < a->count; i++)
        print_pair(a->rows[i].name + prefix, &a->rows[i], a->batch, &b->rows[i], b->batch);
    const struct app_layer sum_a = app_layers_sum(a), sum_b = app_layers_sum(b);
    print_pair("sum", &sum_a, a->batch, &sum_b, b->batch);
    struct app_layer whole_a = {.macs = sum_a.macs, .time = a->whole};
    struct app_layer whole_b = {.macs = sum_b.macs, .time = b->whole};
    print_pair("whole pass", &whole_a, a->batch, &whole_b, b->batch);
    if (app_layers_have_winograd(a) || app_layers_have_winograd(b))
        puts("GFLOP/s counts a direct convolution's multiply-adds, of which Winograd does fewer.");
    return APP_OK;
}
