/* YuNet (libfacedetection): one network, three strides, for each cell a score, a box and five
 * points. A cell in row r, column c of stride s: score = sqrt(cls · obj); centre ((c + b0) s, (r +
 * b1) s); size (exp(b2) s, exp(b3) s); landmark i at ((c + k[2i]) s, (r + k[2i+1]) s). */
#include "engine/face/detect/detector.h"
#include "engine/face/network/network_input.h"

#include <math.h>
#include <stdio.h>

enum { MAX_KEPT = 5000 }; /* candidates that enter suppression, whose work grows with the square */

static enum fid_status yunet_open(struct fid_detector *detector, struct fid_error *error)
{
    return fid_yunet_card_read(detector->model, &detector->card, error);
}

static struct fid_candidate decode_cell(const struct fid_yunet_maps *maps, int row, int col)
{
    size_t cell = (size_t)row * (size_t)maps->cols + (size_t)col;
    float stride = (float)maps->stride;
    const float *box = maps->bbox + 4 * cell, *points = maps->kps + 10 * cell;
    float x = ((float)col + box[0]) * stride, y = ((float)row + box[1]) * stride;
    float half_w = expf(box[2]) * stride / 2.0f, half_h = expf(box[3]) * stride / 2.0f;
    struct fid_candidate candidate = {
        .x0 = x - half_w, .y0 = y - half_h, .x1 = x + half_w, .y1 = y + half_h};
    for (size_t i = 0; i < 5; i++) {
        candidate.landmarks[i][0] = ((float)col + points[2 * i]) * stride;
        candidate.landmarks[i][1] = ((float)row + points[2 * i + 1]) * stride;
    }
    return candidate;
}

enum fid_status fid_yunet_decode(const struct fid_yunet_maps *maps, float min_score,
                                 struct fid_candidates *list, struct fid_error *error)
{
    for (int row = 0; row < maps->rows; row++)
        for (int col = 0; col < maps->cols; col++) {
            size_t cell = (size_t)row * (size_t)maps->cols + (size_t)col;
            float score = sqrtf(fminf(fmaxf(maps->cls[cell], 0.0f), 1.0f) *
                                fminf(fmaxf(maps->obj[cell], 0.0f), 1.0f));
            if (!(score >= min_score))
                continue;
            struct fid_candidate candidate = decode_cell(maps, row, col);
            candidate.score = score;
            if (!isfinite(candidate.x1 - candidate.x0) || !isfinite(candidate.y1 - candidate.y0))
                continue;
            enum fid_status status = fid_candidates_add(list, &candidate, error);
            if (status != FID_OK)
                return status;
        }
    return FID_OK;
}

static enum fid_status decode_stride(struct fid_detector *detector,
                                     const struct fid_session *session, int stride, int h, int w,
                                     struct fid_error *error)
{
    static const struct {
        const char *name;
        size_t channels;
    } outputs[4] = {{"cls", 1}, {"obj", 1}, {"bbox", 4}, {"kps", 10}};
    struct fid_yunet_maps maps = {.stride = stride, .rows = h / stride, .cols = w / stride};
    const float **data[4] = {&maps.cls, &maps.obj, &maps.bbox, &maps.kps};
    for (size_t i = 0; i < 4; i++) {
        char name[32];
        struct fid_value output;
        snprintf(name, sizeof name, "%s_%d", outputs[i].name, stride);
        size_t size = (size_t)maps.rows * (size_t)maps.cols * outputs[i].channels;
        enum fid_status status = fid_detector_output(detector, session, name, size, &output, error);
        if (status != FID_OK)
            return status;
        *data[i] = output.data;
    }
    return fid_yunet_decode(&maps, fid_detector_min_score(detector), &detector->candidates, error);
}

/* The network has no smallest face to choose: what is smaller than asked for is left out after. */
static void drop_small(struct fid_candidates *list, float min_side)
{
    size_t kept = 0;
    for (size_t i = 0; i < list->count; i++) {
        const struct fid_candidate *c = &list->items[i];
        if (fminf(c->x1 - c->x0, c->y1 - c->y0) >= min_side)
            list->items[kept++] = *c;
    }
    list->count = kept;
}

static int round_up(int size, int multiple)
{
    return (size + multiple - 1) / multiple * multiple;
}

static enum fid_status yunet_find(struct fid_detector *detector, const struct fid_picture *picture,
                                  double scale, struct fid_error *error)
{
    struct fid_graph_info graph;
    fid_model_graph(detector->model, 0, &graph);
    if (!graph.free_size && (picture->width > graph.w || picture->height > graph.h))
        return fid_fail(error, FID_UNSUPPORTED,
                        "the detector takes pictures up to %d x %d, this one has %d x %d", graph.w,
                        graph.h, picture->width, picture->height);
    int h = graph.free_size ? round_up(picture->height, graph.multiple) : graph.h;
    int w = graph.free_size ? round_up(picture->width, graph.multiple) : graph.w;
    struct fid_session *session;
    enum fid_status status =
        fid_session_cache_get(&detector->sessions, NULL, 1, h, w, &session, error);
    if (status != FID_OK)
        return status;
    struct fid_value input;
    fid_session_input(session, &input);
    fid_network_input_fill(&detector->card.input, picture, input.data, h, w);
    fid_session_run(session, 1);
    for (size_t i = 0; status == FID_OK && i < detector->card.stride_count; i++)
        status = decode_stride(detector, session, detector->card.strides[i], h, w, error);
    if (status != FID_OK)
        return status;
    struct fid_candidates *list = &detector->candidates;
    drop_small(list, (float)(detector->options.min_face * scale));
    fid_candidates_sort(list);
    if (list->count > MAX_KEPT)
        list->count = MAX_KEPT;
    fid_candidates_suppress(list, 0, (float)detector->card.nms, FID_OVERLAP_UNION);
    return FID_OK;
}

const struct fid_detect_kind fid_detect_kind_yunet = {
    .name = "yunet", .open = yunet_open, .find = yunet_find};
