/* test_weight_file.c - the reader of .fid files: what a good file answers, and that no damaged or
 * hostile one is taken. */
#include "tests/check/check.h"
#include "tests/check/weight_sample.h"

#include "engine/base/memory.h"
#include "kernels/kernels.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Opens the first size bytes: refused, with a sentence that begins with the file's name? */
static bool refused(struct weight_image image, size_t size)
{
    struct fid_weight_file *file;
    struct fid_error error = {0};
    enum fid_status status = weight_image_open(image, size, &file, &error);
    bool good = status != FID_OK && file == NULL && error.status == status &&
                strncmp(error.text, WEIGHT_IMAGE_NAME ": ", strlen(WEIGHT_IMAGE_NAME ": ")) == 0 &&
                strlen(error.text) > strlen(WEIGHT_IMAGE_NAME ": ") &&
                strchr(error.text, '\n') == NULL;
    fid_weight_file_close(&file);
    return good;
}

/* ---- a good file ---- */

static void sample_is_read(void)
{
    struct weight_image image = weight_sample_image();
    struct fid_weight_file *file;
    struct fid_error error = {0};
    size_t graphs, values, nodes, tensors, index;
    enum fid_status status = weight_image_open(image, image.size, &file, &error);
    CHECK_THAT(status == FID_OK, "%s", error.text);
    REQUIRE(status == FID_OK);
    const struct fid_file_graph *graph = fid_weight_file_graphs(file, &graphs);
    const struct fid_file_node *node = fid_weight_file_nodes(file, &nodes);
    fid_weight_file_values(file, &values);
    fid_weight_file_tensors(file, &tensors);
    const uint32_t *run = fid_weight_file_index(file, &index);
    CHECK(graphs == 2 && nodes == SAMPLE_NODES && values == SAMPLE_NODES + 2 && tensors == 5);
    CHECK(strcmp(fid_weight_file_string(file, graph[1].name), "vector") == 0);
    CHECK(strcmp(fid_weight_file_string(file, node[SAMPLE_FC].name), "fc") == 0);
    CHECK(run[node[SAMPLE_FC].first_tensor] == SAMPLE_FC_FILTER);
    CHECK(fid_weight_file_tensor_data(file, SAMPLE_FC_FILTER)[299] == 0.125f * 300);
    CHECK((uintptr_t)fid_weight_file_tensor_data(file, SAMPLE_SLOPE) % 64 == 0);
    CHECK(strcmp(fid_weight_file_path(file), WEIGHT_IMAGE_NAME) == 0);
    CHECK(fid_weight_file_header(file)->file_bytes == image.size);
    CHECK(fid_weight_file_section(file, FID_SECTION_GRPH)->bytes == 2 * sizeof *graph);
    fid_weight_file_release_tensor(file, 0); /* nothing to release, and no harm */
    fid_weight_file_close(&file);
    CHECK(file == NULL);
    fid_weight_file_close(&file);
    free(image.bytes);
}

static void metadata_is_found(void)
{
    struct weight_image image = weight_sample_image();
    struct fid_weight_file *file;
    double number = 0;
    int64_t whole = 0;
    REQUIRE(weight_image_open(image, image.size, &file, NULL) == FID_OK);
    CHECK(strcmp(fid_weight_file_text(file, "labels", 1), "Zo\xc3\xab") == 0);
    CHECK(fid_weight_file_text(file, "labels", 2) == NULL);
    CHECK(fid_weight_file_text(file, "input.mean", 0) == NULL);
    CHECK(fid_weight_file_text(file, "input", 0) == NULL);
    CHECK(fid_weight_file_text(file, "zzz", 0) == NULL);
    CHECK(strcmp(fid_weight_file_text(file, "face.kind", 0), "recognizer") == 0);
    CHECK(fid_weight_file_float(file, "input.mean", 2, &number) && number == 131.0912);
    CHECK(fid_weight_file_int(file, "detect.strides", 2, &whole) && whole == 32);
    CHECK(fid_weight_file_float(file, "detect.strides", 0, &number) && number == 8);
    CHECK(!fid_weight_file_int(file, "detect.strides", 3, &whole));
    CHECK(!fid_weight_file_int(file, "input.mean", 0, &whole));
    CHECK(!fid_weight_file_float(file, "labels", 0, &number));
    CHECK(fid_weight_file_meta(file, "labels")->count == 2);
    fid_weight_file_close(&file);
    free(image.bytes);
}

