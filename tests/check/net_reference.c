/* net_reference.c - one number at a time, no thought of speed.
 *
 * Tolerances: a sum of k products (bias and residual count as products by one) may be off by
 * (k + 8) · 2^-24 · 2 · Σ|a·b| (kernels.h). A factor passes an error on as it is; a sigmoid has a
 * slope of at most 1/4 and adds 8 · 2^-24 of itself for expf and the division; softmax adds the
 * rounding of x - max, which exp turns into a relative error, and that of its own sum. */
#include "tests/check/net_reference.h"

#include "kernels/winograd.h"
#include "tests/check/net.h"

#include <math.h>
#include <stdlib.h>

#define EPSILON 0x1p-24

/* A sum under construction. */
struct sum {
    double value, magnitude;
    double terms;
};

static void add_product(struct sum *sum, double a, double b)
{
    sum->value += a * b;
    sum->magnitude += fabs(a * b);
    sum->terms++;
}

float net_at(const struct fid_value *v, int n, int y, int x, int j)
{
    const size_t row = ((size_t)n * (size_t)v->h + (size_t)y) * (size_t)v->w + (size_t)x;
    const size_t place = row * (size_t)v->c + (size_t)j;
    return v->bytes != NULL ? (float)v->bytes[place] : v->data[place];
}

static double curve(unsigned activation, double v)
{
    switch (activation) {
    case FID_ACT_TANH:
        return tanh(v);
    case FID_ACT_GELU:
        return 0.5 * v * (1 + erf(v * sqrt(0.5)));
    case FID_ACT_HARD_SWISH:
        return v * fmin(fmax(v / 6 + 0.5, 0), 1);
    case FID_ACT_EXP:
        return exp(v);
    default: /* FID_ACT_RECIPROCAL */
        return 1 / v;
    }
}

/* An activation of a sum that is off by its tolerance: monotone between neighbors, or of a slope
 * below 2, so that the ends of the interval bound it; then what the function itself may be off. A
 * reciprocal of what may be 0 is anything. */
struct net_number net_on_curve(unsigned activation, struct net_number sum)
{
    if (activation == FID_ACT_SIGMOID) {
        const double share = 1 / (1 + exp(-sum.value));
        return (struct net_number){share, sum.tolerance / 4 + 8 * EPSILON * share};
    }
    const double low = sum.value - sum.tolerance, high = sum.value + sum.tolerance;
    struct net_number result = {curve(activation, sum.value), 0};
    const double spread = fmax(fabs(curve(activation, low) - result.value),
                               fabs(curve(activation, high) - result.value));
    double own = 8 * EPSILON * (fabs(result.value) + EPSILON);
    if (activation == FID_ACT_GELU)
        own = 0x1p-20 * fabs(sum.value);
    else if (activation == FID_ACT_HARD_SWISH) /* v / 6 + 1/2 may end near 0 */
        own = 8 * EPSILON * fabs(sum.value);
    result.tolerance = spread + 2 * sum.tolerance + own;
    if (activation == FID_ACT_RECIPROCAL && low <= 0 && high >= 0)
        result.tolerance = INFINITY;
    return result;
}

static struct net_number activate(const struct net_node_view *view, struct sum sum, int j,
                                  const float *slope)
{
    const struct fid_file_node *node = view->node;
    struct net_number result = {sum.value, (sum.terms + 8) * EPSILON * 2 * sum.magnitude};
    if (node->activation == FID_ACT_CLAMP) {
        result.value = fmin(fmax(sum.value, (double)node->act_min), (double)node->act_max);
    } else if (node->activation == FID_ACT_PRELU) {
        const double factor = (double)slope[j];
        const double widest = fmax(1.0, fabs(factor));
        result.value = sum.value >= 0 ? sum.value : factor * sum.value;
        result.tolerance = widest * (result.tolerance + 2 * EPSILON * fabs(sum.value));
    } else if (node->activation >= FID_ACT_SIGMOID) {
        result = net_on_curve(node->activation, result);
    }
    result.tolerance += 0x1p-126; /* a run takes what is smaller for 0 */
    return result;
}

