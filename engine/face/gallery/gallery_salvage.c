/* A new gallery of what is undamaged in a damaged one. */
#include "engine/base/memory.h"
#include "engine/face/gallery/gallery.h"
#include "engine/face/store/private_file.h"
#include "engine/fid/keeping.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct saved_person {
    int64_t id;   /* in the damaged file */
    size_t row;   /* where the name is */
    bool has_row; /* else the name is lost */
    size_t faces; /* saved */
    int64_t made; /* the id in the new gallery, 0: none */
};

enum { NAMED_MOST = 10 }; /* in a sentence */

struct salvage {
    struct fid_store *from;
    struct fid_gallery *into;
    struct fid_store_rows *rows; /* owned */
    fid_tell_fn tell;
    void *ctx;
    struct saved_person *people; /* owned, in order of ids */
    size_t people_count;
    float *embedding; /* of a face; owned */
    size_t faces, consents, lost_crops;
    size_t faceless;                             /* whose name alone is left */
    char names[NAMED_MOST * FID_NAME_BYTES * 2]; /* of the first of them */
};

/* ---- who there was ---- */

static int compare_people(const void *a, const void *b)
{
    const struct saved_person *x = a, *y = b;
    if (x->id != y->id)
        return x->id < y->id ? -1 : 1;
    return (int)y->has_row - (int)x->has_row;
}

/* Everybody who has a name or a face; each once. */
static enum fid_status list_people(struct salvage *salvage, struct fid_error *error)
{
    const struct fid_store_rows *rows = salvage->rows;
    const size_t named = rows->count[FID_STORE_PERSON], faces = rows->count[FID_STORE_SAMPLE];
    size_t count = 0;
    struct saved_person *people = fid_calloc(named + faces, sizeof *people);
    salvage->people = people;
    salvage->embedding = fid_calloc(rows->model.size, sizeof(float));
    if (people == NULL || salvage->embedding == NULL)
        return fid_fail(error, FID_NO_MEMORY, "no memory for what can be saved");
    for (size_t i = 0; i < named; i++)
        people[count++] = (struct saved_person){
            .id = rows->places[FID_STORE_PERSON][i].id, .row = i, .has_row = true};
    for (size_t i = 0; i < faces; i++)
        people[count++] = (struct saved_person){.id = rows->places[FID_STORE_SAMPLE][i].person};
    qsort(people, count, sizeof *people, compare_people);
    for (size_t i = 0; i < count; i++)
        if (i == 0 || people[i].id != people[i - 1].id)
            people[salvage->people_count++] = people[i];
    return FID_OK;
}

static struct saved_person *find(const struct salvage *salvage, int64_t id)
{
    const struct saved_person sought = {.id = id};
    size_t low = 0, high = salvage->people_count;
    while (low < high) {
        const size_t middle = low + (high - low) / 2;
        if (salvage->people[middle].id < sought.id)
            low = middle + 1;
        else
            high = middle;
    }
    return low < salvage->people_count && salvage->people[low].id == id ? &salvage->people[low]
                                                                        : NULL;
}

/* ---- writing them ---- */

/* *taken: somebody else has the name already, or it is none. */
static enum fid_status add(struct salvage *salvage, struct saved_person *person, const char *name,
                           bool *taken, struct fid_error *error)
{
    struct fid_store *store = salvage->into->store;
    char key[FID_NAME_KEY_BYTES];
    int64_t other = 0;
    *taken = fid_name_key(name, key, NULL) != FID_OK;
    enum fid_status status = *taken ? FID_OK : fid_store_find(store, key, &other, error);
    *taken = *taken || other != 0;
    return status == FID_OK && !*taken
               ? fid_store_add_person(store, name, key, &person->made, error)
               : status;
}

static enum fid_status add_named(struct salvage *salvage, struct saved_person *person,
                                 struct fid_error *error)
{
    struct fid_store *store = salvage->into->store;
    struct fid_store_person row;
    if (!person->has_row ||
        !fid_store_salvage_person(salvage->from, salvage->rows, person->row, &row))
        return FID_OK;
    bool taken;
    enum fid_status status = add(salvage, person, row.name, &taken, error);
    if (status == FID_OK && !taken)
        status = fid_store_set_created(store, person->made, row.created, error);
    if (status == FID_OK && !taken)
        status = fid_store_set_expires(store, person->made, row.expires, error);
    return status;
}

