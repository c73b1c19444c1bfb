/* Sealed galleries: the secret alone opens them, and whatever was changed, cut, swapped, taken
 * away, added or brought back is found. make soak flips 10,000 bits. */
#include "tests/seal_fixture.h"

#if FID_SODIUM

#include <sqlite3.h>

/* ---- the secret ---- */

static void only_the_secret_opens(void)
{
    const char *plain = check_temp_path(), *path = check_temp_path();
    struct fid_secret *secret = secret_of(FID_SECRET_KEY_FILE, key);
    struct fid_secret *other =
        secret_of(FID_SECRET_KEY_FILE, "a key of more than thirty-two bytes, for test ");
    struct fid_secret *phrase = secret_of(FID_SECRET_PASSPHRASE, key);
    struct fid_gallery *gallery, *before;
    enum fid_secret_kind kind;
    make_pair(plain, path, secret);
    CHECK(try_open(path, NULL, FID_GALLERY_READ_ONLY, &gallery) == FID_SEALED);
    CHECK(try_open(path, other, FID_GALLERY_READ_ONLY, &gallery) == FID_SEALED);
    CHECK(try_open(path, phrase, FID_GALLERY_READ_ONLY, &gallery) == FID_SEALED);
    CHECK(try_open(plain, secret, FID_GALLERY_READ_ONLY, &gallery) == FID_SEALED);
    CHECK(fid_gallery_secret_kind(path, &kind, NULL) == FID_OK && kind == FID_SECRET_KEY_FILE);
    CHECK(fid_gallery_secret_kind(plain, &kind, NULL) == FID_OK && kind == FID_SECRET_NONE);
    REQUIRE(try_open(plain, NULL, FID_GALLERY_READ_ONLY, &before) == FID_OK);
    REQUIRE(try_open(path, secret, FID_GALLERY_READ_ONLY, &gallery) == FID_OK);
    CHECK(gallery->count == PEOPLE && same_people(before, gallery));
    fid_gallery_close(&gallery);
    fid_gallery_close(&before);
    fid_secret_close(&secret);
    fid_secret_close(&other);
    fid_secret_close(&phrase);
}

/* ---- damage ---- */

enum { BLOCK = 4096 };

static void cuts_are_found(void)
{
    const char *plain = check_temp_path(), *path = check_temp_path(), *hurt = check_temp_path();
    struct fid_secret *secret = secret_of(FID_SECRET_KEY_FILE, key);
    size_t cuts = 0;
    make_pair(plain, path, secret);
    struct file file = read_whole(path);
    REQUIRE(file.size > 3 * BLOCK && file.size % BLOCK == 0);
    for (size_t at = 0; at <= file.size; at += BLOCK)
        for (int more = -1; more <= 1; more++) {
            const size_t size = more < 0 && at == 0 ? 20 : at + (size_t)more;
            if (size >= file.size)
                continue;
            write_whole(hurt, file.bytes, size);
            if (size > 0) { /* else it is nobody's gallery yet */
                CHECK_THAT(is_found(hurt, secret), "cut to %zu bytes", size);
                cuts++;
            }
        }
    printf("%zu cuts, each found\n", cuts);
    free(file.bytes);
    fid_secret_close(&secret);
}

struct counts {
    int refused, found, same, older;
};

/* One try: a file, and perhaps its WAL, with one bit flipped in one of them. */
static void try_flip(const char *hurt, struct fid_secret *secret, const struct fid_gallery *now,
                     const struct fid_gallery *older, struct counts *counts)
{
    struct fid_gallery *gallery;
    if (try_open(hurt, secret, FID_GALLERY_READ_ONLY, &gallery) != FID_OK) {
        counts->refused++;
        return;
    }
    const bool same = same_people(gallery, now);
    fid_gallery_close(&gallery);
    if (!same) { /* of a WAL that ends where it was changed, what is before that counts */
        REQUIRE(older != NULL && try_open(hurt, secret, FID_GALLERY_READ_ONLY, &gallery) == FID_OK);
        if (same_people(gallery, older))
            counts->older++;
        else
            CHECK_THAT(is_found(hurt, secret), "people who never were");
        fid_gallery_close(&gallery);
    } else if (is_found(hurt, secret)) {
        counts->found++;
    } else {
        counts->same++;
    }
}

