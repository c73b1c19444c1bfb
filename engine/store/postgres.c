/* Rows in two tables of a PostgreSQL server. Who writes locks the root's row first, so that
 * generations come in the order of commits and without gaps. */
#include "engine/store/postgres.h"

#if FID_POSTGRES

#include "engine/base/memory.h"

#include <stdio.h>
#include <string.h>

static struct fid_postgres *of(struct fid_store *store)
{
    return (struct fid_postgres *)store;
}

/* ---- transactions ---- */

static enum fid_status begin(struct fid_store *base, bool write)
{
    static const struct fid_pg_parameters none;
    struct fid_postgres *store = of(base);
    bool empty = false;
    int64_t root = 0;
    if (!write)
        return fid_postgres_run(store, "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY", "read");
    enum fid_status status =
        fid_postgres_run(store, "BEGIN ISOLATION LEVEL READ COMMITTED", "locked");
    if (status == FID_OK)
        status = fid_postgres_number(store, "SELECT id::bigint FROM @.root WHERE id = 1 FOR UPDATE",
                                     &none, FID_PG_FOREVER, &root);
    if (status == FID_OK && root == 0) /* there is nothing to be locked but the table */
        status = fid_postgres_run(store, "LOCK TABLE @.root IN SHARE ROW EXCLUSIVE MODE", "locked");
    if (status == FID_OK)
        status = fid_postgres_prove(store, &empty);
    return status == FID_OK && empty ? fid_store_damaged(base) : status;
}

/* A transaction that a failure has ended is told as "ROLLBACK", which is no failure to the server.
 * Where the connection ends meanwhile nobody knows whether it was committed. */
static enum fid_status commit(struct fid_store *base)
{
    struct fid_postgres *store = of(base);
    PGresult *result;
    char sql[FID_PG_SQL_BYTES];
    snprintf(sql, sizeof sql, "NOTIFY \"faceid %s\"; COMMIT", store->schema);
    enum fid_status status = fid_postgres_run_for(
        store, base->state == FID_STORE_WRITING ? sql : "COMMIT", "written", &result);
    if (status == FID_OK &&
        (result == NULL || strcmp(store->pq.PQcmdStatus(result), "COMMIT") != 0))
        status =
            fid_fail(base->error, FID_IO,
                     "the gallery %s could not be written: the server took it back", base->name);
    store->pq.PQclear(result);
    return status;
}

static void rollback(struct fid_store *base)
{
    struct fid_postgres *store = of(base);
    if (!store->is_lost && store->pq.PQtransactionStatus(store->db) != PQTRANS_IDLE)
        fid_postgres_run(store, "ROLLBACK", "closed");
}

static enum fid_status generation(struct fid_store *base, int64_t *number)
{
    enum { PATIENCE_MS = 2000 };
    static const struct fid_pg_parameters none;
    struct fid_postgres *store = of(base);
    PGnotify *told;
    enum fid_status status = fid_postgres_number(
        store, "SELECT generation FROM @.root WHERE id = 1", &none, PATIENCE_MS, number);
    while (!store->is_lost && (told = store->pq.PQnotifies(store->db)) != NULL)
        store->pq.PQfreemem(told); /* that there is one is all it says */
    return status;
}

/* ---- rows ---- */

static enum fid_status read_root(struct fid_store *base, struct fid_root *root)
{
    static const struct fid_pg_parameters none;
    struct fid_postgres *store = of(base);
    const struct fid_libpq *pq = &store->pq;
    struct fid_root_columns columns = {0};
    int64_t format = 0;
    PGresult *row;
    enum fid_status status =
        fid_postgres_query(store,
                           "SELECT gallery, seal, manifest, generation, flags::bigint,"
                           " format::bigint FROM @.root WHERE id = 1",
                           &none, FID_PG_FOREVER, &row);
    if (status != FID_OK)
        return status;
    columns.gallery = fid_pg_bytes(pq, row, 0, &columns.gallery_size);
    columns.seal = fid_pg_bytes(pq, row, 1, &columns.seal_size);
    columns.manifest = fid_pg_bytes(pq, row, 2, &columns.manifest_size);
    if (pq->PQntuples(row) == 0)
        status = fid_fail(base->error, FID_NOT_FOUND, "the gallery %s is empty", base->name);
    else if (!fid_pg_number(pq, row, 3, &columns.generation) ||
             !fid_pg_number(pq, row, 4, &columns.flags) || !fid_pg_number(pq, row, 5, &format))
        status = fid_store_damaged(base);
    else if (format != 1)
        status = fid_fail(base->error, FID_UNSUPPORTED,
                          "the gallery %s was written by a newer faceid (format %lld)", base->name,
                          (long long)format);
    else
        status = fid_store_take_root(base, &columns, root);
    pq->PQclear(row);
    return status;
}

