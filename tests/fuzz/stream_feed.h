/* stream_feed.h - hands a fuzz input to a reader of streams piece by piece, as a pipe cuts it. */
#ifndef TESTS_FUZZ_STREAM_FEED_H
#define TESTS_FUZZ_STREAM_FEED_H

#include "app/input/stream_format.h"

#include <stdlib.h>
#include <string.h>

static volatile size_t sink; /* what was read is used */

static void use(const struct fid_frame *frame)
{
    for (int i = 0; i < 3; i++) {
        size_t row_bytes, rows;
        fid_frame_plane_size(frame->format, frame->width, frame->height, i, &row_bytes, &rows);
        if (rows > 0)
            sink += frame->planes[i][(rows - 1) * frame->stride_bytes[i] + row_bytes - 1];
    }
}

/* Each call gets memory of just the size that it is told. */
static void feed(app_parse_fn parse, const uint8_t *input, size_t size, size_t step)
{
    struct app_stream_state state = {0};
    struct fid_frame frame = {0};
    struct fid_error error;
    size_t start = 0, end = 0;
    for (bool more = true; !more || end < size;) {
        if (more)
            end = end + step < size ? end + step : size;
        if (end == start)
            break;
        uint8_t *part = malloc(end - start);
        if (part == NULL)
            break;
        memcpy(part, input + start, end - start);
        size_t used = 0;
        enum app_parse_result result = parse(&state, part, end - start, &used, &frame, &error);
        free(part);
        if (used > end - start || (result == APP_PARSE_MORE && state.wanted <= end - start - used))
            abort();
        if (result != APP_PARSE_MORE && result != APP_PARSE_FAILED && used == 0)
            abort(); /* a frame without bytes would come for ever */
        start += used;
        more = result == APP_PARSE_MORE;
        if (result == APP_PARSE_FRAME)
            use(&frame);
        if (result == APP_PARSE_FAILED)
            break;
    }
    fid_frame_free(&frame);
}

/* The first byte of an input says how the rest is cut. */
static size_t step_of(const uint8_t *input, size_t size)
{
    return input[0] % 16 == 0 ? size : 1 + (size_t)input[0] * 5;
}

#endif
