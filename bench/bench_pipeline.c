/* bench_pipeline - the stages of a whole frame, and the detector and the recogniser's network
 * alone. `usage` below has the switches. */
#include "app/output/draw.h"
#include "bench/common.h"
#include "bench/scene.h"
#include "engine/fid.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

const char bench_name[] = "bench_pipeline";

static const char usage[] =
    "usage: bench_pipeline DETECTOR.fid RECOGNISER.fid [SWITCH...] [PICTURE...]\n"
    "\n"
    "Fastest and median time of each stage of a frame, for each picture (JPEG or PNG; without one, "
    "a\n"
    "made-up JPEG of 640x480): decode, detect, align, embed (which aligns too), look up among\n"
    "made-up people, draw (copies the picture, draws boxes and names, writes a JPEG). Where there\n"
    "is no face, a made-up one stands in. Then the recogniser's network alone, and the detector\n"
    "alone on the first picture fitted into given sizes.\n"
    "\n"
    "  --threads N    default 1; 0: one for each core\n"
    "  --isa NAME     kernel table (default: the best)\n"
    "  --method NAME  convolution method wherever it applies (default: chosen by layer)\n"
    "  --low-memory    no filters packed larger than they are: less memory, slower\n"
    "  --runs N       default 20, after 2 to warm up\n"
    "  --people N     in the gallery (default 100)\n"
    "  --size WxH     for the detector alone, up to 8 times (default 640x480)\n"
    "  --min-face N   smallest face to look for, for the detector alone (default: the model's "
    "own)\n"
    "  --json         one JSON object instead of the tables\n"
    "  --help         this text\n"
    "\n"
    "Exit codes: 0 measured; 1 a file or model cannot be used; 2 wrong usage.\n";

enum { SIZES = 8, FACES = 64, WARM_RUNS = 2 };

enum stage { DECODE, DETECT, ALIGN, EMBED, LOOK_UP, DRAW, FRAME, STAGES };
static const char *const stage_names[STAGES] = {
    [DECODE] = "decode",   [DETECT] = "detect", [ALIGN] = "align", [EMBED] = "embed",
    [LOOK_UP] = "look_up", [DRAW] = "draw",     [FRAME] = "frame"};

struct arguments {
    const char *detector, *recogniser;
    char **pictures; /* of argv */
    int picture_count, runs, people, size_count;
    struct fid_options options;
    struct fid_detect_options alone;
    int sizes[SIZES][2];
    bool json;
};

struct pipeline {
    const struct arguments *arguments; /* borrowed */
    struct fid_runtime *runtime;
    struct fid_model *detector_model, *recogniser_model;
    struct fid_detector *detector;
    struct fid_embedder *embedder;
    struct fid_gallery *gallery;
    struct fid_rule rule;
    float *embeddings; /* [FACES][size] */
    struct fid_face faces[FACES];
    struct fid_label labels[FACES];
    size_t face_count;
    bool made_up_face; /* stands in for the one not found */
};

/* What was measured on one picture. */
struct frame_result {
    int width, height;
    size_t face_count;
    bool made_up_face;
    struct bench_times stages[STAGES];
};

static void must(enum fid_status status, const struct fid_error *error)
{
    if (status != FID_OK)
        bench_fail("%s", error->text);
}

/* ---- opening ---- */

static void open_rule(struct pipeline *p)
{
    static const struct fid_rule cautious = {FID_RULE_COSINE, 0.5f, 0.4f, 0.05f};
    struct fid_error error;
    if (fid_rule_default(p->recogniser_model, FID_RULE_COSINE, &p->rule, &error) != FID_OK)
        p->rule = cautious; /* which names come out is of no interest here */
}

static void open_pipeline(const struct arguments *arguments, struct pipeline *p)
{
    struct fid_error error;
    *p = (struct pipeline){.arguments = arguments};
    if (fid_runtime_open(&p->runtime, &arguments->options, &error) != FID_OK) {
        if (error.status == FID_INVALID || error.status == FID_UNSUPPORTED)
            bench_refuse("%s", error.text);
        bench_fail("%s", error.text);
    }
    must(fid_model_open(p->runtime, arguments->detector, &p->detector_model, &error), &error);
    must(fid_model_open(p->runtime, arguments->recogniser, &p->recogniser_model, &error), &error);
    must(fid_detector_open(p->runtime, p->detector_model, NULL, &p->detector, &error), &error);
    must(fid_embedder_open(p->runtime, p->recogniser_model, 1, &p->embedder, &error), &error);
    const size_t size = fid_embedder_size(p->embedder);
    p->gallery = scene_gallery(p->recogniser_model, size, arguments->people);
    p->embeddings = bench_alloc(FACES * size, sizeof *p->embeddings);
    open_rule(p);
}

