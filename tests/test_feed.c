/* The camera's thread with cameras made up here: losses and returns, silence, damage, turned
 * frames, the rate of a source, the light. Waiting is real and kept short. */
#include "app/error.c"
#include "app/input/camera.c"
#include "app/live/live_feed.c"
#include "app/live/live_frame.c"
#include "app/live/live_light.c"
#include "app/live/mailbox.c"
#include "tests/check/check.h"

#include <math.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>

static int warnings;
static char last_warning[256];
void app_warn(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vsnprintf(last_warning, sizeof last_warning, format, args);
    va_end(args);
    warnings++;
}

/* What the made-up camera does, one letter a read: f a frame, d a damaged one, s silence for as
 * long as the caller waits, l loss, e the end. The last letter is repeated. */
struct script {
    _Atomic(const char *) reads; /* from the next one on; a case may hand in others */
    int fail_opens;              /* that many openings fail after the first */
    bool files;                  /* not live */
    double fps;
    uint8_t luma, other_luma; /* of the left half and the right one */
    int width, height;
    atomic_int opens, closes;
    char again_name[64];       /* as asked for at the last opening */
    _Atomic uint64_t frame_ns; /* when the last frame came */
};
static struct script script;

static const struct app_camera_backend script_backend;

static enum fid_status script_open(struct app_camera *camera,
                                   const struct app_camera_request *request,
                                   struct fid_error *error)
{
    int number = ++script.opens;
    const char *path = request->where != NULL ? request->where : "/dev/video7";
    snprintf(script.again_name, sizeof script.again_name, "%s",
             request->name != NULL ? request->name : "");
    *camera = (struct app_camera){0};
    if (number > 1 && number <= 1 + script.fail_opens)
        return app_error(error, FID_NOT_FOUND, "it has not come back");
    if (strcmp(path, "/dev/video9") == 0)
        return app_error(error, FID_NOT_FOUND, "there is no camera %s", path);
    *camera = (struct app_camera){.backend = &script_backend,
                                  .name = "Made up",
                                  .bus = "usb-1",
                                  .format = "GREY",
                                  .live = !script.files,
                                  .fps = script.fps};
    snprintf(camera->path, sizeof camera->path, "%s", path);
    snprintf(camera->where, sizeof camera->where, "%s", path);
    return FID_OK;
}

static enum app_camera_result script_read(struct app_camera *camera, int timeout_ms,
                                          struct fid_frame *frame, uint64_t *captured_ns,
                                          struct fid_error *error)
{
    const char *reads = script.reads;
    char letter = *reads;
    if (reads[1] != '\0')
        atomic_compare_exchange_strong(&script.reads, &reads, reads + 1);
    int width = script.width > 0 ? script.width : 32,
        height = script.height > 0 ? script.height : 24;
    switch (letter) {
    case 'f':
        if (fid_frame_resize(frame, FID_PIXELS_GREY, width, height, error) != FID_OK)
            return APP_CAMERA_LOST;
        frame->full_range = true;
        for (int i = 0; i < width * height; i++)
            frame->planes[0][i] = i % width < width / 2 ? script.luma : script.other_luma;
        *captured_ns = app_now_ns();
        script.frame_ns = *captured_ns;
        if (!script.files)
            usleep(2000);
        return APP_CAMERA_FRAME;
    case 'd':
        camera->drops.undecodable++;
        return APP_CAMERA_DROPPED;
    case 'l':
        app_error(error, FID_IO, "camera %s was unplugged or stopped", camera->path);
        return APP_CAMERA_LOST;
    case 'e':
        return APP_CAMERA_END;
    default:
        usleep((useconds_t)timeout_ms * 1000);
        return APP_CAMERA_SILENT;
    }
}

static void script_close(struct app_camera *camera)
{
    script.closes++;
    *camera = (struct app_camera){0};
}

static const struct app_camera_backend script_backend = {
    .name = "script", .open = script_open, .read = script_read, .close = script_close};

enum { PATIENCE_MS = 300000 }; /* for what an idle machine does at once */

static struct app_mailbox *mailbox;
static struct app_feed *feed;

static void start_feed(const char *reads, struct app_feed_options options)
{
    script.reads = reads;
    script.opens = script.closes = 0;
    warnings = 0;
    options.backend = &script_backend;
    mailbox = app_mailbox_open(2);
    feed = app_feed_open(&options, mailbox);
}

