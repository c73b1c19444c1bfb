/* worker.c - runs an analyzer in its own thread, and hands its newest result to the window. */
#include "app/live/worker.h"
#include "app/clock.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define WAIT_MS    100 /* the longest delay in noticing the end */
#define WISHES_MAX 16

struct app_worker {
    struct app *app;
    struct app_mailbox *mailbox;
    app_seen_fn seen;
    void *ctx;
    pthread_t thread;
    pthread_mutex_t lock; /* guards what follows */
    struct app_result newest;
    struct app_learn learn;
    struct app_wish wishes[WISHES_MAX]; /* waiting, the oldest first */
    size_t wish_count;
    uint64_t request; /* the last number given */
    bool ready;
    enum app_exit code;
};

/* ---- the thread ---- */

static void grant_wishes(struct app_worker *worker, struct app_analyzer *analyzer)
{
    struct app_wish wishes[WISHES_MAX];
    pthread_mutex_lock(&worker->lock);
    size_t count = worker->wish_count;
    memcpy(wishes, worker->wishes, count * sizeof *wishes);
    worker->wish_count = 0;
    pthread_mutex_unlock(&worker->lock);
    for (size_t i = 0; i < count; i++)
        app_analyzer_wish(analyzer, &wishes[i]);
    if (count == 0)
        return;
    pthread_mutex_lock(&worker->lock);
    worker->learn = *app_analyzer_learn(analyzer);
    pthread_mutex_unlock(&worker->lock);
}

static enum app_exit tell(struct app_worker *worker, const struct app_live_frame *frame,
                          const struct app_result *result)
{
    return worker->seen != NULL ? worker->seen(worker->ctx, frame, result) : APP_OK;
}

static enum app_exit analyze_frame(struct app_worker *worker, struct app_analyzer *analyzer,
                                   struct app_result *result)
{
    const struct app_live_frame *frame =
        app_mailbox_take(worker->mailbox, result->sequence, WAIT_MS);
    if (frame == NULL)
        return app_analyzer_expire(analyzer, app_now_ns(), result) ? tell(worker, NULL, result)
                                                                   : APP_OK;
    enum app_exit code = app_analyze(analyzer, frame, frame->captured_ns, result);
    if (code == APP_OK)
        code = tell(worker, frame, result);
    app_mailbox_give_back(worker->mailbox, frame);
    return code;
}

static void analyze_frames(struct app_worker *worker, struct app_analyzer *analyzer)
{
    struct app_result result = {0};
    enum app_exit code = APP_OK;
    while (code == APP_OK && !app_mailbox_is_shut(worker->mailbox)) {
        grant_wishes(worker, analyzer);
        if (!app_analyzer_wait(analyzer))
            continue;
        code = analyze_frame(worker, analyzer, &result);
        pthread_mutex_lock(&worker->lock);
        worker->code = code;
        worker->learn = *app_analyzer_learn(analyzer);
        if (code == APP_OK)
            worker->newest = result;
        pthread_mutex_unlock(&worker->lock);
    }
}

static void *work(void *context)
{
    struct app_worker *worker = context;
    struct app_analyzer *analyzer;
    enum app_exit code = app_analyzer_open(worker->app, false, &analyzer);
    pthread_mutex_lock(&worker->lock);
    worker->code = code;
    worker->ready = code == APP_OK;
    pthread_mutex_unlock(&worker->lock);
    if (code == APP_OK)
        analyze_frames(worker, analyzer);
    app_analyzer_close(&analyzer);
    return NULL;
}

struct app_worker *app_worker_open(struct app *app, struct app_mailbox *mailbox, app_seen_fn seen,
                                   void *ctx)
{
    struct app_worker *worker = calloc(1, sizeof *worker);
    if (worker == NULL)
        return NULL;
    worker->app = app;
    worker->mailbox = mailbox;
    worker->seen = seen;
    worker->ctx = ctx;
    pthread_mutex_init(&worker->lock, NULL);
    if (pthread_create(&worker->thread, NULL, work, worker) != 0) {
        pthread_mutex_destroy(&worker->lock);
        free(worker);
        return NULL;
    }
    return worker;
}

void app_worker_close(struct app_worker **worker)
{
    if (*worker == NULL)
        return;
    app_mailbox_shut((*worker)->mailbox);
    pthread_join((*worker)->thread, NULL);
    pthread_mutex_destroy(&(*worker)->lock);
    free(*worker);
    *worker = NULL;
}

/* ---- results ---- */

bool app_worker_result(struct app_worker *worker, uint64_t after, struct app_result *result)
{
    pthread_mutex_lock(&worker->lock);
    bool newer = worker->newest.sequence > after;
    if (newer)
        *result = worker->newest;
    pthread_mutex_unlock(&worker->lock);
    return newer;
}

bool app_worker_ready(struct app_worker *worker)
{
    pthread_mutex_lock(&worker->lock);
    bool ready = worker->ready;
    pthread_mutex_unlock(&worker->lock);
    return ready;
}

enum app_exit app_worker_code(struct app_worker *worker)
{
    pthread_mutex_lock(&worker->lock);
    enum app_exit code = worker->code;
    pthread_mutex_unlock(&worker->lock);
    return code;
}

void app_worker_learning(struct app_worker *worker, struct app_learn *learn)
{
    pthread_mutex_lock(&worker->lock);
    *learn = worker->learn;
    pthread_mutex_unlock(&worker->lock);
}

/* ---- requests ---- */

/* Queues the wish; returns its number, 0 if the queue is full. */
static uint64_t ask(struct app_worker *worker, const struct app_wish *wish)
{
    uint64_t number = 0;
    pthread_mutex_lock(&worker->lock);
    if (worker->wish_count < WISHES_MAX) {
        number = ++worker->request;
        worker->wishes[worker->wish_count] = *wish;
        worker->wishes[worker->wish_count++].number = number;
    }
    pthread_mutex_unlock(&worker->lock);
    return number;
}

void app_worker_not_this_person(struct app_worker *worker, uint32_t track)
{
    ask(worker, &(struct app_wish){.kind = APP_WISH_REJECT, .track = track});
}

void app_worker_adjust_limit(struct app_worker *worker, float delta)
{
    ask(worker, &(struct app_wish){.kind = APP_WISH_LIMIT, .delta = delta});
}

void app_worker_learn(struct app_worker *worker, uint32_t track)
{
    ask(worker, &(struct app_wish){.kind = APP_WISH_LEARN, .track = track});
}

void app_worker_learn_cancel(struct app_worker *worker)
{
    ask(worker, &(struct app_wish){.kind = APP_WISH_LEARN_CANCEL});
}

uint64_t app_worker_learn_finish(struct app_worker *worker, const char *name, bool force)
{
    struct app_wish finish = {.kind = APP_WISH_LEARN_FINISH, .force = force};
    snprintf(finish.name, sizeof finish.name, "%s", name);
    return ask(worker, &finish);
}
