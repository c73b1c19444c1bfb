/* A gallery's own limit: how it is chosen, what is kept of it, who is refused; and what a face
 * would get that had not been enrolled. Vectors are made up here. */
#include "engine/face/gallery/gallery.h"
#include "tests/gallery_fixture.h"

#include <math.h>
#include <sqlite3.h>
#include <stdio.h>
#include <string.h>

enum { SIZE = 16, STRANGERS = 30 };

static const struct fid_gallery_model model_a = {"0123456789abcdef0123456789abcdef", "model a",
                                                 SIZE};
static const struct fid_gallery_model model_b = {"ffffffffffffffffffffffffffffffff", "model b",
                                                 SIZE};
static const struct fid_gallery_model no_model;

/* The unit vector of an axis, turned a little towards another one. */
static void look(float *vector, int axis, float turn, int towards)
{
    memset(vector, 0, SIZE * sizeof *vector);
    vector[axis] = 1;
    vector[towards] += turn;
}

static void enroll(struct fid_gallery *gallery, const char *name, const char *source, int axis,
                   float turn, int towards)
{
    float vector[SIZE];
    struct fid_sample sample = {.embedding = vector, .source = source};
    struct fid_error error = {0};
    look(vector, axis, turn, towards);
    CHECK_THAT(fid_gallery_enroll(gallery, name, &sample, 1, false, NULL, NULL, &error) == FID_OK,
               "%s", error.text);
}

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

/* ---- the limit ---- */

static bool limit_of(const float *scores, size_t count, double fpir, float *limit, size_t *named)
{
    bool mated[200] = {false};
    struct fid_curve curve;
    struct fid_error error;
    CHECK(fid_curve_make(scores, mated, count, &curve, &error) == FID_OK);
    bool possible = fid_limit_for(&curve, fpir, limit, named);
    fid_curve_free(&curve);
    return possible;
}

/* Of n + 1 strangers each in turn is the further one: just k times it reaches the limit that the
 * others give, so that k / (n + 1) is its chance for any others. */
static void keeps_what_it_promises(void)
{
    static const double wishes[] = {0.005, 0.01, 0.0199, 0.02, 0.1, 0.37, 0.5};
    enum { N = 100 };
    float scores[N + 1], others[N];
    for (int i = 0; i <= N; i++) /* a tail, and no two alike */
        scores[i] = powf(check_random_float(0, 1), 3) + (float)i * 1e-4f;
    for (size_t w = 0; w < sizeof wishes / sizeof wishes[0]; w++) {
        size_t reached = 0, named, most = (size_t)floor(wishes[w] * (N + 1) + 1e-9);
        for (int i = 0; i <= N; i++) {
            float limit;
            for (int j = 0; j < N; j++)
                others[j] = scores[j + (j >= i)];
            bool possible = limit_of(others, N, wishes[w], &limit, &named);
            CHECK(possible == (most > 0));
            if (!possible)
                continue;
            CHECK_THAT(named == most, "%zu of %d are named for %g", named, N, wishes[w]);
            size_t above = 0;
            for (int j = 0; j < N; j++)
                above += others[j] >= limit;
            CHECK(above == named);
            reached += scores[i] >= limit;
        }
        CHECK_THAT(reached == most, "%g: %zu of %d reach it", wishes[w], reached, N + 1);
        CHECK((double)reached <= wishes[w] * (N + 1));
    }
}

static void limit_of_ties_and_few(void)
{
    float limit;
    size_t named;
    const float same[] = {0.5f, 0.5f, 0.5f, 0.1f};
    CHECK(!limit_of(same, 4, 0.2, &limit, &named)); /* the best one alone is not to be had */
    CHECK(limit_of(same, 4, 0.6, &limit, &named) && named == 3 && limit == 0.5f);
    CHECK(!limit_of(same, 4, 0.19, &limit, &named)); /* one of four is one in five to come */
    CHECK(limit_of(same, 1, 0.5, &limit, &named) && named == 1 && limit == 0.5f);
    const float never[] = {-INFINITY, -INFINITY, 0.3f, -INFINITY};
    CHECK(limit_of(never, 4, 0.4, &limit, &named) && named == 1 && limit == -1);
}

/* ---- what is kept ---- */

static void fill_strangers(float vectors[STRANGERS][SIZE], struct fid_sample *samples)
{
    for (int i = 0; i < STRANGERS; i++) {
        for (int p = 0; p < SIZE; p++)
            vectors[i][p] = check_random_float(-3, 3);
        samples[i] = (struct fid_sample){.embedding = vectors[i],
                                         .source = i == 0 ? "a hidden place" : "x.jpg"};
    }
}

