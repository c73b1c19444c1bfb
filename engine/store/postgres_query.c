/* What the PostgreSQL store is built on: statements with their parameters and columns, in binary, and
 * what server and libpq complain of as sentences. */
#include "engine/store/postgres.h"

#if FID_POSTGRES

#include "engine/base/clock.h"

#include <endian.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>

enum { INT8 = 20, BYTEA = 17 }; /* types, by the server's numbers */

/* ---- failures ---- */

/* FILLS line[200] with what the server has to say. */
static void first_line(const char *text, char *line)
{
    text = text != NULL ? text : "";
    snprintf(line, 200, "%.*s", (int)strcspn(text, "\n"), text);
    for (char *at = line; *at != '\0'; at++)
        if ((unsigned char)*at < ' ')
            *at = ' ';
}

static enum fid_status unreachable(struct fid_postgres *store, const char *reason)
{
    char line[200];
    first_line(reason, line);
    store->is_lost = true;
    return fid_fail(store->base.error, FID_UNREACHABLE,
                    "the server of the gallery %s does not answer%s%s", store->base.name,
                    line[0] != '\0' ? ": " : "", line);
}

enum fid_status fid_postgres_fail(struct fid_postgres *store, const PGresult *result,
                                  const char *doing)
{
    static const struct {
        const char *code; /* how the server's SQLSTATE begins */
        enum fid_status status;
    } kinds[] = {
        {"55P03", FID_BUSY},      {"40001", FID_BUSY},        {"40P01", FID_BUSY}, /* locks */
        {"57P", FID_UNREACHABLE}, {"53300", FID_UNREACHABLE}, /* shut down, starting up, full */
        {"XX00", FID_CORRUPT},    {"42P01", FID_CORRUPT},     /* damaged; no such table, */
        {"42703", FID_CORRUPT},   {"3F000", FID_CORRUPT},     /* column, schema */
    };
    const struct fid_libpq *pq = &store->pq;
    struct fid_error *error = store->base.error;
    const char *name = store->base.name;
    const char *code = result != NULL ? pq->PQresultErrorField(result, PG_DIAG_SQLSTATE) : NULL;
    enum fid_status status = FID_IO;
    char line[200];
    if (code == NULL || pq->PQstatus(store->db) != CONNECTION_OK)
        return unreachable(store, pq->PQerrorMessage(store->db));
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
        if (strncmp(code, kinds[i].code, strlen(kinds[i].code)) == 0)
            status = kinds[i].status;
    first_line(pq->PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY), line);
    if (status == FID_UNREACHABLE)
        return unreachable(store, line);
    if (status == FID_BUSY)
        return fid_fail(error, status, "the gallery %s is locked by another program", name);
    if (status == FID_CORRUPT)
        return fid_fail(error, status, "the gallery %s is damaged: %s", name, line);
    return fid_fail(error, status, "the gallery %s could not be %s: %s", name, doing, line);
}

/* ---- statements ---- */

static void write_sql(const struct fid_postgres *store, const char *text,
                      char sql[FID_PG_SQL_BYTES])
{
    size_t at = 0;
    for (; *text != '\0' && at + FID_PG_SCHEMA_BYTES + 3 < FID_PG_SQL_BYTES; text++)
        at += (size_t)(*text == '@'
                           ? snprintf(sql + at, FID_PG_SQL_BYTES - at, "\"%s\"", store->schema)
                           : snprintf(sql + at, FID_PG_SQL_BYTES - at, "%c", *text));
}

/* The next result of what was sent, NULL: there is none. FID_UNREACHABLE: none came in time. */
static enum fid_status next_result(struct fid_postgres *store, int milliseconds, PGresult **result)
{
    const struct fid_libpq *pq = &store->pq;
    const uint64_t start = fid_clock_ns();
    *result = NULL;
    while (pq->PQisBusy(store->db)) {
        struct pollfd waits = {.fd = pq->PQsocket(store->db), .events = POLLIN};
        const int gone = (int)((fid_clock_ns() - start) / 1000000);
        if (milliseconds >= 0 && gone >= milliseconds)
            return unreachable(store, NULL);
        poll(&waits, 1, milliseconds < 0 ? -1 : milliseconds - gone);
        if (!pq->PQconsumeInput(store->db))
            return unreachable(store, pq->PQerrorMessage(store->db));
    }
    *result = pq->PQgetResult(store->db);
    return FID_OK;
}

enum fid_status fid_postgres_finish(struct fid_postgres *store, int milliseconds, const char *doing,
                                    fid_pg_take_fn take, void *ctx, PGresult **last)
{
    const struct fid_libpq *pq = &store->pq;
    PGresult *result, *kept = NULL;
    enum fid_status waited = FID_OK, status = FID_OK;
    while (!store->is_lost && (waited = next_result(store, milliseconds, &result)) == FID_OK &&
           result != NULL) {
        const ExecStatusType kind = pq->PQresultStatus(result);
        if (kind == PGRES_COPY_OUT || kind == PGRES_COPY_IN || kind == PGRES_COPY_BOTH)
            status = unreachable(store, "it speaks out of turn"); /* and would without end */
        else if (status == FID_OK && kind == PGRES_SINGLE_TUPLE && take != NULL)
            status = take(store, result, ctx);
        else if (status == FID_OK && kind != PGRES_COMMAND_OK && kind != PGRES_TUPLES_OK)
            status = fid_postgres_fail(store, result, doing);
        pq->PQclear(kept);
        kept = result;
    }
    status = status == FID_OK ? waited : status;
    if (last != NULL)
        *last = status == FID_OK ? kept : NULL;
    if (last == NULL || status != FID_OK)
        pq->PQclear(kept);
    return status;
}

