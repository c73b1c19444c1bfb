/* net_bytes_reference.c - what the layer kinds compute from bytes: whole numbers first, then the
 * roundings that FORMAT.md, quantized.h and struct fid_post_s8 state, one operation at a time. */
#include "tests/check/net_reference.h"

#include <math.h>

/* ---- what bytes stand for ---- */

static int zero_of(const struct fid_value *v)
{
    return (int)v->quantized[0];
}

static double scale_of(const struct fid_value *v, int channel)
{
    return (double)v->quantized[v->quantized_count == 2 ? 1 : 1 + channel];
}

static bool is_bytes(const struct fid_value *v)
{
    return v->quantized != NULL;
}

/* The byte less the zero point; 0 on the padding. */
static int64_t whole(const struct fid_value *v, int n, int y, int x, int j)
{
    if (y < 0 || y >= v->h || x < 0 || x >= v->w)
        return 0;
    return (int64_t)net_at(v, n, y, x, j) - zero_of(v);
}

/* ---- from a sum to the output ---- */

/* One step of the output in channel j. */
static double unit_of(const struct fid_value *out, int j)
{
    return is_bytes(out) ? scale_of(out, j) : 1;
}

static float limit_in_steps(const struct fid_value *out, float number, int j)
{
    if (!is_bytes(out))
        return number;
    const double steps = (double)number / scale_of(out, j);
    return (float)fmin(fmax(steps, -zero_of(out)), 255 - zero_of(out));
}

/* PReLU, limits, and the byte or the number; then what activation is left. */
static struct net_number finish(const struct net_node_view *view, float v, int j,
                                const float *slope)
{
    const struct fid_file_node *node = view->node;
    const struct fid_value *out = &view->output;
    const bool clamps = node->activation == FID_ACT_CLAMP;
    const float low = limit_in_steps(out, clamps ? node->act_min : -INFINITY, j);
    const float high = limit_in_steps(out, clamps ? node->act_max : INFINITY, j);
    if (node->activation == FID_ACT_PRELU && v < 0)
        v = slope[j] * v;
    v = v < low ? low : v > high ? high : v;
    if (is_bytes(out))
        return (struct net_number){zero_of(out) + rint((double)v), 0};
    const struct net_number result = {(double)v, 0};
    return node->activation > FID_ACT_PRELU ? net_on_curve(node->activation, result) : result;
}

/* The filter of s8: its scales, then its bytes. */
static const int8_t *filter_of(const struct net_node_view *view, int j, int64_t count)
{
    return (const int8_t *)(view->tensors[0] + view->output.c) + j * count;
}

/* A sum of products of bytes: with the bias in whole products, the residual, the activation. */
static struct net_number finish_sum(const struct net_node_view *view, int64_t sum, int n, int y,
                                    int x, int j)
{
    const double limit = 0x1p30 - 1;
    const double product = scale_of(&view->inputs[0], j) * (double)view->tensors[0][j];
    const double bias = rint((double)view->tensors[1][j] / product);
    const double unit = unit_of(&view->output, j);
    sum += (int64_t)fmax(fmin(bias, limit), -limit);
    float v = (float)sum * (float)(product / unit);
    if (view->node->input_count > 1) {
        const struct fid_value *residual = &view->inputs[1];
        v += (float)whole(residual, n, y, x, j) * (float)(scale_of(residual, j) / unit);
    }
    return finish(view, v, j, view->tensors[2]);
}

/* ---- the kinds ---- */

static struct net_number conv(const struct net_node_view *view, int n, int y, int x, int j)
{
    const struct fid_file_node *node = view->node;
    const struct fid_value *in = &view->inputs[0];
    const int per_group = in->c / node->groups;
    const int first = j / (view->output.c / node->groups) * per_group;
    const int8_t *w = filter_of(view, j, (int64_t)node->kernel_h * node->kernel_w * per_group);
    int64_t sum = 0;
    int top, left;
    net_pads_of(view, &top, &left);
    for (int ky = 0; ky < node->kernel_h; ky++)
        for (int kx = 0; kx < node->kernel_w; kx++) {
            const int row = net_tap_place(y, ky, node->stride_h, node->dilation_h, top);
            const int column = net_tap_place(x, kx, node->stride_w, node->dilation_w, left);
            for (int p = 0; p < per_group; p++, w++)
                sum += whole(in, n, row, column, first + p) * *w;
        }
    return finish_sum(view, sum, n, y, x, j);
}

static struct net_number fully_connected(const struct net_node_view *view, int n, int j)
{
    const struct fid_value *in = &view->inputs[0];
    const int8_t *w = filter_of(view, j, (int64_t)in->h * in->w * in->c);
    int64_t sum = 0;
    for (int y = 0; y < in->h; y++)
        for (int x = 0; x < in->w; x++)
            for (int p = 0; p < in->c; p++, w++)
                sum += whole(in, n, y, x, p) * *w;
    return finish_sum(view, sum, n, 0, 0, j);
}

static struct net_number add(const struct net_node_view *view, int n, int y, int x, int j)
{
    const double unit = unit_of(&view->output, j);
    float parts[2];
    for (int i = 0; i < 2; i++)
        parts[i] = (float)whole(&view->inputs[i], n, y, x, j) *
                   (float)(scale_of(&view->inputs[i], j) / unit);
    return finish(view, parts[0] + parts[1], j, view->tensors[0]);
}

static struct net_number average(const struct net_node_view *view, int n, int j)
{
    const struct fid_value *in = &view->inputs[0];
    int64_t sum = 0;
    for (int y = 0; y < in->h; y++)
        for (int x = 0; x < in->w; x++)
            sum += whole(in, n, y, x, j);
    const float share = (float)scale_of(in, j) / (float)(in->h * in->w);
    return (struct net_number){(double)((float)sum * share), 0};
}

static struct net_number convert(const struct net_node_view *view, int n, int y, int x, int j)
{
    const struct fid_value *in = &view->inputs[0], *out = &view->output;
    if (!is_bytes(out))
        return (struct net_number){(double)((float)whole(in, n, y, x, j) * (float)scale_of(in, j)),
                                   0};
    const float steps = net_at(in, n, y, x, j) * (1.0f / (float)scale_of(out, j));
    const float most = fminf(fmaxf(steps, (float)-zero_of(out)), (float)(255 - zero_of(out)));
    return (struct net_number){zero_of(out) + rint((double)most), 0};
}

struct net_number net_bytes_reference(const struct net_node_view *view, int n, int y, int x, int j)
{
    switch (view->node->op) {
    case FID_OP_CONV:
        return conv(view, n, y, x, j);
    case FID_OP_FULLY_CONNECTED:
        return fully_connected(view, n, j);
    case FID_OP_ADD:
        return add(view, n, y, x, j);
    case FID_OP_GLOBAL_AVERAGE_POOL:
        return average(view, n, j);
    default: /* FID_OP_CONVERT */
        return convert(view, n, y, x, j);
    }
}
