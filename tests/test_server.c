/* What a store on a server promises besides (tests/test_store.c has the contract): no password in
 * an address or a sentence, a server that goes and comes back, connections that end at any
 * statement, readers that may not write, and that a change is told at once. */
#include "engine/store/store.h"
#include "tests/check/check.h"
#include "tests/server_fixture.h"

#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>

static struct fid_store *open_store(const char *where, unsigned flags)
{
    struct fid_store *store = NULL;
    struct fid_error error = {0};
    enum fid_status status = fid_store_open(where, flags, &store, &error);
    CHECK_THAT(status == FID_OK && store != NULL, "%s: %s", where, error.text);
    if (store == NULL)
        exit(1);
    return store;
}

/* One transaction: a row of the next generation. */
static enum fid_status write_one(struct fid_store *store, struct fid_error *error)
{
    struct fid_root root = {0};
    enum fid_status status = fid_store_begin(store, true, error);
    if (status == FID_OK)
        status = fid_store_read_root(store, &root, error);
    if (status == FID_NOT_FOUND)
        status = FID_OK;
    const uint64_t next = root.generation + 1;
    const struct fid_row row = {.id = (int64_t)next,
                                .person = 1,
                                .generation = next,
                                .body = (const uint8_t *)"row",
                                .size = 3};
    const struct fid_root written = {.generation = next};
    if (status == FID_OK)
        status = fid_store_put(store, &row, true, error);
    if (status == FID_OK)
        status = fid_store_write_root(store, &written, error);
    if (status == FID_OK)
        status = fid_store_commit(store, error);
    fid_store_rollback(store);
    return status;
}

static enum fid_status count_row(void *ctx, const struct fid_row *row, struct fid_error *error)
{
    (void)row, (void)error;
    ++*(uint64_t *)ctx;
    return FID_OK;
}

/* As many rows as generations: every transaction is whole or absent. */
static void check_whole(struct fid_store *store, uint64_t least, uint64_t most)
{
    struct fid_root root = {0};
    struct fid_error error = {0};
    uint64_t rows = 0;
    CHECK_THAT(fid_store_begin(store, false, &error) == FID_OK, "%s", error.text);
    CHECK(fid_store_read_root(store, &root, &error) == FID_OK);
    CHECK(fid_store_scan(store, 0, INT64_MAX, 0, count_row, &rows, &error) == FID_OK);
    CHECK_THAT(rows == root.generation && rows >= least && rows <= most,
               "%llu rows, generation %llu, wanted %llu to %llu", (unsigned long long)rows,
               (unsigned long long)root.generation, (unsigned long long)least,
               (unsigned long long)most);
    fid_store_rollback(store);
}

static void pause_ms(long milliseconds)
{
    const struct timespec pause = {milliseconds / 1000, milliseconds % 1000 * 1000000};
    nanosleep(&pause, NULL);
}

/* ---- addresses ---- */

static void passwords_are_refused_and_told_to_nobody(void)
{
    static const char *const addresses[] = {
        "postgresql://me:hunter2@/db?host=/tmp",         "postgres://me:hunter2@localhost/db",
        "postgresql://localhost/db?password=hunter2",    "postgresql://me:hunt%er2@localhost/db",
        "postgresql://localhost/db?sslpassword=hunter2", "postgresql://me:hunter2@[::1/db",
        "postgresql://localhost/db?passwort=hunter2",
    };
    for (size_t i = 0; i < sizeof addresses / sizeof addresses[0]; i++) {
        struct fid_store *store = NULL;
        struct fid_error error = {0};
        CHECK(fid_store_is_server(addresses[i]));
        enum fid_status status = fid_store_open(addresses[i], FID_STORE_READ, &store, &error);
        CHECK_THAT(status == (FID_POSTGRES ? FID_INVALID : FID_UNSUPPORTED) && store == NULL,
                   "%s: %d %s", addresses[i], status, error.text);
        CHECK_THAT(strstr(error.text, "hunt") == NULL, "%s", error.text);
    }
    CHECK(!fid_store_is_server("gallery.db") && !fid_store_is_server("./postgresql://x"));
}

