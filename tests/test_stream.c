/* Frames that come through a pipe: each format however its bytes are split, streams that are cut,
 * damaged or made to harm, and the waiting. */
#include "app/error.c"
#include "app/input/camera.c"
#include "app/input/stream.c"
#include "app/input/stream_mjpeg.c"
#include "app/input/stream_raw.c"
#include "tests/check/check.h"

#include <fcntl.h>
#include <math.h>
#include <pthread.h>

bool app_interrupted(void); /* main.c's; nobody interrupts a test */
bool app_interrupted(void)
{
    return false;
}

enum { WIDTH = 34, HEIGHT = 18, FRAMES = 5 };

struct bytes {
    uint8_t at[1 << 18];
    size_t count;
};

static void append(struct bytes *bytes, const void *more, size_t count)
{
    memcpy(bytes->at + bytes->count, more, count);
    bytes->count += count;
}

static void append_text(struct bytes *bytes, const char *text)
{
    append(bytes, text, strlen(text));
}

/* A frame's first Y, R or gray value tells its number. */
static void fill_plane(struct bytes *bytes, size_t count, int number)
{
    memset(bytes->at + bytes->count, 60 + 20 * number, count);
    bytes->count += count;
}

static void make_y4m(struct bytes *bytes)
{
    append_text(bytes, "YUV4MPEG2 W34 H18 F30000:1001 Ip A1:1 C420mpeg2 XCOLORRANGE=FULL\n");
    for (int i = 0; i < FRAMES; i++) {
        append_text(bytes, i % 2 == 0 ? "FRAME\n" : "FRAME Ip\n");
        fill_plane(bytes, WIDTH * HEIGHT, i);
        fill_plane(bytes, 2 * (WIDTH / 2) * (HEIGHT / 2), 3);
    }
}

static void make_ppm(struct bytes *bytes)
{
    for (int i = 0; i < FRAMES; i++) {
        append_text(bytes, "P6\n34 18\n255\n");
        fill_plane(bytes, (size_t)3 * WIDTH * HEIGHT, i);
    }
}

static void append_jpeg(struct bytes *bytes, int width, int height, int number)
{
    char path[512];
    struct fid_picture picture = {0};
    if (fid_picture_resize(&picture, width, height, NULL) != FID_OK)
        check_fail(__FILE__, __LINE__, "no picture");
    memset(picture.pixels, 60 + 20 * number, (size_t)width * (size_t)height * 3);
    snprintf(path, sizeof path, "%s/%d-%d.jpg", check_temp_folder(), width, number);
    if (fid_picture_save(&picture, path, NULL) != FID_OK)
        check_fail(__FILE__, __LINE__, "no JPEG");
    fid_picture_free(&picture);
    FILE *file = fopen(path, "rb");
    bytes->count += fread(bytes->at + bytes->count, 1, 1 << 14, file);
    fclose(file);
}

/* As a multipart stream sends them, with headers between. */
static void make_mjpeg(struct bytes *bytes)
{
    for (int i = 0; i < FRAMES; i++) {
        append_text(bytes, "\r\n--part\r\nContent-Type: image/jpeg\r\n\r\n");
        append_jpeg(bytes, WIDTH, HEIGHT, i);
    }
}

static const struct {
    const char *name;
    void (*make)(struct bytes *bytes);
    app_parse_fn parse;
} kinds[] = {{"Y4M", make_y4m, app_parse_y4m},
             {"PPM", make_ppm, app_parse_ppm},
             {"MJPEG", make_mjpeg, app_parse_mjpeg}};
enum { KINDS = sizeof kinds / sizeof kinds[0] };

static struct bytes stream_bytes;

/* Feeds the parser at most `step` new bytes at a time, each time in memory of its own that ends
 * before a page that must not be touched; returns how many good frames came, in order. */
