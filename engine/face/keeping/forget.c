/* Forgetting: from the gallery, from its history, from the copies of it that are known, and the
 * proof. */
#include "engine/base/memory.h"
#include "engine/face/keeping/keeping.h"
#include "engine/face/keeping/trace.h"

#include <stdio.h>
#include <string.h>

enum { BLOCK = 1 << 20 };

struct target { /* a file, or a server, that may have the person */
    struct fid_ledger *ledger;
    struct fid_ids doomed; /* rows of theirs */
    struct fid_ids losers; /* others, into whom the person was merged there */
    bool is_changed;
};
struct forgetting {
    struct fid_gallery *gallery;
    struct fid_copies copies;
    struct target *targets; /* [count]: the gallery first, then the copies that are there; owned */
    struct target *now;
    size_t count;
    int64_t id;            /* of the person in the gallery; 0: only copies have them */
    struct fid_ids people; /* the person, and all that were merged into them */
    struct fid_trace faces, trace;
    struct fid_forgotten told;
    bool found;      /* by the proof, and nobody else's */
    const char *key; /* of the name */
};

static enum fid_status no_memory(struct fid_error *error)
{
    return fid_fail(error, FID_NO_MEMORY, "no memory to forget a person");
}

static bool has_id(const struct fid_ids *ids, int64_t id)
{
    for (size_t i = 0; i < ids->count; i++)
        if (ids->ids[i] == id)
            return true;
    return false;
}

/* ---- who it is ---- */

static enum fid_status take_person(void *ctx, const struct fid_entry *entry,
                                   struct fid_error *error)
{
    struct forgetting *work = ctx;
    struct fid_person_record person;
    char own[FID_NAME_KEY_BYTES];
    /* the column that a name is found by may be anybody's */
    if (!fid_record_read_person(entry, &person) || fid_name_key(person.name, own, NULL) != FID_OK ||
        strcmp(own, work->key) != 0)
        return fid_fail(error, FID_CORRUPT, "the person of that name is found by another name");
    return fid_ids_add(&work->people, entry->id) &&
                   fid_ids_take(&work->people, person.was, person.was_count)
               ? FID_OK
               : no_memory(error);
}

/* Is it somebody in the gallery, by whatever name? Then not the one who is sought. */
static enum fid_status take_other(void *ctx, const struct fid_entry *entry, struct fid_error *error)
{
    struct fid_ids *sought = ctx;
    struct fid_person_record person;
    (void)error;
    if (!fid_record_read_person(entry, &person))
        return FID_OK;
    bool is = has_id(sought, entry->id);
    for (size_t i = 0; i < person.was_count; i++)
        is = is || has_id(sought, fid_record_id(person.was, i));
    sought->count = is ? 0 : sought->count;
    return FID_OK;
}

static enum fid_status find_people(struct forgetting *work, const char *key,
                                   struct fid_error *error)
{
    struct fid_ledger *ledger = work->gallery->ledger;
    enum fid_status status = fid_ledger_find(ledger, key, &work->id, error);
    if (status == FID_OK && work->id != 0)
        return fid_ledger_get(ledger, work->id, take_person, work, error);
    for (size_t i = 1; status == FID_OK && i < work->count; i++) {
        int64_t id = 0;
        status = fid_ledger_find(work->targets[i].ledger, key, &id, error);
        struct fid_ids sought = {.ids = &id, .count = id != 0};
        if (status == FID_OK && id != 0)
            status = fid_ledger_scan(ledger, FID_FIRST_ID(FID_KIND_PERSON),
                                     FID_FIRST_ID(FID_KIND_SAMPLE), 0, take_other, &sought, error);
        if (status == FID_OK && sought.count > 0)
            status = fid_ledger_get(work->targets[i].ledger, id, take_person, work, error);
    }
    return status;
}

/* ---- which rows ---- */

/* Read in full, since an index that is damaged hides rows. */
static enum fid_status take_key(void *ctx, const struct fid_row *row, struct fid_error *error)
{
    struct forgetting *work = ctx;
    return !has_id(&work->people, row->person) || fid_ids_add(&work->now->doomed, row->id)
               ? FID_OK
               : no_memory(error);
}

/* A copy from between a merge and its undoing has the person's rows as another's. */
static enum fid_status take_loser(void *ctx, const struct fid_entry *entry, struct fid_error *error)
{
    struct forgetting *work = ctx;
    struct fid_person_record person;
    bool is = false;
    if (has_id(&work->people, entry->id) || !fid_record_read_person(entry, &person))
        return FID_OK;
    for (size_t i = 0; i < person.was_count; i++)
        is = is || has_id(&work->people, fid_record_id(person.was, i));
    return !is || fid_ids_add(&work->now->losers, entry->id) ? FID_OK : no_memory(error);
}

