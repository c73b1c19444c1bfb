/* net.c - small networks for tests. */
#include "tests/check/net.h"

#include "engine/nn/model.h"
#include "tests/check/check.h"
#include "tests/check/net_reference.h"

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { INPUTS_MAX = 8, TENSORS_MAX = 3 };

enum fid_status net_open_file(struct net *net, const char *path, const struct fid_options *options,
                              int n, bool keep_values, struct fid_error *error)
{
    const struct fid_session_options session_options = {.keep_values = keep_values};
    memset(net, 0, sizeof *net);
    enum fid_status status = fid_runtime_open(&net->runtime, options, error);
    if (status == FID_OK)
        status = fid_model_open(net->runtime, path, &net->model, error);
    if (status == FID_OK)
        status = fid_session_open(net->runtime, net->model, NULL, n, 0, 0, &session_options,
                                  &net->session, error);
    return status;
}

enum fid_status net_open(struct net *net, struct fid_builder *builder,
                         const struct fid_options *options, int n, bool keep_values,
                         struct fid_error *error)
{
    static int number;
    char path[4096];
    memset(net, 0, sizeof *net);
    snprintf(path, sizeof path, "%s/net%d.fid", check_temp_folder(), number++);
    if (fid_builder_write(builder, path) != 0)
        return fid_fail(error, FID_IO, "cannot write %s", path);
    const enum fid_status status = net_open_file(net, path, options, n, keep_values, error);
    remove(path);
    return status;
}

void net_close(struct net *net)
{
    fid_session_close(&net->session);
    fid_model_close(&net->model);
    fid_runtime_close(&net->runtime);
}

static size_t count_of(const struct fid_value *v)
{
    return (size_t)v->n * (size_t)v->h * (size_t)v->w * (size_t)v->c;
}

void net_fill(struct net *net)
{
    struct fid_value input;
    uint32_t state = 12345;
    fid_session_input(net->session, &input);
    for (size_t i = 0; i < count_of(&input); i++) {
        state = state * 1664525u + 1013904223u;
        input.data[i] = (float)(state >> 8) * 0x1p-23f - 1.0f;
    }
}

void net_run(struct net *net)
{
    struct fid_value input;
    net_fill(net);
    fid_session_input(net->session, &input);
    fid_session_run(net->session, input.n);
}

/* ---- checking ---- */

/* Whether got is the number wanted. Beyond what a float holds, e.g. exp of 95,
 * infinity is right. */
static bool near(double got, struct net_number want)
{
    return fabs(got - want.value) <= want.tolerance ||
           (got == copysign(INFINITY, want.value) && fabs(want.value) + want.tolerance > FLT_MAX);
}

static void verify_node(const struct net_node_view *view, const char *name)
{
    const struct fid_value *out = &view->output;
    for (int n = 0; n < out->n; n++)
        for (int y = 0; y < out->h; y++)
            for (int x = 0; x < out->w; x++)
                for (int j = 0; j < out->c; j++) {
                    const struct net_number want = net_reference(view, n, y, x, j);
                    const float got = net_at(out, n, y, x, j);
                    if (near((double)got, want))
                        continue;
                    check_fail(__FILE__, __LINE__,
                               "%s at (%d, %d, %d, %d) of %d x %d x %d: %.9g, not %.9g ± %.3g",
                               name, n, y, x, j, out->h, out->w, out->c, (double)got, want.value,
                               want.tolerance);
                    return;
                }
}

/* The side of the tiles of a step whose method is called winograd_MxM, 0 for other methods. */
static int winograd_m(const struct net *net, size_t number)
{
    static const char prefix[] = "winograd_";
    struct fid_step_info step;
    CHECK(fid_session_step(net->session, number, &step));
    return strncmp(step.method, prefix, sizeof prefix - 1) == 0
               ? atoi(step.method + sizeof prefix - 1)
               : 0;
}