static void file_on_disk_is_read(void)
{
    char path[256];
    struct fid_weight_file *file;
    struct fid_error error = {0};
    struct fid_builder *builder = weight_sample_open();
    snprintf(path, sizeof path, "%s/on_disk.fid", check_temp_folder());
    REQUIRE(fid_builder_write(builder, path) == 0);
    fid_builder_close(&builder);
    REQUIRE(fid_weight_file_open(path, fid_kernels_best()->crc32c, &file, &error) == FID_OK);
    const float *data = fid_weight_file_tensor_data(file, SAMPLE_FC_BIAS);
    CHECK(data[1] == 0.25f);
    fid_weight_file_release_tensor(file, SAMPLE_FC_BIAS);
    CHECK(data[1] == 0.25f); /* comes back from the file */
    fid_weight_file_close(&file);
}

static void memory_runs_out(void)
{
    struct weight_image image = weight_sample_image();
    struct fid_weight_file *file;
    enum fid_status status = FID_NO_MEMORY;
    unsigned long n = 0;
    while (status == FID_NO_MEMORY && n < 100) {
        struct fid_error error = {0};
        fid_allocation_fail_at(++n);
        status = weight_image_open(image, image.size, &file, &error);
        CHECK(status == FID_OK || (file == NULL && error.text[0] != '\0'));
    }
    fid_allocation_fail_at(0);
    CHECK_THAT(status == FID_OK && n > 3, "status %d after %lu", status, n);
    fid_weight_file_close(&file);
    free(image.bytes);
}

/* Of files: AddressSanitizer has a byte of its own for every eight that are read, and on some
 * kernels these are resident then. */
static long resident_kib(void)
{
    char line[128];
    long resident = 0;
    FILE *status = fopen("/proc/self/status", "r");
    while (status != NULL && fgets(line, sizeof line, status) != NULL)
        if (sscanf(line, "RssFile: %ld kB", &resident) == 1)
            break;
    if (status != NULL)
        fclose(status);
    return resident;
}

/* Opening and checking reads every byte, but leaves nothing of the file resident; touching and
 * releasing a tensor does not either. 64 MB of tensors; 8 MB of slack for the kernel's
 * reading around a fault. */
static void opening_leaves_little_resident(void)
{
    enum { TENSORS = 4, ROWS = 4096, COLUMNS = 1024 };
    static const struct fid_file_node fc = {.op = FID_OP_FULLY_CONNECTED};
    const uint32_t dims[] = {ROWS, COLUMNS}, bias_dims[] = {1};
    char path[256], name[16];
    float *zeros = calloc((size_t)ROWS * COLUMNS, sizeof *zeros);
    struct fid_builder *builder = fid_builder_open();
    REQUIRE(zeros != NULL);
    fid_builder_graph(builder, "g", 1, 1, COLUMNS);
    uint32_t value = 0, tensors[2];
    for (int i = 0; i < TENSORS; i++) {
        snprintf(name, sizeof name, "filter%d", i);
        tensors[0] = fid_builder_tensor(builder, name, 2, dims, zeros);
        snprintf(name, sizeof name, "bias%d", i);
        tensors[1] = fid_builder_tensor(builder, name, 1, bias_dims, zeros);
        snprintf(name, sizeof name, "fc%d", i);
        value = fid_builder_node(builder, name, &fc, 1, &value, 2, tensors);
    }
    fid_builder_output(builder, value);
    snprintf(path, sizeof path, "%s/large.fid", check_temp_folder());
    REQUIRE(fid_builder_write(builder, path) == 0);
    fid_builder_close(&builder);
    free(zeros);

    struct fid_weight_file *file;
    struct fid_error error = {0};
    long before = resident_kib();
    REQUIRE(before > 0);
    REQUIRE(fid_weight_file_open(path, fid_kernels_best()->crc32c, &file, &error) == FID_OK);
    REQUIRE(fid_weight_file_check(file, NULL, &error) == FID_OK);
    long opened = resident_kib() - before;
    CHECK_THAT(opened < 8192, "%ld KiB more are resident", opened);
    for (size_t i = 0; i < (size_t)2 * TENSORS; i++) {
        size_t count;
        size_t bytes = (size_t)fid_weight_file_tensors(file, &count)[i].bytes;
        CHECK(fid_kernels_best()->crc32c(0, fid_weight_file_tensor_data(file, i), bytes) != 0);
        fid_weight_file_release_tensor(file, i);
    }
    long released = resident_kib() - before;
    CHECK_THAT(released < 8192, "%ld KiB more are resident", released);
    fid_weight_file_close(&file);
    unlink(path);
}

/* ---- what is no weight file ---- */

