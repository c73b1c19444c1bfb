/* fuzz_config.c - libFuzzer on the settings file: what is taken is in its range and is read the
 * same again from what is written; what is refused is told.
 *
 * Built and run by `make fuzz`; seeds/config holds the inputs it starts from
 * (make_seeds writes them). */
#include "app/config.c"

#include <stdarg.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t size);

/* In memory: a disk may take 5 ms for a file that is written anew, in which 200 inputs are read. */
static char folder[] = "/dev/shm/faceid-fuzz-XXXXXX", path[64];
static size_t told;

/* ---- what app.c has ---- */

const char *app_environment(const char *name)
{
    return strcmp(name, "XDG_CONFIG_HOME") == 0 ? folder : NULL;
}

void app_warn(const char *format, ...)
{
    char text[4096];
    va_list args;
    va_start(args, format);
    told += (size_t)vsnprintf(text, sizeof text, format, args);
    va_end(args);
}

const char *app_nearest_word(const char *word, const char *(*at)(const void *ctx, size_t i),
                             const void *ctx)
{
    return word[0] != '\0' ? at(ctx, 0) : NULL;
}

/* ---- the file ---- */

static void remove_all(void)
{
    unlink(path);
    *strrchr(path, '/') = '\0';
    rmdir(path);
    rmdir(folder);
}

static void write_file(const void *bytes, size_t size)
{
    if (path[0] == '\0') {
        if (mkdtemp(folder) == NULL)
            abort();
        snprintf(path, sizeof path, "%s/faceid", folder);
        mkdir(path, 0700);
        strcat(path, "/config");
        atexit(remove_all);
    }
    FILE *file = fopen(path, "wb");
    if (file == NULL || fwrite(bytes, 1, size, file) != size)
        abort();
    fclose(file);
}

static enum app_exit read_into(double values[3])
{
    const struct app_setting settings[] = {
        {"face_px", "pixels", "a size", 1, 1000, &values[0]},
        {"yaw_deg", "degrees", "an angle", 0, 90, &values[1]},
        {"inside", "0..1", "a share", 0, 1, &values[2]},
    };
    enum app_exit code = app_config_read("enroll", settings, 3);
    for (size_t i = 0; i < 3; i++)
        if (!(values[i] >= settings[i].min && values[i] <= settings[i].max))
            abort();
    if (code == APP_OK) {
        char *text = NULL;
        size_t bytes = 0;
        FILE *out = open_memstream(&text, &bytes);
        app_config_write(out, "enroll", settings, 3);
        fclose(out);
        write_file(text, bytes);
        free(text);
    }
    return code;
}

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t size)
{
    double values[3] = {80, 35, 0.5}, again[3] = {1, 0, 0};
    write_file(input, size);
    told = 0;
    enum app_exit code = read_into(values);
    if (code != APP_OK) {
        if (code != APP_USAGE || told == 0)
            abort(); /* a refusal has a sentence */
        return 0;
    }
    if (read_into(again) != APP_OK)
        abort();
    for (size_t i = 0; i < 3; i++)
        if (fabs(values[i] - again[i]) > 1e-5 * fabs(values[i]))
            abort();
    return 0;
}
