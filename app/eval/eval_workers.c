/* eval_workers.c - runs a function for every picture on several threads, each with its own
 * detector and embedder. */
#include "app/eval/eval.h"
#include "app/progress.h"

#include <pthread.h>
#include <stdlib.h>

/* What the workers share, guarded by the lock. */
struct crew {
    struct app *app;
    const struct app_eval_work *work;
    pthread_mutex_t lock;
    size_t next;
    bool ended; /* by a failure or a signal: no new task is started */
    enum app_exit code;
    struct app_progress progress;
};

static void crew_end(struct crew *crew, enum app_exit code)
{
    pthread_mutex_lock(&crew->lock);
    if (crew->code == APP_OK)
        crew->code = code;
    crew->ended = true;
    pthread_mutex_unlock(&crew->lock);
}

static void worker_close(struct app_eval_worker *worker)
{
    fid_detector_close(&worker->detector);
    fid_embedder_close(&worker->embedder);
    fid_picture_free(&worker->picture);
    fid_runtime_close(&worker->runtime);
}

/* Each worker has everything of its own except the models. */
static enum app_exit worker_open(struct crew *crew, struct app_eval_worker *worker)
{
    struct fid_error error = {0};
    struct app *app = crew->app;
    struct fid_options options = {
        .threads = 1,
        .isa = fid_runtime_isa(app->runtime),
        .method = app_option_text(app, "method", NULL),
    };
    enum fid_status status = fid_runtime_open(&worker->runtime, &options, &error);
    if (status == FID_OK)
        status = fid_detector_open(worker->runtime, app->detector_model, &crew->work->detect,
                                   &worker->detector, &error);
    if (status == FID_OK && crew->work->embed)
        status = fid_embedder_open(worker->runtime, app->recognizer, 1, &worker->embedder, &error);
    if (status == FID_OK && crew->work->embed)
        status = fid_embedder_check(worker->embedder, worker->detector, &error);
    if (status == FID_OK && crew->work->embed)
        status = fid_model_confirm(app->recognizer, &error);
    return status == FID_OK ? APP_OK : app_fail(APP_AREA_MODEL, &error);
}

/* The number of the next free task; false if there is none. */
static bool take_task(struct crew *crew, size_t *task)
{
    pthread_mutex_lock(&crew->lock);
    bool taken = !crew->ended && crew->next < crew->work->count;
    if (taken)
        *task = crew->next++;
    pthread_mutex_unlock(&crew->lock);
    return taken;
}

static void *work_loop(void *ctx)
{
    struct crew *crew = ctx;
    struct app_eval_worker worker = {0};
    enum app_exit code = worker_open(crew, &worker);
    size_t task;
    while (code == APP_OK && take_task(crew, &task)) {
        struct fid_error error = {0};
        if (app_interrupted())
            code = APP_INTERRUPTED;
        else if (!crew->work->task(&worker, task, crew->work->ctx, &error))
            code = app_fail(APP_AREA_INPUT, &error);
        else
            app_progress_step(&crew->progress, 1);
    }
    if (code != APP_OK)
        crew_end(crew, code);
    worker_close(&worker);
    return NULL;
}

enum app_exit app_eval_run(struct app *app, const struct app_eval_work *work)
{
    struct crew crew = {
        .app = app,
        .work = work,
        .lock = PTHREAD_MUTEX_INITIALIZER,
    };
    int count = fid_runtime_threads(app->runtime);
    pthread_t *threads = calloc((size_t)count, sizeof *threads);
    if (threads == NULL)
        return app_eval_no_memory();
    app_progress_open(&crew.progress, app, "pictures", work->count);
    int started = 1; /* this thread works, too, so a thread that cannot start only costs time */
    while (started < count && pthread_create(&threads[started], NULL, work_loop, &crew) == 0)
        started++;
    work_loop(&crew);
    for (int i = 1; i < started; i++)
        pthread_join(threads[i], NULL);
    app_progress_close(&crew.progress);
    pthread_mutex_destroy(&crew.lock);
    free(threads);
    return crew.code;
}
