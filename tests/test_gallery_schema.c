/* A gallery or copy whose tables are not exactly those that faceid makes is refused by name
 * wherever it is opened, before anything of it runs; nothing is written, and what is whole is
 * saved. */
#include "engine/face/store/gallery_sqlite.h"
#include "tests/gallery_fixture.h"
#include "tests/whole_file.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { SIZE = 64, PEOPLE = 3 };

static const struct fid_store_model model = {"0123456789abcdef0123456789abcdef", "model", SIZE};
static const char *const names[PEOPLE] = {"amy", "bob", "cy"};

/* ---- galleries ---- */

static void enroll(struct fid_gallery *gallery, const char *name)
{
    float vector[SIZE];
    const struct fid_sample sample = {.embedding = vector, .source = "made up"};
    const struct fid_terms terms = {"agreed", "2999-01-01"};
    struct fid_error error = {0};
    for (size_t p = 0; p < SIZE; p++)
        vector[p] = check_random_float(0.5f, 3);
    CHECK_THAT(fid_gallery_enroll_with(gallery, name, &sample, 1, false, &terms, NULL, &error) ==
                   FID_OK,
               "%s", error.text);
}

/* Everybody twice: there is something that undo would need. */
static void make_gallery(const char *path)
{
    struct fid_gallery *gallery = open_gallery(path, &model, FID_GALLERY_CREATE);
    REQUIRE(gallery != NULL);
    for (size_t i = 0; i < 2 * PEOPLE; i++)
        enroll(gallery, names[i % PEOPLE]);
    fid_gallery_close(&gallery);
}

static struct fid_secret *make_secret(void)
{
    static const char key[] = "a key of more than thirty-two bytes, for tests";
    struct fid_secret *secret = NULL;
    struct fid_error error = {0};
    CHECK_THAT(fid_secret_open(FID_SECRET_KEY_FILE, key, sizeof key - 1, &secret, &error) == FID_OK,
               "%s", error.text);
    return secret;
}

/* The same gallery sealed. */
static void seal(const char *plain, const char *sealed, struct fid_secret *secret)
{
    static const struct fid_seal_cost cheap = {1, 8};
    struct fid_error error = {0};
    struct fid_gallery *gallery = open_gallery(plain, &model, 0);
    write_whole(sealed, (const unsigned char *)"", 0);
    CHECK_THAT(gallery != NULL &&
                   fid_store_rewrite(gallery->store, sealed, secret, &cheap, &error) == FID_OK,
               "%s", error.text);
    fid_gallery_close(&gallery);
}

/* Runs SQL on a gallery, sealed or not, as somebody would who may write what a program cannot. */
static void tamper(const char *path, struct fid_secret *secret, const char *sql)
{
    struct fid_store *store = NULL;
    struct fid_error error = {0};
    char *message = NULL;
    CHECK_THAT(fid_store_open(path, 0, secret, &store, &error) == FID_OK, "%s", error.text);
    REQUIRE(store != NULL);
    sqlite3_db_config(store->db, SQLITE_DBCONFIG_DEFENSIVE, 0, NULL);
    sqlite3_db_config(store->db, SQLITE_DBCONFIG_WRITABLE_SCHEMA, 1, NULL);
    sqlite3_db_config(store->db, SQLITE_DBCONFIG_ENABLE_VIEW, 1, NULL);
    const int code = sqlite3_exec(store->db, sql, NULL, NULL, &message);
    CHECK_THAT(code == SQLITE_OK, "%s: %s", sql, message);
    sqlite3_free(message);
    fid_store_close(&store);
}

/* ---- what is hostile ---- */

#define ENDLESS    "WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c) SELECT x FROM c"
#define ENTRY(sql) "INSERT INTO sqlite_schema VALUES" sql
#define CHANGED(name, from, to) \
    "UPDATE sqlite_schema SET sql = replace(sql, '" from "', '" to "') WHERE name = '" name "'"
#define ROOT(name) "(SELECT rootpage FROM sqlite_schema WHERE name = '" name "')"
#define SWAPPED(a, b)                                                                             \
    "UPDATE sqlite_schema SET rootpage = " ROOT(a) " + " ROOT(b) " - rootpage WHERE name IN ('" a \
                                                                 "', '" b "')"
