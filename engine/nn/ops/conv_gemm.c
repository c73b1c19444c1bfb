/* conv_gemm.c - convolution as a matrix product: one row for each output pixel, one column for each
 * output channel. The methods differ in where a row's numbers stand: in the input itself (1 × 1),
 * at one place for each tap (indirect), at one place for each row of the kernel, whose taps are
 * neighbours in the picture (rows), or in a patch copied for it (im2col). */
#include "engine/nn/gemm_driver.h"
#include "engine/nn/ops/conv_methods.h"
#include "engine/nn/quantized.h"

/* Picture and place of row `row` of the product. */
struct place {
    size_t image, y, x;
};

static struct place place_of(const struct fid_window *window, size_t row)
{
    const size_t pixels = window->out_h * window->out_w;
    const size_t pixel = row % pixels;
    return (struct place){row / pixels, pixel / window->out_w, pixel % window->out_w};
}

static void next_place(const struct fid_window *window, struct place *place)
{
    if (++place->x < window->out_w)
        return;
    place->x = 0;
    if (++place->y < window->out_h)
        return;
    place->y = 0;
    place->image++;
}

/* Where a row is a pixel of the input, pictures follow each other too. */
static void point_at_pixels(const struct fid_gemm *gemm, const struct fid_run *run,
                            const struct fid_gemm_rows *rows, const void **a, char *patches)
{
    (void)run;
    (void)patches;
    const size_t pixel_bytes = gemm->step->window.pixel_bytes;
    const uint8_t *pixel = gemm->step->inputs[0].bytes + rows->first * pixel_bytes;
    for (size_t i = 0; i < rows->count; i++, pixel += pixel_bytes)
        a[i] = pixel;
}

static void point_at_taps(const struct fid_gemm *gemm, const struct fid_run *run,
                          const struct fid_gemm_rows *rows, const void **a, char *patches)
{
    (void)patches;
    const struct fid_step *step = gemm->step;
    const struct fid_window *window = &step->window;
    const void *pad = gemm->bytes ? fid_columns_s8_pad(step) : run->zeros;
    struct place place = place_of(window, rows->first);
    for (size_t i = 0; i < rows->count; i++, next_place(window, &place)) {
        const void *image = fid_tensor_image(&step->inputs[0], place.image);
        const void *only =
            gemm->taps == 1 ? fid_window_inside(window, image, place.y, place.x) : NULL;
        if (only != NULL)
            a[i] = only;
        else
            fid_window_pointers(window, image, place.y, place.x, pad, a + i, rows->count);
    }
}

/* Where the windows of a row of outputs begin in the picture; NULL where they are not all inside
 * above or below, or are patches always. */
static const char *row_of_windows(const struct fid_gemm *gemm, const struct place *place)
{
    const struct fid_window *window = &gemm->step->window;
    const struct fid_shape in = window->in;
    const size_t top = fid_window_row(window, place->y, 0);
    const size_t below = (window->kernel_h - 1) * window->dilation_h;
    const bool inside = gemm->taps > 1 && top < in.h && in.h - top > below;
    const char *image = fid_tensor_image(&gemm->step->inputs[0], place->image);
    return inside ? image + top * in.w * window->pixel_bytes : NULL;
}

/* How many of the next windows, at most `count`, lie wholly inside in one row of outputs, as far as
 * that is told at once: all of them, one or none. */
static size_t windows_inside(const struct fid_window *window, const struct place *place,
                             size_t count)
{
    const size_t beside = (window->kernel_w - 1) * window->dilation_w;
    const size_t lefts = window->in.w > beside ? window->in.w - beside : 0; /* that are inside */
    const size_t left = fid_window_column(window, place->x, 0);
    if (left >= lefts)
        return 0;
    const bool all =
        count <= window->out_w - place->x && (count - 1) * window->stride_w < lefts - left;
    return all ? count : 1;
}

/* Pointers to the rows of a window: into the picture where it lies wholly inside, into a patch
 * otherwise. One tap is a row of the kernel, or all of it where the patch is always made. */
