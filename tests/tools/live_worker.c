/* live_worker RECOGNIZER DETECTOR GALLERY STEP...
 *
 * Plays pictures to the live program's worker thread, as a camera does, and asks it for things in
 * between, as the window does. Steps:
 *
 *     show:FILE:N     posts the picture N times, 40 ms apart (none: "-", only time passes)
 *     until:FILE      posts the picture until no more good frames are wanted, for 20 s at most
 *     learn           collects frames of the newest track
 *     finish:NAME     saves it; force:NAME even if it looks like another person
 *     cancel          drops what was collected
 *     reject          the newest track is not the person that it was taken for
 *     limit:DELTA     moves the limit
 *
 * After each step one JSON object a line: the step, the faces of the newest result and the state of
 * the enrollment. */
#include "app/live/analyzer.c"
#include "app/enrollment/enrollment.c"
#include "app/enrollment/enrollment_check.c"
#include "app/output/json.c"
#include "app/live/learn.c"
#include "app/live/live_frame.c"
#include "app/live/mailbox.c"
#include "app/output/text.c"
#include "app/live/worker.c"

#include <stdarg.h>

/* ---- what the program's app.c and options.c do ---- */

static const char *recognizer_path, *detector_path;

static void say(const char *format, va_list args)
{
    vfprintf(stderr, format, args);
    fputc('\n', stderr);
}

void app_tell_given_limits(const struct app *app, const struct fid_model *model)
{
    (void)app;
    (void)model;
}

void app_warn(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    say(format, args);
    va_end(args);
}

enum app_exit app_fail(enum app_area area, const struct fid_error *error)
{
    (void)area;
    app_warn("%s", error->text);
    return APP_INTERNAL;
}

const char *app_environment(const char *name) /* no home: no settings */
{
    (void)name;
    return NULL;
}

const char *app_nearest_word(const char *word, const char *(*candidate)(const void *ctx, size_t i),
                             const void *ctx)
{
    (void)word;
    (void)candidate;
    (void)ctx;
    return NULL;
}

static enum app_exit opened(enum fid_status status, const struct fid_error *error)
{
    return status == FID_OK ? APP_OK : app_fail(APP_AREA_MODEL, error);
}

enum app_exit app_open_detector(struct app *app)
{
    struct fid_error error;
    const struct fid_options options = {.threads = 2};
    const struct fid_detect_options detect = {.max_side = 640};
    enum fid_status status = fid_runtime_open(&app->runtime, &options, &error);
    if (status == FID_OK)
        status = fid_model_open(app->runtime, detector_path, &app->detector_model, &error);
    if (status == FID_OK)
        status =
            fid_detector_open(app->runtime, app->detector_model, &detect, &app->detector, &error);
    return opened(status, &error);
}

enum app_exit app_open_embedder(struct app *app, int batch)
{
    struct fid_error error;
    enum fid_status status =
        fid_model_open(app->runtime, recognizer_path, &app->recognizer, &error);
    if (status == FID_OK)
        status = fid_embedder_open(app->runtime, app->recognizer, batch, &app->embedder, &error);
    return opened(status, &error);
}

unsigned app_gallery_flags(const struct app *app)
{
    (void)app;
    return 0;
}

enum app_exit app_open_gallery(struct app *app, unsigned flags, bool check_model)
{
    (void)check_model;
    struct fid_error error;
    return opened(
        fid_gallery_open(app->gallery_path, app->recognizer, NULL, flags, &app->gallery, &error),
        &error);
}

static void close_app(struct app *app)
{
    fid_gallery_close(&app->gallery);
    fid_embedder_close(&app->embedder);
    fid_detector_close(&app->detector);
    fid_model_close(&app->recognizer);
    fid_model_close(&app->detector_model);
    fid_runtime_close(&app->runtime);
}

/* ---- steps ---- */

struct play {
    struct app_mailbox *mailbox;
    struct app_worker *worker;
    struct app_result result;
    struct app_learn learn;
};

static bool post(struct play *play, const struct fid_picture *picture)
{
    struct fid_error error;
    struct app_live_frame *frame = app_mailbox_draft(play->mailbox);
    struct fid_frame view = {.format = FID_PIXELS_RGB,
                             .width = picture->width,
                             .height = picture->height,
                             .planes = {picture->pixels},
                             .stride_bytes = {picture->stride_bytes}};
    if (fid_frame_copy(&view, &frame->pixels, &error) != FID_OK)
        return false;
    frame->captured_ns = app_now_ns();
    app_mailbox_post(play->mailbox);
    return true;
}

static void look(struct play *play)
{
    app_worker_result(play->worker, play->result.sequence, &play->result);
    app_worker_learning(play->worker, &play->learn);
}

