/* stream_raw.c - streams of uncompressed frames: YUV4MPEG2 (Y4M), which carries its rate, and PPM
 * pictures one after the other, which ffmpeg writes for us. */
#include "app/input/camera.h"
#include "app/error.h"
#include "app/input/stream_format.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LINE_BYTES = 1024 }; /* a longer line is not a header */

enum fid_status app_stream_check_size(const char *what, long width, long height,
                                      struct fid_error *error)
{
    if (width < 1 || height < 1)
        return app_error(error, FID_INVALID, "%s: frames of %ld x %ld pixels have no content", what,
                         width, height);
    if (width > APP_STREAM_MAX_SIDE || height > APP_STREAM_MAX_SIDE ||
        width * height > APP_STREAM_MAX_PIXELS)
        return app_error(error, FID_UNSUPPORTED,
                         "%s: frames of %ld x %ld pixels are too large (at most 7680 x 4320)", what,
                         width, height);
    return FID_OK;
}

/* The length of the line at bytes with its line feed, 0: it has not ended yet,
 * -1: it is too long. */
static long line_length(const uint8_t *bytes, size_t count)
{
    const uint8_t *end = memchr(bytes, '\n', count < LINE_BYTES ? count : LINE_BYTES);
    return end != NULL ? (long)(end - bytes) + 1 : count < LINE_BYTES ? 0 : -1;
}

static void set_layout(struct app_stream_state *state, enum fid_pixel_format format)
{
    state->format = format;
    state->frame_bytes = 0;
    for (int i = 0; i < 3; i++) {
        size_t row_bytes, rows;
        fid_frame_plane_size(format, state->width, state->height, i, &row_bytes, &rows);
        state->frame_bytes += row_bytes * rows;
    }
}

/* bytes hold a frame's planes, one after the other. */
static enum app_parse_result take_frame(const struct app_stream_state *state, const uint8_t *bytes,
                                        struct fid_frame *frame, struct fid_error *error)
{
    if (fid_frame_resize(frame, state->format, state->width, state->height, error) != FID_OK)
        return APP_PARSE_FAILED;
    frame->full_range = state->full_range;
    memcpy(frame->planes[0], bytes, state->frame_bytes); /* an owned frame has no gaps, either */
    return APP_PARSE_FRAME;
}

/* ---- Y4M ---- */

static bool read_colors(struct app_stream_state *state, const char *name, struct fid_error *error)
{
    static const char *const halved[] = {"420", "420jpeg", "420mpeg2", "420paldv"};
    for (size_t i = 0; i < sizeof halved / sizeof halved[0]; i++)
        if (strcmp(name, halved[i]) == 0)
            return true;
    if (strcmp(name, "mono") == 0) {
        state->format = FID_PIXELS_GREY;
        return true;
    }
    app_error(error, FID_UNSUPPORTED,
              "Y4M: colours of the kind %.20s cannot be read; with ffmpeg, say -pix_fmt "
              "yuv420p",
              name);
    return false;
}

/* "YUV4MPEG2 W640 H360 F30000:1001 Ip A1:1 C420mpeg2 XCOLORRANGE=LIMITED" without its line feed. */
static bool read_y4m_header(struct app_stream_state *state, char *line, struct fid_error *error)
{
    long width = 0, height = 0, over, under;
    state->format = FID_PIXELS_I420;
    char *rest, *word = strtok_r(line, " ", &rest);
    if (word == NULL || strcmp(word, "YUV4MPEG2") != 0) {
        app_error(error, FID_CORRUPT, "Y4M: damaged header");
        return false;
    }
    while ((word = strtok_r(NULL, " ", &rest)) != NULL) {
        if (word[0] == 'W')
            width = strtol(word + 1, NULL, 10);
        else if (word[0] == 'H')
            height = strtol(word + 1, NULL, 10);
        else if (word[0] == 'F' && sscanf(word, "F%9ld:%9ld", &over, &under) == 2 && over > 0 &&
                 under > 0)
            state->fps = (double)over / (double)under;
        else if (strcmp(word, "XCOLORRANGE=FULL") == 0)
            state->full_range = true;
        else if (word[0] == 'C' && !read_colors(state, word + 1, error))
            return false;
    }
    if (app_stream_check_size("Y4M", width, height, error) != FID_OK)
        return false;
    state->width = (int)width;
    state->height = (int)height;
    set_layout(state, state->format);
    return true;
}

enum app_parse_result app_parse_y4m(struct app_stream_state *state, const uint8_t *bytes,
                                    size_t count, size_t *used, struct fid_frame *frame,
                                    struct fid_error *error)
{
    *used = 0;
    if (state->width == 0) {
        long length = line_length(bytes, count);
        state->wanted = count + 1;
        if (length == 0)
            return APP_PARSE_MORE;
        if (length < 0 || memchr(bytes, '\0', (size_t)length) != NULL) {
            app_error(error, FID_CORRUPT, "Y4M: damaged header");
            return APP_PARSE_FAILED;
        }
        char line[LINE_BYTES];
        memcpy(line, bytes, (size_t)length);
        line[length - 1] = '\0';
        if (!read_y4m_header(state, line, error))
            return APP_PARSE_FAILED;
        *used = (size_t)length;
    }
    const uint8_t *start = bytes + *used;
    size_t left = count - *used;
    long length = line_length(start, left);
    state->inside = left > 0;
    if (length < 0 || memcmp(start, "FRAME", left < 5 ? left : 5) != 0 ||
        (length > 0 && length < 6)) {
        app_error(error, FID_CORRUPT, "Y4M: no frame where one should begin");
        return APP_PARSE_FAILED;
    }
    state->wanted = length > 0 ? (size_t)length + state->frame_bytes : left + 1;
    if (left < state->wanted)
        return APP_PARSE_MORE;
    *used += state->wanted;
    state->inside = false;
    return take_frame(state, start + length, frame, error);
}

/* ---- PPM ---- */

enum app_parse_result app_parse_ppm(struct app_stream_state *state, const uint8_t *bytes,
                                    size_t count, size_t *used, struct fid_frame *frame,
                                    struct fid_error *error)
{
    enum { HEADER_BYTES = 64 };
    char text[HEADER_BYTES + 1] = "";
    size_t seen = count < HEADER_BYTES ? count : HEADER_BYTES;
    int width, height, length = 0;
    *used = 0;
    state->inside = count > 0;
    state->wanted = count + 1;
    if (count > 0)
        memcpy(text, bytes, seen);
    if (sscanf(text, "P6 %6d %6d 255%n", &width, &height, &length) < 2 || length == 0 ||
        (size_t)length >= seen) {
        if (count < HEADER_BYTES && memcmp(bytes, "P6", count < 2 ? count : 2) == 0)
            return APP_PARSE_MORE;
        app_error(error, FID_CORRUPT, "PPM: no picture where one should begin");
        return APP_PARSE_FAILED;
    }
    if (app_stream_check_size("PPM", width, height, error) != FID_OK)
        return APP_PARSE_FAILED;
    state->width = width;
    state->height = height;
    set_layout(state, FID_PIXELS_RGB);
    size_t header_bytes = (size_t)length + 1; /* one blank after the header */
    state->wanted = header_bytes + state->frame_bytes;
    if (count < state->wanted)
        return APP_PARSE_MORE;
    *used = state->wanted;
    state->inside = false;
    return take_frame(state, bytes + header_bytes, frame, error);
}
