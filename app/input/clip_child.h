/* clip_child.h - a child process whose output is read: ffmpeg, ffprobe. Started with an argument
 * vector, so that no shell looks at the words. What it decodes may be made to attack it, so it has
 * limits: 4 GiB of memory and no more than the machine has, no byte of any file, no core dump,
 * no descriptor but its three, CPU time as app_child_allow says. It ends with the thread that
 * started it, also when that is killed. */
#ifndef APP_CLIP_CHILD_H
#define APP_CLIP_CHILD_H

#include "engine/fid.h"

#include <sys/types.h>

#define APP_TALK_BYTES 8192 /* kept of what it says, from the beginning and the end */

struct app_child {
    pid_t pid;  /* 0: none */
    int out;    /* the reading end of its stdout, -1: none */
    int talk;   /* of its stderr, -1: none */
    int signal; /* that ended it; 0: none */
    size_t head_bytes, tail_bytes;
    char head[APP_TALK_BYTES], tail[APP_TALK_BYTES]; /* of what it said until app_child_hear */
};

#define APP_CHILD_NONE ((struct app_child){.out = -1, .talk = -1})

/* FILLS *child, which must be none; the calling thread must outlive it. FID_UNSUPPORTED: there is
 * no such program; FID_IO. */
enum fid_status app_child_start(struct app_child *child, char *const arguments[],
                                struct fid_error *error);

/* Lets it compute for this many seconds from now on; then SIGXCPU ends it. Before the first
 * call there is no limit, nor on systems where a process may not limit another. */
void app_child_allow(const struct app_child *child, unsigned seconds);

/* Reads what it wrote to stderr; to be called often, since what does not fit into the pipe is lost.
 */
void app_child_hear(struct app_child *child);

/* Waits until the child, which closed its output, ends; returns whether it ended well. Kills it if
 * it does not end within seconds, when interrupted at once. */
bool app_child_wait(struct app_child *child);

/* FILLS text with the beginning or the end of what it said. */
void app_child_talk(const struct app_child *child, bool end, char *text, size_t bytes);

void app_child_stop(struct app_child *child); /* ends it at once; leaves none */

#endif