static int rounds(int usual)
{
    return check_soak() ? 10000 : usual;
}

static void flips_are_refused(void)
{
    const char *plain = check_temp_path(), *path = check_temp_path(), *hurt = check_temp_path();
    struct fid_secret *secret = secret_of(FID_SECRET_KEY_FILE, key);
    struct fid_gallery *now;
    struct counts counts = {0};
    make_pair(plain, path, secret);
    REQUIRE(try_open(path, secret, FID_GALLERY_READ_ONLY, &now) == FID_OK);
    struct file file = read_whole(path);
    const int count = rounds(2000);
    for (int i = 0; i < count && !check_failed(); i++) {
        const uint32_t bit = check_random_below((uint32_t)(8 * file.size));
        file.bytes[bit / 8] ^= (unsigned char)(1 << bit % 8);
        write_whole(hurt, file.bytes, file.size);
        file.bytes[bit / 8] ^= (unsigned char)(1 << bit % 8);
        try_flip(hurt, secret, now, NULL, &counts);
        CHECK_THAT(!check_failed(), "bit %u of byte %u", (unsigned)bit % 8, (unsigned)bit / 8);
    }
    printf("%d flips: %d refused at opening, %d found by a check, %d where nothing is\n", count,
           counts.refused, counts.found, counts.same);
    CHECK(counts.refused + counts.found > 0 && counts.same > 0);
    fid_gallery_close(&now);
    free(file.bytes);
    fid_secret_close(&secret);
}

/* Files as a power cut leaves them: the newest changes in the WAL alone. */
static void flips_of_a_wal_are_refused(void)
{
    const char *plain = check_temp_path(), *path = check_temp_path(), *hurt = check_temp_path();
    struct fid_secret *secret = secret_of(FID_SECRET_KEY_FILE, key);
    struct fid_gallery *now, *older;
    struct counts counts = {0};
    make_pair(plain, path, secret);
    REQUIRE(try_open(path, secret, FID_GALLERY_READ_ONLY, &older) == FID_OK);
    REQUIRE(try_open(path, secret, 0, &now) == FID_OK);
    enroll(now, "the last one");
    struct file file = read_whole(path), wal = read_whole(beside(path, "-wal"));
    REQUIRE(wal.size > BLOCK);
    const int count = rounds(1000);
    for (int i = 0; i < count && !check_failed(); i++) {
        const uint32_t bit = check_random_below((uint32_t)(8 * wal.size));
        const size_t size = i % 10 == 9 ? bit / 8 : wal.size; /* a cut now and then */
        wal.bytes[bit / 8] ^= (unsigned char)(1 << bit % 8);
        write_whole(hurt, file.bytes, file.size);
        write_whole(beside(hurt, "-wal"), wal.bytes, size);
        wal.bytes[bit / 8] ^= (unsigned char)(1 << bit % 8);
        unlink(beside(hurt, "-shm"));
        try_flip(hurt, secret, now, older, &counts);
    }
    printf("%d flips and cuts of a WAL: %d refused, %d found, %d as before its last change, %d "
           "without effect\n",
           count, counts.refused, counts.found, counts.older, counts.same);
    CHECK(counts.older > 0);
    write_whole(hurt, file.bytes, file.size); /* and whole, it is the newest state */
    write_whole(beside(hurt, "-wal"), wal.bytes, wal.size);
    unlink(beside(hurt, "-shm"));
    counts = (struct counts){0};
    try_flip(hurt, secret, now, NULL, &counts);
    CHECK(counts.same == 1);
    fid_gallery_close(&now);
    fid_gallery_close(&older);
    free(file.bytes);
    free(wal.bytes);
    fid_secret_close(&secret);
}

