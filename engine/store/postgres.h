/* postgres.h - what the files of the PostgreSQL store share: postgres_query.c runs statements,
 * postgres_schema.c proves the tables, postgres_connect.c takes an address apart and connects,
 * postgres.c keeps rows. libpq is loaded at the first address of a server, so that nobody else pays
 * for its start. Nobody else includes it. */
#ifndef FID_STORE_POSTGRES_H
#define FID_STORE_POSTGRES_H

#include "engine/store/kind.h"

#if FID_POSTGRES

#include <libpq-fe.h>

/* clang-format off */
#define FID_LIBPQ(X)                                                                               \
    X(PQclear) X(PQcmdStatus) X(PQcmdTuples) X(PQconnectPoll) X(PQconnectStartParams)              \
    X(PQconnectdbParams) X(PQconninfoFree) X(PQconninfoParse) X(PQconsumeInput) X(PQerrorMessage)  \
    X(PQfinish) X(PQfreemem) X(PQgetResult) X(PQgetisnull) X(PQgetlength) X(PQgetvalue)            \
    X(PQisBusy) X(PQnotifies) X(PQntuples) X(PQresultErrorField) X(PQresultStatus)                 \
    X(PQsendPrepare) X(PQsendQuery) X(PQsendQueryPrepared) X(PQsetNoticeProcessor)                 \
    X(PQsetSingleRowMode) X(PQsocket) X(PQstatus) X(PQtransactionStatus)
/* clang-format on */

struct fid_libpq { /* of one open library */
    void *library;
#define FID_LIBPQ_MEMBER(name) __typeof__ (&(name))(name);
    FID_LIBPQ(FID_LIBPQ_MEMBER)
#undef FID_LIBPQ_MEMBER
};

#define FID_PG_SCHEMA_BYTES 41

struct fid_postgres {
    struct fid_store base; /* its name is the address, which has no password */
    struct fid_libpq pq;
    PGconn *db;
    struct fid_error fault;           /* that is told, not given */
    bool is_lost;                     /* db is of no use any more */
    PGconn *again;                    /* on its way, after the server was away; NULL */
    bool again_writes;                /* libpq waits to write */
    uint64_t again_since;             /* ns */
    uint64_t again_ms;                /* from one attempt to the next */
    const char *prepared[24];         /* literals; their names on the server are their places */
    char url[PATH_MAX];               /* as libpq takes it */
    char schema[FID_PG_SCHEMA_BYTES]; /* letters, digits, _ and - alone */
};

/* Each file uses only the files above it. */

/* ---- postgres_query.c ---- */

enum { FID_PG_SQL_BYTES = 2560, FID_PG_FOREVER = -1, FID_PG_PARAMETERS = 5 };
struct fid_pg_parameters { /* zero-initialise */
    int count;
    const char *values[FID_PG_PARAMETERS];
    int lengths[FID_PG_PARAMETERS], binary[FID_PG_PARAMETERS];
    Oid types[FID_PG_PARAMETERS];
    int64_t numbers[FID_PG_PARAMETERS];
};
void fid_pg_add_number(struct fid_pg_parameters *parameters, int64_t number);
/* bytes NULL: none. */
void fid_pg_add_bytes(struct fid_pg_parameters *parameters, const void *bytes, size_t size);
/* Of the first row. NULL: there is no row, or no value; false: no number. */
const uint8_t *fid_pg_bytes(const struct fid_libpq *pq, const PGresult *row, int column,
                            size_t *size);
bool fid_pg_number(const struct fid_libpq *pq, const PGresult *row, int column, int64_t *number);

/* What the server or libpq complains of, as ours; result NULL: of the connection. doing completes
 * "the gallery NAME could not be ...". */
enum fid_status fid_postgres_fail(struct fid_postgres *store, const PGresult *result,
                                  const char *doing);
/* Takes all results of what was sent, rows with take (NULL: none are looked at). What is not wanted
 * any more is waited for all the same, since the transaction goes on. *last (may be NULL) gets the
 * last good result, to be cleared. */
typedef enum fid_status (*fid_pg_take_fn)(struct fid_postgres *store, const PGresult *row,
                                          void *ctx);
enum fid_status fid_postgres_finish(struct fid_postgres *store, int milliseconds, const char *doing,
                                    fid_pg_take_fn take, void *ctx, PGresult **last);
/* Runs statements without parameters or rows; each @ stands for the schema in quotes. */
enum fid_status fid_postgres_run(struct fid_postgres *store, const char *text, const char *doing);
enum fid_status fid_postgres_run_for(struct fid_postgres *store, const char *text,
                                     const char *doing, PGresult **last);
/* text: a literal, which is prepared at its first use. send: the results are to be finished; query:
 * *result is to be cleared; number: *number stays as it is where there is no row; change: gives
 * `none` where no row is changed. */
enum fid_status fid_postgres_send(struct fid_postgres *store, const char *text,
                                  const struct fid_pg_parameters *parameters, int milliseconds);
enum fid_status fid_postgres_query(struct fid_postgres *store, const char *text,
                                   const struct fid_pg_parameters *parameters, int milliseconds,
                                   PGresult **result);
enum fid_status fid_postgres_number(struct fid_postgres *store, const char *text,
                                    const struct fid_pg_parameters *parameters, int milliseconds,
                                    int64_t *number);
enum fid_status fid_postgres_change(struct fid_postgres *store, const char *text,
                                    const struct fid_pg_parameters *parameters,
                                    enum fid_status none);

/* ---- postgres_schema.c ---- */

/* Proves that the two tables are ours and nothing hangs on them. *empty: there is none of them. */
enum fid_status fid_postgres_prove(struct fid_postgres *store, bool *empty);
/* The same, and makes them with FID_STORE_CREATE. */
enum fid_status fid_postgres_settle_tables(struct fid_postgres *store, bool *empty);

/* ---- postgres_connect.c ---- */

enum fid_status fid_postgres_connect(struct fid_postgres *store, const char *url);
void fid_postgres_close(struct fid_store *store);
/* Is a server that was away back? Looks after 1, 2, 4 ... 30 s, for 250 ms at most. */
bool fid_postgres_is_back(struct fid_postgres *store);

#endif
#endif
