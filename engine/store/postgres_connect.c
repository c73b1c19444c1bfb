/* From an address to a connection: libpq, what the address may hold, and whether a server that was
 * away is back.
 *
 * A password comes from where libpq takes it (PGPASSFILE, ~/.pgpass, PGPASSWORD, a service), never
 * from an address, which others see in the list of processes. */
#include "engine/store/postgres.h"

#if FID_POSTGRES

#include "engine/base/clock.h"
#include "engine/base/memory.h"

#include <dlfcn.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>

/* ---- the library ---- */

static bool load(struct fid_libpq *pq, struct fid_error *error)
{
    pq->library = dlopen("libpq.so.5", RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
    bool whole = pq->library != NULL;
    void *symbol;
/* C has no cast from void * to a function pointer; POSIX promises equal representation. */
#define FIND(name)                                     \
    symbol = whole ? dlsym(pq->library, #name) : NULL; \
    memcpy(&pq->name, &symbol, sizeof symbol);         \
    whole = whole && symbol != NULL;
    FID_LIBPQ(FIND)
#undef FIND
    if (!whole)
        fid_fail(error, FID_UNSUPPORTED, "galleries on a server need libpq.so.5, which %s",
                 pq->library == NULL ? "is missing" : "is of another kind");
    return whole;
}

/* ---- the address ---- */

static enum fid_status bad_address(const struct fid_postgres *store, const char *what)
{
    return fid_fail(store->base.error, FID_INVALID, "the address of a gallery's server %s", what);
}

/* FILLS store->schema from gallery=NAME, and store->url with the rest, which libpq takes. */
static enum fid_status take_schema(struct fid_postgres *store, const char *url)
{
    static const char key[] = "gallery=",
                      letters[] =
                          "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-";
    const char *at = strchr(url, '?');
    if (strlen(url) >= sizeof store->url)
        return bad_address(store, "is too long");
    strcpy(store->url, url);
    strcpy(store->schema, "faceid");
    while (at != NULL && strncmp(at + 1, key, sizeof key - 1) != 0)
        at = strchr(at + 1, '&');
    if (at == NULL)
        return FID_OK;
    const char *name = at + sizeof key;
    const size_t length = strspn(name, letters);
    if (length == 0 || length >= sizeof store->schema || strchr("&", name[length]) == NULL)
        return bad_address(store, "has no such gallery=: 1 to 40 letters, digits, _ and -");
    snprintf(store->schema, sizeof store->schema, "%.*s", (int)length, name);
    name += length + (name[length] == '&'); /* the rest */
    snprintf(store->url, sizeof store->url, "%.*s%s", (int)(at + (*name != '\0') - url), url, name);
    return FID_OK;
}

/* What libpq says of an address that it cannot read may repeat a part of a password. */
static enum fid_status check_address(struct fid_postgres *store)
{
    char *reason = NULL;
    bool secret = false;
    PQconninfoOption *options = store->pq.PQconninfoParse(store->url, &reason);
    store->pq.PQfreemem(reason);
    if (options == NULL)
        return bad_address(store, "cannot be read");
    for (const PQconninfoOption *option = options; option->keyword != NULL; option++)
        secret |= option->val != NULL && (strstr(option->keyword, "password") != NULL ||
                                          strstr(option->keyword, "secret") != NULL ||
                                          strncmp(option->keyword, "scram_", 6) == 0);
    store->pq.PQconninfoFree(options);
    return secret ? bad_address(store, "has a password, which others can see there") : FID_OK;
}

/* ---- the connection ---- */

/* What stands before the address the address overrides. */
static PGconn *connect_server(const struct fid_postgres *store, bool wait)
{
    static const char *const keys[] = {"sslmode",
                                       "connect_timeout",
                                       "tcp_user_timeout",
                                       "keepalives_idle",
                                       "keepalives_interval",
                                       "keepalives_count",
                                       "application_name",
                                       "dbname",
                                       "client_encoding",
                                       NULL};
    const char *const values[] = {"verify-full", "5",      "5000",     "5",    "2",
                                  "2",           "faceid", store->url, "UTF8", NULL};
    return wait ? store->pq.PQconnectdbParams(keys, values, 1)
                : store->pq.PQconnectStartParams(keys, values, 1);
}

/* The library never prints. */
static void say_nothing(void *ctx, const char *message)
{
    (void)ctx, (void)message;
}

/* Names mean what we mean by them, whatever the owner of the database has put in the way; rows that
 * a policy would hide are an error; nobody who has gone keeps others from writing. */
static enum fid_status open_session(struct fid_postgres *store)
{
    static const char session[] =
        "SET search_path = pg_catalog; SET client_min_messages = error; SET row_security = off;"
        "SET lock_timeout = 5000; SET statement_timeout = 0; SET synchronous_commit = on;"
        "SET idle_in_transaction_session_timeout = 600000; LISTEN \"faceid %s\";"
        "SET default_transaction_read_only = %s";
    char sql[sizeof session + FID_PG_SCHEMA_BYTES];
    store->db = connect_server(store, true);
    if (store->pq.PQstatus(store->db) != CONNECTION_OK)
        return fid_postgres_fail(store, NULL, "opened");
    store->pq.PQsetNoticeProcessor(store->db, say_nothing, NULL);
    snprintf(sql, sizeof sql, session, store->schema,
             (store->base.flags & FID_STORE_READ) != 0 ? "on" : "off");
    return fid_postgres_run(store, sql, "opened");
}

/* A connection that is on its way goes on at the next call, unless it takes too long. */
bool fid_postgres_is_back(struct fid_postgres *store)
{
    enum { PATIENCE_MS = 250, MOST_S = 10, FIRST_MS = 1000, LAST_MS = 30000, MS = 1000000 };
    const struct fid_libpq *pq = &store->pq;
    const uint64_t now = fid_clock_ns();
    PostgresPollingStatusType next = PGRES_POLLING_FAILED;
    if (store->again == NULL) {
        if (store->again_since != 0 && now - store->again_since < store->again_ms * MS)
            return false;
        store->again_ms = store->again_since == 0         ? FIRST_MS
                          : 2 * store->again_ms < LAST_MS ? 2 * store->again_ms
                                                          : LAST_MS;
        store->again = connect_server(store, false);
        store->again_since = now;
        store->again_writes = true; /* as libpq asks to begin with */
    }
    while (pq->PQstatus(store->again) != CONNECTION_BAD) {
        struct pollfd waits = {.fd = pq->PQsocket(store->again),
                               .events = store->again_writes ? POLLOUT : POLLIN};
        const uint64_t gone = (fid_clock_ns() - now) / MS;
        next = PGRES_POLLING_READING;
        if (gone >= PATIENCE_MS || poll(&waits, 1, PATIENCE_MS - (int)gone) == 0)
            break;
        next = pq->PQconnectPoll(store->again);
        store->again_writes = next == PGRES_POLLING_WRITING;
        if (next == PGRES_POLLING_OK) {
            pq->PQfinish(store->again); /* the store that is opened next makes its own */
            store->again = NULL;
            return true;
        }
    }
    if (next == PGRES_POLLING_FAILED || now - store->again_since > (uint64_t)MOST_S * 1000 * MS) {
        pq->PQfinish(store->again);
        store->again = NULL;
    }
    return false;
}

enum fid_status fid_postgres_connect(struct fid_postgres *store, const char *url)
{
    enum fid_status status =
        load(&store->pq, store->base.error) ? take_schema(store, url) : FID_UNSUPPORTED;
    if (status == FID_OK)
        status = check_address(store);
    if (status != FID_OK)
        return status;
    snprintf(store->base.name, sizeof store->base.name, "%s", url); /* now it may be told */
    return open_session(store);
}

void fid_postgres_close(struct fid_store *base)
{
    struct fid_postgres *store = (struct fid_postgres *)base;
    if (store->pq.PQfinish != NULL) {
        store->pq.PQfinish(store->again);
        store->pq.PQfinish(store->db);
    }
    if (store->pq.library != NULL)
        dlclose(store->pq.library);
    fid_free(store);
}

#endif
