/* test_quantize.c - what a quantizer counts, chooses and writes: against searches that try
 * everything, and against the network in f32. */
#include "engine/base/memory.h"
#include "engine/nn/quantize_range.h"
#include "tests/check/check.h"
#include "tests/check/net.h"
#include "weights/format.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MANY = 4000 };

static struct fid_histogram_sums scratch;

/* Numbers as networks have them: bell-shaped, or one side of it, with a few far ones. */
static void fill(float *numbers, size_t count, bool both_sides, float size)
{
    for (size_t i = 0; i < count; i++) {
        float sum = 0.0f;
        for (int j = 0; j < 6; j++)
            sum += check_random_float(-1.0f, 1.0f);
        sum *= i % 97 == 0 ? 3.0f * size : size;
        numbers[i] = both_sides || sum > 0.0f ? sum : 0.0f;
    }
}

/* ---- histograms ---- */

static void bins_hold_what_lies_in_them(void)
{
    float numbers[MANY];
    fill(numbers, MANY, true, 0.37f);
    struct fid_histogram histogram = {0};
    REQUIRE(fid_histogram_add(&histogram, numbers, MANY, 1));
    CHECK(histogram.total == MANY);
    const double width = ldexp(1.0, histogram.exponent);
    int64_t low = 0, high = 0; /* of the bins in use; they reach 0 */
    for (int i = 0; i < FID_HISTOGRAM_BINS; i++) {
        const double from = (double)(histogram.first + i) * width;
        uint32_t count = 0;
        for (size_t j = 0; j < MANY; j++)
            count += numbers[j] != 0.0f && (double)numbers[j] >= from &&
                     (double)numbers[j] < from + width;
        CHECK_THAT(count == histogram.bins[i], "bin %d: %u, not %u", i, histogram.bins[i], count);
        if (count > 0 && histogram.first + i < low)
            low = histogram.first + i;
        if (count > 0 && histogram.first + i > high)
            high = histogram.first + i;
    }
    /* Bins of half the width would be too many, so the numbers span half of them. */
    CHECK_THAT(high - low + 1 >= FID_HISTOGRAM_BINS / 2, "%ld..%ld are in use", (long)low,
               (long)high);
}

static void order_makes_no_difference(void)
{
    float numbers[MANY];
    fill(numbers, MANY, true, 1.0f);
    for (size_t i = 0; i < MANY; i++)
        numbers[i] = ldexpf(numbers[i], (int)(i % 40) - 20); /* so that the bins grow often */
    struct fid_histogram forth = {0}, back = {0}, strided = {0};
    for (size_t i = 0; i < MANY; i++) {
        REQUIRE(fid_histogram_add(&forth, &numbers[i], 1, 1));
        REQUIRE(fid_histogram_add(&back, &numbers[MANY - 1 - i], 1, 1));
    }
    for (size_t i = 0; i < 4; i++)
        REQUIRE(fid_histogram_add(&strided, numbers + i, MANY / 4, 4));
    int zeros[3];
    float scales[3];
    fid_quantize_value(&forth, &scratch, &zeros[0], &scales[0]);
    fid_quantize_value(&back, &scratch, &zeros[1], &scales[1]);
    fid_quantize_value(&strided, &scratch, &zeros[2], &scales[2]);
    CHECK(forth.exponent == back.exponent && forth.exponent == strided.exponent);
    CHECK(zeros[0] == zeros[1] && memcmp(&scales[0], &scales[1], sizeof scales[0]) == 0);
    CHECK(zeros[0] == zeros[2] && memcmp(&scales[0], &scales[2], sizeof scales[0]) == 0);
}

static void histograms_take_what_floats_hold(void)
{
    const float odd[] = {0.0f, -0.0f, 0x1p-149f, 3.4e38f, -3.4e38f, 0x1p-126f, 1.0f};
    struct fid_histogram histogram = {0};
    for (size_t i = 0; i < sizeof odd / sizeof odd[0]; i++)
        CHECK(fid_histogram_add(&histogram, &odd[i], 1, 1));
    uint64_t counted = 0;
    for (int i = 0; i < FID_HISTOGRAM_BINS; i++)
        counted += histogram.bins[i];
    CHECK(counted == 5 && histogram.total == 7);
    const float bad[] = {INFINITY, -INFINITY, NAN};
    for (size_t i = 0; i < 3; i++) {
        struct fid_histogram fresh = {0};
        CHECK(!fid_histogram_add(&fresh, &bad[i], 1, 1));
    }
}