/* ---- attacks on a closed file ---- */

static void run_sql(const char *path, const char *sql, const char *other)
{
    sqlite3 *db;
    char *message = NULL, attach[400];
    REQUIRE(sqlite3_open(path, &db) == SQLITE_OK);
    snprintf(attach, sizeof attach, "ATTACH '%s' AS other", other);
    CHECK(sqlite3_exec(db, attach, NULL, NULL, NULL) == SQLITE_OK);
    CHECK_THAT(sqlite3_exec(db, sql, NULL, NULL, &message) == SQLITE_OK, "%s: %s", sql, message);
    CHECK_THAT(sqlite3_total_changes(db) > 0, "%s: nothing is changed", sql);
    sqlite3_free(message);
    sqlite3_close(db);
}

#define OF(kind) "id >> 56 = " #kind
#define A(kind)  "(SELECT min(id) FROM record WHERE " OF(kind) ")"
#define B(kind)  "(SELECT max(id) FROM record WHERE " OF(kind) ")"
/* A byte in the middle of a body becomes another one. */
#define FLIPPED(kind)                                                              \
    "UPDATE record SET body = CAST(substr(body, 1, length(body) / 2) || CASE WHEN" \
    " substr(body, length(body) / 2 + 1, 1) = x'41' THEN x'42' ELSE x'41' END ||"  \
    " substr(body, length(body) / 2 + 2) AS BLOB) WHERE id = " A(kind)
#define SWAPPED(kind)                                                                              \
    "CREATE TEMP TABLE t AS SELECT id, body FROM record WHERE id IN (" A(kind) ", " B(             \
        kind) ");"                                                                                 \
              "UPDATE record SET body = (SELECT body FROM t WHERE t.id <> record.id) WHERE id IN " \
              "(SELECT id FROM t)"

/* other: the same gallery before its last changes. */
static const struct attack {
    const char *what, *sql;
} attacks[] = {
    {"flip: a face", FLIPPED(2)},
    {"flip: a name", FLIPPED(1)},
    {"flip: a template", FLIPPED(9)},
    {"flip: a consent", FLIPPED(3)},
    {"flip: the manifest", "UPDATE root SET manifest = CAST(substr(manifest, 1, 99) || x'4142' ||"
                           " substr(manifest, 102) AS BLOB)"},
    {"swap: two faces", SWAPPED(2)},
    {"swap: two templates", SWAPPED(9)},
    {"swap: two names", SWAPPED(1)},
    {"swap: a face goes to another person",
     "UPDATE record SET person = (SELECT person FROM record WHERE id = " B(2) ") WHERE id = " A(2)},
    {"delete: a face", "DELETE FROM record WHERE id = " A(2)},
    {"delete: a consent", "DELETE FROM record WHERE id = " A(3)},
    {"delete: a template", "DELETE FROM record WHERE id = " A(9)},
    {"delete: a person, with all rows",
     "DELETE FROM record WHERE person = (SELECT person FROM record WHERE id = " A(1) ")"},
    {"insert: a face twice",
     "INSERT INTO record SELECT id + 1, person, generation, NULL, body FROM record WHERE id = " A(
         2)},
    {"insert: who was forgotten",
     "INSERT INTO record SELECT * FROM other.record WHERE id NOT IN (SELECT id FROM main.record) "
     "AND"
     " person NOT IN (SELECT person FROM main.record) AND id >> 56 BETWEEN 1 AND 9"},
    {"roll back: a person's row",
     "UPDATE record SET (generation, who, body) = (SELECT generation, who, body FROM other.record o"
     " WHERE o.id = record.id) WHERE " OF(
         1) " AND generation <> (SELECT generation FROM other.record"
            " o WHERE o.id = record.id)"},
    {"roll back: the root alone",
     "UPDATE root SET (generation, manifest, flags) = (SELECT generation,"
     " manifest, flags FROM other.root)"},
};

