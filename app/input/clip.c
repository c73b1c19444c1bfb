/* clip.c - runs ffmpeg on a clip or stream and reads its frames; explains why it failed. */
#include "app/input/clip.h"
#include "app/app.h"
#include "app/clock.h"
#include "app/error.h"
#include "app/input/clip_child.h"
#include "app/input/stream.h"

#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct app_clip {
    char *path;  /* file or URL */
    char *shown; /* the same for messages */
    bool url;
    struct app_child child;
    struct app_stream stream;
    long next, every;    /* number of the next frame, step */
    long last;           /* number of the last one; < 0: to the end */
    unsigned patience_s; /* limit of computing until the next frame; 0: none */
    uint64_t renewed_ns; /* when that began */
    long count;          /* frames given */
    long expected;       /* approximately; 0: unknown */
};

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

bool app_clip_is_url(const char *path)
{
    return strncmp(path, "rtsp://", 7) == 0 || strncmp(path, "rtsps://", 8) == 0;
}

/* The part of a URL with user and password, up to its @; false if it has none. */
static bool find_login(const char *path, const char **login, size_t *length)
{
    const char *host = app_clip_is_url(path) ? strstr(path, "://") + 3 : NULL;
    size_t authority = host != NULL ? strcspn(host, "/") : 0;
    const char *at = host != NULL ? memrchr(host, '@', authority) : NULL;
    *login = host;
    *length = at != NULL ? (size_t)(at - host) + 1 : 0;
    return at != NULL;
}

void app_clip_shown(const char *path, char *shown, size_t bytes)
{
    const char *login;
    size_t length;
    if (find_login(path, &login, &length))
        snprintf(shown, bytes, "%.*s%s", (int)(login - path), path, login + length);
    else
        snprintf(shown, bytes, "%s", path);
}

/* ---- which frames ---- */

/* Seconds that a clip may compute per frame, plus one for each skipped frame. */
#define PATIENCE_S 60

/* Asks ffprobe for the clip's frame rate and number of frames; 0 for what it does not know. */
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
    struct app_child child;
    char line[256];
    double over = 0, under = 0, duration = 0;
    *rate = *frames = 0;
    enum fid_status status = app_child_start(&child, arguments, error);
    if (status == FID_OK)
        app_child_allow(&child, PATIENCE_S);
    FILE *out = status == FID_OK ? fdopen(child.out, "r") : NULL;
    while (out != NULL && fgets(line, sizeof line, out) != NULL) {
        sscanf(line, "avg_frame_rate=%lf/%lf", &over, &under);
        sscanf(line, "nb_frames=%lf", frames);
        sscanf(line, "duration=%lf", &duration);
    }
    if (out != NULL) {
        fclose(out);
        child.out = -1;
    }
    if (over > 0 && under > 0)
        *rate = over / under;
    if (*frames <= 0)
        *frames = *rate * duration;
    app_child_stop(&child);
    return status;
}

/* "file:" keeps a name like "concat:x" from being taken for a protocol. NULL: no memory. */
static char *input_of(const char *path)
{
    char *input = NULL;
    if (app_clip_is_url(path))
        return strdup(path);
    return asprintf(&input, "file:%s", path) >= 0 ? input : NULL;
}

/* The step between frames for options->rate and options->limit, and how many frames that gives. */
static enum fid_status choose_step(const char *input, const struct app_clip_options *options,
                                   long *every, long *expected, struct fid_error *error)
{
    double rate, frames, step = 1, first = (double)options->first, last = (double)options->last;
    *every = options->every;
    *expected = 0;
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
    if (frames >= 1 && frames < 1e9)
        *expected = (long)ceil(frames / (double)*every);
    return status;
}

/* ---- opening ---- */

enum { ARGUMENTS = 40 };

/* Appends the words up to NULL. */
static void add(char *arguments[ARGUMENTS], size_t *count, const char *const words[])
{
    for (size_t i = 0; words[i] != NULL && *count + 1 < ARGUMENTS; i++)
        arguments[(*count)++] = (char *)words[i];
    arguments[*count] = NULL;
}

/* A child that writes the frames as PPM pictures. RGB instead of the clip's own planes: for 1280 x
 * 720, ffmpeg's conversion and the larger pipe cost 0.75 ms per frame, our conversion 0.9, and
 * ffmpeg knows the clip's colors (BT.601, BT.709, their ranges). */