#define OTHERWISE(name) "has the table '" name "' otherwise"

static const struct hostile {
    const char *what, *sql, *said;
} hostiles[] = {
    {"a trigger", "CREATE TRIGGER t AFTER INSERT ON sample BEGIN DELETE FROM person; END",
     "has a trigger 't'"},
    {"a trigger that keeps people",
     "CREATE TRIGGER t BEFORE DELETE ON person BEGIN SELECT RAISE(IGNORE); END",
     "has a trigger 't'"},
    {"an endless view",
     "ALTER TABLE person RENAME TO p0; CREATE VIEW person AS WITH RECURSIVE c(x) AS"
     " (SELECT 1 UNION ALL SELECT x + 1 FROM c) SELECT p0.* FROM c, p0 WHERE x < 0",
     "has a view 'person'"},
    {"a view more", "CREATE VIEW v AS SELECT 1", "has a view 'v'"},
    {"a table more", "CREATE TABLE u(x)", "has a table 'u'"},
    {"statistics", "ANALYZE", "has a table 'sqlite_stat1'"},
    {"a virtual table", ENTRY("('table', 'v', 'v', 0, 'CREATE VIRTUAL TABLE v USING fts5(x)')"),
     "has a table 'v'"},
    {"an index more", "CREATE INDEX i ON sample(source)", "has an index 'i'"},
    {"an index of an expression", "CREATE INDEX i ON sample(hex(data))", "has an index 'i'"},
    {"an index of a part", "CREATE INDEX i ON person(id) WHERE abs(crc) > 0", "has an index 'i'"},
    {"another index of that name", CHANGED("sample_person", "(person)", "(person) WHERE id < 0"),
     "has the index 'sample_person' otherwise"},
    {"a check", CHANGED("vector", "place INTEGER NOT NULL", "place INTEGER NOT NULL CHECK(0)"),
     OTHERWISE("vector")},
    {"a default", CHANGED("sample", "DEFAULT 0", "DEFAULT (random())"), OTHERWISE("sample")},
    {"a generated column", CHANGED("stranger", "source TEXT NOT NULL", "source TEXT AS (''x'')"),
     OTHERWISE("stranger")},
    {"another key", CHANGED("person", " AUTOINCREMENT", ""), OTHERWISE("person")},
    {"no row numbers", CHANGED("changed", "KEY)", "KEY) WITHOUT ROWID"), OTHERWISE("changed")},
    {"a blank", CHANGED("consent", ", ", ",  "), OTHERWISE("consent")},
    {"a zero", "UPDATE sqlite_schema SET sql = sql || char(0) || 'x' WHERE name = 'unpurged'",
     OTHERWISE("unpurged")},
    {"a table less", "DROP TABLE unpurged", "lacks the table 'unpurged'"},
    {"an index less", "DROP INDEX consent_person", "lacks the index 'consent_person'"},
    {"swapped tables", SWAPPED("sample", "consent"), "rows in its table"},
    {"people swapped with what undo needs", SWAPPED("person", "old_person"), "rows in its table"},
    {"faces swapped with what undo needs", SWAPPED("sample", "old_sample"), "rows in its table"},
    {"one place for two tables",
     "UPDATE sqlite_schema SET rootpage = " ROOT("sample") " WHERE name = 'old_sample'",
     "in one place"},
    {"no place", "UPDATE sqlite_schema SET rootpage = 0 WHERE name = 'stranger'", ""},
    {"no number for a place", "UPDATE sqlite_schema SET rootpage = x'33' WHERE name = 'stranger'",
     ""},
    {"an entry twice", "INSERT INTO sqlite_schema SELECT * FROM sqlite_schema", ""},
    {"an entry of no kind", ENTRY("('person', 'x', 'x', 0, NULL)"), ""},
    {"an entry of nothing", ENTRY("(NULL, NULL, NULL, NULL, NULL)"), ""},
    {"a view in the place of the schema",
     ENTRY("('view', 'sqlite_master', 'sqlite_master', 0, 'CREATE VIEW sqlite_master AS " ENDLESS
           "')"),
     ""},
    {"a view before the schema",
     ENTRY("('view', 'sqlite_schema', 'sqlite_schema', 0, 'CREATE VIEW sqlite_schema AS " ENDLESS
           "')"),
     ""},
    {"a view before a pragma",
     ENTRY("('view', 'pragma_encoding', 'pragma_encoding', 0, 'CREATE VIEW pragma_encoding "
           "AS " ENDLESS "')"),
     "has a view 'pragma_encoding'"},
    {"a long text",
     ENTRY("('view', 'v', 'v', 0, 'CREATE VIEW v AS SELECT 1' || hex(zeroblob(9999)))"), ""},
    {"an older version's number", "PRAGMA user_version=1", "has a table"},
    {"the number of the version before", "PRAGMA user_version=5", "has a table 'unpurged'"},
    {"no version", "PRAGMA user_version=0", "0 is no version"},
};

