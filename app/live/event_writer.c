/* event_writer.c - a thread that writes queued event lines, and counts those dropped for a slow
 * reader. */
#include "app/live/event_writer.h"
#include "app/app.h"
#include "app/clock.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#define STILL_NS (1 * APP_NS_PER_S) /* a reader that takes nothing for this long has stalled */
#define NAP_MS   50                 /* the longest delay in noticing the end */

enum { GIVEN_UP = -1 };

struct line {
    struct line *next;
    size_t bytes;
    char text[];
};

struct app_event_writer {
    int file;
    bool pipe, disk;
    pthread_t thread;
    pthread_mutex_t lock; /* guards what follows */
    pthread_cond_t news;  /* tells the thread of a line or of the end */
    pthread_cond_t ended; /* for the draining thread */
    struct line *first, **end;
    size_t queued_bytes;
    size_t dropped, dropped_ever; /* since the last line; altogether */
    bool draining, over;          /* over: the thread has ended or was given up */
    uint64_t moved_ns, drain_ns;  /* when bytes were last taken; when draining began */
    int error;
};

/* ---- the thread ---- */

/* How long the reader has taken nothing while the end waits for it. Under the lock. */
static uint64_t still_ns(const struct app_event_writer *writer)
{
    const uint64_t now = app_now_ns(), begun = writer->drain_ns;
    const uint64_t moved = writer->moved_ns > begun ? writer->moved_ns : begun;
    return writer->draining ? now - moved : 0;
}

/* Has it stalled for too long? Under the lock. */
static bool stands_still(const struct app_event_writer *writer)
{
    const uint64_t last_ns = APP_LAST_WAIT_MS * APP_NS_PER_MS;
    if (writer->draining && app_interrupted() && app_now_ns() - writer->drain_ns > last_ns)
        return true;
    return still_ns(writer) > STILL_NS;
}

static bool gives_up(struct app_event_writer *writer)
{
    pthread_mutex_lock(&writer->lock);
    const bool up = stands_still(writer);
    pthread_mutex_unlock(&writer->lock);
    return up;
}

/* A writable pipe has room for PIPE_BUF bytes and takes them at once. */
static bool wait_for_room(struct app_event_writer *writer)
{
    struct pollfd wanted = {.fd = writer->file, .events = POLLOUT};
    while (poll(&wanted, 1, NAP_MS) <= 0)
        if (gives_up(writer))
            return false;
    return true;
}

/* A longer line starts in an empty pipe, which has room for all of it. */
static bool wait_until_empty(struct app_event_writer *writer)
{
    struct pollfd reader = {.fd = writer->file};
    int bytes = 0;
    while (ioctl(writer->file, FIONREAD, &bytes) == 0 && bytes > 0 && poll(&reader, 1, 5) <= 0)
        if (gives_up(writer))
            return false;
    return true;
}

static void set_moved(struct app_event_writer *writer)
{
    pthread_mutex_lock(&writer->lock);
    writer->moved_ns = app_now_ns();
    pthread_mutex_unlock(&writer->lock);
}

/* Returns 0 when written, otherwise errno or GIVEN_UP. */
static int write_line(struct app_event_writer *writer, const struct line *line)
{
    const size_t most = writer->disk ? line->bytes : PIPE_BUF;
    if (writer->pipe && line->bytes > PIPE_BUF && !wait_until_empty(writer))
        return GIVEN_UP;
    for (size_t at = 0; at < line->bytes;) {
        if (!wait_for_room(writer))
            return GIVEN_UP;
        const size_t left = line->bytes - at;
        ssize_t count = write(writer->file, line->text + at, left < most ? left : most);
        if (count < 0 && errno != EINTR && errno != EAGAIN)
            return errno;
        at += count > 0 ? (size_t)count : 0;
        set_moved(writer);
    }
    return 0;
}

/* The next line, which stays in the queue so that it counts; NULL: everything is written and the
 * end has come. */
static struct line *next_line(struct app_event_writer *writer)
{
    pthread_mutex_lock(&writer->lock);
    while (writer->first == NULL && !writer->draining)
        pthread_cond_wait(&writer->news, &writer->lock);
    struct line *line = writer->first;
    pthread_mutex_unlock(&writer->lock);
    return line;
}

static void remove_line(struct app_event_writer *writer, struct line *line)
{
    pthread_mutex_lock(&writer->lock);
    writer->first = line->next;
    if (writer->first == NULL)
        writer->end = &writer->first;
    writer->queued_bytes -= line->bytes;
    pthread_mutex_unlock(&writer->lock);
    free(line);
}

static void *run(void *context)
{
    struct app_event_writer *writer = context;
    struct line *line;
    int reason = 0;
    while ((line = next_line(writer)) != NULL) {
        reason = write_line(writer, line);
        if (reason != 0)
            break;
        remove_line(writer, line);
    }
    pthread_mutex_lock(&writer->lock);
    writer->error = reason == GIVEN_UP ? 0 : reason;
    writer->over = true;
    pthread_cond_signal(&writer->ended);
    pthread_mutex_unlock(&writer->lock);
    return NULL;
}

