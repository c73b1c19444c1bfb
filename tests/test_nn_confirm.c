/* test_nn_confirm.c - a model is the one of its id: what the id covers cannot be changed under it,
 * with all checksums right; packed weights are those of the tensors; and the answer stays. */
#include "engine/nn/model_check.h"
#include "tests/check/check.h"
#include "tests/check/net.h"
#include "tests/check/weight_sample.h"

#include "kernels/kernels.h"

#include <stdio.h>
#include <locale.h>
#include <stdlib.h>
#include <string.h>

static const char *path_of(const char *name)
{
    static char path[4096];
    snprintf(path, sizeof path, "%s/%s", check_temp_folder(), name);
    return path;
}

/* Writes the bytes and asks about them, with the whole check or without; beside: on the thread. */
static enum fid_status ask(struct weight_image image, bool whole, bool beside, const char *isa,
                           struct fid_error *error)
{
    struct fid_runtime *runtime;
    struct fid_model *model = NULL;
    const char *path = path_of("asked.fid");
    FILE *out = fopen(path, "wb");
    if (out == NULL || fwrite(image.bytes, 1, image.size, out) != image.size)
        check_fail(__FILE__, __LINE__, "cannot write %s", path);
    if (out != NULL)
        fclose(out);
    enum fid_status status = fid_runtime_open(&runtime, &(struct fid_options){.isa = isa}, error);
    if (status == FID_OK)
        status = fid_model_open(runtime, path, &model, error);
    if (status == FID_OK && beside)
        fid_model_start_confirm(model);
    for (int again = 0; again < 2 && model != NULL; again++) {
        const enum fid_status found =
            whole ? fid_model_verify(runtime, model, error) : fid_model_confirm(model, error);
        CHECK(again == 0 || found == status);
        status = found;
    }
    fid_model_close(&model);
    fid_runtime_close(&runtime);
    remove(path);
    return status;
}

/* Refused all ways, by a sentence with the word. */
static void refuses(struct weight_image image, const char *word, const char *what)
{
    struct fid_error error = {0};
    for (int way = 0; way < 4; way++) {
        const enum fid_status status = ask(image, way & 1, way & 2, NULL, &error);
        CHECK_THAT(status == FID_CORRUPT && strstr(error.text, word) != NULL, "%s, way %d: %d %s",
                   what, way, (int)status, status != FID_OK ? error.text : "");
    }
}

/* ---- the id ---- */

static struct weight_image sample(void)
{
    return weight_sample_image();
}

static void seal(struct weight_image image)
{
    fid_builder_seal(image.bytes, image.size);
}

static void the_honest_file_is_confirmed(void)
{
    struct weight_image image = sample();
    struct fid_error error = {0};
    for (int way = 0; way < 4; way++)
        CHECK_THAT(ask(image, way & 1, way & 2, NULL, &error) == FID_OK, "%s", error.text);
    free(image.bytes);
}

/* A host program may have set a locale that writes numbers with a comma. */
static void the_locale_does_not_count(void)
{
    char command[512];
    const char *folder = check_temp_folder();
    struct fid_error error = {0};
    struct weight_image image = sample(); /* its id is of the C locale */
    snprintf(command, sizeof command, "localedef -i de_DE -f UTF-8 %s/de_DE.UTF-8 2>/dev/null",
             folder);
    setenv("LOCPATH", folder, 1);
    if (system(command) != 0 || setlocale(LC_NUMERIC, "de_DE.UTF-8") == NULL) {
        check_skip("no locale with a decimal comma can be made (localedef)");
        free(image.bytes);
        return;
    }
    CHECK_THAT(ask(image, false, false, NULL, &error) == FID_OK, "%s", error.text);
    setlocale(LC_NUMERIC, "C");
    free(image.bytes);
}

static void another_weight_is_another_model(void)
{
    for (size_t tensor = SAMPLE_FILTER; tensor <= SAMPLE_FC_BIAS; tensor++) {
        struct weight_image image = sample();
        const struct fid_file_tensor *tensors = weight_image_records(image, FID_SECTION_TENS);
        float *numbers = (void *)((uint8_t *)weight_image_records(image, FID_SECTION_DATA) +
                                  tensors[tensor].offset);
        numbers[tensors[tensor].bytes / sizeof *numbers - 1] += 1.0f;
        seal(image);
        refuses(image, "the model's id is", "a weight");
        free(image.bytes);
    }
}

static void another_graph_is_another_model(void)
{
    struct weight_image image = sample();
    struct fid_file_node *nodes = weight_image_records(image, FID_SECTION_NODE);
    nodes[SAMPLE_CLAMP].act_max = 3.0f;
    seal(image);
    refuses(image, "the model's id is", "a node");
    free(image.bytes);
    image = sample();
    struct fid_file_graph *graphs = weight_image_records(image, FID_SECTION_GRPH);
    graphs[0].h = graphs[0].w = 16;
    seal(image);
    refuses(image, "the model's id is", "the input's size");
    free(image.bytes);
    image = sample();
    uint32_t *index = weight_image_records(image, FID_SECTION_INDX);
    const struct fid_file_node *sum = weight_image_records(image, FID_SECTION_NODE);
    index[sum[SAMPLE_ADD].first_input + 1] = index[sum[SAMPLE_ADD].first_input];
    seal(image);
    refuses(image, "the model's id is", "an input");
    free(image.bytes);
}

static void another_id_is_another_model(void)
{
    struct weight_image image = sample();
    ((struct fid_file_header *)(void *)image.bytes)->model_id[15] ^= 1;
    seal(image);
    refuses(image, "the model's id is", "the id");
    free(image.bytes);
}

