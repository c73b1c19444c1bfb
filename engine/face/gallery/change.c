/* Changes that can be taken back: each row is kept as it was before it is replaced or deleted, and
 * each new one is noted. */
#include "engine/base/memory.h"
#include "engine/face/gallery/mirror.h"

#include <stdio.h>
#include <string.h>

#define CHANGE_ROW FID_FIRST_ID(FID_KIND_CHANGE)
/* So many people are looked for one by one after a change; of more, the ledger is read. */
#define TOUCHED_FEW 64

/* ---- numbers in records ---- */

uint8_t *fid_ids_bytes(const struct fid_ids *ids)
{
    uint8_t *bytes = fid_calloc(ids->count, sizeof *ids->ids);
    for (size_t i = 0; bytes != NULL && i < ids->count; i++)
        fid_record_put_id(bytes, i, ids->ids[i]);
    return bytes;
}

bool fid_ids_take(struct fid_ids *ids, const uint8_t *bytes, size_t count)
{
    bool good = true;
    for (size_t i = 0; good && i < count; i++)
        good = fid_ids_add(ids, fid_record_id(bytes, i));
    return good;
}

/* ---- beginning and end ---- */

enum fid_status fid_edit_begin(struct fid_edit *edit, struct fid_gallery *gallery, const char *verb,
                               struct fid_error *error)
{
    struct fid_staged staged = {0};
    *edit = (struct fid_edit){.ledger = gallery->ledger, .verb = verb};
    enum fid_status status = fid_gallery_writable(gallery, error);
    if (status == FID_OK)
        status = fid_ledger_begin(gallery->ledger, true, error);
    if (status != FID_OK)
        return status;
    status = fid_mirror_catch_up(&staged, gallery, error);
    if (status == FID_OK && staged.gallery != NULL)
        fid_mirror_take(&staged);
    fid_staged_free(&staged);
    if (status != FID_OK)
        fid_ledger_rollback(gallery->ledger);
    return status;
}

void fid_edit_free(struct fid_edit *edit)
{
    fid_free(edit->people.ids);
    fid_free(edit->added.ids);
    fid_free(edit->touched.ids);
    fid_free(edit->writer.bytes);
    *edit = (struct fid_edit){0};
}

static enum fid_status forget_before(struct fid_ledger *ledger, struct fid_error *error)
{
    return fid_ledger_delete_range(ledger, FID_FIRST_ID(FID_ROW_BEFORE),
                                   FID_FIRST_ID(FID_ROW_BEFORE + FID_KINDS), NULL, error);
}

/* The change before can be taken back no more. */
static enum fid_status begin_noting(struct fid_edit *edit, struct fid_error *error)
{
    if (edit->verb == NULL || edit->is_noting)
        return FID_OK;
    edit->is_noting = true;
    return forget_before(edit->ledger, error);
}

static enum fid_status write_change(struct fid_edit *edit, struct fid_error *error)
{
    struct fid_change_record record = {.people_count = edit->people.count,
                                       .added_count = edit->added.count};
    uint8_t *people = fid_ids_bytes(&edit->people), *added = fid_ids_bytes(&edit->added);
    snprintf(record.verb, sizeof record.verb, "%s", edit->verb);
    fid_now(record.time);
    record.people = people;
    record.added = added;
    fid_record_write_change(&edit->writer, &record);
    const bool failed = people == NULL || added == NULL || edit->writer.failed;
    fid_free(people);
    fid_free(added);
    if (failed)
        return fid_fail(error, FID_NO_MEMORY, "no memory for what undo needs");
    return fid_ledger_put(edit->ledger, CHANGE_ROW, 0, NULL, edit->writer.bytes, edit->writer.size,
                          error);
}

static enum fid_status stage(struct fid_edit *edit, struct fid_gallery *gallery,
                             struct fid_staged *staged, struct fid_error *error)
{
    if (gallery->is_stale || edit->reads_all || edit->touched.count > TOUCHED_FEW)
        return fid_mirror_stage(staged, gallery, gallery->is_stale, error);
    return fid_mirror_stage_some(staged, gallery, edit->touched.ids, edit->touched.count, error);
}

