/* The keys of META that detectors of one network have, read and checked once. */
#include "engine/face/detect/detector.h"

#include <math.h>
#include <string.h>

/* Is there such a key, of any type? */
static bool is_there(const struct fid_model *model, const char *key)
{
    return fid_model_text(model, key) != NULL || fid_model_numbers(model, key, NULL, 0) > 0;
}

/* FILLS up to `capacity` whole numbers, *count of them, at least one. */
static enum fid_status read_whole(const struct fid_model *model, const char *key, double high,
                                  size_t capacity, int *numbers, size_t *count,
                                  struct fid_error *error)
{
    double found[FID_CELLS_MAPS];
    struct fid_model_info info;
    fid_model_info(model, &info);
    *count = fid_model_numbers(model, key, NULL, 0);
    if (*count > capacity)
        return fid_fail(error, FID_INVALID, "%s: '%s' has %zu numbers, at most %zu", info.path, key,
                        *count, capacity);
    size_t wanted = *count > 0 ? *count : 1; /* 0 is said to be missing */
    enum fid_status status = fid_card_numbers(model, key, 1.0, high, found, wanted, error);
    for (size_t i = 0; status == FID_OK && i < *count; i++) {
        numbers[i] = (int)found[i];
        if (found[i] != numbers[i])
            return fid_fail(error, FID_INVALID, "%s: '%s' is %g, which is not an integer",
                            info.path, key, found[i]);
    }
    return status;
}

/* How many entries a cell of each map has: one where the card says nothing. */
static enum fid_status read_per_cell(const struct fid_model *model, struct fid_cells_card *card,
                                     struct fid_error *error)
{
    static const char key[] = "detect.per_cell";
    const int most = FID_CELLS_ENTRIES / FID_CELLS_MAPS;
    size_t count = card->map_count;
    enum fid_status status = FID_OK;
    for (size_t i = 0; i < count; i++)
        card->per_cell[i] = 1;
    if (is_there(model, key))
        status = read_whole(model, key, most, FID_CELLS_MAPS, card->per_cell, &count, error);
    struct fid_model_info info;
    fid_model_info(model, &info);
    if (status == FID_OK && count != card->map_count)
        return fid_fail(error, FID_INVALID, "%s: '%s' has %zu numbers for %zu strides", info.path,
                        key, count, card->map_count);
    for (size_t i = 0; i < card->map_count; i++)
        card->entry_count += (size_t)card->per_cell[i];
    return status;
}

/* One of count words, the first where the card says nothing. */
static enum fid_status read_word(const struct fid_model *model, const char *key,
                                 const char *const *words, size_t count, size_t *choice,
                                 struct fid_error *error)
{
    *choice = 0;
    return is_there(model, key) ? fid_card_choice(model, key, words, count, choice, error) : FID_OK;
}

/* The next word of a text; its length is 0 at the end. */
static const char *next_word(const char *text, size_t *length)
{
    text += strspn(text, " ");
    *length = strcspn(text, " ");
    return text;
}

/* Can five landmarks be made of these points? */
static bool are_enough(const struct fid_cells_card *card)
{
    unsigned there = 0;
    for (size_t i = 0; i < card->point_count; i++)
        there |= 1u << card->points[i];
    unsigned corners = 1u << FID_POINT_LEFT_MOUTH | 1u << FID_POINT_RIGHT_MOUTH;
    unsigned rest = 1u << FID_POINT_LEFT_EYE | 1u << FID_POINT_RIGHT_EYE | 1u << FID_POINT_NOSE;
    return (there & rest) == rest &&
           ((there & corners) == corners || (there & 1u << FID_POINT_MOUTH) != 0);
}

