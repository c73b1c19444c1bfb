/* The gallery on disk and in memory, with vectors made up here: what is kept, who is refused, what
 * is left after a fault. */
#include "engine/base/clock.h"
#include "engine/face/gallery/gallery.h"
#include "engine/face/gallery/prototypes.h"
#include "tests/gallery_fixture.h"

#include <math.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { SIZE = 24 };

static const struct fid_gallery_model model_a = {"0123456789abcdef0123456789abcdef", "model a",
                                                 SIZE};
static const struct fid_gallery_model model_b = {"ffffffffffffffffffffffffffffffff", "model b",
                                                 SIZE};
static const struct fid_gallery_model no_model;

static void fill(float *vector, float low, float high)
{
    for (size_t i = 0; i < SIZE; i++)
        vector[i] = check_random_float(low, high);
}

static enum fid_status enroll_vector(struct fid_gallery *gallery, const char *name,
                                     const float *vector, bool replace)
{
    struct fid_sample sample = {.embedding = vector, .source = "made up"};
    struct fid_error error = {0};
    enum fid_status status =
        fid_gallery_enroll(gallery, name, &sample, 1, replace, NULL, NULL, &error);
    CHECK_THAT(status == FID_OK || error.text[0] != '\0', "no sentence for status %d", status);
    return status;
}

static void enroll_random(struct fid_gallery *gallery, const char *name)
{
    float vector[SIZE];
    fill(vector, -3, 3);
    CHECK(enroll_vector(gallery, name, vector, false) == FID_OK);
}

/* Runs SQL on the file behind the gallery's back. */
static void tamper(const char *path, const char *sql)
{
    sqlite3 *db;
    char *message = NULL;
    CHECK(sqlite3_open(path, &db) == SQLITE_OK);
    int code = sqlite3_exec(db, sql, NULL, NULL, &message);
    CHECK_THAT(code == SQLITE_OK, "%s: %s", sql, message);
    sqlite3_free(message);
    sqlite3_close(db);
}

/* ---- what is kept ---- */

static void keeps_people(void)
{
    const char *path = fresh_path();
    struct fid_gallery *gallery = open_gallery(path, &model_a, FID_GALLERY_CREATE);
    REQUIRE(gallery != NULL);
    enroll_random(gallery, "Zoé");
    enroll_random(gallery, "ana");
    enroll_random(gallery, "ANA");
    float before[SIZE];
    memcpy(before, gallery->people[0].raw_mean, sizeof before);
    fid_gallery_close(&gallery);
    gallery = open_gallery(path, &model_a, 0);
    REQUIRE(gallery != NULL && fid_gallery_count(gallery) == 2);
    struct fid_person person;
    fid_gallery_person(gallery, 0, &person);
    CHECK_THAT(strcmp(person.name, "ana") == 0, "first is %s", person.name);
    CHECK_THAT(person.sample_count == 2, "%zu samples", person.sample_count);
    CHECK_THAT(person.prototype_count == 3, "%zu prototypes", person.prototype_count);
    CHECK(strlen(person.created) == 20 && person.created[19] == 'Z');
    CHECK(memcmp(before, gallery->people[0].raw_mean, sizeof before) == 0);
    fid_gallery_close(&gallery);
}

/* The mean is the mean of the normalized samples; the raw mean that of the raw ones. */
static void means(void)
{
    float samples[3][SIZE], unit[3][SIZE];
    struct fid_sample list[3];
    struct fid_error error = {0};
    struct fid_gallery *gallery = open_gallery(fresh_path(), &model_a, FID_GALLERY_CREATE);
    REQUIRE(gallery != NULL);
    for (int i = 0; i < 3; i++) {
        fill(samples[i], 1.0f, 10.0f * (float)(i + 1)); /* lengths that differ */
        memcpy(unit[i], samples[i], sizeof unit[i]);
        CHECK(fid_normalise(unit[i], SIZE));
        list[i] = (struct fid_sample){.embedding = samples[i], .source = "x"};
    }
    CHECK(fid_gallery_enroll(gallery, "ana", list, 3, false, NULL, NULL, &error) == FID_OK);
    REQUIRE(fid_gallery_count(gallery) == 1);
    double norm = 0;
    for (int p = 0; p < SIZE; p++)
        norm += pow(((double)unit[0][p] + unit[1][p] + unit[2][p]) / 3, 2);
    for (int p = 0; p < SIZE; p++) {
        double raw = ((double)samples[0][p] + samples[1][p] + samples[2][p]) / 3;
        double mean = ((double)unit[0][p] + unit[1][p] + unit[2][p]) / 3 / sqrt(norm);
        /* one rounding for the raw mean; two more, of numbers below 1, for the other */
        CHECK(fabs(gallery->people[0].raw_mean[p] - raw) <= 0x1p-24 * fabs(raw));
        CHECK(fabs(gallery->people[0].vectors[p] - mean) <= 0x1p-22);
    }
    fid_gallery_close(&gallery);
}

