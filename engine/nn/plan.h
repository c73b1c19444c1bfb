/* plan.h - a graph made ready for one input size: shapes, methods, memory. */
#ifndef FID_NN_PLAN_H
#define FID_NN_PLAN_H

#include "engine/nn/step.h"
#include "weights/weight_file.h"

/* A plan may need this many bytes; more is refused before any allocation. That is far
 * from what networks for faces need (ResNet50: 6 MB of values, 132 of packed weights, 2 of
 * scratch), and a file of a few kilobytes cannot ask for all of a machine's memory. */
#define FID_ARENA_LIMIT   ((uint64_t)4 << 30) /* values; each has FID_VALUE_LIMIT too */
#define FID_PACKED_LIMIT  ((uint64_t)2 << 30) /* packed weights of all steps */
#define FID_SCRATCH_LIMIT ((uint64_t)1 << 30) /* scratch of a step, of all workers */

struct fid_plan {
    const struct fid_weight_file *file; /* borrowed */
    const struct fid_file_graph *graph; /* borrowed */
    size_t n;
    uint64_t work; /* of one picture: FID_LIMIT_WORK */
    size_t step_count, value_count;
    struct fid_step *steps;    /* owned */
    struct fid_tensor *values; /* owned; graph-local numbers */
    struct fid_tensor *inputs; /* owned: the steps' views of their inputs */
    size_t *offsets;           /* owned: of the values in the arena, bytes */
    bool *kept;                /* owned: readable after a run */
    /* The first steps run picture by picture, because their values for a whole batch would not stay
     * in the caches; the values between them have room for one picture. */
    size_t early_count;     /* how many steps; 0 for one picture */
    bool *batched;          /* owned: of the values, those with room for all pictures */
    struct fid_step *early; /* owned: [n - 1][early_count], the steps of the other pictures */
    struct fid_tensor *early_inputs; /* owned: their inputs */
    size_t arena_bytes, packed_bytes, scratch_bytes, scratch_stride;
    size_t shared_offset; /* in the scratch, after the workers' */
    size_t zero_count;    /* most channels of a value */
};

/* Steps and shapes for n inputs of h × w: checks every node against its op. FID_INVALID
 * with a sentence, FID_UNSUPPORTED (a value above FID_VALUE_LIMIT, work above
 * FID_LIMIT_WORK), FID_NO_MEMORY. */
enum fid_status fid_plan_open(const struct fid_weight_file *file,
                              const struct fid_file_graph *graph, size_t n, size_t h, size_t w,
                              struct fid_plan **plan, struct fid_error *error);
void fid_plan_close(struct fid_plan **plan);

/* Chooses methods and lays out the memory: FILLS the sizes and offsets. FID_UNSUPPORTED (more than
 * the limits above), FID_NO_MEMORY. */
enum fid_status fid_plan_memory(struct fid_plan *plan, const struct fid_plan_context *context,
                                bool keep_values, struct fid_error *error);

/* Points values and steps into the arena. */
void fid_plan_bind(struct fid_plan *plan, char *arena);

/* Packs the weights of all steps into packed: packed_bytes, zeroed. FID_NO_MEMORY. */
enum fid_status fid_plan_pack(struct fid_plan *plan, const struct fid_plan_context *context,
                              char *packed, struct fid_error *error);
/* One step, whose filter is made f32 in `widened` if need be: *count numbers that suffice for every
 * step, to be freed; NULL where there is no memory, or count is 0. */
float *fid_plan_widening(const struct fid_plan *plan, size_t *count);
void fid_plan_prepare_step(struct fid_step *step, const struct fid_plan_context *context,
                           float *widened);

/* Makes the early steps of the other pictures from those of the first; the last thing to do. */
void fid_plan_bind_early(struct fid_plan *plan);

/* Early step i of a picture. */
const struct fid_step *fid_plan_early_step(const struct fid_plan *plan, size_t image, size_t i);

#endif
