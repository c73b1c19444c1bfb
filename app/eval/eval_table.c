/* eval_table.c - reads tab-separated tables, and collects the pictures that they name. */
#include "app/eval/eval.h"
#include "app/input/source.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

bool app_eval_table_next(struct app_eval_table *table)
{
    while (getline(&table->line, &table->capacity, table->file) >= 0) {
        table->line_number++;
        table->line[strcspn(table->line, "\r\n")] = '\0';
        if (table->line[0] == '\0')
            continue;
        table->field_count = 0;
        char *rest = table->line;
        while (rest != NULL && table->field_count < APP_EVAL_FIELDS)
            table->fields[table->field_count++] = strsep(&rest, "\t");
        return true;
    }
    return false;
}

enum app_exit app_eval_table_fail(const struct app_eval_table *table, const char *reason)
{
    app_warn("%s: line %ld: %s", table->path, table->line_number, reason);
    return APP_INPUT;
}

bool app_eval_field_number(const struct app_eval_table *table, int field, double low, double high,
                           double *number)
{
    if (field >= table->field_count)
        return false;
    char *end;
    *number = strtod(table->fields[field], &end);
    return end != table->fields[field] && *end == '\0' && *number >= low && *number <= high;
}

void app_eval_table_close(struct app_eval_table *table)
{
    if (table->file != NULL)
        fclose(table->file);
    free(table->line);
    *table = (struct app_eval_table){0};
}

bool app_eval_pictures_add(struct app_eval_pictures *pictures, const char *folder, const char *name)
{
    if (pictures->reference_count == pictures->capacity) {
        size_t capacity = pictures->capacity == 0 ? 1024 : 2 * pictures->capacity;
        char **references =
            reallocarray(pictures->references, capacity, sizeof *pictures->references);
        if (references == NULL)
            return false;
        pictures->references = references;
        pictures->capacity = capacity;
    }
    char *path;
    if (asprintf(&path, "%s/%s", folder, name) < 0)
        return false;
    pictures->references[pictures->reference_count++] = path;
    return true;
}

void app_eval_pictures_cut(struct app_eval_pictures *pictures, size_t count)
{
    while (pictures->reference_count > count)
        free(pictures->references[--pictures->reference_count]);
}

static int by_path(const void *first, const void *second)
{
    return strcmp(**(char **const *)first, **(char **const *)second);
}

bool app_eval_pictures_number(struct app_eval_pictures *pictures)
{
    size_t count = pictures->reference_count;
    char ***sorted = calloc(count + 1, sizeof *sorted);
    pictures->index = calloc(count + 1, sizeof *pictures->index);
    pictures->paths = calloc(count + 1, sizeof *pictures->paths);
    if (sorted != NULL && pictures->index != NULL && pictures->paths != NULL) {
        for (size_t i = 0; i < count; i++)
            sorted[i] = &pictures->references[i];
        qsort(sorted, count, sizeof *sorted, by_path);
        for (size_t i = 0; i < count; i++) {
            if (i == 0 || strcmp(*sorted[i - 1], *sorted[i]) != 0)
                pictures->paths[pictures->count++] = *sorted[i];
            pictures->index[sorted[i] - pictures->references] = pictures->count - 1;
        }
    }
    bool done = sorted != NULL && pictures->index != NULL && pictures->paths != NULL;
    free(sorted);
    return done;
}

void app_eval_pictures_close(struct app_eval_pictures *pictures)
{
    app_eval_pictures_cut(pictures, 0);
    free(pictures->references);
    free(pictures->index);
    free(pictures->paths);
    *pictures = (struct app_eval_pictures){0};
}

static enum app_exit open_table(struct app_eval_table *table, const char *path)
{
    *table = (struct app_eval_table){.path = path};
    table->file = fopen(path, "re");
    if (table->file != NULL)
        return APP_OK;
    app_warn("%s: %s", path, strerror(errno));
    return APP_INPUT;
}

enum app_exit app_eval_open_images(const struct app *app, const char *table_path,
                                   struct app_eval_table *table, char *folder, size_t bytes)
{
    const char *given = app_option_text(app, "images", NULL);
    enum app_exit code = open_table(table, table_path);
    if (code != APP_OK)
        return code;
    const char *slash = strrchr(table_path, '/');
    int parent = slash != NULL ? (int)(slash - table_path) + 1 : 0;
    int written = given != NULL ? snprintf(folder, bytes, "%s", given)
                                : snprintf(folder, bytes, "%.*simages", parent, table_path);
    if (written < 0 || (size_t)written >= bytes || !app_is_folder(folder)) {
        app_warn("%s: there is no such folder of pictures (--images DIR)", folder);
        return APP_INPUT;
    }
    return APP_OK;
}
