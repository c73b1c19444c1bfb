/* Damage and its traces: a flipped bit is found or harmless, what it does not hit can be saved, and
 * nothing is left of whoever is forgotten. make soak flips 10,000 bits.
 */
#include "engine/face/keeping/keeping.h"
#include "engine/face/keeping/trace.h"
#include "tests/check/check.h"
#include "tests/whole_file.h"

#include <limits.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { SIZE = 24, PEOPLE = 6, FACES = 4 };

static const struct fid_gallery_model model = {"0123456789abcdef0123456789abcdef", "model", SIZE};

static struct fid_gallery *open_gallery(const char *path, unsigned flags)
{
    struct fid_gallery *gallery;
    fid_gallery_open_for(path, &model, NULL, flags, &gallery, NULL);
    return gallery;
}

static void enroll(struct fid_gallery *gallery, const char *name)
{
    float vectors[FACES][SIZE];
    struct fid_sample samples[FACES];
    const struct fid_terms terms = {"agreed in words that nobody else has", "2999-01-01"};
    struct fid_error error = {0};
    for (size_t i = 0; i < FACES; i++) {
        for (size_t p = 0; p < SIZE; p++)
            vectors[i][p] = check_random_float(0.5f, 3);
        samples[i] = (struct fid_sample){.embedding = vectors[i], .source = "made up"};
    }
    CHECK_THAT(fid_gallery_enroll(gallery, name, samples, FACES, false, &terms, NULL, &error) ==
                   FID_OK,
               "%s", error.text);
}

static void fill_gallery(const char *path)
{
    struct fid_gallery *gallery = open_gallery(path, FID_GALLERY_CREATE);
    char name[] = "person 0";
    REQUIRE(gallery != NULL);
    for (int i = 0; i < PEOPLE; i++) {
        name[7] = (char)('0' + i);
        enroll(gallery, name);
    }
    fid_gallery_close(&gallery);
}

/* FILLS numbers with the faces of the i-th person; returns how many. */
static size_t faces_of(struct fid_gallery *gallery, size_t i, float numbers[][SIZE], size_t most)
{
    struct fid_kept kept = {.with_numbers = true};
    CHECK(fid_ledger_begin(gallery->ledger, false, NULL) == FID_OK &&
          fid_kept_read(gallery->ledger, FID_PERSON_ROW(gallery->people[i].info.id), &kept, NULL) ==
              FID_OK);
    fid_ledger_rollback(gallery->ledger);
    const size_t count = kept.count;
    for (size_t k = 0; k < count && k < most; k++)
        memcpy(numbers[k], kept.samples[k].numbers, SIZE * sizeof(float));
    fid_kept_free(&kept);
    return count;
}

/* Are these the very people, by name and vectors? */
static size_t same_people(const struct fid_gallery *a, const struct fid_gallery *b)
{
    size_t same = 0;
    for (size_t i = 0; i < a->count; i++)
        for (size_t j = 0; j < b->count; j++) {
            const struct fid_gallery_person *x = &a->people[i], *y = &b->people[j];
            same +=
                strcmp(x->info.name, y->info.name) == 0 &&
                strcmp(x->info.expires, y->info.expires) == 0 &&
                x->info.prototype_count == y->info.prototype_count &&
                memcmp(x->vectors, y->vectors, x->info.prototype_count * SIZE * sizeof(float)) == 0;
        }
    return same;
}

static void count_tale(void *ctx, const char *sentence)
{
    CHECK(sentence[0] != '\0');
    ++*(size_t *)ctx;
}

static void a_whole_gallery_is_whole(void)
{
    const char *path = check_temp_path();
    size_t told = 0, faults = 1;
    struct fid_error error = {0};
    fill_gallery(path);
    CHECK_THAT(fid_gallery_check(path, NULL, count_tale, &told, &faults, &error) == FID_OK, "%s",
               error.text);
    CHECK(faults == 0 && told == 0);
    CHECK(fid_gallery_check("/none/x.db", NULL, count_tale, &told, &faults, &error) ==
          FID_NOT_FOUND);
}

