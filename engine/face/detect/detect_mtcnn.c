/* MTCNN: Zhang et al., "Joint face detection and alignment using multitask cascaded convolutional
 * networks" (2016). P-net slides a window of 12 pixels in steps of 2 over a pyramid of the picture;
 * R-net and O-net look again at what is left, in squares of their input's size. */
#include "engine/face/detect/detector.h"
#include "engine/face/network/network_input.h"
#include "engine/face/picture/resample.h"

#include <math.h>
#include <string.h>

enum {
    P_WINDOW = 12, /* the receptive field of P-net: the size of a face on a level */
    P_STEP = 2,
    P_MARGIN = 4, /* so much of a window may be outside of the picture: even */
    R_CHUNK = 32, /* candidates that go through at once */
    O_CHUNK = 16
};

/* More than that of the smaller box in common, and two boxes are of one face. */
#define SAME_FACE 0.5f

/* Enlarging the picture more than this makes P-net find noise, at the cost of the square. */
#define MAX_ENLARGEMENT 2.0

static bool find_graph(const struct fid_model *model, const char *name,
                       struct fid_graph_info *graph)
{
    struct fid_model_info info;
    fid_model_info(model, &info);
    for (size_t i = 0; i < info.graph_count; i++) {
        fid_model_graph(model, i, graph);
        if (strcmp(graph->name, name) == 0)
            return true;
    }
    return false;
}

/* Has each graph the outputs that its stage reads, at its customary size? P-net's are maps. */
static enum fid_status check_outputs(const struct fid_detector *detector, struct fid_error *error)
{
    static const struct {
        const char *graph, *name;
        int channels;
    } outputs[] = {{"pnet", "prob", 2},      {"pnet", "box", 4},  {"rnet", "prob", 2},
                   {"rnet", "box", 4},       {"onet", "prob", 2}, {"onet", "box", 4},
                   {"onet", "landmarks", 10}};
    struct fid_model_info info;
    fid_model_info(detector->model, &info);
    for (size_t i = 0; i < sizeof outputs / sizeof outputs[0]; i++) {
        struct fid_value output;
        const bool is_map = strcmp(outputs[i].graph, "pnet") == 0;
        const enum fid_status status =
            fid_model_output(detector->model, outputs[i].graph, outputs[i].name, &output, error);
        if (status != FID_OK && status != FID_NOT_FOUND)
            return status;
        if (status == FID_NOT_FOUND || output.c != outputs[i].channels ||
            (!is_map && output.h * output.w != 1))
            return fid_fail(error, FID_INVALID, "%s: graph '%s' has no output '%s' of %d numbers",
                            info.path, outputs[i].graph, outputs[i].name, outputs[i].channels);
    }
    return FID_OK;
}

static enum fid_status mtcnn_open(struct fid_detector *detector, struct fid_error *error)
{
    static const char *const names[] = {"pnet", "rnet", "onet"};
    struct fid_model_info info;
    fid_model_info(detector->model, &info);
    for (size_t i = 0; i < 3; i++) {
        struct fid_graph_info graph;
        if (!find_graph(detector->model, names[i], &graph))
            return fid_fail(error, FID_INVALID, "%s: the detector has no graph '%s'", info.path,
                            names[i]);
        bool pyramid = i == 0;
        if (graph.c != 3 || graph.free_size != pyramid || (pyramid && graph.multiple != 1))
            return fid_fail(
                error, FID_INVALID, "%s: the input of graph '%s' %s", info.path, names[i],
                pyramid ? "must be pictures of any size" : "must be pictures of one size");
    }
    detector->has_landmarks = true;
    enum fid_status status = fid_mtcnn_card_read(detector->model, &detector->card, error);
    return status == FID_OK ? check_outputs(detector, error) : status;
}

enum fid_status fid_pnet_decode(const struct fid_pnet_maps *maps, float threshold,
                                struct fid_candidates *list, struct fid_error *error)
{
    for (int row = 0; row < maps->rows; row++)
        for (int col = 0; col < maps->cols; col++) {
            size_t cell = (size_t)row * (size_t)maps->cols + (size_t)col;
            float score = maps->prob[2 * cell + 1];
            if (!(score > threshold))
                continue;
            int x = P_STEP * col - maps->margin, y = P_STEP * row - maps->margin;
            struct fid_candidate candidate = {
                .x0 = (float)(x * maps->scale_x),
                .y0 = (float)(y * maps->scale_y),
                .x1 = (float)((x + P_WINDOW) * maps->scale_x),
                .y1 = (float)((y + P_WINDOW) * maps->scale_y),
                .score = score,
            };
            memcpy(candidate.shift, maps->box + 4 * cell, sizeof candidate.shift);
            enum fid_status status = fid_candidates_add(list, &candidate, error);
            if (status != FID_OK)
                return status;
        }
    return FID_OK;
}