enum { HOSTILES = sizeof hostiles / sizeof hostiles[0] };

/* ---- what is refused ---- */

static void ignore(void *ctx, const char *sentence)
{
    (void)ctx, (void)sentence;
}

static void check_refused(const struct hostile *hostile, const char *path,
                          struct fid_secret *secret)
{
    static const unsigned flags[] = {FID_GALLERY_READ_ONLY, 0, FID_GALLERY_CREATE};
    const struct file before = read_whole(path);
    for (size_t i = 0; i < sizeof flags / sizeof *flags; i++) {
        struct fid_error error = {0};
        struct fid_gallery *gallery;
        enum fid_status status =
            fid_gallery_open_for(path, &model, secret, flags[i], &gallery, &error);
        CHECK_THAT(status == FID_CORRUPT && strstr(error.text, hostile->said) != NULL &&
                       strstr(error.text, path) != NULL && strstr(error.text, "faceid restore"),
                   "%s, flags %u: %d, %s", hostile->what, flags[i], status, error.text);
        fid_gallery_close(&gallery);
    }
    struct fid_error error = {0};
    size_t faults;
    CHECK_THAT(fid_gallery_check(path, secret, ignore, NULL, &faults, &error) == FID_CORRUPT,
               "%s is whole: %s", hostile->what, error.text);
    const struct file after = read_whole(path);
    CHECK_THAT(before.size == after.size && memcmp(before.bytes, after.bytes, after.size) == 0,
               "%s is changed", hostile->what);
    free(before.bytes);
    free(after.bytes);
}

static void check_saved(const struct hostile *hostile, const char *path, struct fid_secret *secret)
{
    struct fid_error error = {0};
    struct fid_gallery *gallery;
    size_t people = 0;
    char saved[300];
    snprintf(saved, sizeof saved, "%s.saved", path);
    CHECK_THAT(fid_gallery_salvage(path, secret, NULL, saved, ignore, NULL, &people, &error) ==
                       FID_OK &&
                   people == PEOPLE,
               "%s: %zu people saved, %s", hostile->what, people, error.text);
    if (fid_gallery_open_for(saved, &model, secret, 0, &gallery, &error) == FID_OK)
        for (size_t i = 0; i < fid_gallery_count(gallery); i++) {
            struct fid_person person;
            fid_gallery_person(gallery, i, &person);
            CHECK_THAT(strcmp(person.name, names[i]) == 0, "%s: saved %s", hostile->what,
                       person.name);
        }
    fid_gallery_close(&gallery);
    unlink(saved);
}

/* Each kind in a file of its own, which is then looked at. */
static void each_hostile(struct fid_secret *secret)
{
    char path[280];
    snprintf(path, sizeof path, "%s", fresh_path());
    make_gallery(path);
    if (secret != NULL) {
        char plain[280];
        memcpy(plain, path, sizeof plain);
        snprintf(path, sizeof path, "%.250s.sealed", plain);
        seal(plain, path, secret);
    }
    const struct file good = read_whole(path);
    for (size_t i = 0; i < HOSTILES; i++) {
        write_whole(path, good.bytes, good.size);
        tamper(path, secret, hostiles[i].sql);
        check_refused(&hostiles[i], path, secret);
        if (secret == NULL || i % 6 == 0) /* making a sealed file takes long by design */
            check_saved(&hostiles[i], path, secret);
    }
    free(good.bytes);
}

static void is_refused_and_saved(void)
{
    each_hostile(NULL);
}

static void is_refused_and_saved_where_sealed(void)
{
#if FID_SODIUM
    struct fid_secret *secret = make_secret();
    REQUIRE(secret != NULL);
    each_hostile(secret);
    fid_secret_close(&secret);
#else
    check_skip("no libsodium");
    (void)make_secret, (void)seal;
#endif
}