static void end_feed(void)
{
    app_feed_close(&feed);
    app_mailbox_close(&mailbox);
    CHECK_THAT(script.opens - script.fail_opens <= script.closes || script.opens == script.closes,
               "%d opened, %d closed", (int)script.opens, (int)script.closes);
    memset(&script, 0, sizeof script); /* its thread has ended */
}

static struct app_feed_status status_now(void)
{
    struct app_feed_status status;
    app_feed_status(feed, &status);
    return status;
}

static int ms_since(uint64_t then_ns)
{
    return (int)((app_now_ns() - then_ns) / 1000000);
}

/* Waits for a state; returns the milliseconds it took, -1 after five minutes. */
static int wait_for(enum app_feed_state state)
{
    const uint64_t start_ns = app_now_ns();
    while (ms_since(start_ns) < PATIENCE_MS) {
        if (status_now().state == state)
            return ms_since(start_ns);
        usleep(5000);
    }
    return -1;
}

static void frames_make_it_run(void)
{
    start_feed("f", (struct app_feed_options){0});
    const struct app_live_frame *frame = app_mailbox_take(mailbox, 0, PATIENCE_MS);
    REQUIRE(frame != NULL);
    struct app_feed_status status = status_now();
    CHECK(status.state == APP_FEED_RUNNING && status.dropped == 0);
    CHECK(strcmp(status.name, "Made up") == 0 && strcmp(status.path, "/dev/video7") == 0);
    app_mailbox_give_back(mailbox, frame);
    end_feed();
}

static void a_loss_is_told_at_once_and_a_return_resumes(void)
{
    script.fail_opens = 2;
    start_feed("fffl", (struct app_feed_options){.reconnect = true});
    REQUIRE(wait_for(APP_FEED_LOST) >= 0);
    CHECK(strstr(status_now().error.text, "unplugged") != NULL);
    script.reads = "fffffffff";
    int ms = wait_for(APP_FEED_RUNNING);
    CHECK_THAT(ms >= 0, "not resumed");
    check_figure("a camera resumes", ms, 3 * RETRY_MS + 1000, "ms");
    CHECK(script.opens == 4);
    CHECK_THAT(strcmp(script.again_name, "Made up") == 0, "asked for '%s'", script.again_name);
    CHECK(!app_mailbox_is_shut(mailbox));
    end_feed();
}

static void a_loss_ends_a_feed_that_does_not_wait(void)
{
    start_feed("fl", (struct app_feed_options){0});
    REQUIRE(wait_for(APP_FEED_FAILED) >= 0);
    CHECK(app_mailbox_is_shut(mailbox) && script.opens == 1);
    CHECK(strstr(status_now().error.text, "unplugged") != NULL);
    end_feed();
}

/* What never gave a frame is not waited for: the sentence is wanted at once. */
static void a_first_opening_without_a_frame_fails(void)
{
    start_feed("l", (struct app_feed_options){.reconnect = true});
    REQUIRE(wait_for(APP_FEED_FAILED) >= 0);
    CHECK(script.opens == 1);
    end_feed();
}

static void silence_is_found_by_time(void)
{
    start_feed("fffs", (struct app_feed_options){.reconnect = true});
    REQUIRE(wait_for(APP_FEED_RUNNING) >= 0);
    REQUIRE(wait_for(APP_FEED_SILENT) >= 0);
    int ms = ms_since(script.frame_ns);
    const int patience_ms = (int)(NEXT_FRAME_NS / 1000000);
    CHECK_THAT(ms >= patience_ms, "silent after %d ms", ms);
    check_figure("silence is told", ms, patience_ms + 2 * READ_MS, "ms");
    CHECK(strstr(status_now().error.text, "/dev/video7 sends no pictures") != NULL);
    script.reads = "ffffffff";
    CHECK(wait_for(APP_FEED_RUNNING) >= 0);
    CHECK(script.opens == 1);
    end_feed();
}

/* Damage alone is nothing that could be shown. */
static void damaged_frames_are_counted_and_are_silence(void)
{
    start_feed("fddfddds", (struct app_feed_options){0});
    REQUIRE(wait_for(APP_FEED_SILENT) >= 0);
    struct app_feed_status status = status_now();
    CHECK(status.dropped == 5 && status.drops.undecodable == 5);
    char text[128];
    app_camera_drops_text(&status.drops, text, sizeof text);
    CHECK_THAT(strcmp(text, "5 undecodable") == 0, "'%s'", text);
    end_feed();
}

