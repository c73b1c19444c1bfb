#include "app/clip.h"
#include "app/app.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <signal.h>
#include <spawn.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

struct child {
    pid_t pid; /* 0: none */
    FILE *out; /* its stdout */
    int talk;  /* memory file with its stderr */
};

struct app_clip {
    char *path;
    struct child child;
    long next, every; /* number of the next frame, step */
    long count;       /* frames given */
};

static enum fid_status fail(struct fid_error *error, enum fid_status status, const char *format,
                            ...) __attribute__((format(printf, 3, 4)));

static enum fid_status fail(struct fid_error *error, enum fid_status status, const char *format,
                            ...)
{
    va_list args;
    va_start(args, format);
    error->status = status;
    vsnprintf(error->text, sizeof error->text, format, args);
    va_end(args);
    return status;
}

bool app_clip_looks_like(const uint8_t *bytes, size_t count)
{
    static const struct {
        size_t at;
        const char *text;
        size_t length;
    } marks[] = {
        {8, "AVI ", 4},       {0, "\x1A\x45\xDF\xA3", 4},
        {0, "\0\0\1\xBA", 4}, {0, "\0\0\1\xB3", 4},
        {0, "FLV", 3},        {0, "\x30\x26\xB2\x75", 4},
        {0, "OggS", 4},       {0, "YUV4MPEG2", 9},
        {4, "moov", 4},       {4, "mdat", 4},
        {4, "wide", 4},       {4, "free", 4},
        {4, "skip", 4},       {4, "ftyp", 4},
    };
    static const char *const still[] = {"heic", "heix", "mif1", "msf1", "avif", "avis"};
    if (count >= 12 && memcmp(bytes + 4, "ftyp", 4) == 0)
        for (size_t i = 0; i < sizeof still / sizeof still[0]; i++)
            if (memcmp(bytes + 8, still[i], 4) == 0)
                return false; /* the same container, but a picture */
    for (size_t i = 0; i < sizeof marks / sizeof marks[0]; i++)
        if (count >= marks[i].at + marks[i].length &&
            memcmp(bytes + marks[i].at, marks[i].text, marks[i].length) == 0)
            return true;
    return count > 188 && bytes[0] == 0x47 && bytes[188] == 0x47; /* MPEG transport stream */
}

/* ---- the child ---- */

static enum fid_status start(struct child *child, char *const arguments[], struct fid_error *error)
{
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    sigset_t normal;
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0)
        return fail(error, FID_IO, "no pipe to %s: %s", arguments[0], strerror(errno));
    child->talk = memfd_create("faceid-child", MFD_CLOEXEC);
    sigemptyset(&normal);
    sigaddset(&normal, SIGPIPE);
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_adddup2(&actions, ends[1], 1);
    posix_spawn_file_actions_adddup2(&actions, child->talk, 2);
    posix_spawnattr_init(&attributes);
    posix_spawnattr_setsigdefault(&attributes, &normal);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGDEF);
    int code = posix_spawnp(&child->pid, arguments[0], &actions, &attributes, arguments, environ);
    posix_spawnattr_destroy(&attributes);
    posix_spawn_file_actions_destroy(&actions);
    close(ends[1]);
    child->out = code == 0 ? fdopen(ends[0], "rb") : NULL;
    if (child->out != NULL)
        return FID_OK;
    close(ends[0]);
    if (code == ENOENT)
        return fail(error, FID_UNSUPPORTED,
                    "%s is not installed, and it is needed to read clips (Debian: ffmpeg)",
                    arguments[0]);
    return fail(error, FID_IO, "%s cannot be started: %s", arguments[0], strerror(code));
}

