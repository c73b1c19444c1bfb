/* test_weight_types.c - files of version 1.3: one that stands in the project, and ones with the
 * right checksums over the wrong content: types, scales, zero points and bytes that may not be, and
 * version 1.3 in older files. */
#include "engine/fid.h"
#include "tests/check/check.h"
#include "tests/check/weight_sample.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define RECORD(name, type, i) (&((type *)weight_image_records(image, FID_SECTION_##name))[i])
#define HEADER                ((struct fid_file_header *)(void *)image.bytes)
#define GRAPH                 RECORD(GRPH, struct fid_file_graph, 0)
#define VALUE(i)              RECORD(VALU, struct fid_file_value, i)
#define NODE(name)            RECORD(NODE, struct fid_file_node, TYPES_##name)
#define OUTPUT(name)          VALUE(NODE(name)->output)
#define INDEX(i)              (*RECORD(INDX, uint32_t, i))
#define TENSOR(name)          RECORD(TENS, struct fid_file_tensor, TYPES_##name)
#define BYTES(name)           ((void *)RECORD(DATA, char, TENSOR(name)->offset))
#define FLOATS(name)          ((float *)BYTES(name))
#define HALVES(name)          ((uint16_t *)BYTES(name))
#define FILTER_BYTES          ((int8_t *)(FLOATS(FILTER) + 4))

static void expect(struct weight_image image, enum fid_status want, const char *reason, int line)
{
    static const char where[] = WEIGHT_IMAGE_NAME ": offset ";
    struct fid_weight_file *file;
    struct fid_error error = {0};
    fid_builder_seal(image.bytes, image.size);
    const enum fid_status status = weight_image_open(image, image.size, &file, &error);
    if (status != want || (file != NULL) != (want == FID_OK))
        check_fail(__FILE__, line, "status %d instead of %d: %s", status, want, error.text);
    if (strstr(error.text, reason) == NULL)
        check_fail(__FILE__, line, "'%s' does not say '%s'", error.text, reason);
    if (want != FID_OK &&
        (strncmp(error.text, where, strlen(where)) != 0 || strchr(error.text, '\n') != NULL))
        check_fail(__FILE__, line, "'%s' does not say where in a sentence", error.text);
    fid_weight_file_close(&file);
    free(image.bytes);
}

/* The sample, spoiled by the statements, is refused for that reason. */
#define SPOILED(status, reason, ...)                      \
    do {                                                  \
        struct weight_image image = weight_types_image(); \
        __VA_ARGS__;                                      \
        expect(image, status, reason, __LINE__);          \
    } while (0)
#define CORRUPT(reason, ...) SPOILED(FID_CORRUPT, reason, __VA_ARGS__)
#define GOOD(...)            SPOILED(FID_OK, "", __VA_ARGS__)

static void numbers_out_of_their_range(void)
{
    static const float wrong_scales[] = {0, -0.0f, NAN, -1, INFINITY, -INFINITY, 0x1p-31f, 0x1p31f};
    static const float wrong_zeros[] = {-1, 256, 0.5f, 254.999f, NAN, INFINITY, -INFINITY, 3e9f};
    GOOD(FLOATS(STEPS)[1] = 0x1p-30f, FLOATS(FILTER)[0] = 0x1p30f);
    GOOD(FLOATS(STEPS)[0] = 0, FLOATS(OTHER_STEPS)[0] = 255);
    GOOD(FILTER_BYTES[107] = -127, FILTER_BYTES[0] = 127);
    for (size_t i = 0; i < sizeof wrong_scales / sizeof *wrong_scales; i++) {
        const float wrong = wrong_scales[i];
        CORRUPT(isfinite(wrong) ? "value 'to bytes': its zero point is no whole number in 0..255, "
                                  "or a scale is not in 2^-30..2^30"
                                : "'steps' holds a number that is not finite",
                FLOATS(STEPS)[1] = wrong);
        for (int j = 0; j < 4; j++)
            CORRUPT("'conv/filter' holds a number that is not finite or out of its range",
                    FLOATS(FILTER)[j] = wrong);
    }
    for (size_t i = 0; i < sizeof wrong_zeros / sizeof *wrong_zeros; i++)
        CORRUPT(isfinite(wrong_zeros[i]) ? "value 'conv': its zero point is no whole number"
                                         : "'other steps' holds a number that is not finite",
                FLOATS(OTHER_STEPS)[0] = wrong_zeros[i]);
    for (int i = 0; i < 4 * 27; i++)
        CORRUPT("'conv/filter' holds a number that is not finite or out of its range",
                FILTER_BYTES[i] = -128);
}