struct expected {
    float (*vectors)[SIZE];
    int count;
};

static bool expect_stranger(void *ctx, const float *embedding, const char *source)
{
    struct expected *expected = ctx;
    CHECK(memcmp(embedding, expected->vectors[expected->count], SIZE * sizeof(float)) == 0);
    CHECK(strcmp(source, expected->count == 0 ? "a hidden place" : "x.jpg") == 0);
    expected->count++;
    return true;
}

static const struct fid_calibration wanted = {
    .accept = 0.4375f, .fpir = 0.01, .people = 1, .strangers = STRANGERS, .named = 3};

static void calibrate(struct fid_gallery *gallery, float vectors[STRANGERS][SIZE])
{
    struct fid_sample samples[STRANGERS];
    struct fid_error error = {0};
    fill_strangers(vectors, samples);
    CHECK_THAT(fid_gallery_calibrate(gallery, &wanted, samples, STRANGERS, &error) == FID_OK, "%s",
               error.text);
}

static void check_calibrated(const struct fid_gallery *gallery)
{
    struct fid_calibration found;
    CHECK(fid_gallery_calibration(gallery, &found));
    CHECK(found.accept == wanted.accept && found.fpir == wanted.fpir &&
          found.people == wanted.people && found.strangers == wanted.strangers &&
          found.named == wanted.named);
    CHECK(strlen(found.created) == 20 && found.created[19] == 'Z');
}

