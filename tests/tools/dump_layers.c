/* dump_layers FILE GRAPH N H W INPUT.f32 OUTDIR [--isa NAME] [--method NAME] [--threads N]
 *
 * Runs a graph once and writes every value: OUTDIR/<index>.f32 (raw little-endian f32, NHWC; of a
 * value of bytes <index>.u8) and OUTDIR/values.tsv (index, name, n, h, w, c), so that another
 * program can compare them layer by layer. GRAPH - is the first graph; H and W 0 are the file's
 * size. INPUT.f32 has n·h·w·c numbers. Exit 0; 1 with one sentence. */
#include "engine/fid.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void die(const char *format, ...) __attribute__((format(printf, 1, 2), noreturn));

static void die(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    fputs("dump_layers: ", stderr);
    vfprintf(stderr, format, args);
    fputc('\n', stderr);
    va_end(args);
    exit(1);
}

static size_t value_count(const struct fid_value *value)
{
    return (size_t)value->n * (size_t)value->h * (size_t)value->w * (size_t)value->c;
}

static void read_input(const char *path, const struct fid_value *input)
{
    const size_t count = value_count(input);
    FILE *file = fopen(path, "rb");
    if (file == NULL)
        die("cannot read %s", path);
    if (fread(input->data, sizeof(float), count, file) != count || fgetc(file) != EOF)
        die("%s does not have exactly %d x %d x %d x %d numbers", path, input->n, input->h,
            input->w, input->c);
    fclose(file);
}

static void write_value(const char *folder, size_t index, const struct fid_value *value)
{
    char path[4096];
    const bool bytes = value->bytes != NULL;
    snprintf(path, sizeof path, "%s/%zu.%s", folder, index, bytes ? "u8" : "f32");
    FILE *file = fopen(path, "wb");
    if (file == NULL)
        die("cannot write %s", path);
    const size_t count = value_count(value), each = bytes ? 1 : sizeof(float);
    const void *numbers = bytes ? (const void *)value->bytes : value->data;
    if (fwrite(numbers, each, count, file) != count || fclose(file) != 0)
        die("cannot write %s", path);
}

static void write_values(const struct fid_session *session, const char *folder)
{
    char path[4096];
    struct fid_value value;
    snprintf(path, sizeof path, "%s/values.tsv", folder);
    FILE *list = fopen(path, "w");
    if (list == NULL)
        die("cannot write %s", path);
    for (size_t i = 0; fid_session_value(session, i, &value); i++) {
        fprintf(list, "%zu\t%s\t%d\t%d\t%d\t%d\n", i, value.name, value.n, value.h, value.w,
                value.c);
        write_value(folder, i, &value);
    }
    if (fclose(list) != 0)
        die("cannot write %s", path);
}

static struct fid_options read_options(int argc, char **argv)
{
    struct fid_options options = {.threads = 1};
    for (int i = 8; i < argc; i += 2) {
        if (i + 1 == argc)
            die("%s needs a value", argv[i]);
        if (strcmp(argv[i], "--isa") == 0)
            options.isa = argv[i + 1];
        else if (strcmp(argv[i], "--method") == 0)
            options.method = argv[i + 1];
        else if (strcmp(argv[i], "--threads") == 0)
            options.threads = atoi(argv[i + 1]);
        else
            die("unknown option %s", argv[i]);
    }
    return options;
}

int main(int argc, char **argv)
{
    struct fid_runtime *runtime;
    struct fid_model *model;
    struct fid_session *session;
    struct fid_value input;
    struct fid_error error;
    if (argc < 8)
        die("usage: FILE GRAPH N H W INPUT.f32 OUTDIR [--isa NAME] [--method NAME] [--threads N]");
    const struct fid_options options = read_options(argc, argv);
    const struct fid_session_options session_options = {.keep_values = true};
    if (fid_runtime_open(&runtime, &options, &error) != FID_OK)
        die("%s", error.text);
    if (fid_model_open(runtime, argv[1], &model, &error) != FID_OK)
        die("%s", error.text);
    if (fid_session_open(runtime, model, strcmp(argv[2], "-") == 0 ? NULL : argv[2], atoi(argv[3]),
                         atoi(argv[4]), atoi(argv[5]), &session_options, &session,
                         &error) != FID_OK)
        die("%s", error.text);
    fid_session_input(session, &input);
    read_input(argv[6], &input);
    fid_session_run(session, input.n);
    write_values(session, argv[7]);
    fid_session_close(&session);
    fid_model_close(&model);
    fid_runtime_close(&runtime);
    return 0;
}
