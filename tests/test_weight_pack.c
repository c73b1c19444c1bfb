/* test_weight_pack.c - checksums that are joined, numbers that are checked in parts, and the
 * writing of packed weights. */
#include "tests/check/check.h"
#include "tests/check/weight_sample.h"

#include "engine/base/memory.h"
#include "kernels/kernels.h"
#include "weights/checksum.h"
#include "weights/weight_pack_write.h"

#include <dirent.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

/* ---- joined checksums ---- */

static void join_equals_the_serial_sum(void)
{
    enum { BYTES = 3000 };
    static uint8_t bytes[BYTES];
    for (size_t i = 0; i < BYTES; i++)
        bytes[i] = (uint8_t)check_random();
    const uint32_t whole = fid_builder_crc32c(0, bytes, BYTES);
    for (size_t split = 0; split <= BYTES; split++) {
        const uint32_t a = fid_builder_crc32c(0, bytes, split);
        const uint32_t b = fid_builder_crc32c(0, bytes + split, BYTES - split);
        CHECK_THAT(fid_crc32c_join(a, b, BYTES - split) == whole, "split at %zu", split);
    }
}

/* Lengths that no test wants to sum byte by byte: x^(8 · (2^32 + 5)) by two joins of its parts. */
static void join_knows_long_lengths(void)
{
    const uint32_t a = check_random(), zero = 0;
    uint32_t moved = a;
    for (int i = 0; i < 2; i++)
        moved = fid_crc32c_join(moved, zero, 1ull << 31);
    moved = fid_crc32c_join(moved, zero, 5);
    CHECK(fid_crc32c_join(a, zero, (1ull << 32) + 5) == moved);
    CHECK(fid_crc32c_join(a, zero, 0) == a);
}

/* ---- numbers in parts ---- */

enum { TENSORS = 3, ROWS = 800, COLUMNS = 1001 }; /* 3.2 MB each: no part ends where one does */

/* The file's DATA is of three parts, and every tensor but the last is followed by a gap. */
static struct weight_image large_image(void)
{
    const struct fid_file_node fc = {.op = FID_OP_FULLY_CONNECTED};
    const uint32_t dims[] = {ROWS, COLUMNS}, bias_dims[] = {1};
    char name[16];
    size_t size;
    float *numbers = malloc(sizeof(float) * ROWS * COLUMNS);
    if (numbers == NULL)
        abort();
    for (size_t i = 0; i < (size_t)ROWS * COLUMNS; i++)
        numbers[i] = check_random_float(-1, 1);
    struct fid_builder *builder = fid_builder_open();
    fid_builder_graph(builder, "g", 1, 1, COLUMNS);
    uint32_t value = 0, tensors[2];
    for (int i = 0; i < TENSORS; i++) {
        snprintf(name, sizeof name, "filter%d", i);
        tensors[0] = fid_builder_tensor(builder, name, 2, dims, numbers);
        snprintf(name, sizeof name, "bias%d", i);
        tensors[1] = fid_builder_tensor(builder, name, 1, bias_dims, numbers);
        snprintf(name, sizeof name, "fc%d", i);
        value = fid_builder_node(builder, name, &fc, 1, &value, 2, tensors);
    }
    fid_builder_output(builder, value);
    const uint8_t *bytes = fid_builder_finish(builder, &size);
    struct weight_image image = weight_image_copy(bytes, size);
    fid_builder_close(&builder);
    free(numbers);
    return image;
}

/* The file, without its checksums being made right, says the same for any number of
 * workers: FILLS text[504]. */
static enum fid_status check_with_workers(struct weight_image image, char *text)
{
    enum fid_status status[3];
    struct fid_error error[3] = {0};
    for (int workers = 0; workers < 3; workers++) {
        struct fid_weight_file *file;
        struct fid_pool *pool = NULL;
        if (workers > 0 && fid_pool_open(&pool, 1 + workers, &error[0]) != FID_OK)
            abort();
        status[workers] =
            fid_weight_file_open_memory(image.bytes, image.size, WEIGHT_IMAGE_NAME,
                                        fid_kernels_best()->crc32c, &file, &error[workers]);
        CHECK_THAT(status[workers] == FID_OK, "%s", error[workers].text);
        if (status[workers] == FID_OK)
            status[workers] = fid_weight_file_check_data(file, pool, false, &error[workers]);
        fid_weight_file_close(&file);
        fid_pool_close(&pool);
    }
    for (int workers = 1; workers < 3; workers++)
        CHECK_THAT(status[workers] == status[0] && strcmp(error[workers].text, error[0].text) == 0,
                   "%d workers: '%s', one: '%s'", workers + 1, error[workers].text, error[0].text);
    strcpy(text, error[0].text);
    return status[0];
}

