/* What the detectors of one network share: the check of their outputs, the run, the entries that
 * score high enough, and their points as the five landmarks. */
#include "engine/face/detect/detector.h"
#include "engine/face/network/network_input.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

enum { MAX_KEPT = 5000 }; /* candidates that enter suppression, whose work grows with the square */

/* ---- the outputs ---- */

/* FILLS the shape of an output, and its numbers where there is a session. FID_NOT_FOUND: it is not
 * there; FID_NO_MEMORY. */
static enum fid_status look_up(const struct fid_detector *detector,
                               const struct fid_session *session, const char *name,
                               struct fid_value *output, struct fid_error *error)
{
    if (session == NULL)
        return fid_model_output(detector->model, NULL, name, output, error);
    return fid_session_output(session, name, output) ? FID_OK : FID_NOT_FOUND;
}

/* Part i of all maps, from an output for each, or from one. Without a session: is it as large as it
 * must be at the customary size? */
static enum fid_status take_part(const struct fid_detector *detector,
                                 const struct fid_session *session, size_t i,
                                 struct fid_cells *cells, struct fid_error *error)
{
    const struct fid_cells_card *card = &detector->cells;
    const struct fid_cells_part *part = &card->parts[i];
    struct fid_value output;
    uint64_t sizes[FID_CELLS_MAPS] = {0}, at = 0, all = 0;
    struct fid_model_info info;
    fid_model_info(detector->model, &info);
    for (size_t m = 0; m < card->map_count; m++) {
        const struct fid_cells_map *map = &cells->maps[m];
        sizes[m] =
            (uint64_t)map->rows * (uint64_t)map->cols * (uint64_t)card->per_cell[m] * part->numbers;
        all += sizes[m];
    }
    enum fid_status status = look_up(detector, session, part->name, &output, error);
    const bool joined = status == FID_OK;
    if (status != FID_OK && status != FID_NOT_FOUND)
        return status;
    for (size_t m = 0; m < (joined ? 1 : card->map_count); m++) {
        char name[32];
        snprintf(name, sizeof name, joined ? "%s" : "%s_%d", part->name, card->strides[m]);
        uint64_t wanted = joined ? all : sizes[m];
        if (!joined)
            status = look_up(detector, session, name, &output, error);
        if (status == FID_NOT_FOUND)
            return fid_fail(error, FID_INVALID, "%s: the detector has no output '%s'", info.path,
                            name);
        if (status != FID_OK)
            return status;
        uint64_t found = (uint64_t)output.h * (uint64_t)output.w * (uint64_t)output.c;
        if (found != wanted)
            return fid_fail(error, FID_INVALID,
                            "%s: output '%s' has %" PRIu64 " numbers instead of %" PRIu64,
                            info.path, name, found, wanted);
        cells->maps[m].parts[i] = output.data;
    }
    for (size_t m = 1; joined && m < card->map_count && session != NULL; m++)
        cells->maps[m].parts[i] = output.data + (at += sizes[m - 1]);
    return FID_OK;
}

static enum fid_status take_parts(const struct fid_detector *detector,
                                  const struct fid_session *session, int h, int w,
                                  struct fid_cells *cells, struct fid_error *error)
{
    const struct fid_cells_card *card = &detector->cells;
    enum fid_status status = FID_OK;
    *cells = (struct fid_cells){.h = h, .w = w};
    for (size_t m = 0; m < card->map_count; m++) {
        int stride = card->strides[m];
        cells->maps[m] = (struct fid_cells_map){
            .stride = stride, .rows = (h + stride - 1) / stride, .cols = (w + stride - 1) / stride};
    }
    for (size_t i = 0; status == FID_OK && i < card->part_count; i++)
        status = take_part(detector, session, i, cells, error);
    return status;
}

enum fid_status fid_cells_open(struct fid_detector *detector, const struct fid_cells_part *parts,
                               size_t part_count, struct fid_error *error)
{
    struct fid_cells_card *card = &detector->cells;
    struct fid_cells cells;
    struct fid_graph_info graph;
    card->part_count = part_count;
    while (card->part_count > 0 && parts[card->part_count - 1].numbers == 0)
        card->part_count--;
    memcpy(card->parts, parts, card->part_count * sizeof *parts);
    detector->has_landmarks = card->point_count > 0;
    fid_model_graph(detector->model, 0, &graph);
    return take_parts(detector, NULL, graph.h, graph.w, &cells, error);
}

enum fid_status fid_cells_open_usual(struct fid_detector *detector, struct fid_error *error)
{
    const struct fid_cells_part parts[] = {
        {"scores", (size_t)detector->cells.classes},
        {"boxes", 4},
        {"points", 2 * detector->cells.point_count},
    };
    return fid_cells_open(detector, parts, 3, error);
}

/* ---- entries ---- */

static float score_of(const struct fid_detector *detector, const struct fid_cell *cell)
{
    const struct fid_cells_card *card = &detector->cells;
    if (detector->kind->score != NULL)
        return detector->kind->score(cell);
    const float *numbers = cell->parts[0], face = numbers[card->classes - 1];
    if (card->score_rule == FID_SCORE_NONE)
        return face > 1.0f ? 1.0f : face; /* a NaN stays one, and is no face */
    float sum = 0.0f;
    for (int i = 0; card->score_rule == FID_SCORE_SOFTMAX && i < card->classes; i++)
        sum += expf(numbers[i] - face);
    return 1.0f / (card->score_rule == FID_SCORE_SOFTMAX ? sum : 1.0f + expf(-face));
}

/* The five landmarks: by name, or beside the middle of the mouth, on a line like that through the
 * eyes; without points all five are the middle of the box. */
