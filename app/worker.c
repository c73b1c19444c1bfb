#include "app/worker.h"
#include "app/live_clock.h"

#include <pthread.h>
#include <stdlib.h>

/* ---- the plain call ---- */

struct app_analyzer {
    struct app *app;
    struct fid_rule rule;
    float *embeddings; /* [APP_LIVE_FACES_MAX][embedding size] */
    uint64_t refreshed_ns;
    bool refresh_failed; /* said once, not every second */
};

enum app_exit app_analyzer_open(struct app *app, struct app_analyzer **analyzer)
{
    *analyzer = NULL;
    enum app_exit code = app_open_detector(app);
    if (code == APP_OK)
        code = app_open_embedder(app, 1);
    if (code == APP_OK)
        code = app_open_gallery(app, FID_GALLERY_READ_ONLY, true);
    if (code != APP_OK)
        return code;
    struct fid_rule rule;
    struct fid_error error;
    if (fid_rule_default(app->recognizer, FID_RULE_COSINE, &rule, &error) != FID_OK)
        return app_fail(APP_AREA_MODEL, &error);
    struct app_analyzer *made = calloc(1, sizeof *made);
    float *embeddings =
        calloc(APP_LIVE_FACES_MAX * fid_embedder_size(app->embedder), sizeof(float));
    if (made == NULL || embeddings == NULL) {
        free(embeddings);
        free(made);
        app_warn("no memory for the faces of a frame");
        return APP_INTERNAL;
    }
    *made = (struct app_analyzer){
        .app = app, .rule = rule, .embeddings = embeddings, .refreshed_ns = app_now_ns()};
    *analyzer = made;
    return APP_OK;
}

void app_analyzer_close(struct app_analyzer **analyzer)
{
    if (*analyzer == NULL)
        return;
    free((*analyzer)->embeddings);
    free(*analyzer);
    *analyzer = NULL;
}

/* Takes over people who were enrolled meanwhile. A gallery that cannot be read just now is no
 * reason to stop: the people known so far stay known. */
static void refresh_gallery(struct app_analyzer *analyzer)
{
    uint64_t now = app_now_ns();
    if (now - analyzer->refreshed_ns < APP_NS_PER_S)
        return;
    analyzer->refreshed_ns = now;
    struct fid_error error;
    bool failed = fid_gallery_refresh(analyzer->app->gallery, NULL, &error) != FID_OK;
    if (failed && !analyzer->refresh_failed)
        app_warn("%s", error.text);
    analyzer->refresh_failed = failed;
}

static double ms_between(uint64_t from_ns, uint64_t to_ns)
{
    return (double)(to_ns - from_ns) / (double)APP_NS_PER_MS;
}

enum app_exit app_analyze(struct app_analyzer *analyzer, const struct app_live_frame *frame,
                          struct app_result *result)
{
    struct app *app = analyzer->app;
    struct fid_error error;
    refresh_gallery(analyzer);
    result->sequence = frame->sequence;
    result->captured_ns = frame->captured_ns;
    result->width = frame->pixels.width;
    result->height = frame->pixels.height;
    result->people = fid_gallery_count(app->gallery);

    uint64_t start = app_now_ns();
    struct fid_face faces[APP_LIVE_FACES_MAX];
    struct fid_label labels[APP_LIVE_FACES_MAX];
    struct fid_picture picture;
    if (app_frame_rgb(frame, &picture, &error) != FID_OK)
        return app_fail(APP_AREA_CAMERA, &error);
    if (fid_detect(app->detector, &picture, faces, APP_LIVE_FACES_MAX, &result->count, &error) !=
        FID_OK)
        return app_fail(APP_AREA_MODEL, &error);
    uint64_t detected = app_now_ns();
    if (result->count > 0 && fid_embed(app->embedder, &picture, faces, result->count,
                                       FID_CROP_MODEL, analyzer->embeddings, &error) != FID_OK)
        return app_fail(APP_AREA_MODEL, &error);
    fid_label_faces(app->gallery, &analyzer->rule, analyzer->embeddings, result->count, labels);
    for (size_t i = 0; i < result->count; i++)
        result->faces[i] = (struct fid_track){
            .id = (uint32_t)i + 1,
            .seen = true,
            .face = faces[i],
            .box = faces[i].box,
            .state = labels[i].known ? FID_TRACK_KNOWN : FID_TRACK_UNKNOWN,
            .label = labels[i],
            .last = labels[i],
        };
    result->rule = analyzer->rule;
    result->embedded = result->count;
    result->detect_ms = ms_between(start, detected);
    result->done_ns = app_now_ns();
    result->embed_ms = ms_between(detected, result->done_ns);
    return APP_OK;
}

/* ---- the thread ---- */

struct app_worker {
    struct app *app;
    struct app_mailbox *mailbox;
    app_seen_fn seen;
    void *ctx;
    pthread_t thread;
    pthread_mutex_t lock; /* of what follows */
    struct app_result newest;
    bool ready;
    enum app_exit code;
};

static void analyze_frames(struct app_worker *worker, struct app_analyzer *analyzer)
{
    struct app_result result = {0};
    enum app_exit code = APP_OK;
    while (code == APP_OK && !app_mailbox_is_shut(worker->mailbox)) {
        const struct app_live_frame *frame =
            app_mailbox_take(worker->mailbox, result.sequence, 100);
        if (frame == NULL)
            continue;
        code = app_analyze(analyzer, frame, &result);
        if (code == APP_OK && worker->seen != NULL)
            code = worker->seen(worker->ctx, frame, &result);
        app_mailbox_give_back(worker->mailbox, frame);
        pthread_mutex_lock(&worker->lock);
        worker->code = code;
        if (code == APP_OK)
            worker->newest = result;
        pthread_mutex_unlock(&worker->lock);
    }
}

static void *work(void *context)
{
    struct app_worker *worker = context;
    struct app_analyzer *analyzer;
    enum app_exit code = app_analyzer_open(worker->app, &analyzer);
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

/* ---- requests ---- */

const char *app_hint_text(enum app_learn_hint hint)
{
    switch (hint) {
    case APP_HINT_OK:
        return "good";
    case APP_HINT_TOO_SMALL:
        return "come nearer";
    case APP_HINT_BLURRED:
        return "hold still";
    case APP_HINT_DARK:
        return "more light, please";
    case APP_HINT_TURNED:
        return "look at the camera";
    case APP_HINT_OTHER:
        return "another face has come in between";
    case APP_HINT_AWAY:
        return "the face is not in the picture";
    }
    return "";
}

void app_worker_not_this_person(struct app_worker *worker, uint32_t track)
{
    (void)worker;
    (void)track;
}

void app_worker_adjust_limit(struct app_worker *worker, float delta)
{
    (void)worker;
    (void)delta;
}

void app_worker_learn(struct app_worker *worker, uint32_t track)
{
    (void)worker;
    (void)track;
}

void app_worker_learn_cancel(struct app_worker *worker)
{
    (void)worker;
}

uint64_t app_worker_learn_finish(struct app_worker *worker, const char *name, bool force)
{
    (void)worker;
    (void)name;
    (void)force;
    return 0;
}

void app_worker_learning(struct app_worker *worker, struct app_learn *learn)
{
    (void)worker;
    *learn = (struct app_learn){0};
}
