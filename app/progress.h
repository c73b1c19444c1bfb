/* progress.h - a bar on the terminal while something takes long: "enrolling  [====>     ] 41 %, 12
 * s left". Nothing at all with --quiet, or where stderr is no terminal. Any thread may step it, and
 * what the program says meanwhile (app_warn, app_say, ...) stands on lines of its own above it. */
#ifndef APP_PROGRESS_H
#define APP_PROGRESS_H

#include "app/app.h"

#include <stdint.h>

struct app_progress {
    const char *label; /* borrowed */
    size_t done, total;
    uint64_t started_ns, drawn_ns;
    bool shown; /* there is somebody to see it */
};

/* FILLS *progress and shows it; only one is shown at a time. total: how many steps there will be,
 * 0: nobody knows, so that the steps are counted alone. */
void app_progress_open(struct app_progress *progress, const struct app *app, const char *label,
                       size_t total);
/* So many more steps are done. */
void app_progress_step(struct app_progress *progress, size_t steps);
/* There is more (less than nothing: less) to do than was thought. */
void app_progress_grow(struct app_progress *progress, long more);
/* Removes the bar; takes one that was never opened, if it is zero. */
void app_progress_close(struct app_progress *progress);

/* Makes room for a line on stderr; the bar comes back with its next step. For talk.c, which holds
 * stderr's lock. */
void app_progress_hide(void);

#endif