static float *tensor_in(struct weight_image image, size_t tensor)
{
    const struct fid_file_tensor *record = weight_image_records(image, FID_SECTION_TENS);
    return (void *)((uint8_t *)weight_image_records(image, FID_SECTION_DATA) +
                    record[tensor].offset);
}

static void parts_say_what_the_whole_says(void)
{
    struct weight_image image = large_image();
    char text[504];
    const uint32_t data_bytes = (uint32_t)weight_image_section(image, FID_SECTION_DATA)->bytes;
    uint8_t *data = weight_image_records(image, FID_SECTION_DATA);
    const size_t part = (size_t)4 << 20; /* of weight_numbers.c: its edges are worth a look */
    CHECK(data_bytes > 2 * part);
    CHECK(check_with_workers(image, text) == FID_OK);
    const size_t edges[] = {0, part - 1, part, 2 * part - 1, 2 * part, data_bytes - 1};
    for (size_t i = 0; i < 16; i++) {
        const size_t at = i < 6 ? edges[i] : check_random_below(data_bytes);
        const uint8_t bit = (uint8_t)(1u << check_random_below(8));
        data[at] ^= bit;
        CHECK(check_with_workers(image, text) == FID_CORRUPT);
        CHECK_THAT(strstr(text, "section DATA is damaged") != NULL, "%s", text);
        data[at] ^= bit;
    }
    free(image.bytes);
}

/* Two places are wrong, and the first is the one that is told, though both are in other parts. */
static void first_of_two_is_told(void)
{
    struct weight_image image = large_image();
    char text[504];
    tensor_in(image, 4)[ROWS * COLUMNS - 1] = NAN;
    tensor_in(image, 2)[7] = INFINITY;
    fid_builder_seal(image.bytes, image.size);
    CHECK(check_with_workers(image, text) == FID_CORRUPT);
    CHECK_THAT(strstr(text, "tensor 2 'filter1' holds a number that is not finite") != NULL, "%s",
               text);
    tensor_in(image, 3)[1] = 1.0f; /* behind its only number */
    fid_builder_seal(image.bytes, image.size);
    CHECK(check_with_workers(image, text) == FID_CORRUPT);
    CHECK_THAT(strstr(text, "the gap before tensor 4 'filter2' is not zero") != NULL, "%s", text);
    free(image.bytes);
}

/* ---- packed weights ---- */

static void packed_sample_is_read(void)
{
    struct weight_image image = weight_packed_image();
    struct fid_weight_file *file;
    struct fid_error error = {0};
    size_t count;
    const enum fid_status status = weight_image_open(image, image.size, &file, &error);
    CHECK_THAT(status == FID_OK, "%s", error.text);
    REQUIRE(status == FID_OK);
    const struct fid_file_plan *plan = fid_weight_file_plan(file);
    REQUIRE(plan != NULL);
    CHECK(plan->h == 16 && plan->w == 8 && strcmp(plan->kernels, "some_kernels") == 0);
    const struct fid_file_step *steps = fid_weight_file_steps(file, &count);
    REQUIRE(count == SAMPLE_FC);
    CHECK(strcmp(steps[SAMPLE_POOL].method, "a_method") == 0 && steps[SAMPLE_POOL].bytes == 0);
    const uint8_t *conv = fid_weight_file_packed(file, SAMPLE_CONV);
    const uint8_t *add = fid_weight_file_packed(file, SAMPLE_ADD);
    CHECK((uintptr_t)conv % 64 == 0 && (uintptr_t)add % 64 == 0);
    CHECK((conv - image.bytes) % 4096 == 0);
    CHECK(conv[0] == 1 && conv[499] == (uint8_t)500 && add == conv + 512 && add[63] == 64);
    fid_weight_file_close(&file);
    free(image.bytes);
    image = weight_sample_image();
    REQUIRE(weight_image_open(image, image.size, &file, &error) == FID_OK);
    CHECK(fid_weight_file_plan(file) == NULL);
    fid_weight_file_close(&file);
    free(image.bytes);
}

/* Writes the packed sample again to path from an opened image. */
static enum fid_status write_again(struct weight_image image, const char *path,
                                   struct fid_error *error)
{
    struct fid_weight_file *file;
    const void *packed[SAMPLE_FC];
    struct fid_packed_weights weights = {.packed = packed};
    struct weight_image model = weight_packed_image();
    struct fid_weight_file *source;
    if (weight_image_open(model, model.size, &source, error) != FID_OK ||
        weight_image_open(image, image.size, &file, error) != FID_OK)
        abort();
    weights.plan = *fid_weight_file_plan(source);
    weights.steps = fid_weight_file_steps(source, &weights.step_count);
    for (size_t i = 0; i < weights.step_count; i++)
        packed[i] = fid_weight_file_packed(source, i);
    const enum fid_status status = fid_weight_file_write_packed(file, &weights, path, error);
    fid_weight_file_close(&file);
    fid_weight_file_close(&source);
    free(model.bytes);
    return status;
}

