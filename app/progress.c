/* progress.c - draws the progress bar on stderr, with the time that is left. */
#include "app/progress.h"
#include "app/clock.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define REDRAW_NS   (100 * APP_NS_PER_MS)
#define FORECAST_NS (2 * APP_NS_PER_S) /* from when the remaining time is shown */

enum { COLUMNS = 80, BAR_MOST = 40, BAR_LEAST = 8 };

/* The bar on the terminal, or NULL. stderr's lock guards it and its numbers, so that a bar and a
 * message never mix. */
static struct app_progress *current;

static int terminal_columns(void)
{
    struct winsize size;
    return ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : COLUMNS;
}

/* FILLS text with the text after the bar. */
static void describe(const struct app_progress *progress, uint64_t now_ns, char *text, size_t bytes)
{
    uint64_t spent = now_ns - progress->started_ns;
    if (progress->total == 0) {
        snprintf(text, bytes, " %zu", progress->done);
        return;
    }
    double share = (double)progress->done / (double)progress->total;
    int end = snprintf(text, bytes, " %3.0f %%", 100 * share);
    if (spent < FORECAST_NS || progress->done == 0 || progress->done == progress->total)
        return;
    double left = (double)spent / (double)APP_NS_PER_S * (1 - share) / share;
    if (left < 99.5)
        snprintf(text + end, bytes - (size_t)end, ", %.0f s left", left);
    else
        snprintf(text + end, bytes - (size_t)end, ", %.0f min left", left / 60);
}

static void draw(struct app_progress *progress, uint64_t now_ns)
{
    char text[64], bar[BAR_MOST + 1];
    describe(progress, now_ns, text, sizeof text);
    int width = terminal_columns() - (int)strlen(progress->label) - (int)strlen(text) - 6;
    fprintf(stderr, "\r%s ", progress->label);
    if (progress->total > 0 && width >= BAR_LEAST) {
        size_t cells = width < BAR_MOST ? (size_t)width : BAR_MOST;
        size_t full = (size_t)((double)cells * (double)progress->done / (double)progress->total);
        memset(bar, ' ', cells);
        memset(bar, '=', full);
        if (full < cells)
            bar[full] = '>';
        fprintf(stderr, "[%.*s]", (int)cells, bar);
    }
    fprintf(stderr, "%s\x1b[K", text); /* and clears the rest of a longer line */
    fflush(stderr);
    progress->drawn_ns = now_ns;
}

void app_progress_open(struct app_progress *progress, const struct app *app, const char *label,
                       size_t total)
{
    const char *terminal = getenv("TERM");
    *progress = (struct app_progress){.label = label, .total = total, .started_ns = app_now_ns()};
    if (app->quiet || !isatty(STDERR_FILENO) ||
        (terminal != NULL && strcmp(terminal, "dumb") == 0)) /* it cannot redraw a line */
        return;
    flockfile(stderr);
    if (current == NULL) {
        progress->shown = true;
        current = progress;
        draw(progress, progress->started_ns);
    }
    funlockfile(stderr);
}

static void advance(struct app_progress *progress, size_t steps, long more)
{
    if (!progress->shown)
        return;
    flockfile(stderr);
    progress->done += steps;
    if (progress->total > 0) {
        long total = (long)progress->total + more;
        progress->total = total > (long)progress->done ? (size_t)total : progress->done;
        progress->total += progress->total == 0;
    }
    uint64_t now = app_now_ns();
    if (now - progress->drawn_ns >= REDRAW_NS)
        draw(progress, now);
    funlockfile(stderr);
}

void app_progress_step(struct app_progress *progress, size_t steps)
{
    advance(progress, steps, 0);
}

void app_progress_grow(struct app_progress *progress, long more)
{
    advance(progress, 0, more);
}

void app_progress_hide(void)
{
    if (current == NULL)
        return;
    fputs("\r\x1b[K", stderr);
    current->drawn_ns = 0;
}

void app_progress_close(struct app_progress *progress)
{
    if (!progress->shown)
        return;
    flockfile(stderr);
    app_progress_hide();
    fflush(stderr);
    current = NULL;
    funlockfile(stderr);
    progress->shown = false;
}
