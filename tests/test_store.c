/* One contract, run on every kind of store: a file of SQLite, one in memory, and a PostgreSQL
 * server of the test's own. Links no vault: a store never sees a key. */
#include "engine/store/store.h"
#include "tests/check/check.h"
#include "tests/server_fixture.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* ---- stores ---- */

static struct {
    const char *name, *where;
    unsigned flags;
} kind; /* of the running case */

static struct fid_store *open_store(unsigned flags)
{
    struct fid_store *store = NULL;
    struct fid_error error = {0};
    enum fid_status status = fid_store_open(kind.where, flags | kind.flags, &store, &error);
    CHECK_THAT(status == FID_OK && store != NULL, "%s: %s", kind.name, error.text);
    if (store == NULL)
        exit(1); /* nothing that follows could be run */
    return store;
}

static bool keeps_rows(void)
{
    return kind.flags != FID_STORE_MEMORY;
}

/* Runs a case on each kind; without a server's programs the rest of it is run all the same. */
static void on_each_kind(void (*run)(void))
{
    const char *const where[] = {"a name", check_temp_path(), server_url()};
    static const char *const names[] = {"memory", "file", "server"};
    for (size_t i = 0; i < sizeof where / sizeof *where; i++) {
        kind.name = names[i];
        kind.where = where[i];
        kind.flags = i == 0 ? FID_STORE_MEMORY : 0;
        if (where[i] != NULL)
            run();
    }
}