void fid_candidate_correct(struct fid_candidate *candidate)
{
    float w = candidate->x1 - candidate->x0, h = candidate->y1 - candidate->y0;
    candidate->x0 += candidate->shift[0] * w;
    candidate->y0 += candidate->shift[1] * h;
    candidate->x1 += candidate->shift[2] * w;
    candidate->y1 += candidate->shift[3] * h;
}

void fid_candidate_square(struct fid_candidate *candidate)
{
    float w = candidate->x1 - candidate->x0, h = candidate->y1 - candidate->y0;
    float side = fmaxf(w, h);
    candidate->x0 += (w - side) / 2.0f;
    candidate->y0 += (h - side) / 2.0f;
    candidate->x1 = candidate->x0 + side;
    candidate->y1 = candidate->y0 + side;
}

/* Corrects all and makes them squares; leaves out what is smaller than a pixel or not finite. */
static void make_squares(struct fid_candidates *list)
{
    size_t kept = 0;
    for (size_t i = 0; i < list->count; i++) {
        struct fid_candidate candidate = list->items[i];
        fid_candidate_correct(&candidate);
        fid_candidate_square(&candidate);
        if (isfinite(candidate.x0) && isfinite(candidate.y0) && isfinite(candidate.x1) &&
            candidate.x1 - candidate.x0 >= 1.0f && isfinite(candidate.y1))
            list->items[kept++] = candidate;
    }
    list->count = kept;
}

/* The level into detector->piece: the picture at this scale, with a margin around it so that a
 * window can hold a face that the border cuts. */
static enum fid_status fill_level(struct fid_detector *detector, const struct fid_picture *picture,
                                  double scale, struct fid_pnet_maps *maps, struct fid_error *error)
{
    int h = (int)ceil(picture->height * scale), w = (int)ceil(picture->width * scale);
    maps->scale_x = (double)picture->width / w;
    maps->scale_y = (double)picture->height / h;
    int wide = w + 2 * P_MARGIN, high = h + 2 * P_MARGIN;
    struct fid_rect rect = {-P_MARGIN * maps->scale_x, -P_MARGIN * maps->scale_y,
                            wide * maps->scale_x, high * maps->scale_y};
    enum fid_status status = fid_picture_resize(&detector->piece, wide, high, error);
    return status == FID_OK ? fid_resample(picture, rect, FID_EDGE_BLACK, &detector->piece, error)
                            : status;
}

/* Does the window reach over the border? By a pixel of the level every last one may. */
static bool is_over(const struct fid_candidate *candidate, const struct fid_picture *picture,
                    const struct fid_pnet_maps *maps)
{
    return candidate->x0 < 0 || candidate->y0 < 0 ||
           candidate->x1 > picture->width + maps->scale_x ||
           candidate->y1 > picture->height + maps->scale_y;
}

/* The level's candidates join those of the levels before, apart by whether they are inside. */
static enum fid_status take_level(struct fid_detector *detector, const struct fid_picture *picture,
                                  const struct fid_pnet_maps *maps, struct fid_error *error)
{
    struct fid_candidates *inside = &detector->candidates, *over = &detector->border;
    size_t first_inside = inside->count, first_over = over->count;
    for (size_t i = 0; i < detector->level.count; i++) {
        const struct fid_candidate *candidate = &detector->level.items[i];
        enum fid_status status =
            fid_candidates_add(is_over(candidate, picture, maps) ? over : inside, candidate, error);
        if (status != FID_OK)
            return status;
    }
    float limit = (float)detector->card.stage_nms[0];
    fid_candidates_suppress(inside, first_inside, limit, FID_OVERLAP_UNION);
    fid_candidates_suppress(over, first_over, limit, FID_OVERLAP_UNION);
    return FID_OK;
}