/* What a check finds in order is in order: every person with every number. */
static void flips_are_found_or_harmless(void)
{
    const int rounds = check_soak() ? 10000 : 400;
    const char *path = check_temp_path(), *hurt = check_temp_path();
    int found = 0, harmless = 0;
    fill_gallery(path);
    struct file file = read_whole(path);
    struct fid_gallery *before = open_gallery(path, FID_GALLERY_READ_ONLY);
    REQUIRE(before != NULL && file.size > 0);
    for (int round = 0; round < rounds && !check_failed(); round++) {
        struct fid_error error = {0};
        size_t told = 0, faults = 0;
        uint32_t bit = check_random_below((uint32_t)(8 * file.size));
        bool cut = round % 10 == 9; /* a truncation now and then */
        file.bytes[bit / 8] ^= (unsigned char)(1 << bit % 8);
        write_whole(hurt, file.bytes, cut ? bit / 8 : file.size);
        file.bytes[bit / 8] ^= (unsigned char)(1 << bit % 8);
        enum fid_status status = fid_gallery_check(hurt, NULL, count_tale, &told, &faults, &error);
        if (status != FID_OK || faults > 0) {
            found++;
            CHECK(faults == 0 || told >= faults);
        } else {
            struct fid_gallery *after = open_gallery(hurt, FID_GALLERY_READ_ONLY);
            CHECK_THAT(after != NULL && same_people(before, after) == PEOPLE,
                       "bit %u is not found, and changes people", (unsigned)bit);
            fid_gallery_close(&after);
            harmless++;
        }
    }
    printf("%d flips and cuts: %d found, %d harmless\n", rounds, found, harmless);
    CHECK(found > 0 && harmless > 0);
    fid_gallery_close(&before);
    free(file.bytes);
}

/* Damage of one block of the disk loses at most what lies on it. */
static void salvages_what_is_undamaged(void)
{
    const char *path = check_temp_path(), *hurt = check_temp_path();
    const size_t block = 4096;
    size_t saved_most = 0, saved_least = PEOPLE, none = 0;
    fill_gallery(path);
    struct file file = read_whole(path);
    struct fid_gallery *before = open_gallery(path, FID_GALLERY_READ_ONLY);
    REQUIRE(before != NULL && file.size % block == 0);
    for (size_t at = 0; at < file.size; at += block) {
        char target[300];
        size_t told = 0, people = 0;
        struct fid_error error = {0};
        unsigned char *damaged = malloc(file.size);
        memcpy(damaged, file.bytes, file.size);
        memset(damaged + at, 0x5A, block);
        write_whole(hurt, damaged, file.size);
        free(damaged);
        snprintf(target, sizeof target, "%s.%zu", hurt, at / block);
        if (fid_gallery_salvage(hurt, NULL, NULL, target, count_tale, &told, &people, &error) !=
            FID_OK) {
            none++;
            continue;
        }
        struct fid_gallery *after = open_gallery(target, FID_GALLERY_READ_ONLY);
        CHECK(after != NULL);
        if (after == NULL)
            continue;
        CHECK_THAT(after->count == people, "block %zu", at / block);
        CHECK_THAT(people == PEOPLE || told > 0, "block %zu: %zu people, and nothing said",
                   at / block, people);
        size_t same = same_people(before, after);
        saved_most = same > saved_most ? same : saved_most;
        saved_least = same < saved_least ? same : saved_least;
        fid_gallery_close(&after);
    }
    CHECK_THAT(saved_most == PEOPLE && saved_least < PEOPLE && none <= 1,
               "at most %zu people, at least %zu, %zu times none", saved_most, saved_least, none);
    fid_gallery_close(&before);
    free(file.bytes);
}

/* One flipped number: that face is lost, and the others of the person and
 * everybody else are kept. */