/* ---- scales ---- */

static double off_at(double number, int zero, double scale)
{
    const double byte = fmin(fmax(nearbyint(number / scale) + zero, 0.0), 255.0);
    return number - (byte - zero) * scale;
}

static double error_of(const float *numbers, size_t count, int zero, double scale)
{
    double error = 0.0;
    for (size_t i = 0; i < count; i++) {
        const double off = off_at((double)numbers[i], zero, scale);
        error += off * off;
    }
    return error;
}

static void errors_are_those_of_the_bins(void)
{
    float numbers[MANY];
    fill(numbers, MANY, true, 2.0f);
    struct fid_histogram histogram = {0};
    REQUIRE(fid_histogram_add(&histogram, numbers, MANY, 1));
    fid_histogram_sums_make(&histogram, &scratch);
    const double width = ldexp(1.0, histogram.exponent);
    for (int zero = 0; zero < 256; zero += 17)
        for (int i = 1; i < 12; i++) {
            const double scale = 0.013 * i;
            double want = 0.0;
            for (int b = 0; b < FID_HISTOGRAM_BINS; b++) {
                const double off =
                    off_at(((double)(histogram.first + b) + 0.5) * width, zero, scale);
                want += histogram.bins[b] * off * off;
            }
            const double got = fid_quantize_error(&scratch, zero, scale);
            const double all = scratch.square[FID_HISTOGRAM_BINS]; /* what the sums round at */
            CHECK_THAT(fabs(got - want) <= 1e-9 * (want + all), "zero %d, scale %g: %g, not %g",
                       zero, scale, got, want);
        }
}

/* The least error of a search that tries every zero point at scales a hundredth
 * of an octave apart. */
static double least_error(const float *numbers, size_t count, double whole, bool both_sides)
{
    double least = INFINITY;
    for (int zero = 0; zero < (both_sides ? 256 : 1); zero += both_sides ? 3 : 1)
        for (int i = -200; i <= 50; i += 2)
            least = fmin(least, error_of(numbers, count, zero, whole * exp2(i / 100.0)));
    return least;
}

/* The distance to the nearest byte's number changes by no more than the number does, and a number
 * lies half a bin from the middle at most: so far apart may the roots of both errors be. */
static void scales_are_as_good_as_any(void)
{
    enum { SOME = 600 };
    float numbers[SOME];
    for (int round = 0; round < 6; round++) {
        const bool both = round % 2 == 0;
        fill(numbers, SOME, both, ldexpf(1.3f, 5 * round - 12));
        struct fid_histogram histogram = {0};
        int zero;
        float scale;
        REQUIRE(fid_histogram_add(&histogram, numbers, SOME, 1));
        fid_quantize_value(&histogram, &scratch, &zero, &scale);
        fid_histogram_sums_make(&histogram, &scratch);
        const double whole = (scratch.highest - scratch.lowest) / 255;
        const double best = least_error(numbers, SOME, whole, both);
        const double got = error_of(numbers, SOME, zero, (double)scale);
        const double apart = sqrt(SOME) * ldexp(0.5, histogram.exponent);
        CHECK_THAT(sqrt(got) <= 1.03 * sqrt(best) + 2 * apart, "round %d: %g, possible is %g",
                   round, sqrt(got), sqrt(best));
        CHECK_THAT(zero >= 0 && zero <= 255 && (both || zero == 0), "zero point %d", zero);
        const double ends = error_of(numbers, SOME, (int)nearbyint(-scratch.lowest / whole), whole);
        CHECK_THAT(sqrt(got) <= sqrt(ends) + 2 * apart, "round %d: %g, and %g of the whole range",
                   round, sqrt(got), sqrt(ends));
    }
}

static void values_that_are_always_zero(void)
{
    const float numbers[] = {0.0f, 0.0f, -0.0f};
    struct fid_histogram histogram = {0};
    int zero;
    float scale;
    REQUIRE(fid_histogram_add(&histogram, numbers, 3, 1));
    fid_quantize_value(&histogram, &scratch, &zero, &scale);
    CHECK(zero == 0 && scale == 1.0f);
}