/* That the faces are one person's is proven even where the name is lost. */
static enum fid_status add_nameless(struct salvage *salvage, struct saved_person *person,
                                    struct fid_error *error)
{
    char name[FID_NAME_BYTES], text[FID_NAME_BYTES + 120];
    bool taken = true;
    enum fid_status status = FID_OK;
    for (int i = 1; status == FID_OK && taken; i++) {
        int length = snprintf(name, sizeof name, "recovered %lld", (long long)person->id);
        if (i > 1)
            snprintf(name + length, sizeof name - (size_t)length, " (%d)", i);
        status = add(salvage, person, name, &taken, error);
    }
    if (status != FID_OK)
        return status;
    snprintf(text, sizeof text,
             "the name and last day of person %lld are lost: saved as '%s' (faceid rename)",
             (long long)person->id, name);
    salvage->tell(salvage->ctx, text);
    return FID_OK;
}

static enum fid_status save_people(struct salvage *salvage, struct fid_error *error)
{
    enum fid_status status = FID_OK;
    for (size_t i = 0; status == FID_OK && i < salvage->people_count; i++)
        status = add_named(salvage, &salvage->people[i], error);
    return status;
}

/* Faces of one whose name is lost make the person. */
static enum fid_status save_face(struct salvage *salvage, size_t i, struct fid_error *error)
{
    const size_t size = salvage->rows->model.size;
    struct fid_store *store = salvage->into->store;
    struct fid_store_row row;
    enum fid_status status = FID_OK;
    if (!fid_store_salvage_sample(salvage->from, salvage->rows, i, salvage->embedding, size, &row))
        return FID_OK;
    struct saved_person *person = find(salvage, row.person);
    if (person == NULL)
        return FID_OK;
    if (person->made == 0)
        status = add_nameless(salvage, person, error);
    if (status == FID_OK)
        status = fid_store_add_sample(store, person->made, salvage->embedding, size, row.text,
                                      row.created, error);
    if (status == FID_OK && row.crop != NULL)
        status = fid_store_add_crop(store, row.crop, row.crop_size, error);
    salvage->lost_crops += row.crop_lost;
    salvage->faces++;
    person->faces++;
    return status;
}

static enum fid_status save_consent(struct salvage *salvage, size_t i, struct fid_error *error)
{
    struct fid_store_row row;
    if (!fid_store_salvage_consent(salvage->from, salvage->rows, i, &row))
        return FID_OK;
    const struct saved_person *person = find(salvage, row.person);
    if (person == NULL || person->faces == 0)
        return FID_OK;
    salvage->consents++;
    return fid_store_add_consent(salvage->into->store, person->made, row.text, row.created, error);
}

/* A person whose name alone is left. */
static enum fid_status drop_person(struct salvage *salvage, const struct saved_person *person,
                                   struct fid_error *error)
{
    struct fid_store *store = salvage->into->store;
    struct fid_store_person row;
    enum fid_status status = fid_store_read_person(store, person->made, &row, error);
    if (status == FID_OK && salvage->faceless < NAMED_MOST) {
        const size_t at = strlen(salvage->names);
        snprintf(salvage->names + at, sizeof salvage->names - at, "%s'%s'", at > 0 ? ", " : "",
                 row.name);
    }
    salvage->faceless++;
    return status == FID_OK ? fid_store_delete_person(store, person->made, error) : status;
}

/* Whoever has no face left is lost. */
static enum fid_status finish_people(struct salvage *salvage, size_t *saved,
                                     struct fid_error *error)
{
    enum fid_status status = FID_OK;
    for (size_t i = 0; status == FID_OK && i < salvage->people_count; i++) {
        const struct saved_person *person = &salvage->people[i];
        if (person->faces > 0)
            status = fid_gallery_update_vectors(salvage->into->store, person->made, error);
        else if (person->made != 0)
            status = drop_person(salvage, person, error);
        *saved += person->faces > 0;
    }
    return status;
}

