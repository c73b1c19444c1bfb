/* identify.h - who is in pictures and clips: the path from a source to labels, shared by the
 * verbs identify and is-known. */
#ifndef APP_IDENTIFY_H
#define APP_IDENTIFY_H

#include "app/identify/faces.h"
#include "app/input/source.h"

/* Where the limit for a name comes from. */
enum app_limit_source {
    APP_LIMIT_MODEL,      /* the model's decision.accept */
    APP_LIMIT_CALIBRATED, /* this gallery's calibrated limit */
    APP_LIMIT_OPTION      /* --threshold */
};
const char *app_limit_text(enum app_limit_source source); /* "model", "calibrated", "option" */

struct app_identify {
    struct app *app;
    struct app_clip_options clip;
    enum fid_crop crop;
    struct fid_rule rule;
    enum app_limit_source limit;

    /* Of the current frame. */
    struct app_faces faces;
    struct fid_label labels[APP_FACES_MAX];

    size_t face_count, known_count, bad_files; /* so far */
    bool enough;                               /* set it to skip the rest */
};

/* Takes the faces and labels of one frame; name: the file or, for a clip, file#frame. Any code
 * but APP_OK ends the run with it. */
typedef enum app_exit (*app_identify_fn)(struct app_identify *identify,
                                         const struct app_frame *frame, const char *name);

/* Reads the options of the group APP_USES_IDENTIFY, opens models and gallery. */
enum app_exit app_identify_open(struct app *app, struct app_identify *identify);
void app_identify_close(struct app_identify *identify);

/* Labels all frames of the sources on the command line. A file that cannot be read is reported,
 * counted and skipped. */
enum app_exit app_identify_all(struct app_identify *identify, app_identify_fn take);

#endif
