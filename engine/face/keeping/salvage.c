/* A new gallery of what is undamaged in a damaged one. */
#include "engine/base/memory.h"
#include "engine/face/gallery/name.h"
#include "engine/face/keeping/keeping.h"
#include "engine/store/private_file.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { NAMED_MOST = 10 }; /* in a sentence */

struct salvage {
    struct fid_carved from;
    struct fid_ledger *into;
    struct fid_edit edit; /* of into */
    fid_tell_fn tell;
    void *ctx;
    struct fid_ids owners;   /* of faces that are saved, in order, each once */
    size_t saved[FID_KINDS]; /* rows */
    size_t invented;         /* names */
    size_t faceless;         /* whose name alone is left, and the first of them: */
    char names[NAMED_MOST * FID_NAME_BYTES * 2];
};

static int compare_ids(const void *a, const void *b)
{
    const int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return x < y ? -1 : x > y;
}

static bool is_owner(const struct salvage *salvage, int64_t person)
{
    const struct fid_ids *owners = &salvage->owners;
    return owners->count > 0 &&
           bsearch(&person, owners->ids, owners->count, sizeof person, compare_ids) != NULL;
}

/* ---- the model ---- */

/* FILLS what is known of the gallery but for its rows: the manifest has it, or else the newest
 * face, but for the model's name, which that of the caller has if it is the one. */
static enum fid_status find_model(struct salvage *salvage, const char *path,
                                  const struct fid_model *model, struct fid_manifest *manifest,
                                  struct fid_error *error)
{
    struct fid_sample_record sample;
    struct fid_entry entry;
    struct fid_gallery_model named = {.id = ""};
    uint64_t newest = 0;
    if (salvage->from.has_manifest)
        *manifest = salvage->from.manifest;
    for (size_t i = 0; i < salvage->from.count; i++) {
        const uint64_t generation = salvage->from.rows[i].head.generation;
        if (generation > manifest->generation)
            manifest->generation = generation;
        if (salvage->from.has_manifest || generation <= newest ||
            fid_carved_kind(&salvage->from, i) != FID_KIND_SAMPLE ||
            !fid_carved_open(&salvage->from, i, &entry) || !fid_record_read_sample(&entry, &sample))
            continue;
        newest = generation;
        memcpy(manifest->model, sample.model, sizeof manifest->model);
        snprintf(manifest->model_name, sizeof manifest->model_name, "%.8s", sample.model);
        manifest->vector_size = (uint32_t)sample.size;
    }
    if (manifest->model[0] == '\0')
        return fid_fail(error, FID_CORRUPT, "no undamaged face is left in the gallery %s", path);
    if (model == NULL || salvage->from.has_manifest)
        return FID_OK;
    enum fid_status status = fid_gallery_describe(model, &named, error);
    if (status == FID_OK && strcmp(named.id, manifest->model) != 0)
        return fid_fail(error, FID_MISMATCH,
                        "the faces in the gallery %s are of another model than %s", path,
                        named.name);
    memcpy(manifest->model_name, named.name, sizeof manifest->model_name);
    return status;
}

/* ---- rows ---- */

static enum fid_status put(struct salvage *salvage, const struct fid_entry *entry,
                           struct fid_error *error)
{
    salvage->saved[FID_ROW_KIND(entry->id)]++;
    return fid_ledger_put(salvage->into, entry->id, entry->person, NULL, entry->content,
                          entry->size, error);
}

static enum fid_status take_nothing(void *ctx, const struct fid_entry *entry,
                                    struct fid_error *error)
{
    (void)ctx, (void)entry, (void)error;
    return FID_OK;
}

static enum fid_status save_row(struct salvage *salvage, const struct fid_entry *entry,
                                struct fid_error *error)
{
    const struct fid_manifest *manifest = &salvage->into->manifest;
    struct fid_sample_record sample;
    struct fid_consent_record consent;
    struct fid_crop_record crop;
    struct fid_copy_record copy;
    switch (FID_ROW_KIND(entry->id)) {
    case FID_KIND_SAMPLE:
        if (!fid_record_read_sample(entry, &sample) || sample.size != manifest->vector_size ||
            strcmp(sample.model, manifest->model) != 0)
            return FID_OK;
        return fid_ids_add(&salvage->owners, entry->person)
                   ? put(salvage, entry, error)
                   : fid_fail(error, FID_NO_MEMORY, "no memory for what can be saved");
    case FID_KIND_CONSENT:
        return is_owner(salvage, entry->person) && fid_record_read_consent(entry, &consent)
                   ? put(salvage, entry, error)
                   : FID_OK;
    case FID_KIND_CROP:
        return fid_record_read_crop(entry, &crop) &&
                       fid_ledger_get(salvage->into, FID_SIBLING_ID(FID_KIND_SAMPLE, entry->id),
                                      take_nothing, NULL, NULL) == FID_OK
                   ? put(salvage, entry, error)
                   : FID_OK;
    default:
        return fid_record_read_copy(entry, &copy) ? put(salvage, entry, error) : FID_OK;
    }
}

