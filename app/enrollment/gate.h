/* gate.h - is a face seen well enough to learn from it? One table of limits, which the settings
 * file (config.h) may change, for the window, the camera and the command line alike. */
#ifndef APP_GATE_H
#define APP_GATE_H

#include "app/app.h"

#include <stdio.h>

enum app_gate_reason {                /* why a picture or frame is not used */
                       APP_GATE_GOOD, /* it is */
                       APP_GATE_NO_FACE,
                       APP_GATE_SEVERAL, /* faces, and none is the main one */
                       APP_GATE_SMALL,
                       APP_GATE_CUT, /* by the picture's border */
                       APP_GATE_DARK,
                       APP_GATE_BRIGHT,
                       APP_GATE_FLAT, /* without contrast */
                       APP_GATE_TURNED,
                       APP_GATE_BLURRED,
                       APP_GATE_NO_VECTOR, /* the network makes nothing of it */
                       APP_GATE_UNLIKE,    /* the rest of the person's faces */
                       APP_GATE_SPARE,     /* good, but more of the same */
                       APP_GATE_REASONS    /* how many */
};
/* What such frames are: "without a face", "too small", "turned away", ... */
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
    /* Of frames there are many, and the good ones are enough; a photograph was chosen by somebody,
     * so that only a bad one is doubted. */
    double frame[APP_LIMITS], photo[APP_LIMITS];
    double rival;      /* a second face this prominent, of the main one's 1, may be the one meant */
    double clip_faces; /* learnt from one clip at most */
    double keep_crops; /* > 0: a crop is kept with each face, as with --keep-crops */
};

/* Fills the gate from table and settings file. APP_USAGE after a sentence. */
enum app_exit app_gate_read(struct app_gate *gate);
/* Is a crop kept with each face: by the command line, or by the settings? */
static inline bool app_gate_keeps_crops(const struct app_gate *gate, const struct app *app)
{
    return app->keep_crops || gate->keep_crops > 0;
}
/* Writes the limits in force as they could stand in the settings file. */
void app_gate_write(FILE *out, const struct app_gate *gate);

struct app_verdict {
    enum app_gate_reason reason;
    enum app_limit limit; /* the one that is broken, for reasons that a limit gives */
    bool photo;           /* it is that of photographs */
    double value, bound;
};

/* limits: one of the gate's two. The first limit that is broken, in the order of the enum. */
struct app_verdict app_gate_judge(const double limits[APP_LIMITS],
                                  const struct fid_quality *quality);

/* FILLS text with the reason and its numbers: "too small (57 pixels, at least 80)". */
void app_verdict_text(const struct app_verdict *verdict, char *text, size_t bytes);

#endif