/* Where the identifying part of the content begins; what precedes it is much the same in all
 * rows. */
static const uint8_t *telling_part(const struct fid_entry *entry)
{
    struct fid_entry now = *entry;
    struct fid_sample_record sample;
    struct fid_template_record template;
    struct fid_consent_record consent;
    struct fid_crop_record crop;
    now.id &= ~FID_ROW_BEFORE_BIT;
    return fid_record_read_sample(&now, &sample)       ? sample.numbers
           : fid_record_read_template(&now, &template) ? template.numbers
           : fid_record_read_consent(&now, &consent)   ? (const uint8_t *)consent.text
           : fid_record_read_crop(&now, &crop)         ? crop.bytes
                                                       : entry->content;
}

/* What to search for: all of a sealed row, as no two are alike; of a plain one its head, which has
 * its number, and its identifying part. */
static enum fid_status take_bytes(void *ctx, const struct fid_entry *entry, struct fid_error *error)
{
    struct forgetting *work = ctx;
    const bool sealed = fid_vault_is_sealed(work->now->ledger->vault);
    const uint8_t *part = telling_part(entry), *body = entry->stored->body;
    const size_t size = entry->size - (size_t)(part - entry->content);
    work->told.bytes_sought += sealed ? entry->stored->size : size;
    bool good = fid_trace_add(&work->trace, body, sealed ? entry->stored->size : FID_TRACE_BYTES) &&
                (sealed || fid_trace_add(&work->trace, part, size));
    const unsigned kind = FID_ROW_KIND(entry->id & ~FID_ROW_BEFORE_BIT);
    if (good && work->faces.filter == NULL && /* not looked for yet */
        (kind == FID_KIND_SAMPLE || kind == FID_KIND_CONSENT || kind == FID_KIND_CROP))
        good = fid_trace_add(&work->faces, part, size);
    return good ? FID_OK : no_memory(error);
}

/* Is there identifying data in these bytes, and is all of it in the person's rows? */
static bool is_theirs(const struct fid_trace *faces, const uint8_t *bytes, size_t size)
{
    bool any = false;
    for (; size >= FID_TRACE_BYTES; bytes += FID_TRACE_BYTES, size -= FID_TRACE_BYTES) {
        size_t at = 0, piece;
        if (!fid_trace_tells(bytes))
            continue;
        if (!fid_trace_find(faces, bytes, FID_TRACE_BYTES, &at, &piece))
            return false;
        any = true;
    }
    return any;
}

/* A stranger of the calibration who has one of the person's faces is the person; and so is what a
 * merge had brought along. */
static enum fid_status take_alike(void *ctx, const struct fid_entry *entry, struct fid_error *error)
{
    struct forgetting *work = ctx;
    const uint8_t *part = telling_part(entry);
    const unsigned kind = FID_ROW_KIND(entry->id);
    if (kind == FID_KIND_PERSON || kind == FID_KIND_TEMPLATE ||
        !is_theirs(&work->faces, part, entry->size - (size_t)(part - entry->content)))
        return FID_OK;
    return fid_ids_add(&work->now->doomed, entry->id) ? take_bytes(ctx, entry, error)
                                                      : no_memory(error);
}

static enum fid_status collect(struct forgetting *work, struct fid_error *error)
{
    struct target *const end = work->targets + work->count;
    enum fid_status status = FID_OK;
    for (work->now = work->targets; status == FID_OK && work->now < end; work->now++) {
        struct fid_ledger *ledger = work->now->ledger;
        status = fid_store_scan_keys(ledger->store, 1, FID_LAST_ID, take_key, work, error);
        for (size_t i = 0; status == FID_OK && i < work->now->doomed.count; i++)
            status = fid_ledger_get(ledger, work->now->doomed.ids[i], take_bytes, work, error);
        if (status == FID_OK && work->now != work->targets)
            status = fid_ledger_scan(ledger, FID_FIRST_ID(FID_KIND_PERSON),
                                     FID_FIRST_ID(FID_KIND_SAMPLE), 0, take_loser, work, error);
    }
    if (status == FID_OK && !fid_trace_prepare(&work->faces))
        status = no_memory(error);
    for (work->now = work->targets; status == FID_OK && work->now < end; work->now++) {
        struct fid_ledger *ledger = work->now->ledger;
        status = fid_ledger_scan(ledger, FID_FIRST_ID(FID_KIND_STRANGER),
                                 FID_FIRST_ID(FID_KIND_TEMPLATE), 0, take_alike, work, error);
        for (size_t i = 0; status == FID_OK && i < work->now->losers.count; i++)
            status =
                fid_ledger_scan_person(ledger, work->now->losers.ids[i], take_alike, work, error);
    }
    return status == FID_OK && !fid_trace_prepare(&work->trace) ? no_memory(error) : status;
}

