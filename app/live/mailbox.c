/* mailbox.c - passes the newest frame from the camera's thread to its readers. */
#include "app/live/mailbox.h"
#include "app/clock.h"

#include <assert.h>
#include <pthread.h>
#include <stdlib.h>

#define READERS_MAX 4
#define FRAMES_MAX  (READERS_MAX + 2) /* one for each reader, the newest, and the draft */

struct app_mailbox {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    struct app_live_frame frames[FRAMES_MAX];
    int frame_count;
    struct app_live_frame *newest, *draft; /* newest: NULL before the first post */
    uint64_t posted, taken;                /* sequences */
    bool shut;
};

static void close_frames(struct app_mailbox *mailbox)
{
    for (int i = 0; i < mailbox->frame_count; i++)
        app_live_frame_close(&mailbox->frames[i]);
}

struct app_mailbox *app_mailbox_open(int readers)
{
    assert(readers >= 1 && readers <= READERS_MAX);
    struct app_mailbox *mailbox = calloc(1, sizeof *mailbox);
    if (mailbox == NULL)
        return NULL;
    mailbox->frame_count = readers + 2;
    for (int i = 0; i < mailbox->frame_count; i++)
        if (app_live_frame_open(&mailbox->frames[i]) != FID_OK) {
            close_frames(mailbox);
            free(mailbox);
            return NULL;
        }
    mailbox->draft = &mailbox->frames[0];
    pthread_condattr_t attributes;
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes,
                              CLOCK_MONOTONIC); /* so that setting the date does not stall us */
    pthread_cond_init(&mailbox->changed, &attributes);
    pthread_condattr_destroy(&attributes);
    pthread_mutex_init(&mailbox->lock, NULL);
    return mailbox;
}

void app_mailbox_close(struct app_mailbox **mailbox)
{
    if (*mailbox == NULL)
        return;
    close_frames(*mailbox);
    pthread_cond_destroy(&(*mailbox)->changed);
    pthread_mutex_destroy(&(*mailbox)->lock);
    free(*mailbox);
    *mailbox = NULL;
}

struct app_live_frame *app_mailbox_draft(struct app_mailbox *mailbox)
{
    return mailbox->draft;
}

void app_mailbox_post(struct app_mailbox *mailbox)
{
    pthread_mutex_lock(&mailbox->lock);
    mailbox->newest = mailbox->draft;
    mailbox->newest->sequence = ++mailbox->posted;
    mailbox->draft = NULL;
    for (int i = 0; i < mailbox->frame_count && mailbox->draft == NULL; i++) {
        struct app_live_frame *frame = &mailbox->frames[i];
        if (frame != mailbox->newest && frame->holders == 0)
            mailbox->draft = frame;
    }
    assert(mailbox->draft != NULL); /* of readers + 2 frames one is always free */
    pthread_cond_broadcast(&mailbox->changed);
    pthread_mutex_unlock(&mailbox->lock);
}

void app_mailbox_wait_taken(struct app_mailbox *mailbox)
{
    pthread_mutex_lock(&mailbox->lock);
    while (mailbox->taken < mailbox->posted && !mailbox->shut)
        pthread_cond_wait(&mailbox->changed, &mailbox->lock);
    pthread_mutex_unlock(&mailbox->lock);
}

static struct timespec after_ms(int timeout_ms)
{
    uint64_t then = app_now_ns() + (uint64_t)timeout_ms * APP_NS_PER_MS;
    return (struct timespec){.tv_sec = (time_t)(then / APP_NS_PER_S),
                             .tv_nsec = (long)(then % APP_NS_PER_S)};
}

const struct app_live_frame *app_mailbox_take(struct app_mailbox *mailbox, uint64_t after,
                                              int timeout_ms)
{
    struct timespec deadline = after_ms(timeout_ms);
    struct app_live_frame *frame = NULL;
    pthread_mutex_lock(&mailbox->lock);
    while (mailbox->posted <= after && !mailbox->shut &&
           pthread_cond_timedwait(&mailbox->changed, &mailbox->lock, &deadline) == 0)
        ;
    if (mailbox->posted > after) { /* frames posted before shutting are still handed out */
        frame = mailbox->newest;
        frame->holders++;
        mailbox->taken = frame->sequence;
        pthread_cond_broadcast(&mailbox->changed);
    }
    pthread_mutex_unlock(&mailbox->lock);
    return frame;
}

void app_mailbox_give_back(struct app_mailbox *mailbox, const struct app_live_frame *frame)
{
    pthread_mutex_lock(&mailbox->lock);
    ptrdiff_t index = frame - mailbox->frames;
    assert(index >= 0 && index < mailbox->frame_count && frame->holders > 0);
    mailbox->frames[index].holders--;
    pthread_mutex_unlock(&mailbox->lock);
}

void app_mailbox_shut(struct app_mailbox *mailbox)
{
    pthread_mutex_lock(&mailbox->lock);
    mailbox->shut = true;
    pthread_cond_broadcast(&mailbox->changed);
    pthread_mutex_unlock(&mailbox->lock);
}

bool app_mailbox_is_shut(struct app_mailbox *mailbox)
{
    pthread_mutex_lock(&mailbox->lock);
    bool shut = mailbox->shut;
    pthread_mutex_unlock(&mailbox->lock);
    return shut;
}
