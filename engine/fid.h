/* fid.h - libfaceid: find faces in pictures, turn them into numbers, tell who they are.
 *
 * The life of a program that identifies:
 *
 *     struct fid_error error;
 *     fid_runtime_open(&runtime, NULL, &error);
 *     fid_model_open(runtime, "yunet.fid", &detector_model, &error);
 *     fid_model_open(runtime, "mobilefacenet.fid", &recognizer_model, &error);
 *     fid_detector_open(runtime, detector_model, NULL, &detector, &error);
 *     fid_embedder_open(runtime, recognizer_model, 1, &embedder, &error);
 *     fid_gallery_open("gallery.db", recognizer_model, FID_GALLERY_CREATE, &gallery, &error);
 *     fid_rule_default(recognizer_model, FID_RULE_COSINE, &rule, &error);
 *     fid_picture_load("party.jpg", &picture, &error);
 *     fid_detect(detector, &picture, faces, 64, &count, &error);
 *     fid_embed(embedder, &picture, faces, count, FID_CROP_MODEL, embeddings, &error);
 *     fid_label_faces(gallery, &rule, embeddings, count, labels);
 *
 * Whole programs stand in engine/examples; `pkg-config --cflags --libs faceid` gives what they are
 * built with.
 *
 * The library never prints, never exits, reads no environment, sets no signal handler and keeps no
 * mutable globals but the allocation counter of the tests.
 *
 * Threads: a runtime and a model may be shared by any number of threads; every other object
 * (session, detector, embedder, picture, frame, gallery, tracker) is for one thread at a time,
 * which may be another one from call to call. Threads that want to work at once open a detector and
 * an embedder each, over the same runtime and models; a gallery of one file may be open in several
 * threads and processes. Calls that share a runtime with threads take turns on its thread pool. No
 * function may be called from a signal handler. fid_log_fn is called by the thread that called the
 * library.
 *
 * Ownership words: a function BORROWS a pointer (the caller keeps it alive for the object's life
 * or, for a plain call, for the call), OWNS it (the object frees it), or FILLS caller's memory.
 * Every *_close takes the address of a pointer, which may be NULL (the address may not) or point to
 * a half-built object, and sets the pointer to NULL. After a failed *_open the pointer is NULL.
 *
 * What fails says why in *error, which counts only then: a success leaves in it whatever was there.
 * error may be NULL.
 *
 * Until version 1 the SONAME has the minor version too: a program is built anew for each. */