static enum fid_status write_root(struct fid_store *base, const struct fid_root *root)
{
    struct fid_pg_parameters parameters = {0};
    fid_pg_add_bytes(&parameters, root->gallery, sizeof root->gallery);
    fid_pg_add_bytes(&parameters, root->seal_size > 0 ? root->seal : root->gallery,
                     root->seal_size);
    fid_pg_add_bytes(&parameters, root->manifest_size > 0 ? root->manifest : root->gallery,
                     root->manifest_size);
    fid_pg_add_number(&parameters, (int64_t)root->generation);
    fid_pg_add_number(&parameters, fid_root_flags(root));
    return fid_postgres_change(
        of(base),
        "INSERT INTO @.root(id, format, gallery, seal, manifest, generation, flags)"
        " VALUES(1, 1, $1, $2, $3, $4, $5) ON CONFLICT (id) DO UPDATE SET gallery = $1,"
        " seal = $2, manifest = $3, generation = $4, flags = $5",
        &parameters, FID_INTERNAL);
}

struct taking {
    bool keys_only;
    fid_row_fn take;
    void *ctx;
};

static enum fid_status take_row(struct fid_postgres *store, const PGresult *from, void *ctx)
{
    const struct taking *taking = ctx;
    const struct fid_libpq *pq = &store->pq;
    int64_t generation;
    struct fid_row row = {0};
    if (!fid_pg_number(pq, from, 0, &row.id) || !fid_pg_number(pq, from, 1, &row.person) ||
        !fid_pg_number(pq, from, 2, &generation))
        return fid_store_damaged(&store->base);
    row.generation = (uint64_t)generation;
    if (!taking->keys_only) {
        row.who = fid_pg_bytes(pq, from, 3, &row.who_size);
        row.body = fid_pg_bytes(pq, from, 4, &row.size);
        if (row.body == NULL)
            return fid_store_damaged(&store->base);
    }
    return taking->take(taking->ctx, &row, store->base.error);
}

#define ROW      "id, person, generation, who, body"
#define OF_RANGE " FROM @.record WHERE id BETWEEN $1 AND $2"

static enum fid_status scan(struct fid_store *base, const struct fid_scan *scan, fid_row_fn take,
                            void *ctx)
{
    const char *sql = scan->of_person ? "SELECT " ROW " FROM @.record WHERE person = $1 ORDER BY id"
                      : scan->keys_only  ? "SELECT id, person, generation" OF_RANGE " ORDER BY id"
                      : scan->since == 0 ? "SELECT " ROW OF_RANGE " ORDER BY id"
                                         : "SELECT " ROW OF_RANGE
                                           " AND generation > $3 ORDER BY id";
    struct taking taking = {scan->keys_only, take, ctx};
    struct fid_pg_parameters parameters = {0};
    fid_pg_add_number(&parameters, scan->of_person ? scan->person : scan->first);
    if (!scan->of_person)
        fid_pg_add_number(&parameters, scan->last);
    if (scan->since != 0)
        fid_pg_add_number(&parameters, (int64_t)scan->since);
    enum fid_status status = fid_postgres_send(of(base), sql, &parameters, FID_PG_FOREVER);
    if (status != FID_OK)
        return status;
    of(base)->pq.PQsetSingleRowMode(of(base)->db); /* they come one by one, however many */
    return fid_postgres_finish(of(base), FID_PG_FOREVER, "read", take_row, &taking, NULL);
}

static enum fid_status find(struct fid_store *base, const uint8_t *who, size_t size,
                            int64_t *person)
{
    struct fid_pg_parameters parameters = {0};
    fid_pg_add_bytes(&parameters, size > 0 ? who : (const uint8_t *)"", size);
    return fid_postgres_number(of(base), "SELECT person FROM @.record WHERE who = $1", &parameters,
                               FID_PG_FOREVER, person);
}