/* P-net over one level; its survivors join the candidates. */
static enum fid_status run_level(struct fid_detector *detector, const struct fid_picture *picture,
                                 double scale, struct fid_error *error)
{
    struct fid_pnet_maps maps = {.margin = P_MARGIN};
    struct fid_session *session;
    struct fid_value input, prob, box;
    enum fid_status status = fill_level(detector, picture, scale, &maps, error);
    const struct fid_picture *level = &detector->piece;
    if (status == FID_OK)
        status = fid_session_cache_get(&detector->sessions, "pnet", 1, level->height, level->width,
                                       &session, error);
    if (status != FID_OK)
        return status;
    fid_session_input(session, &input);
    fid_network_input_fill(&detector->card.input, level, 0, 0, input.data, level->height,
                           level->width);
    status = fid_input_watch_tell(&detector->watch, "pnet", &input, 1, error);
    if (status != FID_OK)
        return status;
    fid_session_run(session, 1);
    if (fid_session_output(session, "prob", &prob)) {
        maps.rows = prob.h;
        maps.cols = prob.w;
    }
    size_t cells = (size_t)maps.rows * (size_t)maps.cols;
    status = fid_detector_output(detector, session, "prob", 2 * cells, &prob, error);
    if (status == FID_OK)
        status = fid_detector_output(detector, session, "box", 4 * cells, &box, error);
    if (status != FID_OK)
        return status;
    maps.prob = prob.data;
    maps.box = box.data;
    detector->level.count = 0;
    status = fid_pnet_decode(&maps, (float)detector->card.stage_scores[0], &detector->level, error);
    return status == FID_OK ? take_level(detector, picture, &maps, error) : status;
}

static enum fid_status run_pyramid(struct fid_detector *detector, const struct fid_picture *picture,
                                   double picture_scale, struct fid_error *error)
{
    const struct fid_detector_card *card = &detector->card;
    int min_face = detector->options.min_face > 0 ? detector->options.min_face : card->min_face;
    int shorter = picture->width < picture->height ? picture->width : picture->height;
    double scale = fmin(P_WINDOW / (min_face * picture_scale), MAX_ENLARGEMENT);
    enum fid_status status = FID_OK;
    detector->border.count = 0;
    for (; status == FID_OK && shorter * scale >= P_WINDOW - P_MARGIN;
         scale *= card->pyramid_factor)
        status = run_level(detector, picture, scale, error);
    return status;
}

/* One stage that looks again at squares: R-net, or O-net, which gives landmarks too. */
struct stage {
    const char *graph;
    int chunk;
    float threshold;
    bool has_landmarks;
};

/* The landmarks stand as fractions of the square: five x, then five y. */
static void place_landmarks(struct fid_candidate *square, const float *fractions)
{
    float side = square->x1 - square->x0;
    for (int i = 0; i < 5; i++) {
        square->landmarks[i][0] = square->x0 + fractions[i] * side;
        square->landmarks[i][1] = square->y0 + fractions[5 + i] * side;
    }
}

/* Cuts n squares out of the picture (black outside) into the stage's input. */
static enum fid_status fill_squares(struct fid_detector *detector,
                                    const struct fid_picture *picture,
                                    const struct fid_candidate *squares, int n,
                                    const struct fid_value *input, struct fid_error *error)
{
    size_t input_size = (size_t)input->h * (size_t)input->w * (size_t)input->c;
    enum fid_status status = fid_picture_resize(&detector->piece, input->w, input->h, error);
    for (int i = 0; status == FID_OK && i < n; i++) {
        const struct fid_candidate *s = &squares[i];
        struct fid_rect rect = {s->x0, s->y0, s->x1 - s->x0, s->y1 - s->y0};
        status = fid_resample(picture, rect, FID_EDGE_BLACK, &detector->piece, error);
        fid_network_input_fill(&detector->card.input, &detector->piece, 0, 0,
                               input->data + (size_t)i * input_size, input->h, input->w);
    }
    return status;
}