/* The sample with one entry of metadata under the id of the sample without. */
static struct weight_image with_meta(const char *key, const char *const *texts, size_t count,
                                     bool own_id)
{
    struct fid_builder *builder = weight_sample_open();
    struct weight_image plain = sample();
    size_t size;
    fid_builder_texts(builder, key, count, texts);
    const uint8_t *bytes = fid_builder_finish(builder, &size);
    struct weight_image image = weight_image_copy(bytes, size);
    if (!own_id)
        memcpy(((struct fid_file_header *)(void *)image.bytes)->model_id,
               ((struct fid_file_header *)(void *)plain.bytes)->model_id, FID_FILE_ID_BYTES);
    seal(image);
    fid_builder_close(&builder);
    free(plain.bytes);
    return image;
}

static void preprocessing_is_in_the_id_and_names_are_not(void)
{
    static const char *const words[] = {"box"};
    static const char *const inside[] = {"align.kind", "face.kind", "decisions", "inform"};
    static const char *const outside[] = {"info.name", "decision.measured_on", "labels"};
    struct fid_error error = {0};
    for (size_t i = 0; i < sizeof inside / sizeof *inside; i++) {
        struct weight_image image = with_meta(inside[i], words, 1, false);
        refuses(image, "the model's id is", inside[i]);
        free(image.bytes);
    }
    for (size_t i = 0; i < sizeof outside / sizeof *outside; i++) {
        struct weight_image image = with_meta(outside[i], words, 1, false);
        CHECK_THAT(ask(image, true, false, NULL, &error) == FID_OK, "%s: %s", outside[i],
                   error.text);
        free(image.bytes);
    }
}

/* An entry whose text reads like two would have the id of these two. */
static void metadata_stands_for_nothing_else(void)
{
    static const char *const two[] = {"box\nalign.side=3"};
    static const char *const plain[] = {"box"};
    struct weight_image image = with_meta("align.kind", two, 1, true);
    refuses(image, "holds a line end", "a line end in a value");
    free(image.bytes);
    image = with_meta("align.kind=box\nalign.side", plain, 1, true);
    refuses(image, "holds a line end", "a line end in a key");
    free(image.bytes);
}

/* ---- packed weights ---- */

/* Packs the sample for a table, changes one bit of every step, seals. */
static void no_packed_weight_differs_from_its_tensor(void)
{
    const char *const plain = "plain.fid";
    struct fid_error error = {0};
    int usable, steps_seen = 0;
    for (size_t t = 0; fid_kernels_at(t, &usable) != NULL; t++) {
        const struct fid_options options = {.isa = fid_kernels_at(t, &usable)->name};
        struct fid_runtime *runtime;
        struct fid_model *model = NULL;
        struct weight_image image;
        char packed[4200];
        if (!usable)
            continue;
        struct fid_builder *builder = weight_sample_open();
        CHECK(fid_builder_write(builder, path_of(plain)) == 0);
        fid_builder_close(&builder);
        snprintf(packed, sizeof packed, "%s.packed", path_of(plain));
        REQUIRE(fid_runtime_open(&runtime, &options, &error) == FID_OK);
        REQUIRE(fid_model_open(runtime, path_of(plain), &model, &error) == FID_OK);
        CHECK_THAT(fid_model_pack(runtime, model, NULL, 0, 0, packed, &error) == FID_OK, "%s",
                   error.text);
        fid_model_close(&model);
        fid_runtime_close(&runtime);
        FILE *in = fopen(packed, "rb");
        static uint8_t bytes[1 << 20];
        REQUIRE(in != NULL);
        const size_t size = fread(bytes, 1, sizeof bytes, in);
        fclose(in);
        image = weight_image_copy(bytes, size);
        CHECK_THAT(ask(image, true, false, NULL, &error) == FID_OK, "%s", error.text);
        const struct fid_file_section *steps = weight_image_section(image, FID_SECTION_STEP);
        for (size_t i = 0; i < steps->bytes / sizeof(struct fid_file_step); i++) {
            const struct fid_file_step *step =
                (const struct fid_file_step *)weight_image_records(image, FID_SECTION_STEP) + i;
            if (step->bytes == 0)
                continue;
            uint8_t *pack = (uint8_t *)weight_image_records(image, FID_SECTION_PACK) + step->offset;
            const size_t at = check_random_below((uint32_t)step->bytes);
            pack[at] ^= 1;
            seal(image);
            for (int way = 0; way < 4; way++)
                CHECK_THAT(ask(image, way & 1, way & 2, options.isa, &error) == FID_CORRUPT &&
                               strstr(error.text, "are not those of its tensors") != NULL,
                           "%s, way %d: %s", options.isa, way, error.text);
            /* The reference packs panels of another width: it does not read these at a start, and
             * whoever asks for the whole file is told. */
            const bool reads =
                fid_kernels_at(t, &usable)->tile.gemm_nr == fid_kernels_named("ref")->tile.gemm_nr;
            CHECK(ask(image, true, false, "ref", &error) == FID_CORRUPT);
            CHECK(reads || ask(image, false, false, "ref", &error) == FID_OK);
            pack[at] ^= 1;
            steps_seen++;
        }
        free(image.bytes);
    }
    CHECK(steps_seen > 0);
}

CHECK_MAIN(CHECK_CASE(the_honest_file_is_confirmed), CHECK_CASE(the_locale_does_not_count),
           CHECK_CASE(another_weight_is_another_model), CHECK_CASE(another_graph_is_another_model),
           CHECK_CASE(another_id_is_another_model),
           CHECK_CASE(preprocessing_is_in_the_id_and_names_are_not),
           CHECK_CASE(metadata_stands_for_nothing_else),
           CHECK_CASE(no_packed_weight_differs_from_its_tensor))
