/* seal_fixture.h - galleries plain and sealed for the tests of sealed galleries. Only where
 * libsodium is. */
#ifndef TESTS_SEAL_FIXTURE_H
#define TESTS_SEAL_FIXTURE_H

#include "engine/face/keeping/keeping.h"
#include "tests/check/check.h"
#include "tests/whole_file.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { SIZE = 64, PEOPLE = 5, FACES = 5, WINDOW = 64 };

static const struct fid_gallery_model model = {"0123456789abcdef0123456789abcdef", "model", SIZE};
static const struct fid_seal_cost cheap = {1, 8};
static const char key[] = "a key of more than thirty-two bytes, for tests";

/* ---- galleries ---- */

static inline struct fid_secret *secret_of(enum fid_secret_kind kind, const char *text)
{
    struct fid_secret *secret;
    struct fid_error error = {0};
    CHECK_THAT(fid_secret_open(kind, text, strlen(text), &secret, &error) == FID_OK, "%s",
               error.text);
    return secret;
}

static inline enum fid_status try_open(const char *path, struct fid_secret *secret, unsigned flags,
                                       struct fid_gallery **gallery)
{
    struct fid_error error = {0};
    enum fid_status status = fid_gallery_open_for(path, &model, secret, flags, gallery, &error);
    CHECK(status == FID_OK || (*gallery == NULL && error.text[0] != '\0'));
    return status;
}

static inline void enroll(struct fid_gallery *gallery, const char *name)
{
    float vectors[FACES][SIZE];
    struct fid_sample samples[FACES];
    const struct fid_terms terms = {"agreed in words that nobody else has", "2999-01-01"};
    struct fid_error error = {0};
    for (size_t i = 0; i < FACES; i++) {
        for (size_t p = 0; p < SIZE; p++)
            vectors[i][p] = check_random_float(0.5f, 3);
        samples[i] = (struct fid_sample){.embedding = vectors[i],
                                         .source = "a picture of a telling name.jpg"};
    }
    CHECK_THAT(fid_gallery_enroll(gallery, name, samples, FACES, false, &terms, NULL, &error) ==
                   FID_OK,
               "%s", error.text);
}

static inline void fill(struct fid_gallery *gallery)
{
    char name[] = "Person Number 0";
    for (int i = 0; i < PEOPLE; i++) {
        name[14] = (char)('0' + i);
        enroll(gallery, name);
    }
}

static inline void ignore(void *ctx, const char *sentence)
{
    (void)ctx, (void)sentence;
}

/* The same gallery plain and sealed. */
static inline void make_pair(const char *plain, const char *sealed, struct fid_secret *secret)
{
    struct fid_gallery *gallery;
    struct fid_error error = {0};
    REQUIRE(try_open(plain, NULL, FID_GALLERY_CREATE, &gallery) == FID_OK);
    fill(gallery);
    fid_gallery_close(&gallery);
    struct file file = read_whole(plain);
    write_whole(sealed, file.bytes, file.size);
    free(file.bytes);
    CHECK_THAT(fid_gallery_protect_at(sealed, NULL, secret, &cheap, ignore, NULL, &error) == FID_OK,
               "%s", error.text);
}

static inline bool same_people(const struct fid_gallery *a, const struct fid_gallery *b)
{
    bool same = a->count == b->count;
    for (size_t i = 0; same && i < a->count; i++) {
        const struct fid_gallery_person *x = &a->people[i], *y = &b->people[i];
        same = strcmp(x->info.name, y->info.name) == 0 &&
               strcmp(x->info.expires, y->info.expires) == 0 &&
               x->info.sample_count == y->info.sample_count &&
               x->info.prototype_count == y->info.prototype_count &&
               memcmp(x->vectors, y->vectors, x->info.prototype_count * SIZE * sizeof(float)) == 0;
    }
    return same;
}

/* ---- files ---- */

static inline const char *beside(const char *path, const char *end)
{
    static char name[300];
    snprintf(name, sizeof name, "%s%s", path, end);
    return name;
}

static inline bool is_found(const char *path, struct fid_secret *secret)
{
    size_t faults = 0;
    return fid_gallery_check(path, secret, ignore, NULL, &faults, NULL) != FID_OK || faults > 0;
}

#endif
