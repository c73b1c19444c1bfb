/* The rows of a gallery: proven and opened as they are read, sealed and counted as they are
 * written. */
#include "engine/face/gallery/ledger.h"

#include "engine/base/memory.h"
#include "engine/base/thread_pool.h"

#include <string.h>

enum {
    WHO_MOST = 4096,  /* bytes of a name's key */
    PERSON_BITS = 24, /* of a person in a row's number, and the random ones below them */
    RANDOM_BITS = 32,
    PERSON_DRAWN = 52, /* random bits of a person's number: programs read it as a double */
    DRAWS = 100,
    BATCH_ROWS = 512, /* that are read before they are opened by several threads */
    BATCH_BYTES = 1 << 20,
};

/* ---- room ---- */

bool fid_ids_add(struct fid_ids *ids, int64_t id)
{
    int64_t *list = fid_grow(ids->ids, ids->count, &ids->room, sizeof *ids->ids);
    if (list == NULL)
        return false;
    ids->ids = list;
    ids->ids[ids->count++] = id;
    return true;
}

static enum fid_status no_memory(const struct fid_ledger *ledger, struct fid_error *error)
{
    return fid_fail(error, FID_NO_MEMORY, "no memory for a row of the gallery %s",
                    fid_store_name(ledger->store));
}

/* Makes room for size bytes, whose content is lost. */
static bool make_room(uint8_t **bytes, size_t *room, size_t size)
{
    if (size <= *room)
        return true;
    fid_free(*bytes);
    *bytes = fid_calloc(size + size / 2, 1);
    *room = *bytes != NULL ? size + size / 2 : 0;
    return *bytes != NULL;
}

/* ---- one row ---- */

static bool is_key_row(int64_t id)
{
    return id == 0 || id == FID_LAST_ID;
}

static enum fid_status damaged(struct fid_ledger *ledger, const struct fid_row *row,
                               struct fid_error *error)
{
    ledger->damaged = row->person;
    return fid_fail(error, FID_CORRUPT,
                    "the gallery %s is damaged: row %016llx is not as it was written",
                    fid_store_name(ledger->store), (unsigned long long)row->id);
}

/* Opens a row; content NULL: proves it only. */
static bool open_row(const struct fid_ledger *ledger, const struct fid_row *row, uint8_t *content,
                     size_t *size)
{
    struct fid_row_head head;
    if (!fid_row_open(ledger->vault, row->body, row->size, &head, content))
        return false;
    *size = head.size;
    return head.id == (row->id & ~FID_ROW_BEFORE_BIT) && head.person == row->person &&
           head.generation == row->generation;
}

struct reader {
    struct fid_ledger *ledger;
    fid_entry_fn take;
    void *ctx;
    bool without_before;
};

static enum fid_status take_row(void *ctx, const struct fid_row *row, struct fid_error *error)
{
    const struct reader *reader = ctx;
    struct fid_ledger *ledger = reader->ledger;
    struct fid_entry entry = {row->id, row->person, row->generation, NULL, 0, row};
    if (is_key_row(row->id) || (reader->without_before && (row->id & FID_ROW_BEFORE_BIT) != 0))
        return FID_OK;
    if (!make_room(&ledger->content, &ledger->content_room, row->size))
        return no_memory(ledger, error);
    if (!open_row(ledger, row, ledger->content, &entry.size))
        return damaged(ledger, row, error);
    entry.content = ledger->content;
    return reader->take(reader->ctx, &entry, error);
}

/* ---- reading ---- */

enum fid_status fid_ledger_scan(struct fid_ledger *ledger, int64_t first, int64_t last,
                                uint64_t since, fid_entry_fn take, void *ctx,
                                struct fid_error *error)
{
    struct reader reader = {ledger, take, ctx, false};
    return fid_store_scan(ledger->store, first, last, since, take_row, &reader, error);
}

/* ---- reading by several threads ---- */

/* Rows that one thread has read, to be opened by all. */
struct batch {
    struct reader reader;
    struct fid_pool *pool;
    uint8_t *bytes; /* [2][BATCH_BYTES]: rows one after the other, and their content; owned */
    size_t count, used;
    struct fid_row rows[BATCH_ROWS];
    enum fid_status status[BATCH_ROWS];
};

