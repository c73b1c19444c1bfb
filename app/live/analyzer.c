/* analyzer.c - analyzes frames: detects, tracks, embeds and decides. */
#include "app/live/analyzer.h"
#include "app/clock.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define REFRESH_NS \
    (APP_NS_PER_S / 2) /* so that people enrolled elsewhere are known within a second */

/* The time that a frame's embeddings may take: faces can wait for their decision, boxes must
 * keep moving. Faces that are decided are embedded again in the time left, at most a quarter of it.
 */
#define EMBED_MS_MOST 150.0
#define ROUTINE_PAUSE 3
#define LIMIT_MOST    0.99f /* no two pictures give vectors nearer than this */

/* After this long without a face fewer frames are examined: one in this many milliseconds, or in
 * four times the detection time, so that detection takes a fifth of the CPU; but at least two per
 * second. */
#define QUIET_NS      (2 * APP_NS_PER_S)
#define IDLE_MS_LEAST 100.0
#define IDLE_MS_MOST  500.0
#define IDLE_FACTOR   4.0

struct app_analyzer {
    struct app *app;
    bool every_frame;
    double frame_ns_least, embed_ns_least; /* intervals of --max-fps and --embed-fps; 0: no limit */
    struct fid_rule rule;
    float accept; /* the gallery's limit, from which the user moves it */
    struct fid_tracker *tracker;
    float *embedding; /* [size] */
    size_t size;

    uint64_t refreshed_ns;
    time_t unread_since; /* the gallery; 0: it can be read. Reported once, not every second */
    bool again;          /* gallery or rule changed: decide again from the looks so far */

    uint64_t faces_ns;                 /* when a face was last seen */
    uint64_t due_ns;                   /* of the next frame */
    uint64_t embed_due_ns, routine_ns; /* of the next embedding; of the next that is not urgent */
    double embed_ms;                   /* time of an embedding, smoothed; 0: unknown */
    struct app_learner learner;
};

/* ---- opening ---- */

static enum app_exit open_engine(struct app_analyzer *analyzer)
{
    struct app *app = analyzer->app;
    struct fid_error error;
    enum app_exit code = app_open_detector(app);
    if (code == APP_OK)
        code = app_open_embedder(app, 1);
    if (code == APP_OK)
        code = app_open_gallery(app, FID_GALLERY_READ_ONLY, true);
    if (code != APP_OK)
        return code;
    if (fid_gallery_rule(app->gallery, app->recognizer, FID_RULE_COSINE, &analyzer->rule, &error) !=
        FID_OK)
        return app_fail(APP_AREA_MODEL, &error);
    analyzer->accept = analyzer->rule.accept;
    analyzer->size = fid_embedder_size(app->embedder);
    analyzer->embedding = calloc(analyzer->size, sizeof(float));
    if (analyzer->embedding == NULL) {
        app_warn("no memory for the face of a frame");
        return APP_INTERNAL;
    }
    const struct fid_track_options tracks = {analyzer->size, analyzer->rule.maybe};
    if (fid_tracker_open(&tracks, &analyzer->tracker, &error) != FID_OK)
        return app_fail(APP_AREA_MODEL, &error);
    return APP_OK;
}

/* rate per second; 0: no limit. */
static double ns_apart(double rate)
{
    return rate > 0 ? (double)APP_NS_PER_S / rate : 0;
}

enum app_exit app_analyzer_open(struct app *app, bool every_frame, struct app_analyzer **analyzer)
{
    *analyzer = calloc(1, sizeof **analyzer);
    if (*analyzer == NULL) {
        app_warn("no memory for the faces of a frame");
        return APP_INTERNAL;
    }
    (*analyzer)->app = app;
    (*analyzer)->every_frame = every_frame;
    (*analyzer)->frame_ns_least = ns_apart(app->max_fps);
    (*analyzer)->embed_ns_least = ns_apart(app->embed_fps);
    app_learner_cancel(&(*analyzer)->learner);
    enum app_exit code = app_gate_read(&(*analyzer)->learner.gate);
    (*analyzer)->learner.faces.keep_crops = app_gate_keeps_crops(&(*analyzer)->learner.gate, app);
    if (code == APP_OK)
        code = open_engine(*analyzer);
    (*analyzer)->refreshed_ns = (*analyzer)->faces_ns = app_now_ns();
    if (code != APP_OK)
        app_analyzer_close(analyzer);
    return code;
}

