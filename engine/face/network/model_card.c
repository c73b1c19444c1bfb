/* model_card.c - reads and checks what a model file says about faces. */
#include "engine/face/network/model_card.h"

#include <math.h>
#include <string.h>

static const char *path_of(const struct fid_model *model)
{
    struct fid_model_info info;
    fid_model_info(model, &info);
    return info.path;
}

/* What fid_network_input_fill writes is three numbers for a pixel, or one. */
static enum fid_status check_channels(const struct fid_model *model,
                                      const struct fid_input_card *input, struct fid_error *error)
{
    struct fid_graph_info graph;
    fid_model_graph(model, 0, &graph);
    const int channels = input->gray ? 1 : 3;
    if (graph.c != channels)
        return fid_fail(error, FID_INVALID,
                        "%s: the network wants %d channels, by 'input.channels' there are %d",
                        path_of(model), graph.c, channels);
    return FID_OK;
}

enum fid_status fid_card_text(const struct fid_model *model, const char *key, const char **text,
                              struct fid_error *error)
{
    *text = fid_model_text(model, key);
    if (*text == NULL)
        return fid_fail(error, FID_INVALID, "%s: the model lacks the text '%s'", path_of(model),
                        key);
    return FID_OK;
}

enum fid_status fid_card_numbers(const struct fid_model *model, const char *key, double low,
                                 double high, double *numbers, size_t count,
                                 struct fid_error *error)
{
    size_t found = fid_model_numbers(model, key, numbers, count);
    if (found == 0)
        return fid_fail(error, FID_INVALID, "%s: the model lacks the number%s '%s'", path_of(model),
                        count == 1 ? "" : "s", key);
    if (found != count)
        return fid_fail(error, FID_INVALID, "%s: '%s' has %zu numbers instead of %zu",
                        path_of(model), key, found, count);
    for (size_t i = 0; i < count; i++)
        if (!(numbers[i] >= low && numbers[i] <= high))
            return fid_fail(error, FID_INVALID, "%s: '%s' is %g, which is not in %g to %g",
                            path_of(model), key, numbers[i], low, high);
    return FID_OK;
}

enum fid_status fid_card_int(const struct fid_model *model, const char *key, int low, int high,
                             int *number, struct fid_error *error)
{
    double value;
    enum fid_status status = fid_card_numbers(model, key, low, high, &value, 1, error);
    if (status != FID_OK)
        return status;
    if (value != floor(value))
        return fid_fail(error, FID_INVALID, "%s: '%s' is %g, which is not an integer",
                        path_of(model), key, value);
    *number = (int)value;
    return FID_OK;
}

enum fid_status fid_card_choice(const struct fid_model *model, const char *key,
                                const char *const *words, size_t count, size_t *choice,
                                struct fid_error *error)
{
    const char *text;
    enum fid_status status = fid_card_text(model, key, &text, error);
    if (status != FID_OK)
        return status;
    for (*choice = 0; *choice < count; ++*choice)
        if (strcmp(text, words[*choice]) == 0)
            return FID_OK;
    return fid_fail(error, FID_INVALID, "%s: '%s' is '%s', which this version does not know",
                    path_of(model), key, text);
}

static enum fid_status read_input(const struct fid_model *model, struct fid_input_card *input,
                                  struct fid_error *error)
{
    static const char *const orders[] = {"rgb", "bgr", "gray"};
    size_t order;
    double mean[3], scale[3];
    enum fid_status status = fid_card_choice(model, "input.channels", orders, 3, &order, error);
    if (status != FID_OK)
        return status;
    input->bgr = order == 1;
    input->gray = order == 2;
    const size_t count = input->gray ? 1 : 3;
    status = check_channels(model, input, error);
    if (status == FID_OK)
        status = fid_card_numbers(model, "input.mean", -1e6, 1e6, mean, count, error);
    if (status == FID_OK)
        status = fid_card_numbers(model, "input.scale", -1e6, 1e6, scale, count, error);
    if (status != FID_OK)
        return status;
    for (size_t i = 0; i < count; i++) {
        input->mean[i] = (float)mean[i];
        input->scale[i] = (float)scale[i];
    }
    return FID_OK;
}