static int parse_in_steps(app_parse_fn parse, const struct bytes *all, size_t step,
                          struct app_stream_state *state, int *dropped)
{
    struct fid_frame frame = {0};
    struct fid_error error = {0};
    size_t start = 0, end = 0;
    int frames = 0;
    for (bool more = true;;) {
        if (more)
            end = end + step < all->count ? end + step : all->count;
        if (end == start)
            break;
        uint8_t *part = check_guarded_bytes(end - start);
        memcpy(part, all->at + start, end - start);
        size_t used = 0;
        enum app_parse_result result = parse(state, part, end - start, &used, &frame, &error);
        CHECK(used <= end - start);
        start += used;
        more = result == APP_PARSE_MORE;
        CHECK(!more || state->wanted > end - start);
        if (result == APP_PARSE_FRAME) {
            CHECK_THAT(abs(frame.planes[0][0] - (60 + 20 * frames)) <= 2, "frame %d begins with %d",
                       frames, frame.planes[0][0]);
            frames++;
        } else if (result == APP_PARSE_FAILED) {
            break;
        } else if (!more) {
            ++*dropped;
        }
        if (more && end == all->count)
            break;
    }
    fid_frame_free(&frame);
    return frames;
}

static void frames_come_however_the_bytes_are_split(void)
{
    static const size_t steps[] = {1 << 20, 4096, 700, 61, 7};
    for (int i = 0; i < KINDS; i++) {
        stream_bytes.count = 0;
        kinds[i].make(&stream_bytes);
        for (size_t j = 0; j < sizeof steps / sizeof steps[0]; j++) {
            struct app_stream_state state = {0};
            int dropped = 0;
            int frames = parse_in_steps(kinds[i].parse, &stream_bytes, steps[j], &state, &dropped);
            CHECK_THAT(frames == FRAMES && dropped == 0, "%s by %zu: %d frames, %d dropped",
                       kinds[i].name, steps[j], frames, dropped);
            CHECK(state.width == WIDTH && state.height == HEIGHT && !state.inside);
        }
    }
}

static void y4m_says_rate_and_range(void)
{
    struct app_stream_state state = {0};
    int dropped = 0;
    stream_bytes.count = 0;
    make_y4m(&stream_bytes);
    parse_in_steps(app_parse_y4m, &stream_bytes, 4096, &state, &dropped);
    CHECK(fabs(state.fps - 30000.0 / 1001) < 1e-9 && state.full_range);
    CHECK(state.format == FID_PIXELS_I420);
}

/* First bytes of a stream, and whether they are refused. */
static bool refused(app_parse_fn parse, const char *text, size_t count)
{
    struct app_stream_state state = {0};
    struct fid_frame frame = {0};
    struct fid_error error = {0};
    size_t used;
    uint8_t *bytes = check_guarded_bytes(count);
    memcpy(bytes, text, count);
    enum app_parse_result result = parse(&state, bytes, count, &used, &frame, &error);
    CHECK(result != APP_PARSE_FAILED || error.text[0] != '\0');
    CHECK(frame.buffer == NULL);
    fid_frame_free(&frame);
    return result == APP_PARSE_FAILED;
}

static void hostile_headers_are_refused(void)
{
    static const char *const y4m[] = {
        "YUV4MPEG2 W99999 H2\n",
        "YUV4MPEG2 W8192 H8192\n",
        "YUV4MPEG2 W-4 H4\n",
        "YUV4MPEG2 W4\n",
        "YUV4MPEG2 W99999999999999999999 H99999999999999999999\n",
        "YUV4MPEG2 W4 H4 C444\n",
        "YUV4MPEG2 W4 H4 C420p10\n",
        "YUV4MPEG2\n",
        "\n",
        "   \n",
        "YUV4MPEG2 W4 H4\nFRAMX\n",
        "YUV4MPEG2 W4 H4\nFRA\n",
    };
    for (size_t i = 0; i < sizeof y4m / sizeof y4m[0]; i++)
        CHECK_THAT(refused(app_parse_y4m, y4m[i], strlen(y4m[i])), "taken: %s", y4m[i]);
    static const char *const ppm[] = {
        "P6\n99999 2\n255\n",
        "P6\n8192 8192\n255\n",
        "P6\n-1 2\n255\n",
        "P6\n4 4\n65535\nand sixty-four bytes or more, so that nothing else is waited for",
        "P5\n4 4\n255\n",
        "P6\n0 0\n255\n",
        "x",
        ("P6 a very long line that never becomes a header at all, "
         "whatever is waited for, ever")};
    for (size_t i = 0; i < sizeof ppm / sizeof ppm[0]; i++)
        CHECK_THAT(refused(app_parse_ppm, ppm[i], strlen(ppm[i])), "taken: %s", ppm[i]);
    char line[2000];
    memset(line, 'A', sizeof line);
    memcpy(line, "YUV4MPEG2 ", 10);
    CHECK(refused(app_parse_y4m, line, sizeof line));
    CHECK(refused(app_parse_y4m, "YUV4MPEG2 W4\0H4\n", 16));
}