enum fid_status fid_gallery_take_copies(struct fid_store *into, struct fid_store_rows *rows,
                                        struct fid_error *error)
{
    enum fid_status status = FID_OK;
    for (size_t i = 0; status == FID_OK && i < rows->count[FID_STORE_COPY]; i++) {
        const char *path = fid_store_salvage_copy(rows, i);
        if (path != NULL)
            status = fid_store_note_backup(into, path, error);
    }
    return status;
}

static enum fid_status save_all(struct salvage *salvage, size_t *people, struct fid_error *error)
{
    const struct fid_store_rows *rows = salvage->rows;
    enum fid_status status = list_people(salvage, error);
    if (status == FID_OK)
        status = fid_store_write_model(salvage->into->store, &rows->model, error);
    if (status == FID_OK)
        status = save_people(salvage, error);
    for (size_t i = 0; status == FID_OK && i < rows->count[FID_STORE_SAMPLE]; i++)
        status = save_face(salvage, i, error);
    for (size_t i = 0; status == FID_OK && i < rows->count[FID_STORE_CONSENT]; i++)
        status = save_consent(salvage, i, error);
    if (status == FID_OK)
        status = finish_people(salvage, people, error);
    if (status == FID_OK)
        status = fid_gallery_take_copies(salvage->into->store, salvage->rows, error);
    if (status == FID_OK && *people == 0)
        return fid_fail(error, FID_CORRUPT, "no face in the gallery is undamaged");
    return status;
}

/* ---- what is told ---- */

static size_t above(size_t there_were, size_t saved)
{
    return there_were > saved ? there_were - saved : 0;
}

/* Whoever has to be enrolled again. */
static void tell_names(const struct salvage *salvage)
{
    char text[sizeof salvage->names + 120], more[40] = "";
    if (salvage->faceless == 0)
        return;
    if (salvage->faceless > NAMED_MOST)
        snprintf(more, sizeof more, " and %zu more", salvage->faceless - NAMED_MOST);
    snprintf(text, sizeof text, "no face is left of %s%s: enrol them again", salvage->names, more);
    salvage->tell(salvage->ctx, text);
}

static void tell_losses(const struct salvage *salvage, size_t people)
{
    const struct fid_store_rows *rows = salvage->rows;
    const struct {
        size_t count;
        const char *one, *more;
    } losses[] = {
        {above(rows->there_were[FID_STORE_PERSON], people), "person", "people"},
        {above(rows->there_were[FID_STORE_SAMPLE], salvage->faces), "face", "faces"},
        {salvage->lost_crops, "kept crop", "kept crops"},
        {above(rows->there_were[FID_STORE_CONSENT], salvage->consents), "consent", "consents"},
    };
    char text[240];
    int at = snprintf(text, sizeof text, "lost:%s", rows->counted ? "" : " at least");
    const int start = at;
    for (size_t i = 0; i < sizeof losses / sizeof losses[0]; i++)
        if (losses[i].count > 0)
            at += snprintf(text + at, sizeof text - (size_t)at, "%s %zu %s", at > start ? "," : "",
                           losses[i].count, losses[i].count == 1 ? losses[i].one : losses[i].more);
    if (at > start)
        salvage->tell(salvage->ctx, text);
    tell_names(salvage);
    if (rows->journal_lost > 0) {
        snprintf(text, sizeof text,
                 "%zu %s of the journal (-wal) %s damaged: what was changed last may be lost, or "
                 "be as it was before",
                 rows->journal_lost, rows->journal_lost == 1 ? "page" : "pages",
                 rows->journal_lost == 1 ? "is" : "are");
        salvage->tell(salvage->ctx, text);
    }
    if (!rows->counted)
        salvage->tell(salvage->ctx, "how many people and faces there were is lost with the damaged "
                                    "pages: compare with a list of yours");
}

/* ---- from one file to the other ---- */

