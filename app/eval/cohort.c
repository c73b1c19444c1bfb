/* cohort.c - finds the faces of strangers, from a folder or a table. */
#include "app/eval/cohort.h"
#include "app/eval/eval.h"
#include "app/input/source.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { FACES_MOST = 64 };

static enum app_exit no_memory(void)
{
    app_warn("no memory for the strangers");
    return APP_INTERNAL;
}

/* ---- the faces ---- */

static bool add_face(void *ctx, const float *embedding, const char *source)
{
    struct app_cohort *cohort = ctx;
    if (cohort->count == cohort->capacity) {
        size_t capacity = cohort->capacity == 0 ? 256 : 2 * cohort->capacity;
        float *embeddings =
            reallocarray(cohort->embeddings, capacity, cohort->size * sizeof *embeddings);
        if (embeddings != NULL)
            cohort->embeddings = embeddings;
        char **sources = reallocarray(cohort->sources, capacity, sizeof *sources);
        if (sources != NULL)
            cohort->sources = sources;
        if (embeddings == NULL || sources == NULL)
            return false;
        cohort->capacity = capacity;
    }
    char *copy = strdup(source);
    if (copy == NULL)
        return false;
    memcpy(cohort->embeddings + cohort->count * cohort->size, embedding,
           cohort->size * sizeof *embedding);
    cohort->sources[cohort->count++] = copy;
    return true;
}

void app_cohort_close(struct app_cohort *cohort)
{
    for (size_t i = 0; i < cohort->count; i++)
        free(cohort->sources[i]);
    free(cohort->sources);
    free(cohort->embeddings);
    *cohort = (struct app_cohort){0};
}

enum app_exit app_cohort_of_gallery(struct app *app, struct app_cohort *cohort)
{
    struct fid_error error;
    enum app_exit code = app_open_embedder(app, 1);
    if (code != APP_OK)
        return code;
    cohort->size = fid_embedder_size(app->embedder);
    if (fid_gallery_strangers(app->gallery, add_face, cohort, &error) != FID_OK)
        return app_fail(APP_AREA_GALLERY, &error);
    return APP_OK;
}

/* ---- the pictures ---- */

struct pictures {
    char **paths;  /* owned */
    char **people; /* owned; NULL: without names */
    size_t count, capacity;
};

static void free_pictures(struct pictures *pictures)
{
    for (size_t i = 0; i < pictures->count; i++) {
        free(pictures->paths[i]);
        free(pictures->people[i]);
    }
    free(pictures->paths);
    free(pictures->people);
}

/* Takes ownership of the path, even if it fails. */
static bool add_picture(struct pictures *pictures, char *path, const char *person)
{
    char *copy = person != NULL ? strdup(person) : NULL;
    if (pictures->count == pictures->capacity) {
        size_t capacity = pictures->capacity == 0 ? 256 : 2 * pictures->capacity;
        char **paths = reallocarray(pictures->paths, capacity, sizeof *paths);
        if (paths != NULL)
            pictures->paths = paths;
        char **people = reallocarray(pictures->people, capacity, sizeof *people);
        if (people != NULL)
            pictures->people = people;
        if (paths != NULL && people != NULL)
            pictures->capacity = capacity;
    }
    if (path == NULL || (person != NULL && copy == NULL) || pictures->count == pictures->capacity) {
        free(path);
        free(copy);
        return false;
    }
    pictures->paths[pictures->count] = path;
    pictures->people[pictures->count++] = copy;
    return true;
}

static char *join(const char *folder, const char *name)
{
    char *path;
    return asprintf(&path, "%s/%s", folder, name) < 0 ? NULL : path;
}

static int is_meant(const struct dirent *entry)
{
    return entry->d_name[0] != '.' && entry->d_name[0] != '_';
}

/* The first file of a person's folder; an empty folder counts for no one. */
static bool add_person(struct pictures *pictures, const char *folder, const char *person)
{
    struct dirent **entries;
    int count = scandir(folder, &entries, is_meant, alphasort);
    bool added = true, found = false;
    for (int i = 0; i < count; i++) {
        char *path = found ? NULL : join(folder, entries[i]->d_name);
        if (path != NULL && !app_is_folder(path)) {
            added = add_picture(pictures, path, person);
            found = true;
        } else {
            free(path);
        }
        free(entries[i]);
    }
    if (count >= 0)
        free(entries);
    return added;
}

static enum app_exit list_folder(const char *folder, struct pictures *pictures)
{
    struct dirent **entries;
    int count = scandir(folder, &entries, is_meant, alphasort);
    bool added = true;
    if (count < 0) {
        app_warn("the folder %s cannot be read: %s", folder, strerror(errno));
        return APP_INPUT;
    }
    for (int i = 0; i < count; i++) {
        char *path = added ? join(folder, entries[i]->d_name) : NULL;
        if (path != NULL && app_is_folder(path)) {
            added = add_person(pictures, path, entries[i]->d_name);
            free(path);
        } else if (added) {
            added = add_picture(pictures, path, NULL);
        }
        free(entries[i]);
    }
    free(entries);
    return added ? APP_OK : no_memory();
}

/* Number of the column, -1: there is none. */
static int column(const struct app_eval_table *table, const char *name)
{
    for (int i = 0; i < table->field_count; i++)
        if (strcmp(table->fields[i], name) == 0)
            return i;
    return -1;
}

