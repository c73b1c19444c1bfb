/* face.h - faces: found, aligned, turned into numbers, and how well each is seen. */
#ifndef FID_FACE_H
#define FID_FACE_H

#include "model.h"
#include "picture.h"

#ifdef __cplusplus
extern "C" {
#endif
#pragma GCC visibility push(default) /* what libfaceid.so exports */

/* ---- faces ---- */

struct fid_face {
    struct fid_box box;
    float score;           /* 0..1 */
    float landmarks[5][2]; /* x, y: eye on the left of the picture, other eye, nose tip, mouth
                              corner on the left, the other; of a detector that gives none, all
                              five are the middle of the box */
};

struct fid_detector;

struct fid_detect_options { /* zeros: the model's own */
    float min_score;        /* the detector's threshold (last stage of a cascade) */
    int min_face; /* shorter side of the smallest face to look for, pixels of the picture */
    int max_side; /* a larger picture is shrunk to this side first; 0: the model's, or 1280 where it
                     has none; < 0: never */
    int fit_side; /* > 0: every picture is scaled (also up) so that its longer side is this */
}; /* A network of one size gets every picture as large as its input, whatever the sides are. */

/* The model's `detect.kind` chooses the decoding. FID_INVALID: the model is not a detector, or an
 * option is out of its range; FID_CORRUPT: its weights are damaged; FID_NO_MEMORY. */
enum fid_status fid_detector_open(struct fid_runtime *runtime, const struct fid_model *model,
                                  const struct fid_detect_options *options,
                                  struct fid_detector **detector, struct fid_error *error);
void fid_detector_close(struct fid_detector **detector);
bool fid_detector_has_landmarks(const struct fid_detector *detector);

/* Is told each input of a network before it is computed: [h, w, c] as the session of this graph
 * (NULL: the model's first) takes it. Another status than FID_OK, with *error, ends the call that
 * it comes from. */
typedef enum fid_status (*fid_input_fn)(void *ctx, const char *graph, int h, int w,
                                        const float *input, struct fid_error *error);
/* From now on watch is told (NULL: nobody). Borrows ctx. */
void fid_detector_watch(struct fid_detector *detector, fid_input_fn watch, void *ctx);

/* FILLS faces with the best `capacity` faces, highest score first, and *count; what a network finds
 * without a proper box or with landmarks beyond FID_FAR is none. A new picture size plans new
 * sessions (kept for the next picture of that size). FID_INVALID: an empty picture, or outputs that
 * are no detector's; FID_UNSUPPORTED: a size that fid_session_open refuses; FID_NO_MEMORY; what the
 * watching function gave. */
enum fid_status fid_detect(struct fid_detector *detector, const struct fid_picture *picture,
                           struct fid_face *faces, size_t capacity, size_t *count,
                           struct fid_error *error);

/* How much of a face's picture it is: the area of its box in pixels, weighted down with the
 * distance from the centre to half of it in a corner; 0 for a box that is none. */
float fid_face_prominence(const struct fid_face *face, int width, int height);
/* The face a portrait is about: the most prominent one. count ≥ 1. */
size_t fid_main_face(const struct fid_face *faces, size_t count, int width, int height);

struct fid_embedder;

/* How a face becomes the network's input. */
enum fid_crop {
    FID_CROP_MODEL, /* as the model file says: the only right choice for its thresholds */
    FID_CROP_DEMO   /* the Keras demo's margin crop (models with compat.demo.margin only) */
};

/* batch ≥ 1: how many faces go through the network at once. FID_INVALID: the model names no
 * embedding (recognizers and classifiers do), or no batch; FID_CORRUPT, FID_UNSUPPORTED,
 * FID_NO_MEMORY as fid_session_open. */
enum fid_status fid_embedder_open(struct fid_runtime *runtime, const struct fid_model *model,
                                  int batch, struct fid_embedder **embedder,
                                  struct fid_error *error);
void fid_embedder_close(struct fid_embedder **embedder);

/* FID_INVALID: the embedder aligns by landmarks, and the detector gives none. */
enum fid_status fid_embedder_check(const struct fid_embedder *embedder,
                                   const struct fid_detector *detector, struct fid_error *error);

void fid_embedder_watch(struct fid_embedder *embedder, fid_input_fn watch, void *ctx);

size_t fid_embedder_size(const struct fid_embedder *embedder); /* numbers in an embedding */
struct fid_session *fid_embedder_session(struct fid_embedder *embedder); /* for benches */

/* FILLS embeddings [count][fid_embedder_size]: the network's raw output, not normalised.
 * FID_INVALID: a face that no crop can be made of: of what the crop is made by (landmarks, or the
 * box), a number is not finite or over FID_FAR, a box is empty, all landmarks are one point.
 * FID_CORRUPT: the model is not the one of its id (fid_model_confirm); none is given then.
 * FID_NO_MEMORY; what the watching function gave. */
enum fid_status fid_embed(struct fid_embedder *embedder, const struct fid_picture *picture,
                          const struct fid_face *faces, size_t count, enum fid_crop crop,
                          float *embeddings, struct fid_error *error);

/* The aligned crop that the network would see, before mean and scale: for people to look at.
 * FID_INVALID as fid_embed; FID_NO_MEMORY. */
enum fid_status fid_align_face(const struct fid_embedder *embedder,
                               const struct fid_picture *picture, const struct fid_face *face,
                               enum fid_crop crop, struct fid_picture *aligned,
                               struct fid_error *error);

/* FILLS crop with a part of the picture, at most 320 pixels wide and high, that holds the face and
 * what any recognizer takes of it, and with where it lies there. FID_INVALID: it lies outside of
 * the picture, its box is none, or its landmarks lie far from it; FID_NO_MEMORY. */
enum fid_status fid_face_crop_encode(const struct fid_picture *picture, const struct fid_face *face,
                                     struct fid_bytes *crop, struct fid_error *error);

/* Cosine similarity of two vectors, -1..1; 0 if one of them is zero or not finite. */
float fid_cosine(const float *a, const float *b, size_t size);

/* ---- quality: how well a face is seen ---- */

struct fid_quality {
    float size;       /* shorter side of the box, pixels of the picture */
    float sharpness;  /* 0..1: 1 is as sharp as can be told at this size */
    float brightness; /* 0..1: mean of the face */
    float contrast;   /* 0..0.5: standard deviation of its brightness */
    float yaw, pitch; /* degrees, roughly, from the landmarks: to the picture's right, down; 0
                         without them */
    float inside;     /* 0..1: the part of the box that is inside the picture */
    float score;      /* 0..1: all of that in one number; the weight of an embedding */
};

/* FILLS *quality. Reads the face's pixels once and never fails: a face outside the picture has the
 * score 0, and so has one whose box is none. */
void fid_face_quality(const struct fid_picture *picture, const struct fid_face *face,
                      struct fid_quality *quality);

#pragma GCC visibility pop
#ifdef __cplusplus
}
#endif
#endif
