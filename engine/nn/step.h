/* step.h - one step of a plan, and what a layer kind is: a name and four functions. */
#ifndef FID_NN_STEP_H
#define FID_NN_STEP_H

#include "engine/base/status.h"
#include "engine/base/thread_pool.h"
#include "engine/nn/tensor.h"
#include "engine/nn/window.h"
#include "kernels/kernels.h"
#include "weights/weight_file.h"

#include <stdbool.h>

struct fid_op;
struct fid_conv_method;
struct fid_openblas;

enum { FID_STEP_WEIGHTS = 3 }; /* most tensors of a node: filter, bias, slope */

struct fid_weights {
    const struct fid_file_tensor *record;
    const float *data; /* in the file's map; of a filter the bytes of its type */
    size_t number;     /* in the file */
};

/* One node of the graph, planned. The first part comes from the file, the second from the op. */
struct fid_step {
    const struct fid_op *op;
    const struct fid_file_node *node;
    const struct fid_weight_file *file;
    const char *name;
    size_t number; /* in the graph */
    size_t input_count, weight_count;
    struct fid_tensor *inputs;
    struct fid_weights weights[FID_STEP_WEIGHTS];

    struct fid_tensor output; /* shape: infer_shape */
    uint64_t reach; /* matmul: infer_shape; numbers an output is made of, which no filter tells */
    struct fid_window window;            /* conv, pools: infer_shape */
    const struct fid_conv_method *conv;  /* conv: choose */
    const struct fid_openblas *openblas; /* conv by im2col_openblas */
    const char *method;                  /* printed name */
    const char *kernel_slot;             /* "gemm_f32"; "" when it is plain C */
    bool foreign_kernel;                 /* kernel_slot is a function of another library */
    char kernel[32];                     /* printed: slot and table */
    /* What it needs; what a file asks for may be more than a size_t of 32 bits: plan.c refuses it.
     * 64 bits are enough: the format has no kernel side over 255, and a value or a tensor has 2^28
     * numbers at most. */
    uint64_t packed_bytes;  /* of its filter, laid out for the kernel; see fid_op */
    uint64_t scratch_bytes; /* for each worker */
    uint64_t shared_bytes;  /* for all workers together */
    unsigned share; /* bit i: the output may take input i's memory, if no later step reads it */
    bool alias;     /* the output is input 0 under another shape */
    struct fid_post_f32 post;
    uint64_t macs, bytes; /* for one input */
    void *packed;
};

/* What the ops need to know when they decide. */
struct fid_plan_context {
    const struct fid_kernels *kernels;
    struct fid_pool *pool;
    const struct fid_conv_method *forced; /* conv method wherever it applies; NULL: none */
    const struct fid_openblas *openblas;  /* NULL: not loaded */
    size_t n;                             /* most pictures of a run */
    size_t cache_bytes;                   /* fid_cache_bytes */
    bool low_memory; /* no method is chosen whose packed weights are larger than the filter */
};

/* What a step needs to run. */
struct fid_run {
    const struct fid_kernels *kernels;
    struct fid_pool *pool;
    size_t n;           /* pictures of this run */
    size_t cache_bytes; /* that it was planned with */
    const float *zeros; /* as many as the most channels of a value */
    char *scratch;      /* scratch_stride bytes for each worker */
    size_t scratch_stride;
    void *shared; /* the step's shared_bytes */
};

struct fid_op {
    const char *name;
    /* Checks the node against its inputs' shapes and its tensors; FILLS output.shape and window.
     * FID_INVALID with a sentence. */
    enum fid_status (*infer_shape)(struct fid_step *step, struct fid_error *error);
    /* FILLS method, kernel_slot, the bytes it needs, share, alias, post and macs. */
    void (*choose)(struct fid_step *step, const struct fid_plan_context *context);
    /* Packs the weights into step->packed, whose bytes depend on nothing but the tensors, the
     * kernel table, the method's name and packed_bytes: a file may bring them along, and then this
     * is not called. Either way run does not see the filter (tensor 0) of a step with packed_bytes
     * > 0, only the other tensors. NULL: nothing to pack. */
    void (*prepare)(struct fid_step *step, const struct fid_plan_context *context);
    void (*run)(const struct fid_step *step, const struct fid_run *run);
    int types; /* enum fid_types of quantized.h; 0: f32 alone */
};

/* The filter of a packed step may be out of memory, or never have been checked. */
static inline void fid_step_forget_filter(struct fid_step *step)
{
    if (step->packed_bytes > 0)
        step->weights[0].data = NULL;
}

static inline void *fid_run_scratch(const struct fid_run *run, int worker)
{
    return run->scratch + (size_t)worker * run->scratch_stride;
}

/* Fills error with "node N 'name': " and the sentence; returns FID_INVALID. */
enum fid_status fid_step_refuse(const struct fid_step *step, struct fid_error *error,
                                const char *format, ...) __attribute__((format(printf, 3, 4)));

/* Checks the numbers of inputs and tensors, the slope [c] that stands last where the activation is
 * PReLU included. */
enum fid_status fid_step_check_counts(const struct fid_step *step, size_t inputs_min,
                                      size_t inputs_max, size_t tensors, struct fid_error *error);
/* Checks that tensor i is a vector of c numbers. */
enum fid_status fid_step_check_vector(const struct fid_step *step, size_t i, const char *what,
                                      size_t c, struct fid_error *error);
/* Is the step a convolution of every channel for itself, which the depthwise kernels take? */
bool fid_step_is_depthwise(const struct fid_step *step);
/* Sets the window on input 0 and refuses one that does not fit. */
enum fid_status fid_step_set_window(struct fid_step *step, struct fid_error *error);

/* FILLS step->post from the activation; the slope is tensor slope_at. */
void fid_step_set_post(struct fid_step *step, size_t slope_at);
/* The activations that are not in struct fid_post_f32, in place over `count` numbers of the output
 * from `first` on. */
void fid_step_finish(const struct fid_step *step, const struct fid_kernels *kernels, size_t first,
                     size_t count);

/* Runs fn over ranges of pixels of the whole batch's output, of about 16 K numbers each. */
struct fid_pixel_range {
    size_t first, count;
};
typedef void (*fid_pixels_fn)(const struct fid_step *step, const struct fid_run *run,
                              struct fid_pixel_range range);
void fid_step_for_pixels(const struct fid_step *step, const struct fid_run *run, fid_pixels_fn fn);

#endif