static void prototypes_find_the_looks(void)
{
    enum { COUNT = 120 };
    static float samples[COUNT][SIZE], prototypes[FID_PROTOTYPES_MAX][SIZE];
    unsigned char group[COUNT];
    for (int i = 0; i < COUNT; i++) { /* two looks, and one frame of somebody else */
        fill(samples[i], -0.01f, 0.01f);
        samples[i][i == 7 ? 20 : i % 2] += 1;
        CHECK(fid_normalise(samples[i], SIZE));
    }
    size_t count = fid_choose_prototypes(&samples[0][0], COUNT, SIZE, group, &prototypes[0][0]);
    CHECK_THAT(count >= 2 && count <= FID_PROTOTYPES_MAX, "%zu prototypes", count);
    bool first = false, second = false;
    for (size_t i = 0; i < count; i++) {
        first = first || prototypes[i][0] > 0.9f;
        second = second || prototypes[i][1] > 0.9f;
        CHECK_THAT(prototypes[i][20] < 0.9f, "prototype %zu is the single stranger", i);
    }
    CHECK(first && second);
    CHECK(fid_choose_prototypes(&samples[0][0], 1, SIZE, group, &prototypes[0][0]) == 0);
    memcpy(samples[1], samples[0], sizeof samples[0]); /* twice the same picture: one look */
    CHECK(fid_choose_prototypes(&samples[0][0], 2, SIZE, group, &prototypes[0][0]) == 0);
}

static void adds_and_replaces(void)
{
    float one[SIZE] = {1}, two[SIZE] = {0, 1};
    struct fid_person person;
    struct fid_gallery *gallery = open_gallery(fresh_path(), &model_a, FID_GALLERY_CREATE);
    REQUIRE(gallery != NULL);
    CHECK(enroll_vector(gallery, "ana", one, false) == FID_OK);
    CHECK(enroll_vector(gallery, "ana", two, false) == FID_OK);
    fid_gallery_person(gallery, 0, &person);
    CHECK(person.sample_count == 2 && fid_gallery_count(gallery) == 1);
    CHECK(enroll_vector(gallery, "ana", two, true) == FID_OK);
    fid_gallery_person(gallery, 0, &person);
    CHECK(person.sample_count == 1 && fid_gallery_count(gallery) == 1);
    CHECK(gallery->people[0].vectors[0] == 0 && gallery->people[0].vectors[1] == 1);
    fid_gallery_close(&gallery);
}

static void renames_and_forgets(void)
{
    struct fid_error error;
    struct fid_person person;
    const char *path = fresh_path();
    struct fid_gallery *gallery = open_gallery(path, &model_a, FID_GALLERY_CREATE);
    REQUIRE(gallery != NULL);
    enroll_random(gallery, "ana");
    enroll_random(gallery, "bob");
    CHECK(fid_gallery_rename(gallery, "ana", "BOB", &error) == FID_EXISTS);
    CHECK(fid_gallery_rename(gallery, "eva", "zoe", &error) == FID_NOT_FOUND);
    CHECK(fid_gallery_rename(gallery, "ana", "a/b", &error) == FID_INVALID);
    CHECK(fid_gallery_rename(gallery, "ana", "Ana", &error) == FID_OK);
    CHECK(fid_gallery_rename(gallery, "ANA", "zoe", &error) == FID_OK);
    fid_gallery_person(gallery, 1, &person);
    CHECK(strcmp(person.name, "zoe") == 0);
    CHECK(fid_gallery_forget(gallery, "ana", NULL, &error) == FID_NOT_FOUND);
    CHECK(fid_gallery_forget(gallery, "Zoe", NULL, &error) == FID_OK);
    CHECK(fid_gallery_count(gallery) == 1);
    fid_gallery_close(&gallery);
    gallery = open_gallery(path, &model_a, FID_GALLERY_READ_ONLY);
    REQUIRE(gallery != NULL);
    fid_gallery_person(gallery, 0, &person);
    CHECK(fid_gallery_count(gallery) == 1 && strcmp(person.name, "bob") == 0);
    fid_gallery_close(&gallery);
}

