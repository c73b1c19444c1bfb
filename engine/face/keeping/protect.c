/* Sealing a gallery, sealing it anew, opening it up: every row again, under another key. */
#include "engine/base/memory.h"
#include "engine/face/gallery/name.h"
#include "engine/face/keeping/keeping.h"

#include <limits.h>
#include <stdio.h>
#include <unistd.h>

struct resealing {
    struct fid_ledger *ledger;
    struct fid_vault *before;
    struct fid_ids ids;       /* of all rows */
    struct fid_row row;       /* as it is to be */
    struct fid_manifest seen; /* of the rows as they were */
    uint8_t *content, *sealed, who[FID_NAME_KEY_BYTES];
    size_t room;
};

static enum fid_status take_key(void *ctx, const struct fid_row *row, struct fid_error *error)
{
    return row->id == 0 || fid_ids_add(ctx, row->id)
               ? FID_OK
               : fid_fail(error, FID_NO_MEMORY, "no memory for the gallery's rows");
}

/* Opens a row with the key of before and seals it with the next one. */
static enum fid_status take_row(void *ctx, const struct fid_row *row, struct fid_error *error)
{
    struct resealing *work = ctx;
    const struct fid_vault *vault = work->ledger->vault;
    struct fid_row_head head;
    struct fid_person_record person;
    char key[FID_NAME_KEY_BYTES];
    if (row->size > work->room) {
        fid_free(work->content);
        fid_free(work->sealed);
        work->content = fid_calloc(2 * row->size, 1);
        work->sealed = fid_calloc(2 * row->size, 1);
        work->room = 2 * row->size;
    }
    if (work->content == NULL || work->sealed == NULL)
        return fid_fail(error, FID_NO_MEMORY, "no memory for a row of the gallery");
    if (!fid_row_open(work->before, row->body, row->size, &head, work->content) ||
        head.id != (row->id & ~FID_ROW_BEFORE_BIT) || head.person != row->person ||
        head.generation != row->generation)
        return fid_fail(error, FID_CORRUPT, "a row is damaged");
    fid_manifest_count(&work->seen, work->before, row->id, row->body, row->size, true);
    head.generation = fid_ledger_next_generation(work->ledger);
    work->row = (struct fid_row){.id = row->id,
                                 .person = row->person,
                                 .generation = head.generation,
                                 .body = work->sealed,
                                 .size = row->size};
    const struct fid_entry entry = {row->id,       row->person, head.generation,
                                    work->content, head.size,   row};
    if (row->who_size > 0 && fid_record_read_person(&entry, &person) &&
        fid_name_key(person.name, key, NULL) == FID_OK) {
        fid_vault_who(vault, key, work->who, &work->row.who_size);
        work->row.who = work->who;
    }
    return fid_row_seal(vault, &head, work->content, work->sealed, error);
}

/* In the ledger's transaction, with rows that were checked; takes the vault. */
static enum fid_status reseal(struct fid_ledger *ledger, struct fid_vault *vault,
                              struct fid_error *error)
{
    struct resealing work = {.ledger = ledger};
    struct fid_store *store = ledger->store;
    enum fid_status status = fid_ledger_rekey(ledger, vault, &work.before, error);
    if (status == FID_OK)
        status = fid_store_scan_keys(store, 0, FID_LAST_ID, take_key, &work.ids, error);
    for (size_t i = 0; status == FID_OK && i < work.ids.count; i++) {
        status = fid_store_get(store, work.ids.ids[i], take_row, &work, error);
        if (status == FID_OK)
            status = fid_store_put(store, &work.row, false, error);
        if (status == FID_OK)
            fid_manifest_count(&ledger->manifest, vault, work.row.id, work.row.body, work.row.size,
                               true);
    }
    if (status == FID_OK && !fid_manifest_agrees(&work.seen, &ledger->as_read, -1))
        status =
            fid_fail(error, FID_CORRUPT, "rows of the gallery are not those that were written");
    fid_vault_close(&work.before);
    fid_free(work.content);
    fid_free(work.sealed);
    fid_free(work.ids.ids);
    return status;
}

