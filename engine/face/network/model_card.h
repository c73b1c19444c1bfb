/* model_card.h - what a model file says about faces, read and checked once.
 *
 * The keys are those of weights/FORMAT.md. Each read refuses with FID_INVALID and a sentence that
 * names the file and the key that is missing or wrong; after that the numbers can be trusted. */
#ifndef FID_FACE_MODEL_CARD_H
#define FID_FACE_MODEL_CARD_H

#include "engine/base/status.h"
#include "engine/fid/model.h"

/* How pixels become the network's input: x' = (x - mean) · scale in the input's channel order. */
struct fid_input_card {
    bool bgr; /* else RGB */
    float mean[3], scale[3];
    bool gray; /* one channel, of which mean[0] and scale[0] are */
};

enum fid_align_kind { FID_ALIGN_LANDMARKS5, FID_ALIGN_BOX };

struct fid_recognizer_card {
    struct fid_input_card input;
    int input_h, input_w; /* of the network */
    enum fid_align_kind align;
    double template_points[5][2]; /* landmarks5: x, y; the center of the first pixel is 0 */
    double box_extend;            /* box: side of the square over the box's longer side */
    int box_resize, box_crop;     /* box: the square's size in pixels, and its center's */
    bool has_demo;                /* compat.demo.margin is there */
    double demo_margin;           /* fraction of the box's shorter side */
    const char *output;           /* name of the value that is the embedding; the model's */
};

struct fid_detector_card {
    struct fid_input_card input;
    const char *kind; /* the model's */
    double score;     /* from which a face counts */
    double nms;       /* of all kinds but mtcnn */
    /* mtcnn */
    double stage_scores[3];
    double stage_nms[4];
    double pyramid_factor;
    int min_face; /* pixels */
};

enum fid_status fid_recognizer_card_read(const struct fid_model *model,
                                         struct fid_recognizer_card *card, struct fid_error *error);
/* kind is only known to be a string: whether there is a decoder for it, detect_faces.c says, and
 * the decoder reads its own keys with the functions below. */
enum fid_status fid_detector_card_read(const struct fid_model *model,
                                       struct fid_detector_card *card, struct fid_error *error);
enum fid_status fid_mtcnn_card_read(const struct fid_model *model, struct fid_detector_card *card,
                                    struct fid_error *error);

/* ---- one key ---- */

enum fid_status fid_card_text(const struct fid_model *model, const char *key, const char **text,
                              struct fid_error *error);
/* FILLS exactly `count` numbers, each in low..high. */
enum fid_status fid_card_numbers(const struct fid_model *model, const char *key, double low,
                                 double high, double *numbers, size_t count,
                                 struct fid_error *error);
enum fid_status fid_card_int(const struct fid_model *model, const char *key, int low, int high,
                             int *number, struct fid_error *error);
/* Which of count words the key holds. */
enum fid_status fid_card_choice(const struct fid_model *model, const char *key,
                                const char *const *words, size_t count, size_t *choice,
                                struct fid_error *error);

#endif