static enum fid_status start_ffmpeg(struct app_clip *clip, const char *input, bool loop,
                                    const char *select, struct fid_error *error)
{
    char *arguments[ARGUMENTS];
    size_t count = 0;
    const char *const allowed = clip->url ? "rtsp,rtsps,tcp,tls,udp,rtp,srtp,pipe" : "file,pipe";
    const char *const general[] = {"ffmpeg", "-nostdin",   "-hide_banner",        "-nostats",
                                   "-v",     "level+info", "-protocol_whitelist", allowed,
                                   NULL};
    const char *const repeated[] = {"-stream_loop", "-1", NULL};
    /* the timeout is in microseconds */
    const char *const url[] = {"-rtsp_transport", "tcp",    "-timeout",  "5000000", "-fflags",
                               "nobuffer",        "-flags", "low_delay", NULL};
    const char *const first_video[] = {"-i", input, "-map", "0:v:0", "-vf", select, NULL};
    const char *const pictures[] = {"-vsync", "passthrough", "-f",    "image2pipe", "-c:v",
                                    "ppm",    "-pix_fmt",    "rgb24", "pipe:1",     NULL};
    add(arguments, &count, general);
    if (clip->url)
        add(arguments, &count, url);
    if (loop && !clip->url)
        add(arguments, &count, repeated);
    add(arguments, &count, first_video);
    add(arguments, &count, pictures);
    return app_child_start(&clip->child, arguments, error);
}

static void renew_patience(struct app_clip *clip, long skipped)
{
    const uint64_t now = app_now_ns();
    if (clip->url || (clip->renewed_ns != 0 && now - clip->renewed_ns < APP_NS_PER_S))
        return;
    clip->renewed_ns = now;
    clip->patience_s = PATIENCE_S + (unsigned)(skipped < 1000000 ? skipped : 1000000);
    app_child_allow(&clip->child, clip->patience_s);
}

static enum fid_status no_memory(const char *path, struct fid_error *error)
{
    return app_error(error, FID_NO_MEMORY, "no memory for the clip %.200s", path);
}

enum fid_status app_clip_open(const char *path, const struct app_clip_options *options,
                              struct app_clip **clip, struct fid_error *error)
{
    struct app_clip *made = calloc(1, sizeof *made);
    char *input = input_of(path), *select = NULL;
    enum fid_status status = FID_NO_MEMORY;
    *clip = NULL;
    if (made == NULL)
        goto end;
    made->child = APP_CHILD_NONE;
    made->stream = (struct app_stream){.fd = -1, .parse = app_parse_ppm};
    made->url = app_clip_is_url(path);
    made->path = strdup(path);
    made->shown = calloc(1, strlen(path) + 1);
    if (made->path == NULL || made->shown == NULL || input == NULL)
        goto end;
    app_clip_shown(path, made->shown, strlen(path) + 1);
    status = choose_step(input, options, &made->every, &made->expected, error);
    if (status != FID_OK)
        goto end;
    made->next = options->first;
    made->last = options->last;
    long last = options->last >= 0 ? options->last : 1000000000L;
    bool all = made->every == 1 && options->first == 0 && options->last < 0;
    if (all)
        select = strdup("null");
    else if (asprintf(&select, "select=between(n\\,%ld\\,%ld)*not(mod(n-%ld\\,%ld))",
                      options->first, last, options->first, made->every) < 0)
        select = NULL;
    status =
        select != NULL ? start_ffmpeg(made, input, options->loop, select, error) : FID_NO_MEMORY;
    made->stream.fd = made->child.out;
    renew_patience(made, made->next);
end:
    free(input);
    free(select);
    if (status == FID_NO_MEMORY)
        no_memory(path, error);
    if (status != FID_OK)
        app_clip_close(&made);
    *clip = made;
    return status;
}

/* ---- reading ---- */

double app_clip_rate(const struct app_clip *clip)
{
    char talk[APP_TALK_BYTES];
    app_child_talk(&clip->child, false, talk, sizeof talk);
    const char *video = strstr(talk, ": Video: ");
    const char *end = video != NULL ? strpbrk(video, "\n") : NULL;
    const char *unit = video != NULL ? strstr(video, " fps") : NULL;
    if (unit == NULL || (end != NULL && unit > end))
        return 0;
    const char *number = unit;
    while (number > video && strchr("0123456789.", number[-1]) != NULL)
        number--;
    double rate = strtod(number, NULL);
    return isfinite(rate) && rate > 0 ? rate : 0;
}

/* FILLS line with what follows the first "[error] " of the text; false: nothing. */
static bool find_complaint(const char *text, char *line, size_t bytes)
{
    static const char *const marks[] = {"[error] ", "[fatal] "};
    const char *first = NULL;
    for (size_t i = 0; i < sizeof marks / sizeof marks[0]; i++) {
        const char *found = strstr(text, marks[i]);
        if (found != NULL && (first == NULL || found < first))
            first = found;
    }
    if (first == NULL)
        return false;
    first += strlen(marks[0]);
    snprintf(line, bytes, "%.*s", (int)strcspn(first, "\n"), first);
    return true;
}

