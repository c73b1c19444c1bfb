/* fuzz_network.c - libFuzzer on what follows the reader of .fid files: graphs that fit together are
 * opened, planned, packed and run.
 *
 * Built and run by `make fuzz`; seeds/network holds the inputs it starts from.
 *
 * The input is a list of choices: kernels, method, batch, the size of the picture; then layers,
 * whose tensors and types are made to fit, so that most files open; then changes of single words
 * of the finished file. All checksums and the id are right. What a file wants much memory or
 * work for is planned and not run. Of a session the outputs are read, and a second run has to
 * give the same bits. */
#include "engine/fid.h"
#include "engine/nn/model.h"
#include "engine/nn/plan.h"
#include "tests/fuzz/network_parts.h"

#include "kernels/kernels.h"

#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t size);

#define RUN_BYTES ((size_t)64 << 20) /* of a session that is run */
#define RUN_WORK  ((uint64_t)1 << 22)

#if defined(__has_feature)
#if __has_feature(memory_sanitizer) /* which sees no write of the other kernels */
#define REF_ONLY 1
#endif
#endif
#ifndef REF_ONLY
#define REF_ONLY 0
#endif

/* ---- a graph that fits together ---- */

static void choose_activation(struct drawing *drawing, struct fid_file_node *node)
{
    node->activation = (uint16_t)choose_below(drawing->choices, FID_ACT_END);
    if (node->activation == FID_ACT_CLAMP) {
        node->act_min = choose_below(drawing->choices, 2) ? -0.5f : -INFINITY;
        node->act_max = choose_below(drawing->choices, 2) ? 6 : INFINITY;
    }
}

static void choose_window(struct drawing *drawing, struct fid_file_node *node)
{
    struct choices *choices = drawing->choices;
    node->kernel_h = 1 + (int32_t)choose_below(choices, 5);
    node->kernel_w = 1 + (int32_t)choose_below(choices, 5);
    node->stride_h = 1 + (int32_t)choose_below(choices, 3);
    node->stride_w = 1 + (int32_t)choose_below(choices, 3);
    node->pad_mode = (int32_t)choose_below(choices, FID_PAD_END);
    if (node->pad_mode == FID_PAD_SAME)
        return;
    node->pad_top = (int32_t)choose_below(choices, 4);
    node->pad_left = (int32_t)choose_below(choices, 4);
    node->pad_bottom = (int32_t)choose_below(choices, 4);
    node->pad_right = (int32_t)choose_below(choices, 4);
}

/* The window's output, or the input's shape where it does not fit and the file is refused. */
static struct fid_shape window_shape(const struct fid_file_node *node, struct fid_shape in,
                                     size_t c)
{
    struct fid_window window;
    if (fid_window_set(node, in, &window) != FID_WINDOW_OK)
        return in;
    return (struct fid_shape){window.out_h, window.out_w, c};
}

/* One layer: its inputs, fields and tensors. FILLS *out with what should come out. */
struct layer {
    struct fid_file_node node;
    uint32_t inputs[3], tensors[3];
    size_t input_count, tensor_count;
    struct fid_shape out;
};