/* Values have the numbers of the nodes that compute them plus one: fid_builder makes them so. */
static void view_and_verify(const struct net *net, size_t number, const struct fid_file_node *node)
{
    struct fid_value inputs[INPUTS_MAX];
    const float *tensors[TENSORS_MAX] = {0};
    int ranks[TENSORS_MAX] = {0};
    size_t count;
    const uint32_t *index = fid_weight_file_index(net->model->file, &count);
    const struct fid_file_tensor *records = fid_weight_file_tensors(net->model->file, &count);
    struct net_node_view view = {
        .node = node, .inputs = inputs, .tensors = tensors, .ranks = ranks};
    for (size_t i = 0; i < node->input_count && i < INPUTS_MAX; i++)
        CHECK(fid_session_value(net->session, index[node->first_input + i], &inputs[i]));
    for (size_t i = 0; i < node->tensor_count && i < TENSORS_MAX; i++) {
        tensors[i] = fid_weight_file_tensor_data(net->model->file, index[node->first_tensor + i]);
        ranks[i] = records[index[node->first_tensor + i]].rank;
    }
    CHECK(fid_session_value(net->session, number + 1, &view.output));
    struct net_winograd_tile tile = {0};
    view.winograd_m = winograd_m(net, number);
    view.tile = &tile;
    verify_node(&view, fid_weight_file_string(net->model->file, node->name));
}

void net_verify(const struct net *net)
{
    size_t count;
    const struct fid_file_node *nodes = fid_weight_file_nodes(net->model->file, &count);
    const struct fid_file_graph *graph = fid_weight_file_graphs(net->model->file, &count);
    for (size_t i = 0; i < graph->node_count; i++)
        view_and_verify(net, i, &nodes[i]);
}

bool net_same_bits(const struct net *a, const struct net *b, int n)
{
    struct fid_value va, vb;
    if (!fid_session_output(a->session, NULL, &va) || !fid_session_output(b->session, NULL, &vb))
        return false;
    const size_t count = count_of(&va) / (size_t)va.n * (size_t)n;
    return va.h == vb.h && va.w == vb.w && va.c == vb.c &&
           memcmp(va.data, vb.data, count * sizeof *va.data) == 0;
}

/* ---- building ---- */

uint32_t net_random_tensor(struct fid_builder *builder, uint32_t rank, const uint32_t *dims)
{
    static int number;
    char name[32];
    size_t count = 1;
    for (uint32_t i = 0; i < rank; i++)
        count *= dims[i];
    float *data = malloc(count * sizeof *data);
    if (data == NULL)
        abort();
    for (size_t i = 0; i < count; i++)
        data[i] = check_random_float(-1, 1);
    snprintf(name, sizeof name, "tensor%d", number++);
    uint32_t tensor = fid_builder_tensor(builder, name, rank, dims, data);
    free(data);
    return tensor;
}

uint32_t net_node(struct fid_builder *builder, struct fid_file_node fields, uint32_t activation,
                  uint32_t c, size_t input_count, const uint32_t *inputs, size_t tensor_count,
                  uint32_t *tensors)
{
    static int number;
    char name[32];
    fields.activation = (uint16_t)activation;
    if (activation == FID_ACT_CLAMP) {
        fields.act_min = check_random_below(2) ? -0.5f : 0.0f;
        fields.act_max = check_random_below(2) ? 0.5f : INFINITY;
    }
    if (activation == FID_ACT_PRELU)
        tensors[tensor_count++] = net_random_tensor(builder, 1, &c);
    snprintf(name, sizeof name, "node%d_op%u", number++, fields.op);
    return fid_builder_node(builder, name, &fields, input_count, inputs, tensor_count, tensors);
}

uint32_t net_conv(struct fid_builder *builder, struct fid_file_node fields, uint32_t activation,
                  uint32_t c_in, uint32_t c_out, size_t input_count, const uint32_t *inputs)
{
    const uint32_t dims[] = {c_out, (uint32_t)fields.kernel_h, (uint32_t)fields.kernel_w,
                             c_in / (uint32_t)fields.groups};
    uint32_t tensors[TENSORS_MAX];
    tensors[0] = net_random_tensor(builder, 4, dims);
    tensors[1] = net_random_tensor(builder, 1, &c_out);
    fields.op = FID_OP_CONV;
    return net_node(builder, fields, activation, c_out, input_count, inputs, 2, tensors);
}

int net_window_size(int in, int kernel, int stride, int dilation, int pad_before, int pad_after,
                    int pad_mode, int *before)
{
    const int extent = (dilation > 0 ? dilation : 1) * (kernel - 1) + 1;
    const double room = in + pad_before + pad_after - extent;
    *before = pad_before;
    if (pad_mode == FID_PAD_SAME) {
        const int out = (int)ceil((double)in / stride);
        const int total = (out - 1) * stride + extent - in;
        *before = total > 0 ? total / 2 : 0;
        return out;
    }
    if (room < 0)
        return 0;
    if (pad_mode == FID_PAD_EXPLICIT)
        return (int)floor(room / stride) + 1;
    int out = (int)ceil(room / stride) + 1;
    if ((out - 1) * stride >= in + pad_before)
        out--;
    return out;
}