static void halves_that_are_not_finite(void)
{
    GOOD(HALVES(FC_FILTER)[0] = 0x7BFF, HALVES(FC_FILTER)[19] = 0xFBFF);
    GOOD(HALVES(HEAD_FILTER)[0] = 0x7F7F, HALVES(HEAD_FILTER)[14] = 0xFF7F);
    for (int i = 0; i < 20; i++) {
        CORRUPT("'fc/filter' holds a number that is not finite", HALVES(FC_FILTER)[i] = 0x7C00);
        CORRUPT("'fc/filter' holds a number that is not finite", HALVES(FC_FILTER)[i] = 0xFC00);
        CORRUPT("'fc/filter' holds a number that is not finite", HALVES(FC_FILTER)[i] = 0x7C01);
    }
    for (int i = 0; i < 15; i++) {
        CORRUPT("'head/filter' holds a number that is not finite", HALVES(HEAD_FILTER)[i] = 0x7F80);
        CORRUPT("'head/filter' holds a number that is not finite", HALVES(HEAD_FILTER)[i] = 0xFF80);
        CORRUPT("'head/filter' holds a number that is not finite", HALVES(HEAD_FILTER)[i] = 0x7F81);
    }
    CORRUPT("the gap before tensor 7 'head/bias'", HALVES(HEAD_FILTER)[15] = 1);
    CORRUPT("the gap before tensor 3 'conv/bias'", FILTER_BYTES[4 * 27] = 1);
}

static void tensors_of_wrong_types(void)
{
    CORRUPT("'fc/filter': type 0", TENSOR(FC_FILTER)->type = 0);
    CORRUPT("'fc/filter': type 5", TENSOR(FC_FILTER)->type = FID_TENSOR_END);
    CORRUPT("'fc/filter': type 65535", TENSOR(FC_FILTER)->type = UINT16_MAX);
    CORRUPT("'fc/filter': 40 bytes, its dimensions make 80",
            TENSOR(FC_FILTER)->type = FID_TENSOR_F32);
    CORRUPT("its dimensions make 40", TENSOR(FC_FILTER)->type = FID_TENSOR_S8,
            TENSOR(FC_FILTER)->bytes = 20);
    CORRUPT("'conv/filter': 124 bytes, its dimensions make 216",
            TENSOR(FILTER)->type = FID_TENSOR_F16);
    CORRUPT("'conv/filter': 124 bytes, its dimensions make 432",
            TENSOR(FILTER)->type = FID_TENSOR_F32);
    GOOD(TENSOR(FC_FILTER)->type = FID_TENSOR_BF16); /* other numbers, and good ones */
    SPOILED(FID_UNSUPPORTED, "makes it larger than the limit",
            for (int i = 0; i < 4; i++) TENSOR(FILTER)->dims[i] = 1u << 24);
}

static void values_with_wrong_steps(void)
{
    CORRUPT("value 'input': it is the input of its graph", VALUE(0)->quantized = 1);
    CORRUPT("output 0 is of bytes", OUTPUT(HEAD)->quantized = 1);
    CORRUPT("value 'conv': its scales are tensor 8 of 8", OUTPUT(CONV)->quantized = 9);
    CORRUPT("value 'conv': its scales are tensor 4294967294 of 8",
            OUTPUT(CONV)->quantized = UINT32_MAX);
    CORRUPT("tensor 'conv/filter' is no zero point and scales",
            OUTPUT(CONV)->quantized = TYPES_FILTER + 1);
    CORRUPT("tensor 'fc/filter' is no zero point and scales",
            OUTPUT(CONV)->quantized = TYPES_FC_FILTER + 1);
    CORRUPT("tensor 'other steps' is no zero point and scales", TENSOR(OTHER_STEPS)->dims[0] = 1,
            TENSOR(OTHER_STEPS)->bytes = 4);
    CORRUPT("tensor 'other steps' is no zero point and scales", TENSOR(OTHER_STEPS)->rank = 2,
            TENSOR(OTHER_STEPS)->dims[1] = 1);
    CORRUPT("tensor 'other steps' is no zero point and scales",
            TENSOR(OTHER_STEPS)->type = FID_TENSOR_F16, TENSOR(OTHER_STEPS)->dims[0] = 4);
    CORRUPT("tensor 'other steps' is used by no node and no value", OUTPUT(CONV)->quantized = 0,
            OUTPUT(POOL)->quantized = 0);
    GOOD(OUTPUT(CONV)->quantized = TYPES_FC_BIAS + 1, FLOATS(FC_BIAS)[0] = 7); /* 4 scales */
    CORRUPT("value 'conv': its zero point", OUTPUT(CONV)->quantized = TYPES_FC_BIAS + 1);
}

