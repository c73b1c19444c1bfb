/* window_snapshot.c - writes the window's picture into a PNG file in its own thread. */
#include "app/window/window_snapshot.h"

#include <stdio.h>
#include <time.h>
#include <unistd.h>

static void *save(void *context)
{
    struct app_snapshot *snapshot = context;
    struct fid_error error = {0};
    if (fid_picture_save(&snapshot->picture, snapshot->path, &error) == FID_OK)
        snprintf(snapshot->notice, sizeof snapshot->notice, "written: %s", snapshot->path);
    else
        snprintf(snapshot->notice, sizeof snapshot->notice, "%s", error.text);
    atomic_store(&snapshot->done, true);
    return NULL;
}

struct fid_picture *app_snapshot_picture(struct app_snapshot *snapshot)
{
    return snapshot->running ? NULL : &snapshot->picture;
}

/* A second one within a second gets -2, and so on. */
static void choose_path(struct app_snapshot *snapshot)
{
    char stem[48];
    time_t now = time(NULL);
    struct tm local;
    localtime_r(&now, &local);
    strftime(stem, sizeof stem, "faceid-%Y%m%d-%H%M%S", &local);
    snprintf(snapshot->path, sizeof snapshot->path, "%s.png", stem);
    for (int i = 2; i < 100 && access(snapshot->path, F_OK) == 0; i++)
        snprintf(snapshot->path, sizeof snapshot->path, "%s-%d.png", stem, i);
}

void app_snapshot_start(struct app_snapshot *snapshot)
{
    choose_path(snapshot);
    atomic_store(&snapshot->done, false);
    snapshot->running = pthread_create(&snapshot->thread, NULL, save, snapshot) == 0;
    if (!snapshot->running)
        save(snapshot);
}

const char *app_snapshot_notice(struct app_snapshot *snapshot)
{
    if (!atomic_exchange(&snapshot->done, false))
        return NULL;
    if (snapshot->running)
        pthread_join(snapshot->thread, NULL);
    snapshot->running = false;
    return snapshot->notice;
}

void app_snapshot_close(struct app_snapshot *snapshot)
{
    if (snapshot->running)
        pthread_join(snapshot->thread, NULL);
    snapshot->running = false;
    fid_picture_free(&snapshot->picture);
}
