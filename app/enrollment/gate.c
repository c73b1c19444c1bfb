/* gate.c - the table of quality limits, and the test of a face against it. */
#include "app/enrollment/gate.h"
#include "app/config.h"

#include <math.h>
#include <stddef.h>
#include <string.h>

/* Networks are trained on faces of 112 pixels, and faces of 80 are nearly as good; beyond
 * these angles half of the face is hidden. */
static const struct {
    const char *key, *photo_key, *unit, *help;
    enum app_gate_reason reason;
    size_t quality; /* the measure: offset in struct fid_quality */
    bool least;     /* a least value; otherwise the greatest absolute value */
    double frame, photo, min, max;
} limits[APP_LIMITS] = {
    [APP_LIMIT_SIZE] = {"face_px", "photo_face_px", "pixels", "least shorter side of a face",
                        APP_GATE_SMALL, offsetof(struct fid_quality, size), true, 80, 40, 1, 10000},
    [APP_LIMIT_INSIDE] = {"inside", "photo_inside", "0..1", "least part of it in the picture",
                          APP_GATE_CUT, offsetof(struct fid_quality, inside), true, 0.75, 0.5, 0,
                          1},
    [APP_LIMIT_DARK] = {"brightness_least", "photo_brightness_least", "0..1",
                        "least mean brightness", APP_GATE_DARK,
                        offsetof(struct fid_quality, brightness), true, 0.15, 0.08, 0, 1},
    [APP_LIMIT_BRIGHT] = {"brightness_most", "photo_brightness_most", "0..1",
                          "greatest mean brightness", APP_GATE_BRIGHT,
                          offsetof(struct fid_quality, brightness), false, 0.85, 0.95, 0, 1},
    [APP_LIMIT_CONTRAST] = {"contrast", "photo_contrast", "0..0.5",
                            "least standard deviation of the brightness", APP_GATE_FLAT,
                            offsetof(struct fid_quality, contrast), true, 0.06, 0.03, 0, 0.5},
    [APP_LIMIT_YAW] = {"yaw_deg", "photo_yaw_deg", "degrees", "greatest turn to a side",
                       APP_GATE_TURNED, offsetof(struct fid_quality, yaw), false, 35, 60, 0, 90},
    [APP_LIMIT_PITCH] = {"pitch_deg", "photo_pitch_deg", "degrees", "greatest turn up or down",
                         APP_GATE_TURNED, offsetof(struct fid_quality, pitch), false, 25, 45, 0,
                         90},
    [APP_LIMIT_SHARPNESS] = {"sharpness", "photo_sharpness", "0..1", "least sharpness",
                             APP_GATE_BLURRED, offsetof(struct fid_quality, sharpness), true, 0.3,
                             0.1, 0, 1},
};

const char *app_gate_text(enum app_gate_reason reason)
{
    static const char *const texts[APP_GATE_REASONS] = {
        [APP_GATE_GOOD] = "good",
        [APP_GATE_NO_FACE] = "without a face",
        [APP_GATE_SEVERAL] = "with several faces",
        [APP_GATE_SMALL] = "too small",
        [APP_GATE_CUT] = "cut by the border",
        [APP_GATE_DARK] = "too dark",
        [APP_GATE_BRIGHT] = "too bright",
        [APP_GATE_FLAT] = "without contrast",
        [APP_GATE_TURNED] = "turned away",
        [APP_GATE_BLURRED] = "blurred",
        [APP_GATE_NO_VECTOR] = "without a usable vector",
        [APP_GATE_UNLIKE] = "of another person",
        [APP_GATE_SPARE] = "more of the same",
    };
    return texts[reason];
}

/* ---- settings ---- */

enum { SETTINGS = 2 * APP_LIMITS + 3 };

static void fill_settings(struct app_gate *gate, struct app_setting settings[SETTINGS])
{
    for (size_t i = 0; i < APP_LIMITS; i++) {
        struct app_setting setting = {limits[i].key, limits[i].unit, limits[i].help,
                                      limits[i].min, limits[i].max,  &gate->frame[i]};
        settings[i] = setting;
        setting.key = limits[i].photo_key;
        setting.value = &gate->photo[i];
        settings[APP_LIMITS + i] = setting;
    }
    settings[SETTINGS - 3] = (struct app_setting){
        "rival", "0..1", "a second face so prominent may be the one meant", 0, 1, &gate->rival};
    settings[SETTINGS - 2] = (struct app_setting){
        "clip_faces", "faces", "learnt from one clip at most", 1, 1000, &gate->clip_faces};
    settings[SETTINGS - 1] = (struct app_setting){
        "keep_crops",     "0 or 1", "keep a crop of each face for another model", 0, 1,
        &gate->keep_crops};
}

enum app_exit app_gate_read(struct app_gate *gate)
{
    struct app_setting settings[SETTINGS];
    for (size_t i = 0; i < APP_LIMITS; i++) {
        gate->frame[i] = limits[i].frame;
        gate->photo[i] = limits[i].photo;
    }
    gate->rival = 0.7;
    gate->clip_faces = 40;
    gate->keep_crops = 0;
    fill_settings(gate, settings);
    return app_config_read("enroll", settings, SETTINGS);
}

void app_gate_write(FILE *out, const struct app_gate *gate)
{
    struct app_gate copy = *gate;
    struct app_setting settings[SETTINGS];
    fill_settings(&copy, settings);
    fprintf(out, "# Quality limits of faces to enroll, for frames of clips and cameras, and with\n"
                 "# photo_ in front for photographs. Lines for ~/.config/faceid/config.\n");
    app_config_write(out, "enroll", settings, SETTINGS);
}

/* ---- judging ---- */

struct app_verdict app_gate_judge(const double bounds[APP_LIMITS],
                                  const struct fid_quality *quality)
{
    for (size_t i = 0; i < APP_LIMITS; i++) {
        float measure;
        memcpy(&measure, (const char *)quality + limits[i].quality, sizeof measure);
        double value = limits[i].least ? (double)measure : fabs((double)measure);
        if (limits[i].least ? !(value >= bounds[i]) : !(value <= bounds[i]))
            return (struct app_verdict){.reason = limits[i].reason,
                                        .limit = (enum app_limit)i,
                                        .value = value,
                                        .bound = bounds[i]};
    }
    return (struct app_verdict){.reason = APP_GATE_GOOD};
}

void app_verdict_text(const struct app_verdict *verdict, char *text, size_t bytes)
{
    const char *reason = app_gate_text(verdict->reason);
    if (verdict->reason < APP_GATE_SMALL || verdict->reason > APP_GATE_BLURRED) {
        snprintf(text, bytes, "%s", reason);
        return;
    }
    bool fraction = limits[verdict->limit].max <= 1;
    const char *key =
        verdict->photo ? limits[verdict->limit].photo_key : limits[verdict->limit].key;
    snprintf(text, bytes, "%s (%s %.*f, %s %g)", reason, key, fraction ? 2 : 0, verdict->value,
             limits[verdict->limit].least ? "least" : "most", verdict->bound);
}
