/* eval_identify_table.c - the entries of an identification: read from a table, and checked. */
#include "app/eval/eval_identify.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

const char *const app_role_words[3] = {"enroll", "known", "unknown"};

static bool role_of(const char *word, enum role *role)
{
    for (int i = 0; i < 3; i++)
        if (strcmp(word, app_role_words[i]) == 0) {
            *role = (enum role)i;
            return true;
        }
    return false;
}

bool app_identification_add(struct identification *id, const struct entry *entry,
                            const char *folder, const char *file)
{
    if (id->count == id->capacity) {
        size_t capacity = id->capacity == 0 ? 1024 : 2 * id->capacity;
        void *grown = reallocarray(id->entries, capacity, sizeof *id->entries);
        if (grown == NULL)
            return false;
        id->entries = grown;
        id->capacity = capacity;
    }
    id->entries[id->count++] = *entry;
    return app_eval_pictures_add(&id->pictures, folder, file);
}

static bool is_enrolled(const struct identification *id, const char *person)
{
    for (size_t i = 0; i < id->count; i++)
        if (id->entries[i].role == ROLE_ENROLL && strcmp(id->entries[i].person, person) == 0)
            return true;
    return false;
}

enum app_exit app_identification_check(const char *path, const struct identification *id)
{
    size_t counts[3] = {0};
    for (size_t i = 0; i < id->count; i++)
        counts[id->entries[i].role]++;
    for (int role = 0; role < 3; role++)
        if (counts[role] == 0) {
            app_warn("%s: no one in it has the role '%s'%s", path, app_role_words[role],
                     role != ROLE_UNKNOWN ? "" : " (--strangers DIR adds some)");
            return APP_INPUT;
        }
    for (size_t i = 0; i < id->count; i++) {
        const struct entry *entry = &id->entries[i];
        if (entry->role == ROLE_ENROLL ||
            is_enrolled(id, entry->person) == (entry->role == ROLE_KNOWN))
            continue;
        app_warn("%s: '%s' is %s, but %s", path, entry->person, app_role_words[entry->role],
                 entry->role == ROLE_KNOWN ? "never enrolled" : "enrolled");
        return APP_INPUT;
    }
    return APP_OK;
}

static enum app_exit read_entries(struct app_eval_table *table, const char *folder,
                                  struct identification *id)
{
    if (!app_eval_table_next(table) || strcmp(table->fields[0], "role") != 0)
        return app_eval_table_fail(table, "the columns \"role person file\" were expected");
    while (app_eval_table_next(table)) {
        struct entry entry = {.score = -INFINITY};
        struct fid_error error;
        if (table->field_count != 3 || !role_of(table->fields[0], &entry.role))
            return app_eval_table_fail(table, "\"enroll|known|unknown person file\" was expected");
        if (fid_name_check(table->fields[1], entry.person, &error) != FID_OK)
            return app_eval_table_fail(table, error.text);
        if (!app_identification_add(id, &entry, folder, table->fields[2]))
            return app_eval_no_memory();
    }
    return APP_OK;
}

enum app_exit app_identification_read_table(const struct app *app, const char *path,
                                            struct identification *id)
{
    char images[4096];
    struct app_eval_table table;
    enum app_exit code = app_eval_open_images(app, path, &table, images, sizeof images);
    if (code == APP_OK)
        code = read_entries(&table, images, id);
    app_eval_table_close(&table);
    return code;
}
