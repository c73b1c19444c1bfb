/* verb_live.c - faceid live: reads the options of the live program, and runs it with or without a
 * window. */
#include "app/input/clip.h"
#include "app/live/live.h"
#include "app/output/output_stream.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#if FID_SDL
#include "app/window/window.h"
#define HAS_WINDOW true
#else /* made with SDL=0: the files that draw are not in the program */
#define HAS_WINDOW           false
#define app_window_run       app_live_headless
#define app_window_prepare() ((void)0)
#endif

static const struct app_option live_options[] = {
    {"camera", 'c', APP_TEXT, "CAMERA",
     "index, path, by-id path, part of the name or rtsp:// URL (default the first camera)", 0, 0},
    {"input", 'i', APP_FILE, "SOURCE",
     "or a clip, picture, folder or rtsp:// URL, or - for MJPEG or Y4M on stdin", 0, 0},
    {"size", 0, APP_TEXT, "WxH", "wanted frame size (default 1280x720)", 0, 0},
    {"fps", 0, APP_NUMBER, "N", "frames per second (default 30; clips: their own, pictures: 25)", 1,
     240},
    {"rotate", 0, APP_WHOLE, "DEGREES", "turn the picture clockwise by 90, 180 or 270", 0, 270},
    {"mirror", 0, APP_FLAG, NULL, "show the picture mirrored", 0, 0},
    {"loop", 0, APP_FLAG, NULL, "start a clip or folder again at its end", 0, 0},
    {"realtime", 0, APP_FLAG, NULL,
     "without a window: play an input at its own rate and drop late frames", 0, 0},
    {"reconnect", 0, APP_FLAG, NULL, "without a window: wait for an unplugged camera to come back",
     0, 0},
    {"headless", 0, APP_FLAG, NULL, "no window: only events", 0, 0},
    {"keep-crops", 0, APP_FLAG, NULL,
     "keep crops of people enrolled in the window, for faceid reembed", 0, 0},
    {"events", 0, APP_FILE, "FILE", "a JSON object for each event of a face; - is stdout", 0, 0},
    {"events-frames", 0, APP_FLAG, NULL, "and one for each frame examined", 0, 0},
    {"exec", 0, APP_TEXT, "CMD", "run CMD for each event, with its fields as FACEID_*", 0, 0},
    {"record", 0, APP_FILE, "FOLDER", "save the frames in which a label changes", 0, 0},
    {"frames", 0, APP_WHOLE, "N", "end after N frames", 1, 1e9},
    {"stats", 0, APP_FILE, "FILE", "the window's drawing times, as JSON at the end", 0, 0},
    {"max-fps", 0, APP_NUMBER, "N", "examine at most N frames per second (not of files)", 0.1, 240},
    {"embed-fps", 0, APP_NUMBER, "N", "run the recognizer at most N times per second", 0.1, 1000},
    {0},
};

/* "1280x720" */
static bool read_size(const char *text, int *width, int *height)
{
    int end = 0;
    return sscanf(text, "%5dx%5d%n", width, height, &end) == 2 && text[end] == '\0' &&
           *width >= 16 && *width <= 32767 && *height >= 16 && *height <= 32767;
}

/* FILLS *feed and *live from the options about where frames come from. */
static enum app_exit read_source(const struct app *app, bool headless,
                                 struct app_feed_options *feed, struct app_live *live)
{
    struct app_camera_request *request = &feed->request;
    struct fid_error error;
    const char *input = app_option_text(app, "input", NULL);
    if (input != NULL && app_option_text(app, "camera", NULL) != NULL)
        return app_usage(app, "--camera and --input exclude each other");
    *request = (struct app_camera_request){
        .where = input != NULL ? input : app_option_text(app, "camera", NULL),
        .fps = app_option_number(app, "fps", 0),
        .loop = app_option_flag(app, "loop"),
    };
    const char *size = app_option_text(app, "size", NULL);
    if (size != NULL && !read_size(size, &request->width, &request->height))
        return app_usage(app, "--size takes WIDTHxHEIGHT such as 1280x720, not '%s'", size);
    feed->rotate = app_option_whole(app, "rotate", 0);
    if (feed->rotate % 90 != 0)
        return app_usage(app, "--rotate takes 90, 180 or 270, not %d", feed->rotate);
    feed->backend = app_camera_backend(request->where, input != NULL, &error);
    if (feed->backend == NULL)
        return app_usage(app, "%s", error.text);
    bool camera = feed->backend == &app_camera_v4l2;
    live->area = camera || app_clip_is_url(request->where) ? APP_AREA_CAMERA : APP_AREA_INPUT;
    feed->reconnect = live->area == APP_AREA_CAMERA &&
                      (!headless || !camera || app_option_flag(app, "reconnect"));
    feed->lossless = headless && !app_option_flag(app, "realtime");
    live->every_frame = feed->lossless && live->area == APP_AREA_INPUT;
    if (camera && app_camera_present(request->where, &error) != FID_OK)
        return app_fail(APP_AREA_CAMERA, &error);
    return APP_OK;
}

/* Where the events go: without a window to stdout unless said otherwise. */
static enum app_exit open_events(struct app *app, bool headless, FILE **events)
{
    const char *path = app_option_text(app, "events", headless ? "-" : NULL);
    *events = NULL;
    if (path == NULL)
        return APP_OK;
    enum app_exit code = app_find_gallery(app);
    if (code != APP_OK)
        return code;
    return app_open_stream(app, path, "events", true, events);
}