/* ---- deleting them ---- */

static enum fid_status begin_copy(struct fid_ledger *copy, struct fid_error *error)
{
    const enum fid_status status = fid_ledger_begin_copy(copy, error);
    return status == FID_BUSY
               ? fid_fail(error, status, "%s, a copy of this gallery, is in use by another process",
                          fid_store_name(copy->store))
               : status;
}

/* Can it be changed, and its journal emptied afterwards? Nothing of the person is changed yet. */
static enum fid_status try_copy(struct fid_ledger *copy, struct fid_error *error)
{
    fid_ledger_note_unpurged(copy);
    enum fid_status status = fid_ledger_commit(copy, error);
    const uint64_t generation = copy->manifest.generation;
    if (status == FID_OK)
        status = fid_store_purge(copy->store, false, error);
    if (status == FID_OK)
        status = begin_copy(copy, error);
    return status == FID_BUSY || (status == FID_OK && copy->manifest.generation != generation)
               ? fid_fail(error, FID_BUSY,
                          "%s, a copy of this gallery, is in use by another process",
                          fid_store_name(copy->store))
               : status;
}

static enum fid_status count_face(void *ctx, const struct fid_entry *entry, struct fid_error *error)
{
    (void)error;
    *(size_t *)ctx += FID_ROW_KIND(entry->id) == FID_KIND_SAMPLE;
    return FID_OK;
}

/* Someone who had the person's faces is rebuilt from the remaining ones, or deleted if none
 * remain. */
static enum fid_status update_loser(struct fid_ledger *ledger, int64_t loser,
                                    struct fid_error *error)
{
    struct fid_edit edit = {.ledger = ledger};
    size_t faces = 0;
    enum fid_status status = fid_ledger_scan_person(ledger, loser, count_face, &faces, error);
    if (status == FID_OK && faces > 0)
        status = fid_edit_update_template(&edit, loser, error);
    fid_edit_free(&edit);
    return (status == FID_OK && faces == 0) || status == FID_QUALITY
               ? fid_ledger_delete_person(ledger, loser, error)
               : status;
}

/* The history goes as a whole. */
static enum fid_status delete_rows(struct target *target, struct fid_error *error)
{
    struct fid_ledger *ledger = target->ledger;
    enum fid_status status = FID_OK;
    for (size_t i = 0; status == FID_OK && i < target->doomed.count; i++)
        status = fid_ledger_delete(ledger, target->doomed.ids[i], error);
    if (status == FID_OK)
        status = fid_ledger_delete_range(ledger, FID_ROW_BEFORE_BIT, FID_LAST_ID, NULL, error);
    if (status == FID_OK)
        status = fid_ledger_delete_range(ledger, FID_FIRST_ID(FID_KIND_CHANGE),
                                         FID_FIRST_ID(FID_KIND_CALIBRATION), NULL, error);
    for (size_t i = 0; status == FID_OK && i < target->losers.count; i++)
        status = update_loser(ledger, target->losers.ids[i], error);
    fid_ledger_note_unpurged(ledger);
    target->is_changed = true;
    return status;
}

/* The copies come first: one that cannot be searched keeps the gallery as it is. Nobody may change
 * the gallery meanwhile: a backup notes its copy there and holds the file before it begins to copy,
 * so that every copy that has the person is known here. */
static enum fid_status forget_in_copies(struct forgetting *work, struct fid_error *error)
{
    enum fid_status status = FID_OK;
    for (size_t i = 1; status == FID_OK && i < work->count; i++) {
        struct target *target = &work->targets[i]; /* bytes of who went before go, too */
        target->is_changed = (target->ledger->manifest.flags & FID_ROOT_UNPURGED) != 0;
        if (target->doomed.count > 0 || target->is_changed)
            status = try_copy(target->ledger, error);
    }
    for (size_t i = 1; status == FID_OK && i < work->count; i++) {
        struct target *target = &work->targets[i];
        if (target->doomed.count == 0)
            continue;
        status = delete_rows(target, error);
    }
    for (size_t i = 1; status == FID_OK && i < work->count; i++)
        if (work->targets[i].doomed.count > 0) {
            status = fid_ledger_commit(work->targets[i].ledger, error);
            work->told.backups += status == FID_OK;
        }
    for (size_t i = 1; i < work->count; i++)
        fid_ledger_rollback(work->targets[i].ledger);
    return status;
}

