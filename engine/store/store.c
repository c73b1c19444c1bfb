/* What holds for every kind of store: which calls a transaction allows, and that rows come as they
 * were asked for, whatever a damaged file or a hostile server gives. */
#include "engine/store/kind.h"

#include <string.h>
#include <sys/stat.h>

bool fid_store_is_server(const char *where)
{
    return strncmp(where, "postgresql://", 13) == 0 || strncmp(where, "postgres://", 11) == 0;
}

enum fid_status fid_store_open(const char *where, unsigned flags, struct fid_store **store,
                               struct fid_error *error)
{
    *store = NULL;
    return fid_store_is_server(where) && (flags & FID_STORE_MEMORY) == 0
               ? fid_postgres_open(where, flags, store, error)
               : fid_sqlite_open(where, flags, store, error);
}

void fid_store_close(struct fid_store **store)
{
    if (*store != NULL)
        (*store)->kind->close(*store);
    *store = NULL;
}

const char *fid_store_name(const struct fid_store *store)
{
    return store->name;
}

bool fid_store_is_moved(struct fid_store *store)
{
    return store->kind->is_moved(store);
}

unsigned fid_store_can(const struct fid_store *store)
{
    return store->kind->can;
}

int fid_store_wait_fd(const struct fid_store *store)
{
    return store->kind->wait_fd != NULL ? store->kind->wait_fd(store) : -1;
}

/* ---- transactions ---- */

/* A call out of its place is a fault of the caller. */
static bool may(struct fid_store *store, enum fid_store_state least, struct fid_error *error)
{
    store->error = error;
    if (store->state >= least && !store->is_scanning)
        return true;
    fid_fail(error, FID_INTERNAL, "the gallery %s is used outside a transaction", store->name);
    return false;
}

enum fid_status fid_store_begin(struct fid_store *store, bool write, struct fid_error *error)
{
    if (store->state != FID_STORE_IDLE)
        return fid_fail(error, FID_INTERNAL, "the gallery %s has a transaction already",
                        store->name);
    store->error = error;
    enum fid_status status = store->kind->begin(store, write);
    if (status == FID_OK)
        store->state = write ? FID_STORE_WRITING : FID_STORE_READING;
    else
        fid_store_rollback(store);
    return status;
}

enum fid_status fid_store_commit(struct fid_store *store, struct fid_error *error)
{
    if (!may(store, FID_STORE_READING, error))
        return FID_INTERNAL;
    enum fid_status status = store->kind->commit(store);
    if (status == FID_OK)
        store->state = FID_STORE_IDLE;
    return status;
}

void fid_store_rollback(struct fid_store *store)
{
    struct fid_error *error = store->error; /* of what failed before */
    store->error = NULL;
    store->kind->rollback(store);
    store->error = error;
    store->state = FID_STORE_IDLE;
}

/* ---- the root ---- */

static enum fid_status refuse_row(void *ctx, const struct fid_row *row, struct fid_error *error)
{
    (void)row, (void)error;
    return fid_store_damaged(ctx);
}

/* Without a root there are no rows either, or it is lost. */
enum fid_status fid_store_read_root(struct fid_store *store, struct fid_root *root,
                                    struct fid_error *error)
{
    static const struct fid_scan all = {.keys_only = true, .last = INT64_MAX};
    if (!may(store, FID_STORE_READING, error))
        return FID_INTERNAL;
    const enum fid_status status = store->kind->read_root(store, root);
    const enum fid_status rows =
        status == FID_NOT_FOUND ? store->kind->scan(store, &all, refuse_row, store) : FID_OK;
    return rows == FID_OK ? status : rows;
}

enum fid_status fid_store_write_root(struct fid_store *store, const struct fid_root *root,
                                     struct fid_error *error)
{
    if (!may(store, FID_STORE_WRITING, error))
        return FID_INTERNAL;
    if (root->seal_size + root->manifest_size > FID_STORE_ROOT_MOST || root->generation > INT64_MAX)
        return fid_fail(error, FID_INTERNAL, "the root of the gallery %s is too large",
                        store->name);
    return store->kind->write_root(store, root);
}

/* ---- reading ---- */

struct reading {
    const struct fid_store *store;
    const struct fid_scan *scan;
    fid_row_fn take;
    void *ctx;
    bool has_last;
    int64_t last; /* id */
};

/* Pages of a damaged file may name each other, so that a table never ends: ids have to rise. */
static enum fid_status take_checked(void *ctx, const struct fid_row *row, struct fid_error *error)
{
    struct reading *reading = ctx;
    const struct fid_scan *scan = reading->scan;
    const bool is_asked_for = (scan->of_person ? row->person == scan->person
                                               : row->id >= scan->first && row->id <= scan->last) &&
                              (scan->since == 0 || row->generation > scan->since) &&
                              row->generation <= INT64_MAX;
    if (!is_asked_for || (reading->has_last && row->id <= reading->last))
        return fid_store_damaged(reading->store);
    reading->has_last = true;
    reading->last = row->id;
    return reading->take(reading->ctx, row, error);
}

