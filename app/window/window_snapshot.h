/* window_snapshot.h - writes what the window shows into a PNG file, in its own thread, because
 * compression takes longer than the picture may freeze. */
#ifndef APP_WINDOW_SNAPSHOT_H
#define APP_WINDOW_SNAPSHOT_H

#include "engine/fid.h"

#include <pthread.h>
#include <stdatomic.h>

struct app_snapshot { /* zero-initialized */
    pthread_t thread;
    bool running; /* there is a thread to join */
    atomic_bool done;
    struct fid_picture picture;
    char path[64];
    char notice[600]; /* for the user, when done */
};

/* The picture to fill for the next snapshot; NULL while one is being written. */
struct fid_picture *app_snapshot_picture(struct app_snapshot *snapshot);

/* Writes it as faceid-YYYYMMDD-HHMMSS.png into the current folder. */
void app_snapshot_start(struct app_snapshot *snapshot);

/* The message for the user, once per snapshot; otherwise NULL. Valid until the next start. */
const char *app_snapshot_notice(struct app_snapshot *snapshot);

void app_snapshot_close(struct app_snapshot *snapshot); /* waits for the one being written */

#endif