/* ---- windows ---- */

/* Place on the input of tap t of output o along one axis. */
int net_tap_place(int o, int t, int stride, int dilation, int before)
{
    return o * stride + t * (dilation > 0 ? dilation : 1) - before;
}

void net_pads_of(const struct net_node_view *view, int *top, int *left)
{
    const struct fid_file_node *node = view->node;
    net_window_size(view->inputs[0].h, node->kernel_h, node->stride_h, node->dilation_h,
                    node->pad_top, node->pad_bottom, node->pad_mode, top);
    net_window_size(view->inputs[0].w, node->kernel_w, node->stride_w, node->dilation_w,
                    node->pad_left, node->pad_right, node->pad_mode, left);
}

/* ---- how far Winograd's method may be off ----
 *
 * Y = Aᵀ [ Σ_c (G g_c Gᵀ) ⊙ (Bᵀ d_c B) ] A is a sum of products of four factors. In f32 each of
 * them suffers the roundings on its way: at most 3 + 3 in the filter's transform, whose matrix is
 * rounded too (2), α - 1 in each of the two passes of the input's and of the output's, the product
 * and c additions. So the error of an output is at most (c + 4α + 9) · 2^-24 times the same
 * expression with the absolute values of all factors, to first order; twice that is allowed. The
 * inner sum over c is bounded by the norms of its two factors (Cauchy and Schwarz). */

enum { ALPHA_MAX = FID_WINOGRAD_ALPHA_MAX, POSITIONS_MAX = ALPHA_MAX * ALPHA_MAX };

/* Σ_{v,u} |left[v]| · |right[u]| · in(v, u) for size × size numbers. */
static double transform_magnitude(const float *left, const float *right, int size, const double *in)
{
    double sum = 0;
    for (int v = 0; v < size; v++) {
        double row = 0;
        for (int u = 0; u < size; u++)
            row += fabs((double)right[u]) * in[v * size + u];
        sum += fabs((double)left[v]) * row;
    }
    return sum;
}

/* Adds the squares of the magnitudes of a transformed channel of size × size numbers, position by
 * position: first along its rows, then along the columns of the result. */
static void add_squares(const float *matrix, int row_floats, int alpha, int size, const double *in,
                        double *squares)
{
    for (int column = 0; column < alpha; column++) {
        double along[ALPHA_MAX] = {0};
        for (int v = 0; v < size; v++)
            for (int u = 0; u < size; u++)
                along[v] += fabs((double)matrix[column * row_floats + u]) * in[v * size + u];
        for (int row = 0; row < alpha; row++) {
            double sum = 0;
            for (int v = 0; v < size; v++)
                sum += fabs((double)matrix[row * row_floats + v]) * along[v];
            squares[row * alpha + column] += sum * sum;
        }
    }
}

/* |input| at one place, 0 on the padding. */
static double input_magnitude(const struct fid_value *in, int n, int row, int column, int c)
{
    const bool inside = row >= 0 && row < in->h && column >= 0 && column < in->w;
    return inside ? fabs((double)net_at(in, n, row, column, c)) : 0;
}

/* The square sums of the tile with corner (y, x) on the output. */
static const double *tile_squares(const struct net_node_view *view, int n, int y, int x)
{
    struct net_winograd_tile *tile = view->tile;
    if (tile->known && tile->n == n && tile->y == y && tile->x == x)
        return tile->squares;
    *tile = (struct net_winograd_tile){.known = 1, .n = n, .y = y, .x = x};
    const int alpha = view->winograd_m + 2;
    const float *matrix = fid_winograd_matrices((unsigned long)view->winograd_m)->bt[0];
    int top, left;
    net_pads_of(view, &top, &left);
    for (int c = 0; c < view->inputs[0].c; c++) {
        double d[POSITIONS_MAX];
        for (int i = 0; i < alpha * alpha; i++)
            d[i] =
                input_magnitude(&view->inputs[0], n, y - top + i / alpha, x - left + i % alpha, c);
        add_squares(matrix, ALPHA_MAX, alpha, alpha, d, tile->squares);
    }
    return tile->squares;
}