/* A broken rule would end the transaction, so it is looked for first. */
static enum fid_status put(struct fid_store *base, const struct fid_row *row, bool is_new)
{
    struct fid_pg_parameters parameters = {0};
    fid_pg_add_number(&parameters, row->id);
    fid_pg_add_number(&parameters, row->person);
    fid_pg_add_number(&parameters, (int64_t)row->generation);
    fid_pg_add_bytes(&parameters, row->who, row->who_size);
    fid_pg_add_bytes(&parameters, row->size > 0 ? row->body : (const uint8_t *)"", row->size);
    return fid_postgres_change(
        of(base),
        is_new ? "INSERT INTO @.record(" ROW ") VALUES($1, $2, $3, $4, $5)"
                 " ON CONFLICT DO NOTHING"
               : "INSERT INTO @.record(" ROW ") SELECT $1, $2, $3, $4, $5 WHERE NOT EXISTS"
                 " (SELECT 1 FROM @.record WHERE who = $4 AND id <> $1) ON CONFLICT (id)"
                 " DO UPDATE SET person = $2, generation = $3, who = $4, body = $5",
        &parameters, FID_EXISTS);
}

static enum fid_status remove_row(struct fid_store *base, int64_t id)
{
    struct fid_pg_parameters parameters = {0};
    fid_pg_add_number(&parameters, id);
    return fid_postgres_change(of(base), "DELETE FROM @.record WHERE id = $1", &parameters,
                               FID_NOT_FOUND);
}

static enum fid_status remove_all(struct fid_store *base)
{
    return fid_postgres_run(of(base), "DELETE FROM @.record", "written");
}

/* ---- what it is ---- */

static enum fid_status purge(struct fid_store *base, bool rewrite)
{
    return fid_postgres_run(of(base), rewrite ? "VACUUM (FULL) @.record" : "VACUUM @.record",
                            "rewritten");
}

static enum fid_status check(struct fid_store *base, fid_tell_fn tell, void *ctx)
{
    bool empty;
    struct fid_postgres *store = of(base);
    struct fid_error *error = base->error;
    base->error = &store->fault;
    enum fid_status status = fid_postgres_prove(store, &empty);
    base->error = error;
    if (status == FID_CORRUPT)
        tell(ctx, store->fault.text);
    return status == FID_OK || status == FID_CORRUPT
               ? FID_OK
               : fid_fail(error, status, "%s", store->fault.text);
}

static bool is_moved(struct fid_store *base)
{
    return of(base)->is_lost && fid_postgres_is_back(of(base));
}

static int wait_fd(const struct fid_store *base)
{
    const struct fid_postgres *store = (const struct fid_postgres *)base;
    return store->is_lost ? -1 : store->pq.PQsocket(store->db);
}

static const struct fid_store_kind fid_postgres_kind = {
    .can = FID_CAN_NOTIFY,
    .close = fid_postgres_close,
    .is_moved = is_moved,
    .wait_fd = wait_fd,
    .begin = begin,
    .commit = commit,
    .rollback = rollback,
    .read_root = read_root,
    .write_root = write_root,
    .scan = scan,
    .find = find,
    .put = put,
    .remove = remove_row,
    .remove_all = remove_all,
    .generation = generation,
    .purge = purge,
    .check = check,
};

enum fid_status fid_postgres_open(const char *url, unsigned flags, struct fid_store **store,
                                  struct fid_error *error)
{
    bool empty = false;
    struct fid_postgres *made = fid_calloc(1, sizeof *made);
    if (made == NULL)
        return fid_fail(error, FID_NO_MEMORY, "no memory for a gallery on a server");
    made->base.kind = &fid_postgres_kind;
    made->base.flags = flags;
    made->base.error = error;
    enum fid_status status = (flags & FID_STORE_RAW) == 0
                                 ? fid_postgres_connect(made, url)
                                 : fid_fail(error, FID_UNSUPPORTED, "a server shows no files");
    if (status == FID_OK)
        status = fid_postgres_settle_tables(made, &empty);
    if (status == FID_OK && empty && (flags & FID_STORE_READ) == 0)
        status = fid_fail(error, FID_NOT_FOUND, "there is no gallery %s", made->base.name);
    if (status == FID_OK && !empty)
        *store = &made->base;
    else
        fid_postgres_close(&made->base);
    return status;
}

#else

enum fid_status fid_postgres_open(const char *url, unsigned flags, struct fid_store **store,
                                  struct fid_error *error)
{
    (void)url, (void)flags, (void)store;
    return fid_fail(error, FID_UNSUPPORTED, "galleries on a server are not in this build");
}

#endif
