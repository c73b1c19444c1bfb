/* A file or server whose tables are not exactly those that a store makes is refused by name before
 * anything of it runs, and nothing is written: at opening, and in the next transaction when they
 * change meanwhile. */
#include "engine/store/store.h"
#include "tests/check/check.h"
#include "tests/server_fixture.h"
#include "tests/whole_file.h"

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct attack {
    const char *sql;
    const char *told; /* part of the sentence */
};

/* ---- a file ---- */

static const struct attack file_attacks[] = {
    {"CREATE TRIGGER keep AFTER DELETE ON record BEGIN INSERT INTO record SELECT 9, 9, 9, NULL,"
     " x'00'; END",
     "a trigger 'keep' that is not its own"},
    {"CREATE VIEW people AS SELECT * FROM record", "a view 'people' that is not its own"},
    {"CREATE VIEW forever AS WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n)"
     " SELECT i FROM n",
     "a view 'forever' that is not its own"},
    {"ALTER TABLE record RENAME TO real; CREATE VIEW record AS WITH RECURSIVE n(i) AS (SELECT 1"
     " UNION ALL SELECT i + 1 FROM n) SELECT i AS id, i AS person, i AS generation, NULL AS who,"
     " x'00' AS body FROM n",
     "a view 'record' that is not its own"},
    {"CREATE TABLE more(id INTEGER PRIMARY KEY)", "a table 'more' that is not its own"},
    {"CREATE VIRTUAL TABLE words USING fts5(t)", "a table 'words"},
    {"CREATE INDEX more ON record(generation)", "an index 'more' that is not its own"},
    {"CREATE INDEX a ON record(abs(generation))", "an index 'a' that is not its own"},
    {"ALTER TABLE record ADD COLUMN more BLOB", "the table 'record' otherwise than it was made"},
    {"ALTER TABLE root ADD COLUMN more ANY AS (generation + 1)",
     "the table 'root' otherwise than it was made"},
    {"ANALYZE", "a table 'sqlite_stat1' that is not its own"},
    {"DROP INDEX record_person", "lacks the index 'record_person'"},
    {"DROP TABLE root", "lacks the table 'root'"},
    {"PRAGMA writable_schema=ON; UPDATE sqlite_schema SET sql = replace(sql, 'id = 1', 'id = 1 OR "
     "1')"
     " WHERE name = 'root'",
     "the table 'root' otherwise than it was made"},
    {"PRAGMA writable_schema=ON; UPDATE sqlite_schema SET sql = replace(sql, ' STRICT', '')"
     " WHERE name = 'record'",
     "the table 'record' otherwise than it was made"},
    {"PRAGMA writable_schema=ON; UPDATE sqlite_schema SET sql = replace(sql, 'record_person ON',"
     " 'record_person on') WHERE name = 'record_person'",
     "the index 'record_person' otherwise than it was made"},
    {"PRAGMA writable_schema=ON; UPDATE sqlite_schema SET rootpage ="
     " (SELECT rootpage FROM sqlite_schema WHERE name = 'root') WHERE name = 'record'",
     "two of its tables are in one place"},
    {"PRAGMA application_id=7", "a database of another program"},
    {"CREATE TABLE model(id); CREATE TABLE person(id); CREATE TABLE sample(id)",
     "was written before 0.1.0"},
    {"PRAGMA user_version=6", "was written before 0.1.0"},
    {"PRAGMA user_version=7", "a newer faceid"},
    {"PRAGMA user_version=123456", "is damaged"},
};

static void fill(const char *where)
{
    struct fid_store *store = NULL;
    struct fid_error error = {0};
    const struct fid_row row = {.id = 1,
                                .person = 1,
                                .generation = 1,
                                .who = (const uint8_t *)"amy",
                                .who_size = 3,
                                .body = (const uint8_t *)"body",
                                .size = 4};
    const struct fid_root root = {.generation = 1};
    CHECK_THAT(fid_store_open(where, FID_STORE_CREATE, &store, &error) == FID_OK, "%s", error.text);
    REQUIRE(store != NULL);
    CHECK(fid_store_begin(store, true, &error) == FID_OK);
    CHECK(fid_store_put(store, &row, true, &error) == FID_OK);
    CHECK(fid_store_write_root(store, &root, &error) == FID_OK);
    CHECK_THAT(fid_store_commit(store, &error) == FID_OK, "%s", error.text);
    fid_store_close(&store);
}

/* As somebody would who may write what a program cannot. */
static void run_sql(const char *path, const char *sql)
{
    sqlite3 *db = NULL;
    char *message = NULL;
    CHECK(sqlite3_open(path, &db) == SQLITE_OK);
    const int code = sqlite3_exec(db, sql, NULL, NULL, &message);
    CHECK_THAT(code == SQLITE_OK, "%s: %s", sql, message);
    sqlite3_free(message);
    sqlite3_close(db);
}