/* What each point of the network is. No such key: it has none. */
static enum fid_status read_points(const struct fid_model *model, struct fid_cells_card *card,
                                   struct fid_error *error)
{
    static const char *const words[FID_POINT_END] = {
        "left_eye", "right_eye", "nose", "left_mouth", "right_mouth", "mouth", "other"};
    const char *text;
    size_t length;
    struct fid_model_info info;
    fid_model_info(model, &info);
    if (!is_there(model, "detect.points"))
        return FID_OK;
    enum fid_status status = fid_card_text(model, "detect.points", &text, error);
    if (status != FID_OK)
        return status;
    for (text = next_word(text, &length); length > 0; text = next_word(text + length, &length)) {
        int i = 0;
        while (i < FID_POINT_END &&
               (strncmp(words[i], text, length) != 0 || words[i][length] != '\0'))
            i++;
        if (i == FID_POINT_END || card->point_count == FID_CELLS_POINTS)
            return fid_fail(error, FID_INVALID,
                            "%s: 'detect.points' has the word '%.*s', which this version does not "
                            "know, or more than %d words",
                            info.path, (int)length, text, FID_CELLS_POINTS);
        card->points[card->point_count++] = (enum fid_point)i;
        if (i == FID_POINT_MOUTH) {
            status = fid_card_numbers(model, "detect.mouth_width", 0.01, 4.0, &card->mouth_width, 1,
                                      error);
            if (status != FID_OK)
                return status;
        }
    }
    if (!are_enough(card))
        return fid_fail(error, FID_INVALID,
                        "%s: 'detect.points' must have both eyes, the nose, and the mouth or its "
                        "corners",
                        info.path);
    return FID_OK;
}

/* FILLS the only size of picture that the network takes. */
static enum fid_status read_size(struct fid_detector *detector, struct fid_error *error)
{
    struct fid_graph_info graph;
    struct fid_model_info info;
    fid_model_info(detector->model, &info);
    fid_model_graph(detector->model, 0, &graph);
    if (!graph.free_size) {
        detector->fixed_h = graph.h;
        detector->fixed_w = graph.w;
    } else if (detector->cells.fit == FID_FIT_SQUEEZE)
        return fid_fail(error, FID_INVALID,
                        "%s: 'detect.fit' is 'squeeze', but the network takes pictures of any size",
                        info.path);
    return FID_OK;
}

enum fid_status fid_cells_read(struct fid_detector *detector, struct fid_error *error)
{
    static const char *const fits[] = {"corner", "center", "squeeze"}; /* in the enums' order */
    static const char *const rules[] = {"none", "sigmoid", "softmax"};
    const struct fid_model *model = detector->model;
    struct fid_cells_card *card = &detector->cells;
    size_t fit = 0, rule = 0;
    *card = (struct fid_cells_card){.classes = 1};
    enum fid_status status =
        fid_card_numbers(model, "detect.score", 0.0, 1.0, &detector->card.score, 1, error);
    if (status == FID_OK)
        status = fid_card_numbers(model, "detect.nms", 0.0, 1.0, &detector->card.nms, 1, error);
    if (status == FID_OK)
        status = read_whole(model, "detect.strides", 256.0, FID_CELLS_MAPS, card->strides,
                            &card->map_count, error);
    if (status == FID_OK)
        status = read_per_cell(model, card, error);
    if (status == FID_OK)
        status = read_word(model, "detect.fit", fits, 3, &fit, error);
    if (status == FID_OK)
        status = read_word(model, "detect.activation", rules, 3, &rule, error);
    if (status == FID_OK && is_there(model, "detect.classes"))
        status = fid_card_int(model, "detect.classes", 1, 16, &card->classes, error);
    if (status == FID_OK && is_there(model, "detect.max_side"))
        status = fid_card_int(model, "detect.max_side", 16, 16384, &card->max_side, error);
    if (status == FID_OK)
        status = read_points(model, card, error);
    card->fit = (enum fid_fit)fit;
    card->score_rule = (enum fid_score_rule)rule;
    return status == FID_OK ? read_size(detector, error) : status;
}
