/* eval_identify_folder.c - assigns roles to pictures in FOLDER/NAME/: who is enrolled, who is
 * looked up, and who is a stranger. */
#include "app/eval/eval_identify.h"

#include <dirent.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { ENROLLED = 2 }; /* pictures enrolled per person; any others are looked up */

static int visible(const struct dirent *file)
{
    return file->d_name[0] != '.';
}

static int by_name(const struct dirent **a, const struct dirent **b)
{
    return strcmp((*a)->d_name, (*b)->d_name);
}

static void free_list(struct dirent **files, int count)
{
    for (int i = 0; i < count; i++)
        free(files[i]);
    free(files);
}

/* Adds the pictures of folder/name: for a stranger only the first; otherwise ENROLLED of them
 * as a person's, and the others to look up. A person without others is a stranger. */
static bool add_person(struct identification *id, const char *folder, struct entry *entry,
                       const char *name, bool stranger)
{
    struct dirent **files;
    char *person;
    if (asprintf(&person, "%s/%s", folder, name) < 0)
        return false;
    const int count = scandir(person, &files, visible, by_name); /* -1: not a folder */
    const bool known = !stranger && count > ENROLLED;
    bool added = true;
    for (int i = 0; added && i < (known || count < 1 ? count : 1); i++) {
        entry->role = !known ? ROLE_UNKNOWN : i < ENROLLED ? ROLE_ENROLL : ROLE_KNOWN;
        added = app_identification_add(id, entry, person, files[i]->d_name);
    }
    if (count >= 0)
        free_list(files, count);
    free(person);
    return added;
}

/* Is the person among the first entries? */
static bool is_there(const struct identification *id, size_t count, const char *person)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(id->entries[i].person, person) == 0)
            return true;
    return false;
}

static enum app_exit add_all(const char *folder, bool strangers, struct identification *id)
{
    struct dirent **names;
    const size_t before = id->count;
    const int count = scandir(folder, &names, visible, by_name);
    bool added = true;
    if (count < 0) {
        app_warn("%s: %s", folder, strerror(errno));
        return APP_INPUT;
    }
    for (int i = 0; added && i < count; i++) {
        struct entry entry = {.score = -INFINITY};
        struct fid_error error;
        if (fid_name_check(names[i]->d_name, entry.person, &error) == FID_OK &&
            !is_there(id, before, entry.person))
            added = add_person(id, folder, &entry, names[i]->d_name, strangers);
    }
    free_list(names, count);
    return added ? APP_OK : app_eval_no_memory();
}

enum app_exit app_identification_add_strangers(const char *folder, struct identification *id)
{
    return add_all(folder, true, id);
}

enum app_exit app_identification_read_folder(const char *folder, struct identification *id)
{
    return add_all(folder, false, id);
}