static enum fid_status take_of_batch(struct batch *batch, size_t i, struct fid_error *error)
{
    const struct fid_row *row = &batch->rows[i];
    uint8_t *content = batch->bytes + BATCH_BYTES + (row->body - batch->bytes);
    struct fid_entry entry = {row->id, row->person, row->generation, content, 0, row};
    return open_row(batch->reader.ledger, row, content, &entry.size)
               ? batch->reader.take(batch->reader.ctx, &entry, error)
               : FID_CORRUPT;
}

static void take_one(void *ctx, size_t i, int worker)
{
    struct batch *batch = ctx;
    (void)worker;
    batch->status[i] = take_of_batch(batch, i, NULL);
}

static enum fid_status flush(struct batch *batch, struct fid_error *error)
{
    const size_t count = batch->count;
    fid_parallel_for(batch->pool, count, take_one, batch);
    batch->count = batch->used = 0;
    for (size_t i = 0; i < count; i++)
        if (batch->status[i] != FID_OK)
            return batch->status[i] == FID_CORRUPT
                       ? damaged(batch->reader.ledger, &batch->rows[i], error)
                       : no_memory(batch->reader.ledger, error);
    return FID_OK;
}

static enum fid_status take_later(void *ctx, const struct fid_row *row, struct fid_error *error)
{
    struct batch *batch = ctx;
    enum fid_status status = FID_OK;
    if (batch->count == BATCH_ROWS || row->size > BATCH_BYTES - batch->used)
        status = flush(batch, error);
    if (status != FID_OK || row->size > BATCH_BYTES) /* a giant is taken at once */
        return status != FID_OK ? status : take_row(&batch->reader, row, error);
    struct fid_row *copy = &batch->rows[batch->count++];
    *copy = *row;
    copy->body = memcpy(batch->bytes + batch->used, row->body, row->size);
    batch->used += row->size;
    return FID_OK;
}

enum fid_status fid_ledger_scan_wide(struct fid_ledger *ledger, int64_t first, int64_t last,
                                     fid_entry_fn take, void *ctx, struct fid_error *error)
{
    struct batch *batch = fid_calloc(1, sizeof *batch);
    enum fid_status status = FID_OK;
    if (batch != NULL) {
        batch->reader = (struct reader){ledger, take, ctx, false};
        batch->bytes = fid_calloc(2, BATCH_BYTES);
    }
    if (batch == NULL || batch->bytes == NULL)
        status = no_memory(ledger, error);
    if (status == FID_OK)
        status = fid_pool_open(&batch->pool, fid_pool_cores(), error);
    if (status == FID_OK)
        status = fid_store_scan(ledger->store, first, last, 0, take_later, batch, error);
    if (status == FID_OK)
        status = flush(batch, error);
    if (batch != NULL) {
        fid_pool_close(&batch->pool);
        fid_free(batch->bytes);
    }
    fid_free(batch);
    return status;
}

enum fid_status fid_ledger_scan_person(struct fid_ledger *ledger, int64_t person, fid_entry_fn take,
                                       void *ctx, struct fid_error *error)
{
    struct reader reader = {ledger, take, ctx, true};
    return fid_store_scan_person(ledger->store, person, take_row, &reader, error);
}

enum fid_status fid_ledger_get(struct fid_ledger *ledger, int64_t id, fid_entry_fn take, void *ctx,
                               struct fid_error *error)
{
    struct reader reader = {ledger, take, ctx, false};
    return fid_store_get(ledger->store, id, take_row, &reader, error);
}

static enum fid_status take_head(void *ctx, const struct fid_entry *entry, struct fid_error *error)
{
    struct fid_entry *head = ctx;
    (void)error;
    *head = *entry;
    head->stored = NULL;
    return FID_OK;
}

enum fid_status fid_ledger_read(struct fid_ledger *ledger, int64_t id, struct fid_entry *entry,
                                struct fid_error *error)
{
    return fid_ledger_get(ledger, id, take_head, entry, error);
}

static enum fid_status take_id(void *ctx, const struct fid_row *row, struct fid_error *error)
{
    if ((row->id & FID_ROW_BEFORE_BIT) != 0 || fid_ids_add(ctx, row->id))
        return FID_OK;
    return fid_fail(error, FID_NO_MEMORY, "no memory for the numbers of rows");
}

enum fid_status fid_ledger_list_person(struct fid_ledger *ledger, int64_t person,
                                       struct fid_ids *ids, struct fid_error *error)
{
    return fid_store_scan_person(ledger->store, person, take_id, ids, error);
}

