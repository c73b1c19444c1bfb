/* Events and their reader: one that stands still makes nobody wait and gets whole lines, what it
 * missed is counted, and the end waits for it no longer than it promises. Times are bounded by
 * minutes where a fault takes for ever. */
#include "app/live/event_writer.c"
#include "tests/check/check.h"

#include <fcntl.h>
#include <stdatomic.h>

static atomic_bool is_interrupted;
bool app_interrupted(void)
{
    return is_interrupted;
}

#define PATIENCE_NS (300 * APP_NS_PER_S)

struct rig {
    int ends[2];
    struct app_event_writer *writer;
    char *text; /* what was read, ended by a zero */
    size_t bytes;
    size_t lines, dropped; /* of it */
};

static void set_up(struct rig *rig)
{
    *rig = (struct rig){0};
    is_interrupted = false;
    signal(SIGPIPE, SIG_IGN);
    if (pipe2(rig->ends, O_CLOEXEC) == 0)
        rig->writer = app_event_writer_open(rig->ends[1]);
    CHECK(rig->writer != NULL);
}

static void put(struct rig *rig, int number, size_t bytes, bool last)
{
    char *line = malloc(bytes + 32);
    const int head = sprintf(line, "{\"n\":%d,\"x\":\"", number);
    memset(line + head, 'x', bytes);
    memcpy(line + (size_t)head + bytes, "\"}\n", 3);
    app_event_writer_put(rig->writer, line, (size_t)head + bytes + 3, last);
    free(line);
}

/* Reads all that comes until the pipe's end. */
static void *read_all(void *context)
{
    struct rig *rig = context;
    ssize_t count = 1;
    while (count > 0) {
        rig->text = realloc(rig->text, rig->bytes + 4097);
        count = read(rig->ends[0], rig->text + rig->bytes, 4096);
        rig->bytes += count > 0 ? (size_t)count : 0;
    }
    rig->text[rig->bytes] = '\0';
    return NULL;
}

/* Counts the lines; each has to be whole, in order, and to tell the gap before it. */
static void look_at_lines(struct rig *rig)
{
    int next = 0;
    for (char *line = rig->text; *line != '\0'; line = strchr(line, '\n') + 1) {
        int number = -1;
        size_t dropped = 0;
        REQUIRE(strchr(line, '\n') != NULL && sscanf(line, "{\"n\":%d", &number) == 1);
        const char *end = strchr(line, '\n'), *told = end;
        while (told > line && *told != ',')
            told--;
        sscanf(told, ",\"dropped\":%zu}", &dropped);
        CHECK_THAT(end[-1] == '}' && number == next + (int)dropped,
                   "line %d after %d, with %zu dropped", number, next - 1, dropped);
        next = number + 1;
        rig->lines++;
        rig->dropped += dropped;
    }
}

static void tear_down(struct rig *rig)
{
    app_event_writer_close(&rig->writer);
    close(rig->ends[0]);
    close(rig->ends[1]);
    free(rig->text);
}

/* Ends the writing and reads what is left in the pipe. */
static void end_and_read(struct rig *rig)
{
    app_event_writer_close(&rig->writer);
    close(rig->ends[1]);
    rig->ends[1] = -1;
    read_all(rig);
    look_at_lines(rig);
}

static void nobody_waits_for_a_reader_that_stands_still(void)
{
    struct rig rig;
    pthread_t reader;
    const int before = 5000, all = before + 1;
    set_up(&rig);
    const uint64_t start = app_now_ns();
    for (int i = 0; i < before; i++)
        put(&rig, i, 200, false);
    const uint64_t took = app_now_ns() - start;
    CHECK_THAT(took < PATIENCE_NS, "putting took %.1f s", (double)took / 1e9);
    pthread_mutex_lock(&rig.writer->lock);
    CHECK(rig.writer->queued_bytes <= APP_EVENTS_BYTES);
    pthread_mutex_unlock(&rig.writer->lock);
    CHECK(pthread_create(&reader, NULL, read_all, &rig) == 0);
    put(&rig, before, 200, true); /* however full it is */
    CHECK(app_event_writer_drain(rig.writer) > 0);
    close(rig.ends[1]);
    pthread_join(reader, NULL);
    look_at_lines(&rig);
    CHECK_THAT(rig.dropped > 0 && rig.lines + rig.dropped == (size_t)all,
               "%zu lines and %zu dropped of %d", rig.lines, rig.dropped, all);
    rig.ends[1] = -1;
    tear_down(&rig);
}

