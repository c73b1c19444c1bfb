/* stages.c - times detect, align, embed and look-up with a picture or a made-up scene with one
 * drawn face. */
#include "app/bench/stages.h"
#include "app/output/json.h"
#include "app/output/text.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FACES = 64, WARM_RUNS = 2, QUALITY = 90, WIDTH = 640, HEIGHT = 480 };

static const char *const stage_names[APP_STAGES] = {
    [APP_STAGE_DECODE] = "decode", [APP_STAGE_DETECT] = "detect",   [APP_STAGE_ALIGN] = "align",
    [APP_STAGE_EMBED] = "embed",   [APP_STAGE_LOOK_UP] = "look_up", [APP_STAGE_FRAME] = "frame"};

struct scene {
    const struct app *app;                    /* borrowed */
    const struct app_stages_setting *setting; /* borrowed */
    struct fid_bytes file;
    struct fid_picture picture, aligned;
    struct fid_gallery *gallery;
    struct fid_rule rule;
    float *embeddings; /* [FACES][embedding size] */
    struct fid_face faces[FACES];
    struct fid_label labels[FACES];
    size_t face_count;
    double at[APP_STAGES + 1]; /* when each stage of the last frame started, ms */
};

/* ---- what is looked at ---- */

/* Slopes with a coarse grain on them. */
static enum fid_status make_up_picture(int width, int height, struct fid_picture *picture,
                                       struct fid_error *error)
{
    enum fid_status status = fid_picture_resize(picture, width, height, error);
    for (int y = 0; status == FID_OK && y < height; y++)
        for (int x = 0; x < 3 * width; x++) {
            const uint32_t grain = (uint32_t)(x / 24 * 40503 + y / 8 * 30011) * 2654435761u >> 27;
            picture->pixels[(size_t)y * picture->stride_bytes + (size_t)x] =
                (uint8_t)(40 + x * 40 / width + y * 60 / height + (int)grain);
        }
    return status;
}

/* FILLS fitted with the picture, scaled to fit into width × height from the left upper corner; its
 * border goes on where it does not reach. */
static enum fid_status fit(const struct fid_picture *picture, int width, int height,
                           struct fid_picture *fitted, struct fid_error *error)
{
    const float scale =
        fmaxf((float)picture->width / (float)width, (float)picture->height / (float)height);
    const struct fid_box box = {.w = scale * (float)width, .h = scale * (float)height};
    return fid_picture_cut(picture, &box, width, height, fitted, error);
}

/* FILLS the file with the picture to look at, as a JPEG. */
static enum app_exit make_file(struct scene *scene)
{
    const struct app_stages_setting *setting = scene->setting;
    const bool sized = setting->width > 0;
    struct fid_picture picture = {0}, fitted = {0};
    struct fid_error error;
    enum fid_status status =
        setting->picture != NULL
            ? fid_picture_load(setting->picture, &picture, &error)
            : make_up_picture(sized ? setting->width : WIDTH, sized ? setting->height : HEIGHT,
                              &picture, &error);
    const bool cut = setting->picture != NULL && sized;
    if (status == FID_OK && cut)
        status = fit(&picture, setting->width, setting->height, &fitted, &error);
    if (status == FID_OK)
        status = fid_picture_encode(cut ? &fitted : &picture, QUALITY, &scene->file, &error);
    fid_picture_free(&picture);
    fid_picture_free(&fitted);
    return status == FID_OK ? APP_OK : app_fail(APP_AREA_INPUT, &error);
}

/* A face in the middle of the picture, for where a detector finds none. */
static struct fid_face made_up_face(const struct fid_picture *picture)
{
    static const float places[5][2] = {
        {0.3f, 0.4f}, {0.7f, 0.4f}, {0.5f, 0.6f}, {0.35f, 0.8f}, {0.65f, 0.8f}};
    const float side = 0.5f * fminf((float)picture->width, (float)picture->height);
    struct fid_face face = {.box = {.x = ((float)picture->width - side) / 2,
                                    .y = ((float)picture->height - side) / 2,
                                    .w = side,
                                    .h = side},
                            .score = 1};
    for (int i = 0; i < 5; i++) {
        face.landmarks[i][0] = face.box.x + places[i][0] * side;
        face.landmarks[i][1] = face.box.y + places[i][1] * side;
    }
    return face;
}

/* ---- the people ---- */