static void one_name_in_two_spellings(void)
{
    struct fid_gallery *gallery = open_gallery(fresh_path(), &model_a, FID_GALLERY_CREATE);
    REQUIRE(gallery != NULL);
    enroll_random(gallery, "Zo\xC3\xA9");  /* é in one character */
    enroll_random(gallery, "zoe\xCC\x81"); /* e and an accent, small z */
    enroll_random(gallery, "STRASSE");
    enroll_random(gallery, "stra\xC3\x9F"
                           "e"); /* ß folds to ss */
    CHECK_THAT(fid_gallery_count(gallery) == 2, "%zu people", fid_gallery_count(gallery));
    fid_gallery_close(&gallery);
}

/* ---- who is refused ---- */

static void refuses_bad_vectors(void)
{
    float zero[SIZE] = {0}, broken[SIZE] = {1, NAN};
    struct fid_error error;
    struct fid_gallery *gallery = open_gallery(fresh_path(), &model_a, FID_GALLERY_CREATE);
    REQUIRE(gallery != NULL);
    CHECK(enroll_vector(gallery, "ana", zero, false) == FID_INVALID);
    CHECK(enroll_vector(gallery, "ana", broken, false) == FID_INVALID);
    CHECK(fid_gallery_enroll(gallery, "ana", NULL, 0, false, NULL, NULL, &error) == FID_INVALID);
    float one[SIZE] = {1}, opposite[SIZE] = {-1};
    struct fid_sample both[] = {{.embedding = one, .source = "a"},
                                {.embedding = opposite, .source = "b"}};
    CHECK(fid_gallery_enroll(gallery, "ana", both, 2, false, NULL, NULL, &error) == FID_QUALITY);
    CHECK(fid_gallery_count(gallery) == 0); /* and the transaction left nothing */
    enroll_random(gallery, "bob");
    CHECK(fid_gallery_count(gallery) == 1);
    fid_gallery_close(&gallery);
}

/* What an import would refuse is refused before it gets in; else an export could not be read. */
static void refuses_what_is_no_crop(void)
{
    float one[SIZE] = {1};
    struct fid_error error = {0};
    struct fid_picture picture = {0};
    struct fid_bytes crop = {0};
    const struct fid_face face = {.box = {8, 8, 16, 16}};
    size_t people = 0;
    char file[300];
    struct fid_gallery *gallery = open_gallery(fresh_path(), &model_a, FID_GALLERY_CREATE);
    REQUIRE(gallery != NULL);
    REQUIRE(fid_picture_resize(&picture, 32, 32, &error) == FID_OK);
    memset(picture.pixels, 99, picture.stride_bytes * 32);
    REQUIRE(fid_face_crop_encode(&picture, &face, &crop, &error) == FID_OK);
    struct fid_sample sample = {.embedding = one, .source = "a", .crop = "garbage", .crop_size = 7};
    CHECK(fid_gallery_enroll(gallery, "ana", &sample, 1, false, NULL, NULL, &error) == FID_INVALID);
    CHECK_THAT(strstr(error.text, "crop") != NULL, "%s", error.text);
    sample.crop = crop.data;
    sample.crop_size = 0;
    CHECK(fid_gallery_enroll(gallery, "ana", &sample, 1, false, NULL, NULL, &error) == FID_INVALID);
    CHECK(fid_gallery_count(gallery) == 0);
    sample.crop_size = crop.size;
    CHECK(fid_gallery_enroll(gallery, "ana", &sample, 1, false, NULL, NULL, &error) == FID_OK);
    sample.source = NULL;
    CHECK(fid_gallery_enroll(gallery, "bo", &sample, 1, false, NULL, NULL, &error) == FID_INVALID);
    snprintf(file, sizeof file, "%s/crops.people", check_temp_folder());
    CHECK(fid_gallery_export(gallery, file, true, NULL, 0, &people, &error) == FID_OK);
    CHECK_THAT(fid_people_check(file, &people, &error) == FID_OK && people == 1, "%s", error.text);
    fid_gallery_close(&gallery);
    fid_picture_free(&picture);
    fid_bytes_free(&crop);
}