/* ---- copies ---- */

static size_t people_of(const char *path)
{
    struct fid_gallery *gallery = open_gallery(path, &model, FID_GALLERY_READ_ONLY);
    const size_t count = gallery != NULL ? fid_gallery_count(gallery) : 0;
    fid_gallery_close(&gallery);
    return count;
}

/* A copy is not restored, and with one that is known nobody is forgotten. */
static void check_copy_refused(const struct hostile *hostile, const char *path, const char *copy)
{
    struct fid_error error = {0};
    struct fid_restored restored;
    tamper(copy, NULL, hostile->sql);
    struct fid_gallery *gallery = open_gallery(path, &model, 0);
    REQUIRE(gallery != NULL);
    CHECK_THAT(fid_gallery_forget(gallery, "amy", &error) == FID_CORRUPT &&
                   strstr(error.text, hostile->said) != NULL &&
                   strstr(error.text, "'amy' is not forgotten yet") != NULL,
               "%s: %s", hostile->what, error.text);
    fid_gallery_close(&gallery);
    CHECK_THAT(fid_gallery_restore(path, NULL, copy, &restored, &error) == FID_CORRUPT &&
                   strstr(error.text, hostile->said) != NULL,
               "%s: %s", hostile->what, error.text);
    CHECK(people_of(path) == PEOPLE);
}

/* And a hostile gallery gives way to a good copy. */
static void copies_are_refused(void)
{
    char path[256], copy[300];
    struct fid_error error = {0};
    struct fid_restored restored;
    snprintf(path, sizeof path, "%s", fresh_path());
    snprintf(copy, sizeof copy, "%s.copy", path);
    make_gallery(path);
    struct fid_gallery *gallery = open_gallery(path, &model, 0);
    REQUIRE(gallery != NULL && fid_gallery_backup(gallery, copy, false, &error) == FID_OK);
    fid_gallery_close(&gallery);
    tamper(copy, NULL,
           "INSERT INTO old_person SELECT * FROM person;"
           "INSERT INTO old_sample SELECT * FROM sample");
    const struct file good = read_whole(copy);
    for (size_t i = 0; i < HOSTILES; i++) {
        write_whole(copy, good.bytes, good.size);
        check_copy_refused(&hostiles[i], path, copy);
    }
    free(good.bytes);
    CHECK_THAT(fid_gallery_restore(copy, NULL, path, &restored, &error) == FID_OK &&
                   people_of(copy) == PEOPLE,
               "%s", error.text);
}

/* Tables may be what they should be in another encoding, where no search finds a name. */
static void other_encodings_are_refused(void)
{
    static const struct hostile utf16 = {"UTF-16", NULL, "UTF-8"};
    char path[256], other[300];
    sqlite3 *from, *into;
    sqlite3_stmt *entries;
    snprintf(path, sizeof path, "%s", fresh_path());
    snprintf(other, sizeof other, "%s.other", path);
    make_gallery(path);
    REQUIRE(sqlite3_open(path, &from) == SQLITE_OK && sqlite3_open(other, &into) == SQLITE_OK);
    CHECK(sqlite3_exec(into, "PRAGMA encoding='UTF-16le'", NULL, NULL, NULL) == SQLITE_OK);
    CHECK(sqlite3_prepare_v2(from,
                             "SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL AND"
                             " name NOT LIKE 'sqlite_%' ORDER BY type DESC",
                             -1, &entries, NULL) == SQLITE_OK);
    while (sqlite3_step(entries) == SQLITE_ROW)
        CHECK(sqlite3_exec(into, (const char *)sqlite3_column_text(entries, 0), NULL, NULL, NULL) ==
              SQLITE_OK);
    CHECK(sqlite3_exec(into, "PRAGMA application_id=1179206727; PRAGMA user_version=6", NULL, NULL,
                       NULL) == SQLITE_OK);
    sqlite3_finalize(entries);
    sqlite3_close(from);
    sqlite3_close(into);
    check_refused(&utf16, other, NULL);
}