/* FILLS who[WHO_MOST] and *size. */
static bool who_of(const struct fid_ledger *ledger, const char *key, uint8_t *who, size_t *size)
{
    if (strlen(key) > WHO_MOST)
        return false;
    fid_vault_who(ledger->vault, key, who, size);
    return true;
}

enum fid_status fid_ledger_find(struct fid_ledger *ledger, const char *key, int64_t *person,
                                struct fid_error *error)
{
    uint8_t who[WHO_MOST];
    size_t size;
    *person = 0;
    return who_of(ledger, key, who, &size) ? fid_store_find(ledger->store, who, size, person, error)
                                           : FID_OK;
}

/* ---- writing ---- */

static enum fid_status ignore_row(void *ctx, const struct fid_row *row, struct fid_error *error)
{
    (void)ctx, (void)row, (void)error;
    return FID_OK;
}

/* Reads a row that may be missing. */
static enum fid_status look(struct fid_ledger *ledger, int64_t id, fid_row_fn take, void *ctx,
                            bool *found, struct fid_error *error)
{
    struct fid_error why;
    enum fid_status status = fid_store_get(ledger->store, id, take, ctx, &why);
    *found = status == FID_OK;
    return status == FID_OK || status == FID_NOT_FOUND ? FID_OK
                                                       : fid_fail(error, status, "%s", why.text);
}

enum fid_status fid_ledger_draw(struct fid_ledger *ledger, enum fid_kind kind, int64_t person,
                                int64_t *id, struct fid_error *error)
{
    const unsigned bits = kind == FID_KIND_PERSON ? PERSON_DRAWN : RANDOM_BITS;
    const int64_t owner = person & (((int64_t)1 << PERSON_BITS) - 1);
    for (int draw = 0; draw < DRAWS; draw++) {
        uint64_t random;
        bool found = false, found_before = false;
        enum fid_status status = fid_vault_random(&random, sizeof random, error);
        if (status != FID_OK)
            return status;
        *id = FID_FIRST_ID(kind) | (int64_t)(random & ((UINT64_C(1) << bits) - 1));
        if (kind != FID_KIND_PERSON)
            *id |= owner << RANDOM_BITS;
        status = look(ledger, *id, ignore_row, NULL, &found, error);
        if (status == FID_OK && !found)
            status = look(ledger, *id | FID_ROW_BEFORE_BIT, ignore_row, NULL, &found_before, error);
        if (status != FID_OK || (!found && !found_before && *id != FID_FIRST_ID(kind)))
            return status;
    }
    return fid_fail(error, FID_INTERNAL, "no free number in the gallery %s",
                    fid_store_name(ledger->store));
}

/* Takes a row out of the manifest, before it is replaced or deleted. */
static enum fid_status count_out(void *ctx, const struct fid_row *row, struct fid_error *error)
{
    struct fid_ledger *ledger = ctx;
    size_t size;
    if (!open_row(ledger, row, NULL, &size))
        return damaged(ledger, row, error);
    fid_manifest_count(&ledger->manifest, ledger->vault, row->id, row->body, row->size, false);
    return FID_OK;
}

/* Puts a sealed row and counts it. */
static enum fid_status put_row(struct fid_ledger *ledger, const struct fid_row *row,
                               struct fid_error *error)
{
    bool replaced;
    enum fid_status status = look(ledger, row->id, count_out, ledger, &replaced, error);
    if (status != FID_OK)
        return status;
    status = fid_store_put(ledger->store, row, false, error);
    if (status == FID_OK)
        fid_manifest_count(&ledger->manifest, ledger->vault, row->id, row->body, row->size, true);
    return status;
}

enum fid_status fid_ledger_put(struct fid_ledger *ledger, int64_t id, int64_t person,
                               const char *key, const void *content, size_t size,
                               struct fid_error *error)
{
    uint8_t who[WHO_MOST];
    const struct fid_row_head head = {id, person, fid_ledger_next_generation(ledger), size};
    struct fid_row row = {.id = id, .person = person, .generation = head.generation};
    if (key != NULL) {
        if (!who_of(ledger, key, who, &row.who_size))
            return fid_fail(error, FID_INTERNAL, "a name's key of %zu bytes", strlen(key));
        row.who = who;
    }
    if (size > FID_ROW_MOST || !make_room(&ledger->row, &ledger->row_room, size + FID_ROW_EXTRA))
        return no_memory(ledger, error);
    enum fid_status status = fid_row_seal(ledger->vault, &head, content, ledger->row, error);
    row.body = ledger->row;
    row.size = size + FID_ROW_EXTRA;
    return status == FID_OK ? put_row(ledger, &row, error) : status;
}