/* ---- Motion-JPEG that is damaged ---- */

static void a_cut_jpeg_costs_itself_alone(void)
{
    struct app_stream_state state = {0};
    int dropped = 0;
    stream_bytes.count = 0;
    append_jpeg(&stream_bytes, WIDTH, HEIGHT, 0);
    append_jpeg(&stream_bytes, WIDTH, HEIGHT, 1);
    stream_bytes.count -= 4; /* its end is missing */
    append_jpeg(&stream_bytes, WIDTH, HEIGHT, 1);
    append_jpeg(&stream_bytes, WIDTH, HEIGHT, 2);
    CHECK(parse_in_steps(app_parse_mjpeg, &stream_bytes, 512, &state, &dropped) == 3);
    CHECK(dropped == 1);
}

/* A preview inside a segment is no frame. */
static void a_segment_may_hold_a_jpeg(void)
{
    static struct bytes preview;
    struct app_stream_state state = {0};
    int dropped = 0;
    preview.count = stream_bytes.count = 0;
    append_jpeg(&preview, 16, 8, 4);
    append_jpeg(&stream_bytes, WIDTH, HEIGHT, 0);
    size_t length = preview.count + 2;
    uint8_t marker[4] = {0xFF, 0xE1, (uint8_t)(length >> 8), (uint8_t)length};
    memmove(stream_bytes.at + 2 + 4 + preview.count, stream_bytes.at + 2, stream_bytes.count - 2);
    memcpy(stream_bytes.at + 2, marker, 4);
    memcpy(stream_bytes.at + 6, preview.at, preview.count);
    stream_bytes.count += 4 + preview.count;
    append_jpeg(&stream_bytes, WIDTH, HEIGHT, 1);
    CHECK(parse_in_steps(app_parse_mjpeg, &stream_bytes, 300, &state, &dropped) == 2);
    CHECK(dropped == 0 && state.width == WIDTH);
}

/* One frame of another size is damage; two of the same are a camera that was set anew. */
static void another_size_needs_two_frames(void)
{
    struct app_stream_state state = {0};
    int dropped = 0;
    stream_bytes.count = 0;
    append_jpeg(&stream_bytes, WIDTH, HEIGHT, 0);
    append_jpeg(&stream_bytes, 48, HEIGHT, 1);
    append_jpeg(&stream_bytes, WIDTH, HEIGHT, 1);
    append_jpeg(&stream_bytes, 48, HEIGHT, 2);
    append_jpeg(&stream_bytes, 48, HEIGHT, 2);
    append_jpeg(&stream_bytes, 48, HEIGHT, 3);
    CHECK(parse_in_steps(app_parse_mjpeg, &stream_bytes, 4096, &state, &dropped) == 4);
    CHECK(dropped == 2 && state.width == 48);
}

