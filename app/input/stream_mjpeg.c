/* stream_mjpeg.c - Motion-JPEG: JPEG pictures one after the other, with anything between them (the
 * parts of a multipart stream have headers there). */
#include "app/input/camera.h"
#include "app/error.h"
#include "app/input/stream_format.h"

#include <string.h>

/* Anything longer is not a compressed frame. */
#define MAX_FRAME_BYTES ((size_t)32 << 20)

enum { SOI = 0xD8, EOI = 0xD9, SOS = 0xDA, RST0 = 0xD0, RST7 = 0xD7, TEM = 0x01 };

enum frame_end {
    MORE,  /* it has not ended yet */
    ENDED, /* by an EOI: the frame has `scanned` bytes */
    CUT    /* by the start of another frame, which begins at `scanned` */
};

/* The first SOI marker in bytes[count], or how many bytes can be discarded. */
static size_t find_start(const uint8_t *bytes, size_t count, bool *found)
{
    size_t at = 0;
    *found = false;
    while (at + 1 < count) {
        const uint8_t *mark = memchr(bytes + at, 0xFF, count - 1 - at);
        if (mark == NULL)
            break;
        at = (size_t)(mark - bytes);
        if (bytes[at + 1] == SOI) {
            *found = true;
            return at;
        }
        at++;
    }
    return count > 0 && bytes[count - 1] == 0xFF ? count - 1 : count;
}

/* Steps over the segment at bytes[at]; false: more bytes are needed. Its length is trusted if
 * another marker follows, or compressed data after an SOS. Otherwise the frame is damaged, and
 * everything after it is scanned like compressed data, so that a false length does not hide the
 * next frames. */
static bool step_over(struct app_stream_state *state, const uint8_t *bytes, size_t count, size_t at)
{
    enum { SOS_MIN = 8, SOS_MAX = 14 };
    if (count - at < 4)
        return false;
    bool scan = bytes[at + 1] == SOS;
    size_t length = (size_t)bytes[at + 2] << 8 | bytes[at + 3];
    bool good = scan ? length >= SOS_MIN && length <= SOS_MAX : length >= 2;
    if (good && count - at <= 2 + length)
        return false;
    good = good && (scan || bytes[at + 2 + length] == 0xFF);
    state->scanned = at + 2 + (good ? length : 0);
    return true;
}

/* Continues at state->scanned, marker by marker. Segments are skipped by their length, so that a
 * preview in one of them is not taken for the next frame; compressed data contains no SOI. */
static enum frame_end find_end(struct app_stream_state *state, const uint8_t *bytes, size_t count)
{
    while (state->scanned + 1 < count) {
        const uint8_t *mark = memchr(bytes + state->scanned, 0xFF, count - 1 - state->scanned);
        size_t at = mark != NULL ? (size_t)(mark - bytes) : count - 1;
        state->scanned = at;
        if (mark == NULL)
            return MORE;
        uint8_t marker = bytes[at + 1];
        bool bare = marker == 0 || marker == TEM || (marker >= RST0 && marker <= RST7);
        if (marker == SOI)
            return CUT;
        if (marker == EOI) {
            state->scanned = at + 2;
            return ENDED;
        }
        if (bare || marker == 0xFF) /* 0xFF is padding */
            state->scanned = at + (bare ? 2 : 1);
        else if (!step_over(state, bytes, count, at))
            return MORE;
    }
    return MORE;
}

/* A damaged header may state any size: the stream has the size of its first frame, until two
 * frames in a row state another. */
static enum app_parse_result check_size(struct app_stream_state *state, int width, int height,
                                        struct fid_error *error)
{
    if (app_stream_check_size("Motion-JPEG", width, height, error) != FID_OK)
        return APP_PARSE_WRONG_SIZE;
    bool same = state->width == 0 || (width == state->width && height == state->height);
    bool again = width == state->other_width && height == state->other_height;
    state->other_width = same ? 0 : width;
    state->other_height = same ? 0 : height;
    if (same || again)
        return APP_PARSE_FRAME;
    app_error(error, FID_CORRUPT, "a frame of %d x %d pixels among those of %d x %d", width, height,
              state->width, state->height);
    return APP_PARSE_WRONG_SIZE;
}

static enum app_parse_result decode(struct app_stream_state *state, const uint8_t *bytes,
                                    size_t count, struct fid_frame *frame, struct fid_error *error)
{
    int width, height;
    if (fid_frame_jpeg_size(bytes, count, "frame", &width, &height, error) != FID_OK)
        return APP_PARSE_BAD;
    enum app_parse_result result = check_size(state, width, height, error);
    if (result != APP_PARSE_FRAME)
        return result;
    if (fid_frame_decode_jpeg(bytes, count, "frame", frame, error) != FID_OK)
        return APP_PARSE_BAD;
    state->width = width;
    state->height = height;
    return APP_PARSE_FRAME;
}

enum app_parse_result app_parse_mjpeg(struct app_stream_state *state, const uint8_t *bytes,
                                      size_t count, size_t *used, struct fid_frame *frame,
                                      struct fid_error *error)
{
    *used = 0;
    if (state->scanned == 0) {
        bool found;
        *used = find_start(bytes, count, &found);
        state->inside = found;
        state->wanted = count - *used + 1;
        if (!found)
            return APP_PARSE_MORE;
        state->scanned = 2;
        bytes += *used;
        count -= *used;
    }
    enum frame_end end = find_end(state, bytes, count);
    if (end == MORE && count < MAX_FRAME_BYTES) {
        state->wanted = count + 1;
        return APP_PARSE_MORE;
    }
    size_t length = end == MORE ? count : state->scanned;
    *used += length;
    state->scanned = 0;
    state->inside = false;
    if (end == ENDED)
        return decode(state, bytes, length, frame, error);
    app_error(error, FID_CORRUPT, "a frame of %zu bytes has no end", length);
    return APP_PARSE_SHORT;
}