enum fid_status fid_ledger_put_sealed(struct fid_ledger *ledger, int64_t id,
                                      const struct fid_row *row, struct fid_error *error)
{
    struct fid_row copy = *row;
    size_t size;
    copy.id = id;
    if ((id & FID_ROW_BEFORE_BIT) != 0) {
        copy.who = NULL;
        copy.who_size = 0;
    }
    /* The row is borrowed from the store, whose next call takes it away. */
    if (row->body != ledger->row) {
        if (!make_room(&ledger->row, &ledger->row_room, row->size))
            return no_memory(ledger, error);
        memcpy(ledger->row, row->body, row->size);
        copy.body = ledger->row;
    }
    if (!open_row(ledger, &copy, NULL, &size))
        return damaged(ledger, &copy, error);
    return put_row(ledger, &copy, error);
}

struct kept_row {
    struct fid_ledger *ledger;
    struct fid_row row; /* body: in the ledger's room for one */
};

static enum fid_status take_copy(void *ctx, const struct fid_row *row, struct fid_error *error)
{
    struct kept_row *kept = ctx;
    struct fid_ledger *ledger = kept->ledger;
    if (!make_room(&ledger->row, &ledger->row_room, row->size))
        return no_memory(ledger, error);
    memcpy(ledger->row, row->body, row->size);
    kept->row = *row;
    kept->row.body = ledger->row;
    return FID_OK;
}

enum fid_status fid_ledger_keep_before(struct fid_ledger *ledger, int64_t id, bool *there,
                                       struct fid_error *error)
{
    struct kept_row kept = {.ledger = ledger};
    const int64_t before = id | FID_ROW_BEFORE_BIT;
    enum fid_status status = look(ledger, before, ignore_row, NULL, there, error);
    if (status != FID_OK || *there)
        return status;
    status = look(ledger, id, take_copy, &kept, there, error);
    return status == FID_OK && *there ? fid_ledger_put_sealed(ledger, before, &kept.row, error)
                                      : status;
}

enum fid_status fid_ledger_delete(struct fid_ledger *ledger, int64_t id, struct fid_error *error)
{
    enum fid_status status = fid_store_get(ledger->store, id, count_out, ledger, error);
    return status == FID_OK ? fid_store_delete(ledger->store, id, error) : status;
}

struct deletion {
    struct fid_ledger *ledger;
    struct fid_ids ids;
    bool without_before;
};

static enum fid_status take_deletion(void *ctx, const struct fid_row *row, struct fid_error *error)
{
    struct deletion *deletion = ctx;
    if (is_key_row(row->id) || (deletion->without_before && (row->id & FID_ROW_BEFORE_BIT) != 0))
        return FID_OK;
    if (!fid_ids_add(&deletion->ids, row->id))
        return no_memory(deletion->ledger, error);
    return count_out(deletion->ledger, row, error);
}

/* After the reading, since rows that a statement still has to give must not change under it. */
static enum fid_status delete_taken(struct deletion *deletion, enum fid_status status,
                                    struct fid_error *error)
{
    for (size_t i = 0; status == FID_OK && i < deletion->ids.count; i++)
        status = fid_store_delete(deletion->ledger->store, deletion->ids.ids[i], error);
    fid_free(deletion->ids.ids);
    return status;
}

enum fid_status fid_ledger_delete_range(struct fid_ledger *ledger, int64_t first, int64_t last,
                                        size_t *count, struct fid_error *error)
{
    struct deletion deletion = {.ledger = ledger};
    enum fid_status status =
        fid_store_scan(ledger->store, first, last, 0, take_deletion, &deletion, error);
    if (count != NULL)
        *count = deletion.ids.count;
    return delete_taken(&deletion, status, error);
}

enum fid_status fid_ledger_delete_person(struct fid_ledger *ledger, int64_t person,
                                         struct fid_error *error)
{
    struct deletion deletion = {.ledger = ledger, .without_before = true};
    enum fid_status status =
        fid_store_scan_person(ledger->store, person, take_deletion, &deletion, error);
    return delete_taken(&deletion, status, error);
}