static void salvages_around_a_flip(void)
{
    const char *path = check_temp_path(), *target = check_temp_path();
    struct fid_error error = {0};
    size_t told = 0, people = 0, faults = 0, at = 0;
    fill_gallery(path);
    struct fid_gallery *gallery = open_gallery(path, FID_GALLERY_READ_ONLY);
    REQUIRE(gallery != NULL);
    float sample[FACES][SIZE];
    CHECK(faces_of(gallery, 2, sample, FACES) == FACES);
    fid_gallery_close(&gallery);
    struct file file = read_whole(path);
    unsigned char *found = memmem(file.bytes, file.size, sample[1], sizeof sample[1]);
    REQUIRE(found != NULL);
    at = (size_t)(found - file.bytes);
    file.bytes[at + 5] ^= 4;
    write_whole(path, file.bytes, file.size);
    free(file.bytes);
    CHECK(fid_gallery_check(path, NULL, count_tale, &told, &faults, &error) == FID_OK &&
          faults == 1);
    CHECK_THAT(fid_gallery_salvage(path, NULL, NULL, target, count_tale, &told, &people, &error) ==
                   FID_OK,
               "%s", error.text);
    CHECK(people == PEOPLE);
    CHECK(fid_gallery_salvage(path, NULL, NULL, target, count_tale, &told, &people, &error) ==
          FID_EXISTS);
    gallery = open_gallery(target, FID_GALLERY_READ_ONLY);
    REQUIRE(gallery != NULL && gallery->count == PEOPLE);
    for (size_t i = 0; i < PEOPLE; i++)
        CHECK_THAT(gallery->people[i].info.sample_count == (i == 2 ? FACES - 1 : FACES), "%zu", i);
    fid_gallery_close(&gallery);
}

/* ---- copies and traces ---- */

static bool file_has(const char *path, const void *bytes, size_t size)
{
    struct file file = read_whole(path);
    bool has = file.bytes != NULL && memmem(file.bytes, file.size, bytes, size) != NULL;
    free(file.bytes);
    return has;
}

/* A person who was merged, renamed and copied: afterwards no file has 32 bytes of any of it. */
static void forgets_in_copies_and_history(void)
{
    const char *path = check_temp_path(), *copy = check_temp_path(), *gone = check_temp_path();
    float sample[2 * FACES][SIZE];
    struct fid_error error = {0};
    struct fid_forgotten forgotten;
    size_t count = 0;
    struct fid_gallery *gallery = open_gallery(path, FID_GALLERY_CREATE);
    REQUIRE(gallery != NULL);
    enroll(gallery, "anna the first");
    enroll(gallery, "ana");
    enroll(gallery, "bob");
    CHECK_THAT(fid_gallery_backup(gallery, copy, false, &error) == FID_OK, "%s", error.text);
    CHECK(fid_gallery_backup(gallery, copy, false, &error) == FID_EXISTS);
    CHECK(fid_gallery_backup(gallery, gone, false, &error) == FID_OK && unlink(gone) == 0);
    CHECK(fid_gallery_merge(gallery, "anna the first", "ana", &error) == FID_OK);
    count = faces_of(gallery, 0, sample, 2 * FACES);
    CHECK(count == 2 * FACES && file_has(copy, sample[0], 32));
    CHECK_THAT(fid_gallery_forget(gallery, "ana", &forgotten, &error) == FID_OK, "%s", error.text);
    CHECK(forgotten.proven && forgotten.backups == 1 && forgotten.files == 4 &&
          forgotten.absent == 1);
    CHECK(forgotten.bytes_sought > 2 * FACES * SIZE * sizeof(float));
    for (size_t i = 0; i < count; i++)
        for (size_t p = 0; p + 8 <= SIZE; p++) {
            CHECK(!file_has(path, sample[i] + p, 32));
            CHECK(!file_has(copy, sample[i] + p, 32));
        }
    CHECK(!file_has(path, "anna the first", 14) && !file_has(copy, "anna the first", 14));
    fid_gallery_close(&gallery);
    gallery = open_gallery(copy, FID_GALLERY_READ_ONLY);
    CHECK(gallery != NULL && gallery->count == 1);
    fid_gallery_close(&gallery);
}