static enum fid_status scan_rows(struct fid_store *store, const struct fid_scan *scan,
                                 fid_row_fn take, void *ctx, bool *found, struct fid_error *error)
{
    struct reading reading = {.store = store, .scan = scan, .take = take, .ctx = ctx};
    if (!may(store, FID_STORE_READING, error))
        return FID_INTERNAL;
    store->is_scanning = true;
    enum fid_status status = store->kind->scan(store, scan, take_checked, &reading);
    store->is_scanning = false;
    *found = reading.has_last;
    return status;
}

enum fid_status fid_store_scan(struct fid_store *store, int64_t first, int64_t last, uint64_t since,
                               fid_row_fn take, void *ctx, struct fid_error *error)
{
    bool found;
    const struct fid_scan scan = {.first = first, .last = last - 1, .since = since};
    return last > first ? scan_rows(store, &scan, take, ctx, &found, error) : FID_OK;
}

enum fid_status fid_store_scan_person(struct fid_store *store, int64_t person, fid_row_fn take,
                                      void *ctx, struct fid_error *error)
{
    bool found;
    const struct fid_scan scan = {.of_person = true, .person = person};
    return scan_rows(store, &scan, take, ctx, &found, error);
}

enum fid_status fid_store_scan_keys(struct fid_store *store, int64_t first, int64_t last,
                                    fid_row_fn take, void *ctx, struct fid_error *error)
{
    bool found;
    const struct fid_scan scan = {.keys_only = true, .first = first, .last = last - 1};
    return last > first ? scan_rows(store, &scan, take, ctx, &found, error) : FID_OK;
}

static enum fid_status no_row(const struct fid_store *store, int64_t id, struct fid_error *error)
{
    return fid_fail(error, FID_NOT_FOUND, "the gallery %s has no row %lld", store->name,
                    (long long)id);
}

enum fid_status fid_store_get(struct fid_store *store, int64_t id, fid_row_fn take, void *ctx,
                              struct fid_error *error)
{
    bool found = false;
    const struct fid_scan scan = {.first = id, .last = id};
    enum fid_status status = scan_rows(store, &scan, take, ctx, &found, error);
    return status == FID_OK && !found ? no_row(store, id, error) : status;
}

enum fid_status fid_store_find(struct fid_store *store, const uint8_t *who, size_t size,
                               int64_t *person, struct fid_error *error)
{
    *person = 0;
    return may(store, FID_STORE_READING, error) ? store->kind->find(store, who, size, person)
                                                : FID_INTERNAL;
}

enum fid_status fid_store_generation(struct fid_store *store, uint64_t *generation,
                                     struct fid_error *error)
{
    int64_t found = 0;
    *generation = 0;
    store->error = error;
    enum fid_status status = store->kind->generation(store, &found);
    if (status == FID_OK && found < 0)
        return fid_store_damaged(store);
    *generation = (uint64_t)found;
    return status;
}

/* ---- writing ---- */

enum fid_status fid_store_put(struct fid_store *store, const struct fid_row *row, bool is_new,
                              struct fid_error *error)
{
    if (!may(store, FID_STORE_WRITING, error))
        return FID_INTERNAL;
    if (row->size > FID_STORE_ROW_MOST || row->generation > INT64_MAX)
        return fid_fail(error, FID_INTERNAL, "a row of the gallery %s is too large", store->name);
    enum fid_status status = store->kind->put(store, row, is_new);
    return status == FID_EXISTS
               ? fid_fail(error, FID_EXISTS, "the gallery %s has such a row", store->name)
               : status;
}

enum fid_status fid_store_delete(struct fid_store *store, int64_t id, struct fid_error *error)
{
    if (!may(store, FID_STORE_WRITING, error))
        return FID_INTERNAL;
    enum fid_status status = store->kind->remove(store, id);
    return status == FID_NOT_FOUND ? no_row(store, id, error) : status;
}

enum fid_status fid_store_delete_all(struct fid_store *store, struct fid_error *error)
{
    return may(store, FID_STORE_WRITING, error) ? store->kind->remove_all(store) : FID_INTERNAL;
}

/* ---- care ---- */

enum fid_status fid_store_purge(struct fid_store *store, bool rewrite, struct fid_error *error)
{
    store->error = error;
    return store->kind->purge(store, rewrite);
}

static enum fid_status is_server(const struct fid_store *store, struct fid_error *error)
{
    return fid_fail(error, FID_UNSUPPORTED,
                    "the gallery %s is on a server, whose files are not seen", store->name);
}

enum fid_status fid_store_hold(struct fid_store *store, struct fid_error *error)
{
    store->error = error;
    return store->kind->hold != NULL ? store->kind->hold(store) : is_server(store, error);
}

enum fid_status fid_store_read_raw(struct fid_store *store, bool journal, uint64_t at,
                                   uint8_t *bytes, size_t size, size_t *got,
                                   struct fid_error *error)
{
    *got = 0;
    store->error = error;
    return store->kind->read_raw != NULL
               ? store->kind->read_raw(store, journal, at, bytes, size, got)
               : is_server(store, error);
}

enum fid_status fid_store_check(struct fid_store *store, fid_tell_fn tell, void *ctx,
                                struct fid_error *error)
{
    store->error = error;
    return store->kind->check(store, tell, ctx);
}
