/* progress.h - a bar on the terminal while something takes long: "enrolling  [====>     ] 41 %, 12
 * s left". Not shown with --quiet or if stderr is not a terminal. Any thread may step it, and
 * messages (app_warn, app_say, ...) appear on their own lines above it. */
#ifndef APP_PROGRESS_H
#define APP_PROGRESS_H

#include "app/app.h"

#include <stdint.h>

struct app_progress {
    const char *label; /* borrowed */
    size_t done, total;
    uint64_t started_ns, drawn_ns;
    bool shown; /* it is visible */
};

/* FILLS *progress and shows it; only one is shown at a time. total: how many steps there will be;
 * 0: unknown, so the steps are only counted. */
void app_progress_open(struct app_progress *progress, const struct app *app, const char *label,
                       size_t total);
/* Adds steps that were done. */
void app_progress_step(struct app_progress *progress, size_t steps);
/* Adds to the number of steps to do (negative: fewer). */
void app_progress_grow(struct app_progress *progress, long more);
/* Removes the bar; takes a zero one that was never opened. */
void app_progress_close(struct app_progress *progress);

/* Makes room for a line on stderr; the bar comes back with its next step. For talk.c, which holds
 * stderr's lock. */
void app_progress_hide(void);

#endif