/* Short lines and such as are longer than what a pipe takes at once, then the end. */
static void ends_beside_a_reader_that_stands_still(void)
{
    static const size_t sizes[] = {100, 3000, 9000};
    for (size_t i = 0; i < 2 * sizeof sizes / sizeof sizes[0]; i++) {
        struct rig rig;
        set_up(&rig);
        is_interrupted = i % 2 == 1;
        for (int n = 0; n < 100; n++)
            put(&rig, n, n == 0 ? 2000 : sizes[i / 2], false);
        const uint64_t start = app_now_ns();
        const size_t left_out = app_event_writer_drain(rig.writer);
        const uint64_t took = app_now_ns() - start;
        CHECK_THAT(took < PATIENCE_NS, "the end took %.1f s", (double)took / 1e9);
        end_and_read(&rig);
        CHECK_THAT(rig.lines > 0 && rig.lines + left_out == 100,
                   "%zu lines of %zu and %zu left out after %.2f s", rig.lines, sizes[i / 2],
                   left_out, (double)took / 1e9);
        tear_down(&rig);
    }
}

/* It takes a little now and then, and longer than a reader may stand still. */
static void *read_slowly(void *context)
{
    struct rig *rig = context;
    for (int i = 0; i < 20; i++) {
        rig->text = realloc(rig->text, rig->bytes + 4097);
        ssize_t count = read(rig->ends[0], rig->text + rig->bytes, 4096);
        rig->bytes += count > 0 ? (size_t)count : 0;
        usleep(100000);
    }
    return read_all(rig);
}

static void a_slow_reader_gets_all_at_the_end(void)
{
    struct rig rig;
    pthread_t reader;
    set_up(&rig);
    fcntl(rig.ends[1], F_SETPIPE_SZ, 4096); /* so that most waits in the queue */
    CHECK(pthread_create(&reader, NULL, read_slowly, &rig) == 0);
    for (int i = 0; i < 200; i++)
        put(&rig, i, 900, false);
    CHECK(app_event_writer_drain(rig.writer) == 0);
    close(rig.ends[1]);
    pthread_join(reader, NULL);
    look_at_lines(&rig);
    CHECK_THAT(rig.lines == 200 && rig.dropped == 0, "%zu lines", rig.lines);
    rig.ends[1] = -1;
    tear_down(&rig);
}

static void a_reader_that_went_away_is_known(void)
{
    struct rig rig;
    set_up(&rig);
    close(rig.ends[0]);
    put(&rig, 0, 100, false);
    app_event_writer_drain(rig.writer);
    CHECK(app_event_writer_error(rig.writer) == EPIPE);
    tear_down(&rig);
}

static void a_file_gets_each_line_as_it_is(void)
{
    char path[512];
    struct rig rig = {0};
    is_interrupted = true; /* also then */
    snprintf(path, sizeof path, "%s/events", check_temp_folder());
    const int file = open(path, O_RDWR | O_CREAT | O_EXCL | O_APPEND | O_CLOEXEC, 0600);
    rig.ends[0] = open(path, O_RDONLY | O_CLOEXEC);
    rig.ends[1] = file;
    rig.writer = app_event_writer_open(file);
    REQUIRE(file >= 0 && rig.writer != NULL);
    for (int i = 0; i < 20; i++)
        put(&rig, i, i == 7 ? 20000 : 100, false);
    end_and_read(&rig);
    CHECK_THAT(rig.lines == 20 && rig.dropped == 0, "%zu lines", rig.lines);
    tear_down(&rig);
}

CHECK_MAIN(CHECK_CASE(nobody_waits_for_a_reader_that_stands_still),
           CHECK_CASE(ends_beside_a_reader_that_stands_still),
           CHECK_CASE(a_slow_reader_gets_all_at_the_end),
           CHECK_CASE(a_reader_that_went_away_is_known), CHECK_CASE(a_file_gets_each_line_as_it_is))