static double winograd_magnitude(const struct net_node_view *view, int n, int y, int x, int j)
{
    const int m = view->winograd_m, alpha = m + 2, channels = view->inputs[0].c;
    const struct fid_winograd_matrices *matrices = fid_winograd_matrices((unsigned long)m);
    const float *filter = view->tensors[0] + (ptrdiff_t)j * 9 * channels;
    const double *inputs = tile_squares(view, n, y / m * m, x / m * m);
    double filters[POSITIONS_MAX] = {0}, norms[POSITIONS_MAX];
    for (int c = 0; c < channels; c++) {
        double g[9];
        for (int t = 0; t < 9; t++)
            g[t] = fabs((double)filter[t * channels + c]);
        add_squares(matrices->g[0], 3, alpha, 3, g, filters);
    }
    for (int i = 0; i < alpha * alpha; i++)
        norms[i] = sqrt(inputs[i] * filters[i]);
    return transform_magnitude(matrices->at[y % m], matrices->at[x % m], alpha, norms);
}

/* A sum whose magnitude and terms are those of Winograd's method, in place of the definition's. */
static struct sum winograd_sum(const struct net_node_view *view, int n, int y, int x, int j,
                               struct sum sum)
{
    double beside = fabs((double)view->tensors[1][j]);
    if (view->node->input_count > 1)
        beside += fabs((double)net_at(&view->inputs[1], n, y, x, j));
    sum.magnitude = winograd_magnitude(view, n, y, x, j) + beside;
    sum.terms = view->inputs[0].c + 4 * (view->winograd_m + 2) + 1 + 2;
    return sum;
}

static struct net_number conv(const struct net_node_view *view, int n, int y, int x, int j)
{
    const struct fid_file_node *node = view->node;
    const struct fid_value *in = &view->inputs[0];
    const int per_group = in->c / node->groups;
    const int first = j / (view->output.c / node->groups) * per_group;
    const float *w = view->tensors[0] + (ptrdiff_t)j * node->kernel_h * node->kernel_w * per_group;
    struct sum sum = {0};
    int top, left;
    net_pads_of(view, &top, &left);
    add_product(&sum, (double)view->tensors[1][j], 1);
    for (int ky = 0; ky < node->kernel_h; ky++)
        for (int kx = 0; kx < node->kernel_w; kx++) {
            const int row = net_tap_place(y, ky, node->stride_h, node->dilation_h, top);
            const int column = net_tap_place(x, kx, node->stride_w, node->dilation_w, left);
            for (int p = 0; p < per_group; p++, w++)
                if (row >= 0 && row < in->h && column >= 0 && column < in->w)
                    add_product(&sum, (double)net_at(in, n, row, column, first + p), (double)*w);
        }
    if (node->input_count > 1)
        add_product(&sum, (double)net_at(&view->inputs[1], n, y, x, j), 1);
    if (view->winograd_m > 0)
        sum = winograd_sum(view, n, y, x, j, sum);
    return activate(view, sum, j, view->tensors[2]);
}

static struct net_number pool(const struct net_node_view *view, int n, int y, int x, int j)
{
    const struct fid_file_node *node = view->node;
    const struct fid_value *in = &view->inputs[0];
    double largest = -INFINITY;
    struct sum sum = {0};
    int top, left;
    net_pads_of(view, &top, &left);
    for (int ky = 0; ky < node->kernel_h; ky++)
        for (int kx = 0; kx < node->kernel_w; kx++) {
            const int row = net_tap_place(y, ky, node->stride_h, 1, top);
            const int column = net_tap_place(x, kx, node->stride_w, 1, left);
            if (row < 0 || row >= in->h || column < 0 || column >= in->w)
                continue;
            const double v = (double)net_at(in, n, row, column, j);
            largest = fmax(largest, v);
            add_product(&sum, v, 1);
        }
    if (node->op == FID_OP_MAX_POOL)
        return (struct net_number){largest, 0};
    return (struct net_number){sum.value / sum.terms,
                               (sum.terms + 8) * EPSILON * 2 * sum.magnitude / sum.terms};
}