/* How it is found: at opening, by a check, or not at all. */
static const char *how_found(const char *path, struct fid_secret *secret)
{
    struct fid_gallery *gallery = NULL;
    const bool opens = try_open(path, secret, FID_GALLERY_READ_ONLY, &gallery) == FID_OK;
    fid_gallery_close(&gallery);
    return !opens ? "at opening" : is_found(path, secret) ? "by check" : "NOT FOUND";
}

/* Leaves at older the gallery as it was before somebody was forgotten and somebody renamed. */
static void make_two_states(const char *path, const char *older, struct fid_secret *secret)
{
    struct fid_gallery *gallery;
    struct fid_error error = {0};
    struct file file = read_whole(path);
    write_whole(older, file.bytes, file.size);
    free(file.bytes);
    REQUIRE(try_open(path, secret, 0, &gallery) == FID_OK);
    CHECK_THAT(fid_gallery_forget(gallery, "Person Number 4", NULL, &error) == FID_OK, "%s",
               error.text);
    CHECK(fid_gallery_rename(gallery, "Person Number 1", "Somebody New", NULL) == FID_OK);
    fid_gallery_close(&gallery);
}

static void attacks_are_found(void)
{
    const char *path[2] = {check_temp_path(), check_temp_path()}, *hurt = check_temp_path();
    const char *older[2] = {check_temp_path(), check_temp_path()};
    struct fid_secret *secret = secret_of(FID_SECRET_KEY_FILE, key);
    const char *how[2];
    make_pair(path[0], path[1], secret);
    for (size_t i = 0; i < 2; i++)
        make_two_states(path[i], older[i], i == 1 ? secret : NULL);
    printf("%-40s %-12s %s\n", "attack on a closed file", "plain", "sealed");
    for (size_t k = 0; k < sizeof attacks / sizeof *attacks; k++) {
        for (size_t i = 0; i < 2; i++) {
            struct file file = read_whole(path[i]);
            write_whole(hurt, file.bytes, file.size);
            free(file.bytes);
            run_sql(hurt, attacks[k].sql, older[i]);
            how[i] = how_found(hurt, i == 1 ? secret : NULL);
            CHECK_THAT(strcmp(how[i], "NOT FOUND") != 0, "%s, %s", attacks[k].what,
                       i == 1 ? "sealed" : "plain");
        }
        printf("%-40s %-12s %s\n", attacks[k].what, how[0], how[1]);
    }
    fid_secret_close(&secret);
}

/* An older state of the whole file is one that was once right: who runs meanwhile remembers. */
static void an_older_file_is_found_by_who_runs(void)
{
    const char *plain = check_temp_path(), *path = check_temp_path(), *older = check_temp_path();
    struct fid_secret *secret = secret_of(FID_SECRET_KEY_FILE, key);
    struct fid_gallery *running;
    struct fid_error error = {0};
    make_pair(plain, path, secret);
    make_two_states(path, older, secret);
    REQUIRE(try_open(path, secret, FID_GALLERY_READ_ONLY, &running) == FID_OK);
    CHECK(rename(older, path) == 0 && strcmp(how_found(path, secret), "NOT FOUND") == 0);
    CHECK_THAT(fid_gallery_refresh(running, NULL, &error) == FID_CORRUPT &&
                   running->count == PEOPLE - 1,
               "%s", error.text);
    printf("%-40s %-12s %s\n", "roll back: the whole file", "-", "by who runs");
    fid_gallery_close(&running);
    fid_secret_close(&secret);
}

CHECK_MAIN(CHECK_CASE(only_the_secret_opens), CHECK_CASE(cuts_are_found),
           CHECK_CASE(flips_are_refused), CHECK_CASE(flips_of_a_wal_are_refused),
           CHECK_CASE(attacks_are_found), CHECK_CASE(an_older_file_is_found_by_who_runs))

#else

static void sealed_galleries(void)
{
    check_skip("built without libsodium");
}

CHECK_MAIN(CHECK_CASE(sealed_galleries))

#endif
