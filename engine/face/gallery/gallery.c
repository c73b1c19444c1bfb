/* Opens a gallery, keeps its people in memory, and takes over what others change. */
#include "engine/face/gallery/gallery.h"

#include "engine/base/memory.h"
#include "engine/face/gallery/mirror.h"
#include "kernels/kernels.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define STORE_FLAGS (FID_STORE_CREATE | FID_STORE_READ | FID_STORE_MEMORY)
_Static_assert(FID_STORE_CREATE == FID_GALLERY_CREATE && FID_STORE_READ == FID_GALLERY_READ_ONLY &&
                   FID_STORE_MEMORY == FID_GALLERY_MEMORY,
               "the gallery's flags are the store's");

/* ---- people by name and number ---- */

size_t fid_gallery_place(const struct fid_gallery *gallery, const char *key, bool *found)
{
    size_t low = 0, high = gallery->count;
    *found = false;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = strcmp(gallery->people[middle].key, key);
        *found = *found || order == 0;
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

const struct fid_gallery_person *fid_gallery_by_id(const struct fid_gallery *gallery, int64_t id)
{
    for (size_t i = 0; i < gallery->count; i++)
        if (gallery->people[i].info.id == (id & FID_LOW_ID))
            return &gallery->people[i];
    return NULL;
}

enum fid_status fid_gallery_name(const char *name, char checked[FID_NAME_BYTES],
                                 char key[FID_NAME_KEY_BYTES], struct fid_error *error)
{
    enum fid_status status = fid_name_check(name, checked, error);
    return status == FID_OK ? fid_name_key(checked, key, error) : status;
}

enum fid_status fid_gallery_find(const struct fid_gallery *gallery, const char *name, int64_t *id,
                                 struct fid_error *error)
{
    char checked[FID_NAME_BYTES], key[FID_NAME_KEY_BYTES];
    bool found;
    enum fid_status status = fid_gallery_name(name, checked, key, error);
    *id = 0;
    if (status != FID_OK)
        return status;
    size_t at = fid_gallery_place(gallery, key, &found);
    if (!found)
        return fid_fail(error, FID_NOT_FOUND, "there is nobody called '%s' in the gallery %s",
                        checked, gallery->path);
    *id = FID_PERSON_ROW(gallery->people[at].info.id);
    return FID_OK;
}

enum fid_status fid_gallery_lookup(struct fid_gallery *gallery, const char *name,
                                   struct fid_person *person, struct fid_error *error)
{
    int64_t id;
    struct fid_error why;
    enum fid_status status = fid_gallery_find(gallery, name, &id, &why);
    if (status == FID_NOT_FOUND && gallery->ledger != NULL) { /* enrolled since the last look? */
        status = fid_gallery_refresh(gallery, NULL, &why);
        if (status == FID_OK)
            status = fid_gallery_find(gallery, name, &id, &why);
    }
    if (status != FID_OK)
        return fid_fail(error, status, "%s", why.text);
    *person = fid_gallery_by_id(gallery, id)->info;
    return FID_OK;
}

size_t fid_gallery_count(const struct fid_gallery *gallery)
{
    return gallery->count;
}

void fid_gallery_person(const struct fid_gallery *gallery, size_t i, struct fid_person *person)
{
    *person = gallery->people[i].info;
}

/* ---- the model ---- */

static enum fid_status take_crops(void *ctx, const struct fid_entry *entry, struct fid_error *error)
{
    size_t *with_crops = ctx;
    struct fid_template_record record;
    (void)error;
    *with_crops += fid_record_read_template(entry, &record) && record.crops > 0;
    return FID_OK;
}

enum fid_status fid_gallery_check_model(const struct fid_gallery *gallery, struct fid_error *error)
{
    const struct fid_manifest *found = &gallery->ledger->manifest;
    const struct fid_gallery_model *model = &gallery->model;
    const size_t people = (size_t)found->tallies[FID_KIND_PERSON].count;
    size_t with_crops = 0;
    if (model->id[0] == '\0' || people == 0)
        return FID_OK;
    if (strcmp(found->model, model->id) == 0 && found->vector_size != model->size)
        return fid_fail(error, FID_CORRUPT,
                        "the gallery %s is damaged: vectors of %u numbers, not %zu", gallery->path,
                        (unsigned)found->vector_size, model->size);
    if (strcmp(found->model, model->id) == 0)
        return FID_OK;
    enum fid_status status =
        fid_ledger_scan(gallery->ledger, FID_FIRST_ID(FID_KIND_TEMPLATE),
                        FID_FIRST_ID(FID_KIND_TEMPLATE + 1), 0, take_crops, &with_crops, error);
    if (status != FID_OK)
        return status;
    return fid_fail(error, FID_MISMATCH,
                    "the people of %s were enrolled with the model %s (%.8s), not with %s (%.8s); "
                    "crops are kept of %zu of %zu people",
                    gallery->path, found->model_name, found->model, model->name, model->id,
                    with_crops, people);
}

/* Scores of another model mean something else. */
static enum fid_status check_calibration(const struct fid_gallery *gallery,
                                         const struct fid_calibration_record *found,
                                         struct fid_error *error)
{
    const struct fid_gallery_model *model = &gallery->model;
    if (model->id[0] == '\0' || found->model[0] == '\0' || strcmp(found->model, model->id) == 0)
        return FID_OK;
    return fid_fail(error, FID_MISMATCH,
                    "the limit in %s was calibrated for the model %s (%.8s), not for %s (%.8s)",
                    gallery->path, found->model_name, found->model, model->name, model->id);
}

enum fid_status fid_gallery_describe(const struct fid_model *model,
                                     struct fid_gallery_model *described, struct fid_error *error)
{
    struct fid_model_info info;
    struct fid_value output;
    *described = (struct fid_gallery_model){0};
    if (model == NULL)
        return FID_OK;
    fid_model_info(model, &info);
    if (strcmp(info.kind, "recognizer") != 0)
        return fid_fail(error, FID_INVALID, "%s is a %s, and a gallery needs a recognizer",
                        info.path, info.kind);
    enum fid_status status =
        fid_model_output(model, NULL, fid_model_text(model, "embed.output"), &output, error);
    if (status != FID_OK)
        return status;
    memcpy(described->id, info.id, sizeof described->id);
    snprintf(described->name, sizeof described->name, "%s", info.name);
    described->size = (size_t)output.h * (size_t)output.w * (size_t)output.c;
    return FID_OK;
}

/* ---- reading ---- */

enum fid_status fid_mirror_catch_up(struct fid_staged *staged, struct fid_gallery *gallery,
                                    struct fid_error *error)
{
    const struct fid_ledger *ledger = gallery->ledger;
    const bool same =
        memcmp(gallery->id, fid_vault_gallery(ledger->vault), sizeof gallery->id) == 0;
    const bool older = same && ledger->manifest.generation < gallery->generation;
    *staged = (struct fid_staged){0};
    if (older && fid_vault_is_sealed(ledger->vault))
        return fid_fail(error, FID_CORRUPT,
                        "the gallery %s is an older state than the one that was read before",
                        gallery->path);
    const bool whole = gallery->is_stale || gallery->generation == 0 || !same || older;
    if (!whole && ledger->manifest.generation == gallery->generation)
        return FID_OK;
    enum fid_status status = fid_gallery_check_model(gallery, error);
    if (status == FID_OK)
        status = fid_mirror_stage(staged, gallery, whole, error);
    return status == FID_OK ? check_calibration(gallery, &staged->calibration, error) : status;
}

/* Takes over what is new; the mirror stays as it is when that fails. */
static enum fid_status catch_up(struct fid_gallery *gallery, bool *changed, struct fid_error *error)
{
    struct fid_staged staged = {0};
    enum fid_status status = fid_ledger_begin(gallery->ledger, false, error);
    if (status == FID_OK)
        status = fid_mirror_catch_up(&staged, gallery, error);
    fid_ledger_rollback(gallery->ledger); /* nothing was written */
    *changed = status == FID_OK && staged.gallery != NULL;
    if (*changed)
        fid_mirror_take(&staged);
    fid_staged_free(&staged);
    if (status == FID_OK)
        gallery->is_stale = false;
    return status;
}

static enum fid_status open_ledger(struct fid_gallery *gallery, struct fid_error *error)
{
    return fid_ledger_open(gallery->path, gallery->flags & STORE_FLAGS, gallery->secret, NULL,
                           &gallery->ledger, error);
}

/* Forgets what was read of a gallery that is gone; returns whether there was anything. */
static bool drop_all(struct fid_gallery *gallery)
{
    const bool was = gallery->count > 0 || gallery->calibration.model[0] != '\0';
    fid_mirror_free_people(gallery->people, gallery->count);
    fid_codes_free(&gallery->codes);
    gallery->people = NULL;
    gallery->count = 0;
    gallery->calibration = (struct fid_calibration_record){0};
    gallery->generation = 0;
    return was;
}

/* Opens again what was moved, or is only there now. *gone: there is nothing. A server's old ledger
 * stays until the new one is open: it knows when to try again. */
static enum fid_status reopen(struct fid_gallery *gallery, bool *gone, struct fid_error *error)
{
    const bool on_server = fid_store_is_server(gallery->path);
    struct fid_ledger *before = gallery->ledger;
    *gone = false;
    if (before != NULL && (!on_server && (gallery->flags & FID_GALLERY_READ_ONLY) == 0))
        return FID_OK;
    if (before != NULL && !fid_store_is_moved(before->store))
        return FID_OK;
    if (!on_server)
        fid_ledger_close(&gallery->ledger);
    enum fid_status status = open_ledger(gallery, error);
    if (on_server && status == FID_OK)
        fid_ledger_close(&before);
    else if (on_server)
        gallery->ledger = before;
    *gone = status == FID_OK ? gallery->ledger == NULL
                             : !on_server && access(gallery->path, F_OK) != 0 && errno == ENOENT;
    gallery->is_stale = gallery->is_stale || !on_server;
    return status;
}

enum fid_status fid_gallery_refresh(struct fid_gallery *gallery, bool *changed,
                                    struct fid_error *error)
{
    uint64_t generation = 0;
    bool gone, unasked;
    if (changed == NULL)
        changed = &unasked;
    *changed = false;
    enum fid_status status = reopen(gallery, &gone, error);
    if (gone)
        *changed = drop_all(gallery);
    if (status == FID_OK && gallery->ledger != NULL)
        status = fid_store_generation(gallery->ledger->store, &generation, error);
    if (status == FID_OK && gallery->ledger != NULL &&
        (gallery->is_stale || generation != gallery->generation))
        status = catch_up(gallery, changed, error);
    if (fid_gallery_expire(gallery)) { /* as time goes by */
        fid_gallery_encode(gallery);
        *changed = true;
    }
    return status;
}

uint64_t fid_gallery_generation(const struct fid_gallery *gallery)
{
    return gallery->generation;
}

int fid_gallery_wait_fd(const struct fid_gallery *gallery)
{
    return gallery->ledger != NULL ? fid_store_wait_fd(gallery->ledger->store) : -1;
}

/* ---- opening ---- */

static enum fid_status check_server(const char *path, const struct fid_secret *secret,
                                    unsigned flags, struct fid_error *error)
{
    if (!fid_store_is_server(path) || secret != NULL || (flags & FID_GALLERY_PLAIN_SERVER) != 0)
        return FID_OK;
    return fid_fail(
        error, FID_SEALED,
        "the gallery is on a server, where it has to be sealed, and no secret is given");
}

enum fid_status fid_gallery_open_for(const char *path, const struct fid_gallery_model *model,
                                     struct fid_secret *secret, unsigned flags,
                                     struct fid_gallery **gallery, struct fid_error *error)
{
    bool changed;
    struct fid_gallery *made = NULL;
    enum fid_status status = check_server(path, secret, flags, error);
    *gallery = NULL;
    if (status != FID_OK)
        return status;
    made = fid_calloc(1, sizeof *made);
    if (made != NULL)
        made->path = fid_strdup(path);
    if (made == NULL || made->path == NULL) {
        status = fid_fail(error, FID_NO_MEMORY, "no memory for the gallery %s", path);
        goto fail;
    }
    made->kernels = fid_kernels_best();
    made->flags = flags;
    made->secret = secret;
    made->model = *model;
    status = open_ledger(made, error);
    if (status == FID_OK && made->ledger != NULL)
        status = catch_up(made, &changed, error);
    if (status != FID_OK)
        goto fail;
    *gallery = made;
    return FID_OK;
fail:
    fid_gallery_close(&made);
    return status;
}

enum fid_status fid_gallery_open(const char *path, const struct fid_model *model,
                                 struct fid_secret *secret, unsigned flags,
                                 struct fid_gallery **gallery, struct fid_error *error)
{
    struct fid_gallery_model described;
    *gallery = NULL;
    enum fid_status status = fid_gallery_describe(model, &described, error);
    return status == FID_OK ? fid_gallery_open_for(path, &described, secret, flags, gallery, error)
                            : status;
}

void fid_gallery_close(struct fid_gallery **gallery)
{
    if (*gallery == NULL)
        return;
    fid_ledger_close(&(*gallery)->ledger);
    drop_all(*gallery);
    fid_free((*gallery)->path);
    fid_free(*gallery);
    *gallery = NULL;
}

enum fid_status fid_gallery_writable(const struct fid_gallery *gallery, struct fid_error *error)
{
    if ((gallery->flags & FID_GALLERY_READ_ONLY) != 0 || gallery->ledger == NULL)
        return fid_fail(error, FID_INVALID, "the gallery %s was opened for reading", gallery->path);
    return FID_OK;
}
