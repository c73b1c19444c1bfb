/* fuzz_y4m.c - libFuzzer on the readers of raw streams that are piped into us: Y4M and PPM.
 *
 * Built and run by `make fuzz`; seeds/y4m holds the inputs it starts from (seeds/make writes them).
 * The first byte says how the rest is cut into pieces, as a pipe cuts it. */
#include "app/camera.c"
#include "app/stream_raw.c"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t size);

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

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t size)
{
    if (size < 2)
        return 0;
    size_t step = input[0] % 16 == 0 ? size : 1 + (size_t)input[0] * 5;
    feed(input[0] & 1 ? app_parse_ppm : app_parse_y4m, input + 1, size - 1, step);
    return 0;
}