/* The child's error message, without the login that a URL may hold; "": none. */
static void read_complaint(const struct app_clip *clip, char *line, size_t bytes)
{
    char talk[APP_TALK_BYTES];
    const char *login;
    size_t length;
    line[0] = '\0';
    for (int end = 0; end <= 1; end++) {
        app_child_talk(&clip->child, end, talk, sizeof talk);
        if (find_complaint(talk, line, bytes))
            break;
    }
    while (find_login(clip->path, &login, &length)) {
        char word[256];
        snprintf(word, sizeof word, "%.*s", (int)length, login);
        char *found = word[0] != '\0' ? strstr(line, word) : NULL;
        if (found == NULL)
            break;
        memmove(found, found + strlen(word), strlen(found + strlen(word)) + 1);
    }
}

/* The stream is over: did it end well? */
static enum fid_status finish(struct app_clip *clip, struct fid_error *error)
{
    char line[256];
    /* a child that closed its stdout ends by itself, and its status matters */
    bool good = app_child_wait(&clip->child);
    read_complaint(clip, line, sizeof line);
    const bool endless = clip->child.signal == SIGXCPU;
    app_child_stop(&clip->child);
    if (endless)
        return app_error(error, FID_CORRUPT,
                         "reading the clip %.200s stops: ffmpeg computed for %u s "
                         "without a frame",
                         clip->shown, clip->patience_s);
    if (clip->url) /* a live stream has no end of its own */
        return app_error(error, FID_IO, "the stream %.200s %s: %s", clip->shown,
                         clip->count > 0 ? "has ended" : "cannot be read",
                         line[0] != '\0' ? line : "the sender closed it");
    if (!good || (clip->count == 0 && line[0] != '\0'))
        return app_error(error, FID_CORRUPT, "the clip %.200s is damaged or not a clip: %s",
                         clip->shown, line[0] != '\0' ? line : "ffmpeg gave up");
    if (clip->count == 0)
        return app_error(error, FID_INVALID, "the clip %.200s has no such frames", clip->shown);
    return FID_OK;
}

enum app_camera_result app_clip_read(struct app_clip *clip, int timeout_ms, struct fid_frame *frame,
                                     struct fid_error *error)
{
    struct app_camera_drops drops = {0};
    if (clip->child.out < 0)
        return APP_CAMERA_END;
    enum app_camera_result result =
        app_stream_read(&clip->stream, timeout_ms, frame, &drops, error);
    clip->count += result == APP_CAMERA_FRAME;
    if (result == APP_CAMERA_FRAME)
        renew_patience(clip, clip->every);
    if (result != APP_CAMERA_LOST && result != APP_CAMERA_END) {
        app_child_hear(
            &clip->child); /* a damaged file in a loop writes as many messages as a stream */
        return result;
    }
    if (!clip->stream.over) { /* what the child sent is unusable */
        app_child_stop(&clip->child);
        return APP_CAMERA_LOST;
    }
    return finish(clip, error) == FID_OK ? APP_CAMERA_END : APP_CAMERA_LOST;
}

long app_clip_expected(const struct app_clip *clip)
{
    return clip->expected;
}

enum fid_status app_clip_next(struct app_clip *clip, struct fid_picture *picture, long *frame,
                              struct fid_error *error)
{
    if (clip->count > 0 && clip->last >= 0 && clip->next > clip->last)
        app_child_stop(&clip->child); /* the rest of its frames is not needed */
    /* The picture's buffer is lent to a frame of RGB, which has the same layout. */
    struct fid_frame lent = {.buffer = picture->pixels, .capacity_bytes = picture->capacity_bytes};
    enum app_camera_result result = app_clip_read(clip, -1, &lent, error);
    bool good = result == APP_CAMERA_FRAME;
    *picture = (struct fid_picture){.width = good ? lent.width : 0,
                                    .height = good ? lent.height : 0,
                                    .stride_bytes = lent.stride_bytes[0],
                                    .pixels = lent.buffer,
                                    .capacity_bytes = lent.capacity_bytes};
    *frame = good ? clip->next : -1;
    clip->next += good ? clip->every : 0;
    return result == APP_CAMERA_LOST ? error->status : FID_OK;
}

void app_clip_close(struct app_clip **clip)
{
    if (*clip == NULL)
        return;
    app_child_stop(&(*clip)->child);
    app_stream_close(&(*clip)->stream);
    free((*clip)->path);
    free((*clip)->shown);
    free(*clip);
    *clip = NULL;
}
