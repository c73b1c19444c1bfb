/* stages.h - how long the stages of a frame take: decode, detect, align, embed, look up. */
#ifndef APP_STAGES_H
#define APP_STAGES_H

#include "app/app.h"
#include "app/bench/times.h"

enum app_stage {
    APP_STAGE_DECODE,
    APP_STAGE_DETECT,
    APP_STAGE_ALIGN,
    APP_STAGE_EMBED, /* aligns too */
    APP_STAGE_LOOK_UP,
    APP_STAGE_FRAME, /* all but align */
    APP_STAGES
};

struct app_stages {
    int width, height, runs;
    size_t people, face_count;
    bool made_up_face; /* stands in for the one that the detector does not find */
    struct app_times times[APP_STAGES];
};

struct app_stages_setting {
    const char
        *picture;      /* a JPEG or PNG, measured as a JPEG; NULL: a made-up one, without a face */
    int width, height; /* the picture is fitted into this; 0 x 0: it stays as it is */
    int people;        /* in the gallery, made up */
    struct app_effort effort; /* after two frames to warm up */
};

/* FILLS stages, with the app's open detector and embedder. Touches no gallery
 * and writes no file. */
enum app_exit app_stages_measure(const struct app *app, const struct app_stages_setting *setting,
                                 struct app_stages *stages);

/* As a table, or as a line of JSON. picture: its path, NULL for the made-up one. */
void app_stages_print(const struct app *app, const char *picture, const struct app_stages *stages);
void app_stages_write(const struct app *app, const char *picture, const struct app_stages *stages);

#endif
