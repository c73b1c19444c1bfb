/* gate.h - is a face good enough to enroll? One table of limits, which the settings file
 * (config.h) may change, for the window, the camera and the command line. */
#ifndef APP_GATE_H
#define APP_GATE_H

#include "app/app.h"

#include <stdio.h>

enum app_gate_reason {                /* why a picture or frame is not used */
                       APP_GATE_GOOD, /* it is used */
                       APP_GATE_NO_FACE,
                       APP_GATE_SEVERAL, /* several faces, none of them the main one */
                       APP_GATE_SMALL,
                       APP_GATE_CUT, /* by the picture's border */
                       APP_GATE_DARK,
                       APP_GATE_BRIGHT,
                       APP_GATE_FLAT, /* without contrast */
                       APP_GATE_TURNED,
                       APP_GATE_BLURRED,
                       APP_GATE_NO_VECTOR, /* the network gives no usable numbers */
                       APP_GATE_UNLIKE,    /* unlike the rest of the person's faces */
                       APP_GATE_SPARE,     /* good, but more of the same */
                       APP_GATE_REASONS    /* how many */
};
/* The reason in words: "without a face", "too small", "turned away", ... */
const char *app_gate_text(enum app_gate_reason reason);

enum app_limit {
    APP_LIMIT_SIZE,
    APP_LIMIT_INSIDE,
    APP_LIMIT_DARK,
    APP_LIMIT_BRIGHT,
    APP_LIMIT_CONTRAST,
    APP_LIMIT_YAW,
    APP_LIMIT_PITCH,
    APP_LIMIT_SHARPNESS,
    APP_LIMITS /* how many */
};

struct app_gate {
    /* There are many frames, so only good ones are used; a photograph was chosen by the user, so
     * only a bad one is questioned. */
    double frame[APP_LIMITS], photo[APP_LIMITS];
    double rival; /* a second face this prominent, relative to the main one, may be the one meant */
    double clip_faces; /* most faces used from one clip */
    double keep_crops; /* > 0: a crop is kept with each face, as with --keep-crops */
};

/* Fills the gate from the table and the settings file. APP_USAGE after a message. */
enum app_exit app_gate_read(struct app_gate *gate);
/* Is a crop kept with each face, by the command line or by the settings? */
static inline bool app_gate_keeps_crops(const struct app_gate *gate, const struct app *app)
{
    return app->keep_crops || gate->keep_crops > 0;
}
/* Writes the limits in force, in the form of the settings file. */
void app_gate_write(FILE *out, const struct app_gate *gate);

struct app_verdict {
    enum app_gate_reason reason;
    enum app_limit limit; /* the broken limit, for reasons that come from one */
    bool photo;           /* the limit is the one for photographs */
    double value, bound;
};

/* limits: one of the gate's two lists. Finds the first broken limit, in the order of the enum. */
struct app_verdict app_gate_judge(const double limits[APP_LIMITS],
                                  const struct fid_quality *quality);

/* FILLS text with the reason and its numbers: "too small (57 pixels, at least 80)". */
void app_verdict_text(const struct app_verdict *verdict, char *text, size_t bytes);

#endif