static struct net_number global_average(const struct net_node_view *view, int n, int j)
{
    const struct fid_value *in = &view->inputs[0];
    struct sum sum = {0};
    for (int y = 0; y < in->h; y++)
        for (int x = 0; x < in->w; x++)
            add_product(&sum, (double)net_at(in, n, y, x, j), 1);
    return (struct net_number){sum.value / sum.terms,
                               (sum.terms + 8) * EPSILON * 2 * sum.magnitude / sum.terms};
}

static struct net_number fully_connected(const struct net_node_view *view, int n, int j)
{
    const struct fid_value *in = &view->inputs[0];
    const size_t count = (size_t)in->h * (size_t)in->w * (size_t)in->c;
    struct sum sum = {0};
    add_product(&sum, (double)view->tensors[1][j], 1);
    for (size_t p = 0; p < count; p++)
        add_product(&sum, (double)in->data[(size_t)n * count + p],
                    (double)view->tensors[0][(size_t)j * count + p]);
    return activate(view, sum, j, view->tensors[2]);
}

/* ---- element by element ---- */

static struct net_number add(const struct net_node_view *view, int n, int y, int x, int j)
{
    struct sum sum = {0};
    add_product(&sum, (double)net_at(&view->inputs[0], n, y, x, j), 1);
    add_product(&sum, (double)net_at(&view->inputs[1], n, y, x, j), 1);
    return activate(view, sum, j, view->tensors[0]);
}

static struct net_number multiply(const struct net_node_view *view, int n, int y, int x, int j)
{
    const struct fid_value *b = &view->inputs[1];
    struct sum sum = {0};
    const bool whole = b->h == view->output.h && b->w == view->output.w;
    add_product(&sum, (double)net_at(&view->inputs[0], n, y, x, j),
                (double)(whole ? net_at(b, n, y, x, j) : net_at(b, n, 0, 0, j)));
    return activate(view, sum, j, view->tensors[0]);
}

static struct net_number affine(const struct net_node_view *view, int n, int y, int x, int j)
{
    struct sum sum = {0};
    const struct fid_value *in = &view->inputs[0];
    const int map = (y * in->w + x) * in->c + j; /* a tensor for each number, or each channel */
    add_product(&sum, (double)net_at(in, n, y, x, j),
                (double)view->tensors[0][view->ranks[0] == 3 ? map : j]);
    add_product(&sum, (double)view->tensors[1][view->ranks[1] == 3 ? map : j], 1);
    return activate(view, sum, j, view->tensors[2]);
}

static struct net_number activation(const struct net_node_view *view, int n, int y, int x, int j)
{
    struct sum sum = {0};
    add_product(&sum, (double)net_at(&view->inputs[0], n, y, x, j), 1);
    return activate(view, sum, j, view->tensors[0]);
}

static struct net_number softmax(const struct net_node_view *view, int n, int y, int x, int j)
{
    const struct fid_value *in = &view->inputs[0];
    double largest = -INFINITY, least = INFINITY, sum = 0;
    for (int i = 0; i < in->c; i++) {
        largest = fmax(largest, (double)net_at(in, n, y, x, i));
        least = fmin(least, (double)net_at(in, n, y, x, i));
    }
    for (int i = 0; i < in->c; i++)
        sum += exp((double)net_at(in, n, y, x, i) - largest);
    const double value = exp((double)net_at(in, n, y, x, j) - largest) / sum;
    return (struct net_number){value, 2 * (in->c + 8 + 2 * (largest - least)) * EPSILON * value};
}

