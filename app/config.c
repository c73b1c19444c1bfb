/* config.c - reads the settings file, one "key = value" per line, and writes it as `enroll
 * --limits` shows it. */
#include "app/config.h"

#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* The sections that verbs read. */
static const char *const sections[] = {"enroll"};

static bool find_path(char *path, size_t bytes)
{
    const char *config = app_environment("XDG_CONFIG_HOME"), *home = app_environment("HOME");
    int written = -1;
    if (config != NULL)
        written = snprintf(path, bytes, "%s/faceid/config", config);
    else if (home != NULL)
        written = snprintf(path, bytes, "%s/.config/faceid/config", home);
    return written > 0 && (size_t)written < bytes;
}

/* Removes comment and blanks from the line, in place; returns its start. */
static char *trim(char *line)
{
    line[strcspn(line, "#;\r\n")] = '\0';
    while (isspace((unsigned char)*line))
        line++;
    size_t length = strlen(line);
    while (length > 0 && isspace((unsigned char)line[length - 1]))
        line[--length] = '\0';
    return line;
}

static const char *section_at(const void *ctx, size_t i)
{
    (void)ctx;
    return i < sizeof sections / sizeof sections[0] ? sections[i] : NULL;
}

struct settings {
    const struct app_setting *items;
    size_t count;
};

static const char *key_at(const void *ctx, size_t i)
{
    const struct settings *settings = ctx;
    return i < settings->count ? settings->items[i].key : NULL;
}

struct place { /* the position of a line, for messages */
    const char *path;
    long line;
};

static void warn_unknown(const struct place *place, const char *what, const char *word,
                         const char *nearest)
{
    if (nearest != NULL)
        app_warn("%s:%ld: there is no %s '%s'; did you mean %s?", place->path, place->line, what,
                 word, nearest);
    else
        app_warn("%s:%ld: there is no %s '%s'", place->path, place->line, what, word);
}

/* Copies the name of "[name]"; false if the bracket is not closed. */
static bool read_heading(const struct place *place, char *line, char *name, size_t bytes)
{
    size_t length = strlen(line);
    if (line[length - 1] != ']')
        return false;
    line[length - 1] = '\0';
    snprintf(name, bytes, "%s", trim(line + 1));
    for (size_t i = 0; section_at(NULL, i) != NULL; i++)
        if (strcmp(section_at(NULL, i), name) == 0)
            return true;
    warn_unknown(place, "section", name, app_nearest_word(name, section_at, NULL));
    return true;
}

static bool read_number(const struct app_setting *setting, const char *text)
{
    char *end;
    errno = 0;
    double value = strtod(text, &end);
    if (end == text || *end != '\0' || errno != 0 || !isfinite(value) || value < setting->min ||
        value > setting->max)
        return false;
    *setting->value = value;
    return true;
}

/* "key = value" */
static enum app_exit read_setting(const struct place *place, char *line,
                                  const struct settings *settings)
{
    char *equals = strchr(line, '=');
    if (equals == NULL) {
        app_warn("%s:%ld: a line is \"key = value\" or \"[section]\", not '%s'", place->path,
                 place->line, line);
        return APP_USAGE;
    }
    *equals = '\0';
    const char *key = trim(line), *value = trim(equals + 1);
    size_t i = 0;
    while (i < settings->count && strcmp(settings->items[i].key, key) != 0)
        i++;
    if (i == settings->count) {
        warn_unknown(place, "setting", key, app_nearest_word(key, key_at, settings));
        return APP_OK;
    }
    const struct app_setting *setting = &settings->items[i];
    if (read_number(setting, value))
        return APP_OK;
    const bool range = isdigit((unsigned char)setting->unit[0]); /* no unit: what it may be */
    char allowed[100];
    if (range && strstr(setting->unit, "..") == NULL)
        snprintf(allowed, sizeof allowed, "%s", setting->unit);
    else
        snprintf(allowed, sizeof allowed, "a number from %g to %g%s%s", setting->min, setting->max,
                 range || setting->unit[0] == '\0' ? "" : " ", range ? "" : setting->unit);
    app_warn("%s:%ld: %s takes %s, not '%s'", place->path, place->line, key, allowed, value);
    return APP_USAGE;
}

static enum app_exit read_lines(FILE *file, const char *path, const char *section,
                                const struct settings *settings)
{
    struct place place = {.path = path};
    char *line = NULL, name[64] = "";
    size_t capacity = 0;
    bool first = true; /* of lines with content: it must be a heading */
    enum app_exit code = APP_OK;
    while (code == APP_OK && getline(&line, &capacity, file) > 0) {
        char *text = trim(line);
        place.line++;
        if (text[0] == '\0')
            continue;
        if (text[0] == '[' && !read_heading(&place, text, name, sizeof name)) {
            app_warn("%s:%ld: a heading ends with ']'", path, place.line);
            code = APP_USAGE;
        } else if (text[0] != '[' && strcmp(name, section) == 0)
            code = read_setting(&place, text, settings);
        else if (text[0] != '[' && first)
            app_warn("%s:%ld: '%s' is in no section and is ignored: write [%s] above it", path,
                     place.line, text, section);
        first = false;
    }
    free(line);
    if (code == APP_OK && ferror(file)) {
        app_warn("the settings in %s cannot be read", path);
        code = APP_USAGE;
    }
    return code;
}

enum app_exit app_config_read(const char *section, const struct app_setting *settings, size_t count)
{
    const struct settings all = {settings, count};
    char path[4200];
    if (!find_path(path, sizeof path))
        return APP_OK; /* without a home there are no settings */
    FILE *file = fopen(path, "re");
    if (file == NULL && (errno == ENOENT || errno == ENOTDIR))
        return APP_OK;
    if (file == NULL) {
        enum app_exit why = errno == ENOMEM ? APP_INTERNAL : APP_USAGE;
        app_warn("the settings in %s cannot be read: %s", path, strerror(errno));
        return why;
    }
    enum app_exit code = read_lines(file, path, section, &all);
    fclose(file);
    return code;
}

void app_config_write(FILE *out, const char *section, const struct app_setting *settings,
                      size_t count)
{
    fprintf(out, "[%s]\n", section);
    for (size_t i = 0; i < count; i++) {
        char value[40];
        snprintf(value, sizeof value, "%s = %g", settings[i].key, *settings[i].value);
        fprintf(out, "%-28s # %s%s%s\n", value, settings[i].unit,
                settings[i].unit[0] != '\0' ? ": " : "", settings[i].help);
    }
}