static void numbers_of_one_sign_use_all_bytes(void)
{
    float numbers[MANY];
    fill(numbers, MANY, false, 1.0f);
    struct fid_histogram above = {0}, below = {0};
    int zero;
    float scale;
    REQUIRE(fid_histogram_add(&above, numbers, MANY, 1));
    fid_quantize_value(&above, &scratch, &zero, &scale);
    CHECK(zero == 0);
    for (size_t i = 0; i < MANY; i++)
        numbers[i] = -numbers[i];
    REQUIRE(fid_histogram_add(&below, numbers, MANY, 1));
    fid_quantize_value(&below, &scratch, &zero, &scale);
    CHECK_THAT(zero == 255, "zero point %d", zero);
}

/* Channels of very different sizes: each has its error alone, under one zero point. */
static void channels_have_scales_of_their_own(void)
{
    enum { CHANNELS = 5, EACH = 800 };
    static struct fid_histogram histograms[CHANNELS];
    float numbers[CHANNELS][EACH], scales[CHANNELS];
    int zero;
    memset(histograms, 0, sizeof histograms);
    for (int c = 0; c < CHANNELS - 1; c++) { /* the last one is dead */
        fill(numbers[c], EACH, true, ldexpf(1.0f, 4 * c - 8));
        REQUIRE(fid_histogram_add(&histograms[c], numbers[c], EACH, 1));
    }
    fid_quantize_channels(histograms, CHANNELS, &scratch, &zero, scales);
    for (int c = 0; c < CHANNELS - 1; c++) {
        fid_histogram_sums_make(&histograms[c], &scratch);
        double best = INFINITY;
        const double whole = (scratch.highest - scratch.lowest) / 255;
        for (int i = -200; i <= 100; i++)
            best = fmin(best, error_of(numbers[c], EACH, zero, whole * exp2(i / 100.0)));
        const double got = error_of(numbers[c], EACH, zero, (double)scales[c]);
        const double apart = sqrt(EACH) * ldexp(0.5, histograms[c].exponent);
        CHECK_THAT(sqrt(got) <= 1.03 * sqrt(best) + 2 * apart, "channel %d: %g, possible is %g", c,
                   sqrt(got), sqrt(best));
    }
    CHECK_THAT(zero > 80 && zero < 176, "zero point %d", zero);
    CHECK(scales[CHANNELS - 1] == scales[CHANNELS - 2]);
}

/* ---- filters ---- */

static double filter_error(const float *weights, const int8_t *bytes, size_t count, float scale)
{
    double error = 0.0;
    for (size_t i = 0; i < count; i++) {
        const double off = (double)weights[i] - (double)scale * bytes[i];
        error += off * off;
    }
    return error;
}

static void filters_are_near(void)
{
    enum { COUNT = 300 };
    float weights[COUNT], most = 0.0f;
    int8_t bytes[COUNT], plain[COUNT];
    fill(weights, COUNT, true, 0.01f);
    for (size_t i = 0; i < COUNT; i++)
        most = fmaxf(most, fabsf(weights[i]));
    const float scale = fid_quantize_filter(weights, COUNT, 0.3f, 0.02f, bytes);
    for (size_t i = 0; i < COUNT; i++)
        plain[i] = (int8_t)nearbyintf(weights[i] / (most / 127));
    CHECK(filter_error(weights, bytes, COUNT, scale) <=
          filter_error(weights, plain, COUNT, most / 127));
    int used = 0;
    for (size_t i = 0; i < COUNT; i++)
        used = abs(bytes[i]) > used ? abs(bytes[i]) : used;
    CHECK_THAT(used == 127, "the largest byte is %d", used);
}

static void dead_filters_do_no_harm(void)
{
    const float weights[] = {1e-30f, -1e-31f, 0.0f};
    int8_t bytes[3] = {1, 1, 1};
    for (int i = 0; i < 3; i++) {
        const float bias = i == 0 ? 0.0f : i == 1 ? -7.0f : 1e6f, input = 0.01f;
        const float scale = fid_quantize_filter(weights, 3, bias, input, bytes);
        CHECK(bytes[0] == 0 && bytes[1] == 0 && bytes[2] == 0);
        CHECK_THAT(scale >= 1 / FID_LIMIT_S8_SCALE && scale <= FID_LIMIT_S8_SCALE, "scale %g",
                   (double)scale);
        CHECK_THAT(fabs((double)bias) / ((double)input * (double)scale) <= 0x1.0001p29, "bias %g",
                   (double)bias);
    }
}

/* ---- whole networks ---- */

static const struct fid_file_node conv3x3 = {.op = FID_OP_CONV,
                                             .kernel_h = 3,
                                             .kernel_w = 3,
                                             .stride_h = 1,
                                             .stride_w = 1,
                                             .pad_mode = FID_PAD_SAME,
                                             .dilation_h = 1,
                                             .dilation_w = 1,
                                             .groups = 1};