static enum fid_status save_rows(struct salvage *salvage, unsigned kind, struct fid_error *error)
{
    enum fid_status status = FID_OK;
    struct fid_entry entry;
    for (size_t i = 0; status == FID_OK && i < salvage->from.count; i++)
        if (fid_carved_kind(&salvage->from, i) == kind &&
            fid_carved_open(&salvage->from, i, &entry))
            status = save_row(salvage, &entry, error);
    return status;
}

static void keep_owners_once(struct fid_ids *owners)
{
    size_t kept = 0;
    if (owners->count > 0)
        qsort(owners->ids, owners->count, sizeof *owners->ids, compare_ids);
    for (size_t i = 0; i < owners->count; i++)
        if (kept == 0 || owners->ids[kept - 1] != owners->ids[i])
            owners->ids[kept++] = owners->ids[i];
    owners->count = kept;
}

/* ---- people ---- */

/* *taken: by another one already. */
static enum fid_status put_person(struct salvage *salvage, int64_t id,
                                  const struct fid_person_record *record, bool *taken,
                                  struct fid_error *error)
{
    char key[FID_NAME_KEY_BYTES];
    int64_t other = 0;
    enum fid_status status = fid_name_key(record->name, key, error);
    if (status == FID_OK)
        status = fid_ledger_find(salvage->into, key, &other, error);
    *taken = other != 0;
    if (status != FID_OK || *taken)
        return status;
    salvage->saved[FID_KIND_PERSON]++;
    return fid_edit_put_person(&salvage->edit, id, record, error);
}

/* The row of a person without a face tells only who is lost. */
static enum fid_status save_person(struct salvage *salvage, size_t row, struct fid_error *error)
{
    struct fid_person_record record;
    struct fid_entry entry;
    bool taken;
    if (!fid_carved_open(&salvage->from, row, &entry) || !fid_record_read_person(&entry, &record))
        return FID_OK;
    if (is_owner(salvage, entry.id))
        return put_person(salvage, entry.id, &record, &taken, error);
    const size_t at = strlen(salvage->names);
    if (salvage->faceless++ < NAMED_MOST)
        snprintf(salvage->names + at, sizeof salvage->names - at, "%s'%s'", at > 0 ? ", " : "",
                 record.name);
    return FID_OK;
}

/* A name that somebody has by a later change is not another one's any more: the latest come first.
 */
static enum fid_status save_named(struct salvage *salvage, struct fid_error *error)
{
    const struct fid_carved_row *rows = salvage->from.rows;
    enum fid_status status = FID_OK;
    for (uint64_t next = UINT64_MAX, now; status == FID_OK && next > 0; next = now) {
        now = 0;
        for (size_t i = 0; i < salvage->from.count; i++)
            if (fid_carved_kind(&salvage->from, i) == FID_KIND_PERSON &&
                rows[i].head.generation < next && rows[i].head.generation > now)
                now = rows[i].head.generation;
        for (size_t i = 0; status == FID_OK && i < salvage->from.count; i++)
            if (fid_carved_kind(&salvage->from, i) == FID_KIND_PERSON &&
                rows[i].head.generation == now)
                status = save_person(salvage, i, error);
    }
    return status;
}

/* That the faces are one person's is proven even where the name is lost. */
static enum fid_status invent_name(struct salvage *salvage, int64_t person, struct fid_error *error)
{
    struct fid_person_record record = {.name = ""};
    char text[FID_NAME_BYTES + 80];
    bool taken = true;
    enum fid_status status = FID_OK;
    fid_now(record.created);
    while (status == FID_OK && taken) {
        snprintf(record.name, sizeof record.name, "recovered %zu", ++salvage->invented);
        status = put_person(salvage, person, &record, &taken, error);
    }
    if (status != FID_OK)
        return status;
    snprintf(text, sizeof text, "the name and last day of a person are lost: saved as '%s'",
             record.name);
    salvage->tell(salvage->ctx, text);
    return FID_OK;
}

static enum fid_status save_all(struct salvage *salvage, struct fid_error *error)
{
    const struct fid_ids *owners = &salvage->owners;
    enum fid_status status = save_rows(salvage, FID_KIND_SAMPLE, error);
    if (status == FID_OK && owners->count == 0)
        return fid_fail(error, FID_CORRUPT, "no face in the gallery is undamaged");
    keep_owners_once(&salvage->owners);
    if (status == FID_OK)
        status = save_named(salvage, error);
    for (unsigned kind = FID_KIND_CONSENT; status == FID_OK && kind <= FID_KIND_COPY; kind++)
        status = save_rows(salvage, kind, error);
    for (size_t i = 0; status == FID_OK && i < owners->count; i++) {
        status = fid_ledger_get(salvage->into, owners->ids[i], take_nothing, NULL, NULL);
        if (status == FID_NOT_FOUND)
            status = invent_name(salvage, owners->ids[i], error);
        if (status == FID_OK)
            status = fid_edit_update_template(&salvage->edit, owners->ids[i], error);
    }
    return status;
}