/* In the transaction of the gallery. */
static enum fid_status forget_everywhere(struct forgetting *work, const char *key,
                                         struct fid_error *error)
{
    struct fid_ledger *ledger = work->gallery->ledger;
    work->key = key;
    enum fid_status status = fid_copies_list(ledger, &work->copies, error);
    if (status == FID_OK && (fid_store_can(ledger->store) & FID_CAN_PROVE) != 0)
        status = fid_copies_clear(fid_store_name(ledger->store), error);
    if (status == FID_OK)
        status = fid_copies_open(&work->copies, ledger, error);
    work->told.absent = work->copies.absent;
    work->targets = fid_calloc(1 + work->copies.count, sizeof *work->targets);
    if (status != FID_OK || work->targets == NULL)
        return status != FID_OK ? status : no_memory(error);
    work->targets[work->count++].ledger = ledger;
    for (size_t i = 0; status == FID_OK && i < work->copies.count; i++)
        if (work->copies.copies[i].ledger != NULL) {
            work->targets[work->count++].ledger = work->copies.copies[i].ledger;
            status = begin_copy(work->copies.copies[i].ledger, error);
        }
    if (status == FID_OK)
        status = find_people(work, key, error);
    if (status == FID_OK)
        status = collect(work, error);
    if (status == FID_OK && work->id != 0) /* before a copy is changed, and not committed yet */
        status = delete_rows(work->targets, error);
    return status == FID_OK ? forget_in_copies(work, error) : status;
}

/* ---- the proof ---- */

static enum fid_status spare_row(void *ctx, const struct fid_entry *entry, struct fid_error *error)
{
    struct fid_trace *trace = ctx;
    (void)error;
    for (size_t at = 0, piece; fid_trace_find(trace, entry->content, entry->size, &at, &piece);)
        fid_trace_spare(trace, piece);
    return FID_OK;
}

/* The same picture may have been enrolled as somebody else, and the same words may stand in what
 * somebody else has agreed to: those bytes are theirs. */
static enum fid_status spare_others(struct forgetting *work, struct fid_ledger *ledger,
                                    struct fid_error *error)
{
    enum fid_status status = fid_ledger_begin(ledger, false, error);
    if (status == FID_OK)
        status = fid_ledger_scan(ledger, FID_FIRST_ID(FID_KIND_PERSON), FID_LAST_ID, 0, spare_row,
                                 &work->trace, error);
    fid_ledger_rollback(ledger);
    return status;
}

/* Looks through a file and its journal. *found: there is a piece; *at: where. */
static enum fid_status search(struct forgetting *work, struct fid_store *store, bool *found,
                              uint64_t *at, struct fid_error *error)
{
    uint8_t *block = fid_calloc(BLOCK, 1);
    enum fid_status status = block != NULL ? FID_OK : no_memory(error);
    work->told.bytes_searched = 0;
    *found = false;
    for (int journal = 0; journal < 2; journal++) {
        size_t kept = 0, got = 1; /* kept: the end of the block before, where a piece may begin */
        for (uint64_t place = 0; status == FID_OK && !*found && got > 0; place += got) {
            size_t where = 0, piece;
            status = fid_store_read_raw(store, journal != 0, place, block + kept, BLOCK - kept,
                                        &got, error);
            const size_t filled = status == FID_OK ? kept + got : 0;
            *found = fid_trace_find(&work->trace, block, filled, &where, &piece);
            *at = place - kept + where;
            kept = filled < FID_TRACE_BYTES - 1 ? filled : FID_TRACE_BYTES - 1;
            memmove(block, block + filled - kept, kept);
            work->told.bytes_searched += got;
        }
    }
    fid_free(block);
    return status;
}