static bool has_person(const struct pictures *pictures, const char *person)
{
    for (size_t i = 0; i < pictures->count; i++)
        if (strcmp(pictures->people[i], person) == 0)
            return true;
    return false;
}

static enum app_exit list_table(struct app_eval_table *table, const char *folder,
                                struct pictures *pictures)
{
    if (!app_eval_table_next(table))
        return app_eval_table_fail(table, "a line of column names was expected");
    int file = column(table, "file"), person = column(table, "person"),
        role = column(table, "role");
    int columns = table->field_count;
    if (file < 0)
        return app_eval_table_fail(table, "there is no column \"file\"");
    while (app_eval_table_next(table)) {
        if (table->field_count != columns)
            return app_eval_table_fail(table, "there are more or fewer fields than column names");
        if (role >= 0 && strcmp(table->fields[role], "unknown") != 0)
            continue;
        const char *name = person >= 0 ? table->fields[person] : NULL;
        if (name != NULL && has_person(pictures, name))
            continue;
        if (!add_picture(pictures, join(folder, table->fields[file]), name))
            return no_memory();
    }
    return APP_OK;
}

static enum app_exit list_pictures(struct app *app, const char *path, struct pictures *pictures)
{
    char folder[4096];
    struct app_eval_table table;
    if (app_is_folder(path))
        return list_folder(path, pictures);
    enum app_exit code = app_eval_open_images(app, path, &table, folder, sizeof folder);
    if (code == APP_OK)
        code = list_table(&table, folder, pictures);
    app_eval_table_close(&table);
    return code;
}

/* ---- embedding ---- */

enum outcome { GOOD, FACELESS, BAD };

struct embed_job {
    const struct pictures *pictures;
    float *embeddings; /* [pictures][size] */
    size_t size;
    enum outcome *outcomes;
};

/* The main face of a picture, as enrollment and identification choose it. */
static bool embed_picture(struct app_eval_worker *worker, size_t i, void *ctx,
                          struct fid_error *error)
{
    const struct embed_job *job = ctx;
    struct fid_picture *picture = &worker->picture;
    struct fid_face faces[FACES_MOST];
    size_t count = 0;
    if (fid_picture_load(job->pictures->paths[i], picture, error) != FID_OK ||
        fid_detect(worker->detector, picture, faces, FACES_MOST, &count, error) != FID_OK) {
        if (error->status == FID_NO_MEMORY)
            return false;
        app_warn("%s", error->text);
        job->outcomes[i] = BAD;
        return true;
    }
    job->outcomes[i] = count > 0 ? GOOD : FACELESS;
    if (count == 0)
        return true;
    size_t best = fid_main_face(faces, count, picture->width, picture->height);
    if (fid_embed(worker->embedder, picture, &faces[best], 1, FID_CROP_MODEL,
                  job->embeddings + i * job->size, error) == FID_OK)
        return true;
    job->outcomes[i] = FACELESS; /* the landmarks are not a face's */
    return error->status == FID_INVALID;
}

static enum app_exit embed_all(struct app *app, struct embed_job *job)
{
    size_t count = job->pictures->count;
    job->embeddings = calloc((count + 1) * job->size, sizeof *job->embeddings);
    job->outcomes = calloc(count + 1, sizeof *job->outcomes);
    if (job->embeddings == NULL || job->outcomes == NULL)
        return no_memory();
    const struct app_eval_work work = {
        .detect = {.min_score = (float)app_option_number(app, "min-score", 0),
                   .min_face = app_option_whole(app, "min-face", 0),
                   .max_side = app_option_whole(app, "max-side", 0)},
        .embed = true,
        .count = count,
        .task = embed_picture,
        .ctx = job,
    };
    return app_eval_run(app, &work);
}

/* Collects the faces in the order of the pictures, so that every run gives the same result. */
static enum app_exit take_faces(struct app *app, const struct embed_job *job,
                                struct app_cohort *cohort)
{
    for (size_t i = 0; i < job->pictures->count; i++) {
        const float *embedding = job->embeddings + i * job->size;
        const char *person = job->pictures->people[i];
        struct fid_person enrolled;
        float likeness;
        if (job->outcomes[i] == BAD) {
            cohort->bad_files++;
        } else if (job->outcomes[i] == FACELESS) {
            app_detail(app, "no face in %s", job->pictures->paths[i]);
            cohort->faceless++;
        } else if (person != NULL &&
                   fid_gallery_likeness(app->gallery, person, embedding, &enrolled, &likeness)) {
            cohort->enrolled++;
        } else if (!add_face(cohort, embedding, job->pictures->paths[i])) {
            return no_memory();
        }
    }
    return APP_OK;
}

enum app_exit app_cohort_read(struct app *app, const char *path, struct app_cohort *cohort)
{
    struct pictures pictures = {0};
    enum app_exit code = list_pictures(app, path, &pictures);
    if (code == APP_OK)
        code = app_open_detector(app);
    if (code == APP_OK)
        code = app_open_embedder(app, 1);
    if (code == APP_OK) {
        cohort->size = fid_embedder_size(app->embedder);
        struct embed_job job = {.pictures = &pictures, .size = cohort->size};
        code = embed_all(app, &job);
        if (code == APP_OK)
            code = take_faces(app, &job, cohort);
        free(job.embeddings);
        free(job.outcomes);
    }
    free_pictures(&pictures);
    return code;
}