static void draw_conv(struct drawing *drawing, struct layer *layer, struct fid_shape in)
{
    struct fid_file_node *node = &layer->node;
    const uint32_t kind = choose_below(drawing->choices, 4), c_in = (uint32_t)in.c;
    uint32_t c_out = 1 + choose_below(drawing->choices, 20);
    choose_window(drawing, node);
    node->dilation_h = 1 + (int32_t)choose_below(drawing->choices, 2);
    node->dilation_w = 1 + (int32_t)choose_below(drawing->choices, 2);
    node->groups = 1;
    if (kind == 0) /* depthwise */
        node->groups = (int32_t)(c_out = c_in);
    else if (kind == 1 && c_in % 2 == 0) {
        node->groups = 2;
        c_out += c_out % 2;
    } else if (kind == 2) { /* what Winograd takes */
        node->kernel_h = node->kernel_w = 3;
        node->stride_h = node->stride_w = node->dilation_h = node->dilation_w = 1;
    } else if (kind == 3) { /* of its input's shape, which is a residual */
        node->stride_h = node->stride_w = 1;
        node->pad_mode = FID_PAD_SAME;
        node->pad_top = node->pad_left = node->pad_bottom = node->pad_right = 0;
        c_out = c_in;
    }
    const uint32_t filter[] = {c_out, (uint32_t)node->kernel_h, (uint32_t)node->kernel_w,
                               c_in / (uint32_t)node->groups};
    const bool bytes = drawing->steps[layer->inputs[0]] != 0;
    layer->tensors[0] = add_filter(drawing, bytes, 4, filter);
    layer->tensors[1] = add_tensor(drawing, 1, &c_out);
    layer->tensor_count = 2;
    layer->out = window_shape(node, in, c_out);
    for (uint32_t i = 0; i < drawing->count && (kind == 3 || choose_below(drawing->choices, 2));
         i++)
        if (fid_shape_equal(drawing->shapes[i], layer->out) && /* a residual */
            (drawing->steps[i] != 0) == bytes) {
            layer->inputs[1] = i;
            layer->input_count = 2;
        }
}

static void draw_fully_connected(struct drawing *drawing, struct layer *layer, struct fid_shape in)
{
    const uint32_t c_out = 1 + choose_below(drawing->choices, 40);
    const uint32_t filter[] = {c_out, (uint32_t)fid_shape_count(in)};
    layer->tensors[0] = add_filter(drawing, drawing->steps[layer->inputs[0]] != 0, 2, filter);
    layer->tensors[1] = add_tensor(drawing, 1, &c_out);
    layer->tensor_count = 2;
    layer->out = (struct fid_shape){1, 1, c_out};
}

static void draw_shape(struct drawing *drawing, struct layer *layer, struct fid_shape in)
{
    static const int32_t orders[6][4] = {{0, 1, 2, 3}, {0, 1, 3, 2}, {0, 2, 1, 3},
                                         {0, 2, 3, 1}, {0, 3, 1, 2}, {0, 3, 2, 1}};
    const size_t sides[] = {0, in.h, in.w, in.c};
    const int32_t *order = orders[choose_below(drawing->choices, 6)];
    for (int i = 1; i < 4; i++)
        layer->node.shape[i] =
            layer->node.op == FID_OP_RESHAPE ? (int32_t)sides[order[i]] : order[i];
    layer->out = (struct fid_shape){sides[order[1]], sides[order[2]], sides[order[3]]};
    if (layer->node.op == FID_OP_RESHAPE)
        layer->node.shape[1 + choose_below(drawing->choices, 3)] = -1;
}

/* A second input, mostly one of the first one's shape. */
static void draw_pair(struct drawing *drawing, struct layer *layer, struct fid_shape in)
{
    const uint32_t other = choose_below(drawing->choices, drawing->count);
    const uint32_t own = drawing->steps[layer->inputs[0]], its = drawing->steps[other];
    const bool fits = layer->node.op == FID_OP_ADD ? (own != 0) == (its != 0) : own == its;
    layer->inputs[1] =
        fits && fid_shape_equal(drawing->shapes[other], in) ? other : layer->inputs[0];
    layer->input_count = 2;
    if (layer->node.op == FID_OP_CONCAT) {
        layer->node.axis = 1 + (int32_t)choose_below(drawing->choices, 3);
        layer->out.h *= layer->node.axis == 1 ? 2 : 1;
        layer->out.w *= layer->node.axis == 2 ? 2 : 1;
        layer->out.c *= layer->node.axis == 3 ? 2 : 1;
    }
}