/* Any bytes at all: the parsers end, use what they say, and touch nothing else. */
static void random_damage_does_no_harm(void)
{
    static struct bytes damaged;
    for (int i = 0; i < KINDS; i++) {
        stream_bytes.count = 0;
        kinds[i].make(&stream_bytes);
        for (int round = 0; round < 60; round++) {
            damaged = stream_bytes;
            for (uint32_t n = 1 + check_random_below(20); n > 0; n--)
                damaged.at[check_random_below((uint32_t)damaged.count)] = (uint8_t)check_random();
            damaged.count -= check_random_below((uint32_t)damaged.count / 2);
            struct app_stream_state state = {0};
            struct fid_frame frame = {0};
            struct fid_error error = {0};
            for (size_t start = 0, tries = 0; start < damaged.count; tries++) {
                size_t used = 0;
                enum app_parse_result result = kinds[i].parse(
                    &state, damaged.at + start, damaged.count - start, &used, &frame, &error);
                REQUIRE(used <= damaged.count - start && tries < 100000);
                start += used;
                if (result == APP_PARSE_MORE || result == APP_PARSE_FAILED)
                    break;
            }
            fid_frame_free(&frame);
        }
    }
}

/* ---- through a pipe ---- */

struct writer {
    int fd;
    const struct bytes *bytes;
    size_t cut;
};

static void *write_all(void *context)
{
    const struct writer *writer = context;
    size_t done = 0, most = writer->bytes->count - writer->cut;
    while (done < most) {
        ssize_t part =
            write(writer->fd, writer->bytes->at + done, most - done < 1000 ? most - done : 1000);
        if (part <= 0)
            break;
        done += (size_t)part;
    }
    close(writer->fd);
    return NULL;
}

/* Reads a stream of this kind that lacks its last `cut` bytes; returns the
 * frames and how it ended. */
static int read_pipe(int kind, size_t cut, enum app_camera_result *last,
                     struct app_camera_drops *drops, struct fid_error *error)
{
    int ends[2];
    pthread_t thread;
    stream_bytes.count = 0;
    kinds[kind].make(&stream_bytes);
    struct app_stream stream = {0};
    struct fid_frame frame = {0};
    int frames = 0;
    if (pipe(ends) != 0)
        return -1;
    struct writer writer = {ends[1], &stream_bytes, cut};
    pthread_create(&thread, NULL, write_all, &writer);
    app_stream_reset(&stream, ends[0]);
    while ((*last = app_stream_read(&stream, 5000, &frame, drops, error)) == APP_CAMERA_FRAME ||
           *last == APP_CAMERA_DROPPED)
        frames += *last == APP_CAMERA_FRAME;
    CHECK_THAT(stream.capacity < 4 * (size_t)READ_BYTES, "%zu bytes for small frames",
               stream.capacity);
    pthread_join(thread, NULL);
    close(ends[0]);
    app_stream_close(&stream);
    fid_frame_free(&frame);
    return frames;
}

static void the_format_is_told_by_content(void)
{
    for (int i = 0; i < KINDS; i++) {
        enum app_camera_result last;
        struct app_camera_drops drops = {0};
        struct fid_error error = {0};
        CHECK(read_pipe(i, 0, &last, &drops, &error) == FRAMES);
        CHECK(last == APP_CAMERA_END && error.text[0] == '\0');
        CHECK(app_camera_drops_total(&drops) == 0);
    }
}

static void a_cut_stream_ends_with_a_sentence(void)
{
    for (int i = 0; i < KINDS; i++) {
        enum app_camera_result last;
        struct app_camera_drops drops = {0};
        struct fid_error error = {0};
        CHECK(read_pipe(i, 100, &last, &drops, &error) == FRAMES - 1);
        CHECK(last == APP_CAMERA_END && drops.short_bytes == 1);
        CHECK_THAT(strcmp(error.text, "the stream ends within a frame") == 0, "said '%s'",
                   error.text);
        drops = (struct app_camera_drops){0};
        CHECK(read_pipe(i, stream_bytes.count - 60, &last, &drops, &error) == 0);
        CHECK(last == APP_CAMERA_LOST && error.text[0] != '\0');
    }
}