static void close_pipeline(struct pipeline *p)
{
    free(p->embeddings);
    fid_gallery_close(&p->gallery);
    fid_embedder_close(&p->embedder);
    fid_detector_close(&p->detector);
    fid_model_close(&p->recogniser_model);
    fid_model_close(&p->detector_model);
    fid_runtime_close(&p->runtime);
}

/* ---- the stages of a frame ---- */

struct source { /* a picture file in memory */
    const char *path;
    void *bytes; /* owned */
    size_t size;
    struct fid_picture picture, aligned;
};

static void find_faces(struct pipeline *p, const struct fid_picture *picture)
{
    struct fid_error error;
    must(fid_detect(p->detector, picture, p->faces, FACES, &p->face_count, &error), &error);
}

static void stand_in(struct pipeline *p, const struct fid_picture *picture)
{
    p->made_up_face = p->face_count == 0;
    if (p->made_up_face)
        p->faces[p->face_count++] = scene_made_up_face(picture);
}

static void align_faces(struct pipeline *p, struct source *s)
{
    struct fid_error error;
    for (size_t i = 0; i < p->face_count; i++)
        must(fid_align_face(p->embedder, &s->picture, &p->faces[i], FID_CROP_MODEL, &s->aligned,
                            &error),
             &error);
}

static void draw_faces(struct pipeline *p, const struct source *s)
{
    const struct app_frame frame = {.picture = &s->picture, .file = "made-up.png", .frame = -1};
    struct app_drawing drawing;
    struct fid_error error;
    char folder[600];
    snprintf(folder, sizeof folder, "%s/drawn", scene_folder());
    must(app_drawing_open(folder, NULL, 0, &drawing, &error), &error);
    must(app_draw_frame(&drawing, &frame, p->faces, p->labels, p->face_count, &error), &error);
    app_drawing_close(&drawing);
}

/* One frame; samples[stage][run] take the milliseconds of each stage, if run ≥ 0. Aligning is done
 * by embed too, so the time of the frame leaves the one of align out. */
static void run_frame(struct pipeline *p, struct source *s, double *const samples[STAGES], int run)
{
    double at[STAGES + 1];
    struct fid_error error;
    at[DECODE] = bench_now_ms();
    must(fid_picture_decode(s->bytes, s->size, s->path, &s->picture, &error), &error);
    at[DETECT] = bench_now_ms();
    find_faces(p, &s->picture);
    stand_in(p, &s->picture);
    at[ALIGN] = bench_now_ms();
    align_faces(p, s);
    at[EMBED] = bench_now_ms();
    must(fid_embed(p->embedder, &s->picture, p->faces, p->face_count, FID_CROP_MODEL, p->embeddings,
                   &error),
         &error);
    at[LOOK_UP] = bench_now_ms();
    fid_label_faces(p->gallery, &p->rule, p->embeddings, p->face_count, p->labels);
    at[DRAW] = bench_now_ms();
    draw_faces(p, s);
    at[FRAME] = bench_now_ms();
    for (int stage = DECODE; stage < FRAME && run >= 0; stage++)
        samples[stage][run] = at[stage + 1] - at[stage];
    if (run >= 0)
        samples[FRAME][run] = at[FRAME] - at[DECODE] - samples[ALIGN][run];
}

static void measure_frames(struct pipeline *p, const char *path, struct frame_result *result)
{
    const int runs = p->arguments->runs;
    struct source s = {.path = path};
    double *samples[STAGES];
    s.bytes = scene_file(path, &s.size);
    for (int stage = 0; stage < STAGES; stage++)
        samples[stage] = bench_alloc((size_t)runs, sizeof(double));
    for (int run = -WARM_RUNS; run < runs; run++)
        run_frame(p, &s, samples, run);
    *result = (struct frame_result){.width = s.picture.width,
                                    .height = s.picture.height,
                                    .face_count = p->face_count,
                                    .made_up_face = p->made_up_face};
    for (int stage = 0; stage < STAGES; stage++) {
        result->stages[stage] = bench_summary(samples[stage], (size_t)runs);
        free(samples[stage]);
    }
    fid_picture_free(&s.picture);
    fid_picture_free(&s.aligned);
    free(s.bytes);
}