/* The kinds of version 1.2. */
static void draw_newer(struct drawing *drawing, struct layer *layer, struct fid_shape in)
{
    const uint32_t c = (uint32_t)in.c;
    struct fid_file_node *node = &layer->node;
    if (node->op == FID_OP_RESIZE_BILINEAR) {
        node->mode = (int32_t)choose_below(drawing->choices, FID_RESIZE_END);
        node->shape[1] = 1 + (int32_t)choose_below(drawing->choices, 30);
        node->shape[2] = 1 + (int32_t)choose_below(drawing->choices, 30);
        layer->out = (struct fid_shape){(size_t)node->shape[1], (size_t)node->shape[2], in.c};
    } else if (node->op == FID_OP_SLICE) {
        node->axis = 3;
        node->shape[1] = (int32_t)choose_below(drawing->choices, c);
        node->shape[2] = 1 + (int32_t)choose_below(drawing->choices, c - (uint32_t)node->shape[1]);
        layer->out.c = (size_t)node->shape[2];
    } else if (node->op == FID_OP_MATMUL) { /* with itself, turned: always possible */
        node->axis = 3;
        layer->inputs[1] = layer->inputs[0];
        layer->input_count = 2;
        layer->out.c = in.w;
    } else {
        node->epsilon = choose_below(drawing->choices, 2) ? 1e-6f : 0;
    }
    if (node->op == FID_OP_LAYER_NORM) {
        layer->tensors[layer->tensor_count++] = add_tensor(drawing, 1, &c);
        layer->tensors[layer->tensor_count++] = add_tensor(drawing, 1, &c);
    }
}

static void draw_by_kind(struct drawing *drawing, struct layer *layer, struct fid_shape in)
{
    const uint32_t c = (uint32_t)in.c;
    layer->out = in;
    switch (layer->node.op) {
    case FID_OP_CONV:
        draw_conv(drawing, layer, in);
        break;
    case FID_OP_MAX_POOL:
    case FID_OP_AVERAGE_POOL:
        choose_window(drawing, &layer->node);
        layer->out = window_shape(&layer->node, in, in.c);
        break;
    case FID_OP_GLOBAL_AVERAGE_POOL:
        layer->out = (struct fid_shape){1, 1, in.c};
        break;
    case FID_OP_FULLY_CONNECTED:
        draw_fully_connected(drawing, layer, in);
        break;
    case FID_OP_ADD:
    case FID_OP_MULTIPLY:
    case FID_OP_CONCAT:
        draw_pair(drawing, layer, in);
        break;
    case FID_OP_SOFTMAX:
        layer->node.axis = 3;
        break;
    case FID_OP_RESHAPE:
    case FID_OP_TRANSPOSE:
        draw_shape(drawing, layer, in);
        break;
    case FID_OP_RESIZE_NEAREST:
        layer->node.scale = 2;
        layer->out.h *= 2;
        layer->out.w *= 2;
        break;
    case FID_OP_LAYER_NORM:
    case FID_OP_L2_NORMALIZE:
    case FID_OP_MATMUL:
    case FID_OP_RESIZE_BILINEAR:
    case FID_OP_SLICE:
        draw_newer(drawing, layer, in);
        break;
    case FID_OP_AFFINE:
        layer->tensors[layer->tensor_count++] = add_tensor(drawing, 1, &c);
        layer->tensors[layer->tensor_count++] = add_tensor(drawing, 1, &c);
        break;
    default:
        break;
    }
}

static bool has_activation(uint16_t op)
{
    return op == FID_OP_CONV || op == FID_OP_FULLY_CONNECTED || op == FID_OP_ADD ||
           op == FID_OP_MULTIPLY || op == FID_OP_ACTIVATION || op == FID_OP_AFFINE;
}