/* Of two copies one was elsewhere when the person was forgotten. */
static void forgets_wherever_it_was_copied(void)
{
    const char *path = check_temp_path(), *copy = check_temp_path(), *second = check_temp_path();
    const char *elsewhere = check_temp_path(), *name = "anastasia";
    struct fid_error error = {0};
    struct fid_forgotten told;
    struct fid_gallery *gallery = open_gallery(path, FID_GALLERY_CREATE);
    REQUIRE(gallery != NULL);
    enroll(gallery, name);
    enroll(gallery, "bob");
    CHECK_THAT(fid_gallery_backup(gallery, copy, false, &error) == FID_OK, "%s", error.text);
    CHECK_THAT(fid_gallery_backup(gallery, second, false, &error) == FID_OK, "%s", error.text);
    CHECK(rename(second, elsewhere) == 0 && file_has(elsewhere, name, strlen(name)));
    CHECK_THAT(fid_gallery_forget(gallery, name, &told, &error) == FID_OK, "%s", error.text);
    CHECK_THAT(told.backups == 1 && told.absent == 1, "%zu %zu", told.backups, told.absent);
    CHECK(!file_has(copy, name, strlen(name)));
    CHECK(fid_gallery_forget(gallery, name, &told, &error) == FID_NOT_FOUND);
    CHECK(rename(elsewhere, second) == 0); /* back again: she is known there alone */
    CHECK_THAT(fid_gallery_forget(gallery, name, &told, &error) == FID_OK, "%s", error.text);
    CHECK(told.backups == 1 && told.absent == 0 && told.bytes_sought > FACES * SIZE * 4);
    CHECK(!file_has(second, name, strlen(name)));
    fid_gallery_close(&gallery);
}

/* Enrolls name with the faces of `of` besides. */
static void enroll_as(struct fid_gallery *gallery, const char *name, const char *of)
{
    float vectors[FACES][SIZE];
    struct fid_sample samples[FACES];
    struct fid_error error = {0};
    size_t i = 0;
    while (i < gallery->count && strcmp(gallery->people[i].info.name, of) != 0)
        i++;
    REQUIRE(i < gallery->count);
    const size_t count = faces_of(gallery, i, vectors, FACES);
    for (size_t k = 0; k < count; k++)
        samples[k] = (struct fid_sample){.embedding = vectors[k], .source = "made up"};
    CHECK_THAT(fid_gallery_enroll(gallery, name, samples, count, true, NULL, NULL, &error) ==
                   FID_OK,
               "%s", error.text);
}

/* "ana bob": these two are in the gallery, and nobody else. */
static bool has_just(const char *path, const char *names)
{
    struct fid_gallery *gallery = open_gallery(path, FID_GALLERY_READ_ONLY);
    char found[200] = "";
    for (size_t i = 0; gallery != NULL && i < gallery->count; i++)
        snprintf(found + strlen(found), sizeof found - strlen(found), "%s%s", i == 0 ? "" : " ",
                 gallery->people[i].info.name);
    fid_gallery_close(&gallery);
    return strcmp(found, names) == 0;
}

/* Whoever stays in the gallery stays in its copies: with the same faces, or under the same name
 * then.
 */
static void forgets_nobody_else_in_copies(void)
{
    const char *path = check_temp_path(), *first = check_temp_path(), *second = check_temp_path();
    struct fid_error error = {0};
    struct fid_gallery *gallery = open_gallery(path, FID_GALLERY_CREATE);
    REQUIRE(gallery != NULL);
    enroll(gallery, "anastasia");
    enroll(gallery, "radomir");
    CHECK(fid_gallery_backup(gallery, first, false, &error) == FID_OK);
    enroll_as(gallery, "twin", "anastasia");
    CHECK_THAT(fid_gallery_forget(gallery, "twin", NULL, &error) == FID_OK, "%s", error.text);
    CHECK(has_just(path, "anastasia radomir") && has_just(first, "anastasia radomir"));
    enroll_as(gallery, "twin", "anastasia");
    CHECK(fid_gallery_backup(gallery, second, false, &error) == FID_OK);
    CHECK_THAT(fid_gallery_forget(gallery, "twin", NULL, &error) == FID_OK, "%s", error.text);
    CHECK(has_just(second, "anastasia radomir"));

    CHECK(fid_gallery_rename(gallery, "anastasia", "empress", &error) == FID_OK);
    CHECK(fid_gallery_rename(gallery, "radomir", "anastasia", &error) == FID_OK);
    CHECK_THAT(fid_gallery_forget(gallery, "anastasia", NULL, &error) == FID_OK, "%s", error.text);
    CHECK(has_just(path, "empress") && has_just(first, "anastasia") &&
          has_just(second, "anastasia"));
    CHECK(fid_gallery_forget(gallery, "anastasia", NULL, &error) == FID_NOT_FOUND);

    fid_gallery_close(&gallery);
}

static bool count_stranger(void *ctx, const float *embedding, const char *source)
{
    (void)embedding, (void)source;
    ++*(size_t *)ctx;
    return true;
}