/* Ends the child, at once if it has not ended by itself; returns whether it ended well. */
static bool stop(struct child *child)
{
    int status = -1;
    if (child->out != NULL)
        fclose(child->out);
    if (child->pid > 0) {
        kill(child->pid, SIGKILL); /* does nothing to one that has ended */
        while (waitpid(child->pid, &status, 0) < 0 && errno == EINTR)
            ;
    }
    child->pid = 0;
    child->out = NULL;
    return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

/* The first line that the child wrote to stderr, without its "path: " where it has one. */
static void read_complaint(struct child *child, char *line, size_t bytes)
{
    ssize_t length = child->talk >= 0 ? pread(child->talk, line, bytes - 1, 0) : 0;
    line[length > 0 ? length : 0] = '\0';
    line[strcspn(line, "\n")] = '\0';
}

static void close_talk(struct child *child)
{
    if (child->talk >= 0)
        close(child->talk);
    child->talk = -1;
}

/* ---- which frames ---- */

/* Asks ffprobe for the clip's frames a second and length; zeros for what it does not know. */
static enum fid_status probe(const char *input, double *rate, double *frames,
                             struct fid_error *error)
{
    char *arguments[] = {"ffprobe",
                         "-v",
                         "error",
                         "-protocol_whitelist",
                         "file",
                         "-select_streams",
                         "v:0",
                         "-show_entries",
                         "stream=avg_frame_rate,nb_frames:format=duration",
                         "-of",
                         "default=noprint_wrappers=1",
                         (char *)input,
                         NULL};
    struct child child = {.talk = -1};
    char line[256];
    double over = 0, under = 0, duration = 0;
    *rate = *frames = 0;
    enum fid_status status = start(&child, arguments, error);
    while (status == FID_OK && fgets(line, sizeof line, child.out) != NULL) {
        sscanf(line, "avg_frame_rate=%lf/%lf", &over, &under);
        sscanf(line, "nb_frames=%lf", frames);
        sscanf(line, "duration=%lf", &duration);
    }
    if (over > 0 && under > 0)
        *rate = over / under;
    if (*frames <= 0)
        *frames = *rate * duration;
    stop(&child);
    close_talk(&child);
    return status;
}

/* The step between frames that keeps to options->rate and options->limit. */
static enum fid_status choose_step(const char *input, const struct app_clip_options *options,
                                   long *every, struct fid_error *error)
{
    double rate, frames, step = 1, first = (double)options->first, last = (double)options->last;
    *every = options->every;
    if (options->every > 0)
        return FID_OK;
    enum fid_status status = probe(input, &rate, &frames, error);
    if (last >= 0 && last + 1 < frames)
        frames = last + 1;
    frames -= first;
    if (options->rate > 0 && isfinite(rate) && rate > options->rate)
        step = round(rate / options->rate);
    if (options->limit > 0 && isfinite(frames) && frames / step > (double)options->limit)
        step = ceil(frames / (double)options->limit);
    *every = step >= 1 && step < 1e6 ? (long)step : 1;
    return status;
}

enum fid_status app_clip_open(const char *path, const struct app_clip_options *options,
                              struct app_clip **clip, struct fid_error *error)
{
    struct app_clip *made = calloc(1, sizeof *made);
    char *input = NULL, *select = NULL;
    enum fid_status status = FID_NO_MEMORY;
    *clip = NULL;
    if (made == NULL) {
        fail(error, FID_NO_MEMORY, "no memory for the clip %s", path);
        return FID_NO_MEMORY;
    }
    made->child.talk = -1;
    made->path = strdup(path);
    /* "file:" keeps a name like "concat:x" from being taken for a protocol */
    if (made->path == NULL || asprintf(&input, "file:%s", path) < 0) {
        fail(error, FID_NO_MEMORY, "no memory for the clip %s", path);
        goto end;
    }
    status = choose_step(input, options, &made->every, error);
    if (status != FID_OK)
        goto end;
    made->next = options->first;
    long last = options->last >= 0 ? options->last : 1000000000L;
    if (asprintf(&select, "select=between(n\\,%ld\\,%ld)*not(mod(n-%ld\\,%ld))", options->first,
                 last, options->first, made->every) < 0) {
        status = fail(error, FID_NO_MEMORY, "no memory for the clip %s", path);
        goto end;
    }
    char *arguments[] = {"ffmpeg",     "-nostdin", "-v",     "error",       "-protocol_whitelist",
                         "file,pipe",  "-i",       input,    "-map",        "0:v:0",
                         "-vf",        select,     "-vsync", "passthrough", "-f",
                         "image2pipe", "-c:v",     "ppm",    "-pix_fmt",    "rgb24",
                         "-",          NULL};
    status = start(&made->child, arguments, error);
end:
    free(input);
    free(select);
    if (status != FID_OK)
        app_clip_close(&made);
    *clip = made;
    return status;
}

/* ---- reading ---- */

/* The stream is over: was it a good one? */
static enum fid_status finish(struct app_clip *clip, struct fid_error *error)
{
    char line[256];
    /* a child that has closed its stdout ends by itself: its status is worth waiting for */
    int status = 0;
    while (waitpid(clip->child.pid, &status, 0) < 0 && errno == EINTR)
        ;
    clip->child.pid = 0;
    stop(&clip->child);
    read_complaint(&clip->child, line, sizeof line);
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0 || (clip->count == 0 && line[0] != '\0'))
        return fail(error, FID_CORRUPT, "the clip %.200s is damaged or no clip: %s", clip->path,
                    line[0] != '\0' ? line : "ffmpeg gave up");
    if (clip->count == 0)
        return fail(error, FID_INVALID, "the clip %.200s has no such frames", clip->path);
    return FID_OK;
}

enum fid_status app_clip_next(struct app_clip *clip, struct fid_picture *picture, long *frame,
                              struct fid_error *error)
{
    int width, height;
    *frame = -1;
    if (clip->child.out == NULL)
        return FID_OK;
    /* a PPM picture: "P6 width height 255", one blank, then rows of RGB */
    if (fscanf(clip->child.out, "P6 %d %d 255", &width, &height) != 2 ||
        fgetc(clip->child.out) != '\n')
        return finish(clip, error);
    enum fid_status status = fid_picture_resize(picture, width, height, error);
    if (status != FID_OK) {
        stop(&clip->child);
        return status;
    }
    for (int y = 0; y < height; y++)
        if (fread(picture->pixels + (size_t)y * picture->stride_bytes, 3, (size_t)width,
                  clip->child.out) != (size_t)width)
            return finish(clip, error);
    *frame = clip->next;
    clip->next += clip->every;
    clip->count++;
    return FID_OK;
}

void app_clip_close(struct app_clip **clip)
{
    if (*clip == NULL)
        return;
    stop(&(*clip)->child);
    close_talk(&(*clip)->child);
    free((*clip)->path);
    free(*clip);
    *clip = NULL;
}