#ifndef FID_H
#define FID_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#ifdef __cplusplus
extern "C" {
#endif
#pragma GCC visibility push(default) /* what libfaceid.so exports */

#define FID_VERSION "0.1.0"

/* ---- errors ---- */

enum fid_status {
    FID_OK = 0,
    FID_INVALID,     /* an argument or a file's content breaks a rule */
    FID_UNSUPPORTED, /* it follows the rules, but this build cannot do it */
    FID_NOT_FOUND,   /* no such file, person, graph or device */
    FID_IO,          /* the system refused to read or write */
    FID_NO_MEMORY,
    FID_CORRUPT,  /* a file is damaged: checksum, size or structure */
    FID_MISMATCH, /* made with another model */
    FID_BUSY,     /* locked by another process */
    FID_NO_FACE,
    FID_QUALITY, /* the faces are not good enough */
    FID_EXISTS,  /* the name is taken */
    FID_SEALED,  /* the gallery is encrypted, and not for this secret or for none */
    FID_STOPPED, /* the caller wished it (fid_stop_fn) */
    FID_INTERNAL
};

struct fid_error {
    enum fid_status status;
    char text[504]; /* one sentence with its subject, no newline at the end */
};

const char *fid_status_text(enum fid_status status); /* static, in English */

/* ---- files that are written ---- */

/* A file that takes its name when it is whole: until then what has the name stays, and a process
 * that ends early leaves nothing under it (but NAME.*.tmp beside it when it was killed). Everything
 * that this library writes as a whole file is written so. */
struct fid_output;

enum fid_output_readers {
    FID_OUTPUT_OWNERS,  /* faces, names, times: mode 0600 whatever the umask */
    FID_OUTPUT_ANYBODYS /* mode 0666 less the umask */
};

/* May a file be put in place there? FID_INVALID: a folder, symbolic link, named pipe, socket or
 * device is there, which is neither replaced nor followed; "-"; no path of a file. FID_OK says not
 * that it can be made. */
enum fid_status fid_output_check(const char *path, struct fid_error *error);
/* Makes it under a temporary name beside path, close-on-exec and never as descriptor 0, 1 or 2.
 * FID_INVALID, as fid_output_check; FID_IO; FID_NO_MEMORY. */
enum fid_status fid_output_open(const char *path, enum fid_output_readers readers,
                                struct fid_output **output, struct fid_error *error);
FILE *fid_output_stream(const struct fid_output *output); /* borrowed; not to be closed */
/* Brings the file to the disk and puts it in place, which is looked at once more; closes, also
 * after a failure, which leaves what was there. errno 0 before the first write makes the reason of
 * a failed one known. FID_INVALID; FID_BUSY: another process removed it; FID_IO. */
enum fid_status fid_output_finish(struct fid_output **output, struct fid_error *error);
void fid_output_close(struct fid_output **output); /* without putting it in place */

/* ---- runtime: the CPU, its kernels and threads ---- */

struct fid_runtime;

typedef void (*fid_log_fn)(void *ctx, const char *line);

struct fid_options {
    int threads;        /* 0: one for each core; 1: none besides the caller */
    const char *isa;    /* kernel table by name ("ref", "avx2", "neon"); NULL: the best */
    const char *method; /* convolution method by name ("im2col_gemm", "im2col_openblas", ...), used
                           wherever it applies; NULL: chosen layer by layer */
    bool low_memory;    /* methods whose packed weights are larger than the filter are not chosen */
    fid_log_fn log;     /* what was chosen and why; NULL: silent */
    void *log_ctx;
};

/* options may be NULL for the defaults (zeros). FID_INVALID: negative threads; FID_UNSUPPORTED: a
 * table that is not in this build or that the CPU cannot run; FID_NO_MEMORY. */
enum fid_status fid_runtime_open(struct fid_runtime **runtime, const struct fid_options *options,
                                 struct fid_error *error);
void fid_runtime_close(struct fid_runtime **runtime);

const char *fid_runtime_isa(const struct fid_runtime *runtime); /* name of the kernel table */
int fid_runtime_threads(const struct fid_runtime *runtime);

/* ---- models: weight files ---- */

struct fid_model;

/* Maps a .fid file (weights/FORMAT.md) and checks its structure; the weights themselves are checked
 * before they are first used, by fid_session_open, or by fid_model_verify. The file must not change
 * while it is open. FID_NOT_FOUND, FID_IO, FID_CORRUPT (with offset and reason), FID_UNSUPPORTED
 * (version), FID_INVALID (graphs that do not fit together), FID_NO_MEMORY. Borrows the runtime. */
enum fid_status fid_model_open(struct fid_runtime *runtime, const char *path,
                               struct fid_model **model, struct fid_error *error);
void fid_model_close(struct fid_model **model);

/* Is the model the one of its id? Computes the id of the file's graph, weights and preprocessing,
 * and packs packed weights anew: FID_CORRUPT where the file has others. Once: later calls have the
 * answer. An embedder asks before it gives its first embedding; whoever runs sessions of their own
 * and compares what comes out asks here. FID_NO_MEMORY. */
enum fid_status fid_model_confirm(const struct fid_model *model, struct fid_error *error);
/* Begins that on a thread of its own, which ends before the model is closed, so that the answer is
 * there when it is asked for. */
void fid_model_start_confirm(const struct fid_model *model);

/* Checks every byte that opening has not checked, and confirms the id. FID_CORRUPT, FID_NO_MEMORY.
 */
enum fid_status fid_model_verify(struct fid_runtime *runtime, const struct fid_model *model,
                                 struct fid_error *error);

struct fid_model_info {             /* all pointers are borrowed from the model */
    const char *path, *name, *kind; /* kind: "recognizer", "detector", "classifier" */
    const char *source, *source_sha256, *licence, *converter;
    char id[33]; /* 32 hexadecimal digits: what makes two embeddings comparable */
    uint64_t file_bytes, parameter_count;
    size_t graph_count, label_count;
};
void fid_model_info(const struct fid_model *model, struct fid_model_info *info); /* FILLS */

struct fid_packed_info { /* weights that are laid out for a set of kernels in the file already */
    const char *isa, *graph; /* borrowed from the model */
    int h, w;                /* the input's size */
    unsigned version;        /* of the layout */
    uint64_t bytes;
};
/* FILLS info; false when the file has no packed weights. */
bool fid_model_packed(const struct fid_model *model, struct fid_packed_info *info);

/* Writes the model to path once more, through a temporary name and rename, together with the
 * weights of graph (NULL: the first) packed as this runtime packs them for inputs of h × w (0: the
 * file's size): a session of that graph and size on such a runtime then opens without packing, and
 * others as before. Packed weights that the model has already are left out. FID_EXISTS: they are
 * the very ones; FID_INVALID, as fid_output_check; FID_IO: path cannot be written;
 * FID_UNSUPPORTED: there is nothing to pack. */
enum fid_status fid_model_pack(struct fid_runtime *runtime, const struct fid_model *model,
                               const char *graph, int h, int w, const char *path,
                               struct fid_error *error);

struct fid_model_entry { /* of metadata: a text, or without one a number */
    const char *key, *text;
    double number;
};
/* Writes the model to path once more, which may be its own, through a temporary name and rename,
 * with these entries of `decision.` (limits, and what they were measured on) in place of those that
 * it has: the id stays, and packed weights do. The open model goes on with the file before.
 * FID_INVALID: another key, a number that is not finite, a text that is not UTF-8, or as
 * fid_output_check; FID_CORRUPT, FID_IO, FID_NO_MEMORY. */
enum fid_status fid_model_write_limits(struct fid_runtime *runtime, const struct fid_model *model,
                                       const struct fid_model_entry *entries, size_t count,
                                       const char *path, struct fid_error *error);

/* Metadata of the file by key (weights/FORMAT.md). The string, or NULL when there is none of that
 * type; fid_model_numbers FILLS up to capacity numbers and returns how many the key has (0: none).
 */
const char *fid_model_text(const struct fid_model *model, const char *key);
size_t fid_model_numbers(const struct fid_model *model, const char *key, double *numbers,
                         size_t capacity);
const char *fid_model_label(const struct fid_model *model, size_t i); /* i-th class name or NULL */

struct fid_graph_info {
    const char *name;
    int h, w, c;    /* the input's customary size */
    bool free_size; /* h and w may be chosen, as multiples of: */
    int multiple;
    size_t node_count, value_count, output_count;
};
/* i < graph_count. */
void fid_model_graph(const struct fid_model *model, size_t i, struct fid_graph_info *info);

struct fid_value {
    const char *name;
    float *data;    /* [n, h, w, c], channels last; valid until its session is closed */
    int n, h, w, c; /* n as planned */
    /* Of a value of bytes, which inputs and outputs of graphs never are: data is NULL. The zero
     * point, then one scale or one for each channel: number = scale · (byte - zero point). */
    const uint8_t *bytes;
    const float *quantized;
    int quantized_count;
};

/* FILLS output with the shape of an output (NULL: the first) of a graph (NULL: the first) for one
 * input of the customary size; data is NULL. FID_NOT_FOUND: no such graph or output; FID_NO_MEMORY.
 */
enum fid_status fid_model_output(const struct fid_model *model, const char *graph, const char *name,
                                 struct fid_value *output, struct fid_error *error);

/* ---- sessions: one graph planned for one input size ---- */

struct fid_session;

struct fid_session_options {
    bool keep_values; /* every intermediate stays readable after a run (more memory) */
    bool profile;     /* time each step */
};

/* Plans the graph called graph (NULL: the first) for at most n inputs of h × w (0: the file's
 * size): shapes, methods, memory, packed weights. Everything that can fail, fails here: damaged
 * weights too (FID_CORRUPT, with offset and reason). FID_UNSUPPORTED: over 1 GiB for a value or for
 * the scratch of a layer, 2 GiB for packed weights or 4 GiB for all values that live at a time.
 * options may be NULL. Borrows the runtime and the model. */
enum fid_status fid_session_open(struct fid_runtime *runtime, const struct fid_model *model,
                                 const char *graph, int n, int h, int w,
                                 const struct fid_session_options *options,
                                 struct fid_session **session, struct fid_error *error);
void fid_session_close(struct fid_session **session);

/* The input to fill before a run. */
void fid_session_input(const struct fid_session *session, struct fid_value *input);

/* Runs the first n of the planned batch, 1 ≤ n ≤ planned n. Allocates nothing and cannot fail; the
 * numbers do not depend on the number of threads or on n. */
void fid_session_run(struct fid_session *session, int n);

/* An output by name (NULL: the first); false if there is none of that name. */
bool fid_session_output(const struct fid_session *session, const char *name,
                        struct fid_value *output);

/* Every value of the graph in order of computation, the input first; data is NULL for those whose
 * memory was reused (all but outputs, without keep_values). False past the end. */
bool fid_session_value(const struct fid_session *session, size_t i, struct fid_value *value);

struct fid_step_info {
    const char *name, *op, *method, *kernel; /* "conv3_1", "conv", "gemm_1x1", "gemm_f32 avx2" */
    int h, w, c;                             /* of the output */
    const char *type;                        /* of the output: "f32" or "u8" */
    int window_h, window_w, stride;          /* of convolutions and pools, else 0 */
    uint64_t macs, bytes;  /* multiply-adds; bytes read and written once, for one input */
    uint64_t weight_bytes; /* the part of bytes that all inputs of a batch share */
    uint64_t run_count, min_ns, last_ns, total_ns; /* 0 without profile */
};
/* The steps in order; false past the end. */
bool fid_session_step(const struct fid_session *session, size_t i, struct fid_step_info *info);

struct fid_session_memory {
    size_t arena_bytes, scratch_bytes;
    size_t packed_bytes; /* also where they are used in place in the file */
};
void fid_session_memory(const struct fid_session *session, struct fid_session_memory *memory);

/* ---- quantizing: a model with weights of 8 or 16 bits, or with activations of 8 too ---- */

enum fid_quantize_to {
    FID_QUANTIZE_BYTES,       /* weights and activations, where there are kernels for bytes */
    FID_QUANTIZE_WEIGHTS_S8,  /* filters alone: a quarter of the file, f32 once a session is open */
    FID_QUANTIZE_WEIGHTS_F16, /* likewise: half of the file */
};

struct fid_quantize_options {
    enum fid_quantize_to to;
    const char *const *keep_f32; /* names of steps that stay as they are, in whatever graph */
    size_t keep_count;
};

struct fid_quantizer;

/* Checks the model, all of it, and decides which steps compute in bytes: convolutions (of one group
 * or depthwise), fully connected layers, and what only adds, moves or averages their outputs.
 * Inputs and outputs of graphs stay f32. options may be NULL for the defaults (zeros).
 * FID_UNSUPPORTED: it is quantized already; FID_NOT_FOUND: no step of such a name; FID_CORRUPT,
 * FID_NO_MEMORY. Borrows the runtime and the model. */
enum fid_status fid_quantizer_open(struct fid_runtime *runtime, const struct fid_model *model,
                                   const struct fid_quantize_options *options,
                                   struct fid_quantizer **quantizer, struct fid_error *error);
void fid_quantizer_close(struct fid_quantizer **quantizer);

/* For FID_QUANTIZE_BYTES: runs a graph (NULL: the first) in f32 on one input [h, w, c] (h and w 0:
 * the file's), as a session takes it, and counts what its values are. The order of the inputs makes
 * no difference. FID_NOT_FOUND: no such graph; FID_INVALID: a size that it does not take, or a
 * value that is not finite; FID_UNSUPPORTED: more than 2^32 numbers of one value, or as
 * fid_session_open; FID_NO_MEMORY. */
enum fid_status fid_quantizer_feed(struct fid_quantizer *quantizer, const char *graph, int h, int w,
                                   const float *input, struct fid_error *error);

struct fid_quantizer_step { /* borrowed from the model */
    const char *graph, *name, *op;
    bool changed; /* computes in bytes or, for weights alone, has another filter */
};
/* The steps of all graphs in order; false past the end. */
bool fid_quantizer_step(const struct fid_quantizer *quantizer, size_t i,
                        struct fid_quantizer_step *step);
/* Steps that are added: each turns a value that is wanted in both types into the other one. */
size_t fid_quantizer_converts(const struct fid_quantizer *quantizer);

/* Writes the quantized model to path, through a temporary name and rename, with these entries of
 * `info.` and `decision.` in place of the model's, and `info.quantized_from` with its id. Scales
 * and zero points are those of the least squared error in what was fed. A graph that was fed
 * nothing stays f32. The id is another one: the embeddings are near the model's, not equal. The
 * same inputs give the same bytes. FID_INVALID: nothing was fed, another entry, a weight that f16
 * cannot hold, or as fid_output_check; FID_UNSUPPORTED: there is nothing to quantize, or more than
 * the format takes; FID_IO, FID_NO_MEMORY. */
enum fid_status fid_quantizer_write(struct fid_quantizer *quantizer,
                                    const struct fid_model_entry *entries, size_t count,
                                    const char *path, struct fid_error *error);

/* ---- pictures ---- */

/* No face is farther from its picture's corner, in pixels, than this. */
#define FID_FAR 1073741824.0f

/* Pixels of the picture; x, y: the left upper corner; may reach over the border, or lie outside.
 * Whoever takes one wants four finite numbers of at most FID_FAR, w and h above 0; what another one
 * does stands with each function. */
struct fid_box {
    float x, y, w, h;
};

/* 8-bit RGB, rows from the top, EXIF orientation already applied. Zero-initialise; the buffer is
 * reused by the next load into the same struct. OWNS pixels. */
struct fid_picture {
    int width, height;
    size_t stride_bytes; /* of a row, ≥ 3 · width */
    uint8_t *pixels;
    size_t capacity_bytes;
};

/* JPEG or PNG, told apart by content. Refused: more than 100 million pixels, a side over 32,767,
 * what else is too much work (FID_UNSUPPORTED; README.md has the limits, which keep memory to three
 * times the pixels and the file), damaged files (FID_CORRUPT), other kinds (FID_UNSUPPORTED, named
 * where they are known: HEIC, WebP, GIF, ...). After a failure the picture is empty but still to be
 * freed. */
enum fid_status fid_picture_load(const char *path, struct fid_picture *picture,
                                 struct fid_error *error);
/* The same from memory; what names it in messages. */
enum fid_status fid_picture_decode(const void *bytes, size_t size, const char *what,
                                   struct fid_picture *picture, struct fid_error *error);
/* Makes room for width × height; the content is undefined. */
enum fid_status fid_picture_resize(struct fid_picture *picture, int width, int height,
                                   struct fid_error *error);
/* Writes a JPEG or PNG by the path's ending, as a fid_output of its owner's alone. FID_INVALID: an
 * empty picture, or as fid_output_check; FID_UNSUPPORTED: another ending; FID_IO; FID_NO_MEMORY. */
enum fid_status fid_picture_save(const struct fid_picture *picture, const char *path,
                                 struct fid_error *error);
struct fid_bytes { /* zero-initialise; the buffer is reused. OWNS data */
    uint8_t *data;
    size_t size, capacity_bytes;
};
/* FILLS bytes with the picture as a JPEG of this quality, 1..100. FID_NO_MEMORY. */
enum fid_status fid_picture_encode(const struct fid_picture *picture, int quality,
                                   struct fid_bytes *bytes, struct fid_error *error);
void fid_bytes_free(struct fid_bytes *bytes); /* takes NULL; leaves it zero */
/* FILLS cut with the part of the picture under the box, scaled to width × height; what lies outside
 * of the picture repeats its border. cut is not picture. FID_INVALID: an empty picture or box, or a
 * box that is none (struct fid_box). */
enum fid_status fid_picture_cut(const struct fid_picture *picture, const struct fid_box *box,
                                int width, int height, struct fid_picture *cut,
                                struct fid_error *error);
void fid_picture_free(struct fid_picture *picture); /* takes NULL; leaves it zero */

/* ---- frames: pixels as cameras and video streams give them ---- */

enum fid_pixel_format {
    FID_PIXELS_RGB,  /* one plane: R G B */
    FID_PIXELS_GREY, /* one plane: Y */
    FID_PIXELS_YUYV, /* one plane: Y U Y V for two pixels beside each other */
    FID_PIXELS_UYVY, /* one plane: U Y V Y */
    FID_PIXELS_NV12, /* two planes: Y; U V for each 2 × 2 pixels */
    FID_PIXELS_I420  /* three planes: Y; U; V, these two for each 2 × 2 pixels */
};

/* Zero-initialise. An odd width or height has its last pairs half used. */
struct fid_frame {
    enum fid_pixel_format format;
    bool full_range; /* Y, U and V of 0..255, as in JPEG; else Y of 16..235, U and V of 16..240 */
    bool bt709;      /* colours by BT.709; else BT.601 */
    int width, height;
    uint8_t *planes[3];     /* into its own buffer or, of a view, into somebody else's */
    size_t stride_bytes[3]; /* from row to row */
    uint8_t *buffer;        /* OWNS; NULL in a view */
    size_t capacity_bytes;
};

/* A plane's bytes in a row and its rows; zeros where the format has no such plane or is none. */
void fid_frame_plane_size(enum fid_pixel_format format, int width, int height, int plane,
                          size_t *row_bytes, size_t *rows);
/* Makes room in the frame's own buffer, rows without gaps; the content is undefined, the ranges are
 * those of a video (limited, BT.601). FID_INVALID: an unknown format, or no such size. */
enum fid_status fid_frame_resize(struct fid_frame *frame, enum fid_pixel_format format, int width,
                                 int height, struct fid_error *error);
/* FILLS copy with the frame's pixels in a buffer of its own. */
enum fid_status fid_frame_copy(const struct fid_frame *frame, struct fid_frame *copy,
                               struct fid_error *error);
/* The same turned clockwise by 90, 180 or 270 degrees: I420, or RGB and GREY of these. */
enum fid_status fid_frame_turn(const struct fid_frame *frame, int degrees, struct fid_frame *turned,
                               struct fid_error *error);
/* The width and height that a JPEG's header states, nothing decoded. */
enum fid_status fid_frame_jpeg_size(const void *bytes, size_t size, const char *what, int *width,
                                    int *height, struct fid_error *error);
/* From one picture of a Motion-JPEG stream, as RGB, the very pixels of fid_picture_decode;
 * FID_CORRUPT also for one that decodes only in part. */
enum fid_status fid_frame_decode_jpeg(const void *bytes, size_t size, const char *what,
                                      struct fid_frame *frame, struct fid_error *error);
void fid_frame_free(struct fid_frame *frame); /* takes NULL; leaves it zero */

/* FILLS the picture, each colour to the nearest byte; U and V stand for all of their pixels. */
enum fid_status fid_picture_from_frame(const struct fid_frame *frame, struct fid_picture *picture,
                                       struct fid_error *error);

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

/* The model's `detect.kind` chooses the decoding. FID_INVALID: the model is not a detector. */
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
 * without a proper box or with landmarks beyond FID_FAR is none. A new picture size
 * plans new sessions (kept for the next picture of that size). */
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
 * embedding (recognizers and classifiers do). */
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
 * FID_CORRUPT: the model is not the one of its id (fid_model_confirm); none is given then. */
enum fid_status fid_embed(struct fid_embedder *embedder, const struct fid_picture *picture,
                          const struct fid_face *faces, size_t count, enum fid_crop crop,
                          float *embeddings, struct fid_error *error);

/* The aligned crop that the network would see, before mean and scale: for people to look at.
 * FID_INVALID as fid_embed. */
enum fid_status fid_align_face(const struct fid_embedder *embedder,
                               const struct fid_picture *picture, const struct fid_face *face,
                               enum fid_crop crop, struct fid_picture *aligned,
                               struct fid_error *error);

/* Cosine similarity of two vectors, -1..1; 0 if one of them is zero or not finite. */
float fid_cosine(const float *a, const float *b, size_t size);

/* ---- gallery: the people ---- */

struct fid_gallery;

#define FID_GALLERY_CREATE    1u /* make the file (0600, its folder 0700) when there is none */
#define FID_GALLERY_READ_ONLY 2u /* a missing file is then an empty gallery; modes stay */
#define FID_GALLERY_MEMORY    4u /* an empty gallery that no file is made of; path names it */

#define FID_NAME_BYTES 129 /* a name has at most 128 bytes of UTF-8 */

/* The gallery remembers the id of its model: FID_MISMATCH with another one (model NULL: not
 * checked, for listing and renaming). Opened for writing, a file that others might read is made
 * 0600. FID_CORRUPT: damaged, or gone but for its journal; FID_IO, FID_BUSY. Borrows nothing. */
enum fid_status fid_gallery_open(const char *path, const struct fid_model *model, unsigned flags,
                                 struct fid_gallery **gallery, struct fid_error *error);
void fid_gallery_close(struct fid_gallery **gallery);

/* A gallery's file may be sealed: encrypted, page by page, so that nothing of it can be read or
 * changed without a passphrase or a key file. What it does not hide: the file's size, when it was
 * written, and that an older state of it was put in its place. */
enum fid_secret_kind { FID_SECRET_NONE, FID_SECRET_PASSPHRASE, FID_SECRET_KEY_FILE };
struct fid_secret;
/* Keeps what opens sealed galleries in locked memory; the caller wipes its own copy. bytes: the
 * passphrase, or what the key file holds. Several threads may use it. FID_INVALID: another
 * kind, an empty passphrase, a key of less than 32 bytes, more than 64 KiB; FID_UNSUPPORTED: built
 * without. */
enum fid_status fid_secret_open(enum fid_secret_kind kind, const void *bytes, size_t size,
                                struct fid_secret **secret, struct fid_error *error);
void fid_secret_close(struct fid_secret **secret); /* wipes it */
/* FILLS *kind with what the gallery's file wants, whoever may read it; none where it is plain or
 * not there. */
enum fid_status fid_gallery_secret_kind(const char *path, enum fid_secret_kind *kind,
                                        struct fid_error *error);
/* fid_gallery_open with a secret (NULL: none), which it BORROWS. The gallery has to be sealed with
 * it: FID_SEALED if it is not sealed, or with another one; one that is made is sealed. Opening
 * takes a third of a second or longer, by intent; with the same secret again it does not. */
enum fid_status fid_gallery_open_sealed(const char *path, const struct fid_model *model,
                                        struct fid_secret *secret, unsigned flags,
                                        struct fid_gallery **gallery, struct fid_error *error);

/* Checks a name and FILLS out with its stored form (NFC): valid UTF-8, 1..128 bytes, no control or
 * direction characters, no '/', no leading '-', no blanks at the ends, not "?" and not "." or "..".
 * FID_INVALID with the reason. */
enum fid_status fid_name_check(const char *name, char out[FID_NAME_BYTES], struct fid_error *error);

struct fid_person {
    int64_t id;
    char name[FID_NAME_BYTES];
    size_t sample_count;    /* faces enrolled */
    size_t crop_count;      /* of them with a kept crop */
    size_t prototype_count; /* vectors compared with, the mean first */
    char created[21];       /* 2026-11-23T22:10:05Z */
    char expires[11];       /* the last day (UTC) on which the person is named; "": no end */
    bool expired;           /* that day is over: not named any more */
};

struct fid_sample { /* one enrolled face */
    const float *embedding;
    const char *source; /* where it came from, for people ("ana.mp4 frame 12"), not NULL; stored */
    const void *crop;   /* of fid_face_crop_encode; stored, to be embedded anew; NULL: none */
    size_t crop_size;
};
/* FILLS crop with a part of the picture, at most 320 pixels wide and high, that holds the face and
 * what any recognizer takes of it, and with where it lies there. FID_INVALID: it lies outside of
 * the picture, its box is none, or its landmarks lie far from it; FID_NO_MEMORY. */
enum fid_status fid_face_crop_encode(const struct fid_picture *picture, const struct fid_face *face,
                                     struct fid_bytes *crop, struct fid_error *error);

/* Adds count faces to the person (made if there is none of that name, compared case-folded), or
 * with replace instead of the ones before, in one transaction; recomputes the mean of the
 * normalised embeddings and the prototypes. FILLS *person (may be NULL). FID_INVALID: an embedding
 * without a direction, no source, or a crop that is none; FID_QUALITY: not one person. */
enum fid_status fid_gallery_enroll(struct fid_gallery *gallery, const char *name,
                                   const struct fid_sample *samples, size_t count, bool replace,
                                   struct fid_person *person, struct fid_error *error);

struct fid_terms {       /* what was agreed with the person */
    const char *consent; /* words, at most FID_CONSENT_BYTES - 1 bytes of UTF-8; NULL: none given */
    const char *expires; /* last day (UTC) on which they are named, "2027-01-31"; "": no end; NULL:
                            as before */
};
#define FID_CONSENT_BYTES 4097
/* The same, and keeps the terms (may be NULL) with the time. FID_INVALID: no such day, or a text
 * that is empty, too long or not UTF-8. */
enum fid_status fid_gallery_enroll_with(struct fid_gallery *gallery, const char *name,
                                        const struct fid_sample *samples, size_t count,
                                        bool replace, const struct fid_terms *terms,
                                        struct fid_person *person, struct fid_error *error);
/* terms NULL: none, which is allowed. */
enum fid_status fid_terms_check(const struct fid_terms *terms, struct fid_error *error);
bool fid_terms_over(const struct fid_terms *terms); /* they have a last day, which is over */
/* Other terms for somebody who is enrolled: a consent comes to those of before, a day takes the
 * place of the one of before. FID_NOT_FOUND, FID_INVALID. */
enum fid_status fid_gallery_set_terms(struct fid_gallery *gallery, const char *name,
                                      const struct fid_terms *terms, struct fid_error *error);

/* The name that somebody has already is no change. FID_EXISTS, FID_NOT_FOUND, FID_INVALID. */
enum fid_status fid_gallery_rename(struct fid_gallery *gallery, const char *name,
                                   const char *new_name, struct fid_error *error);
/* All of one person becomes another's, who stays: samples, consents, and the earlier end. */
enum fid_status fid_gallery_merge(struct fid_gallery *gallery, const char *name, const char *into,
                                  struct fid_error *error);
/* Takes one face out, by its number. FID_NOT_FOUND; FID_INVALID: it is the only one. */
enum fid_status fid_gallery_remove_sample(struct fid_gallery *gallery, const char *name,
                                          int64_t sample, struct fid_error *error);

struct fid_change {
    /* "enroll", "terms", "rename", "merge", "remove", "import", "forget" or "reembed" */
    char verb[16];
    char time[21];
};
/* Takes the last of these changes back, whoever made it, and that one alone: those before it cannot
 * be taken back any more. FILLS *undone (may be NULL). FID_NOT_FOUND: there is none, or it was
 * taken back already; FID_INVALID: it was to forget somebody, which is final, or to go over to
 * another model. */
enum fid_status fid_gallery_undo(struct fid_gallery *gallery, struct fid_change *undone,
                                 struct fid_error *error);

/* Forgets a person for good: also in the history and in the copies that fid_gallery_backup made and
 * that are still where they were. Then looks for what is left of the person's vectors (32 bytes of
 * them anywhere), consents and name in all these files. Nobody changes the gallery while the copies
 * are looked through. FILLS *forgotten (may be NULL). FID_BUSY: the person is deleted, but another
 * process reads an older state, and the bytes are in the file until it is done (fid_gallery_check);
 * or the gallery or a copy is in use or a copy being written, and nobody is forgotten; the sentence
 * says which, as with FID_IO and FID_CORRUPT. */
struct fid_forgotten {
    size_t bytes_sought; /* of the person */
    size_t bytes_shared; /* of these, others have the same and keep them */
    size_t files, backups;
    size_t absent; /* copies that are not where they were made: whoever has them has the person */
    uint64_t bytes_searched;
};
enum fid_status fid_gallery_forget_proven(struct fid_gallery *gallery, const char *name,
                                          struct fid_forgotten *forgotten, struct fid_error *error);
enum fid_status fid_gallery_forget(struct fid_gallery *gallery, const char *name,
                                   struct fid_error *error);

/* Writes the people of these names (count 0: all) to a file for fid_gallery_import
 * (engine/face/gallery/PEOPLE_FILE.md), mode 0600. FILLS *people. FID_EXISTS: there is a file
 * already and replace is not set; FID_BUSY: somebody writes that file just now; FID_NOT_FOUND,
 * FID_IO. */
enum fid_status fid_gallery_export(struct fid_gallery *gallery, const char *path, bool replace,
                                   char *const *names, size_t count, size_t *people,
                                   struct fid_error *error);
/* Looks through such a file, whatever is in it: FID_INVALID (no such file), FID_CORRUPT,
 * FID_UNSUPPORTED (a newer version), FID_NOT_FOUND, FID_IO. FILLS *people. */
enum fid_status fid_people_check(const char *path, size_t *people, struct fid_error *error);
/* Takes all people of the file in, or nobody. FID_EXISTS: somebody of that name is there, and
 * replace, which takes their place, is not set; FID_MISMATCH: another model. */
enum fid_status fid_gallery_import(struct fid_gallery *gallery, const char *path, bool replace,
                                   size_t *people, struct fid_error *error);

struct fid_reembedded {
    size_t people, faces;           /* who came along */
    size_t people_lost, faces_lost; /* without a crop that can be used */
    bool calibrated;                /* a limit for the old model's scores was taken back */
};
/* Goes over to another model: everybody's faces are embedded anew from their crops, faces without
 * one are dropped, in one transaction. FID_INVALID: the gallery was opened with a model, or is of
 * this one already; FID_BUSY: others have changed it since it was opened; FID_NO_FACE, nothing
 * changed: somebody has no usable crop, and leave_out, which takes such people out of the gallery,
 * is not set. Make a copy before: undo does not bring the old model's vectors back. */
enum fid_status fid_gallery_reembed(struct fid_gallery *gallery, const struct fid_model *model,
                                    struct fid_embedder *embedder, bool leave_out,
                                    struct fid_reembedded *done, struct fid_error *error);
/* The same, and asks before each face whether to go on; true ends it: FID_STOPPED, nothing changed.
 */
typedef bool (*fid_stop_fn)(void *ctx);
enum fid_status fid_gallery_reembed_until(struct fid_gallery *gallery,
                                          const struct fid_model *model,
                                          struct fid_embedder *embedder, bool leave_out,
                                          fid_stop_fn stop, void *ctx, struct fid_reembedded *done,
                                          struct fid_error *error);

/* Makes a copy of the gallery that is one itself, mode 0600, without what undo would need. The
 * gallery remembers where it is, so that forgetting reaches it. FID_EXISTS and FID_BUSY as
 * fid_gallery_export; FID_CORRUPT: the gallery is damaged, and what is at path stays; FID_INVALID:
 * it is in memory. */
enum fid_status fid_gallery_backup(struct fid_gallery *gallery, const char *path, bool replace,
                                   struct fid_error *error);

struct fid_restored {
    size_t people;    /* of the gallery now */
    bool other_model; /* than before */
    char model[160];  /* name and beginning of the id, as model_before; "": nobody's faces */
    char model_before[160];
    char aside[4096]; /* where the gallery that was there is now; "": there was none */
    /* and its journal with what was changed last, which cannot be read without it; "": none */
    char aside_journal[4112];
    bool searchable; /* it could be opened: forgetting can look into it as into other copies */
};

/* FILLS aside with a path beside that of the gallery which no file has yet, with the time in it:
 * for a copy before a change. */
void fid_gallery_aside(const char *path, char *aside, size_t bytes);

/* Puts a copy in the place of the gallery at path, which may be damaged or missing. Nobody may have
 * it open. secret as fid_gallery_open_sealed, the copy's where that is sealed, which is the
 * gallery's afterwards; the gallery's else. FID_BUSY, FID_SEALED, FID_CORRUPT (the copy is
 * damaged), FID_INVALID (it is the gallery itself), FID_NOT_FOUND, FID_IO: nothing is changed, or
 * the sentence says where the gallery is now. */
enum fid_status fid_gallery_restore(const char *path, struct fid_secret *secret, const char *copy,
                                    struct fid_restored *restored, struct fid_error *error);

/* Looks at every page, row and checksum of a gallery's file, and tells each fault and each person
 * whose last day is over. Finishes a forgetting that another process had held up. secret as
 * fid_gallery_open_sealed. FID_OK with *faults 0: it is whole. FID_CORRUPT: it cannot be opened,
 * or opening it would lose what is in its journal, which is damaged, and stays as it is. */
typedef void (*fid_tell_fn)(void *ctx, const char *sentence);
enum fid_status fid_gallery_check(const char *path, struct fid_secret *secret, fid_tell_fn tell,
                                  void *ctx, size_t *faults, struct fid_error *error);
/* Makes a new gallery, sealed where the old one is, of all undamaged faces of a damaged one,
 * whatever else is lost of it: its end, the tables' table, pages anywhere. Whose name is lost is
 * saved as "recovered N". The damaged file and its journal, which is looked through too, stay as
 * they are; the new file has its name only when it is whole. model (borrowed; NULL: unknown) is the
 * one that the faces are of, for where the gallery does not say any more; nothing proves it. Tells
 * what is lost; the limit of a calibration is. FID_EXISTS: the new file is there already,
 * FID_BUSY: or just being written. FID_MISMATCH: the vectors have another size than the model's.
 * FID_CORRUPT: nobody can be saved, or not which model the faces are of; there is no new file. */
enum fid_status fid_gallery_salvage(const char *path, struct fid_secret *secret,
                                    const struct fid_model *model, const char *target,
                                    fid_tell_fn tell, void *ctx, size_t *people,
                                    struct fid_error *error);
/* Seals a gallery (secret NULL), gives it another secret and a new key, or opens it up (next NULL):
 * a new file is written beside it, checked, and put in its place, and the old one's bytes are
 * overwritten, as far as the file system writes where it wrote before. Tells of each copy of
 * fid_gallery_backup that is left as it was. FID_BUSY: another process has the gallery open. */
enum fid_status fid_gallery_protect(const char *path, struct fid_secret *secret,
                                    struct fid_secret *next, fid_tell_fn tell, void *ctx,
                                    struct fid_error *error);

/* What is given is valid during the call; false ends the reading with FID_NO_MEMORY. */
struct fid_sample_info {
    int64_t id;
    const char *source;
    char created[21]; /* "": enrolled by a faceid that did not note it */
};
typedef bool (*fid_sample_info_fn)(void *ctx, const struct fid_sample_info *sample);
typedef bool (*fid_consent_fn)(void *ctx, const char *text, const char *time);
/* FILLS person. FID_NOT_FOUND: there is nobody of that name. */
enum fid_status fid_gallery_lookup(struct fid_gallery *gallery, const char *name,
                                   struct fid_person *person, struct fid_error *error);
/* Of the person with this id, in the order of time. */
enum fid_status fid_gallery_samples(struct fid_gallery *gallery, int64_t person,
                                    fid_sample_info_fn take, void *ctx, struct fid_error *error);
enum fid_status fid_gallery_consents(struct fid_gallery *gallery, int64_t person,
                                     fid_consent_fn take, void *ctx, struct fid_error *error);

size_t fid_gallery_count(const struct fid_gallery *gallery); /* people */
/* i < count, in order of names. */
void fid_gallery_person(const struct fid_gallery *gallery, size_t i, struct fid_person *person);

/* Takes over what other processes committed since; *changed tells (may be NULL). */
enum fid_status fid_gallery_refresh(struct fid_gallery *gallery, bool *changed,
                                    struct fid_error *error);

/* ---- decision ---- */

enum fid_rule_kind {
    FID_RULE_COSINE, /* cosine to the nearest prototype, higher is more alike */
    FID_RULE_DEMO    /* the Keras demo: raw Euclidean distance to the mean of raw vectors */
};

struct fid_rule {
    enum fid_rule_kind kind;
    float accept; /* cosine ≥ accept (demo: distance < accept) gives a name */
    float maybe;  /* cosine from which the answer is "maybe" (demo: unused) */
    float margin; /* least lead over the second person (demo: 0) */
};

/* FILLS the rule from the model file. FID_INVALID: an unknown kind, or the model has no thresholds,
 * or for the demo rule, is not a VGGFace2 model. */
enum fid_status fid_rule_default(const struct fid_model *model, enum fid_rule_kind kind,
                                 struct fid_rule *rule, struct fid_error *error);

enum fid_reason {
    FID_REASON_KNOWN,
    FID_REASON_EMPTY_GALLERY, /* nobody is enrolled whose last day is not over */
    FID_REASON_STRANGER,      /* nobody is near */
    FID_REASON_MAYBE,         /* in the grey zone */
    FID_REASON_TWO_ALIKE,     /* the second person is as near */
    FID_REASON_TAKEN,         /* another face of the frame has the name with a better score */
    FID_REASON_NO_VECTOR,     /* zero or not finite */
    FID_REASON_UNDECIDED,     /* of a track: not looked at often enough yet */
    FID_REASON_REJECTED       /* of a track: the user said that it is not this person */
};
const char *fid_reason_text(enum fid_reason reason); /* "known", "empty_gallery", "stranger", ... */

struct fid_label {
    bool known;
    enum fid_reason reason;
    char name[FID_NAME_BYTES];    /* "" unless known */
    char nearest[FID_NAME_BYTES]; /* "" for an empty gallery */
    char second[FID_NAME_BYTES];  /* "" when there is no second person */
    int64_t person;               /* of the nearest; 0: none */
    float score, second_score;    /* cosine, or for the demo rule the distance */
};

/* Labels the faces of one frame: FILLS labels[count]. embeddings [count][size of the gallery's
 * model]. One name stands at most once in a frame. Scans in memory, never fails. */
void fid_label_faces(const struct fid_gallery *gallery, const struct fid_rule *rule,
                     const float *embeddings, size_t count, struct fid_label *labels);

/* How like one person an embedding is: FILLS *person and *likeness, the cosine to the nearest
 * prototype. False if there is nobody of that name (compared case-folded) or the embedding is zero
 * or not finite. */
bool fid_gallery_likeness(const struct fid_gallery *gallery, const char *name,
                          const float *embedding, struct fid_person *person, float *likeness);

/* How like two people of the gallery are: the cosine of their nearest prototypes. i, j < count. */
float fid_gallery_alike(const struct fid_gallery *gallery, size_t i, size_t j);

/* ---- calibration: how often this gallery errs, and a limit of its own ---- */

/* Takes a face that the gallery keeps, or what came of holding it out; false ends the reading,
 * which then gives FID_NO_MEMORY. What it is given is valid during the call. */
typedef bool (*fid_face_fn)(void *ctx, const float *embedding, const char *source);
typedef bool (*fid_trial_fn)(void *ctx, const char *source, const struct fid_label *label);

/* Labels each enrolled face of person i (by cosine) as if it had not been enrolled. Faces of one
 * file, or of one sitting before the camera, are held out together: they know each other too well.
 * Of a person who comes from a single one, it is a fifth of the faces at a time, neighbours
 * together. A person with a single face has no trials. FILLS *file_count. */
enum fid_status fid_gallery_hold_out(const struct fid_gallery *gallery, const struct fid_rule *rule,
                                     size_t i, fid_trial_fn take, void *ctx, size_t *file_count,
                                     struct fid_error *error);

struct fid_calibration {
    float accept;     /* in place of the model's */
    double fpir;      /* what was wished for: the share of strangers who get a name */
    size_t people;    /* who were enrolled */
    size_t strangers; /* who were held against them, and ... */
    size_t named;     /* ... who of them got a name */
    char created[21]; /* 2026-11-23T22:10:05Z */
};

/* FILLS what the gallery was calibrated to; false where it was not. */
bool fid_gallery_calibration(const struct fid_gallery *gallery,
                             struct fid_calibration *calibration);

/* Writes the calibration (as of now) and the strangers that it was measured with beside the model's
 * id, in place of those before, in one transaction. */
enum fid_status fid_gallery_calibrate(struct fid_gallery *gallery,
                                      const struct fid_calibration *calibration,
                                      const struct fid_sample *strangers, size_t count,
                                      struct fid_error *error);
/* Takes back both, to the last byte, also in the gallery's copies; *was tells whether there was one
 * (may be NULL). */
enum fid_status fid_gallery_uncalibrate(struct fid_gallery *gallery, bool *was,
                                        struct fid_error *error);
/* Reads the strangers. */
enum fid_status fid_gallery_strangers(const struct fid_gallery *gallery, fid_face_fn take,
                                      void *ctx, struct fid_error *error);

/* FILLS the rule for this gallery: the model's, with the accept that was calibrated, if one was. */
enum fid_status fid_gallery_rule(const struct fid_gallery *gallery, const struct fid_model *model,
                                 enum fid_rule_kind kind, struct fid_rule *rule,
                                 struct fid_error *error);

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

/* ---- tracks: the same face in frame after frame ---- */

enum fid_track_state {
    FID_TRACK_NEW,   /* not decided yet */
    FID_TRACK_KNOWN, /* label.name is the person's */
    FID_TRACK_UNKNOWN
};

struct fid_track {
    uint32_t id;         /* from 1 on, never used again */
    bool seen;           /* found in the newest frame; else only missed for a moment */
    bool confirmed;      /* found more than once: hardly a detector's mistake */
    uint64_t first_ns;   /* time of the first frame it was found in, ... */
    uint64_t seen_ns;    /* of the last one */
    uint64_t decided_ns; /* of the frame that ended FID_TRACK_NEW; 0: none yet */

    struct fid_face face;       /* as the detector found it last */
    struct fid_box box;         /* smoothed, for showing */
    float velocity[2];          /* of the box, pixels a second */
    struct fid_quality quality; /* when it was found last */

    enum fid_track_state state;
    struct fid_label label; /* the decision: a vote over several embeddings */
    struct fid_label last;  /* what the last embedding alone says; reason UNDECIDED: none yet */
    size_t embedded;        /* embeddings so far */
};

#define FID_TRACKS_MAX 64 /* at once; more faces of a frame are ignored, the last ones first */

struct fid_tracker;

struct fid_track_options {
    size_t embedding_size;
    float alike; /* cosine below which two embeddings are of two people (the rule's maybe) */
};

/* FID_NO_MEMORY. Nothing is allocated later. */
enum fid_status fid_tracker_open(const struct fid_track_options *options,
                                 struct fid_tracker **tracker, struct fid_error *error);
void fid_tracker_close(struct fid_tracker **tracker);

/* The faces found in the frame of this time (which never goes back), best first, with their
 * quality: goes on with the tracks that they belong to, begins new ones, ends those that have been
 * missed for too long. A face whose box is none is left out. */
void fid_tracker_update(struct fid_tracker *tracker, uint64_t time_ns, const struct fid_face *faces,
                        const struct fid_quality *qualities, size_t count);

/* There is no newer frame, and it is this late: ends what was seen too long ago. */
void fid_tracker_expire(struct fid_tracker *tracker, uint64_t time_ns);

/* Which tracks of the newest frame should be embedded: FILLS ids, the most urgent first, and
 * returns how many. The first *urgent of them wait for a decision; the others can wait. */
size_t fid_tracker_due(const struct fid_tracker *tracker, uint32_t ids[FID_TRACKS_MAX],
                       size_t *urgent);

/* The embedding of a track's face in the newest frame. Unlike the track's others twice running, or
 * once after a jump, it shows that the face is somebody else's by now: the track ends and another
 * one begins with this face. */
void fid_tracker_embedded(struct fid_tracker *tracker, uint32_t id, const float *embedding,
                          const struct fid_gallery *gallery, const struct fid_rule *rule);

/* Decides who everybody is. With `again` (the gallery or the rule has changed) from the embeddings
 * kept so far. One name stands at most once in a frame. */
void fid_tracker_decide(struct fid_tracker *tracker, const struct fid_gallery *gallery,
                        const struct fid_rule *rule, bool again);

/* The user says that the track is not the person that it was taken for, and never is. */
void fid_tracker_reject(struct fid_tracker *tracker, uint32_t id);

size_t fid_tracker_count(const struct fid_tracker *tracker);
/* i < count; valid until the next call that changes the tracker. */
const struct fid_track *fid_tracker_track(const struct fid_tracker *tracker, size_t i);

/* ---- evaluation ---- */

/* What is accepted from a threshold on, of scores that should be (mated) and that should not
 * (impostors). */
struct fid_curve_point {
    float threshold; /* accepted are scores >= threshold */
    size_t mated, impostors;
};

struct fid_curve {                  /* zero-initialise */
    struct fid_curve_point *points; /* owned: the first accepts nothing, then one for each different
                                       score, the highest first */
    size_t count;
    size_t mated, impostors; /* all that there are */
};

/* FILLS the curve of count scores, -INFINITY for what no threshold accepts. FID_INVALID: a score is
 * no number; FID_NO_MEMORY. */
enum fid_status fid_curve_make(const float *scores, const bool *mated, size_t count,
                               struct fid_curve *curve, struct fid_error *error);
void fid_curve_free(struct fid_curve *curve); /* leaves it zero */

/* The last point that accepts at most this share of the impostors; below 0 or NAN: the first. */
size_t fid_curve_at_rate(const struct fid_curve *curve, double rate);
/* The point that says what a threshold accepts. */
size_t fid_curve_at_threshold(const struct fid_curve *curve, double threshold);
/* A threshold for point i: in the middle between its score and the next one, for the first point a
 * little above the highest score; INFINITY if there is no score. */
double fid_curve_threshold(const struct fid_curve *curve, size_t i);
/* FILLS *limit with the lowest score of a stranger such that no more than `fpir` of further
 * strangers are to be expected at or above it, and *named with how many of these are: whatever the
 * scores' distribution, the chance of another one to reach the k-th highest of n is k / (n + 1).
 * False if there are too few strangers for that wish: it takes 1 / fpir - 1 of them at least. */
bool fid_limit_for(const struct fid_curve *curve, double fpir, float *limit, size_t *named);

/* The chance that something mated scores higher than an impostor; equal scores count for half.
 * NAN where there is nothing mated or no impostor. */
double fid_curve_area(const struct fid_curve *curve);

struct fid_share { /* count of a whole */
    size_t count, whole;
    double share, low, high; /* with its 95 % interval of Clopper and Pearson; 0 of 0 is 0 */
};
struct fid_share fid_share_of(size_t count, size_t whole); /* count <= whole */

struct fid_verification {       /* of pairs: same person or not */
    double accuracy, deviation; /* over the folds */
    double threshold;           /* best on all pairs, or the given one */
    size_t errors;              /* wrong pairs at that threshold */
    double tar_at_far_1e2, tar_at_far_1e3, auc;
};
struct fid_fold { /* accuracy of its pairs at the threshold, which is the best on the other folds */
    double accuracy, threshold;
};
/* scores, same: count pairs (higher score = more alike); fold[i] in 0..fold_count-1. Every fold is
 * judged by `threshold`, or if that is NAN, by the best one on the other folds. FILLS *result and
 * folds[fold_count] (may be NULL). */
enum fid_status fid_evaluate_pairs(const float *scores, const bool *same, const int *fold,
                                   size_t count, int fold_count, double threshold,
                                   struct fid_verification *result, struct fid_fold *folds,
                                   struct fid_error *error);

struct fid_scored_box {
    int picture;
    struct fid_box box;
    float score;
};
struct fid_truth_box {
    int picture;
    struct fid_box box;
    bool ignore; /* neither a miss nor, when found, a false alarm */
};
/* Matches what was found with the truth at the given IoU (0.5). FILLS truth_scores[truth_count]
 * with the score that each face was found with, -INFINITY for the others; *curve (mated: the faces;
 * impostors: false alarms; the caller frees it); and *average_precision: the area under the
 * envelope of precision over recall. FID_INVALID: a box that is not finite, or nothing to find. */
enum fid_status fid_evaluate_detection(const struct fid_scored_box *found, size_t found_count,
                                       const struct fid_truth_box *truth, size_t truth_count,
                                       double iou, float *truth_scores, struct fid_curve *curve,
                                       double *average_precision, struct fid_error *error);

#pragma GCC visibility pop
#ifdef __cplusplus
}
#endif
#endif