/* Keeps the candidates that the stage believes in, with its score, shift and landmarks. */
static enum fid_status run_stage(struct fid_detector *detector, const struct fid_picture *picture,
                                 const struct stage *stage, struct fid_error *error)
{
    struct fid_candidates *list = &detector->candidates;
    struct fid_session *session;
    struct fid_value input, prob, box, landmarks = {0};
    enum fid_status status = fid_session_cache_get(&detector->sessions, stage->graph, stage->chunk,
                                                   0, 0, &session, error);
    if (status == FID_OK)
        status = fid_detector_output(detector, session, "prob", 2, &prob, error);
    if (status == FID_OK)
        status = fid_detector_output(detector, session, "box", 4, &box, error);
    if (status == FID_OK && stage->has_landmarks)
        status = fid_detector_output(detector, session, "landmarks", 10, &landmarks, error);
    if (status != FID_OK)
        return status;
    fid_session_input(session, &input);
    size_t kept = 0, chunk = (size_t)stage->chunk;
    for (size_t first = 0; first < list->count; first += chunk) {
        size_t n = list->count - first < chunk ? list->count - first : chunk;
        status = fill_squares(detector, picture, list->items + first, (int)n, &input, error);
        if (status == FID_OK)
            status = fid_input_watch_tell(&detector->watch, stage->graph, &input, (int)n, error);
        if (status != FID_OK)
            return status;
        fid_session_run(session, (int)n);
        for (size_t i = 0; i < n; i++) {
            struct fid_candidate candidate = list->items[first + i];
            candidate.score = prob.data[2 * i + 1];
            if (!(candidate.score > stage->threshold))
                continue;
            memcpy(candidate.shift, box.data + 4 * i, sizeof candidate.shift);
            if (stage->has_landmarks)
                place_landmarks(&candidate, landmarks.data + 10 * i);
            list->items[kept++] = candidate;
        }
    }
    list->count = kept;
    return FID_OK;
}

/* What R-net and O-net make of the candidates. */
static enum fid_status refine(struct fid_detector *detector, const struct fid_picture *picture,
                              struct fid_error *error)
{
    const struct fid_detector_card *card = &detector->card;
    struct fid_candidates *list = &detector->candidates;
    struct stage second = {"rnet", R_CHUNK, (float)card->stage_scores[1], false};
    struct stage third = {"onet", O_CHUNK, fid_detector_min_score(detector), true};
    fid_candidates_suppress(list, 0, (float)card->stage_nms[1], FID_OVERLAP_UNION);
    make_squares(list);
    enum fid_status status = run_stage(detector, picture, &second, error);
    if (status != FID_OK)
        return status;
    fid_candidates_suppress(list, 0, (float)card->stage_nms[2], FID_OVERLAP_UNION);
    make_squares(list);
    status = run_stage(detector, picture, &third, error);
    if (status != FID_OK)
        return status;
    for (size_t i = 0; i < list->count; i++)
        fid_candidate_correct(&list->items[i]);
    fid_candidates_suppress(list, 0, (float)card->stage_nms[3], FID_OVERLAP_SMALLER);
    return FID_OK;
}

static void swap(struct fid_candidates *a, struct fid_candidates *b)
{
    struct fid_candidates kept = *a;
    *a = *b;
    *b = kept;
}

/* Adds those of `others` that are no face of the list already. */
static enum fid_status join(struct fid_candidates *list, const struct fid_candidates *others,
                            struct fid_error *error)
{
    size_t count = list->count;
    enum fid_status status = FID_OK;
    for (size_t i = 0; status == FID_OK && i < others->count; i++) {
        bool known = false;
        for (size_t k = 0; k < count && !known; k++)
            known = fid_candidate_overlap(&others->items[i], &list->items[k], FID_OVERLAP_SMALLER) >
                    SAME_FACE;
        if (!known)
            status = fid_candidates_add(list, &others->items[i], error);
    }
    fid_candidates_sort(list);
    return status;
}

/* Windows over the border find faces that it cuts, and faces as large as the picture. Those inside
 * go first and by themselves: they are what the networks were trained on, and their boxes are the
 * better ones. */
static enum fid_status mtcnn_find(struct fid_detector *detector, const struct fid_picture *picture,
                                  const double scale[2], struct fid_error *error)
{
    enum fid_status status = run_pyramid(detector, picture, scale[0], error);
    if (status == FID_OK)
        status = refine(detector, picture, error);
    if (status != FID_OK || detector->border.count == 0)
        return status;
    swap(&detector->candidates, &detector->border);
    status = refine(detector, picture, error);
    swap(&detector->candidates, &detector->border);
    return status == FID_OK ? join(&detector->candidates, &detector->border, error) : status;
}

const struct fid_detect_kind fid_detect_kind_mtcnn = {
    .name = "mtcnn", .open = mtcnn_open, .find = mtcnn_find};