/* Opens what --events, --exec and --record ask for. */
static enum app_exit open_report(struct app *app, bool headless, FILE **events,
                                 struct app_report **report)
{
    struct app_report_options options = {
        .frames = app_option_flag(app, "events-frames"),
        .command = app_option_text(app, "exec", NULL),
        .folder = app_option_text(app, "record", NULL),
    };
    enum app_exit code = open_events(app, headless, events);
    options.events = *events;
    return code == APP_OK ? app_report_open(&options, report) : code;
}

/* Leaves one core to the desktop, except for a file, which is to be done quickly. */
static void choose_defaults(struct app *app, const struct app_live *live)
{
    long cores = sysconf(_SC_NPROCESSORS_ONLN);
    if (!live->every_frame)
        app->threads = cores > 2 ? (int)cores - 1 : 1;
    app->max_side = APP_LIVE_MAX_SIDE;
    app->max_fps = app_option_number(app, "max-fps", 0);
    app->keep_crops = app_option_flag(app, "keep-crops");
    app->embed_fps = app_option_number(app, "embed-fps", 0);
}

static enum app_exit run_live(struct app *app, struct app_live *live, bool headless,
                              const struct app_feed_options *feed)
{
    FILE *events = NULL;
    choose_defaults(app, live);
    enum app_exit code = open_report(app, headless, &events, &live->report);
    if (code == APP_OK)
        code = app_live_start(live, feed);
    if (code == APP_OK)
        code = headless ? app_live_headless(live) : app_window_run(live);
    if (live->mailbox != NULL) /* the camera closes while the last events are written */
        app_mailbox_shut(live->mailbox);
    if (live->report != NULL) {
        enum app_exit end = app_report_end(live->report);
        code = code == APP_OK ? end : code;
    }
    app_live_stop(live);
    app_report_close(&live->report);
    if (events != NULL && events != stdout)
        fclose(events);
    return code;
}

static enum app_exit run(struct app *app)
{
    struct app_live live = {
        .app = app,
        .frames_max = (uint64_t)app_option_number(app, "frames", 0),
        .mirror = app_option_flag(app, "mirror"),
    };
    bool headless = app_option_flag(app, "headless");
    struct app_feed_options feed = {0};
    enum app_exit code = read_source(app, headless, &feed, &live);
    if (code != APP_OK)
        return code;
    if (!headless && !HAS_WINDOW) {
        app_warn("this build has no window (it was made with SDL=0); use --headless --events -");
        return APP_CAMERA;
    }
    if (!headless)
        app_window_prepare();
    return run_live(app, &live, headless, &feed);
}

const struct app_verb app_verb_live = {
    .name = "live",
    .arguments = "",
    .summary = "the camera with a name at each face, in a window or as events",
    .details =
        "Strangers are \"?\". Press e to enroll the chosen face; `faceid enroll` works too while\n"
        "the window is open. Keys of the window:\n"
#define APP_KEY(action, character, name, does) "  " name "\t" does "\n"
#include "app/key_table.h"
#undef APP_KEY
        "\n"
        "A face is tracked from frame to frame. Its name needs three looks, or one far above the\n"
        "limit, and stays while a third of the last eight looks agree. Each event is one line:\n"
        "{\"v\":1, \"event\", \"time\", \"source\", \"frame\", \"track\", \"box\": [x, y, w, h], "
        "\"known\",\n"
        "\"name\", \"score\", \"reason\"}. The events are appear (a face is there), identified "
        "(known\n"
        "or not; again when that changes; with \"after_ms\") and lost. --events-frames adds\n"
        "{\"event\":\"faces\", \"size\": [w, h], \"faces\": [...]} for each frame examined.\n"
        "faceid does not wait for a slow reader: it keeps 256 KiB of events, drops further ones,\n"
        "and says in \"dropped\" of the next event how many. At the end a reader has one second.\n"
        "--events appends to a file (new files get mode 0600), a pipe or a terminal; it refuses a\n"
        "link to a file (exit code 2). --exec splits CMD at blanks (no shell, no quotes) and runs\n"
        "it with FACEID_EVENT, _TIME, _SOURCE, _FRAME, _TRACK, _BOX, _KNOWN (0, 1), _NAME, _SCORE\n"
        "and _REASON, four at a time, its output on stderr. --record names files by time and\n"
        "frame. By default pictures are shrunk to 640 pixels, and a camera leaves one core free.\n",
    .examples = "faceid --camera 0\tthe window, with the first camera\n"
                "faceid live --camera logitech --size 640x480\tanother camera, smaller frames\n"
                "faceid live --headless --events -\tno window: JSON lines for other programs\n"
                "faceid live --headless --exec ./at-the-door\ta command at each event\n"
                "faceid live --headless --input party.mp4\tevery frame of a clip\n"
                "faceid live --input rtsp://door.local/stream\ta network camera\n"
                "ffmpeg -i URL -f mjpeg - | faceid live --input -\tanything that ffmpeg reads\n",
    .groups = APP_USES_MODEL | APP_USES_DETECTOR | APP_USES_GALLERY,
    .options = live_options,
    .run = run,
};