#define GIVES(wanted, call)                                                                     \
    do {                                                                                        \
        struct fid_error error = {0};                                                           \
        enum fid_status status_ = (call);                                                       \
        CHECK_THAT(status_ == (wanted), "%s: %s: %d, wanted %d: %s", kind.name, #call, status_, \
                   (wanted), error.text);                                                       \
        CHECK_THAT(status_ == FID_OK || (error.status == status_ && error.text[0] != '\0'),     \
                   "%s: %s: no sentence", kind.name, #call);                                    \
    } while (0)
#define OK(call) GIVES(FID_OK, call)

static struct fid_row row_of(int64_t id, int64_t person, uint64_t generation, const char *who,
                             const char *body)
{
    return (struct fid_row){.id = id,
                            .person = person,
                            .generation = generation,
                            .who = (const uint8_t *)who,
                            .who_size = who != NULL ? strlen(who) : 0,
                            .body = (const uint8_t *)body,
                            .size = strlen(body)};
}

static void put(struct fid_store *store, int64_t id, int64_t person, uint64_t generation,
                const char *who, const char *body)
{
    const struct fid_row row = row_of(id, person, generation, who, body);
    OK(fid_store_put(store, &row, true, &error));
}

static void write_root(struct fid_store *store, uint64_t generation)
{
    const struct fid_root root = {.generation = generation,
                                  .gallery = "a gallery's id.",
                                  .seal = (const uint8_t *)"a\0seal",
                                  .seal_size = generation % 3 == 0 ? 0 : 6,
                                  .manifest = (const uint8_t *)"manifest",
                                  .manifest_size = 8,
                                  .unpurged = generation % 2 == 0,
                                  .is_copy = generation % 5 == 0};
    OK(fid_store_write_root(store, &root, &error));
}

/* What a reading gave, as text: "id person generation who body;" for each row. */
struct heard {
    char text[1000];
    size_t length, rows, stop_after;
    struct fid_store *store; /* NULL, or one that a take calls, which it may not */
};

static void call_it(struct fid_store *store)
{
    int64_t person;
    GIVES(FID_INTERNAL, fid_store_find(store, (const uint8_t *)"amy", 3, &person, &error));
}

static enum fid_status hear(void *ctx, const struct fid_row *row, struct fid_error *error)
{
    struct heard *heard = ctx;
    const size_t rest = sizeof heard->text - heard->length;
    const int length = snprintf(
        heard->text + heard->length, rest, "%lld %lld %llu %.*s %.*s;", (long long)row->id,
        (long long)row->person, (unsigned long long)row->generation,
        row->who != NULL ? (int)row->who_size : 1, row->who != NULL ? (const char *)row->who : "-",
        row->body != NULL ? (int)row->size : 1, row->body != NULL ? (const char *)row->body : "-");
    heard->length += (size_t)length < rest ? (size_t)length : rest - 1;
    if (heard->store != NULL)
        call_it(heard->store);
    return ++heard->rows == heard->stop_after ? fid_fail(error, FID_STOPPED, "enough") : FID_OK;
}

static void check_heard(const struct heard *heard, const char *wanted)
{
    CHECK_THAT(strcmp(heard->text, wanted) == 0, "%s: '%s', not '%s'", kind.name, heard->text,
               wanted);
}

static void check_scan(struct fid_store *store, int64_t first, int64_t last, uint64_t since,
                       const char *wanted)
{
    struct heard heard = {0};
    OK(fid_store_scan(store, first, last, since, hear, &heard, &error));
    check_heard(&heard, wanted);
}

static void check_generation(struct fid_store *store, uint64_t wanted)
{
    uint64_t generation = 99;
    OK(fid_store_generation(store, &generation, &error));
    CHECK_THAT(generation == wanted, "%s: generation %llu, not %llu", kind.name,
               (unsigned long long)generation, (unsigned long long)wanted);
}

static void check_person(struct fid_store *store, const char *who, int64_t wanted)
{
    int64_t person = 99;
    OK(fid_store_find(store, (const uint8_t *)who, strlen(who), &person, &error));
    CHECK_THAT(person == wanted, "%s: %s is %lld", kind.name, who, (long long)person);
}

/* Two people with a sample each, and a row that is nobody's; generation 3. */
static const int64_t far = (int64_t)2 << 56;
static struct fid_store *open_filled(void)
{
    struct fid_store *store = open_store(FID_STORE_CREATE);
    OK(fid_store_begin(store, true, &error));
    OK(fid_store_delete_all(store, &error));
    put(store, far + 7, 2, 3, NULL, "bob's");
    put(store, 2, 2, 2, "bob", "two");
    put(store, 1, 1, 1, "amy", "one");
    put(store, far + 5, 1, 1, NULL, "amy's");
    put(store, INT64_MAX, 0, 1, NULL, "");
    write_root(store, 3);
    OK(fid_store_commit(store, &error));
    return store;
}

#define CONTRACT(name)           \
    static void name##_on(void); \
    static void name(void)       \
    {                            \
        on_each_kind(name##_on); \
    }                            \
    static void name##_on(void)

/* ---- the contract ---- */

CONTRACT(new_stores_are_empty)
{
    struct fid_store *store = open_store(FID_STORE_CREATE);
    struct fid_root root;
    check_generation(store, 0);
    OK(fid_store_begin(store, false, &error));
    GIVES(FID_NOT_FOUND, fid_store_read_root(store, &root, &error));
    check_scan(store, INT64_MIN, INT64_MAX, 0, "");
    check_person(store, "amy", 0);
    fid_store_rollback(store);
    fid_store_rollback(store); /* nothing to do */
    fid_store_close(&store);
    CHECK(store == NULL);
    fid_store_close(&store);
}

CONTRACT(rows_come_as_they_were_put)
{
    struct fid_store *store = open_filled();
    struct heard person = {0}, keys = {0}, one = {0};
    OK(fid_store_begin(store, false, &error));
    check_scan(store, 0, far, 0, "1 1 1 amy one;2 2 2 bob two;");
    check_scan(store, 2, INT64_MAX, 0,
               "2 2 2 bob two;144115188075855877 1 1 - amy's;"
               "144115188075855879 2 3 - bob's;");
    check_scan(store, 0, INT64_MAX, 1, "2 2 2 bob two;144115188075855879 2 3 - bob's;");
    check_scan(store, 0, INT64_MAX, 3, "");
    check_scan(store, 2, 2, 0, "");
    check_scan(store, 3, 2, 0, "");
    OK(fid_store_scan_person(store, 1, hear, &person, &error));
    check_heard(&person, "1 1 1 amy one;144115188075855877 1 1 - amy's;");
    OK(fid_store_scan_keys(store, 0, 3, hear, &keys, &error));
    check_heard(&keys, "1 1 1 - -;2 2 2 - -;");
    OK(fid_store_get(store, INT64_MAX, hear, &one, &error));
    check_heard(&one, "9223372036854775807 0 1 - ;");
    GIVES(FID_NOT_FOUND, fid_store_get(store, 3, hear, &one, &error));
    check_person(store, "bob", 2);
    check_person(store, "bo", 0);
    fid_store_rollback(store);
    fid_store_close(&store);
}

CONTRACT(root_comes_as_it_was_written)
{
    struct fid_store *store = open_filled();
    struct fid_root root;
    for (uint64_t generation = 4; generation < 12; generation++) {
        OK(fid_store_begin(store, true, &error));
        write_root(store, generation);
        check_generation(store, generation);
        OK(fid_store_commit(store, &error));
        check_generation(store, generation);
        OK(fid_store_begin(store, false, &error));
        OK(fid_store_read_root(store, &root, &error));
        CHECK(root.generation == generation && memcmp(root.gallery, "a gallery's id.", 16) == 0);
        CHECK(root.seal_size == (generation % 3 == 0 ? 0 : 6));
        CHECK(root.seal_size == 0 || memcmp(root.seal, "a\0seal", 6) == 0);
        CHECK(root.manifest_size == 8 && memcmp(root.manifest, "manifest", 8) == 0);
        CHECK(root.unpurged == (generation % 2 == 0) && root.is_copy == (generation % 5 == 0));
        fid_store_rollback(store);
    }
    fid_store_close(&store);
}

CONTRACT(what_is_taken_is_told_and_the_rest_goes_on)
{
    struct fid_store *store = open_filled();
    const struct fid_row same_id = row_of(1, 9, 4, "cy", "x"),
                         same_who = row_of(9, 9, 4, "amy", "x"),
                         steals = row_of(2, 2, 4, "amy", "x"),
                         renamed = row_of(2, 2, 4, "cy", "new"),
                         unnamed = row_of(1, 1, 4, NULL, "gone");
    OK(fid_store_begin(store, true, &error));
    GIVES(FID_EXISTS, fid_store_put(store, &same_id, true, &error));
    GIVES(FID_EXISTS, fid_store_put(store, &same_who, true, &error));
    GIVES(FID_EXISTS, fid_store_put(store, &same_who, false, &error));
    GIVES(FID_EXISTS, fid_store_put(store, &steals, false, &error));
    check_scan(store, 0, far, 0, "1 1 1 amy one;2 2 2 bob two;");
    OK(fid_store_put(store, &renamed, false, &error));
    OK(fid_store_put(store, &unnamed, false, &error));
    put(store, 3, 3, 4, "amy", "another");
    OK(fid_store_commit(store, &error));
    OK(fid_store_begin(store, false, &error));
    check_scan(store, 0, far, 0, "1 1 4 - gone;2 2 4 cy new;3 3 4 amy another;");
    check_person(store, "bob", 0);
    check_person(store, "amy", 3);
    fid_store_rollback(store);
    fid_store_close(&store);
}

CONTRACT(rows_go)
{
    struct fid_store *store = open_filled();
    OK(fid_store_begin(store, true, &error));
    OK(fid_store_delete(store, 2, &error));
    GIVES(FID_NOT_FOUND, fid_store_delete(store, 2, &error));
    check_scan(store, 0, far, 0, "1 1 1 amy one;");
    fid_store_rollback(store);
    OK(fid_store_begin(store, true, &error));
    check_scan(store, 0, far, 0, "1 1 1 amy one;2 2 2 bob two;");
    OK(fid_store_delete_all(store, &error));
    write_root(store, 4);
    OK(fid_store_commit(store, &error));
    OK(fid_store_purge(store, false, &error));
    OK(fid_store_purge(store, true, &error));
    OK(fid_store_begin(store, false, &error));
    check_scan(store, INT64_MIN, INT64_MAX, 0, "");
    fid_store_rollback(store);
    check_generation(store, 4);
    fid_store_close(&store);
}

CONTRACT(calls_out_of_place_are_refused)
{
    struct fid_store *store = open_filled();
    struct heard heard = {.store = store};
    struct fid_root root;
    const struct fid_row row = row_of(9, 9, 9, NULL, "x");
    int64_t person;
    GIVES(FID_INTERNAL, fid_store_read_root(store, &root, &error));
    GIVES(FID_INTERNAL, fid_store_scan(store, 0, 9, 0, hear, &heard, &error));
    GIVES(FID_INTERNAL, fid_store_find(store, (const uint8_t *)"amy", 3, &person, &error));
    GIVES(FID_INTERNAL, fid_store_put(store, &row, true, &error));
    OK(fid_store_begin(store, false, &error));
    GIVES(FID_INTERNAL, fid_store_begin(store, false, &error));
    GIVES(FID_INTERNAL, fid_store_put(store, &row, true, &error));
    GIVES(FID_INTERNAL, fid_store_delete(store, 1, &error));
    GIVES(FID_INTERNAL, fid_store_delete_all(store, &error));
    OK(fid_store_scan(store, 0, far, 0, hear, &heard, &error));
    CHECK(heard.rows == 2);
    OK(fid_store_commit(store, &error));
    GIVES(FID_INTERNAL, fid_store_commit(store, &error));
    fid_store_close(&store);
}

CONTRACT(readers_stop_when_they_want)
{
    struct fid_store *store = open_filled();
    struct heard heard = {.stop_after = 1};
    OK(fid_store_begin(store, true, &error));
    GIVES(FID_STOPPED, fid_store_scan(store, 0, INT64_MAX, 0, hear, &heard, &error));
    check_heard(&heard, "1 1 1 amy one;");
    put(store, 3, 3, 4, NULL, "more"); /* the transaction goes on */
    check_scan(store, 3, far, 0, "3 3 4 - more;");
    OK(fid_store_commit(store, &error));
    fid_store_close(&store);
}

CONTRACT(a_snapshot_stays_as_it_is)
{
    if (!keeps_rows())
        return;
    struct fid_store *writer = open_filled(), *reader = open_store(FID_STORE_READ);
    struct fid_root root;
    OK(fid_store_begin(reader, false, &error));
    check_scan(reader, 0, far, 0, "1 1 1 amy one;2 2 2 bob two;");
    OK(fid_store_begin(writer, true, &error));
    OK(fid_store_delete(writer, 1, &error));
    write_root(writer, 4);
    check_generation(reader, 3);
    OK(fid_store_commit(writer, &error));
    check_scan(reader, 0, far, 0, "1 1 1 amy one;2 2 2 bob two;");
    OK(fid_store_read_root(reader, &root, &error));
    CHECK(root.generation == 3);
    fid_store_rollback(reader);
    check_generation(reader, 4);
    OK(fid_store_begin(reader, false, &error));
    check_scan(reader, 0, far, 0, "2 2 2 bob two;");
    fid_store_rollback(reader);
    fid_store_close(&reader);
    fid_store_close(&writer);
}

CONTRACT(one_writes_at_a_time)
{
    if (!keeps_rows())
        return;
    struct fid_store *one = open_filled(), *two = open_store(0);
    OK(fid_store_begin(one, true, &error));
    GIVES(FID_BUSY, fid_store_begin(two, true, &error));
    check_generation(two, 3); /* but reading goes on */
    fid_store_close(&one);    /* which takes nothing over */
    OK(fid_store_begin(two, true, &error));
    check_scan(two, 0, far, 0, "1 1 1 amy one;2 2 2 bob two;");
    OK(fid_store_commit(two, &error));
    fid_store_close(&two);
}

CONTRACT(readers_change_nothing)
{
    if (!keeps_rows())
        return;
    struct fid_store *writer = open_filled(), *reader = open_store(FID_STORE_READ);
    struct fid_error error = {0};
    enum fid_status status = fid_store_begin(reader, true, &error);
    const struct fid_row row = row_of(9, 9, 9, NULL, "x");
    if (status == FID_OK)
        status = fid_store_put(reader, &row, true, &error);
    CHECK_THAT(status == FID_IO, "%s: %d %s", kind.name, status, error.text);
    fid_store_close(&reader);
    fid_store_close(&writer);
}

CONTRACT(long_bodies_come_back_whole)
{
    enum { BYTES = 3000001 };
    struct fid_store *store = open_filled();
    static uint8_t bytes[BYTES];
    struct fid_row row = {.id = 50, .generation = 4, .body = bytes, .size = BYTES};
    struct heard heard = {0};
    for (size_t i = 0; i < BYTES; i++)
        bytes[i] = (uint8_t)(i * 7 + i / 251);
    OK(fid_store_begin(store, true, &error));
    OK(fid_store_put(store, &row, true, &error));
    bytes[5] ^= 1;
    OK(fid_store_put(store, &row, false, &error));
    OK(fid_store_get(store, 50, hear, &heard, &error));
    CHECK(heard.rows == 1);
    OK(fid_store_commit(store, &error));
    fid_store_close(&store);
}

/* Three processes write at once; each adds a row of the next generation. */
CONTRACT(generations_have_no_gaps)
{
    enum { WRITERS = 3, ROUNDS = 40 };
    if (!keeps_rows())
        return;
    struct fid_store *store = open_filled();
    pid_t child[WRITERS];
    for (int i = 0; i < WRITERS; i++) {
        child[i] = fork();
        if (child[i] != 0)
            continue;
        store = open_store(0); /* the parent's connection is its own */
        for (int k = 0; k < ROUNDS; k++) {
            struct fid_root root;
            OK(fid_store_begin(store, true, &error));
            OK(fid_store_read_root(store, &root, &error));
            const int64_t next = (int64_t)root.generation + 1;
            put(store, 1000 + next, i, (uint64_t)next, NULL, "row");
            write_root(store, (uint64_t)next);
            OK(fid_store_commit(store, &error));
        }
        _exit(check_failed() ? 1 : 0);
    }
    for (int i = 0; i < WRITERS; i++) {
        int status = 1;
        CHECK(waitpid(child[i], &status, 0) == child[i] && status == 0);
    }
    check_generation(store, 3 + WRITERS * ROUNDS);
    struct heard heard = {0};
    OK(fid_store_begin(store, false, &error));
    OK(fid_store_scan_keys(store, 1000, 2000, hear, &heard, &error));
    CHECK_THAT(heard.rows == WRITERS * ROUNDS, "%s: %zu rows", kind.name, heard.rows);
    fid_store_rollback(store);
    fid_store_close(&store);
}

/* ---- against rows in memory ---- */

enum { IDS = 24 };
struct kept {
    bool is_there;
    int64_t person;
    uint64_t generation;
    int who; /* -1: none */
    uint8_t body[64];
    size_t size;
};
struct keeper {
    const struct kept *rows; /* [IDS] */
    int64_t last;            /* id */
    size_t count;
};

static enum fid_status compare(void *ctx, const struct fid_row *row, struct fid_error *error)
{
    struct keeper *keeper = ctx;
    (void)error;
    CHECK(row->id > keeper->last && row->id < IDS);
    const struct kept *kept = &keeper->rows[row->id];
    const uint8_t who = (uint8_t)kept->who;
    CHECK(kept->is_there && kept->person == row->person && kept->generation == row->generation);
    CHECK(kept->who < 0 ? row->who == NULL
                        : row->who != NULL && row->who_size == 1 && row->who[0] == who);
    CHECK(row->size == kept->size &&
          (row->size == 0 || memcmp(row->body, kept->body, row->size) == 0));
    keeper->last = row->id;
    keeper->count++;
    return FID_OK;
}

static size_t count_kept(const struct kept rows[IDS])
{
    size_t count = 0;
    for (size_t i = 0; i < IDS; i++)
        count += rows[i].is_there;
    return count;
}

static bool is_taken(const struct kept rows[IDS], int who, int64_t id)
{
    for (int64_t i = 0; i < IDS; i++)
        if (i != id && rows[i].is_there && rows[i].who == who && who >= 0)
            return true;
    return false;
}

static void change_at_random(struct fid_store *store, struct kept rows[IDS], uint64_t generation)
{
    const int64_t id = check_random_below(IDS);
    struct kept kept = {.is_there = true,
                        .person = check_random_below(4),
                        .generation = generation,
                        .who = (int)check_random_below(8) - 4};
    const bool is_new = check_random_below(2) == 0;
    if (kept.who < 0)
        kept.who = -1;
    kept.size = check_random_below(sizeof kept.body + 1);
    for (size_t i = 0; i < kept.size; i++)
        kept.body[i] = (uint8_t)check_random();
    if (check_random_below(3) == 0) {
        GIVES(rows[id].is_there ? FID_OK : FID_NOT_FOUND, fid_store_delete(store, id, &error));
        rows[id].is_there = false;
        return;
    }
    const uint8_t who = (uint8_t)kept.who;
    const struct fid_row row = {.id = id,
                                .person = kept.person,
                                .generation = generation,
                                .who = kept.who < 0 ? NULL : &who,
                                .who_size = kept.who < 0 ? 0 : 1,
                                .body = kept.body,
                                .size = kept.size};
    const bool refused = is_taken(rows, kept.who, id) || (is_new && rows[id].is_there);
    GIVES(refused ? FID_EXISTS : FID_OK, fid_store_put(store, &row, is_new, &error));
    if (!refused)
        rows[id] = kept;
}

CONTRACT(random_changes_give_what_a_plain_list_gives)
{
    enum { ROUNDS = 40, CHANGES = 12 };
    struct fid_store *store = open_filled();
    struct kept now[IDS] = {0}, committed[IDS];
    OK(fid_store_begin(store, true, &error));
    OK(fid_store_delete_all(store, &error));
    OK(fid_store_commit(store, &error));
    for (uint64_t round = 1; round <= ROUNDS && !check_failed(); round++) {
        struct keeper keeper = {.rows = now, .last = -1};
        memcpy(committed, now, sizeof now);
        OK(fid_store_begin(store, true, &error));
        for (int i = 0; i < CHANGES; i++)
            change_at_random(store, now, round);
        OK(fid_store_scan(store, INT64_MIN, INT64_MAX, 0, compare, &keeper, &error));
        CHECK(keeper.count == count_kept(now));
        if (check_random_below(2) == 0) {
            fid_store_rollback(store);
            memcpy(now, committed, sizeof now);
        } else {
            OK(fid_store_commit(store, &error));
        }
        keeper = (struct keeper){.rows = now, .last = -1};
        OK(fid_store_begin(store, false, &error));
        OK(fid_store_scan(store, INT64_MIN, INT64_MAX, 0, compare, &keeper, &error));
        CHECK(keeper.count == count_kept(now));
        fid_store_rollback(store);
    }
    fid_store_close(&store);
}

CHECK_MAIN(CHECK_CASE(new_stores_are_empty), CHECK_CASE(rows_come_as_they_were_put),
           CHECK_CASE(root_comes_as_it_was_written),
           CHECK_CASE(what_is_taken_is_told_and_the_rest_goes_on), CHECK_CASE(rows_go),
           CHECK_CASE(calls_out_of_place_are_refused), CHECK_CASE(readers_stop_when_they_want),
           CHECK_CASE(a_snapshot_stays_as_it_is), CHECK_CASE(one_writes_at_a_time),
           CHECK_CASE(readers_change_nothing), CHECK_CASE(long_bodies_come_back_whole),
           CHECK_CASE(generations_have_no_gaps),
           CHECK_CASE(random_changes_give_what_a_plain_list_gives))
