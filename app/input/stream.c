/* stream.c - reads frames of Motion-JPEG, Y4M or PPM from a descriptor. */
#include "app/input/stream.h"
#include "app/app.h"
#include "app/clock.h"
#include "app/error.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Room beyond what is needed, so that one read also brings the start of the next frame. */
#define READ_BYTES ((size_t)64 << 10)
#define NAP_MS     100 /* the longest delay in noticing an interruption */

void app_stream_reset(struct app_stream *stream, int fd)
{
    stream->fd = fd;
    stream->state = (struct app_stream_state){0};
    stream->start = stream->end = 0;
    stream->frames = 0;
    stream->over = false;
}

void app_stream_close(struct app_stream *stream)
{
    free(stream->bytes);
    *stream = (struct app_stream){.fd = -1};
}

/* ---- which format ---- */

/* NULL: more bytes are needed or, with count >= 10, it is none of them. */
static app_parse_fn find_format(const uint8_t *bytes, size_t count)
{
    static const struct {
        const char *magic;
        size_t length;
        app_parse_fn parse;
    } formats[] = {{"\xFF\xD8\xFF", 3, app_parse_mjpeg},
                   {"YUV4MPEG2 ", 10, app_parse_y4m},
                   {"P6\n", 3, app_parse_ppm},
                   {"--", 2, app_parse_mjpeg}, /* the boundary of a multipart stream */
                   {"\r\n--", 4, app_parse_mjpeg}};
    for (size_t i = 0; i < sizeof formats / sizeof formats[0]; i++)
        if (count >= formats[i].length && memcmp(bytes, formats[i].magic, formats[i].length) == 0)
            return formats[i].parse;
    return NULL;
}

/* ---- bytes ---- */

/* Makes room for `wanted` bytes from start on, and some more; never more than twice what has come,
 * so that a header cannot claim memory for data that never arrives. */
static bool make_room(struct app_stream *stream, size_t wanted)
{
    size_t kept = stream->end - stream->start;
    if (stream->start > 0 && stream->start + wanted + READ_BYTES > stream->capacity) {
        memmove(stream->bytes, stream->bytes + stream->start, kept);
        stream->start = 0;
        stream->end = kept;
    }
    size_t most = 2 * kept + READ_BYTES;
    size_t needed = wanted + READ_BYTES < most ? wanted + READ_BYTES : most;
    if (stream->start + needed <= stream->capacity)
        return true;
    uint8_t *bytes = realloc(stream->bytes, stream->start + needed);
    if (bytes == NULL)
        return false;
    stream->bytes = bytes;
    stream->capacity = stream->start + needed;
    return true;
}

static enum app_camera_result fail_read(struct fid_error *error)
{
    app_error(error, FID_IO, "the stream cannot be read: %s", strerror(errno));
    return APP_CAMERA_LOST;
}

/* How long to wait for bytes: until the deadline, or for a while if there is none. */
static int wait_ms(uint64_t deadline_ns)
{
    const uint64_t now = app_now_ns();
    if (deadline_ns == 0)
        return NAP_MS;
    return now < deadline_ns ? (int)((deadline_ns - now + APP_NS_PER_MS - 1) / APP_NS_PER_MS) : 0;
}

/* Reads what has arrived, waiting until the deadline (0: none, but an interruption ends it):
 * FRAME (bytes or the end came, or call again), SILENT or LOST. */
static enum app_camera_result fill(struct app_stream *stream, uint64_t deadline_ns,
                                   struct fid_error *error)
{
    struct pollfd wanted = {.fd = stream->fd, .events = POLLIN};
    int ready = poll(&wanted, 1, wait_ms(deadline_ns));
    if (ready == 0 && deadline_ns != 0)
        return APP_CAMERA_SILENT;
    if (ready < 0 && errno != EINTR)
        return fail_read(error);
    if (ready <= 0 && deadline_ns == 0 && app_interrupted()) {
        errno = EINTR;
        return fail_read(error);
    }
    if (ready <= 0)
        return APP_CAMERA_FRAME;
    ssize_t count = read(stream->fd, stream->bytes + stream->end, stream->capacity - stream->end);
    if (count < 0 && (errno == EINTR || errno == EAGAIN))
        return APP_CAMERA_FRAME;
    if (count < 0)
        return fail_read(error);
    stream->over = count == 0;
    stream->end += (size_t)count;
    return APP_CAMERA_FRAME;
}

/* ---- frames ---- */

static enum app_camera_result count_drop(enum app_parse_result result,
                                         struct app_camera_drops *drops)
{
    drops->short_bytes += result == APP_PARSE_SHORT;
    drops->undecodable += result == APP_PARSE_BAD;
    drops->wrong_size += result == APP_PARSE_WRONG_SIZE;
    return APP_CAMERA_DROPPED;
}

/* The stream is over, and no whole frame is left. */
static enum app_camera_result finish(struct app_stream *stream, struct app_camera_drops *drops,
                                     struct fid_error *error)
{
    error->text[0] = '\0';
    if (stream->state.inside) {
        stream->state.inside = false;
        drops->short_bytes++;
        app_error(error, FID_CORRUPT, "the stream ends within a frame");
    }
    if (stream->frames > 0)
        return APP_CAMERA_END;
    app_error(error, FID_INVALID, "the stream has no whole frame");
    return APP_CAMERA_LOST;
}

static enum app_camera_result fail_format(struct fid_error *error)
{
    app_error(error, FID_UNSUPPORTED,
              "the stream is neither Motion-JPEG, Y4M nor PPM; with ffmpeg, say -f mjpeg or "
              "-f yuv4mpegpipe -pix_fmt yuv420p");
    return APP_CAMERA_LOST;
}

enum app_camera_result app_stream_read(struct app_stream *stream, int timeout_ms,
                                       struct fid_frame *frame, struct app_camera_drops *drops,
                                       struct fid_error *error)
{
    uint64_t deadline = timeout_ms < 0 ? 0 : app_now_ns() + (uint64_t)timeout_ms * APP_NS_PER_MS;
    for (;;) {
        size_t used, count = stream->end - stream->start;
        const uint8_t *bytes = stream->bytes + stream->start;
        if (stream->parse == NULL && count > 0) {
            stream->parse = find_format(bytes, count);
            if (stream->parse == NULL && (count >= 10 || stream->over))
                return fail_format(error);
        }
        size_t wanted = count + 1;
        if (stream->parse != NULL && count > 0 && count >= stream->state.wanted) {
            enum app_parse_result result =
                stream->parse(&stream->state, bytes, count, &used, frame, error);
            stream->start += used;
            if (result != APP_PARSE_MORE)
                stream->state.wanted = 0;
            stream->frames += result == APP_PARSE_FRAME;
            if (result == APP_PARSE_FRAME)
                return APP_CAMERA_FRAME;
            if (result == APP_PARSE_FAILED)
                return APP_CAMERA_LOST;
            if (result != APP_PARSE_MORE)
                return count_drop(result, drops);
        }
        if (stream->state.wanted > wanted)
            wanted = stream->state.wanted;
        if (stream->over)
            return finish(stream, drops, error);
        if (!make_room(stream, wanted)) {
            app_error(error, FID_NO_MEMORY, "no memory for a frame of %zu bytes", wanted);
            return APP_CAMERA_LOST;
        }
        enum app_camera_result filled = fill(stream, deadline, error);
        if (filled != APP_CAMERA_FRAME)
            return filled;
    }
}