/* ---- what is told ---- */

/* "lost: 2 people, 1 face", of those that are fewer than there were; or more. */
static void tell_difference(const struct salvage *salvage, bool more, const char *begin,
                            const char *end)
{
    static const struct {
        enum fid_kind kind;
        const char *one, *several;
    } all[] = {{FID_KIND_PERSON, "person", "people"},
               {FID_KIND_SAMPLE, "face", "faces"},
               {FID_KIND_CROP, "kept crop", "kept crops"},
               {FID_KIND_CONSENT, "consent", "consents"}};
    char text[300];
    int at = snprintf(text, sizeof text, "%s", begin);
    const int start = at;
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
        const uint64_t saved = salvage->saved[all[i].kind],
                       were = salvage->from.manifest.tallies[all[i].kind].count,
                       count = more ? saved - were : were - saved;
        if (more ? saved > were : saved < were)
            at += snprintf(text + at, sizeof text - (size_t)at, "%s %llu %s", at > start ? "," : "",
                           (unsigned long long)count, count == 1 ? all[i].one : all[i].several);
    }
    snprintf(text + at, sizeof text - (size_t)at, "%s", end);
    if (at > start)
        salvage->tell(salvage->ctx, text);
}

static void tell_losses(const struct salvage *salvage)
{
    char text[sizeof salvage->names + 120], more[40] = "";
    if (salvage->from.has_manifest) {
        tell_difference(salvage, false, "lost:", "");
        tell_difference(salvage, true,
                        "more than there were:", ": what was removed not long ago may be back");
    } else {
        salvage->tell(salvage->ctx,
                      "how many people and faces there were is lost: compare with a list of yours");
    }
    if (salvage->faceless > NAMED_MOST)
        snprintf(more, sizeof more, " and %zu more", salvage->faceless - NAMED_MOST);
    snprintf(text, sizeof text, "no face is left of %s%s", salvage->names, more);
    if (salvage->faceless > 0)
        salvage->tell(salvage->ctx, text);
}

/* ---- from one file to the other ---- */

/* With the id and key of the damaged one. */
static enum fid_status write_new(struct salvage *salvage, const char *path,
                                 struct fid_secret *secret, const struct fid_manifest *manifest,
                                 struct fid_error *error)
{
    const struct fid_ledger of = {.vault = salvage->from.vaults[salvage->from.newest],
                                  .secret = secret,
                                  .manifest = *manifest};
    size_t faults = 0;
    enum fid_status status = fid_ledger_make_copy(path, &of, &salvage->into, error);
    if (status != FID_OK)
        return status;
    salvage->edit.ledger = salvage->into;
    salvage->into->manifest.flags = 0; /* it is no copy */
    salvage->into->manifest.generation = manifest->generation + 1;
    status = save_all(salvage, error);
    if (status == FID_OK)
        status = fid_ledger_commit(salvage->into, error);
    if (status == FID_OK)
        status = fid_store_purge(salvage->into->store, false, error);
    if (status == FID_OK)
        status = fid_ledger_check(salvage->into, NULL, NULL, &faults, error);
    fid_ledger_close(&salvage->into);
    return status == FID_OK && faults > 0
               ? fid_fail(error, FID_CORRUPT, "what was saved of the gallery has faults")
               : status;
}

enum fid_status fid_gallery_salvage(const char *path, struct fid_secret *secret,
                                    const struct fid_model *model, const char *target,
                                    fid_tell_fn tell, void *ctx, size_t *people,
                                    struct fid_error *error)
{
    struct salvage salvage = {.tell = tell, .ctx = ctx};
    struct fid_manifest manifest = {0};
    struct fid_private_file file = {.database = true};
    enum fid_status status = fid_private_database_may_be_made(target, false, error);
    if (status == FID_OK)
        status = fid_private_create(target, false, &file, NULL, error);
    if (status == FID_OK)
        status = fid_carve(path, secret, &salvage.from, error);
    if (status == FID_OK)
        status = find_model(&salvage, path, model, &manifest, error);
    if (status == FID_OK)
        status = write_new(&salvage, file.new.temporary, secret, &manifest, error);
    if (status == FID_OK)
        status = fid_private_publish(&file, error);
    if (status == FID_OK)
        tell_losses(&salvage);
    *people = status == FID_OK ? salvage.saved[FID_KIND_PERSON] : 0;
    if (status != FID_OK && file.new.temporary[0] != '\0')
        fid_private_clear(target, NULL); /* its journal too */
    fid_private_discard(&file);
    fid_carved_free(&salvage.from);
    fid_edit_free(&salvage.edit);
    fid_free(salvage.owners.ids);
    return status;
}