/* Where nothing can be written a file is opened again when another is in its place. */
static void what_takes_its_place_is_refused(void)
{
    char path[256], other[300];
    struct fid_store *store = NULL;
    struct fid_error error = {0};
    int64_t version;
    snprintf(path, sizeof path, "%s", fresh_path());
    snprintf(other, sizeof other, "%s.other", path);
    make_gallery(path);
    struct file file = read_whole(path);
    write_whole(other, file.bytes, file.size);
    free(file.bytes);
    tamper(other, NULL, hostiles[0].sql);
    REQUIRE(fid_store_open(path, FID_GALLERY_READ_ONLY, NULL, &store, &error) == FID_OK);
    REQUIRE(store != NULL);
    store->fixed = true; /* as in a folder that cannot be written */
    REQUIRE(rename(other, path) == 0);
    CHECK_THAT(fid_store_version(store, &version, &error) == FID_CORRUPT &&
                   strstr(error.text, "has a trigger 't'") != NULL,
               "%s", error.text);
    fid_store_close(&store);
}

/* ---- pages without end ---- */

enum { PAGE = 4096, CHILDREN = 300, CELL = 6, LEVELS = 8, FIRST_HEADER = 100 };

static void put_two(unsigned char *at, size_t number)
{
    at[0] = (unsigned char)(number >> 8);
    at[1] = (unsigned char)number;
}

/* A page of a table that has the same one below it 300 times (sqlite.org/fileformat2.html). */
static void put_inner_page(unsigned char *page, size_t header, size_t child)
{
    memset(page + header, 0, PAGE - header);
    page[header] = 5;
    put_two(page + header + 3, CHILDREN - 1);
    put_two(page + header + 5, PAGE - CELL * (CHILDREN - 1));
    put_two(page + header + 10, child);
    for (size_t i = 0; i < CHILDREN - 1; i++) {
        const size_t at = PAGE - CELL * (i + 1);
        put_two(page + header + 12 + 2 * i, at);
        put_two(page + at + 2, child);
        page[at + 4] = (unsigned char)(0x80 | (i + 1) >> 7);
        page[at + 5] = (unsigned char)((i + 1) & 0x7F);
    }
}

/* A schema of 300 to the ninth times its entries in 45 kB. */
static void endless_pages_end(void)
{
    static const struct hostile endless = {"an endless schema", NULL, "is damaged"};
    const char *path = fresh_path();
    make_gallery(path);
    const struct file file = read_whole(path);
    const size_t count = file.size / PAGE,
                 rows = 8 + 2 * ((size_t)file.bytes[103] << 8 | file.bytes[104]);
    unsigned char *bytes = calloc(count + LEVELS + 1, PAGE), *leaf = bytes + count * PAGE;
    REQUIRE(bytes != NULL && file.bytes[FIRST_HEADER] == 13);
    memcpy(bytes, file.bytes, count * PAGE);
    memcpy(leaf, bytes, PAGE); /* the first page has the file's header before its own */
    memcpy(leaf, bytes + FIRST_HEADER, rows);
    for (size_t i = 1; i <= LEVELS; i++)
        put_inner_page(leaf + i * PAGE, 0, count + i);
    put_inner_page(bytes, FIRST_HEADER, count + 1 + LEVELS);
    put_two(bytes + 30, count + 1 + LEVELS); /* the file's size in pages */
    write_whole(path, bytes, (count + 1 + LEVELS) * PAGE);
    check_refused(&endless, path, NULL);
    check_saved(&endless, path, NULL);
    free(bytes);
    free(file.bytes);
}

/* ---- forgetting ---- */

/* An index that lacks rows hides them from the deletion: nobody is told that they are gone, and
 * nothing is deleted. */
static void rows_that_are_left_are_told(void)
{
    for (int in_copy = 0; in_copy < 2; in_copy++) {
        char path[256], copy[300];
        struct fid_error error = {0};
        snprintf(path, sizeof path, "%s", fresh_path());
        snprintf(copy, sizeof copy, "%s.copy", path);
        make_gallery(path);
        struct fid_gallery *gallery = open_gallery(path, &model, 0);
        REQUIRE(gallery != NULL);
        if (in_copy)
            CHECK(fid_gallery_backup(gallery, copy, false, &error) == FID_OK);
        fid_gallery_close(&gallery);
        tamper(in_copy ? copy : path, NULL,
               SWAPPED("sample_person", "sample_crop")); /* which has none here */
        gallery = open_gallery(path, &model, 0);
        REQUIRE(gallery != NULL);
        CHECK_THAT(fid_gallery_forget(gallery, "amy", &error) == FID_CORRUPT &&
                       strstr(error.text, "'amy' is not forgotten") != NULL &&
                       strstr(error.text, "'sample'") != NULL &&
                       strstr(error.text, in_copy ? copy : path) != NULL,
                   "%s", error.text);
        fid_gallery_close(&gallery);
        CHECK(people_of(path) == PEOPLE);
    }
}