enum { SIDE = 12, CHANNELS = 16, EMBEDDING = 10 };

/* A convolution, a depthwise one, a residual, what moves numbers, an average, a full layer, and a
 * softmax, which stays f32. Outputs: the full layer's, the softmax's. */
static struct fid_builder *network(void)
{
    struct fid_builder *b = fid_builder_open();
    struct fid_file_node node = conv3x3, depthwise = conv3x3;
    fid_builder_graph(b, "net", SIDE, SIDE, 3);
    const uint32_t input[] = {0};
    const uint32_t first = net_conv(b, node, FID_ACT_CLAMP, 3, CHANNELS, 1, input);
    depthwise.groups = CHANNELS;
    const uint32_t second = net_conv(b, depthwise, FID_ACT_PRELU, CHANNELS, CHANNELS, 1, &first);
    const uint32_t pair[] = {second, second};
    const uint32_t third = net_conv(b, node, FID_ACT_NONE, CHANNELS, CHANNELS, 2, pair);
    const struct fid_file_node pool = {
        .op = FID_OP_MAX_POOL, .kernel_h = 2, .kernel_w = 2, .stride_h = 2, .stride_w = 2};
    const uint32_t fourth = fid_builder_node(b, "pool", &pool, 1, &third, 0, NULL);
    const struct fid_file_node concat = {.op = FID_OP_CONCAT, .axis = 3};
    const uint32_t both[] = {fourth, fourth};
    const uint32_t fifth = fid_builder_node(b, "concat", &concat, 2, both, 0, NULL);
    const uint32_t sixth = net_conv(b, node, FID_ACT_CLAMP, 2 * CHANNELS, CHANNELS, 1, &fifth);
    const struct fid_file_node average = {.op = FID_OP_GLOBAL_AVERAGE_POOL};
    const uint32_t seventh = fid_builder_node(b, "average", &average, 1, &sixth, 0, NULL);
    const uint32_t dims[] = {EMBEDDING, CHANNELS}, c[] = {EMBEDDING};
    const uint32_t tensors[] = {net_random_tensor(b, 2, dims), net_random_tensor(b, 1, c)};
    const struct fid_file_node full = {.op = FID_OP_FULLY_CONNECTED};
    const uint32_t eighth = fid_builder_node(b, "full", &full, 1, &seventh, 2, tensors);
    const struct fid_file_node softmax = {.op = FID_OP_SOFTMAX, .axis = 3};
    fid_builder_output(b, eighth);
    fid_builder_output(b, fid_builder_node(b, "softmax", &softmax, 1, &eighth, 0, NULL));
    return b;
}

static void random_input(float *input, size_t count)
{
    for (size_t i = 0; i < count; i++)
        input[i] = check_random_float(-1.0f, 1.0f);
}

/* Feeds a few pictures and writes; the quantizer is closed. */
static enum fid_status quantize(const struct net *net, const struct fid_quantize_options *options,
                                int inputs, const char *path, struct fid_error *error)
{
    struct fid_quantizer *quantizer;
    float input[SIDE * SIDE * 3];
    enum fid_status status =
        fid_quantizer_open(net->runtime, net->model, options, &quantizer, error);
    for (int i = 0; i < inputs && status == FID_OK; i++) {
        random_input(input, SIDE * SIDE * 3);
        status = fid_quantizer_feed(quantizer, NULL, 0, 0, input, error);
    }
    if (status == FID_OK)
        status = fid_quantizer_write(quantizer, NULL, 0, path, error);
    fid_quantizer_close(&quantizer);
    return status;
}

static double distance(const struct net *a, const struct net *b, const char *output)
{
    struct fid_value x, y;
    double off = 0.0, size = 0.0;
    if (!fid_session_output(a->session, output, &x) || !fid_session_output(b->session, output, &y))
        return INFINITY;
    for (int i = 0; i < x.h * x.w * x.c; i++) {
        off += ((double)x.data[i] - (double)y.data[i]) * ((double)x.data[i] - (double)y.data[i]);
        size += (double)x.data[i] * (double)x.data[i];
    }
    return sqrt(off / size);
}