/* ---- norms and products ---- */

/* The bound is that of slot layer_norm_f32 in kernels.h. */
static struct net_number layer_norm(const struct net_node_view *view, int n, int y, int x, int j)
{
    const struct fid_value *in = &view->inputs[0];
    double mean = 0, magnitude = 0, squares = 0;
    for (int i = 0; i < in->c; i++) {
        mean += (double)net_at(in, n, y, x, i) / in->c;
        magnitude += fabs((double)net_at(in, n, y, x, i)) / in->c;
    }
    for (int i = 0; i < in->c; i++)
        squares += pow((double)net_at(in, n, y, x, i) - mean, 2) / in->c;
    const double d = (double)net_at(in, n, y, x, j) - mean;
    const double s = sqrt(squares + (double)view->node->epsilon);
    const double scale = (double)view->tensors[0][j], shift = (double)view->tensors[1][j];
    const double e = (in->c + 8) * 2 * EPSILON * magnitude;
    const double off = e + fabs(d) * (e / s + (in->c + 16) * 2 * EPSILON);
    return (struct net_number){d / s * scale + shift,
                               2 * fabs(scale) * off / s + 4 * EPSILON * fabs(shift)};
}

static struct net_number l2_normalize(const struct net_node_view *view, int n, int y, int x, int j)
{
    const struct fid_value *in = &view->inputs[0];
    double squares = 0;
    for (int i = 0; i < in->c; i++)
        squares += pow((double)net_at(in, n, y, x, i), 2);
    const double norm = fmax(sqrt(squares), (double)view->node->epsilon);
    const double value = norm > 0 ? (double)net_at(in, n, y, x, j) / norm : 0;
    return (struct net_number){value, (in->c + 16) * 2 * EPSILON * fabs(value) + 0x1p-149};
}

static struct net_number matmul(const struct net_node_view *view, int n, int y, int x, int j)
{
    const struct fid_value *a = &view->inputs[0], *b = &view->inputs[1];
    struct sum sum = {0};
    for (int p = 0; p < a->c; p++)
        add_product(
            &sum, (double)net_at(a, n, y, x, p),
            (double)(view->node->axis == 3 ? net_at(b, n, y, j, p) : net_at(b, n, y, p, j)));
    return activate(view, sum, j, NULL);
}

/* ---- resizing ---- */

/* Place of output pixel o on an axis of the input. */
static double place_of(int o, int in, int out, int mode)
{
    const double half = ((double)o + 0.5) * in / out - 0.5;
    const double corners = out > 1 ? (double)o * (in - 1) / (out - 1) : 0;
    const double at = mode == FID_RESIZE_HALF_PIXEL      ? half
                      : mode == FID_RESIZE_ALIGN_CORNERS ? corners
                                                         : (double)o * in / out;
    return fmin(fmax(at, 0), in - 1);
}

static struct net_number resize_bilinear(const struct net_node_view *view, int n, int y, int x,
                                         int j)
{
    const struct fid_value *in = &view->inputs[0], *out = &view->output;
    const double py = place_of(y, in->h, out->h, view->node->mode);
    const double px = place_of(x, in->w, out->w, view->node->mode);
    struct sum sum = {0};
    for (int row = 0; row < in->h; row++)
        for (int column = 0; column < in->w; column++) {
            const double share = fmax(0, 1 - fabs(row - py)) * fmax(0, 1 - fabs(column - px));
            if (share > 0)
                add_product(&sum, (double)net_at(in, n, row, column, j), share);
        }
    double largest = 0; /* of the four, whose differences are taken */
    for (int below = 0; below < 2; below++)
        for (int right = 0; right < 2; right++)
            largest =
                fmax(largest, fabs((double)net_at(in, n, (int)fmin(floor(py) + below, in->h - 1),
                                                  (int)fmin(floor(px) + right, in->w - 1), j)));
    return (struct net_number){sum.value, 32 * EPSILON * largest};
}