static void point_at_rows(const struct fid_gemm *gemm, const struct fid_run *run,
                          const struct fid_gemm_rows *rows, const void **a, char *patches)
{
    (void)run;
    const struct fid_tensor *input = &gemm->step->inputs[0];
    const struct fid_window *window = &gemm->step->window;
    const size_t row_step = window->dilation_h * window->in.w * window->pixel_bytes;
    const size_t patch_step = gemm->patch_bytes / gemm->taps;
    const size_t window_step = window->stride_w * window->pixel_bytes;
    const int zero = gemm->bytes ? fid_zero_point(input) : 0;
    struct place place = place_of(window, rows->first);
    for (size_t i = 0, count; i < rows->count; i += count) {
        const char *row = row_of_windows(gemm, &place);
        const size_t inside = row != NULL ? windows_inside(window, &place, rows->count - i) : 0;
        const char *corner = patches + i * gemm->patch_bytes;
        if (inside > 0)
            corner = row + fid_window_column(window, place.x, 0) * window->pixel_bytes;
        else
            fid_window_patch(window, fid_tensor_image(input, place.image), place.y, place.x, zero,
                             patches + i * gemm->patch_bytes);
        count = inside > 0 ? inside : 1;
        for (size_t t = 0; t<gemm->taps; t++, corner += inside> 0 ? row_step : patch_step) {
            const void **const tap = a + t * rows->count + i;
            for (size_t q = 0; q < count; q++)
                tap[q] = corner + q * window_step;
        }
        place.x += count - 1;
        next_place(window, &place);
    }
}

/* ---- the product of each method ---- */

static bool is_pixel_by_pixel(const struct fid_window *window)
{
    return fid_window_taps(window) == 1 && window->stride_h == 1 && window->stride_w == 1 &&
           window->pad_top == 0 && window->out_h <= window->in.h && window->out_w == window->in.w;
}

static struct fid_gemm indirect_product(const struct fid_step *step)
{
    return (struct fid_gemm){.step = step,
                             .products = 1,
                             .columns = step->output.shape.c,
                             .taps = fid_window_taps(&step->window),
                             .k = step->window.in.c,
                             .bytes = fid_is_bytes(&step->inputs[0]),
                             .residual = step->input_count > 1 ? step->inputs[1].bytes : NULL,
                             .c = step->output.bytes,
                             .source = is_pixel_by_pixel(&step->window) ? point_at_pixels
                                                                        : point_at_taps};
}

static struct fid_gemm im2col_product(const struct fid_step *step)
{
    struct fid_gemm gemm = indirect_product(step);
    gemm.k *= gemm.taps;
    gemm.taps = 1;
    gemm.patch_bytes = fid_window_taps(&step->window) * step->window.pixel_bytes;
    gemm.source = point_at_rows;
    return gemm;
}

static struct fid_gemm rows_product(const struct fid_step *step)
{
    struct fid_gemm gemm = im2col_product(step);
    gemm.taps = step->window.kernel_h;
    gemm.k = step->window.kernel_w * step->window.in.c;
    return gemm;
}

static void product_needs(struct fid_step *step, const struct fid_plan_context *context)
{
    const struct fid_gemm gemm = step->conv->product(step);
    fid_gemm_set_needs(&gemm, step, context);
}

static void product_prepare(struct fid_step *step, const struct fid_plan_context *context)
{
    const struct fid_gemm gemm = step->conv->product(step);
    fid_gemm_pack(&gemm, context);
}

static void product_run(const struct fid_step *step, const struct fid_run *run)
{
    const struct fid_gemm gemm = step->conv->product(step);
    fid_gemm_run(&gemm, run, run->n * fid_shape_pixels(step->output.shape));
}

/* ---- where they apply ---- */

static bool is_ungrouped(const struct fid_step *step)
{
    return step->node->groups == 1;
}

/* No padding either: every output pixel has its input pixel. */
static bool is_1x1(const struct fid_step *step)
{
    const struct fid_window *window = &step->window;
    return is_ungrouped(step) && fid_window_taps(window) == 1 &&
           fid_window_check_inside(window) == FID_WINDOW_OK;
}

/* The taps of a kernel row follow each other in the picture. */
static bool has_whole_rows(const struct fid_step *step)
{
    return is_ungrouped(step) && step->window.dilation_w == 1;
}

#define PRODUCT(which, where, rows)                   \
    const struct fid_conv_method fid_conv_##which = { \
        .name = #which,                               \
        .kernel_slot = "gemm_f32",                    \
        .bytes_slot = "gemm_s8",                      \
        .in_place = true,                             \
        .product = (rows),                            \
        .applies = (where),                           \
        .needs = product_needs,                       \
        .prepare = product_prepare,                   \
        .run = product_run,                           \
    }
PRODUCT(gemm_1x1, is_1x1, indirect_product);
PRODUCT(indirect_gemm, is_ungrouped, indirect_product);
PRODUCT(rows_gemm, has_whole_rows, rows_product);
PRODUCT(im2col_gemm, is_ungrouped, im2col_product);