static void galleries_have_plain_names(void)
{
    static const char *const names[] = {
        "", "a b", "x\"y", "a%20b", "a.b", "a2345678901234567890123456789012345678901"};
    char where[400];
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        struct fid_store *store = NULL;
        struct fid_error error = {0};
        snprintf(where, sizeof where, "postgresql://localhost/db?gallery=%s&connect_timeout=2",
                 names[i]);
        CHECK_THAT(fid_store_open(where, 0, &store, &error) ==
                           (FID_POSTGRES ? FID_INVALID : FID_UNSUPPORTED) &&
                       store == NULL,
                   "%s: %s", where, error.text);
    }
}

static void what_is_not_there_is_told(void)
{
    char where[400];
    struct fid_store *store = (struct fid_store *)&where;
    struct fid_error error = {0};
    if (!new_gallery("nothing", where))
        return;
    CHECK(fid_store_open(where, 0, &store, &error) == FID_NOT_FOUND && store == NULL);
    CHECK(fid_store_open(where, FID_STORE_READ, &store, &error) == FID_OK && store == NULL);
    CHECK(fid_store_open("postgresql:///db?host=/nowhere/at/all", 0, &store, &error) ==
              FID_UNREACHABLE &&
          strstr(error.text, "/nowhere/at/all") != NULL);
    CHECK(fid_store_open(where, FID_STORE_READ | FID_STORE_RAW, &store, &error) == FID_UNSUPPORTED);
}

/* ---- a server's life ---- */

static void a_change_is_told_at_once(void)
{
    enum { ROUNDS = 20 };
    char where[400];
    struct fid_error error = {0};
    uint64_t generation;
    if (!new_gallery("told", where))
        return;
    struct fid_store *writer = open_store(where, FID_STORE_CREATE),
                     *reader = open_store(where, FID_STORE_READ);
    CHECK((fid_store_can(reader) & FID_CAN_NOTIFY) != 0);
    for (uint64_t i = 1; i <= ROUNDS; i++) {
        struct pollfd waits = {.fd = fid_store_wait_fd(reader), .events = POLLIN};
        CHECK(poll(&waits, 1, 0) == 0); /* nothing yet */
        CHECK_THAT(write_one(writer, &error) == FID_OK, "%s", error.text);
        CHECK(poll(&waits, 1, 1000) == 1);
        CHECK(fid_store_generation(reader, &generation, &error) == FID_OK && generation == i);
    }
    fid_store_close(&reader);
    fid_store_close(&writer);
}

static void a_server_goes_and_comes_back(void)
{
    enum { ATTEMPTS = 100 };
    char where[400];
    struct fid_error error = {0};
    uint64_t generation;
    bool is_back = false;
    if (!new_gallery("away", where))
        return;
    struct fid_store *store = open_store(where, FID_STORE_CREATE), *other = NULL;
    CHECK(write_one(store, &error) == FID_OK && !fid_store_is_moved(store));
    CHECK(fid_store_begin(store, true, &error) == FID_OK);
    server_do("stop", NULL, 0);
    CHECK_THAT(fid_store_commit(store, &error) == FID_UNREACHABLE, "%s", error.text);
    CHECK_THAT(strstr(error.text, where) != NULL, "%s", error.text);
    fid_store_rollback(store);
    CHECK(fid_store_generation(store, &generation, &error) == FID_UNREACHABLE);
    CHECK(write_one(store, &error) == FID_UNREACHABLE && fid_store_wait_fd(store) == -1);
    CHECK(!fid_store_is_moved(store));
    CHECK(fid_store_open(where, 0, &other, &error) == FID_UNREACHABLE && other == NULL);
    server_do("start", NULL, 0);
    for (int i = 0; !is_back && i < ATTEMPTS; i++) { /* it looks after a second, after two ... */
        is_back = fid_store_is_moved(store);
        pause_ms(50);
    }
    CHECK(is_back);
    fid_store_close(&store);
    store = open_store(where, 0);
    check_whole(store, 1, 1);
    CHECK(write_one(store, &error) == FID_OK);
    fid_store_close(&store);
}