/* ---- the other threads ---- */

struct app_event_writer *app_event_writer_open(int file)
{
    struct app_event_writer *writer = calloc(1, sizeof *writer);
    struct stat info;
    sigset_t all, before;
    if (writer == NULL)
        return NULL;
    writer->file = file;
    writer->end = &writer->first;
    const bool known = fstat(file, &info) == 0;
    writer->pipe = known && S_ISFIFO(info.st_mode);
    writer->disk = known && S_ISREG(info.st_mode);
    pthread_mutex_init(&writer->lock, NULL);
    pthread_cond_init(&writer->news, NULL);
    pthread_cond_init(&writer->ended, NULL);
    sigfillset(&all); /* so that no signal cuts a line */
    pthread_sigmask(SIG_SETMASK, &all, &before);
    const bool runs = pthread_create(&writer->thread, NULL, run, writer) == 0;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (runs)
        return writer;
    free(writer);
    return NULL;
}

/* A copy of the line that says how many before it were dropped. NULL: no memory. */
static struct line *copy_line(const char *text, size_t bytes, size_t dropped)
{
    static const char closing[] = "}\n";
    char told[48];
    const int told_bytes =
        dropped > 0 ? snprintf(told, sizeof told, ",\"dropped\":%zu", dropped) : 0;
    const size_t body = bytes - (sizeof closing - 1), more = (size_t)told_bytes;
    struct line *line = malloc(sizeof *line + bytes + more);
    if (line == NULL)
        return NULL;
    *line = (struct line){.bytes = bytes + more};
    memcpy(line->text, text, body);
    memcpy(line->text + body, told, more);
    memcpy(line->text + body + more, closing, sizeof closing - 1);
    return line;
}

void app_event_writer_put(struct app_event_writer *writer, const char *text, size_t bytes,
                          bool last)
{
    struct line *line = NULL;
    pthread_mutex_lock(&writer->lock);
    if (last || writer->queued_bytes + bytes <= APP_EVENTS_BYTES)
        line = copy_line(text, bytes, writer->dropped);
    if (line == NULL) {
        writer->dropped++;
        writer->dropped_ever++;
    } else {
        writer->dropped = 0;
        writer->queued_bytes += line->bytes;
        *writer->end = line;
        writer->end = &line->next;
        pthread_cond_signal(&writer->news);
    }
    pthread_mutex_unlock(&writer->lock);
}

int app_event_writer_error(struct app_event_writer *writer)
{
    pthread_mutex_lock(&writer->lock);
    const int reason = writer->error;
    pthread_mutex_unlock(&writer->lock);
    return reason;
}

/* Waits for the thread's end, unless it hangs in a write that cannot be ended, such as to a
 * stopped terminal. A disk may take its time. */
static void wait_for_end(struct app_event_writer *writer)
{
    bool hangs = false;
    pthread_mutex_lock(&writer->lock);
    while (!writer->over && !hangs) {
        const uint64_t nap_ns = NAP_MS * APP_NS_PER_MS;
        struct timespec until;
        clock_gettime(CLOCK_REALTIME, &until);
        const uint64_t end_ns = (uint64_t)until.tv_nsec + nap_ns;
        until.tv_sec += (time_t)(end_ns / APP_NS_PER_S);
        until.tv_nsec = (long)(end_ns % APP_NS_PER_S);
        pthread_cond_timedwait(&writer->ended, &writer->lock, &until);
        hangs =
            !writer->disk && still_ns(writer) > 2 * STILL_NS; /* otherwise it gives up by itself */
    }
    pthread_mutex_unlock(&writer->lock);
}

size_t app_event_writer_drain(struct app_event_writer *writer)
{
    pthread_mutex_lock(&writer->lock);
    if (!writer->draining)
        writer->drain_ns = app_now_ns();
    writer->draining = true;
    pthread_cond_signal(&writer->news);
    pthread_mutex_unlock(&writer->lock);
    wait_for_end(writer);
    pthread_mutex_lock(&writer->lock);
    size_t left_out = writer->dropped_ever;
    for (const struct line *line = writer->first; line != NULL; line = line->next)
        left_out++;
    pthread_mutex_unlock(&writer->lock);
    return left_out;
}

void app_event_writer_close(struct app_event_writer **writer)
{
    struct app_event_writer *closing = *writer;
    *writer = NULL;
    if (closing == NULL)
        return;
    app_event_writer_drain(closing);
    pthread_mutex_lock(&closing->lock);
    const bool over = closing->over;
    pthread_mutex_unlock(&closing->lock);
    if (!over) { /* the thread still owns the memory, and the process is about to end */
        pthread_detach(closing->thread);
        return;
    }
    pthread_join(closing->thread, NULL);
    while (closing->first != NULL)
        remove_line(closing, closing->first);
    pthread_mutex_destroy(&closing->lock);
    pthread_cond_destroy(&closing->news);
    pthread_cond_destroy(&closing->ended);
    free(closing);
}