static size_t strangers_of(const char *path)
{
    struct fid_gallery *gallery = open_gallery(path, FID_GALLERY_READ_ONLY);
    size_t count = 0;
    CHECK(gallery != NULL &&
          fid_gallery_strangers(gallery, count_stranger, &count, NULL) == FID_OK);
    fid_gallery_close(&gallery);
    return count;
}

/* Strangers of a calibration who have a face of the person, which one of the files knows as hers.
 */
static void forgets_strangers_who_are_the_person(void)
{
    const char *path = check_temp_path(), *copy = check_temp_path();
    const struct fid_calibration calibration = {.accept = 0.5f, .fpir = 0.01};
    float vectors[3][SIZE], his[FACES][SIZE];
    struct fid_sample strangers[3];
    struct fid_error error = {0};
    struct fid_forgotten told;
    struct fid_gallery *gallery = open_gallery(path, FID_GALLERY_CREATE);
    REQUIRE(gallery != NULL);
    enroll(gallery, "ana");
    enroll(gallery, "bob");
    CHECK(faces_of(gallery, 0, vectors, 2) == FACES && faces_of(gallery, 1, his, FACES) == FACES);
    memcpy(vectors[2], his[0], sizeof his[0]);
    for (size_t i = 0; i < 3; i++)
        strangers[i] = (struct fid_sample){.embedding = vectors[i], .source = "a cohort"};
    CHECK_THAT(fid_gallery_calibrate(gallery, &calibration, strangers, 3, &error) == FID_OK, "%s",
               error.text);
    CHECK(fid_gallery_backup(gallery, copy, false, &error) == FID_OK);
    CHECK_THAT(fid_gallery_forget(gallery, "ana", &told, &error) == FID_OK, "%s", error.text);
    CHECK(told.proven && told.backups == 1);
    fid_gallery_close(&gallery);
    CHECK(strangers_of(path) == 1 && strangers_of(copy) == 1);
    CHECK(!file_has(path, vectors[0], 32) && !file_has(copy, vectors[1], 32));
    CHECK(file_has(path, his[0], 32) && file_has(copy, his[0], 32));
}

/* The copies come first, and the sentence says what has not happened. */
static void a_damaged_copy_is_told(void)
{
    const char *path = check_temp_path(), *copy = check_temp_path();
    struct fid_error error = {0};
    struct fid_gallery *gallery = open_gallery(path, FID_GALLERY_CREATE);
    REQUIRE(gallery != NULL);
    enroll(gallery, "ana");
    CHECK(fid_gallery_backup(gallery, copy, false, &error) == FID_OK);
    write_whole(copy, (const unsigned char *)"no gallery any more", 19);
    CHECK(fid_gallery_forget(gallery, "ana", NULL, &error) == FID_CORRUPT);
    CHECK_THAT(strstr(error.text, "'ana' is not forgotten yet") != NULL &&
                   strstr(error.text, copy) != NULL && strstr(error.text, "restore") == NULL,
               "%s", error.text);
    CHECK(gallery->count == 1 && unlink(copy) == 0);
    CHECK(fid_gallery_forget(gallery, "ana", NULL, &error) == FID_OK && gallery->count == 0);
    fid_gallery_close(&gallery);
}

static void run_sql(const char *path, const char *sql)
{
    sqlite3 *db;
    REQUIRE(sqlite3_open(path, &db) == SQLITE_OK);
    sqlite3_db_config(db, SQLITE_DBCONFIG_DEFENSIVE, 0, NULL);
    CHECK_THAT(sqlite3_exec(db, sql, NULL, NULL, NULL) == SQLITE_OK, "%s: %s", sql,
               sqlite3_errmsg(db));
    sqlite3_close(db);
}

/* With a copy that would run what is foreign nobody is forgotten, and it is not restored; what is
 * whole in it is saved. Each is named. */