/* What is ours stays ours, whatever a gallery has been through. */
static void our_own_are_taken(void)
{
    char path[256], copy[300];
    struct fid_error error = {0};
    struct fid_restored restored;
    snprintf(path, sizeof path, "%s", fresh_path());
    snprintf(copy, sizeof copy, "%s.copy", path);
    make_gallery(path);
    struct fid_gallery *gallery = open_gallery(path, &model, 0);
    REQUIRE(gallery != NULL);
    CHECK(fid_gallery_forget(gallery, "bob", &error) == FID_OK); /* the file is written anew */
    CHECK(fid_gallery_backup(gallery, copy, false, &error) == FID_OK);
    fid_gallery_close(&gallery);
    CHECK(people_of(path) == PEOPLE - 1 && people_of(copy) == PEOPLE - 1);
    CHECK_THAT(fid_gallery_restore(path, NULL, copy, &restored, &error) == FID_OK, "%s",
               error.text);
    CHECK(people_of(path) == PEOPLE - 1);
}

/* Files of older versions are read as they are, and become this one's where they are written. */
static void older_versions_are_taken(void)
{
    static const char *const down[] = {
        "DROP TABLE unpurged; PRAGMA user_version=5",
        "DROP INDEX sample_crop; ALTER TABLE sample DROP COLUMN crop_crc;"
        "ALTER TABLE sample DROP COLUMN crop; ALTER TABLE old_sample DROP COLUMN crop_crc;"
        "ALTER TABLE old_sample DROP COLUMN crop; PRAGMA user_version=4",
        "ALTER TABLE model DROP COLUMN crc; PRAGMA user_version=3",
        "DROP TABLE consent; DROP TABLE change; DROP TABLE changed; DROP TABLE old_person;"
        "DROP TABLE old_sample; DROP TABLE old_consent; DROP TABLE backup;"
        "ALTER TABLE person DROP COLUMN expires;"
        "ALTER TABLE sample DROP COLUMN created; PRAGMA user_version=2",
        "DROP TABLE calibration; DROP TABLE stranger; PRAGMA user_version=1",
    };
    char path[256], raised[300];
    snprintf(path, sizeof path, "%s", fresh_path());
    snprintf(raised, sizeof raised, "%s.raised", path);
    struct fid_gallery *gallery = open_gallery(path, &model, FID_GALLERY_CREATE);
    fid_gallery_close(&gallery); /* nobody: a checksum of version 3 is none of version 2 */
    for (size_t i = 0; i < sizeof down / sizeof *down; i++) {
        sqlite3 *db;
        REQUIRE(sqlite3_open(path, &db) == SQLITE_OK);
        CHECK_THAT(sqlite3_exec(db, down[i], NULL, NULL, NULL) == SQLITE_OK, "%s: %s", down[i],
                   sqlite3_errmsg(db));
        sqlite3_close(db);
        CHECK_THAT(people_of(path) == 0 && !check_failed(), "%s", down[i]);
        const struct file file = read_whole(path);
        write_whole(raised, file.bytes, file.size);
        free(file.bytes);
        make_gallery(raised);
        CHECK_THAT(people_of(raised) == PEOPLE, "%s", down[i]);
        unlink(raised);
    }
}

CHECK_MAIN(CHECK_CASE(is_refused_and_saved), CHECK_CASE(is_refused_and_saved_where_sealed),
           CHECK_CASE(copies_are_refused), CHECK_CASE(other_encodings_are_refused),
           CHECK_CASE(what_takes_its_place_is_refused), CHECK_CASE(endless_pages_end),
           CHECK_CASE(rows_that_are_left_are_told), CHECK_CASE(our_own_are_taken),
           CHECK_CASE(older_versions_are_taken))