static void check_told(enum fid_status status, const struct fid_error *error,
                       const struct attack *attack)
{
    CHECK_THAT((status == FID_CORRUPT || status == FID_INVALID || status == FID_UNSUPPORTED) &&
                   strstr(error->text, attack->told) != NULL,
               "%s: %d %s", attack->sql, status, error->text);
}

static void hostile_files_are_refused_at_opening(void)
{
    static const unsigned flags[] = {0, FID_STORE_READ, FID_STORE_CREATE};
    char path[4096];
    for (size_t i = 0; i < sizeof file_attacks / sizeof file_attacks[0]; i++) {
        snprintf(path, sizeof path, "%s", check_temp_path());
        fill(path);
        run_sql(path, file_attacks[i].sql);
        struct file before = read_whole(path);
        for (size_t k = 0; k < sizeof flags / sizeof flags[0]; k++) {
            struct fid_store *store = NULL;
            struct fid_error error = {0};
            check_told(fid_store_open(path, flags[k], &store, &error), &error, &file_attacks[i]);
            CHECK(store == NULL);
            fid_store_close(&store);
        }
        struct file after = read_whole(path);
        CHECK_THAT(before.size == after.size && memcmp(before.bytes, after.bytes, before.size) == 0,
                   "%s: the file was changed", file_attacks[i].sql);
        free(before.bytes);
        free(after.bytes);
    }
}

static void hostile_changes_are_refused_in_the_next_transaction(void)
{
    char path[4096];
    for (size_t i = 0; i < sizeof file_attacks / sizeof file_attacks[0]; i++) {
        if (strstr(file_attacks[i].sql, "PRAGMA") != NULL)
            continue; /* which changes no version that SQLite keeps: found when it is opened */
        struct fid_store *store = NULL;
        struct fid_error error = {0};
        uint64_t generation;
        snprintf(path, sizeof path, "%s", check_temp_path());
        fill(path);
        CHECK(fid_store_open(path, 0, &store, &error) == FID_OK);
        REQUIRE(store != NULL);
        CHECK(fid_store_generation(store, &generation, &error) == FID_OK && generation == 1);
        run_sql(path, file_attacks[i].sql);
        check_told(fid_store_generation(store, &generation, &error), &error, &file_attacks[i]);
        check_told(fid_store_begin(store, true, &error), &error, &file_attacks[i]);
        check_told(fid_store_begin(store, false, &error), &error, &file_attacks[i]);
        fid_store_close(&store);
    }
}

static enum fid_status count_row(void *ctx, const struct fid_row *row, struct fid_error *error)
{
    (void)row, (void)error;
    ++*(size_t *)ctx;
    return FID_OK;
}

/* VACUUM writes the words anew. */
static void own_tables_stay_own(void)
{
    char path[4096];
    size_t rows = 0;
    struct fid_store *store = NULL;
    struct fid_error error = {0};
    snprintf(path, sizeof path, "%s", check_temp_path());
    fill(path);
    run_sql(path, "VACUUM");
    CHECK_THAT(fid_store_open(path, 0, &store, &error) == FID_OK, "%s", error.text);
    REQUIRE(store != NULL);
    CHECK(fid_store_purge(store, true, &error) == FID_OK);
    CHECK_THAT(fid_store_begin(store, false, &error) == FID_OK, "%s", error.text);
    CHECK(fid_store_scan(store, 0, 9, 0, count_row, &rows, &error) == FID_OK && rows == 1);
    fid_store_close(&store);
}

/* Rows of other kinds than were ever written, which STRICT would have refused. */
static void values_of_other_types_are_damage(void)
{
    static const char *const changes[] = {"person = 'one'", "generation = x'01'", "who = 'amy'",
                                          "body = 'text'", "generation = -1"};
    char path[4096], sql[300];
    for (size_t i = 0; i < sizeof changes / sizeof changes[0]; i++) {
        size_t rows = 0;
        struct fid_store *store = NULL;
        struct fid_error error = {0};
        snprintf(path, sizeof path, "%s", check_temp_path());
        fill(path);
        snprintf(sql, sizeof sql,
                 "PRAGMA writable_schema=ON; UPDATE sqlite_schema SET sql = replace(sql, ' STRICT',"
                 " ''); PRAGMA writable_schema=RESET; UPDATE record SET %s",
                 changes[i]);
        run_sql(path, sql);
        run_sql(path, "PRAGMA writable_schema=ON; UPDATE sqlite_schema SET sql = sql || ' STRICT'"
                      " WHERE type = 'table'");
        CHECK_THAT(fid_store_open(path, 0, &store, &error) == FID_OK, "%s", error.text);
        REQUIRE(store != NULL);
        CHECK(fid_store_begin(store, false, &error) == FID_OK);
        CHECK_THAT(fid_store_scan(store, 0, 9, 0, count_row, &rows, &error) == FID_CORRUPT &&
                       rows == 0,
                   "%s", changes[i]);
        fid_store_close(&store);
    }
}

/* ---- a server ---- */