/* What a layer makes of bytes. */
enum of_bytes { NOTHING, OTHER_STEPS, OTHER_STEPS_OR_F32, SAME_STEPS, F32 };
static const uint8_t of_bytes[FID_OP_END] = {[FID_OP_CONV] = OTHER_STEPS_OR_F32,
                                             [FID_OP_FULLY_CONNECTED] = OTHER_STEPS_OR_F32,
                                             [FID_OP_ADD] = OTHER_STEPS,
                                             [FID_OP_MAX_POOL] = SAME_STEPS,
                                             [FID_OP_CONCAT] = SAME_STEPS,
                                             [FID_OP_RESHAPE] = SAME_STEPS,
                                             [FID_OP_TRANSPOSE] = SAME_STEPS,
                                             [FID_OP_RESIZE_NEAREST] = SAME_STEPS,
                                             [FID_OP_SLICE] = SAME_STEPS,
                                             [FID_OP_GLOBAL_AVERAGE_POOL] = F32,
                                             [FID_OP_CONVERT] = F32};

/* The steps of a layer's output: 0 for f32. An activation that bytes do not have is left out. */
static uint32_t choose_steps(struct drawing *drawing, struct layer *layer, bool f32)
{
    const uint32_t own = drawing->steps[layer->inputs[0]];
    if (own == 0)
        return layer->node.op == FID_OP_CONVERT ? add_steps(drawing, (uint32_t)layer->out.c) : 0;
    switch (of_bytes[layer->node.op]) {
    case OTHER_STEPS:
        return add_steps(drawing, (uint32_t)layer->out.c);
    case OTHER_STEPS_OR_F32:
        return f32 ? 0 : add_steps(drawing, (uint32_t)layer->out.c);
    case SAME_STEPS:
        return own;
    default:
        return 0;
    }
}

/* False where the values become large. */
static bool draw_layer(struct drawing *drawing, uint32_t kind)
{
    char name[16];
    struct layer layer = {.input_count = 1};
    const uint32_t back = choose_below(drawing->choices, drawing->count);
    layer.node.op = (uint16_t)kind;
    layer.inputs[0] = drawing->count - 1 - back;
    const struct fid_shape in = drawing->shapes[layer.inputs[0]];
    const bool bytes = drawing->steps[layer.inputs[0]] != 0;
    const bool f32 = bytes && choose_below(drawing->choices, 4) == 0;
    if (bytes && of_bytes[kind] == NOTHING)
        layer.node.op = FID_OP_CONVERT;
    if (has_activation(layer.node.op))
        choose_activation(drawing, &layer.node);
    if (bytes && !f32)
        layer.node.activation %= FID_ACT_PRELU + 1;
    if (layer.node.op == FID_OP_ACTIVATION && layer.node.activation == FID_ACT_NONE)
        layer.node.activation = FID_ACT_SIGMOID;
    draw_by_kind(drawing, &layer, in);
    const uint32_t c = (uint32_t)layer.out.c;
    if (layer.node.activation == FID_ACT_PRELU)
        layer.tensors[layer.tensor_count++] = add_tensor(drawing, 1, &c);
    snprintf(name, sizeof name, "n%u", drawing->count);
    const uint32_t value = fid_builder_node(drawing->builder, name, &layer.node, layer.input_count,
                                            layer.inputs, layer.tensor_count, layer.tensors);
    const uint32_t steps = choose_steps(drawing, &layer, f32);
    if (steps != 0)
        fid_builder_quantize(drawing->builder, value, steps - 1);
    drawing->steps[drawing->count] = steps;
    drawing->shapes[drawing->count++] = layer.out;
    drawing->told = choose_below(drawing->choices, 4) == 0 && steps == 0;
    if (drawing->told)
        fid_builder_output(drawing->builder, value);
    return fid_shape_count(layer.out) <= NUMBERS_MOST / 64;
}