static void a_hostile_copy_is_refused_by_name(void)
{
    static const char *const hostile[][2] = {
        {"CREATE TRIGGER keep BEFORE DELETE ON record BEGIN SELECT RAISE(IGNORE); END", "'keep'"},
        {"CREATE TRIGGER more AFTER DELETE ON record BEGIN INSERT INTO record VALUES(9, 9, 9, NULL,"
         " old.body); END",
         "'more'"},
        {"CREATE VIEW people AS SELECT * FROM record", "'people'"},
        {"CREATE TABLE kept AS SELECT body FROM record", "'kept'"},
        {"CREATE INDEX bodies ON record(hex(body))", "'bodies'"},
        {"ANALYZE", "'sqlite_stat1'"},
        {"PRAGMA writable_schema=ON; UPDATE sqlite_schema SET sql = replace(sql, ' STRICT', '')"
         " WHERE name = 'record'",
         "'record'"},
    };
    const char *path = check_temp_path(), *copy = check_temp_path(), *target = check_temp_path();
    struct fid_error error = {0};
    struct fid_restored restored;
    struct fid_gallery *gallery = open_gallery(path, FID_GALLERY_CREATE);
    REQUIRE(gallery != NULL);
    enroll(gallery, "ana");
    enroll(gallery, "bob");
    CHECK(fid_gallery_backup(gallery, copy, false, &error) == FID_OK);
    const struct file good = read_whole(copy);
    for (size_t i = 0; i < sizeof hostile / sizeof *hostile; i++) {
        size_t told = 0, people = 0;
        write_whole(copy, good.bytes, good.size);
        run_sql(copy, hostile[i][0]);
        CHECK_THAT(fid_gallery_forget(gallery, "ana", NULL, &error) == FID_CORRUPT &&
                       strstr(error.text, hostile[i][1]) != NULL && gallery->count == 2,
                   "%s: %s", hostile[i][0], error.text);
        CHECK_THAT(fid_gallery_restore(path, NULL, copy, &restored, &error) == FID_CORRUPT &&
                       strstr(error.text, hostile[i][1]) != NULL && has_just(path, "ana bob"),
                   "%s: %s", hostile[i][0], error.text);
        unlink(target);
        CHECK_THAT(fid_gallery_salvage(copy, NULL, NULL, target, count_tale, &told, &people,
                                       &error) == FID_OK &&
                       has_just(target, "ana bob"),
                   "%s: %s", hostile[i][0], error.text);
    }
    free(good.bytes);
    fid_gallery_close(&gallery);
}

/* What a killed backup or protect leaves is beside the copy, or the gallery, under another name. */
static void forgets_what_a_killed_process_left(void)
{
    const char *path = check_temp_path(), *copy = check_temp_path();
    static const char *const endings[] = {".faceid-part", ".faceid-part-journal",
                                          ".faceid-part-wal", ".faceid-part-shm"};
    char left[2][4][PATH_MAX];
    struct fid_error error = {0};
    struct fid_gallery *gallery = open_gallery(path, FID_GALLERY_CREATE);
    REQUIRE(gallery != NULL);
    enroll(gallery, "ana");
    enroll(gallery, "bob");
    CHECK_THAT(fid_gallery_backup(gallery, copy, false, &error) == FID_OK, "%s", error.text);
    struct file file = read_whole(copy);
    for (size_t i = 0; i < 2; i++)
        for (size_t e = 0; e < 4; e++) {
            snprintf(left[i][e], PATH_MAX, "%s%s", i == 0 ? path : copy, endings[e]);
            write_whole(left[i][e], file.bytes, file.size);
        }
    free(file.bytes);
    CHECK_THAT(fid_gallery_forget(gallery, "ana", NULL, &error) == FID_OK, "%s", error.text);
    for (size_t i = 0; i < 2; i++)
        for (size_t e = 0; e < 4; e++)
            CHECK_THAT(access(left[i][e], F_OK) != 0, "%s is there", left[i][e]);
    /* One that cannot be removed (a folder has its name) stops the forgetting before it begins. */
    CHECK(mkdir(left[1][0], 0700) == 0);
    CHECK(fid_gallery_forget(gallery, "bob", NULL, &error) == FID_IO &&
          strstr(error.text, left[1][0]) != NULL && gallery->count == 1);
    rmdir(left[1][0]);
    fid_gallery_close(&gallery);
}

/* ---- looking for bytes ---- */

static void zeros_tell_nothing(void)
{
    struct fid_trace trace = {0};
    float telling[16], zeros[16] = {0};
    for (int i = 0; i < 16; i++)
        telling[i] = check_random_float(1, 2);
    REQUIRE(fid_trace_add(&trace, zeros, sizeof zeros));
    REQUIRE(fid_trace_add(&trace, telling, sizeof telling));
    REQUIRE(fid_trace_prepare(&trace));
    CHECK(trace.count == 2);
    fid_trace_free(&trace);
}