enum fid_status fid_edit_end(struct fid_edit *edit, struct fid_gallery *gallery,
                             enum fid_status status, struct fid_error *error)
{
    struct fid_ledger *ledger = edit->ledger;
    struct fid_staged staged = {0};
    const bool changed = !fid_manifest_agrees(&ledger->manifest, &ledger->as_read, -1);
    if (status == FID_OK && changed)
        status = begin_noting(edit, error);
    if (status == FID_OK && changed && edit->verb != NULL)
        status = write_change(edit, error);
    if (status == FID_OK && changed)
        status = stage(edit, gallery, &staged, error);
    if (status == FID_OK)
        status = fid_ledger_commit(ledger, error);
    else
        fid_ledger_rollback(ledger);
    if (status == FID_OK && changed) {
        gallery->is_stale = false;
        staged.generation = ledger->manifest.generation;
        fid_mirror_take(&staged);
    }
    fid_staged_free(&staged);
    fid_edit_free(edit);
    return status;
}

/* ---- rows ---- */

static bool has(const struct fid_ids *ids, int64_t id)
{
    for (size_t i = ids->count; i > 0; i--) /* it is mostly the last */
        if (ids->ids[i - 1] == id)
            return true;
    return false;
}

static enum fid_status add(struct fid_ids *ids, int64_t id, struct fid_error *error)
{
    return fid_ids_add(ids, id) ? FID_OK
                                : fid_fail(error, FID_NO_MEMORY, "no memory for what undo needs");
}

/* Before a row is written or deleted. */
static enum fid_status note(struct fid_edit *edit, int64_t id, int64_t person,
                            struct fid_error *error)
{
    bool there;
    enum fid_status status = FID_OK;
    if (person != 0 && !has(&edit->touched, person))
        status = add(&edit->touched, person, error);
    if (status == FID_OK)
        status = begin_noting(edit, error);
    if (status != FID_OK || edit->verb == NULL || edit->is_final || has(&edit->people, person) ||
        has(&edit->added, id))
        return status;
    status = fid_ledger_keep_before(edit->ledger, id, &there, error);
    return status == FID_OK && !there ? add(&edit->added, id, error) : status;
}

enum fid_status fid_edit_new_person(struct fid_edit *edit, int64_t *id, struct fid_error *error)
{
    enum fid_status status = fid_ledger_draw(edit->ledger, FID_KIND_PERSON, 0, id, error);
    return status == FID_OK ? add(&edit->people, *id, error) : status;
}

enum fid_status fid_edit_put(struct fid_edit *edit, int64_t id, int64_t person, const char *key,
                             const void *content, size_t size, struct fid_error *error)
{
    enum fid_status status = note(edit, id, person, error);
    return status == FID_OK ? fid_ledger_put(edit->ledger, id, person, key, content, size, error)
                            : status;
}

enum fid_status fid_edit_delete(struct fid_edit *edit, int64_t id, int64_t person,
                                struct fid_error *error)
{
    enum fid_status status = note(edit, id, person, error);
    return status == FID_OK ? fid_ledger_delete(edit->ledger, id, error) : status;
}

enum fid_status fid_edit_delete_kinds(struct fid_edit *edit, int64_t person, unsigned kinds,
                                      struct fid_error *error)
{
    struct fid_ids ids = {0};
    enum fid_status status = fid_ledger_list_person(edit->ledger, person, &ids, error);
    for (size_t i = 0; status == FID_OK && i < ids.count; i++) {
        const unsigned kind = FID_ROW_KIND(ids.ids[i]); /* not proven yet */
        if (kind >= FID_KINDS || (kinds & 1u << kind) != 0)
            status = fid_edit_delete(edit, ids.ids[i], person, error);
    }
    fid_free(ids.ids);
    return status;
}

/* ---- undo ---- */

struct undoing {
    struct fid_change change;
    struct fid_ids people, added, before; /* owned */
};

