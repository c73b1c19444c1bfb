/* clip_child.h - a child process whose output is read: ffmpeg, ffprobe. Started with an argument
 * vector, so that no shell looks at the words. */
#ifndef APP_CLIP_CHILD_H
#define APP_CLIP_CHILD_H

#include "engine/fid.h"

#include <sys/types.h>

struct app_child {
    pid_t pid; /* 0: none */
    int out;   /* the reading end of its stdout, -1: none */
    int talk;  /* memory file with its stderr, -1: none */
};

#define APP_CHILD_NONE ((struct app_child){.out = -1, .talk = -1})

/* FILLS *child, which is none. FID_UNSUPPORTED: there is no such program; FID_IO. */
enum fid_status app_child_start(struct app_child *child, char *const arguments[],
                                struct fid_error *error);

/* Waits until the child, which has closed its output, ends; returns whether it ended well. */
bool app_child_wait(struct app_child *child);

/* FILLS text with the beginning of what the child wrote to stderr, or with its end. */
void app_child_talk(const struct app_child *child, bool end, char *text, size_t bytes);

/* Forgets all but the beginning and the end of what it wrote to stderr: a child may run for weeks.
 */
void app_child_trim(const struct app_child *child);

void app_child_stop(struct app_child *child); /* ends it at once; leaves none */

#endif