/* By the owner of the database; @ is the schema. */
static const struct attack server_attacks[] = {
    {"CREATE FUNCTION @.f() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NULL; END $$;"
     " CREATE TRIGGER keep BEFORE DELETE ON @.record FOR EACH ROW EXECUTE FUNCTION @.f()",
     "a trigger 'keep' that is not its own"},
    {"CREATE FUNCTION @.f() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NULL; END $$;"
     " CREATE TRIGGER late AFTER UPDATE ON @.root EXECUTE FUNCTION @.f()",
     "a trigger 'late' that is not its own"},
    {"CREATE RULE spare AS ON DELETE TO @.record DO INSTEAD NOTHING",
     "a rule 'spare' that is not its own"},
    {"ALTER TABLE @.record RENAME TO real; CREATE VIEW @.record AS WITH RECURSIVE n(i) AS"
     " (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT i::bigint AS id, i::bigint AS person,"
     " i::bigint AS generation, NULL::bytea AS who, NULL::bytea AS body FROM n",
     "the table 'record' otherwise than it was made"},
    {"ALTER TABLE @.record ENABLE ROW LEVEL SECURITY",
     "the table 'record' otherwise than it was made"},
    {"CREATE POLICY hide ON @.record USING (person <> 1)", "a policy 'hide' that is not its own"},
    {"ALTER TABLE @.record ADD COLUMN more bytea", "a column 'record.more' that is not its own"},
    {"ALTER TABLE @.root DROP COLUMN flags", "lacks the column 'root.flags'"},
    {"ALTER TABLE @.record ALTER generation TYPE numeric",
     "the column 'record.generation' otherwise than it was made"},
    {"ALTER TABLE @.record ALTER who SET DEFAULT 'x'",
     "the column 'record.who' otherwise than it was made"},
    {"ALTER TABLE @.record ALTER body DROP NOT NULL",
     "the column 'record.body' otherwise than it was made"},
    {"ALTER TABLE @.root DROP CONSTRAINT root_id_check; ALTER TABLE @.root ADD CONSTRAINT"
     " root_id_check CHECK (id > 0)",
     "the constraint 'root_id_check' otherwise than it was made"},
    {"ALTER TABLE @.record ADD CONSTRAINT few CHECK (id < 1000)",
     "a constraint 'few' that is not its own"},
    {"CREATE INDEX more ON @.record(abs(generation))", "an index 'more' that is not its own"},
    {"DROP INDEX @.record_person", "lacks the index 'record_person'"},
    {"CREATE TABLE @.heir() INHERITS (@.record)", "a child 'heir' that is not its own"},
    {"DROP TABLE @.root", "lacks the table 'root'"},
    {"DROP TABLE @.root; CREATE FOREIGN DATA WRAPPER w@w; CREATE SERVER s@s FOREIGN DATA WRAPPER"
     " w@w; CREATE FOREIGN TABLE @.root(id int) SERVER s@s",
     "the table 'root' otherwise than it was made"},
};

static void run_on_server(const char *sql, const char *schema)
{
    char line[2000] = "sql ";
    size_t at = strlen(line);
    for (; *sql != '\0'; sql++)
        at += (size_t)snprintf(line + at, sizeof line - at, *sql == '@' ? "%s" : "%.1s",
                               *sql == '@' ? schema : sql);
    server_do(line, NULL, 0);
}

static void hostile_servers_are_refused(void)
{
    static const unsigned flags[] = {0, FID_STORE_READ, FID_STORE_CREATE};
    char where[400], schema[20];
    if (server_url() == NULL)
        return check_skip("there is no PostgreSQL server");
    for (size_t i = 0; i < sizeof server_attacks / sizeof server_attacks[0]; i++) {
        struct fid_store *open = NULL, *store = NULL;
        struct fid_error error = {0};
        snprintf(schema, sizeof schema, "a%zu", i);
        snprintf(where, sizeof where, "%s&gallery=%s", server_url(), schema);
        fill(where);
        CHECK_THAT(fid_store_open(where, 0, &open, &error) == FID_OK, "%s", error.text);
        REQUIRE(open != NULL);
        run_on_server(server_attacks[i].sql, schema);
        for (size_t k = 0; k < sizeof flags / sizeof flags[0]; k++)
            check_told(fid_store_open(where, flags[k], &store, &error), &error, &server_attacks[i]);
        CHECK(store == NULL);
        /* who has it open writes nothing more; a root that is gone or another thing fails at once
         */
        CHECK_THAT(fid_store_begin(open, true, &error) != FID_OK, "%s", server_attacks[i].sql);
        CHECK(strstr(server_attacks[i].sql, "root") != NULL || error.status == FID_CORRUPT);
        fid_store_close(&open);
    }
}

CHECK_MAIN(CHECK_CASE(hostile_files_are_refused_at_opening),
           CHECK_CASE(hostile_changes_are_refused_in_the_next_transaction),
           CHECK_CASE(own_tables_stay_own), CHECK_CASE(values_of_other_types_are_damage),
           CHECK_CASE(hostile_servers_are_refused))
