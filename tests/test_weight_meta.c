/* test_weight_meta.c - a weight file with other metadata: the same model by its id, in the same
 * bytes each time, and nothing of the texts that were replaced. */
#include "tests/check/check.h"
#include "tests/check/weight_sample.h"

#include "engine/base/memory.h"
#include "kernels/kernels.h"
#include "weights/weight_meta_write.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const struct fid_model_entry entries[] = {
    {.key = "decision.maybe", .number = 0.25},
    {.key = "decision.measured_on", .text = "ten people, \xC3\xA4"},
    {.key = "decision.accept", .number = 0.75},
};
enum { ENTRIES = sizeof entries / sizeof entries[0] };

static struct fid_weight_file *open_image(struct weight_image image)
{
    struct fid_error error;
    struct fid_weight_file *file;
    if (weight_image_open(image, image.size, &file, &error) != FID_OK)
        abort();
    return file;
}

/* Opens what was written, checked to the last byte; the id too. */
static struct fid_weight_file *reopen(const char *path)
{
    struct fid_error error = {0};
    struct fid_weight_file *file;
    const struct fid_kernels *kernels = fid_kernels_named("ref");
    if (fid_weight_file_open(path, kernels->crc32c, &file, &error) != FID_OK)
        abort();
    CHECK_THAT(fid_weight_file_check(file, NULL, &error) == FID_OK, "%s", error.text);
    CHECK_THAT(fid_weight_file_check_id(file, fid_sha256_beside(kernels), &error) == FID_OK, "%s",
               error.text);
    return file;
}

static char *read_bytes(const char *path, size_t *size)
{
    FILE *in = fopen(path, "rb");
    char *bytes = calloc(1 << 20, 1);
    if (in == NULL || bytes == NULL)
        abort();
    *size = fread(bytes, 1, 1 << 20, in);
    fclose(in);
    return bytes;
}

/* A sample, packed or not, written with the entries once, and the result once more. */
static void write_twice(struct weight_image image)
{
    struct fid_error error = {0};
    char path[4096], again[4096];
    double number = 0;
    size_t size, size_again;
    snprintf(path, sizeof path, "%s/once.fid", check_temp_folder());
    snprintf(again, sizeof again, "%s/again.fid", check_temp_folder());
    struct fid_weight_file *before = open_image(image);
    CHECK_THAT(fid_weight_file_write_meta(before, entries, ENTRIES, path, &error) == FID_OK, "%s",
               error.text);
    struct fid_weight_file *after = reopen(path);
    CHECK(fid_weight_file_float(after, "decision.accept", 0, &number) && number == 0.75);
    CHECK(fid_weight_file_float(after, "decision.maybe", 0, &number) && number == 0.25);
    CHECK(strcmp(fid_weight_file_text(after, "decision.measured_on", 0), entries[1].text) == 0);
    CHECK(memcmp(fid_weight_file_header(after)->model_id, fid_weight_file_header(before)->model_id,
                 FID_FILE_ID_BYTES) == 0);
    CHECK((fid_weight_file_plan(after) == NULL) == (fid_weight_file_plan(before) == NULL));
    CHECK(fid_weight_file_write_meta(after, entries, ENTRIES, again, &error) == FID_OK);
    char *bytes = read_bytes(path, &size), *bytes_again = read_bytes(again, &size_again);
    CHECK(size == size_again && memcmp(bytes, bytes_again, size) == 0);
    free(bytes);
    free(bytes_again);
    fid_weight_file_close(&after);
    fid_weight_file_close(&before);
    free(image.bytes);
}

static void metadata_is_exchanged(void)
{
    write_twice(weight_sample_image());
    write_twice(weight_packed_image());
}

/* A text that was replaced is not in the file any more. */
static void old_texts_go(void)
{
    struct fid_error error;
    char path[4096], other[4096];
    size_t size;
    const struct fid_model_entry text = {.key = "decision.measured_on", .text = "secretly"};
    struct weight_image image = weight_sample_image();
    snprintf(path, sizeof path, "%s/old.fid", check_temp_folder());
    snprintf(other, sizeof other, "%s/new.fid", check_temp_folder());
    struct fid_weight_file *file = open_image(image);
    REQUIRE(fid_weight_file_write_meta(file, &text, 1, path, &error) == FID_OK);
    fid_weight_file_close(&file);
    char *bytes = read_bytes(path, &size);
    CHECK(memmem(bytes, size, "secretly", 8) != NULL);
    free(bytes);
    file = reopen(path);
    REQUIRE(fid_weight_file_write_meta(file, entries, ENTRIES, other, &error) == FID_OK);
    fid_weight_file_close(&file);
    bytes = read_bytes(other, &size);
    CHECK(memmem(bytes, size, "secretly", 8) == NULL);
    free(bytes);
    free(image.bytes);
}

static void bad_entries_are_refused(void)
{
    static const struct fid_model_entry bad[] = {
        {.key = "input.scale", .number = 1},
        {.key = "decision.accept", .number = NAN},
        {.key = "decision.measured_on", .text = "\xFF"},
    };
    char path[4096];
    struct fid_error error;
    struct weight_image image = weight_sample_image();
    struct fid_weight_file *file = open_image(image);
    snprintf(path, sizeof path, "%s/bad.fid", check_temp_folder());
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        CHECK(fid_weight_file_write_meta(file, &bad[i], 1, path, &error) == FID_INVALID);
        CHECK(access(path, F_OK) != 0);
    }
    fid_weight_file_close(&file);
    free(image.bytes);
}

static void writing_survives_lack_of_memory(void)
{
    char path[4096];
    struct fid_error error;
    struct weight_image image = weight_sample_image();
    struct fid_weight_file *file = open_image(image);
    snprintf(path, sizeof path, "%s/memory.fid", check_temp_folder());
    unsigned long n = 1;
    for (;; n++) {
        fid_allocation_fail_at(n);
        const enum fid_status status =
            fid_weight_file_write_meta(file, entries, ENTRIES, path, &error);
        fid_allocation_fail_at(0);
        if (status == FID_OK)
            break;
        REQUIRE(status == FID_NO_MEMORY && access(path, F_OK) != 0);
    }
    CHECK(n > 3);
    fid_weight_file_close(&file);
    free(image.bytes);
}

CHECK_MAIN(CHECK_CASE(metadata_is_exchanged), CHECK_CASE(old_texts_go),
           CHECK_CASE(bad_entries_are_refused), CHECK_CASE(writing_survives_lack_of_memory))