static void refuses_another_model(void)
{
    const char *path = fresh_path();
    struct fid_error error = {0};
    struct fid_gallery *gallery = open_gallery(path, &model_a, FID_GALLERY_CREATE);
    REQUIRE(gallery != NULL);
    struct fid_gallery *other = open_gallery(path, &model_b, 0); /* still empty: nobody's */
    REQUIRE(other != NULL);
    enroll_random(gallery, "ana");
    CHECK(open_status(path, &model_b, 0, &error) == FID_MISMATCH);
    CHECK(strstr(error.text, "model a") != NULL && strstr(error.text, "model b") != NULL);
    float vector[SIZE] = {1};
    CHECK(enroll_vector(other, "bob", vector, false) == FID_MISMATCH);
    CHECK(fid_gallery_refresh(other, NULL, &error) == FID_MISMATCH);
    fid_gallery_close(&other);
    CHECK(open_status(path, &no_model, FID_GALLERY_READ_ONLY, &error) == FID_OK);
    CHECK(fid_gallery_forget(gallery, "ana", NULL, &error) == FID_OK);
    fid_gallery_close(&gallery);
    gallery = open_gallery(path, &model_b, 0); /* empty again: takes the next model */
    REQUIRE(gallery != NULL);
    enroll_random(gallery, "bob");
    fid_gallery_close(&gallery);
    CHECK(open_status(path, &model_a, 0, &error) == FID_MISMATCH);
}

static void refuses_newer_and_foreign_files(void)
{
    const char *path = fresh_path();
    struct fid_error error = {0};
    struct fid_gallery *gallery = open_gallery(path, &model_a, FID_GALLERY_CREATE);
    fid_gallery_close(&gallery);
    tamper(path, "PRAGMA user_version=7");
    CHECK(open_status(path, &model_a, 0, &error) == FID_UNSUPPORTED);
    CHECK_THAT(strstr(error.text, "newer") != NULL, "%s", error.text);
    tamper(path, "PRAGMA user_version=6; PRAGMA application_id=77");
    CHECK(open_status(path, &model_a, 0, &error) == FID_INVALID);
    FILE *file = fopen(path, "wb");
    REQUIRE(file != NULL);
    for (int i = 0; i < 5000; i++)
        fputs("not a database at all\n", file);
    fclose(file);
    CHECK(open_status(path, &model_a, FID_GALLERY_CREATE, &error) == FID_CORRUPT);
    CHECK_THAT(strstr(error.text, path) != NULL, "%s", error.text);
}

static void names_the_damaged_person(void)
{
#define OF_BOB          "person = (SELECT person FROM record WHERE who = x'626f62')"
#define TEMPLATE_OF_BOB " WHERE id >> 56 = 9 AND " OF_BOB
    static const char *const damage[] = {
        "UPDATE record SET body = zeroblob(length(body))" TEMPLATE_OF_BOB,
        "UPDATE record SET body = substr(body, 1, 20)" TEMPLATE_OF_BOB,
        "UPDATE record SET body = CAST(substr(body, 1, 300) || zeroblob(length(body) - 300) AS"
        " BLOB)" TEMPLATE_OF_BOB,
        "UPDATE record SET generation = generation + 1" TEMPLATE_OF_BOB,
        "DELETE FROM record" TEMPLATE_OF_BOB,
        ("UPDATE record SET body = (SELECT body FROM record other WHERE other.id >> 56 = 9 AND"
         " other.id <> record.id)" TEMPLATE_OF_BOB),
    };
    for (size_t i = 0; i < sizeof damage / sizeof damage[0]; i++) {
        const char *path = fresh_path();
        struct fid_error error = {0};
        struct fid_gallery *gallery = open_gallery(path, &model_a, FID_GALLERY_CREATE);
        REQUIRE(gallery != NULL);
        enroll_random(gallery, "ana");
        enroll_random(gallery, "bob");
        fid_gallery_close(&gallery);
        tamper(path, damage[i]);
        CHECK_THAT(open_status(path, &model_a, 0, &error) == FID_CORRUPT, "case %zu", i);
        CHECK_THAT(strstr(error.text, "'bob'") != NULL, "case %zu: %s", i, error.text);
        CHECK_THAT(open_status(path, &no_model, 0, &error) == FID_CORRUPT, "case %zu", i);
    }
}

