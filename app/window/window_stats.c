/* window_stats.c - measures how evenly and how soon frames are shown. */
#include "app/window/window_stats.h"
#include "app/clock.h"
#include "app/output/json.h"

#include <time.h>

static uint64_t thread_cpu_ns(void)
{
    struct timespec used;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &used);
    return (uint64_t)used.tv_sec * APP_NS_PER_S + (uint64_t)used.tv_nsec;
}

static void count_time(struct app_histogram *histogram, uint64_t ns)
{
    uint64_t ms = (ns + APP_NS_PER_MS / 2) / APP_NS_PER_MS;
    double exact = (double)ns / (double)APP_NS_PER_MS;
    histogram->bins[ms < APP_STATS_MS_MAX ? ms : APP_STATS_MS_MAX]++;
    histogram->count++;
    histogram->max_ms = exact > histogram->max_ms ? exact : histogram->max_ms;
}

void app_stats_open(struct app_stats *stats)
{
    *stats = (struct app_stats){.opened_ns = app_now_ns(), .cpu_ns = thread_cpu_ns()};
}

void app_stats_drawn(struct app_stats *stats, uint64_t captured_ns, uint64_t drawn_ns)
{
    stats->frames++;
    if (stats->first_ns == 0)
        stats->first_ns = drawn_ns;
    if (drawn_ns - stats->first_ns >= APP_NS_PER_S) {
        if (stats->last_ns != 0)
            count_time(&stats->intervals, drawn_ns - stats->last_ns);
        count_time(&stats->ages, drawn_ns > captured_ns ? drawn_ns - captured_ns : 0);
    }
    stats->last_ns = drawn_ns;
}

void app_stats_gap(struct app_stats *stats)
{
    stats->last_ns = 0;
}

double app_histogram_ms(const struct app_histogram *histogram, double share)
{
    uint64_t seen = 0;
    for (int ms = 0; ms <= APP_STATS_MS_MAX; ms++) {
        seen += histogram->bins[ms];
        if (seen > 0 && (double)seen >= share * (double)histogram->count)
            return ms;
    }
    return 0;
}

static uint64_t longer_than(const struct app_histogram *histogram, int limit_ms)
{
    uint64_t count = 0;
    for (int ms = limit_ms + 1; ms <= APP_STATS_MS_MAX; ms++)
        count += histogram->bins[ms];
    return count;
}

static void write_histogram(struct app_json *json, const char *key,
                            const struct app_histogram *histogram, bool limits)
{
    app_json_open(json, key, '{');
    app_json_whole(json, "count", (int64_t)histogram->count);
    app_json_number(json, "median", app_histogram_ms(histogram, 0.5), 0);
    app_json_number(json, "p95", app_histogram_ms(histogram, 0.95), 0);
    app_json_number(json, "max", histogram->max_ms, 1);
    if (limits) {
        app_json_whole(json, "over_50", (int64_t)longer_than(histogram, 50));
        app_json_whole(json, "over_100", (int64_t)longer_than(histogram, 100));
    }
    app_json_close(json, '}');
}

void app_stats_write(const struct app_stats *stats, FILE *out)
{
    uint64_t wall_ns = app_now_ns() - stats->opened_ns;
    uint64_t cpu_ns = thread_cpu_ns() - stats->cpu_ns;
    struct app_json json = app_json_begin(out);
    app_json_open(&json, NULL, '{');
    app_json_whole(&json, "v", 1);
    app_json_whole(&json, "frames", (int64_t)stats->frames);
    app_json_number(&json, "seconds", (double)wall_ns / (double)APP_NS_PER_S, 2);
    write_histogram(&json, "display_interval_ms", &stats->intervals, true);
    write_histogram(&json, "capture_to_drawn_ms", &stats->ages, false);
    app_json_number(&json, "drawing_cpu", (double)cpu_ns / (double)(wall_ns > 0 ? wall_ns : 1), 4);
    app_json_close(&json, '}');
    app_json_line(&json);
}