static void drops_are_counted_over_reopenings(void)
{
    start_feed("fdl", (struct app_feed_options){.reconnect = true});
    REQUIRE(wait_for(APP_FEED_LOST) >= 0);
    script.reads = "fddfs";
    REQUIRE(wait_for(APP_FEED_RUNNING) >= 0);
    REQUIRE(wait_for(APP_FEED_SILENT) >= 0);
    CHECK_THAT(status_now().dropped == 3, "%llu", (unsigned long long)status_now().dropped);
    end_feed();
}

static void the_end_is_no_failure(void)
{
    script.files = true;
    start_feed("ffe", (struct app_feed_options){.lossless = true});
    for (uint64_t seen = 0; seen < 2; seen++) {
        const struct app_live_frame *frame = app_mailbox_take(mailbox, seen, PATIENCE_MS);
        REQUIRE(frame != NULL && frame->sequence == seen + 1);
        app_mailbox_give_back(mailbox, frame);
    }
    CHECK(wait_for(APP_FEED_ENDED) >= 0);
    CHECK(app_mailbox_is_shut(mailbox) && status_now().error.text[0] == '\0');
    end_feed();
}

static void a_source_keeps_its_rate(void)
{
    script.files = true;
    script.fps = 100;
    start_feed("f", (struct app_feed_options){0});
    const struct app_live_frame *frame = app_mailbox_take(mailbox, 0, PATIENCE_MS);
    REQUIRE(frame != NULL);
    uint64_t first = frame->captured_ns, sequence = frame->sequence;
    app_mailbox_give_back(mailbox, frame);
    frame = app_mailbox_take(mailbox, sequence + 49, 10000);
    REQUIRE(frame != NULL);
    double ms = (double)(frame->captured_ns - first) / 1e6;
    double wanted = 10 * (double)(frame->sequence - sequence);
    /* Never faster; slower only as far as this machine is busy. */
    CHECK_THAT(ms > wanted - 12 && ms < 3 * wanted, "%.0f ms instead of %.0f", ms, wanted);
    uint64_t age = app_now_ns() - frame->captured_ns;
    CHECK_THAT(age < APP_NS_PER_S, "captured %.0f ms ago", (double)age / 1e6);
    app_mailbox_give_back(mailbox, frame);
    end_feed();
}

/* What a stream says of its rate may be no rate. */
static void odd_rates_are_bounded(void)
{
    static const struct {
        double said, taken;
    } rates[] = {{1e9, 1000}, {1e-9, 0.1}, {INFINITY, 1000}, {NAN, 0}, {-25, 0}, {0, 0}, {30, 30}};
    for (size_t i = 0; i < sizeof rates / sizeof rates[0]; i++) {
        script.files = true;
        script.fps = rates[i].said;
        start_feed("f", (struct app_feed_options){.lossless = true});
        const struct app_live_frame *frame = app_mailbox_take(mailbox, 0, PATIENCE_MS);
        REQUIRE(frame != NULL);
        const double fps = status_now().fps;
        CHECK_THAT(fps == rates[i].taken, "%g of %g", fps, rates[i].said);
        app_mailbox_give_back(mailbox, frame);
        end_feed();
    }
}

static void frames_are_turned(void)
{
    script.luma = 10;
    script.other_luma = 200;
    start_feed("f", (struct app_feed_options){.rotate = 90});
    const struct app_live_frame *frame = app_mailbox_take(mailbox, 0, PATIENCE_MS);
    REQUIRE(frame != NULL);
    CHECK(frame->pixels.width == 24 && frame->pixels.height == 32);
    CHECK(frame->pixels.planes[0][0] == 10); /* the left half is above now */
    CHECK(frame->pixels.planes[0][31 * frame->pixels.stride_bytes[0]] == 200);
    struct fid_picture picture;
    struct fid_error error;
    REQUIRE(app_frame_rgb(frame, &picture, &error) == FID_OK);
    CHECK(picture.width == 24 && picture.height == 32 && picture.pixels[2] == 10);
    app_mailbox_give_back(mailbox, frame);
    end_feed();
}

/* ---- another camera ---- */

static bool comes_to(const char *path)
{
    for (int i = 0; i < PATIENCE_MS / 5; i++) {
        struct app_feed_status status = status_now();
        if (status.state == APP_FEED_RUNNING && strcmp(status.path, path) == 0)
            return true;
        usleep(5000);
    }
    return false;
}