static void print_frames(const struct pipeline *p, const char *path,
                         const struct frame_result *result)
{
    if (p->arguments->json) {
        fputs("{\"file\":", stdout);
        bench_json_text(stdout, path);
        printf(",\"width\":%d,\"height\":%d,\"faces\":%zu,\"made_up_face\":%s,\"stages\":{",
               result->width, result->height, result->face_count,
               result->made_up_face ? "true" : "false");
        for (int stage = 0; stage < STAGES; stage++)
            printf("%s\"%s\":{\"min_ms\":%.6f,\"median_ms\":%.6f}", stage > 0 ? "," : "",
                   stage_names[stage], result->stages[stage].least, result->stages[stage].median);
        fputs("}}", stdout);
        return;
    }
    printf("%s, %dx%d, %zu face%s%s\n", path, result->width, result->height, result->face_count,
           result->face_count == 1 ? "" : "s",
           result->made_up_face ? " (made up: the detector finds none)" : "");
    for (int stage = 0; stage < STAGES; stage++)
        printf("    %-8s %9.3f ms min %9.3f ms median%s\n", stage_names[stage],
               result->stages[stage].least, result->stages[stage].median,
               stage == EMBED   ? "  (aligns too)"
               : stage == FRAME ? "  (all but align)"
                                : "");
}

/* ---- alone ---- */

static void run_network(void *context)
{
    fid_session_run(context, 1);
}

static void measure_network(struct pipeline *p)
{
    struct fid_session *session = fid_embedder_session(p->embedder);
    struct fid_model_info info;
    struct fid_value input;
    fid_model_info(p->recogniser_model, &info);
    fid_session_input(session, &input);
    bench_pattern(input.data, (size_t)input.h * (size_t)input.w * (size_t)input.c);
    const struct bench_times times =
        bench_measure(run_network, session, p->arguments->runs, WARM_RUNS);
    if (p->arguments->json) {
        fputs(",\n\"network\":{\"model\":", stdout);
        bench_json_text(stdout, info.name);
        printf(",\"h\":%d,\"w\":%d,\"min_ms\":%.6f,\"median_ms\":%.6f}", input.h, input.w,
               times.least, times.median);
    } else
        printf("network alone: %s, %dx%d: %.3f ms min, %.3f ms median\n", info.name, input.w,
               input.h, times.least, times.median);
}

struct alone {
    struct pipeline *pipeline;
    struct fid_picture fitted;
};

static void run_detector(void *context)
{
    struct alone *alone = context;
    find_faces(alone->pipeline, &alone->fitted);
}

static void measure_detector(struct pipeline *p, const struct fid_picture *picture, int i)
{
    const struct arguments *arguments = p->arguments;
    struct alone alone = {.pipeline = p};
    struct fid_model_info info;
    const int width = arguments->sizes[i][0], height = arguments->sizes[i][1];
    fid_model_info(p->detector_model, &info);
    scene_fit(picture, width, height, &alone.fitted);
    const struct bench_times times =
        bench_measure(run_detector, &alone, arguments->runs, WARM_RUNS);
    fid_picture_free(&alone.fitted);
    if (arguments->json) {
        fputs(i > 0 ? ",\n{\"model\":" : "\n{\"model\":", stdout);
        bench_json_text(stdout, info.name);
        printf(",\"width\":%d,\"height\":%d,\"min_face\":%d,\"faces\":%zu,\"min_ms\":%.6f,"
               "\"median_ms\":%.6f}",
               width, height, arguments->alone.min_face, p->face_count, times.least, times.median);
        return;
    }
    char smallest[32] = "the model's own";
    if (arguments->alone.min_face > 0)
        snprintf(smallest, sizeof smallest, "%d", arguments->alone.min_face);
    printf("detector alone: %s, %dx%d, smallest face %s, %zu found: %.3f ms min, %.3f ms median\n",
           info.name, width, height, smallest, p->face_count, times.least, times.median);
}

/* The detector with the options for it alone takes the place of the pipeline's. */
static void measure_detectors(struct pipeline *p, const char *path)
{
    struct fid_picture picture = {0};
    struct fid_error error;
    must(fid_picture_load(path, &picture, &error), &error);
    fid_detector_close(&p->detector);
    must(fid_detector_open(p->runtime, p->detector_model, &p->arguments->alone, &p->detector,
                           &error),
         &error);
    for (int i = 0; i < p->arguments->size_count; i++)
        measure_detector(p, &picture, i);
    fid_picture_free(&picture);
}

