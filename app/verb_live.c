#include "app/live.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#if FID_SDL
#include "app/window.h"
#define HAS_WINDOW true
#else /* made with SDL=0: the files that draw are not in the program */
#define HAS_WINDOW     false
#define app_window_run app_live_headless
#endif

static const struct app_option live_options[] = {
    {"camera", 'c', APP_TEXT, "CAMERA",
     "index, path, by-id path or a part of the name (default the first; faceid cameras)", 0, 0},
    {"input", 'i', APP_FILE, "SOURCE", "a clip, a picture or a folder of pictures instead", 0, 0},
    {"size", 0, APP_TEXT, "WxH", "frame size to come near to (default 1280x720)", 0, 0},
    {"fps", 0, APP_NUMBER, "N", "frames a second (default 30, of --input 25)", 1, 240},
    {"mirror", 0, APP_FLAG, NULL, "show the picture as a mirror does", 0, 0},
    {"headless", 0, APP_FLAG, NULL, "no window: only events", 0, 0},
    {"events", 0, APP_FILE, "FILE", "a JSON object for each frame looked at; - is stdout", 0, 0},
    {"frames", 0, APP_WHOLE, "N", "end after so many frames", 1, 1e9},
    {0},
};

/* "1280x720" */
static bool read_size(const char *text, int *width, int *height)
{
    int end = 0;
    return sscanf(text, "%5dx%5d%n", width, height, &end) == 2 && text[end] == '\0' &&
           *width >= 16 && *width <= 32767 && *height >= 16 && *height <= 32767;
}

static enum app_exit read_request(const struct app *app, struct app_camera_request *request)
{
    const char *input = app_option_text(app, "input", NULL);
    if (input != NULL && app_option_text(app, "camera", NULL) != NULL)
        return app_usage(app, "--camera and --input exclude each other");
    *request = (struct app_camera_request){
        .where = input != NULL ? input : app_option_text(app, "camera", NULL),
        .fps = app_option_number(app, "fps", 0),
    };
    const char *size = app_option_text(app, "size", NULL);
    if (size != NULL && !read_size(size, &request->width, &request->height))
        return app_usage(app, "--size takes WIDTHxHEIGHT such as 1280x720, not '%s'", size);
    return APP_OK;
}

/* Where the events go: without a window to stdout unless said otherwise. */
static enum app_exit open_events(const struct app *app, bool headless, FILE **events)
{
    const char *path = app_option_text(app, "events", headless ? "-" : NULL);
    *events = NULL;
    if (path == NULL)
        return APP_OK;
    *events = strcmp(path, "-") == 0 ? stdout : fopen(path, "ae");
    if (*events != NULL)
        return APP_OK;
    app_warn("cannot write events to %s: %s", path, strerror(errno));
    return APP_INTERNAL;
}

static enum app_exit run(struct app *app)
{
    struct app_live live = {
        .app = app,
        .frames_max = (uint64_t)app_option_number(app, "frames", 0),
        .mirror = app_option_flag(app, "mirror"),
    };
    bool headless = app_option_flag(app, "headless");
    bool files = app_option_text(app, "input", NULL) != NULL;
    live.area = files ? APP_AREA_INPUT : APP_AREA_CAMERA;
    struct app_feed_options feed = {
        .backend = files ? &app_camera_source : &app_camera_v4l2,
        .reconnect = !headless && !files,
        .lossless = headless,
    };
    struct fid_error error;
    enum app_exit code = read_request(app, &feed.request);
    if (code != APP_OK)
        return code;
    if (!headless && !HAS_WINDOW) {
        app_warn("this build has no window (it was made with SDL=0); use --headless --events -");
        return APP_CAMERA;
    }
    if (!files && app_camera_present(feed.request.where, &error) != FID_OK)
        return app_fail(APP_AREA_CAMERA, &error);
    FILE *events;
    code = open_events(app, headless, &events);
    live.events = events;
    if (code == APP_OK)
        code = app_live_start(&live, &feed);
    if (code == APP_OK)
        code = headless ? app_live_headless(&live) : app_window_run(&live);
    app_live_stop(&live);
    if (events != NULL && events != stdout)
        fclose(events);
    return code;
}

const struct app_verb app_verb_live = {
    .name = "live",
    .arguments = "",
    .summary = "the camera with a name at each face, in a window or as events",
    .details =
        "Strangers are \"?\". Keys: q or Esc quit, f full screen, h help, space pause, m mirror,\n"
        "s snapshot. People are added by `faceid enroll`, also while the window is open.\n"
        "An event is {\"v\":1, \"time\", \"camera\", \"frame\", \"size\", \"faces\": [{\"box\": "
        "[x, y, w,\n"
        "h], \"known\", \"name\", \"score\", \"reason\"}]}.\n",
    .examples = "faceid --camera 0\tthe window, with the first camera\n"
                "faceid live --camera logitech --size 640x480\tanother camera, smaller frames\n"
                "faceid live --headless --events -\tno window: JSON lines for other programs\n"
                "faceid live --headless --input party.mp4\tevery frame of a clip\n",
    .groups = APP_USES_MODEL | APP_USES_DETECTOR | APP_USES_GALLERY,
    .options = live_options,
    .run = run,
};