static void place_landmarks(const struct fid_cells_card *card, const struct fid_decoded *decoded,
                            struct fid_candidate *candidate)
{
    float(*landmarks)[2] = candidate->landmarks;
    const float *mouth = NULL;
    for (int i = 0; i < 5 && card->point_count == 0; i++) {
        landmarks[i][0] = (candidate->x0 + candidate->x1) / 2.0f;
        landmarks[i][1] = (candidate->y0 + candidate->y1) / 2.0f;
    }
    for (size_t i = 0; i < card->point_count; i++)
        if (card->points[i] < FID_POINT_MOUTH)
            memcpy(landmarks[card->points[i]], decoded->points[i], sizeof landmarks[0]);
        else if (card->points[i] == FID_POINT_MOUTH)
            mouth = decoded->points[i];
    for (int i = 0; i < 2 && mouth != NULL; i++) {
        float half = (float)card->mouth_width / 2.0f * (landmarks[1][i] - landmarks[0][i]);
        landmarks[FID_POINT_LEFT_MOUTH][i] = mouth[i] - half;
        landmarks[FID_POINT_RIGHT_MOUTH][i] = mouth[i] + half;
    }
}

/* Appends the entry if it may be a face. */
static enum fid_status take_entry(const struct fid_detector *detector, const struct fid_cell *cell,
                                  float min_score, struct fid_candidates *list,
                                  struct fid_error *error)
{
    struct fid_candidate candidate = {.score = score_of(detector, cell)};
    struct fid_decoded decoded;
    if (!(candidate.score >= min_score))
        return FID_OK;
    detector->kind->decode(detector, cell, &decoded);
    if (!isfinite(decoded.x1 - decoded.x0) || !isfinite(decoded.y1 - decoded.y0))
        return FID_OK;
    candidate.x0 = decoded.x0;
    candidate.y0 = decoded.y0;
    candidate.x1 = decoded.x1;
    candidate.y1 = decoded.y1;
    place_landmarks(&detector->cells, &decoded, &candidate);
    return fid_candidates_add(list, &candidate, error);
}

enum fid_status fid_cells_decode(const struct fid_detector *detector, const struct fid_cells *cells,
                                 float min_score, struct fid_candidates *list,
                                 struct fid_error *error)
{
    const struct fid_cells_card *card = &detector->cells;
    enum fid_status status = FID_OK;
    size_t first = 0;
    for (size_t m = 0; m < card->map_count; first += (size_t)card->per_cell[m], m++) {
        const struct fid_cells_map *map = &cells->maps[m];
        size_t per_cell = (size_t)card->per_cell[m], cols = (size_t)map->cols;
        for (size_t at = 0; status == FID_OK && at < (size_t)map->rows * cols * per_cell; at++) {
            struct fid_cell cell = {.cells = cells,
                                    .map = map,
                                    .row = (int)(at / per_cell / cols),
                                    .col = (int)(at / per_cell % cols),
                                    .entry = first + at % per_cell};
            for (size_t i = 0; i < card->part_count; i++)
                cell.parts[i] = map->parts[i] + at * card->parts[i].numbers;
            status = take_entry(detector, &cell, min_score, list, error);
        }
    }
    return status;
}

/* ---- a picture ---- */

/* From pixels of the input, which the picture begins at left and top, to those of the picture. The
 * network has no smallest face to choose: what is smaller than asked for is left out here. */
static void settle(struct fid_candidates *list, int left, int top, int min_face,
                   const double scale[2])
{
    size_t kept = 0;
    for (size_t i = 0; i < list->count; i++) {
        struct fid_candidate c = list->items[i];
        if (!(fmin((double)(c.x1 - c.x0) / scale[0], (double)(c.y1 - c.y0) / scale[1]) >= min_face))
            continue;
        fid_candidate_shift(&c, -(float)left, -(float)top);
        list->items[kept++] = c;
    }
    list->count = kept;
}

static int round_up(int size, int multiple)
{
    return (size + multiple - 1) / multiple * multiple;
}

enum fid_status fid_cells_find(struct fid_detector *detector, const struct fid_picture *picture,
                               const double scale[2], struct fid_error *error)
{
    struct fid_graph_info graph;
    fid_model_graph(detector->model, 0, &graph);
    int h = graph.free_size ? round_up(picture->height, graph.multiple) : graph.h;
    int w = graph.free_size ? round_up(picture->width, graph.multiple) : graph.w;
    bool center = detector->cells.fit == FID_FIT_CENTER;
    int left = center ? (w - picture->width) / 2 : 0, top = center ? (h - picture->height) / 2 : 0;
    struct fid_session *session;
    struct fid_value input;
    struct fid_cells cells;
    struct fid_candidates *list = &detector->candidates;
    enum fid_status status =
        fid_session_cache_get(&detector->sessions, NULL, 1, h, w, &session, error);
    if (status != FID_OK)
        return status;
    fid_session_input(session, &input);
    fid_network_input_fill(&detector->card.input, picture, left, top, input.data, h, w);
    status = fid_input_watch_tell(&detector->watch, NULL, &input, 1, error);
    if (status != FID_OK)
        return status;
    fid_session_run(session, 1);
    status = take_parts(detector, session, h, w, &cells, error);
    if (status == FID_OK)
        status = fid_cells_decode(detector, &cells, fid_detector_min_score(detector), list, error);
    if (status != FID_OK)
        return status;
    settle(list, left, top, detector->options.min_face, scale);
    fid_candidates_sort(list);
    if (list->count > MAX_KEPT)
        list->count = MAX_KEPT;
    fid_candidates_suppress(list, 0, (float)detector->card.nms, FID_OVERLAP_UNION);
    return FID_OK;
}