/* ---- the command line ---- */

static void take_switch(struct arguments *arguments, int argc, char **argv, int *i)
{
    const char *option = argv[*i];
    if (strcmp(option, "--json") == 0)
        arguments->json = true;
    else if (strcmp(option, "--isa") == 0)
        arguments->options.isa = bench_value(argc, argv, i);
    else if (strcmp(option, "--low-memory") == 0)
        arguments->options.low_memory = true;
    else if (strcmp(option, "--method") == 0)
        arguments->options.method = bench_value(argc, argv, i);
    else if (strcmp(option, "--threads") == 0)
        arguments->options.threads = bench_number(option, bench_value(argc, argv, i), 0);
    else if (strcmp(option, "--runs") == 0)
        arguments->runs = bench_number(option, bench_value(argc, argv, i), 1);
    else if (strcmp(option, "--people") == 0)
        arguments->people = bench_number(option, bench_value(argc, argv, i), 1);
    else if (strcmp(option, "--min-face") == 0)
        arguments->alone.min_face = bench_number(option, bench_value(argc, argv, i), 1);
    else if (strcmp(option, "--size") == 0) {
        if (arguments->size_count == SIZES)
            bench_refuse("--size: at most %d sizes", SIZES);
        int *size = arguments->sizes[arguments->size_count++];
        bench_size(option, bench_value(argc, argv, i), &size[0], &size[1]);
    } else
        bench_refuse("there is no switch %s (--help lists them)", option);
}

/* The pictures are moved to the front of argv. */
static struct arguments read_arguments(int argc, char **argv)
{
    struct arguments arguments = {.pictures = argv,
                                  .runs = 20,
                                  .people = 100,
                                  .options = {.threads = 1},
                                  .alone = {.max_side = -1},
                                  .sizes = {{640, 480}}};
    for (int i = 1; i < argc; i++)
        if (strcmp(argv[i], "--help") == 0) {
            fputs(usage, stdout);
            exit(0);
        } else if (argv[i][0] == '-')
            take_switch(&arguments, argc, argv, &i);
        else if (arguments.detector == NULL)
            arguments.detector = argv[i];
        else if (arguments.recogniser == NULL)
            arguments.recogniser = argv[i];
        else
            argv[arguments.picture_count++] = argv[i];
    if (arguments.recogniser == NULL)
        bench_refuse("needs DETECTOR.fid and RECOGNISER.fid (--help has more)");
    if (arguments.size_count == 0)
        arguments.size_count = 1;
    return arguments;
}

static void print_head(const struct pipeline *p)
{
    const struct arguments *a = p->arguments;
    const char *isa = fid_runtime_isa(p->runtime);
    const int threads = fid_runtime_threads(p->runtime);
    if (a->json)
        printf("{\"program\":\"bench_pipeline\",\"isa\":\"%s\",\"threads\":%d,\"runs\":%d,"
               "\"people\":%d,\n\"pictures\":[\n",
               isa, threads, a->runs, a->people);
    else
        printf("%s, %d thread%s, %d runs, %d people in the gallery\n", isa, threads,
               threads == 1 ? "" : "s", a->runs, a->people);
}

int main(int argc, char **argv)
{
    struct arguments arguments = read_arguments(argc, argv);
    struct pipeline pipeline;
    struct frame_result result;
    char made_up[600], *made_up_list[] = {made_up};
    open_pipeline(&arguments, &pipeline);
    if (arguments.picture_count == 0) {
        scene_made_up_picture(640, 480, made_up, sizeof made_up);
        arguments.pictures = made_up_list;
        arguments.picture_count = 1;
    }
    print_head(&pipeline);
    for (int i = 0; i < arguments.picture_count; i++) {
        measure_frames(&pipeline, arguments.pictures[i], &result);
        if (arguments.json && i > 0)
            puts(",");
        print_frames(&pipeline, arguments.pictures[i], &result);
    }
    if (arguments.json)
        fputs("]", stdout);
    measure_network(&pipeline);
    if (arguments.json)
        fputs(",\n\"detector\":[", stdout);
    measure_detectors(&pipeline, arguments.pictures[0]);
    if (arguments.json)
        puts("]}");
    close_pipeline(&pipeline);
    return 0;
}
