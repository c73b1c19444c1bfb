/* model.h - weight files, sessions that run their graphs, and quantizing them. */
#ifndef FID_MODEL_H
#define FID_MODEL_H

#include "runtime.h"

#ifdef __cplusplus
extern "C" {
#endif
#pragma GCC visibility push(default) /* what libfaceid.so exports */

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

/* Checks every byte that opening has not checked, and confirms the id.
 * FID_CORRUPT, FID_NO_MEMORY. */
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

/* Metadata of the file by key (weights/FORMAT.md). The string, or NULL when there is none
 * of that type; fid_model_numbers FILLS up to capacity numbers and returns how many the
 * key has (0: none). */
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

/* FILLS output with the shape of an output (NULL: the first) of a graph (NULL: the first)
 * for one input of the customary size; data is NULL. FID_NOT_FOUND: no such graph or
 * output; FID_NO_MEMORY. */
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
 * weights too (FID_CORRUPT, with offset and reason). FID_NOT_FOUND: no such graph; FID_INVALID: a
 * size that it does not take; FID_NO_MEMORY; FID_UNSUPPORTED: over 1 GiB for a value or for
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
    const char *const *only; /* names of the steps that alone change; NULL: all but keep_f32 */
    size_t only_count;
    bool keep_output; /* fid_quantizer_write replaces no file: FID_EXISTS */
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
 * cannot hold, or as fid_output_check; FID_EXISTS: with keep_output; FID_UNSUPPORTED: there is
 * nothing to quantize, or more than the format takes; FID_IO, FID_NO_MEMORY. */
enum fid_status fid_quantizer_write(struct fid_quantizer *quantizer,
                                    const struct fid_model_entry *entries, size_t count,
                                    const char *path, struct fid_error *error);

#pragma GCC visibility pop
#ifdef __cplusplus
}
#endif
#endif
