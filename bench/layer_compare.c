/* layer_compare.c - two saved results side by side. */
#include "bench/layer_result.h"

#include <string.h>

static void require_same_network(const char *path_a, const struct layer_result *a,
                                 const char *path_b, const struct layer_result *b)
{
    if (strcmp(a->model_id, b->model_id) != 0 || strcmp(a->graph, b->graph) != 0)
        bench_fail("%s is of %s (graph %s) and %s of %s (graph %s): results of one network can be "
                   "compared",
                   path_a, a->model, a->graph, path_b, b->model, b->graph);
    if (a->count != b->count)
        bench_fail("%s has %zu layers and %s %zu: results of one network can be compared", path_a,
                   a->count, path_b, b->count);
    for (size_t i = 0; i < a->count; i++)
        if (strcmp(a->rows[i].name, b->rows[i].name) != 0)
            bench_fail("layer %zu is '%s' in %s and '%s' in %s: results of one network can be "
                       "compared",
                       i, a->rows[i].name, path_a, b->rows[i].name, path_b);
}

static void print_head(char letter, const char *path, const struct layer_result *result)
{
    printf("%c: %s: %s, graph %s, %s, %d thread%s, batch %d, method %s, %d runs\n", letter, path,
           result->model, result->graph, result->isa, result->threads,
           result->threads == 1 ? "" : "s", result->batch, result->method, result->runs);
}

static double ratio(double a, double b)
{
    return b > 0 ? a / b : 0;
}

static void print_pair(const char *name, const struct layer_row *a, int batch_a,
                       const struct layer_row *b, int batch_b)
{
    char shape[64] = "";
    const double least_a = a->time.least / batch_a, least_b = b->time.least / batch_b;
    const double median_a = a->time.median / batch_a, median_b = b->time.median / batch_b;
    if (a->h > 0)
        layer_shape(a, shape, sizeof shape);
    printf("%-24.24s %-22s %-17.17s %8.3f %8.3f %8.1f  %-17.17s %8.3f %8.3f %8.1f  %6.3f %6.3f\n",
           name, shape, a->method[0] != '\0' ? a->method : a->op, least_a, median_a,
           layer_gflops(a), b->method[0] != '\0' ? b->method : b->op, least_b, median_b,
           layer_gflops(b), ratio(least_a, least_b), ratio(median_a, median_b));
}

void layer_result_compare(const char *path_a, const struct layer_result *a, const char *path_b,
                          const struct layer_result *b)
{
    require_same_network(path_a, a, path_b, b);
    print_head('A', path_a, a);
    print_head('B', path_b, b);
    puts("ms for one input; the ratio is A / B, so above 1 B is faster");
    printf("%-24s %-22s %-17s %8s %8s %8s  %-17s %8s %8s %8s  %6s %6s\n", "layer",
           "output, window, stride", "A: method", "ms min", "median", "GFLOP/s", "B: method",
           "ms min", "median", "GFLOP/s", "ratio", "median");
    const size_t prefix = layer_prefix(a);
    for (size_t i = 0; i < a->count; i++)
        print_pair(a->rows[i].name + prefix, &a->rows[i], a->batch, &b->rows[i], b->batch);
    const struct layer_row sum_a = layer_sum(a), sum_b = layer_sum(b);
    print_pair("sum", &sum_a, a->batch, &sum_b, b->batch);
    struct layer_row whole_a = {.macs = sum_a.macs, .time = a->whole};
    struct layer_row whole_b = {.macs = sum_b.macs, .time = b->whole};
    print_pair("whole pass", &whole_a, a->batch, &whole_b, b->batch);
    if (layer_result_has_winograd(a) || layer_result_has_winograd(b))
        puts("GFLOP/s counts a direct convolution's multiply-adds, of which Winograd does fewer.");
}