void app_analyzer_close(struct app_analyzer **analyzer)
{
    if (*analyzer == NULL)
        return;
    app_learner_cancel(&(*analyzer)->learner);
    fid_tracker_close(&(*analyzer)->tracker);
    free((*analyzer)->embedding);
    free(*analyzer);
    *analyzer = NULL;
}

/* ---- the gallery ---- */

/* Takes over a limit that was calibrated meanwhile; otherwise the user's limit stays. */
static void refresh_rule(struct app_analyzer *analyzer)
{
    const struct app *app = analyzer->app;
    struct fid_error error;
    struct fid_rule rule;
    if (fid_gallery_rule(app->gallery, app->recognizer, FID_RULE_COSINE, &rule, &error) != FID_OK ||
        rule.accept == analyzer->accept)
        return;
    analyzer->rule = rule;
    analyzer->accept = rule.accept;
}

/* Takes over people who were enrolled meanwhile. If the gallery cannot be read now, the
 * people known so far stay known. */
static void refresh_gallery(struct app_analyzer *analyzer)
{
    uint64_t now = app_now_ns();
    if (now - analyzer->refreshed_ns < REFRESH_NS)
        return;
    analyzer->refreshed_ns = now;
    struct fid_error error;
    bool changed;
    bool failed = fid_gallery_refresh(analyzer->app->gallery, &changed, &error) != FID_OK;
    if (failed && analyzer->unread_since == 0) {
        analyzer->unread_since = time(NULL);
        app_warn("%s; who is known stays known", error.text);
    } else if (!failed && analyzer->unread_since != 0) {
        app_warn("the gallery can be read again, after %.0f s",
                 difftime(time(NULL), analyzer->unread_since));
        analyzer->unread_since = 0;
    }
    if (changed) /* also to an empty gallery, if the file is gone */
        refresh_rule(analyzer);
    analyzer->again = analyzer->again || changed;
}

/* ---- detecting ---- */

static enum app_exit find_faces(struct app_analyzer *analyzer, const struct fid_picture *picture,
                                uint64_t time_ns)
{
    struct fid_face faces[APP_LIVE_FACES_MAX];
    struct fid_quality qualities[APP_LIVE_FACES_MAX];
    struct fid_error error;
    size_t count;
    if (fid_detect(analyzer->app->detector, picture, faces, APP_LIVE_FACES_MAX, &count, &error) !=
        FID_OK)
        return app_fail(APP_AREA_MODEL, &error);
    for (size_t i = 0; i < count; i++)
        fid_face_quality(picture, &faces[i], &qualities[i]);
    fid_tracker_update(analyzer->tracker, time_ns, faces, qualities, count);
    return APP_OK;
}

static double ms_between(uint64_t from_ns, uint64_t to_ns)
{
    return (double)(to_ns - from_ns) / (double)APP_NS_PER_MS;
}

/* ---- embedding ---- */

static const struct fid_track *find_track(const struct app_analyzer *analyzer, uint32_t id)
{
    for (size_t i = 0; i < fid_tracker_count(analyzer->tracker); i++) {
        const struct fid_track *track = fid_tracker_track(analyzer->tracker, i);
        if (track->id == id)
            return track;
    }
    return NULL;
}

struct embedding_round { /* the embeddings of one frame */
    const struct fid_picture *picture;
    uint64_t time_ns;
    bool learns; /* the learner's track is to be embedded */
    size_t done;
    double spent_ms;
};