/* ---- moving numbers ---- */

static struct net_number exactly(float v)
{
    return (struct net_number){(double)v, 0};
}

static struct net_number concat(const struct net_node_view *view, int n, int y, int x, int j)
{
    int place[3] = {y, x, j};
    const int axis = view->node->axis - 1;
    for (const struct fid_value *in = view->inputs;; in++) {
        const int length = axis == 0 ? in->h : axis == 1 ? in->w : in->c;
        if (place[axis] < length)
            return exactly(net_at(in, n, place[0], place[1], place[2]));
        place[axis] -= length;
    }
}

static struct net_number reshape(const struct net_node_view *view, int n, int y, int x, int j)
{
    const struct fid_value *in = &view->inputs[0], *out = &view->output;
    const int place = (y * out->w + x) * out->c + j;
    return exactly(net_at(in, n, place / in->c / in->w, place / in->c % in->w, place % in->c));
}

static struct net_number transpose(const struct net_node_view *view, int n, int y, int x, int j)
{
    const int32_t *order = view->node->shape;
    int place[4] = {n, 0, 0, 0};
    place[order[1]] = y;
    place[order[2]] = x;
    place[order[3]] = j;
    return exactly(net_at(&view->inputs[0], n, place[1], place[2], place[3]));
}

static struct net_number slice(const struct net_node_view *view, int n, int y, int x, int j)
{
    int place[4] = {n, y, x, j};
    place[view->node->axis] += view->node->shape[1];
    return exactly(net_at(&view->inputs[0], n, place[1], place[2], place[3]));
}

static bool calculates_with_bytes(const struct net_node_view *view)
{
    const unsigned op = view->node->op;
    return op == FID_OP_CONVERT || (view->inputs[0].quantized != NULL &&
                                    (op == FID_OP_CONV || op == FID_OP_FULLY_CONNECTED ||
                                     op == FID_OP_ADD || op == FID_OP_GLOBAL_AVERAGE_POOL));
}

struct net_number net_reference(const struct net_node_view *view, int n, int y, int x, int j)
{
    const int scale = view->node->scale;
    if (calculates_with_bytes(view))
        return net_bytes_reference(view, n, y, x, j);
    switch (view->node->op) {
    case FID_OP_CONV:
        return conv(view, n, y, x, j);
    case FID_OP_MAX_POOL:
    case FID_OP_AVERAGE_POOL:
        return pool(view, n, y, x, j);
    case FID_OP_GLOBAL_AVERAGE_POOL:
        return global_average(view, n, j);
    case FID_OP_FULLY_CONNECTED:
        return fully_connected(view, n, j);
    case FID_OP_ADD:
        return add(view, n, y, x, j);
    case FID_OP_MULTIPLY:
        return multiply(view, n, y, x, j);
    case FID_OP_CONCAT:
        return concat(view, n, y, x, j);
    case FID_OP_ACTIVATION:
        return activation(view, n, y, x, j);
    case FID_OP_SOFTMAX:
        return softmax(view, n, y, x, j);
    case FID_OP_RESHAPE:
        return reshape(view, n, y, x, j);
    case FID_OP_TRANSPOSE:
        return transpose(view, n, y, x, j);
    case FID_OP_RESIZE_NEAREST:
        return exactly(net_at(&view->inputs[0], n, y / scale, x / scale, j));
    case FID_OP_AFFINE:
        return affine(view, n, y, x, j);
    case FID_OP_LAYER_NORM:
        return layer_norm(view, n, y, x, j);
    case FID_OP_L2_NORMALIZE:
        return l2_normalize(view, n, y, x, j);
    case FID_OP_MATMUL:
        return matmul(view, n, y, x, j);
    case FID_OP_RESIZE_BILINEAR:
        return resize_bilinear(view, n, y, x, j);
    case FID_OP_SLICE:
        return slice(view, n, y, x, j);
    default:
        abort();
    }
}