/* Posts the file `times`, or while an enrollment is collecting. */
static bool show(struct play *play, const char *file, int times, bool collect)
{
    struct fid_picture picture = {0};
    struct fid_error error;
    bool good = true, empty = strcmp(file, "-") == 0;
    if (!empty && fid_picture_load(file, &picture, &error) != FID_OK)
        return false;
    for (int i = 0; good && i < times; i++) {
        good = empty || post(play, &picture);
        usleep(40 * 1000);
        look(play);
        if (collect && play->learn.state == APP_LEARN_COLLECTED)
            break;
    }
    fid_picture_free(&picture);
    return good;
}

/* The newest track that is in the picture; 0: none. */
static uint32_t newest_track(const struct play *play)
{
    uint32_t id = 0;
    for (size_t i = 0; i < play->result.count; i++)
        if (play->result.faces[i].seen && play->result.faces[i].id > id)
            id = play->result.faces[i].id;
    return id;
}

static void finish(struct play *play, const char *name, bool force)
{
    uint64_t request = app_worker_learn_finish(play->worker, name, force);
    for (int i = 0; i < 500 && play->learn.request != request; i++) {
        usleep(10 * 1000);
        look(play);
    }
}

static bool take_step(struct play *play, char *step)
{
    char *word = strtok(step, ":"), *file = strtok(NULL, ":"), *count = strtok(NULL, ":");
    if (strcmp(word, "show") == 0)
        return show(play, file, atoi(count), false);
    if (strcmp(word, "until") == 0)
        return show(play, file, 500, true);
    if (strcmp(word, "learn") == 0)
        app_worker_learn(play->worker, newest_track(play));
    else if (strcmp(word, "cancel") == 0)
        app_worker_learn_cancel(play->worker);
    else if (strcmp(word, "reject") == 0)
        app_worker_not_this_person(play->worker, newest_track(play));
    else if (strcmp(word, "limit") == 0)
        app_worker_adjust_limit(play->worker, (float)atof(file));
    else if (strcmp(word, "finish") == 0 || strcmp(word, "force") == 0)
        finish(play, file, word[1] == 'o');
    else
        return false;
    return true;
}

static void print_state(const struct play *play, const char *step)
{
    static const char *const states[] = {"none",  "collecting", "collected",
                                         "saved", "refused",    "failed"};
    struct app_json json = app_json_begin(stdout);
    app_json_open(&json, NULL, '{');
    app_json_text(&json, "step", step);
    app_json_number(&json, "limit", (double)play->result.rule.accept, 4);
    app_json_whole(&json, "people", (int64_t)play->result.people);
    app_json_open(&json, "faces", '[');
    for (size_t i = 0; i < play->result.count; i++) {
        const struct fid_track *face = &play->result.faces[i];
        app_json_open(&json, NULL, '{');
        app_json_whole(&json, "track", face->id);
        app_json_bool(&json, "seen", face->seen);
        app_json_text(&json, "name", face->label.known ? face->label.name : NULL);
        app_json_text(&json, "reason", fid_reason_text(face->label.reason));
        app_json_close(&json, '}');
    }
    app_json_close(&json, ']');
    app_json_text(&json, "learn", states[play->learn.state]);
    app_json_text(&json, "hint", app_hint_text(play->learn.hint));
    app_json_whole(&json, "collected", (int64_t)play->learn.collected);
    app_json_whole(&json, "wanted", (int64_t)play->learn.wanted);
    app_json_text(&json, "text", play->learn.text);
    app_json_close(&json, '}');
    app_json_line(&json);
}

int main(int argc, char **argv)
{
    struct play play = {0};
    struct app app = {0};
    if (argc < 4)
        return 2;
    recognizer_path = argv[1];
    detector_path = argv[2];
    snprintf(app.gallery_path, sizeof app.gallery_path, "%s", argv[3]);
    play.mailbox = app_mailbox_open(2);
    play.worker = app_worker_open(&app, play.mailbox, NULL, NULL);
    bool good = play.worker != NULL;
    while (good && !app_worker_ready(play.worker)) {
        usleep(1000);
        good = app_worker_code(play.worker) == APP_OK;
    }
    for (int i = 4; i < argc && good; i++) {
        char *step = strdup(argv[i]);
        good = take_step(&play, step);
        free(step);
        usleep(100 * 1000); /* wishes are granted between frames */
        look(&play);
        print_state(&play, argv[i]);
    }
    good = good && app_worker_code(play.worker) == APP_OK;
    app_worker_close(&play.worker);
    app_mailbox_close(&play.mailbox);
    close_app(&app);
    return good ? 0 : 1;
}