/* Is there time for one more? */
static bool may_embed(const struct app_analyzer *analyzer, const struct embedding_round *round,
                      bool urgent)
{
    if (round->time_ns < analyzer->embed_due_ns)
        return false;
    if (analyzer->every_frame || (round->done == 0 && urgent))
        return true;
    if (urgent)
        return round->spent_ms + analyzer->embed_ms <= EMBED_MS_MOST;
    return round->done == 0 && round->time_ns >= analyzer->routine_ns;
}

static void count_embedding(struct app_analyzer *analyzer, struct embedding_round *round, double ms)
{
    round->done++;
    round->spent_ms += ms;
    analyzer->embed_ms = analyzer->embed_ms > 0 ? 0.8 * analyzer->embed_ms + 0.2 * ms : ms;
    analyzer->routine_ns = round->time_ns + (uint64_t)(ROUTINE_PAUSE * ms * (double)APP_NS_PER_MS);
    analyzer->embed_due_ns = round->time_ns + (uint64_t)analyzer->embed_ns_least;
}

static enum app_exit embed(struct app_analyzer *analyzer, struct embedding_round *round,
                           uint32_t id)
{
    struct app_learner *learner = &analyzer->learner;
    const struct fid_track *track = find_track(analyzer, id);
    struct fid_error error;
    uint64_t start = app_now_ns();
    enum fid_status status = fid_embed(analyzer->app->embedder, round->picture, &track->face, 1,
                                       FID_CROP_MODEL, analyzer->embedding, &error);
    count_embedding(analyzer, round, ms_between(start, app_now_ns()));
    if (status == FID_INVALID) /* the landmarks are not a face's: the detector is wrong */
        return APP_OK;
    if (status != FID_OK)
        return app_fail(APP_AREA_MODEL, &error);
    float alike = analyzer->rule.maybe;
    if (round->learns && id == learner->shown.track) {
        if (!app_learner_take(learner, round->picture, &track->face, analyzer->embedding,
                              analyzer->size, alike, round->time_ns)) {
            app_warn("no memory for another face");
            return APP_INTERNAL;
        }
    } else if (find_track(analyzer, learner->shown.track) == NULL)
        app_learner_adopt(learner, id, analyzer->embedding, analyzer->size, alike);
    fid_tracker_embedded(analyzer->tracker, id, analyzer->embedding, analyzer->app->gallery,
                         &analyzer->rule);
    return APP_OK;
}

static enum app_exit embed_due(struct app_analyzer *analyzer, struct embedding_round *round)
{
    struct app_learner *learner = &analyzer->learner;
    uint32_t ids[APP_LIVE_FACES_MAX], learnt = learner->shown.track;
    size_t urgent, due = fid_tracker_due(analyzer->tracker, ids, &urgent);
    enum app_exit code = APP_OK;
    round->learns = app_learner_look(learner, find_track(analyzer, learnt), round->time_ns);
    if (round->learns && may_embed(analyzer, round, true))
        code = embed(analyzer, round, learnt);
    for (size_t i = 0; i < due && code == APP_OK; i++)
        if (!(round->learns && ids[i] == learnt) && may_embed(analyzer, round, i < urgent))
            code = embed(analyzer, round, ids[i]);
    return code;
}

/* ---- a frame ---- */

static void fill_result(struct app_analyzer *analyzer, struct app_result *result)
{
    result->count = fid_tracker_count(analyzer->tracker);
    for (size_t i = 0; i < result->count; i++)
        result->faces[i] = *fid_tracker_track(analyzer->tracker, i);
    result->rule = analyzer->rule;
    result->people = fid_gallery_count(analyzer->app->gallery);
    result->unread_since = analyzer->unread_since;
    result->learn = analyzer->learner.shown;
}