static void keeps_a_calibration(void)
{
    const char *path = fresh_path();
    float vectors[STRANGERS][SIZE];
    struct fid_calibration found;
    struct fid_error error = {0};
    struct fid_gallery *gallery = open_gallery(path, &model_a, FID_GALLERY_CREATE);
    struct fid_gallery *reader;
    REQUIRE(gallery != NULL);
    enroll(gallery, "ana", "a.jpg", 0, 0, 1);
    reader = open_gallery(path, &model_a, FID_GALLERY_READ_ONLY);
    REQUIRE(reader != NULL);
    CHECK(!fid_gallery_calibration(gallery, &found) && !fid_gallery_calibration(reader, &found));
    calibrate(gallery, vectors);
    calibrate(gallery, vectors); /* the second takes the place of the first */
    check_calibrated(gallery);
    bool changed;
    CHECK(fid_gallery_refresh(reader, &changed, &error) == FID_OK && changed);
    check_calibrated(reader);
    struct expected expected = {vectors, 0};
    CHECK(fid_gallery_strangers(reader, expect_stranger, &expected, &error) == FID_OK);
    CHECK_THAT(expected.count == STRANGERS, "%d strangers", expected.count);
    CHECK(fid_gallery_calibrate(reader, &wanted, NULL, 0, &error) == FID_INVALID);
    enroll(gallery, "bob", "b.jpg", 1, 0, 2); /* who comes later changes nothing of it */
    check_calibrated(gallery);
    fid_gallery_close(&gallery);
    fid_gallery_close(&reader);
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

/* Strangers have not asked to be kept: nothing of them is left. */
static void takes_back_every_byte(void)
{
    const char *path = fresh_path();
    char wal[300], copy[300];
    float vectors[STRANGERS][SIZE];
    struct fid_calibration found;
    struct fid_error error = {0};
    bool was = false;
    struct fid_gallery *gallery = open_gallery(path, &model_a, FID_GALLERY_CREATE);
    REQUIRE(gallery != NULL);
    snprintf(wal, sizeof wal, "%s-wal", path);
    snprintf(copy, sizeof copy, "%s.copy", path);
    enroll(gallery, "ana", "a.jpg", 0, 0, 1);
    calibrate(gallery, vectors);
    CHECK(file_has(path, vectors[3], 32) || file_has(wal, vectors[3], 32)); /* the search works */
    CHECK_THAT(fid_gallery_backup(gallery, copy, false, &error) == FID_OK, "%s", error.text);
    CHECK(file_has(copy, vectors[3], 32));
    fid_gallery_close(&gallery);
    gallery = open_gallery(path, &no_model, 0);
    REQUIRE(gallery != NULL);
    CHECK(fid_gallery_uncalibrate(gallery, &was, &error) == FID_OK && was);
    CHECK(fid_gallery_uncalibrate(gallery, &was, &error) == FID_OK && !was);
    for (int i = 0; i < STRANGERS; i++)
        CHECK(!file_has(path, vectors[i], 32) && !file_has(wal, vectors[i], 32) &&
              !file_has(copy, vectors[i], 32));
    CHECK(!file_has(path, "a hidden place", 14) && !file_has(wal, "a hidden place", 14));
    fid_gallery_close(&gallery);
    gallery = open_gallery(path, &model_a, FID_GALLERY_READ_ONLY);
    REQUIRE(gallery != NULL);
    CHECK(!fid_gallery_calibration(gallery, &found) && fid_gallery_count(gallery) == 1);
    fid_gallery_close(&gallery);
}

/* Scores of two models have nothing in common, whether or not anyone is enrolled. */
static void refuses_another_model(void)
{
    const char *path = fresh_path();
    float vectors[STRANGERS][SIZE];
    struct fid_error error = {0};
    struct fid_gallery *gallery = open_gallery(path, &model_a, FID_GALLERY_CREATE);
    REQUIRE(gallery != NULL);
    enroll(gallery, "ana", "a.jpg", 0, 0, 1);
    calibrate(gallery, vectors);
    CHECK(open_status(path, &model_b, FID_GALLERY_READ_ONLY, &error) == FID_MISMATCH);
    CHECK_THAT(strstr(error.text, "enrolled") != NULL, "%s", error.text);
    CHECK(fid_gallery_forget(gallery, "ana", NULL, &error) == FID_OK);
    fid_gallery_close(&gallery);
    for (unsigned flags = 0; flags <= FID_GALLERY_READ_ONLY; flags += FID_GALLERY_READ_ONLY) {
        CHECK(open_status(path, &model_b, flags, &error) == FID_MISMATCH);
        CHECK_THAT(strstr(error.text, "calibrated for the model model a") != NULL, "%s",
                   error.text);
    }
    gallery = open_gallery(path, &no_model, 0);
    REQUIRE(gallery != NULL);
    CHECK(fid_gallery_calibrate(gallery, &wanted, NULL, 0, &error) == FID_INVALID);
    CHECK(fid_gallery_uncalibrate(gallery, NULL, &error) == FID_OK);
    fid_gallery_close(&gallery);
    CHECK(open_status(path, &model_b, 0, &error) == FID_OK);
}

static void finds_damage(void)
{
#define OF_CALIBRATION " WHERE id >> 56 = 7"
    static const char *const damage[] = {
        "UPDATE record SET body = zeroblob(length(body))" OF_CALIBRATION,
        "UPDATE record SET body = substr(body, 1, length(body) - 1)" OF_CALIBRATION,
        "UPDATE record SET body = (SELECT body FROM record WHERE id >> 56 = 1)" OF_CALIBRATION,
        "UPDATE record SET generation = 1" OF_CALIBRATION,
        "UPDATE record SET person = 7" OF_CALIBRATION,
        "DELETE FROM record" OF_CALIBRATION,
    };
    for (size_t i = 0; i < sizeof damage / sizeof damage[0]; i++) {
        const char *path = fresh_path();
        float vectors[STRANGERS][SIZE];
        struct fid_error error = {0};
        struct fid_gallery *gallery = open_gallery(path, &model_a, FID_GALLERY_CREATE);
        REQUIRE(gallery != NULL);
        enroll(gallery, "ana", "a.jpg", 0, 0, 1);
        calibrate(gallery, vectors);
        struct expected expected = {vectors, 0};
        tamper(path, "UPDATE record SET body = (SELECT body FROM record WHERE id >> 56 = 8 ORDER BY"
                     " id LIMIT 1) WHERE id = (SELECT max(id) FROM record WHERE id >> 56 = 8)");
        CHECK(fid_gallery_strangers(gallery, expect_stranger, &expected, &error) == FID_CORRUPT);
        CHECK(expected.count == 0);
        fid_gallery_close(&gallery);
        tamper(path, damage[i]);
        CHECK_THAT(open_status(path, &model_a, 0, &error) == FID_CORRUPT, "%s", damage[i]);
        CHECK_THAT(strstr(error.text, path) != NULL, "%s", error.text);
    }
}

/* ---- holding out ---- */

static const struct fid_rule any = {FID_RULE_COSINE, -1, -1, 0};

struct trials {
    int count;
    char source[8][40], nearest[8][FID_NAME_BYTES];
    float score[8];
};

static bool take_trial(void *ctx, const char *source, const struct fid_label *label)
{
    struct trials *trials = ctx;
    if (trials->count == 8)
        return false;
    snprintf(trials->source[trials->count], sizeof trials->source[0], "%s", source);
    memcpy(trials->nearest[trials->count], label->nearest, sizeof label->nearest);
    trials->score[trials->count++] = label->score;
    return true;
}

static struct trials hold_out(const struct fid_gallery *gallery, size_t i, size_t *files)
{
    struct trials trials = {0};
    struct fid_error error = {0};
    enum fid_status status =
        fid_gallery_hold_out(gallery, &any, i, take_trial, &trials, files, &error);
    CHECK_THAT(status == FID_OK, "%s", error.text);
    return trials;
}

/* Ana's third picture is of Bob: without it nothing of Ana is like it. */
static void holds_out_pictures(void)
{
    struct fid_gallery *gallery = open_gallery(fresh_path(), &model_a, FID_GALLERY_MEMORY);
    REQUIRE(gallery != NULL);
    size_t files;
    enroll(gallery, "ana", "1.jpg", 0, 0.5f, 1);
    enroll(gallery, "ana", "2.jpg", 0, 0.5f, 2);
    enroll(gallery, "ana", "3.jpg", 5, 0.1f, 6);
    enroll(gallery, "bob", "4.jpg", 5, 0, 6);
    struct trials trials = hold_out(gallery, 0, &files);
    CHECK(files == 3 && trials.count == 3);
    CHECK(strcmp(trials.source[0], "1.jpg") == 0 && strcmp(trials.nearest[0], "ana") == 0);
    /* 1.jpg · 2.jpg of the one left: both are (1, 0.5) with the half elsewhere */
    CHECK_THAT(fabsf(trials.score[0] - 1 / 1.25f) < 1e-5f, "score %g", (double)trials.score[0]);
    CHECK(strcmp(trials.source[2], "3.jpg") == 0 && strcmp(trials.nearest[2], "bob") == 0);
    CHECK(hold_out(gallery, 1, &files).count == 0 && files == 1);
    CHECK(fabsf(fid_gallery_alike(gallery, 0, 1) - 1 / sqrtf(1.01f)) < 1e-5f);
    CHECK(fid_gallery_alike(gallery, 0, 1) == fid_gallery_alike(gallery, 1, 0));
    fid_gallery_close(&gallery);
}

/* Frames of one clip, and faces of one sitting, leave together. */
static void holds_out_clips_whole(void)
{
    struct fid_gallery *gallery = open_gallery(fresh_path(), &model_a, FID_GALLERY_MEMORY);
    REQUIRE(gallery != NULL);
    size_t files;
    enroll(gallery, "ana", "a.mp4#9", 0, 0, 1);
    enroll(gallery, "ana", "a.mp4#12", 0, 0, 1);
    enroll(gallery, "ana", "live 2026-11-23T22:10:05Z frame 3", 2, 0, 1);
    enroll(gallery, "ana", "a.mp4#13", 0, 0, 1);
    enroll(gallery, "ana", "live 2026-11-23T22:10:05Z frame 14", 2, 0, 1);
    struct trials trials = hold_out(gallery, 0, &files);
    CHECK_THAT(files == 2 && trials.count == 5, "%zu files, %d trials", files, trials.count);
    for (int i = 0; i < trials.count; i++) /* by itself it would be 1 */
        CHECK_THAT(fabsf(trials.score[i]) < 1e-6f, "%s: %g", trials.source[i],
                   (double)trials.score[i]);
    fid_gallery_close(&gallery);
}

/* Of a single clip neighbors leave together: a fifth of them at a time. */
static void holds_out_blocks(void)
{
    struct fid_gallery *gallery = open_gallery(fresh_path(), &model_a, FID_GALLERY_MEMORY);
    REQUIRE(gallery != NULL);
    size_t files;
    for (int i = 0; i < 8; i++) {
        char source[32];
        snprintf(source, sizeof source, "a.mp4#%d", i);
        enroll(gallery, "ana", source, i / 2, 0, 15); /* a look in every two frames */
    }
    struct trials trials = hold_out(gallery, 0, &files);
    CHECK(files == 1 && trials.count == 8);
    int alone = 0;
    for (int i = 0; i < trials.count; i++)
        alone += fabsf(trials.score[i]) < 1e-6f;
    /* blocks of eight begin at 0, 2, 4, 5, 7: frames 0 to 3 leave with the only one like them */
    CHECK_THAT(alone == 4, "%d frames were without their neighbor", alone);
    struct trials few = {.count = 7};
    struct fid_error error = {0};
    CHECK(fid_gallery_hold_out(gallery, &any, 0, take_trial, &few, &files, &error) ==
          FID_NO_MEMORY);
    fid_gallery_close(&gallery);
}

CHECK_MAIN(CHECK_CASE(keeps_what_it_promises), CHECK_CASE(limit_of_ties_and_few),
           CHECK_CASE(keeps_a_calibration), CHECK_CASE(takes_back_every_byte),
           CHECK_CASE(refuses_another_model), CHECK_CASE(finds_damage),
           CHECK_CASE(holds_out_pictures), CHECK_CASE(holds_out_clips_whole),
           CHECK_CASE(holds_out_blocks))