static bool has_bytes(const char *path, struct weight_image want)
{
    FILE *in = fopen(path, "rb");
    uint8_t *bytes = malloc(want.size + 1);
    if (in == NULL || bytes == NULL)
        abort();
    const size_t size = fread(bytes, 1, want.size + 1, in);
    const bool same = size == want.size && memcmp(bytes, want.bytes, size) == 0;
    fclose(in);
    free(bytes);
    return same;
}

/* The tests' own writer and ours agree to the byte, whether the file had packed weights before or
 * not, and an older file is replaced. */
static void writing_is_exact(void)
{
    char path[4096];
    struct fid_error error = {0};
    struct weight_image plain = weight_sample_image(), packed = weight_packed_image();
    snprintf(path, sizeof path, "%s/exact.fid", check_temp_folder());
    enum fid_status status = write_again(plain, path, &error);
    CHECK_THAT(status == FID_OK && has_bytes(path, packed), "%s", error.text);
    status = write_again(packed, path, &error);
    CHECK_THAT(status == FID_OK && has_bytes(path, packed), "%s", error.text);
    free(plain.bytes);
    free(packed.bytes);
}

static size_t files_in(const char *folder)
{
    size_t count = 0;
    DIR *entries = opendir(folder);
    while (entries != NULL && readdir(entries) != NULL)
        count++;
    if (entries != NULL)
        closedir(entries);
    return count;
}

static void failed_writing_leaves_nothing(void)
{
    char path[4096];
    struct fid_error error = {0};
    struct weight_image plain = weight_sample_image();
    CHECK(write_again(plain, "/nowhere/at/all.fid", &error) == FID_IO);
    CHECK_THAT(strcmp(error.text, "/nowhere/at/all.fid cannot be written: No such file or "
                                  "directory") == 0,
               "%s", error.text);
    snprintf(path, sizeof path, "%s/short.fid", check_temp_folder());
    const size_t before = files_in(check_temp_folder());
    fflush(stdout);
    const pid_t child = fork();
    REQUIRE(child >= 0);
    if (child == 0) { /* a full disk: no file may grow over 1,000 bytes */
        const struct rlimit limit = {1000, 1000};
        signal(SIGXFSZ, SIG_IGN);
        setrlimit(RLIMIT_FSIZE, &limit);
        const bool good = write_again(plain, path, &error) == FID_IO &&
                          strstr(error.text, "File too large") != NULL;
        _exit(good ? 0 : 1);
    }
    int status;
    REQUIRE(waitpid(child, &status, 0) == child);
    CHECK(status == 0);
    CHECK(files_in(check_temp_folder()) == before);
    free(plain.bytes);
}

static void writing_survives_lack_of_memory(void)
{
    char path[4096];
    struct fid_error error = {0};
    struct fid_weight_file *file;
    const void *packed[SAMPLE_FC] = {0};
    struct fid_file_step steps[SAMPLE_FC] = {0};
    const struct fid_packed_weights weights = {
        .steps = steps, .packed = packed, .step_count = SAMPLE_FC};
    struct weight_image plain = weight_sample_image();
    snprintf(path, sizeof path, "%s/memory.fid", check_temp_folder());
    REQUIRE(weight_image_open(plain, plain.size, &file, &error) == FID_OK);
    unsigned long n = 1;
    for (;; n++) {
        fid_allocation_fail_at(n);
        const enum fid_status status = fid_weight_file_write_packed(file, &weights, path, &error);
        fid_allocation_fail_at(0);
        if (status == FID_OK)
            break;
        REQUIRE(status == FID_NO_MEMORY && access(path, F_OK) != 0);
    }
    CHECK(n > 2);
    fid_weight_file_close(&file);
    free(plain.bytes);
}

CHECK_MAIN(CHECK_CASE(join_equals_the_serial_sum), CHECK_CASE(join_knows_long_lengths),
           CHECK_CASE(parts_say_what_the_whole_says), CHECK_CASE(first_of_two_is_told),
           CHECK_CASE(packed_sample_is_read), CHECK_CASE(writing_is_exact),
           CHECK_CASE(failed_writing_leaves_nothing), CHECK_CASE(writing_survives_lack_of_memory))