/* When to examine the next frame, if this one was started at start_ns. */
static void plan_next(struct app_analyzer *analyzer, uint64_t start_ns, double detect_ms)
{
    uint64_t now = app_now_ns();
    double apart = analyzer->frame_ns_least;
    if (fid_tracker_count(analyzer->tracker) > 0)
        analyzer->faces_ns = now;
    if (now - analyzer->faces_ns > QUIET_NS) {
        double idle = fmin(fmax(IDLE_FACTOR * detect_ms, IDLE_MS_LEAST), IDLE_MS_MOST);
        apart = fmax(apart, idle * (double)APP_NS_PER_MS);
    }
    /* counted from when it was due, not from when it came, to keep the mean rate */
    uint64_t due = analyzer->due_ns + (uint64_t)apart;
    analyzer->due_ns = due > start_ns ? due : start_ns;
}

enum app_exit app_analyze(struct app_analyzer *analyzer, const struct app_live_frame *frame,
                          uint64_t time_ns, struct app_result *result)
{
    struct fid_error error;
    struct fid_picture picture;
    struct embedding_round round = {.picture = &picture, .time_ns = time_ns};
    refresh_gallery(analyzer);
    if (app_frame_rgb(frame, &picture, &error) != FID_OK)
        return app_fail(APP_AREA_CAMERA, &error);
    uint64_t start = app_now_ns();
    enum app_exit code = find_faces(analyzer, &picture, time_ns);
    uint64_t detected = app_now_ns();
    if (code == APP_OK)
        code = embed_due(analyzer, &round);
    if (code != APP_OK)
        return code;
    fid_tracker_decide(analyzer->tracker, analyzer->app->gallery, &analyzer->rule, analyzer->again);
    analyzer->again = false;
    *result = (struct app_result){.sequence = frame->sequence,
                                  .captured_ns = frame->captured_ns,
                                  .time_ns = time_ns,
                                  .width = picture.width,
                                  .height = picture.height,
                                  .embedded = round.done,
                                  .detect_ms = ms_between(start, detected),
                                  .embed_ms = ms_between(detected, app_now_ns())};
    fill_result(analyzer, result);
    result->done_ns = analyzer->every_frame ? time_ns : app_now_ns();
    plan_next(analyzer, start, result->detect_ms);
    return APP_OK;
}

bool app_analyzer_expire(struct app_analyzer *analyzer, uint64_t now_ns, struct app_result *result)
{
    size_t before = fid_tracker_count(analyzer->tracker);
    if (analyzer->every_frame)
        return false;
    fid_tracker_expire(analyzer->tracker, now_ns);
    if (fid_tracker_count(analyzer->tracker) == before)
        return false;
    result->time_ns = result->done_ns = result->captured_ns = now_ns;
    fill_result(analyzer, result);
    return true;
}

bool app_analyzer_wait(const struct app_analyzer *analyzer)
{
    const uint64_t nap_ns = 20 * APP_NS_PER_MS, now = app_now_ns(), due = analyzer->due_ns;
    if (analyzer->every_frame || due <= now)
        return true;
    usleep((useconds_t)((due - now < nap_ns ? due - now : nap_ns) / 1000 + 1));
    return app_now_ns() >= due;
}

/* ---- wishes ---- */

void app_analyzer_wish(struct app_analyzer *analyzer, const struct app_wish *wish)
{
    struct fid_rule *rule = &analyzer->rule;
    switch (wish->kind) {
    case APP_WISH_REJECT:
        fid_tracker_reject(analyzer->tracker, wish->track);
        break;
    case APP_WISH_LIMIT:
        rule->accept = fminf(fmaxf(rule->accept + wish->delta, rule->maybe), LIMIT_MOST);
        analyzer->again = true;
        break;
    case APP_WISH_LEARN:
        app_learner_start(&analyzer->learner, wish->track);
        break;
    case APP_WISH_LEARN_CANCEL:
        app_learner_cancel(&analyzer->learner);
        break;
    case APP_WISH_LEARN_FINISH:
        analyzer->learner.faces.terms = wish->terms;
        if (app_learner_finish(&analyzer->learner, analyzer->app, rule, wish->name, wish->force,
                               wish->replace, wish->number))
            analyzer->refreshed_ns = 0; /* at the next frame */
        break;
    }
}

const struct app_learn *app_analyzer_learn(const struct app_analyzer *analyzer)
{
    return &analyzer->learner.shown;
}