static void survives_any_flip(void)
{
    const char *path = fresh_path();
    struct fid_gallery *gallery = open_gallery(path, &model_a, FID_GALLERY_CREATE);
    REQUIRE(gallery != NULL);
    for (int i = 0; i < 5; i++) {
        char name[] = "person 0";
        name[7] = (char)('0' + i);
        enroll_random(gallery, name);
    }
    fid_gallery_close(&gallery);
    static unsigned char bytes[1 << 18];
    FILE *file = fopen(path, "r+b");
    REQUIRE(file != NULL);
    size_t size = fread(bytes, 1, sizeof bytes, file);
    for (int round = 0; round < 300; round++) {
        long at = (long)check_random_below((uint32_t)size);
        int flipped = bytes[at] ^ (1 << check_random_below(8));
        fseek(file, at, SEEK_SET);
        fputc(flipped, file);
        fflush(file);
        struct fid_error error = {0};
        open_status(path, &model_a, FID_GALLERY_READ_ONLY, &error); /* any answer but a crash */
        fseek(file, at, SEEK_SET);
        fputc(bytes[at], file);
        fflush(file);
    }
    fclose(file);
    struct fid_error error;
    CHECK(open_status(path, &model_a, 0, &error) == FID_OK);
}

/* ---- the file ---- */

static unsigned mode_of(const char *path)
{
    struct stat info;
    return stat(path, &info) == 0 ? (unsigned)info.st_mode & 0777u : 0;
}

static void private_whatever_the_umask(void)
{
    char path[300], other[320];
    snprintf(path, sizeof path, "%s/deep/er/g.db", check_temp_folder());
    mode_t before = umask(0);
    struct fid_gallery *gallery = open_gallery(path, &model_a, FID_GALLERY_CREATE);
    REQUIRE(gallery != NULL);
    enroll_random(gallery, "ana");
    umask(before);
    CHECK_THAT(mode_of(path) == 0600, "%o", mode_of(path));
    snprintf(other, sizeof other, "%s-wal", path);
    CHECK_THAT(mode_of(other) == 0600, "wal %o", mode_of(other));
    snprintf(other, sizeof other, "%s-shm", path);
    CHECK_THAT(mode_of(other) == 0600, "shm %o", mode_of(other));
    snprintf(other, sizeof other, "%s/deep", check_temp_folder());
    CHECK_THAT(mode_of(other) == 0700, "folder %o", mode_of(other));
    fid_gallery_close(&gallery);
    chmod(path, 0640);
    enum fid_secret_kind kind;
    CHECK(fid_gallery_secret_kind(path, &kind, NULL) == FID_OK);
    gallery = open_gallery(path, &model_a, FID_GALLERY_READ_ONLY);
    CHECK_THAT(mode_of(path) == 0640, "changed by reading: %o", mode_of(path));
    fid_gallery_close(&gallery);
    chmod(path, 0644);
    struct fid_gallery *reader = open_gallery(path, &model_a, FID_GALLERY_READ_ONLY);
    gallery = open_gallery(path, &model_a, 0);
    snprintf(other, sizeof other, "%s-wal", path);
    CHECK_THAT(mode_of(other) == 0600, "the reader's wal: %o", mode_of(other));
    fid_gallery_close(&reader);
    CHECK_THAT(mode_of(path) == 0600, "not corrected: %o", mode_of(path));
    fid_gallery_close(&gallery);
}