static void expect_path(const char *path, enum fid_status want, const char *reason)
{
    struct fid_weight_file *file;
    struct fid_error error = {0};
    enum fid_status status = fid_weight_file_open(path, fid_kernels_best()->crc32c, &file, &error);
    CHECK_THAT(status == want && file == NULL, "%s: status %d instead of %d", path, status, want);
    CHECK_THAT(strstr(error.text, reason) != NULL, "'%s' does not say '%s'", error.text, reason);
    fid_weight_file_close(&file);
}

static void write_file(const char *path, const char *text)
{
    FILE *out = fopen(path, "w");
    REQUIRE(out != NULL);
    fputs(text, out);
    fclose(out);
}

static void other_things_are_refused(void)
{
    char path[600], longest[600];
    const char *folder = check_temp_folder();
    expect_path(folder, FID_IO, "is a folder");
    expect_path("/dev/null", FID_IO, "is not a regular file");
    expect_path("/nowhere/at/all.fid", FID_NOT_FOUND, "/nowhere/at/all.fid: ");
    snprintf(path, sizeof path, "%s/fifo", folder);
    REQUIRE(mkfifo(path, 0600) == 0);
    expect_path(path, FID_IO, "is not a regular file");
    snprintf(path, sizeof path, "%s/file", folder);
    write_file(path, "");
    expect_path(path, FID_CORRUPT, "is empty");
    write_file(path, "\x89HDF\r\n\x1a\n....");
    expect_path(path, FID_CORRUPT,
                "not a .fid weight file (starts with 89 48 44 46): convert it with "
                "convert/convert.py");
    write_file(path, "no");
    expect_path(path, FID_CORRUPT, "not a .fid weight file (2 bytes)");
    write_file(path, "\x89"
                     "FID\n\x1a\n and so on");
    expect_path(path, FID_CORRUPT, "transfer in text mode");
    if (geteuid() != 0) { /* root reads everything */
        REQUIRE(chmod(path, 0) == 0);
        expect_path(path, FID_IO, "Permission denied");
    }
    memset(longest, 'x', sizeof longest);
    snprintf(path, sizeof path, "/tmp/%.500s", longest);
    expect_path(path, FID_IO, "xxx: File name too long");
}

static void unaligned_memory_is_refused(void)
{
    struct weight_image image = weight_sample_image();
    struct fid_weight_file *file;
    struct fid_error error = {0};
    CHECK(fid_weight_file_open_memory(image.bytes + 1, image.size - 1, WEIGHT_IMAGE_NAME,
                                      fid_kernels_best()->crc32c, &file, &error) == FID_INVALID);
    CHECK(file == NULL && strstr(error.text, "aligned") != NULL);
    CHECK(fid_weight_file_open_memory(image.bytes, 0, WEIGHT_IMAGE_NAME, fid_kernels_best()->crc32c,
                                      &file, &error) == FID_CORRUPT);
    free(image.bytes);
}

/* ---- damage: truncated and flipped ---- */

static void check_truncated_at(struct weight_image image, size_t size, size_t *count)
{
    struct weight_image cut = weight_image_copy(image.bytes, size);
    CHECK_THAT(refused(cut, size), "the first %zu of %zu bytes are taken", size, image.size);
    free(cut.bytes);
    ++*count;
}

/* Every boundary of header, table and sections, and a byte more and less; 1,000 random lengths. */
static void check_truncations(struct weight_image image)
{
    size_t edges[2 + 2 * FID_SECTION_COUNT] = {sizeof(struct fid_file_header)};
    size_t edge_count = 1, count = 0;
    for (size_t i = 0; i < ((struct fid_file_header *)(void *)image.bytes)->section_count; i++) {
        edges[edge_count++] = (size_t)weight_image_section(image, (enum fid_section)i)->offset;
        edges[edge_count++] = (size_t)(weight_image_section(image, (enum fid_section)i)->offset +
                                       weight_image_section(image, (enum fid_section)i)->bytes);
    }
    edges[edge_count++] = 1;
    for (size_t i = 0; i < edge_count; i++)
        for (size_t size = edges[i] - 1; size <= edges[i] + 1; size++)
            if (size < image.size)
                check_truncated_at(image, size, &count);
    for (size_t i = 0; i < 1000; i++)
        check_truncated_at(image, check_random_below((uint32_t)image.size), &count);
    printf("   %zu truncations refused\n", count);
}

static bool flip_is_refused(struct weight_image image, size_t byte, unsigned bit)
{
    image.bytes[byte] ^= (uint8_t)(1u << bit);
    bool good = refused(image, image.size);
    image.bytes[byte] ^= (uint8_t)(1u << bit);
    CHECK_THAT(good, "bit %u of byte %zu changes nothing", bit, byte);
    return good;
}