/* Somebody ends the connection after each statement in turn. */
static void a_connection_may_end_at_any_statement(void)
{
    enum { STEPS = 6 };
    static const char end[] = "sql SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity"
                              " WHERE application_name = 'faceid'";
    char where[400];
    if (!new_gallery("ended", where))
        return;
    struct fid_error error = {0};
    struct fid_store *store = open_store(where, FID_STORE_CREATE);
    CHECK(write_one(store, &error) == FID_OK);
    fid_store_close(&store);
    for (int last = 0; last < STEPS; last++) {
        const struct fid_row row = {
            .id = 100 + last, .generation = 2, .body = (const uint8_t *)"x", .size = 1};
        const struct fid_root written = {.generation = 2};
        struct fid_root root;
        uint64_t rows = 0;
        enum fid_status status = FID_OK;
        store = open_store(where, 0);
        for (int step = 0; step < STEPS && status == FID_OK; step++) {
            if (step == last) {
                server_do(end, NULL, 0);
                pause_ms(20);
            }
            status = step == 0   ? fid_store_begin(store, true, &error)
                     : step == 1 ? fid_store_read_root(store, &root, &error)
                     : step == 2 ? fid_store_scan(store, 0, 50, 0, count_row, &rows, &error)
                     : step == 3 ? fid_store_put(store, &row, true, &error)
                     : step == 4 ? fid_store_write_root(store, &written, &error)
                                 : fid_store_commit(store, &error);
            CHECK_THAT(status == (step == last ? FID_UNREACHABLE : FID_OK), "ended at %d: %d %s",
                       last, status, error.text);
        }
        fid_store_rollback(store);
        fid_store_close(&store);
        store = open_store(where, 0);
        check_whole(store, 1, 1);
        fid_store_close(&store);
    }
}

/* Whoever is killed while writing leaves a whole transaction, or nothing of it, and no lock. */
static void writers_that_are_killed_leave_nothing_half(void)
{
    enum { KILLS = 20, LONGEST_MS = 30 };
    char where[400];
    struct fid_error error = {0};
    if (!new_gallery("killed", where))
        return;
    struct fid_store *store = open_store(where, FID_STORE_CREATE);
    CHECK(write_one(store, &error) == FID_OK);
    for (int i = 0; i < KILLS; i++) {
        const pid_t child = fork();
        if (child == 0) {
            struct fid_store *own = open_store(where, 0);
            while (write_one(own, &error) == FID_OK)
                ;
            _exit(1);
        }
        pause_ms(50 + check_random_below(LONGEST_MS));
        kill(child, SIGKILL);
        int status;
        CHECK(waitpid(child, &status, 0) == child && WIFSIGNALED(status));
        CHECK_THAT(write_one(store, &error) == FID_OK, "%s", error.text);
        check_whole(store, (uint64_t)i + 2, 1000000);
    }
    fid_store_close(&store);
}

/* A role that may only SELECT. */
static void readers_need_no_more_than_reading(void)
{
    char where[400], as_reader[500];
    struct fid_error error = {0};
    if (!new_gallery("shown", where))
        return;
    struct fid_store *store = open_store(where, FID_STORE_CREATE);
    CHECK(write_one(store, &error) == FID_OK);
    fid_store_close(&store);
    server_do("sql CREATE ROLE reader LOGIN; GRANT USAGE ON SCHEMA shown TO reader;"
              " GRANT SELECT ON ALL TABLES IN SCHEMA shown TO reader",
              NULL, 0);
    snprintf(as_reader, sizeof as_reader, "%s&user=reader", where);
    store = open_store(as_reader, FID_STORE_READ);
    check_whole(store, 1, 1);
    fid_store_close(&store);
    store = open_store(as_reader, 0);
    CHECK_THAT(write_one(store, &error) == FID_IO && strstr(error.text, "denied") != NULL, "%s",
               error.text);
    fid_store_close(&store);
}

CHECK_MAIN(CHECK_CASE(passwords_are_refused_and_told_to_nobody),
           CHECK_CASE(galleries_have_plain_names), CHECK_CASE(what_is_not_there_is_told),
           CHECK_CASE(a_change_is_told_at_once), CHECK_CASE(a_server_goes_and_comes_back),
           CHECK_CASE(a_connection_may_end_at_any_statement),
           CHECK_CASE(writers_that_are_killed_leave_nothing_half),
           CHECK_CASE(readers_need_no_more_than_reading))