static void refuses_links_and_folders(void)
{
    char path[300], link[320];
    struct fid_error error = {0};
    snprintf(path, sizeof path, "%s/target.db", check_temp_folder());
    snprintf(link, sizeof link, "%s/link.db", check_temp_folder());
    struct fid_gallery *gallery = open_gallery(path, &model_a, FID_GALLERY_CREATE);
    fid_gallery_close(&gallery);
    REQUIRE(symlink(path, link) == 0);
    CHECK(open_status(link, &model_a, FID_GALLERY_CREATE, &error) == FID_INVALID);
    CHECK_THAT(strstr(error.text, "symbolic link") != NULL, "%s", error.text);
    CHECK(open_status(check_temp_folder(), &model_a, FID_GALLERY_CREATE, &error) == FID_INVALID);
    snprintf(link, sizeof link, "%s/gallery.db", path); /* below a file */
    CHECK(open_status(link, &model_a, FID_GALLERY_CREATE, &error) == FID_IO);
    CHECK(open_status("/proc/none/gallery.db", &model_a, FID_GALLERY_CREATE, &error) == FID_IO);
}

static void missing_file(void)
{
    const char *path = fresh_path();
    struct fid_error error = {0};
    bool changed = true;
    CHECK(open_status(path, &model_a, 0, &error) == FID_NOT_FOUND);
    struct fid_gallery *gallery = open_gallery(path, &model_a, FID_GALLERY_READ_ONLY);
    REQUIRE(gallery != NULL);
    CHECK(fid_gallery_count(gallery) == 0 && access(path, F_OK) != 0);
    CHECK(fid_gallery_refresh(gallery, &changed, &error) == FID_OK && !changed);
    float vector[SIZE] = {1};
    CHECK(enroll_vector(gallery, "ana", vector, false) == FID_INVALID);
    struct fid_gallery *writer = open_gallery(path, &model_a, FID_GALLERY_CREATE);
    REQUIRE(writer != NULL);
    enroll_random(writer, "ana");
    CHECK(fid_gallery_refresh(gallery, &changed, &error) == FID_OK && changed);
    CHECK(fid_gallery_count(gallery) == 1);
    fid_gallery_close(&writer);
    fid_gallery_close(&gallery);
}

static bool take_trial(void *ctx, const char *source, const struct fid_label *label)
{
    (void)source, (void)label;
    ++*(size_t *)ctx;
    return true;
}

/* Whoever reads it names nobody any more; one that cannot be read is another matter. */
static void a_file_that_goes(void)
{
    char path[256];
    const struct fid_rule rule = {.kind = FID_RULE_COSINE, .accept = 0.5f};
    const struct fid_calibration limit = {.accept = 0.5f, .fpir = 0.1};
    struct fid_calibration found;
    struct fid_error error = {0};
    size_t count = 0, trials = 0;
    bool changed = false;
    snprintf(path, sizeof path, "%s", fresh_path());
    struct fid_gallery *writer = open_gallery(path, &model_a, FID_GALLERY_CREATE);
    REQUIRE(writer != NULL);
    enroll_random(writer, "ana");
    enroll_random(writer, "bob");
    CHECK(fid_gallery_calibrate(writer, &limit, NULL, 0, &error) == FID_OK);
    fid_gallery_close(&writer);
    struct fid_gallery *gallery = open_gallery(path, &model_a, FID_GALLERY_READ_ONLY);
    REQUIRE(gallery != NULL && unlink(path) == 0 && fid_gallery_count(gallery) == 2);
    CHECK(fid_gallery_refresh(gallery, &changed, &error) == FID_OK && changed);
    CHECK(fid_gallery_count(gallery) == 0 && !fid_gallery_calibration(gallery, &found));
    CHECK(fid_gallery_export(gallery, fresh_path(), false, NULL, 0, &count, &error) ==
          FID_NOT_FOUND);
    CHECK(fid_gallery_refresh(gallery, &changed, &error) == FID_OK && !changed);
    writer = open_gallery(path, &model_a, FID_GALLERY_CREATE);
    REQUIRE(writer != NULL);
    enroll_random(writer, "eva");
    CHECK(fid_gallery_refresh(gallery, &changed, &error) == FID_OK && changed);
    fid_gallery_close(&writer);
    FILE *file = unlink(path) == 0 ? fopen(path, "wb") : NULL;
    REQUIRE(file != NULL && fputs("no database", file) >= 0 && fclose(file) == 0);
    CHECK(fid_gallery_refresh(gallery, &changed, &error) == FID_CORRUPT && !changed);
    REQUIRE(fid_gallery_count(gallery) == 1);
    CHECK(fid_gallery_hold_out(gallery, &rule, 0, take_trial, &trials, &count, &error) == FID_IO);
    CHECK(trials == 0 && count == 0);
    fid_gallery_close(&gallery);
}