/* Of any 64 bytes 32 stand at a piece's place, and nothing else is found. */
static void finds_a_piece_anywhere(void)
{
    enum { BYTES = 3 << 20, SECRET = 1000 };
    static unsigned char haystack[BYTES];
    unsigned char secret[SECRET];
    struct fid_trace trace = {0};
    size_t at = 0, piece;
    for (size_t i = 0; i < BYTES; i++)
        haystack[i] = (unsigned char)check_random_below(256);
    for (size_t i = 0; i < SECRET; i++)
        secret[i] = (unsigned char)check_random_below(256);
    REQUIRE(fid_trace_add(&trace, "short", 5) && fid_trace_add(&trace, secret, SECRET));
    REQUIRE(fid_trace_prepare(&trace));
    CHECK(!fid_trace_find(&trace, haystack, BYTES, &at, &piece));
    for (int round = 0; round < 40; round++) {
        unsigned char before[64];
        const size_t place = check_random_below(BYTES - 64), from = check_random_below(SECRET - 64);
        memcpy(before, haystack + place, 64);
        memcpy(haystack + place, secret + from, 64);
        at = 0;
        CHECK_THAT(
            fid_trace_find(&trace, haystack, BYTES, &at, &piece) && at + FID_TRACE_BYTES > place &&
                at < place + 64 &&
                memcmp(haystack + at, trace.pieces + FID_TRACE_BYTES * piece, FID_TRACE_BYTES) == 0,
            "64 bytes from %zu at %zu are not found", from, place);
        memcpy(haystack + place, before, 64);
    }
    fid_trace_free(&trace);
}

/* What lies behind a spared piece is found, and what was added twice is out altogether. */
static void goes_on_behind_what_is_spared(void)
{
    enum { PIECE = FID_TRACE_BYTES, PIECES = 3, BYTES = 4 * PIECES * PIECE };
    unsigned char secret[PIECES * PIECE], haystack[BYTES] = {0};
    struct fid_trace trace = {0};
    size_t at = 0, piece;
    for (size_t i = 0; i < sizeof secret; i++)
        secret[i] = (unsigned char)(1 + check_random_below(255));
    REQUIRE(fid_trace_add(&trace, secret, sizeof secret) && fid_trace_add(&trace, secret, PIECE) &&
            fid_trace_prepare(&trace));
    for (size_t i = 0; i < 2; i++)
        memcpy(haystack + 1 + i * sizeof secret, secret, sizeof secret);
    for (size_t i = 0; i < PIECES; i++) {
        CHECK(fid_trace_find(&trace, haystack, BYTES, &at, &piece));
        CHECK_THAT(at == 1 + i * PIECE, "piece %zu at %zu", i, at);
        fid_trace_spare(&trace, piece);
    }
    CHECK(!fid_trace_find(&trace, haystack, BYTES, &at, &piece));
    CHECK(fid_trace_spared(&trace) == PIECES * PIECE);
    fid_trace_spare_none(&trace);
    at = 0;
    CHECK(fid_trace_find(&trace, haystack, BYTES, &at, &piece) && at == 1);
    CHECK(fid_trace_spared(&trace) == PIECES * PIECE); /* once */
    fid_trace_free(&trace);
}

CHECK_MAIN(CHECK_CASE(goes_on_behind_what_is_spared), CHECK_CASE(a_whole_gallery_is_whole),
           CHECK_CASE(flips_are_found_or_harmless), CHECK_CASE(salvages_what_is_undamaged),
           CHECK_CASE(salvages_around_a_flip), CHECK_CASE(forgets_in_copies_and_history),
           CHECK_CASE(forgets_what_a_killed_process_left),
           CHECK_CASE(forgets_wherever_it_was_copied), CHECK_CASE(forgets_nobody_else_in_copies),
           CHECK_CASE(forgets_strangers_who_are_the_person), CHECK_CASE(a_damaged_copy_is_told),
           CHECK_CASE(a_hostile_copy_is_refused_by_name), CHECK_CASE(zeros_tell_nothing),
           CHECK_CASE(finds_a_piece_anywhere))