static enum fid_status read_template(const struct fid_model *model,
                                     struct fid_recognizer_card *card, struct fid_error *error)
{
    return fid_card_numbers(model, "align.template", -4096.0, 4096.0, &card->template_points[0][0],
                            10, error);
}

static enum fid_status read_box_rule(const struct fid_model *model,
                                     struct fid_recognizer_card *card, struct fid_error *error)
{
    double extend;
    enum fid_status status =
        fid_card_numbers(model, "align.box_extend", 0.1, 10.0, &extend, 1, error);
    if (status == FID_OK)
        status = fid_card_int(model, "align.box_resize", 1, 4096, &card->box_resize, error);
    if (status == FID_OK)
        status = fid_card_int(model, "align.box_crop", 1, card->box_resize, &card->box_crop, error);
    if (status != FID_OK)
        return status;
    card->box_extend = extend;
    if (card->box_crop != card->input_h || card->box_crop != card->input_w)
        return fid_fail(error, FID_INVALID, "%s: 'align.box_crop' is %d, but the input is %d x %d",
                        path_of(model), card->box_crop, card->input_w, card->input_h);
    return FID_OK;
}

enum fid_status fid_recognizer_card_read(const struct fid_model *model,
                                         struct fid_recognizer_card *card, struct fid_error *error)
{
    static const char *const kinds[] = {"landmarks5", "box"}; /* in the order of fid_align_kind */
    static const char *const metrics[] = {"cosine"};
    struct fid_model_info info;
    fid_model_info(model, &info);
    *card = (struct fid_recognizer_card){0};
    if (strcmp(info.kind, "recognizer") != 0 && strcmp(info.kind, "classifier") != 0)
        return fid_fail(error, FID_INVALID, "%s is a %s, not a recognizer", info.path, info.kind);
    struct fid_graph_info graph;
    fid_model_graph(model, 0, &graph);
    card->input_h = graph.h;
    card->input_w = graph.w;
    size_t kind = 0, metric;
    enum fid_status status = read_input(model, &card->input, error);
    if (status == FID_OK)
        status = fid_card_text(model, "embed.output", &card->output, error);
    if (status == FID_OK)
        status = fid_card_choice(model, "embed.metric", metrics, 1, &metric, error);
    if (status == FID_OK)
        status = fid_card_choice(model, "align.kind", kinds, 2, &kind, error);
    if (status != FID_OK)
        return status;
    card->align = (enum fid_align_kind)kind;
    card->has_demo = fid_model_numbers(model, "compat.demo.margin", NULL, 0) > 0;
    if (card->has_demo)
        status =
            fid_card_numbers(model, "compat.demo.margin", 0.0, 1.0, &card->demo_margin, 1, error);
    if (status != FID_OK)
        return status;
    return card->align == FID_ALIGN_BOX ? read_box_rule(model, card, error)
                                        : read_template(model, card, error);
}

enum fid_status fid_detector_card_read(const struct fid_model *model,
                                       struct fid_detector_card *card, struct fid_error *error)
{
    struct fid_model_info info;
    fid_model_info(model, &info);
    *card = (struct fid_detector_card){0};
    if (strcmp(info.kind, "detector") != 0)
        return fid_fail(error, FID_INVALID, "%s is a %s, not a detector", info.path, info.kind);
    enum fid_status status = read_input(model, &card->input, error);
    if (status == FID_OK)
        status = fid_card_text(model, "detect.kind", &card->kind, error);
    return status;
}

enum fid_status fid_mtcnn_card_read(const struct fid_model *model, struct fid_detector_card *card,
                                    struct fid_error *error)
{
    enum fid_status status =
        fid_card_numbers(model, "detect.stage_scores", 0.0, 1.0, card->stage_scores, 3, error);
    if (status == FID_OK)
        status = fid_card_numbers(model, "detect.stage_nms", 0.0, 1.0, card->stage_nms, 4, error);
    if (status == FID_OK) /* a factor near 1 would make thousands of levels */
        status = fid_card_numbers(model, "detect.pyramid_factor", 0.1, 0.95, &card->pyramid_factor,
                                  1, error);
    if (status == FID_OK)
        status = fid_card_int(model, "detect.min_face", 1, 10000, &card->min_face, error);
    card->score = card->stage_scores[2];
    return status;
}