static struct fid_builder *draw(struct choices *choices)
{
    struct drawing drawing = {.choices = choices, .builder = fid_builder_open(), .count = 1};
    const uint32_t h = 1 + choose_below(choices, 24), w = 1 + choose_below(choices, 24);
    const uint32_t c = 1 + choose_below(choices, 20);
    const uint32_t layers = 1 + choose_below(choices, LAYERS_MOST);
    fid_builder_graph(drawing.builder, "net", h, w, c);
    if (choose_below(choices, 2))
        fid_builder_free_size(drawing.builder, 1);
    drawing.shapes[0] = (struct fid_shape){h, w, c};
    bool small = choose_below(choices, 2) == 0 || draw_layer(&drawing, FID_OP_CONVERT);
    while (small && drawing.count <= layers)
        small = draw_layer(&drawing, 1 + choose_below(choices, FID_OP_END - 1));
    if (drawing.steps[drawing.count - 1] != 0) { /* bytes are no output */
        const uint32_t last = drawing.count - 1;
        fid_builder_node(drawing.builder, "last", &(struct fid_file_node){.op = FID_OP_CONVERT}, 1,
                         &last, 0, NULL);
        drawing.count++;
    }
    if (!drawing.told)
        fid_builder_output(drawing.builder, drawing.count - 1);
    return drawing.builder;
}

/* ---- changes of the finished file ---- */

/* Changes words of the records, as long as there are choices. */
static void change_words(struct choices *choices, uint8_t *bytes)
{
    static const uint32_t odd[] = {
        0,        1,          2,        3,          5,          15,         16,         17,
        63,       64,         65,       255,        256,        1000,       65535,      65536,
        1u << 24, 0x7FFFFFFF, 1u << 31, 0xFFFFFFFF, 0x7F800000, 0x7FC00000, 0xFF800000, 0x3F800000};
    static const enum fid_section sections[] = {
        FID_SECTION_NODE, FID_SECTION_NODE, FID_SECTION_GRPH, FID_SECTION_INDX,
        FID_SECTION_TENS, FID_SECTION_VALU, FID_SECTION_DATA, FID_SECTION_META};
    const struct fid_file_section *table = (const void *)(bytes + sizeof(struct fid_file_header));
    while (choices->at < choices->end) {
        const struct fid_file_section *section = &table[sections[choose_below(choices, 8)]];
        const uint32_t place = choose(choices) << 8 | choose(choices);
        const uint32_t value = choose(choices);
        if (section->bytes < sizeof value)
            continue;
        const size_t at = place % (section->bytes / sizeof value) * sizeof value;
        const uint32_t word = odd[value % (sizeof odd / sizeof *odd)];
        memcpy(bytes + section->offset + at, &word, sizeof word);
    }
}

/* ---- opening, planning, running ---- */

static volatile float sink; /* what was read is used */

/* Would a session be small enough to be run? Plans it either way. */
static bool is_small(const struct fid_runtime *runtime, const struct fid_model *model, size_t n)
{
    size_t count;
    struct fid_plan *plan;
    struct fid_error error;
    const struct fid_file_graph *graph = fid_weight_file_graphs(model->file, &count);
    const struct fid_plan_context context = fid_runtime_context(runtime, n);
    bool small = false;
    if (fid_plan_open(model->file, graph, n, graph->h, graph->w, &plan, &error) == FID_OK &&
        fid_plan_memory(plan, &context, false, &error) == FID_OK)
        small = plan->work <= RUN_WORK && plan->arena_bytes <= RUN_BYTES &&
                plan->packed_bytes <= RUN_BYTES && plan->scratch_bytes <= RUN_BYTES;
    fid_plan_close(&plan);
    return small;
}

static uint64_t read_outputs(const struct fid_session *session)
{
    uint64_t hash = 1469598103934665603u;
    struct fid_value value;
    for (size_t i = 0; fid_session_value(session, i, &value); i++) {
        const size_t count = (size_t)value.n * (size_t)value.h * (size_t)value.w * (size_t)value.c;
        for (size_t j = 0; value.bytes != NULL && j < count; j++)
            hash = (hash ^ value.bytes[j]) * 1099511628211u;
        for (size_t j = 0; i > 0 && value.data != NULL && j < count; j++) {
            uint32_t bits;
            memcpy(&bits, &value.data[j], sizeof bits);
            hash = (hash ^ bits) * 1099511628211u;
            sink = value.data[j];
        }
    }
    return hash;
}