static bool file_has(const char *path, const void *bytes, size_t size)
{
    static char content[1 << 20];
    FILE *file = fopen(path, "rb");
    if (file == NULL)
        return false;
    size_t length = fread(content, 1, sizeof content, file);
    fclose(file);
    return memmem(content, length, bytes, size) != NULL;
}

/* After forget no eight numbers of the person's vectors and no letter of the name are in the files.
 */
static void forgets_every_byte(void)
{
    const char *path = fresh_path();
    char wal[300];
    struct fid_error error = {0};
    snprintf(wal, sizeof wal, "%s-wal", path);
    struct fid_gallery *gallery = open_gallery(path, &model_a, FID_GALLERY_CREATE);
    REQUIRE(gallery != NULL);
    float secret[40][SIZE];
    struct fid_sample samples[40];
    for (int i = 0; i < 40; i++) {
        fill(secret[i], -3, 3);
        samples[i] = (struct fid_sample){.embedding = secret[i], .source = "a secret place"};
    }
    enroll_random(gallery, "ana");
    CHECK(fid_gallery_enroll(gallery, "Rumpelstilzchen", samples, 40, false, NULL, NULL, &error) ==
          FID_OK);
    enroll_random(gallery, "zoe");
    CHECK(file_has(path, secret[3], 32) || file_has(wal, secret[3], 32)); /* the search works */
    CHECK(fid_gallery_forget(gallery, "rumpelstilzchen", NULL, &error) == FID_OK);
    for (int i = 0; i < 40; i++)
        for (size_t at = 0; at + 8 <= SIZE; at += 8)
            CHECK(!file_has(path, secret[i] + at, 32) && !file_has(wal, secret[i] + at, 32));
    CHECK(!file_has(path, "Rumpelstilzchen", 15) && !file_has(wal, "Rumpelstilzchen", 15));
    CHECK(!file_has(path, "a secret place", 14) && !file_has(wal, "a secret place", 14));
    CHECK(fid_gallery_count(gallery) == 2);
    fid_gallery_close(&gallery);
}

/* ---- others at the same time ---- */

static void two_handles(void)
{
    const char *path = fresh_path();
    struct fid_error error = {0};
    bool changed;
    struct fid_gallery *a = open_gallery(path, &model_a, FID_GALLERY_CREATE);
    struct fid_gallery *b = open_gallery(path, &model_a, FID_GALLERY_CREATE);
    REQUIRE(a != NULL && b != NULL);
    enroll_random(a, "ana");
    CHECK(fid_gallery_refresh(b, &changed, &error) == FID_OK && changed);
    CHECK(fid_gallery_count(b) == 1);
    enroll_random(b, "ana"); /* adds to what a wrote */
    enroll_random(b, "bob");
    CHECK(fid_gallery_refresh(a, &changed, &error) == FID_OK && changed);
    CHECK(fid_gallery_refresh(a, &changed, &error) == FID_OK && !changed);
    struct fid_person person;
    fid_gallery_person(a, 0, &person);
    CHECK(fid_gallery_count(a) == 2 && person.sample_count == 2);
    CHECK(fid_gallery_forget(a, "ana", NULL, &error) == FID_OK);
    CHECK(fid_gallery_refresh(b, &changed, &error) == FID_OK && fid_gallery_count(b) == 1);
    fid_gallery_close(&a);
    fid_gallery_close(&b);
}

static void busy_after_five_seconds(void)
{
    const char *path = fresh_path();
    struct fid_gallery *gallery = open_gallery(path, &model_a, FID_GALLERY_CREATE);
    REQUIRE(gallery != NULL);
    enroll_random(gallery, "ana");
    sqlite3 *db;
    REQUIRE(sqlite3_open(path, &db) == SQLITE_OK);
    CHECK(sqlite3_exec(db, "BEGIN IMMEDIATE", NULL, NULL, NULL) == SQLITE_OK);
    float vector[SIZE] = {1};
    CHECK(enroll_vector(gallery, "bob", vector, false) == FID_BUSY);
    sqlite3_close(db);
    CHECK(enroll_vector(gallery, "bob", vector, false) == FID_OK);
    fid_gallery_close(&gallery);
}