/* What the deletion has left goes with a new file in its place. */
static enum fid_status prove_target(struct forgetting *work, const struct target *target,
                                    struct fid_error *error)
{
    struct fid_store *store = target->ledger->store;
    const uint64_t before = work->told.bytes_searched;
    bool found = false;
    uint64_t at = 0;
    fid_trace_spare_none(&work->trace);
    enum fid_status status = search(work, store, &found, &at, error);
    if (status == FID_OK && found && !fid_vault_is_sealed(target->ledger->vault)) {
        status = spare_others(work, target->ledger, error);
        if (status == FID_OK)
            status = search(work, store, &found, &at, error);
    }
    if (status == FID_OK && found) {
        status = fid_store_purge(store, true, error);
        if (status == FID_OK)
            status = search(work, store, &found, &at, error);
    }
    work->told.bytes_searched += before;
    work->told.files += 2;
    work->found = status == FID_OK && found;
    return work->found ? fid_fail(error, FID_IO, "bytes of theirs are still in %s, at byte %llu",
                                  fid_store_name(store), (unsigned long long)at)
                       : status;
}

/* who: as the subject of a sentence. */
static enum fid_status prove(struct forgetting *work, const char *who, struct fid_error *error)
{
    struct fid_error why = {0};
    enum fid_status status = FID_OK;
    bool proven = (work->gallery->flags & FID_GALLERY_MEMORY) == 0; /* it has no bytes to search */
    for (size_t i = work->count;
         status == FID_OK && i-- > 0;) { /* the gallery, which is read, last */
        const struct target *target = &work->targets[i];
        struct fid_store *store = target->ledger->store;
        if (!target->is_changed)
            continue;
        status = fid_store_purge(store, false, &why);
        if (status == FID_BUSY)
            return fid_fail(error, status,
                            "%s is deleted, but another process reads an older state of %s: the "
                            "bytes are in the file until it is done",
                            who, fid_store_name(store));
        if (fid_store_is_server(fid_store_name(store)))
            proven = false;
        if (status == FID_OK && (fid_store_can(store) & FID_CAN_PROVE) != 0)
            status = prove_target(work, target, &why);
        if (status == FID_OK)
            status = fid_ledger_purge(target->ledger, false, &why);
    }
    work->told.bytes_shared = fid_trace_spared(&work->trace);
    work->told.proven = proven && status == FID_OK;
    return status == FID_OK
               ? FID_OK
               : fid_fail(error, status, "%s is deleted, but %s%s", who,
                          work->found ? "" : "not proven to be gone to the last byte: ", why.text);
}

/* ---- all of it ---- */

/* In one change of the gallery. */
static enum fid_status change(struct forgetting *work, const char *name, const char *key,
                              struct fid_error *error)
{
    struct fid_edit edit = {0};
    struct fid_error why = {0};
    enum fid_status status = fid_edit_begin(&edit, work->gallery, "forget", error);
    if (status != FID_OK)
        return status;
    status = forget_everywhere(work, key, &why);
    if (status != FID_OK)
        fid_fail(error, status, "'%s' is not forgotten yet: %s", name, why.text);
    else if (work->id != 0 && !fid_ids_add(&edit.touched, work->id))
        status = no_memory(error);
    return fid_edit_end(&edit, work->gallery, status, error);
}

static void free_forgetting(struct forgetting *work)
{
    for (size_t i = 0; i < work->count; i++) {
        fid_free(work->targets[i].doomed.ids);
        fid_free(work->targets[i].losers.ids);
    }
    fid_free(work->targets);
    fid_copies_close(&work->copies);
    fid_free(work->people.ids);
    fid_trace_free(&work->faces);
    fid_trace_free(&work->trace);
}

enum fid_status fid_gallery_forget(struct fid_gallery *gallery, const char *name,
                                   struct fid_forgotten *forgotten, struct fid_error *error)
{
    struct forgetting work = {.gallery = gallery};
    char checked[FID_NAME_BYTES] = "", key[FID_NAME_KEY_BYTES], who[FID_NAME_BYTES + 2];
    enum fid_status status = fid_gallery_writable(gallery, error);
    if (status == FID_OK)
        status = fid_gallery_name(name, checked, key, error);
    if (status == FID_OK)
        status = change(&work, checked, key, error);
    const bool gone = work.id != 0 || work.told.backups > 0;
    snprintf(who, sizeof who, "'%s'", checked);
    if (status == FID_OK) { /* also of who was forgotten before */
        work.targets[0].is_changed = (gallery->ledger->manifest.flags & FID_ROOT_UNPURGED) != 0;
        status = prove(&work, gone ? who : "who was forgotten before", error);
        fid_gallery_refresh(gallery, NULL, NULL); /* the proof is noted, and nobody changed */
    }
    if (status == FID_OK && !gone)
        status = fid_fail(error, FID_NOT_FOUND, "there is nobody called '%s' in the gallery %s",
                          checked, gallery->path);
    if (forgotten != NULL)
        *forgotten = work.told;
    free_forgetting(&work);
    return status;
}