static enum app_exit enroll(struct scene *scene, size_t size)
{
    const int people = scene->setting->people;
    float *numbers = calloc((size_t)people * size, sizeof *numbers);
    struct fid_error error = {.status = FID_NO_MEMORY};
    enum fid_status status = numbers != NULL ? FID_OK : FID_NO_MEMORY;
    if (numbers != NULL)
        app_fill_pattern(numbers, (size_t)people * size);
    for (int i = 0; i < people && status == FID_OK; i++) {
        const struct fid_sample sample = {.embedding = numbers + (size_t)i * size,
                                          .source = "made up"};
        char name[32];
        snprintf(name, sizeof name, "person %d", i + 1);
        status = fid_gallery_enroll(scene->gallery, name, &sample, 1, false, NULL, NULL, &error);
    }
    free(numbers);
    return status == FID_OK ? APP_OK : app_fail(APP_AREA_GALLERY, &error);
}

static enum app_exit open_scene(struct scene *scene)
{
    static const struct fid_rule cautious = {FID_RULE_COSINE, 0.5f, 0.4f, 0.05f};
    const struct fid_model *recognizer = scene->app->recognizer;
    const size_t size = fid_embedder_size(scene->app->embedder);
    struct fid_error error = {.status = FID_NO_MEMORY};
    enum app_exit code = make_file(scene);
    if (code != APP_OK)
        return code;
    if (fid_rule_default(recognizer, FID_RULE_COSINE, &scene->rule, &error) != FID_OK)
        scene->rule = cautious; /* which names come out is of no interest here */
    scene->embeddings = calloc(FACES * size, sizeof *scene->embeddings);
    if (scene->embeddings == NULL ||
        fid_gallery_open("made up", recognizer, NULL, FID_GALLERY_MEMORY, &scene->gallery,
                         &error) != FID_OK)
        return app_fail(APP_AREA_GALLERY, &error);
    return enroll(scene, size);
}

static void close_scene(struct scene *scene)
{
    fid_gallery_close(&scene->gallery);
    fid_picture_free(&scene->picture);
    fid_picture_free(&scene->aligned);
    fid_bytes_free(&scene->file);
    free(scene->embeddings);
}

/* ---- a frame ---- */

static enum fid_status find_faces(struct scene *scene, struct fid_error *error)
{
    return fid_detect(scene->app->detector, &scene->picture, scene->faces, FACES,
                      &scene->face_count, error);
}

static enum fid_status align_faces(struct scene *scene, struct fid_error *error)
{
    enum fid_status status = FID_OK;
    for (size_t i = 0; i < scene->face_count && status == FID_OK; i++)
        status = fid_align_face(scene->app->embedder, &scene->picture, &scene->faces[i],
                                FID_CROP_MODEL, &scene->aligned, error);
    return status;
}

static enum app_exit run_frame(struct scene *scene, bool *made_up)
{
    struct fid_error error;
    double *at = scene->at;
    at[APP_STAGE_DECODE] = app_now_ms();
    if (fid_picture_decode(scene->file.data, scene->file.size, "the picture", &scene->picture,
                           &error) != FID_OK)
        return app_fail(APP_AREA_INPUT, &error);
    at[APP_STAGE_DETECT] = app_now_ms();
    if (find_faces(scene, &error) != FID_OK)
        return app_fail(APP_AREA_FACES, &error);
    *made_up = scene->face_count == 0;
    if (*made_up)
        scene->faces[scene->face_count++] = made_up_face(&scene->picture);
    at[APP_STAGE_ALIGN] = app_now_ms();
    if (align_faces(scene, &error) != FID_OK)
        return app_fail(APP_AREA_FACES, &error);
    at[APP_STAGE_EMBED] = app_now_ms();
    if (fid_embed(scene->app->embedder, &scene->picture, scene->faces, scene->face_count,
                  FID_CROP_MODEL, scene->embeddings, &error) != FID_OK)
        return app_fail(APP_AREA_FACES, &error);
    at[APP_STAGE_LOOK_UP] = app_now_ms();
    fid_label_faces(scene->gallery, &scene->rule, scene->embeddings, scene->face_count,
                    scene->labels);
    at[APP_STAGE_FRAME] = app_now_ms();
    return APP_OK;
}

/* ---- measuring ---- */

/* samples[stage][run] */
static void take_sample(const struct scene *scene, double *samples, size_t runs, size_t run)
{
    const double *at = scene->at;
    for (size_t stage = 0; stage < APP_STAGE_FRAME; stage++)
        samples[stage * runs + run] = at[stage + 1] - at[stage];
    samples[APP_STAGE_FRAME * runs + run] =
        at[APP_STAGE_FRAME] - at[0] - samples[APP_STAGE_ALIGN * runs + run];
}