/* A process killed at random moments of its enrollments: everybody is there whole or not at all.
 * make soak kills 1,000. The moments lie within several times what
 * opening and enrolling take here: a slow or emulated machine comes as far as a fast one. */
static void killed_while_enrolling(void)
{
    const char *path = fresh_path();
    const uint64_t start_ns = fid_clock_ns();
    struct fid_gallery *gallery = open_gallery(path, &model_a, FID_GALLERY_CREATE);
    REQUIRE(gallery != NULL);
    enroll_random(gallery, "first");
    fid_gallery_close(&gallery);
    const uint32_t once_us = (uint32_t)((fid_clock_ns() - start_ns) / 1000);
    size_t most = 0;
    const int rounds = check_soak() ? 1000 : 30;
    for (int round = 0; round < rounds; round++) {
        pid_t child = fork();
        if (child == 0) {
            gallery = open_gallery(path, &model_a, 0);
            if (gallery == NULL)
                _exit(1);
            for (int i = 0;; i++) {
                char name[32];
                snprintf(name, sizeof name, "%d of %d", i, round);
                enroll_random(gallery, name);
            }
        }
        usleep(once_us / 2 + check_random_below(30000 + 4 * once_us));
        kill(child, SIGKILL);
        waitpid(child, NULL, 0);
        gallery = open_gallery(path, &model_a, 0); /* reads and checks every row */
        REQUIRE(gallery != NULL);
        CHECK(fid_gallery_count(gallery) >= most && fid_gallery_count(gallery) > 0);
        most = fid_gallery_count(gallery);
        for (size_t i = 0; i < most; i++)
            CHECK(gallery->people[i].info.sample_count == 1);
        fid_gallery_close(&gallery);
    }
    CHECK_THAT(most > 1, "no child came as far as one enrollment");
}

/* Everything works as in a file, and no file is made. */
static void lives_in_memory(void)
{
    const char *path = fresh_path();
    struct fid_gallery *gallery = open_gallery(path, &model_a, FID_GALLERY_MEMORY);
    struct fid_gallery *other = open_gallery(path, &model_a, FID_GALLERY_MEMORY);
    struct fid_error error = {0};
    struct fid_person person;
    enroll_random(gallery, "ana");
    enroll_random(gallery, "bo");
    enroll_random(gallery, "ana");
    CHECK(fid_gallery_rename(gallery, "bo", "cy", &error) == FID_OK);
    CHECK(fid_gallery_count(gallery) == 2 && fid_gallery_count(other) == 0);
    fid_gallery_person(gallery, 0, &person);
    CHECK(strcmp(person.name, "ana") == 0 && person.sample_count == 2);
    CHECK(fid_gallery_refresh(gallery, NULL, &error) == FID_OK && fid_gallery_count(gallery) == 2);
    CHECK(fid_gallery_backup(gallery, fresh_path(), false, &error) == FID_INVALID);
    CHECK(fid_gallery_forget(gallery, "ana", NULL, &error) == FID_OK &&
          fid_gallery_count(gallery) == 1);
    float vector[SIZE];
    fill(vector, -3, 3);
    CHECK(enroll_vector(gallery, "cy", vector, true) == FID_OK);
    CHECK(access(path, F_OK) != 0);
    fid_gallery_close(&gallery);
    fid_gallery_close(&other);
}

CHECK_MAIN(CHECK_CASE(keeps_people), CHECK_CASE(means), CHECK_CASE(prototypes_find_the_looks),
           CHECK_CASE(adds_and_replaces), CHECK_CASE(renames_and_forgets),
           CHECK_CASE(one_name_in_two_spellings), CHECK_CASE(refuses_bad_vectors),
           CHECK_CASE(refuses_what_is_no_crop), CHECK_CASE(refuses_another_model),
           CHECK_CASE(refuses_newer_and_foreign_files), CHECK_CASE(names_the_damaged_person),
           CHECK_CASE(survives_any_flip), CHECK_CASE(private_whatever_the_umask),
           CHECK_CASE(refuses_links_and_folders), CHECK_CASE(missing_file),
           CHECK_CASE(a_file_that_goes), CHECK_CASE(forgets_every_byte), CHECK_CASE(two_handles),
           CHECK_CASE(busy_after_five_seconds), CHECK_CASE(killed_while_enrolling),
           CHECK_CASE(lives_in_memory))
