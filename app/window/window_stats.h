/* window_stats.h - how evenly and how soon the window shows the camera's frames. */
#ifndef APP_WINDOW_STATS_H
#define APP_WINDOW_STATS_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#define APP_STATS_MS_MAX 2000 /* the last bin holds longer times */

struct app_histogram { /* of times, one bin per millisecond */
    uint64_t count;
    uint64_t bins[APP_STATS_MS_MAX + 1];
    double max_ms;
};

struct app_stats {
    uint64_t frames, first_ns, last_ns; /* of the drawn pictures; last_ns 0: a gap was intended */
    uint64_t opened_ns, cpu_ns;         /* when app_stats_open was called; cpu_ns: of the thread */
    struct app_histogram intervals, ages; /* between two pictures; from capture to drawn */
};

void app_stats_open(struct app_stats *stats); /* by the thread that draws */

/* A new picture of the camera is on the screen. The first second is not counted. */
void app_stats_drawn(struct app_stats *stats, uint64_t captured_ns, uint64_t drawn_ns);

/* The next picture may come late: pause, another camera, or a lost one. */
void app_stats_gap(struct app_stats *stats);

/* The time that a `share` of the counted times does not exceed. */
double app_histogram_ms(const struct app_histogram *histogram, double share);

/* Writes one JSON object:
 *
 *     {"v":1,"frames":1800,"seconds":60.0,
 *      "display_interval_ms":{"count":1770,"median":33,"p95":34,"max":41.2,"over_50":0,"over_100":0},
 *      "capture_to_drawn_ms":{"count":1770,"median":4,"p95":7,"max":12.9},"drawing_cpu":0.041}
 *
 * seconds: since app_stats_open; drawing_cpu: share of one core that the thread took. */
void app_stats_write(const struct app_stats *stats, FILE *out);

#endif