static enum app_exit measure(struct scene *scene, struct app_stages *stages)
{
    enum app_exit code = APP_OK;
    for (int i = 0; i < WARM_RUNS && code == APP_OK; i++)
        code = run_frame(scene, &stages->made_up_face);
    if (code != APP_OK)
        return code;
    stages->runs =
        app_effort_runs(&scene->setting->effort, scene->at[APP_STAGE_FRAME] - scene->at[0]);
    const size_t runs = (size_t)stages->runs;
    double *samples = calloc(APP_STAGES * runs, sizeof *samples);
    if (samples == NULL) {
        app_warn("no memory for the times");
        return APP_INTERNAL;
    }
    for (size_t run = 0; run < runs && code == APP_OK; run++) {
        code = app_interrupted() ? APP_INTERRUPTED : run_frame(scene, &stages->made_up_face);
        take_sample(scene, samples, runs, run);
    }
    for (size_t stage = 0; stage < APP_STAGES; stage++)
        stages->times[stage] = app_times_of(samples + stage * runs, runs);
    free(samples);
    return code;
}

enum app_exit app_stages_measure(const struct app *app, const struct app_stages_setting *setting,
                                 struct app_stages *stages)
{
    struct scene *scene = calloc(1, sizeof *scene);
    if (scene == NULL) {
        app_warn("no memory for the picture");
        return APP_INTERNAL;
    }
    scene->app = app;
    scene->setting = setting;
    enum app_exit code = open_scene(scene);
    if (code == APP_OK)
        code = measure(scene, stages);
    stages->width = scene->picture.width;
    stages->height = scene->picture.height;
    stages->people = (size_t)setting->people;
    stages->face_count = scene->face_count;
    close_scene(scene);
    free(scene);
    return code;
}

/* ---- printing ---- */

void app_stages_print(const struct app *app, const char *picture, const struct app_stages *stages)
{
    struct fid_model_info detector, recognizer;
    const int threads = fid_runtime_threads(app->runtime);
    fid_model_info(app->detector_model, &detector);
    fid_model_info(app->recognizer, &recognizer);
    app_put_visible(stdout, picture != NULL ? picture : "a made-up picture");
    printf(", %dx%d, %zu %s%s: ", stages->width, stages->height, stages->face_count,
           app_plural(stages->face_count, "face", "faces"),
           stages->made_up_face ? " (made up: the detector finds none)" : "");
    app_put_visible(stdout, detector.name);
    fputs(", ", stdout);
    app_put_visible(stdout, recognizer.name);
    printf(", %s, %d %s, %zu people, %d runs\n", fid_runtime_isa(app->runtime), threads,
           app_plural((size_t)threads, "thread", "threads"), stages->people, stages->runs);
    for (int stage = 0; stage < APP_STAGES; stage++)
        printf("    %-8s %9.3f ms min %9.3f ms median%s\n", stage_names[stage],
               stages->times[stage].least, stages->times[stage].median,
               stage == APP_STAGE_EMBED   ? "  (aligns too)"
               : stage == APP_STAGE_FRAME ? "  (all but align)"
                                          : "");
}

void app_stages_write(const struct app *app, const char *picture, const struct app_stages *stages)
{
    struct app_json json = app_json_begin(stdout);
    struct fid_model_info detector, recognizer;
    fid_model_info(app->detector_model, &detector);
    fid_model_info(app->recognizer, &recognizer);
    app_json_open(&json, NULL, '{');
    app_json_whole(&json, "v", 1);
    app_json_text(&json, "measured", "stages");
    app_json_text(&json, "file", picture);
    app_json_text(&json, "model", recognizer.name);
    app_json_text(&json, "detector", detector.name);
    app_json_text(&json, "isa", fid_runtime_isa(app->runtime));
    app_json_whole(&json, "threads", fid_runtime_threads(app->runtime));
    app_json_whole(&json, "runs", stages->runs);
    app_json_whole(&json, "people", (int64_t)stages->people);
    app_json_whole(&json, "width", stages->width);
    app_json_whole(&json, "height", stages->height);
    app_json_whole(&json, "faces", (int64_t)stages->face_count);
    app_json_bool(&json, "made_up_face", stages->made_up_face);
    app_json_open(&json, "stages", '{');
    for (int stage = 0; stage < APP_STAGES; stage++) {
        app_json_open(&json, stage_names[stage], '{');
        app_json_number(&json, "min_ms", stages->times[stage].least, 6);
        app_json_number(&json, "median_ms", stages->times[stage].median, 6);
        app_json_close(&json, '}');
    }
    app_json_close(&json, '}');
    app_json_close(&json, '}');
    app_json_line(&json);
}