static void older_files_have_none_of_it(void)
{
    for (uint16_t minor = 0; minor <= 2; minor += 2) {
        CORRUPT("of format version 1.3, and the file of 1.", HEADER->minor = minor);
        CORRUPT("value 'to bytes': the file is of a version before 1.3", HEADER->minor = minor,
                TENSOR(FILTER)->type = TENSOR(FC_FILTER)->type = TENSOR(HEAD_FILTER)->type = 1,
                TENSOR(FILTER)->dims[0] = TENSOR(FILTER)->dims[1] = 1, TENSOR(FILTER)->dims[2] = 1,
                TENSOR(FILTER)->dims[3] = 31, TENSOR(FC_FILTER)->dims[0] = 1,
                TENSOR(FC_FILTER)->dims[1] = 10, TENSOR(HEAD_FILTER)->dims[0] = 1,
                TENSOR(HEAD_FILTER)->dims[1] = 7, TENSOR(HEAD_FILTER)->bytes = 28);
    }
    CORRUPT("operator 20 with activation 0 is of format version 1.3, and the file of 1.2",
            HEADER->minor = 2, OUTPUT(TO)->quantized = OUTPUT(CONV)->quantized = 0,
            OUTPUT(POOL)->quantized = 0,
            TENSOR(FILTER)->type = TENSOR(FC_FILTER)->type = TENSOR(HEAD_FILTER)->type = 1,
            TENSOR(FILTER)->dims[0] = TENSOR(FILTER)->dims[1] = 1, TENSOR(FILTER)->dims[2] = 1,
            TENSOR(FILTER)->dims[3] = 31, TENSOR(FC_FILTER)->dims[0] = 1,
            TENSOR(FC_FILTER)->dims[1] = 10, TENSOR(HEAD_FILTER)->dims[0] = 1,
            TENSOR(HEAD_FILTER)->dims[1] = 7, TENSOR(HEAD_FILTER)->bytes = 28);
}

static void nodes_of_bytes(void)
{
    CORRUPT("kernel", NODE(TO)->kernel_h = 1);
    CORRUPT("activation", NODE(TO)->activation = FID_ACT_CLAMP);
    CORRUPT("1 tensors instead of 0", NODE(TO)->tensor_count = 1);
    CORRUPT("2 inputs", NODE(TO)->input_count = 2);
}

/* Numbers are counted, not their bytes; layers say what comes out of them. */
static void check_what_is_told(const struct fid_model *model, const struct fid_session *session)
{
    static const char *const types[] = {"u8", "u8", "u8", "f32", "f32", "f32"};
    struct fid_model_info info;
    struct fid_step_info step;
    fid_model_info(model, &info);
    CHECK_THAT(info.parameter_count == 2 + 2 + 108 + 4 + 20 + 5 + 15 + 3, "%llu parameters",
               (unsigned long long)info.parameter_count);
    for (size_t i = 0; fid_session_step(session, i, &step); i++)
        CHECK_THAT(strcmp(step.type, types[i]) == 0, "%s is of %s", step.name, step.type);
}

/* What stands in a file is no matter of taste: files of version 1.3 that others have written mean
 * the same to every later reader, and have the same id. */
static void the_golden_file_is_read_as_ever(void)
{
    static uint8_t bytes[1 << 16];
    struct weight_image image = weight_types_image();
    FILE *in = fopen("tests/golden/types.fid", "rb");
    REQUIRE(in != NULL);
    const size_t size = fread(bytes, 1, sizeof bytes, in);
    fclose(in);
    CHECK_THAT(size == image.size && memcmp(bytes, image.bytes, size) == 0,
               "tests/golden/types.fid is not what fid_builder writes");
    struct fid_runtime *runtime;
    struct fid_model *model = NULL;
    struct fid_session *session = NULL;
    struct fid_error error = {0};
    struct fid_value input, output;
    REQUIRE(fid_runtime_open(&runtime, NULL, &error) == FID_OK);
    enum fid_status status = fid_model_open(runtime, "tests/golden/types.fid", &model, &error);
    if (status == FID_OK)
        status = fid_model_verify(runtime, model, &error);
    if (status == FID_OK)
        status = fid_session_open(runtime, model, NULL, 1, 0, 0, NULL, &session, &error);
    CHECK_THAT(status == FID_OK, "%s", error.text);
    if (status == FID_OK) {
        check_what_is_told(model, session);
        static const double want[3] = {613.017517, 636.713501, 660.409546};
        fid_session_input(session, &input);
        for (int i = 0; i < input.h * input.w * input.c; i++)
            input.data[i] = (float)(i * 7 % 48) * 0x1p-5f - 0.75f;
        fid_session_run(session, 1);
        CHECK(fid_session_output(session, NULL, &output) && output.c == 3);
        /* two sums of six positive terms at most */
        for (int i = 0; i < 3; i++)
            CHECK_THAT(fabs((double)output.data[i] - want[i]) < 56 * 0x1p-24 * want[i],
                       "output %d is %.9g, not %.9g", i, (double)output.data[i], want[i]);
    }
    fid_session_close(&session);
    fid_model_close(&model);
    fid_runtime_close(&runtime);
    free(image.bytes);
}

CHECK_MAIN(CHECK_CASE(numbers_out_of_their_range), CHECK_CASE(halves_that_are_not_finite),
           CHECK_CASE(tensors_of_wrong_types), CHECK_CASE(values_with_wrong_steps),
           CHECK_CASE(older_files_have_none_of_it), CHECK_CASE(nodes_of_bytes),
           CHECK_CASE(the_golden_file_is_read_as_ever))