static enum fid_status change_key(struct fid_ledger *ledger, struct fid_secret *next,
                                  const struct fid_seal_cost *cost, struct fid_error *error)
{
    struct fid_vault *vault = NULL;
    size_t faults = 0;
    enum fid_status status =
        fid_vault_make(fid_vault_gallery(ledger->vault), next, cost, &vault, error);
    if (status == FID_OK && (fid_store_can(ledger->store) & FID_CAN_HOLD) != 0)
        status = fid_store_hold(ledger->store, error);
    if (status == FID_OK)
        status = fid_ledger_check(ledger, NULL, NULL, &faults, error);
    if (status == FID_OK && faults > 0)
        status = fid_fail(error, FID_CORRUPT, "the gallery %s has faults, and is left as it was",
                          fid_store_name(ledger->store));
    if (status == FID_OK)
        status = fid_ledger_begin_copy(ledger, error);
    if (status != FID_OK) {
        fid_vault_close(&vault);
        return status;
    }
    status = reseal(ledger, vault, error);
    fid_ledger_note_unpurged(ledger);
    if (status == FID_OK) {
        ledger->secret = next;
        return fid_ledger_commit(ledger, error);
    }
    fid_ledger_rollback(ledger);
    return status;
}

static void tell_copies(struct fid_ledger *ledger, fid_tell_fn tell, void *ctx)
{
    struct fid_copies copies = {0};
    char text[PATH_MAX + 200];
    if (fid_ledger_begin(ledger, false, NULL) == FID_OK)
        fid_copies_list(ledger, &copies, NULL);
    fid_ledger_rollback(ledger);
    for (size_t i = 0; i < copies.count; i++) {
        const char *path = copies.copies[i].path;
        enum fid_secret_kind kind;
        if (fid_store_not_own(ledger->store, path, NULL) != FID_OK || access(path, F_OK) != 0 ||
            fid_gallery_secret_kind(path, &kind, NULL) != FID_OK)
            continue;
        snprintf(text, sizeof text, "the copy %s is left as it was, %s", path,
                 kind == FID_SECRET_NONE ? "not sealed"
                                         : "sealed with the secret it was made with");
        tell(ctx, text);
    }
    fid_copies_close(&copies);
}

enum fid_status fid_gallery_protect_at(const char *path, struct fid_secret *secret,
                                       struct fid_secret *next, const struct fid_seal_cost *cost,
                                       fid_tell_fn tell, void *ctx, struct fid_error *error)
{
    struct fid_ledger *ledger = NULL;
    struct fid_error why = {0};
    enum fid_status status = fid_ledger_open(path, 0, secret, NULL, &ledger, error);
    if (status == FID_OK && ledger == NULL)
        status = fid_fail(error, FID_NOT_FOUND, "there is no gallery %s", path);
    if (status == FID_OK && secret == NULL && next == NULL)
        status = fid_fail(error, FID_INVALID, "the gallery %s is not sealed", path);
    if (status == FID_OK)
        status = change_key(ledger, next, cost, error);
    if (status == FID_OK && (status = fid_ledger_purge(ledger, true, &why)) != FID_OK)
        fid_fail(error, status,
                 "the gallery %s is written anew, but bytes of before may be in the file: %s", path,
                 why.text);
    if (status == FID_OK)
        tell_copies(ledger, tell, ctx);
    fid_ledger_close(&ledger);
    return status;
}

enum fid_status fid_gallery_protect(const char *path, struct fid_secret *secret,
                                    struct fid_secret *next, fid_tell_fn tell, void *ctx,
                                    struct fid_error *error)
{
    return fid_gallery_protect_at(path, secret, next, NULL, tell, ctx, error);
}