/* Where the gallery does not say which model its faces are of, the caller may. */
static enum fid_status settle_model(struct salvage *salvage, const char *path,
                                    const struct fid_model *model, struct fid_error *error)
{
    struct fid_store_model *found = &salvage->rows->model, named;
    if (found->id[0] != '\0')
        return FID_OK;
    if (model == NULL)
        return fid_fail(error, FID_CORRUPT,
                        "which model the faces in the gallery %s are of is lost: name the one they "
                        "were enrolled with (faceid check --salvage FILE --model FILE)",
                        path);
    enum fid_status status = fid_gallery_describe(model, &named, error);
    if (status == FID_OK && named.size != found->size)
        return fid_fail(error, FID_MISMATCH,
                        "the faces in the gallery %s are of another model than %s: vectors of %zu "
                        "numbers, not %zu",
                        path, named.name, found->size, named.size);
    *found = named;
    return status;
}

static enum fid_status look(struct salvage *salvage, const char *path, struct fid_secret *secret,
                            const struct fid_model *model, struct fid_error *error)
{
    enum fid_status status = fid_store_open(path, FID_GALLERY_READ_ONLY | FID_STORE_DAMAGED, secret,
                                            &salvage->from, error);
    if (status == FID_OK && salvage->from == NULL)
        return fid_fail(error, FID_NOT_FOUND, "there is no gallery %s", path);
    if (status == FID_OK)
        status = fid_store_find_rows(salvage->from, &salvage->rows, error);
    if (status == FID_OK && salvage->rows->count[FID_STORE_SAMPLE] == 0)
        return fid_fail(error, FID_CORRUPT, "no undamaged face is left in the gallery %s", path);
    return status == FID_OK ? settle_model(salvage, path, model, error) : status;
}

/* The file has no journal afterwards: it is to be moved alone. */
static enum fid_status write_new(struct salvage *salvage, const char *path,
                                 struct fid_secret *secret, size_t *people, struct fid_error *error)
{
    const struct fid_store_model none = {.id = ""};
    enum fid_status status = FID_OK;
    if (secret != NULL) /* else opening it makes the tables */
        status = fid_store_make_sealed(path, secret, error);
    if (status == FID_OK)
        status =
            fid_gallery_open_for(path, &none, secret, FID_GALLERY_CREATE, &salvage->into, error);
    if (status != FID_OK)
        return status;
    status = fid_store_begin(salvage->into->store, true, error);
    if (status == FID_OK) {
        status = save_all(salvage, people, error);
        status = fid_gallery_end_change(salvage->into, status, NULL, 0, error);
    }
    if (status == FID_OK)
        status = fid_store_hold(salvage->into->store, error);
    fid_gallery_close(&salvage->into);
    return status == FID_OK ? fid_gallery_check_new(path, secret, error) : status;
}

static void free_salvage(struct salvage *salvage)
{
    fid_store_free_rows(&salvage->rows);
    fid_store_close(&salvage->from);
    fid_free(salvage->people);
    fid_free(salvage->embedding);
}

enum fid_status fid_gallery_salvage(const char *path, struct fid_secret *secret,
                                    const struct fid_model *model, const char *target,
                                    fid_tell_fn tell, void *ctx, size_t *people,
                                    struct fid_error *error)
{
    struct salvage salvage = {.tell = tell, .ctx = ctx};
    struct fid_private_file file = {.database = true};
    *people = 0;
    enum fid_status status = fid_private_database_may_be_made(target, false, error);
    if (status == FID_OK)
        status = fid_private_create(target, false, &file, NULL, error);
    if (status == FID_OK)
        status = look(&salvage, path, secret, model, error);
    if (status == FID_OK)
        status = write_new(&salvage, file.new.temporary, secret, people, error);
    if (status == FID_OK)
        status = fid_private_publish(&file, error);
    if (status == FID_OK)
        tell_losses(&salvage, *people);
    else
        *people = 0;
    if (status != FID_OK && file.new.temporary[0] != '\0')
        fid_private_clear(target, NULL); /* its journal too */
    fid_private_discard(&file);
    free_salvage(&salvage);
    return status;
}