/* Every bit in front of and behind DATA (header, table, all records, strings, gaps, packed
 * weights), 10,000 of DATA. */
static void check_flips(struct weight_image image)
{
    size_t data = (size_t)weight_image_section(image, FID_SECTION_DATA)->offset;
    size_t behind = data + (size_t)weight_image_section(image, FID_SECTION_DATA)->bytes;
    size_t count = 0;
    for (size_t i = 0; i < image.size; i = i + 1 == data ? behind : i + 1)
        for (unsigned bit = 0; bit < 8; bit++)
            count += flip_is_refused(image, i, bit);
    for (size_t i = 0; i < 10000; i++) {
        size_t byte = data + check_random_below((uint32_t)(image.size - data));
        count += flip_is_refused(image, byte, check_random_below(8));
    }
    printf("   %zu flipped bits refused\n", count);
}

static void truncated_sample_is_refused(void)
{
    struct weight_image image = weight_sample_image();
    check_truncations(image);
    free(image.bytes);
}

static void damaged_packed_sample_is_refused(void)
{
    struct weight_image image = weight_packed_image();
    check_truncations(image);
    check_flips(image);
    free(image.bytes);
}

static void longer_sample_is_refused(void)
{
    struct weight_image image = weight_sample_image();
    uint8_t *bytes = malloc(image.size + 1);
    REQUIRE(bytes != NULL);
    memcpy(bytes, image.bytes, image.size);
    bytes[image.size] = 0;
    struct weight_image longer = weight_image_copy(bytes, image.size + 1);
    free(bytes);
    CHECK(refused(longer, longer.size));
    free(longer.bytes);
    free(image.bytes);
}

static void flipped_sample_is_refused(void)
{
    struct weight_image image = weight_sample_image();
    check_flips(image);
    free(image.bytes);
}

/* A converted model, of those in weights/models the smallest; no bytes if there is none. */
static struct weight_image real_model(char *path, size_t path_bytes)
{
    struct weight_image image = {NULL, SIZE_MAX};
    char chosen[512] = "", one[512];
    DIR *folder = opendir("weights/models");
    struct dirent *entry;
    struct stat info;
    while (folder != NULL && (entry = readdir(folder)) != NULL) {
        const char *dot = strrchr(entry->d_name, '.');
        snprintf(one, sizeof one, "weights/models/%s", entry->d_name);
        if (dot == NULL || strcmp(dot, ".fid") != 0 || stat(one, &info) != 0)
            continue;
        if ((size_t)info.st_size < image.size) {
            image.size = (size_t)info.st_size;
            strcpy(chosen, one);
        }
    }
    if (folder != NULL)
        closedir(folder);
    FILE *in = chosen[0] != '\0' ? fopen(chosen, "rb") : NULL;
    if (in == NULL)
        return (struct weight_image){NULL, 0};
    uint8_t *bytes = malloc(image.size);
    if (bytes == NULL || fread(bytes, 1, image.size, in) != image.size)
        exit(2);
    fclose(in);
    image = weight_image_copy(bytes, image.size);
    free(bytes);
    snprintf(path, path_bytes, "%s", chosen);
    return image;
}

static void damaged_real_model_is_refused(void)
{
    char path[512];
    struct fid_weight_file *file;
    struct fid_error error = {0};
    struct weight_image image = real_model(path, sizeof path);
    if (image.bytes == NULL) {
        check_skip("no model in weights/models");
        return;
    }
    printf("   %s\n", path);
    enum fid_status status = weight_image_open(image, image.size, &file, &error);
    CHECK_THAT(status == FID_OK, "%s", error.text);
    fid_weight_file_close(&file);
    if (status == FID_OK) {
        check_truncations(image);
        check_flips(image);
    }
    free(image.bytes);
}

CHECK_MAIN(CHECK_CASE(sample_is_read), CHECK_CASE(metadata_is_found),
           CHECK_CASE(file_on_disk_is_read), CHECK_CASE(memory_runs_out),
           CHECK_CASE(opening_leaves_little_resident), CHECK_CASE(other_things_are_refused),
           CHECK_CASE(unaligned_memory_is_refused), CHECK_CASE(truncated_sample_is_refused),
           CHECK_CASE(longer_sample_is_refused), CHECK_CASE(flipped_sample_is_refused),
           CHECK_CASE(damaged_packed_sample_is_refused), CHECK_CASE(damaged_real_model_is_refused))