/* Quantizes the network; the outputs are within `most` of f32's, and not the same. */
static void quantizes(const struct fid_quantize_options *options, int inputs, double most)
{
    struct fid_builder *b = network();
    struct net before, after = {0};
    struct fid_error error;
    char path[4096];
    snprintf(path, sizeof path, "%s", check_temp_path());
    CHECK(net_open(&before, b, NULL, 1, true, &error) == FID_OK);
    CHECK_THAT(quantize(&before, options, inputs, path, &error) == FID_OK, "%s", error.text);
    CHECK_THAT(net_open_file(&after, path, NULL, 1, true, &error) == FID_OK, "%s", error.text);
    if (!check_failed()) {
        struct fid_model_info from, to;
        CHECK_THAT(fid_model_verify(after.runtime, after.model, &error) == FID_OK, "%s",
                   error.text);
        fid_model_info(before.model, &from);
        fid_model_info(after.model, &to);
        CHECK(strcmp(from.id, to.id) != 0);
        CHECK(strcmp(fid_model_text(after.model, "info.quantized_from"), from.id) == 0);
        net_run(&before);
        net_run(&after);
        const double off = distance(&before, &after, "full");
        CHECK_THAT(off > 0.0 && off < most, "full: %g from f32", off);
    }
    net_close(&after);
    net_close(&before);
    fid_builder_close(&b);
}

static void bytes_are_near(void)
{
    quantizes(NULL, 20, 0.10);
}

static void weights_alone_are_nearer(void)
{
    const struct fid_quantize_options s8 = {.to = FID_QUANTIZE_WEIGHTS_S8};
    const struct fid_quantize_options f16 = {.to = FID_QUANTIZE_WEIGHTS_F16};
    quantizes(&s8, 0, 0.05);
    quantizes(&f16, 0, 0x1p-9);
}

static void types_are_as_decided(void)
{
    static const struct {
        const char *name;
        bool bytes;
    } values[] = {{"input", false},   {"pool", true},  {"concat", true},
                  {"average", false}, {"full", false}, {"softmax", false}};
    struct fid_builder *b = network();
    struct net before, after = {0};
    struct fid_error error;
    char path[4096];
    snprintf(path, sizeof path, "%s", check_temp_path());
    CHECK(net_open(&before, b, NULL, 1, true, &error) == FID_OK);
    CHECK_THAT(quantize(&before, NULL, 3, path, &error) == FID_OK, "%s", error.text);
    CHECK_THAT(net_open_file(&after, path, NULL, 1, true, &error) == FID_OK, "%s", error.text);
    struct fid_value value;
    size_t found = 0, bytes = 0, channels = 0;
    for (size_t i = 0; after.session != NULL && fid_session_value(after.session, i, &value); i++) {
        bytes += value.bytes != NULL;
        channels += value.bytes != NULL && value.quantized_count > 2;
        for (size_t j = 0; j < sizeof values / sizeof values[0]; j++)
            if (strcmp(value.name, values[j].name) == 0) {
                found++;
                CHECK_THAT((value.bytes != NULL) == values[j].bytes, "%s", value.name);
            }
    }
    CHECK(found == sizeof values / sizeof values[0]);
    /* The input's and the average's copies, four convolutions, pool and concat. */
    CHECK_THAT(bytes == 8 && channels == 1, "%zu values of bytes, %zu with channels' scales", bytes,
               channels);
    net_close(&after);
    net_close(&before);
    fid_builder_close(&b);
}

static bool same_files(const char *a, const char *b)
{
    FILE *x = fopen(a, "rbe"), *y = fopen(b, "rbe");
    bool same = x != NULL && y != NULL;
    size_t bytes = 0;
    for (int c = 0; same && c != EOF; bytes++)
        same = (c = fgetc(x)) == fgetc(y);
    if (x != NULL)
        fclose(x);
    if (y != NULL)
        fclose(y);
    return same && bytes > 4096;
}

static void the_same_inputs_give_the_same_file(void)
{
    struct fid_builder *b = network();
    struct net net;
    struct fid_error error;
    char paths[2][4096];
    float input[2][SIDE * SIDE * 3];
    random_input(input[0], SIDE * SIDE * 3);
    random_input(input[1], SIDE * SIDE * 3);
    CHECK(net_open(&net, b, NULL, 1, true, &error) == FID_OK);
    for (int i = 0; i < 2; i++) {
        struct fid_quantizer *quantizer;
        snprintf(paths[i], sizeof paths[i], "%s", check_temp_path());
        CHECK(fid_quantizer_open(net.runtime, net.model, NULL, &quantizer, &error) == FID_OK);
        for (int j = 0; j < 2; j++) /* in another order */
            CHECK(fid_quantizer_feed(quantizer, "net", SIDE, SIDE, input[i ^ j], &error) == FID_OK);
        CHECK(fid_quantizer_write(quantizer, NULL, 0, paths[i], &error) == FID_OK);
        fid_quantizer_close(&quantizer);
    }
    CHECK(same_files(paths[0], paths[1]));
    net_close(&net);
    fid_builder_close(&b);
}

