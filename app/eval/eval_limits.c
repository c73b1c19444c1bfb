/* eval_limits.c - reads what eval_lfw.c and eval_identify_figures.c print as JSON. */
#include "app/eval/eval_limits.h"
#include "app/input/json_read.h"
#include "app/output/model_info.h"

#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { LARGEST = 1 << 20, TEXT_BYTES = 400 };
#define MEASURED_BEFORE " (measured before)"

struct reading {
    const struct fid_model *model;
    const char *path;
    struct app_limits *limits;
    char day[32], detector[200];                /* of the last measurement */
    char accept[TEXT_BYTES], maybe[TEXT_BYTES]; /* how each was measured; "": not measured */
};

static enum app_exit fail(const struct reading *reading, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static enum app_exit fail(const struct reading *reading, const char *format, ...)
{
    char text[2 * TEXT_BYTES];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    app_warn("%s: %s", reading->path, text);
    return APP_INPUT;
}

static enum app_exit not_ours(const struct reading *reading)
{
    return fail(reading, "this is not what faceid eval lfw or identify --json prints");
}

/* ---- one measurement ---- */

/* The range of a number that eval prints: cosines and shares are from -1 to 1, a lead is up to
 * 2, all others are counts. */
struct wanted {
    const char *path;
    double least, most;
};

#define COUNTED 1e9

/* FILLS numbers; the list of wanted ones ends with a NULL path. False if one is missing or out of
 * range. */
static bool read_numbers(const char *object, const struct wanted *wanted, double *numbers)
{
    bool there = true;
    for (size_t i = 0; wanted[i].path != NULL; i++)
        there = app_json_read_number(object, wanted[i].path, &numbers[i]) &&
                numbers[i] >= wanted[i].least && numbers[i] <= wanted[i].most && there;
    return there;
}

/* The threshold of verification, from which a pair is more likely one person than two. */
static enum app_exit take_lfw(struct reading *reading, const char *object)
{
    static const struct wanted wanted[] = {
        {"threshold", -1, 1}, {"pairs", 1, COUNTED}, {"errors", 0, COUNTED}, {NULL, 0, 0}};
    double numbers[3];
    bool chosen;
    if (!read_numbers(object, wanted, numbers) ||
        !app_json_read_bool(object, "threshold_chosen", &chosen))
        return not_ours(reading);
    if (!chosen)
        return fail(reading, "eval lfw judged a given threshold (--threshold) and "
                             "chose none: measure without it");
    reading->limits->maybe = numbers[0];
    snprintf(reading->maybe, sizeof reading->maybe,
             "maybe is the best threshold of %.0f pairs (%.0f wrong)", numbers[1], numbers[2]);
    return APP_OK;
}

/* The limit that was chosen on one half of the strangers, and its error rates on the other. */
static enum app_exit take_identify(struct reading *reading, const char *object)
{
    static const struct wanted wanted[] = {{"halves.threshold", -2, 1},
                                           {"margin", 0, 2},
                                           {"people", 0, COUNTED},
                                           {"fpir_wished", 0, 1},
                                           {"halves.chosen_on", 0, COUNTED},
                                           {"halves.judged_on", 0, COUNTED},
                                           {"halves.fpir", 0, 1},
                                           {"halves.fpir_95.0", 0, 1},
                                           {"halves.fpir_95.1", 0, 1},
                                           {"halves.tpir", 0, 1},
                                           {"known", 0, COUNTED},
                                           {NULL, 0, 0}};
    double n[11];
    if (!read_numbers(object, wanted, n))
        return not_ours(reading);
    if (n[0] <= -1.0)
        return fail(reading,
                    "no stranger came near an enrolled person, so no limit could be chosen");
    if (n[4] * n[3] < 1.0 || n[5] < 1.0 || n[10] < 1.0)
        return fail(reading,
                    "%.0f strangers are too few to choose a limit for an FPIR of %g %%: that takes "
                    "%.0f in each half and some pictures of the enrolled (or another --fpir)",
                    n[4] + n[5], 100.0 * n[3], n[3] > 0.0 ? ceil(1.0 / n[3]) : INFINITY);
    reading->limits->accept = n[0];
    reading->limits->margin = n[1];
    snprintf(reading->accept, sizeof reading->accept,
             "accept was chosen in a gallery of %.0f people for %g %% of %.0f strangers, and gives "
             "a name to %.2f %% (95 %%: %.2f to %.2f) of %.0f others, the right one to %.1f %% of "
             "%.0f other pictures of the enrolled",
             n[2], 100.0 * n[3], n[4], 100.0 * n[6], 100.0 * n[7], 100.0 * n[8], n[5], 100.0 * n[9],
             n[10]);
    return APP_OK;
}

static enum app_exit take(struct reading *reading, const char *object)
{
    char protocol[32], id[64], model[200];
    struct fid_model_info info;
    fid_model_info(reading->model, &info);
    if (!app_json_read_text(object, "protocol", protocol, sizeof protocol) ||
        !app_json_read_text(object, "day", reading->day, sizeof reading->day) ||
        !app_json_read_text(object, "detector", reading->detector, sizeof reading->detector))
        return not_ours(reading);
    const bool lfw = strcmp(protocol, "lfw") == 0;
    if (!lfw && strcmp(protocol, "identify") != 0)
        return fail(reading, "eval %s measures no limit of a recognizer: lfw and identify do",
                    protocol);
    if (!app_json_read_text(object, "model_id", id, sizeof id) ||
        !app_json_read_text(object, "model", model, sizeof model))
        return not_ours(reading);
    if (strcmp(id, info.id) != 0)
        return fail(reading, "measured with %s (id %s), and %s is another model, %s (id %s)", model,
                    id, info.path, info.name, info.id);
    return lfw ? take_lfw(reading, object) : take_identify(reading, object);
}

/* ---- the file ---- */

/* The file's text, to be freed; NULL after a message. */
static char *load(const char *path)
{
    struct stat info;
    if (stat(path, &info) == 0 && !S_ISREG(info.st_mode)) { /* a pipe would make us wait */
        app_warn("%s: not a regular file with eval's JSON", path);
        return NULL;
    }
    FILE *file = fopen(path, "re");
    char *text = file != NULL ? calloc(LARGEST + 1, 1) : NULL;
    errno = file != NULL ? 0 : errno;
    const size_t bytes = text != NULL ? fread(text, 1, LARGEST + 1, file) : 0;
    const bool read = text != NULL && !ferror(file);
    if (!read)
        app_warn("%s: %s", path, strerror(errno != 0 ? errno : ENOMEM));
    else if (bytes > LARGEST)
        app_warn("%s: more than %d bytes: this is not what faceid eval --json prints", path,
                 LARGEST);
    if (file != NULL)
        fclose(file);
    if (read && bytes <= LARGEST)
        return text;
    free(text);
    return NULL;
}

static enum app_exit take_all(struct reading *reading, const char *text)
{
    const char *end;
    enum app_exit code = APP_OK;
    size_t count = 0;
    for (; code == APP_OK && text[strspn(text, " \t\r\n")] != '\0'; text = end, count++) {
        end = app_json_end(text);
        code = end != NULL ? take(reading, text) : not_ours(reading);
    }
    return code == APP_OK && count == 0 ? fail(reading, "it holds no measurement") : code;
}

static double own(const struct fid_model *model, const char *key)
{
    double number;
    return fid_model_numbers(model, key, &number, 1) == 1 ? number : NAN;
}

/* `maybe` must not be above accept. If it would be, the measured one of the two stays; if both
 * were measured, accept. */
static void put_in_order(const struct reading *reading)
{
    struct app_limits *limits = reading->limits;
    if (!(limits->maybe > limits->accept))
        return;
    if (reading->accept[0] != '\0')
        limits->maybe = limits->accept;
    else
        limits->accept = limits->maybe;
}

/* FILLS text with the model's own sentence about a limit, which starts with these words, if
 * there is one. */
static void keep(const struct fid_model *model, const char *begin, char text[TEXT_BYTES])
{
    const char *old = fid_model_text(model, "decision.measured_on");
    const char *found = old != NULL ? strstr(old, begin) : NULL;
    if (found == NULL)
        return;
    const int length = (int)strcspn(found, ";"), mark = (int)sizeof MEASURED_BEFORE - 1;
    const bool marked =
        length > mark && memcmp(found + length - mark, MEASURED_BEFORE, (size_t)mark) == 0;
    snprintf(text, TEXT_BYTES, "%.*s%s", length, found, marked ? "" : MEASURED_BEFORE);
}

/* Where a limit comes from that was not measured now. */
static void tell_other(struct reading *reading)
{
    const struct app_limits *limits = reading->limits;
    const double maybe = own(reading->model, "decision.maybe");
    const size_t bytes = sizeof reading->maybe;
    if (reading->accept[0] == '\0') {
        if (limits->accept == own(reading->model, "decision.accept"))
            keep(reading->model, "accept was ", reading->accept);
    } else if (reading->maybe[0] == '\0' && limits->maybe < maybe) {
        snprintf(reading->maybe, bytes, "maybe was %.3f and is lowered to accept", maybe);
    } else if (reading->maybe[0] == '\0' && !isnan(maybe)) {
        snprintf(reading->maybe, bytes, "maybe is as it was given (faceid eval lfw measures it)");
        keep(reading->model, "maybe is the best ", reading->maybe);
    }
}

enum app_exit app_limits_read(const struct fid_model *model, const char *path,
                              struct app_limits *limits)
{
    struct reading reading = {.model = model, .path = path, .limits = limits};
    *limits = (struct app_limits){own(model, "decision.accept"), own(model, "decision.maybe"),
                                  own(model, "decision.margin"), ""};
    char *text = load(path);
    enum app_exit code = text != NULL ? take_all(&reading, text) : APP_INPUT;
    free(text);
    if (code != APP_OK)
        return code;
    put_in_order(&reading);
    tell_other(&reading);
    const bool both = reading.accept[0] != '\0' && reading.maybe[0] != '\0';
    snprintf(limits->measured_on, sizeof limits->measured_on, "%sfaceid eval, %s, with %s: %s%s%s",
             reading.accept[0] != '\0' ? ""
                                       : APP_LIMITS_NOT_MEASURED
                 " but for maybe (faceid eval identify measures accept): ",
             reading.day, reading.detector, reading.maybe, both ? "; " : "", reading.accept);
    return APP_OK;
}
