/* The mailbox between the camera's thread and its readers. */
#include "app/live/live_frame.c"
#include "app/live/mailbox.c"
#include "tests/check/check.h"

#include <string.h>

#define FRAMES 20000

static void post(struct app_mailbox *mailbox, uint64_t stamp)
{
    app_mailbox_draft(mailbox)->captured_ns = stamp;
    app_mailbox_post(mailbox);
}

static void newest_wins(void)
{
    struct app_mailbox *mailbox = app_mailbox_open(2);
    REQUIRE(mailbox != NULL);
    CHECK(app_mailbox_take(mailbox, 0, 0) == NULL);
    post(mailbox, 100);
    post(mailbox, 200);
    const struct app_live_frame *frame = app_mailbox_take(mailbox, 0, 0);
    REQUIRE(frame != NULL);
    CHECK(frame->sequence == 2 && frame->captured_ns == 200);
    CHECK(app_mailbox_take(mailbox, 2, 0) == NULL);
    app_mailbox_give_back(mailbox, frame);
    app_mailbox_close(&mailbox);
    CHECK(mailbox == NULL);
}

static void a_held_frame_is_not_written(void)
{
    struct app_mailbox *mailbox = app_mailbox_open(2);
    REQUIRE(mailbox != NULL);
    post(mailbox, 1);
    const struct app_live_frame *first = app_mailbox_take(mailbox, 0, 0);
    post(mailbox, 2);
    const struct app_live_frame *second = app_mailbox_take(mailbox, 1, 0);
    REQUIRE(first != NULL && second != NULL);
    for (uint64_t i = 3; i < 50; i++) {
        CHECK(app_mailbox_draft(mailbox) != first && app_mailbox_draft(mailbox) != second);
        post(mailbox, i);
    }
    CHECK(first->captured_ns == 1 && second->captured_ns == 2);
    app_mailbox_give_back(mailbox, first);
    app_mailbox_give_back(mailbox, second);
    app_mailbox_close(&mailbox);
}

static void shutting_wakes_and_loses_nothing(void)
{
    struct app_mailbox *mailbox = app_mailbox_open(1);
    REQUIRE(mailbox != NULL);
    post(mailbox, 7);
    app_mailbox_shut(mailbox);
    CHECK(app_mailbox_is_shut(mailbox));
    const struct app_live_frame *frame = app_mailbox_take(mailbox, 0, 10000);
    REQUIRE(frame != NULL);
    CHECK(frame->captured_ns == 7);
    app_mailbox_give_back(mailbox, frame);
    uint64_t start = app_now_ns();
    CHECK(app_mailbox_take(mailbox, 1, 10000) == NULL);
    CHECK(app_now_ns() - start < 5 * APP_NS_PER_S);
    app_mailbox_wait_taken(mailbox); /* comes back at once */
    app_mailbox_close(&mailbox);
}

static void waiting_ends_in_time(void)
{
    struct app_mailbox *mailbox = app_mailbox_open(1);
    REQUIRE(mailbox != NULL);
    uint64_t start = app_now_ns();
    CHECK(app_mailbox_take(mailbox, 0, 30) == NULL);
    uint64_t waited = app_now_ns() - start;
    CHECK_THAT(waited >= 30 * APP_NS_PER_MS, "waited %llu ns", (unsigned long long)waited);
    app_mailbox_close(&mailbox);
}

/* Two readers of different speed while the writer runs at full speed. Each frame's picture holds
 * its number in every byte: a frame that is written while it is read shows two. */
struct reader {
    struct app_mailbox *mailbox;
    unsigned pause; /* rounds of nothing between two frames */
    uint64_t last, taken, torn, backwards;
};

static void *read_frames(void *context)
{
    struct reader *reader = context;
    for (;;) {
        bool shut = app_mailbox_is_shut(reader->mailbox);
        const struct app_live_frame *frame = app_mailbox_take(reader->mailbox, reader->last, 20);
        if (frame == NULL && shut)
            return NULL;
        if (frame == NULL)
            continue;
        reader->taken++;
        reader->backwards += frame->sequence <= reader->last;
        reader->last = frame->sequence;
        for (volatile unsigned i = 0; i < reader->pause; i++)
            ;
        for (int i = 0; i < frame->pixels.width; i++)
            reader->torn += frame->pixels.planes[0][i] != (uint8_t)frame->sequence;
        app_mailbox_give_back(reader->mailbox, frame);
    }
}

static void run_readers(bool lossless, struct reader readers[2])
{
    enum { WIDTH = 64 };
    struct app_mailbox *mailbox = app_mailbox_open(2);
    REQUIRE(mailbox != NULL);
    pthread_t threads[2];
    int count = lossless ? 1 : 2;
    for (int i = 0; i < count; i++) {
        readers[i] = (struct reader){.mailbox = mailbox, .pause = i == 0 ? 10 : 30000};
        REQUIRE(pthread_create(&threads[i], NULL, read_frames, &readers[i]) == 0);
    }
    for (uint64_t n = 1; n <= FRAMES; n++) {
        struct app_live_frame *draft = app_mailbox_draft(mailbox);
        CHECK(fid_frame_resize(&draft->pixels, FID_PIXELS_GREY, WIDTH, 1, NULL) == FID_OK);
        memset(draft->pixels.planes[0], (int)(n & 255), WIDTH);
        app_mailbox_post(mailbox);
        if (lossless)
            app_mailbox_wait_taken(mailbox);
    }
    app_mailbox_shut(mailbox);
    for (int i = 0; i < count; i++)
        pthread_join(threads[i], NULL);
    app_mailbox_close(&mailbox);
}

static void readers_see_whole_frames_in_order(void)
{
    struct reader readers[2];
    run_readers(false, readers);
    for (int i = 0; i < 2; i++) {
        CHECK_THAT(readers[i].last == FRAMES, "reader %d ended with frame %llu", i,
                   (unsigned long long)readers[i].last);
        CHECK(readers[i].torn == 0 && readers[i].backwards == 0 && readers[i].taken > 0);
    }
}

static void waiting_for_the_reader_loses_no_frame(void)
{
    struct reader readers[2];
    run_readers(true, readers);
    CHECK_THAT(readers[0].taken == FRAMES, "%llu frames of %d",
               (unsigned long long)readers[0].taken, FRAMES);
    CHECK(readers[0].torn == 0);
}

CHECK_MAIN(CHECK_CASE(newest_wins), CHECK_CASE(a_held_frame_is_not_written),
           CHECK_CASE(shutting_wakes_and_loses_nothing), CHECK_CASE(waiting_ends_in_time),
           CHECK_CASE(readers_see_whole_frames_in_order),
           CHECK_CASE(waiting_for_the_reader_loses_no_frame))