static void other_content_is_refused(void)
{
    static const char *const contents[] = {"RIFF....AVI LIST", "hello, world", "P", ""};
    for (size_t i = 0; i < sizeof contents / sizeof contents[0]; i++) {
        int ends[2];
        struct app_stream stream = {0};
        struct fid_frame frame = {0};
        struct app_camera_drops drops = {0};
        struct fid_error error = {0};
        REQUIRE(pipe(ends) == 0);
        REQUIRE(write(ends[1], contents[i], strlen(contents[i])) == (ssize_t)strlen(contents[i]));
        close(ends[1]);
        app_stream_reset(&stream, ends[0]);
        CHECK(app_stream_read(&stream, 5000, &frame, &drops, &error) == APP_CAMERA_LOST);
        CHECK(error.text[0] != '\0');
        app_stream_close(&stream);
        close(ends[0]);
    }
}

static void waiting_for_a_writer_ends_in_time(void)
{
    int ends[2];
    struct app_stream stream = {0};
    struct fid_frame frame = {0};
    struct app_camera_drops drops = {0};
    struct fid_error error = {0};
    REQUIRE(pipe(ends) == 0);
    app_stream_reset(&stream, ends[0]);
    uint64_t start = app_now_ns();
    CHECK(app_stream_read(&stream, 40, &frame, &drops, &error) == APP_CAMERA_SILENT);
    REQUIRE(write(ends[1], "YUV4MPEG2 W4 H4\nFRAME\nxx", 24) == 24);
    CHECK(app_stream_read(&stream, 40, &frame, &drops, &error) == APP_CAMERA_SILENT);
    uint64_t waited = app_now_ns() - start;
    CHECK(waited >= 80 * APP_NS_PER_MS && waited < 5 * APP_NS_PER_S);
    REQUIRE(write(ends[1], "0123456789012345678901", 22) == 22);
    CHECK(app_stream_read(&stream, 5000, &frame, &drops, &error) == APP_CAMERA_FRAME);
    CHECK(frame.width == 4 && frame.planes[0][0] == 'x' && frame.planes[2][3] == '1');
    app_stream_close(&stream);
    fid_frame_free(&frame);
    close(ends[0]);
    close(ends[1]);
}

/* A header that promises a large frame makes no room for it before its bytes come. */
static void promises_take_no_memory(void)
{
    int ends[2];
    struct app_stream stream = {0};
    struct fid_frame frame = {0};
    struct app_camera_drops drops = {0};
    struct fid_error error = {0};
    static const char header[] = "YUV4MPEG2 W7680 H4320\nFRAME\nxxxx";
    REQUIRE(pipe(ends) == 0);
    REQUIRE(write(ends[1], header, sizeof header) == sizeof header);
    app_stream_reset(&stream, ends[0]);
    CHECK(app_stream_read(&stream, 40, &frame, &drops, &error) == APP_CAMERA_SILENT);
    CHECK_THAT(stream.capacity < 4 * (size_t)READ_BYTES, "%zu bytes", stream.capacity);
    close(ends[1]);
    CHECK(app_stream_read(&stream, 5000, &frame, &drops, &error) == APP_CAMERA_LOST);
    CHECK(drops.short_bytes == 1);
    app_stream_close(&stream);
    close(ends[0]);
}

CHECK_MAIN(CHECK_CASE(frames_come_however_the_bytes_are_split), CHECK_CASE(y4m_says_rate_and_range),
           CHECK_CASE(hostile_headers_are_refused), CHECK_CASE(a_cut_jpeg_costs_itself_alone),
           CHECK_CASE(a_segment_may_hold_a_jpeg), CHECK_CASE(another_size_needs_two_frames),
           CHECK_CASE(random_damage_does_no_harm), CHECK_CASE(the_format_is_told_by_content),
           CHECK_CASE(a_cut_stream_ends_with_a_sentence), CHECK_CASE(other_content_is_refused),
           CHECK_CASE(waiting_for_a_writer_ends_in_time), CHECK_CASE(promises_take_no_memory))