static enum fid_status read_change(struct fid_gallery *gallery, struct undoing *undoing,
                                   struct fid_error *error)
{
    struct fid_entry entry = {0};
    struct fid_change_record record;
    struct fid_error why;
    enum fid_status status = fid_ledger_read(gallery->ledger, CHANGE_ROW, &entry, &why);
    if (status == FID_NOT_FOUND)
        return fid_fail(error, FID_NOT_FOUND, "there is nothing to undo in the gallery %s",
                        gallery->path);
    if (status != FID_OK)
        return fid_fail(error, status, "%s", why.text);
    if (!fid_record_read_change(&entry, &record))
        return fid_fail(error, FID_CORRUPT, "the gallery %s is damaged: its last change",
                        gallery->path);
    memcpy(undoing->change.verb, record.verb, sizeof record.verb);
    memcpy(undoing->change.time, record.time, sizeof record.time);
    if (strcmp(record.verb, "forget") == 0)
        return fid_fail(error, FID_INVALID,
                        "the last change of the gallery %s was to forget somebody, which is final",
                        gallery->path);
    if (strcmp(record.verb, "reembed") == 0)
        return fid_fail(error, FID_INVALID,
                        "the last change of the gallery %s was to go over to another model, which "
                        "cannot be taken back; a copy may have been made before it",
                        gallery->path);
    if (!fid_ids_take(&undoing->people, record.people, record.people_count) ||
        !fid_ids_take(&undoing->added, record.added, record.added_count))
        return fid_fail(error, FID_NO_MEMORY, "no memory for the last change");
    return FID_OK;
}

static enum fid_status take_id(void *ctx, const struct fid_row *row, struct fid_error *error)
{
    return add(ctx, row->id, error);
}

/* Puts a row back that was kept. */
static enum fid_status put_back(struct fid_ledger *ledger, int64_t before, struct fid_error *error)
{
    struct fid_entry entry = {0};
    struct fid_person_record person;
    char name_key[FID_NAME_KEY_BYTES];
    const int64_t id = before & ~FID_ROW_BEFORE_BIT;
    const char *key = NULL;
    enum fid_status status = fid_ledger_read(ledger, before, &entry, error);
    if (status != FID_OK)
        return status;
    if (FID_ROW_KIND(id) == FID_KIND_PERSON) {
        if (!fid_record_read_person(&entry, &person))
            return fid_fail(error, FID_CORRUPT, "a person from before the last change is damaged");
        status = fid_name_key(person.name, name_key, error);
        key = name_key;
    }
    return status == FID_OK
               ? fid_ledger_put(ledger, id, entry.person, key, entry.content, entry.size, error)
               : status;
}

static enum fid_status take_back(struct fid_edit *edit, struct undoing *undoing,
                                 struct fid_error *error)
{
    struct fid_ledger *ledger = edit->ledger;
    enum fid_status status = FID_OK;
    for (size_t i = 0; status == FID_OK && i < undoing->people.count; i++)
        status = fid_ledger_delete_person(ledger, undoing->people.ids[i], error);
    for (size_t i = 0; status == FID_OK && i < undoing->added.count; i++)
        status = fid_ledger_delete_range(ledger, undoing->added.ids[i], undoing->added.ids[i] + 1,
                                         NULL, error); /* it may have been deleted again */
    if (status == FID_OK)
        status = fid_store_scan_keys(ledger->store, FID_FIRST_ID(FID_ROW_BEFORE),
                                     FID_FIRST_ID(FID_ROW_BEFORE + FID_KINDS), take_id,
                                     &undoing->before, error);
    for (size_t i = 0; status == FID_OK && i < undoing->before.count; i++)
        status = put_back(ledger, undoing->before.ids[i], error);
    if (status == FID_OK)
        status = forget_before(ledger, error);
    return status == FID_OK ? fid_ledger_delete(ledger, CHANGE_ROW, error) : status;
}

enum fid_status fid_gallery_undo(struct fid_gallery *gallery, struct fid_change *undone,
                                 struct fid_error *error)
{
    struct fid_edit edit;
    struct undoing undoing = {0};
    enum fid_status status = fid_edit_begin(&edit, gallery, NULL, error);
    if (status != FID_OK)
        return status;
    edit.reads_all = true;
    status = read_change(gallery, &undoing, error);
    if (status == FID_OK)
        status = take_back(&edit, &undoing, error);
    status = fid_edit_end(&edit, gallery, status, error);
    if (undone != NULL)
        *undone = undoing.change;
    fid_free(undoing.people.ids);
    fid_free(undoing.added.ids);
    fid_free(undoing.before.ids);
    return status;
}