enum fid_status fid_postgres_run_for(struct fid_postgres *store, const char *text,
                                     const char *doing, PGresult **last)
{
    char sql[FID_PG_SQL_BYTES];
    write_sql(store, text, sql);
    if (store->is_lost || !store->pq.PQsendQuery(store->db, sql))
        return fid_postgres_fail(store, NULL, doing);
    return fid_postgres_finish(store, FID_PG_FOREVER, doing, NULL, NULL, last);
}

enum fid_status fid_postgres_run(struct fid_postgres *store, const char *text, const char *doing)
{
    return fid_postgres_run_for(store, text, doing, NULL);
}

static void add(struct fid_pg_parameters *parameters, Oid type, const void *bytes, size_t size)
{
    const int i = parameters->count++;
    parameters->values[i] = bytes;
    parameters->lengths[i] = (int)size;
    parameters->binary[i] = 1;
    parameters->types[i] = type;
}

void fid_pg_add_number(struct fid_pg_parameters *parameters, int64_t number)
{
    int64_t *at = &parameters->numbers[parameters->count];
    *at = (int64_t)htobe64((uint64_t)number);
    add(parameters, INT8, at, sizeof *at);
}

void fid_pg_add_bytes(struct fid_pg_parameters *parameters, const void *bytes, size_t size)
{
    add(parameters, BYTEA, bytes != NULL && size == 0 ? "" : bytes, size);
}

enum fid_status fid_postgres_send(struct fid_postgres *store, const char *text,
                                  const struct fid_pg_parameters *parameters, int milliseconds)
{
    char sql[FID_PG_SQL_BYTES], name[8];
    const struct fid_libpq *pq = &store->pq;
    size_t i = 0;
    while (store->prepared[i] != NULL && store->prepared[i] != text)
        i++;
    snprintf(name, sizeof name, "s%zu", i);
    if (store->is_lost)
        return unreachable(store, NULL);
    if (store->prepared[i] == NULL) {
        write_sql(store, text, sql);
        if (!pq->PQsendPrepare(store->db, name, sql, parameters->count, parameters->types))
            return fid_postgres_fail(store, NULL, "read");
        enum fid_status status = fid_postgres_finish(store, milliseconds, "read", NULL, NULL, NULL);
        if (status != FID_OK)
            return status;
        store->prepared[i] = text;
    }
    return pq->PQsendQueryPrepared(store->db, name, parameters->count, parameters->values,
                                   parameters->lengths, parameters->binary, 1)
               ? FID_OK
               : fid_postgres_fail(store, NULL, "read");
}

enum fid_status fid_postgres_query(struct fid_postgres *store, const char *text,
                                   const struct fid_pg_parameters *parameters, int milliseconds,
                                   PGresult **result)
{
    *result = NULL;
    enum fid_status status = fid_postgres_send(store, text, parameters, milliseconds);
    return status == FID_OK ? fid_postgres_finish(store, milliseconds, "read", NULL, NULL, result)
                            : status;
}

enum fid_status fid_postgres_change(struct fid_postgres *store, const char *text,
                                    const struct fid_pg_parameters *parameters,
                                    enum fid_status none)
{
    PGresult *result;
    enum fid_status status = fid_postgres_query(store, text, parameters, FID_PG_FOREVER, &result);
    if (status == FID_OK && (result == NULL || strcmp(store->pq.PQcmdTuples(result), "0") == 0))
        status = none;
    store->pq.PQclear(result);
    return status;
}

/* ---- columns ---- */

const uint8_t *fid_pg_bytes(const struct fid_libpq *pq, const PGresult *row, int column,
                            size_t *size)
{
    *size = 0;
    if (pq->PQntuples(row) == 0 || pq->PQgetisnull(row, 0, column))
        return NULL;
    *size = (size_t)pq->PQgetlength(row, 0, column);
    return (const uint8_t *)pq->PQgetvalue(row, 0, column);
}

bool fid_pg_number(const struct fid_libpq *pq, const PGresult *row, int column, int64_t *number)
{
    uint64_t bytes;
    size_t size;
    const uint8_t *at = fid_pg_bytes(pq, row, column, &size);
    if (at == NULL || size != sizeof bytes)
        return false;
    memcpy(&bytes, at, sizeof bytes);
    *number = (int64_t)be64toh(bytes);
    return true;
}

enum fid_status fid_postgres_number(struct fid_postgres *store, const char *text,
                                    const struct fid_pg_parameters *parameters, int milliseconds,
                                    int64_t *number)
{
    PGresult *result;
    enum fid_status status = fid_postgres_query(store, text, parameters, milliseconds, &result);
    if (status == FID_OK && store->pq.PQntuples(result) > 0 &&
        !fid_pg_number(&store->pq, result, 0, number))
        status = fid_store_damaged(&store->base);
    store->pq.PQclear(result);
    return status;
}

#endif