static void goes_over_to_another_camera(void)
{
    start_feed("f", (struct app_feed_options){.reconnect = true});
    REQUIRE(comes_to("/dev/video7"));
    uint64_t before_ns = app_now_ns();
    app_feed_switch(feed, "/dev/video8");
    CHECK(comes_to("/dev/video8") && status_now().opened_ns >= before_ns);
    CHECK_THAT(script.again_name[0] == '\0', "asked for '%s', the camera before",
               script.again_name);
    end_feed();
}

static void another_camera_that_is_not_there_is_lost(void)
{
    start_feed("f", (struct app_feed_options){.reconnect = true});
    REQUIRE(comes_to("/dev/video7"));
    app_feed_switch(feed, "/dev/video9");
    REQUIRE(wait_for(APP_FEED_LOST) >= 0);
    CHECK(strstr(status_now().error.text, "no camera /dev/video9") != NULL);
    app_feed_switch(feed, "/dev/video8");
    CHECK(comes_to("/dev/video8"));
    script.fail_opens = script.opens - script.closes; /* the one that could not be opened */
    end_feed();
}

/* ---- the light ---- */

static const char *look(enum fid_pixel_format format, int left, int right, uint64_t ms)
{
    static struct app_light light;
    struct fid_frame frame = {0};
    if (ms == 0)
        light = (struct app_light){0};
    if (fid_frame_resize(&frame, format, 64, 48, NULL) != FID_OK)
        return "no frame";
    frame.full_range = true;
    size_t row_bytes = frame.stride_bytes[0];
    for (size_t i = 0; i < row_bytes * 48; i++)
        frame.planes[0][i] = (uint8_t)(i % row_bytes < row_bytes / 2 ? left : right);
    const char *hint = app_light_look(&light, &frame, (ms + 1) * APP_NS_PER_MS);
    fid_frame_free(&frame);
    return hint;
}

static void dark_and_flat_pictures_get_a_hint_in_time(void)
{
    static const enum fid_pixel_format formats[] = {FID_PIXELS_RGB,  FID_PIXELS_GREY,
                                                    FID_PIXELS_YUYV, FID_PIXELS_UYVY,
                                                    FID_PIXELS_NV12, FID_PIXELS_I420};
    for (size_t i = 0; i < sizeof formats / sizeof formats[0]; i++) {
        CHECK(look(formats[i], 3, 8, 0) == NULL);
        CHECK(look(formats[i], 3, 8, 2900) == NULL);
        const char *hint = look(formats[i], 3, 8, 3100);
        CHECK(hint != NULL && strstr(hint, "black") != NULL);
        CHECK(look(formats[i], 3, 90, 3200) == NULL); /* the light was switched on */
        CHECK(look(formats[i], 3, 8, 3300) == NULL);
        CHECK(look(formats[i], 120, 121, 0) == NULL);
        hint = look(formats[i], 120, 121, 4000);
        CHECK(hint != NULL && strstr(hint, "one color") != NULL);
        CHECK(look(formats[i], 100, 130, 8000) == NULL);
    }
}

static void a_black_camera_is_told_of_once(void)
{
    start_feed("f", (struct app_feed_options){0});
    for (int i = 0; i < PATIENCE_MS / 10 && status_now().hint == NULL; i++)
        usleep(10000);
    CHECK(status_now().hint != NULL);
    usleep(50000);
    app_feed_close(&feed); /* its thread counts the warnings */
    CHECK(warnings == 1 && strstr(last_warning, "black") != NULL);
    end_feed();
}

CHECK_MAIN(CHECK_CASE(frames_make_it_run), CHECK_CASE(a_loss_is_told_at_once_and_a_return_resumes),
           CHECK_CASE(a_loss_ends_a_feed_that_does_not_wait),
           CHECK_CASE(a_first_opening_without_a_frame_fails), CHECK_CASE(silence_is_found_by_time),
           CHECK_CASE(damaged_frames_are_counted_and_are_silence),
           CHECK_CASE(drops_are_counted_over_reopenings), CHECK_CASE(the_end_is_no_failure),
           CHECK_CASE(a_source_keeps_its_rate), CHECK_CASE(odd_rates_are_bounded),
           CHECK_CASE(frames_are_turned), CHECK_CASE(goes_over_to_another_camera),
           CHECK_CASE(another_camera_that_is_not_there_is_lost),
           CHECK_CASE(dark_and_flat_pictures_get_a_hint_in_time),
           CHECK_CASE(a_black_camera_is_told_of_once))