static void run(struct fid_runtime *runtime, const struct fid_model *model, int n, bool keep)
{
    const struct fid_session_options options = {.keep_values = keep, .profile = keep};
    struct fid_session *session;
    struct fid_value input;
    struct fid_error error;
    if (fid_session_open(runtime, model, NULL, n, 0, 0, &options, &session, &error) != FID_OK)
        return;
    fid_session_input(session, &input);
    for (size_t i = 0; i < (size_t)input.n * (size_t)input.h * (size_t)input.w * (size_t)input.c;
         i++)
        input.data[i] = (float)(i * 37 % 255) / 100 - 1;
    fid_session_run(session, n);
    const uint64_t once = read_outputs(session);
    fid_session_run(session, n);
    if (read_outputs(session) != once)
        abort();
    fid_session_close(&session);
}

/* A file without a name: opened by what /proc calls it. */
static int file_of(const uint8_t *bytes, size_t size, char path[64])
{
    const int fd = memfd_create("network", MFD_CLOEXEC);
    if (fd < 0 || write(fd, bytes, size) != (ssize_t)size)
        abort();
    snprintf(path, 64, "/proc/self/fd/%d", fd);
    return fd;
}

static void open_and_run(const char *path, const struct fid_options *options, uint32_t how)
{
    struct fid_runtime *runtime;
    struct fid_model *model;
    struct fid_error error;
    const int n = 1 + (int)(how >> 3 & 3);
    if (fid_runtime_open(&runtime, options, &error) != FID_OK)
        return;
    if (fid_model_open(runtime, path, &model, &error) == FID_OK) {
        if (how & 64)
            fid_model_start_confirm(model);
        if (is_small(runtime, model, (size_t)n)) {
            char packed[64] = "/tmp/fuzz-network-XXXXXX";
            const int fd = how & 32 ? mkstemp(packed) : -1;
            run(runtime, model, n, how & 4);
            struct fid_model *again;
            if (fd >= 0 && fid_model_pack(runtime, model, NULL, 0, 0, packed, &error) == FID_OK &&
                fid_model_open(runtime, packed, &again, &error) == FID_OK) {
                run(runtime, again, n, how & 4);
                if (fid_model_verify(runtime, again, &error) != FID_OK)
                    abort(); /* what pack writes is whole */
                fid_model_close(&again);
            }
            if (fd >= 0) {
                close(fd);
                unlink(packed);
            }
        }
        fid_model_confirm(model, &error);
        fid_model_close(&model);
    }
    fid_runtime_close(&runtime);
}

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t size)
{
    static const char *const methods[] = {
        NULL,     "depthwise",    "gemm_1x1",     "indirect_gemm", "im2col_gemm",
        "direct", "winograd_2x2", "winograd_4x4", "rows_gemm"};
    struct choices choices = {input, input + size};
    const uint32_t how = choose(&choices);
    const struct fid_options options = {.threads = 1,
                                        .isa = REF_ONLY || (how & 3) != 0 ? "ref" : NULL,
                                        .method = methods[choose_below(&choices, 9)],
                                        .low_memory = how & 128};
    struct fid_builder *builder = draw(&choices);
    char path[64];
    uint8_t *bytes = fid_builder_finish(builder, &size);
    if (choices.at < choices.end) {
        change_words(&choices, bytes);
        fid_builder_seal(bytes, size);
        fid_builder_identify(bytes, size);
    }
    const int fd = file_of(bytes, size, path);
    open_and_run(path, &options, how);
    close(fd);
    fid_builder_close(&builder);
    return 0;
}