static void what_cannot_be_quantized_is_refused(void)
{
    struct fid_builder *b = network();
    struct net net, quantized = {0};
    struct fid_error error = {0};
    char path[4096];
    const char *const missing[] = {"full", "nowhere"}, *const all[] = {"full"};
    snprintf(path, sizeof path, "%s", check_temp_path());
    CHECK(net_open(&net, b, NULL, 1, true, &error) == FID_OK);
    CHECK(quantize(&net, NULL, 0, path, &error) == FID_INVALID);
    CHECK(strstr(error.text, "nothing was fed") != NULL);
    struct fid_quantize_options options = {.keep_f32 = missing, .keep_count = 2};
    CHECK(quantize(&net, &options, 1, path, &error) == FID_NOT_FOUND);
    CHECK(strstr(error.text, "no step 'nowhere'") != NULL);
    options = (struct fid_quantize_options){.keep_f32 = all, .keep_count = 1};
    CHECK_THAT(quantize(&net, &options, 1, path, &error) == FID_OK, "%s", error.text);
    CHECK_THAT(net_open_file(&quantized, path, NULL, 1, true, &error) == FID_OK, "%s", error.text);
    options.keep_output = true; /* another one may have been as fast */
    CHECK(quantize(&net, &options, 1, path, &error) == FID_EXISTS);
    CHECK(strstr(error.text, "is there already") != NULL);
    CHECK(quantize(&quantized, NULL, 1, path, &error) == FID_UNSUPPORTED);
    CHECK(strstr(error.text, "is quantized already") != NULL);
    struct fid_quantizer *quantizer;
    float input[SIDE * SIDE * 3] = {NAN};
    CHECK(fid_quantizer_open(net.runtime, net.model, NULL, &quantizer, &error) == FID_OK);
    CHECK(fid_quantizer_feed(quantizer, NULL, 0, 0, input, &error) == FID_INVALID);
    CHECK(fid_quantizer_feed(quantizer, "other", 0, 0, input, &error) == FID_NOT_FOUND);
    CHECK(fid_quantizer_feed(quantizer, NULL, 1, 1, input, &error) == FID_INVALID);
    fid_quantizer_close(&quantizer);
    net_close(&quantized);
    net_close(&net);
    fid_builder_close(&b);
}

static void memory_that_is_missing_is_told(void)
{
    struct fid_builder *b = network();
    struct net net;
    struct fid_error error;
    char path[4096];
    enum fid_status status = FID_NO_MEMORY;
    unsigned long n = 0;
    snprintf(path, sizeof path, "%s", check_temp_path());
    CHECK(net_open(&net, b, NULL, 1, false, &error) == FID_OK);
    while (status == FID_NO_MEMORY && n < 1000) {
        fid_allocation_fail_at(++n);
        status = quantize(&net, NULL, 1, path, &error);
        fid_allocation_fail_at(0);
    }
    CHECK_THAT(status == FID_OK && n > 20, "status %d after %lu: %s", (int)status, n, error.text);
    net_close(&net);
    fid_builder_close(&b);
}

CHECK_MAIN(CHECK_CASE(bins_hold_what_lies_in_them), CHECK_CASE(order_makes_no_difference),
           CHECK_CASE(histograms_take_what_floats_hold), CHECK_CASE(errors_are_those_of_the_bins),
           CHECK_CASE(scales_are_as_good_as_any), CHECK_CASE(values_that_are_always_zero),
           CHECK_CASE(numbers_of_one_sign_use_all_bytes),
           CHECK_CASE(channels_have_scales_of_their_own), CHECK_CASE(filters_are_near),
           CHECK_CASE(dead_filters_do_no_harm), CHECK_CASE(bytes_are_near),
           CHECK_CASE(weights_alone_are_nearer), CHECK_CASE(types_are_as_decided),
           CHECK_CASE(the_same_inputs_give_the_same_file),
           CHECK_CASE(what_cannot_be_quantized_is_refused),
           CHECK_CASE(memory_that_is_missing_is_told))
