/* A large gallery is looked through by codes: the labels must have the very bits that they have
 * without, whatever the vectors, and few people may be left to look at in full. */
#include "engine/base/memory.h"
#include "engine/face/gallery/gallery.h"
#include "kernels/kernels.h"
#include "tests/check/check.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { PEOPLE = 700, PROTOTYPES = 2, SIZE = 512, LOOKUPS = 60 };

enum look { FACES, SPARSE, ALIKE, TIES, ONE_HOT, LOOKS };

static float random_one(enum look look)
{
    float number = check_random_float(-1, 1) + check_random_float(-1, 1);
    return look == SPARSE && check_random_below(8) != 0 ? 0 : number;
}

static void normalize(float *vector)
{
    double sum = 0;
    for (size_t p = 0; p < SIZE; p++)
        sum += (double)vector[p] * (double)vector[p];
    for (size_t p = 0; p < SIZE && sum > 0; p++)
        vector[p] = (float)(vector[p] / sqrt(sum));
}

/* ALIKE: all within a step of a code of each other; TIES: each vector stands three times. */
static void make_vector(float *vector, enum look look, size_t number, const float *common)
{
    for (size_t p = 0; p < SIZE; p++)
        vector[p] = look == ALIKE ? common[p] + 1e-4f * random_one(look) : random_one(look);
    if (look == ONE_HOT)
        for (size_t p = 0; p < SIZE; p++)
            vector[p] = p == number % SIZE;
    normalize(vector);
}

static struct fid_gallery *make_gallery(enum look look)
{
    static struct fid_gallery gallery;
    float common[SIZE];
    for (size_t p = 0; p < SIZE; p++)
        common[p] = random_one(FACES);
    gallery = (struct fid_gallery){.kernels = fid_kernels_best(),
                                   .model = {"0123456789abcdef0123456789abcdef", "x", SIZE},
                                   .count = PEOPLE};
    gallery.people = calloc(PEOPLE, sizeof *gallery.people);
    for (size_t i = 0; i < PEOPLE; i++) {
        struct fid_gallery_person *person = &gallery.people[i];
        person->info.id = (int64_t)i + 1;
        person->info.name[0] = (char)('a' + i % 26);
        person->info.prototype_count = PROTOTYPES;
        person->info.expired = check_random_below(20) == 0;
        person->vectors = calloc(PROTOTYPES * SIZE, sizeof(float));
        for (size_t k = 0; k < PROTOTYPES; k++)
            make_vector(person->vectors + k * SIZE, look, 2 * i + k, common);
        if (look == TIES && i % 3 != 0)
            memcpy(person->vectors, person[-1].vectors, PROTOTYPES * SIZE * sizeof(float));
    }
    fid_gallery_encode(&gallery);
    CHECK(gallery.codes.count > 0);
    return &gallery;
}

static void free_gallery(struct fid_gallery *gallery)
{
    for (size_t i = 0; i < PEOPLE; i++)
        free(gallery->people[i].vectors);
    free(gallery->people);
    fid_codes_free(&gallery->codes);
}

/* A face of somebody, of nobody, or between two; of any length. */
static void make_face(const struct fid_gallery *gallery, size_t round, float *face)
{
    static const float lengths[] = {1, 1e-8f, 1e8f, 30, 1e-20f, 1e25f};
    const float *a = gallery->people[check_random_below(PEOPLE)].vectors;
    const float *b = gallery->people[check_random_below(PEOPLE)].vectors;
    const float noise = check_random_float(0, round % 3 == 0 ? 0.01f : 0.2f);
    for (size_t p = 0; p < SIZE; p++) {
        face[p] = a[p] + noise * random_one(FACES);
        if (round % 4 == 1)
            face[p] += b[p];
        face[p] *= lengths[round % (sizeof lengths / sizeof lengths[0])];
    }
}

static void labels_have_the_same_bits(void)
{
    const struct fid_rule rule = {FID_RULE_COSINE, 0.6f, 0.5f, 0.02f};
    for (enum look look = 0; look < LOOKS; look++) {
        struct fid_gallery *gallery = make_gallery(look);
        struct fid_label with[LOOKUPS], without[LOOKUPS];
        static float faces[LOOKUPS][SIZE];
        size_t known = 0;
        for (size_t i = 0; i < LOOKUPS; i++) {
            make_face(gallery, i, faces[i]);
            fid_label_faces(gallery, &rule, faces[i], 1, &with[i]);
            known += with[i].known;
        }
        fid_codes_free(&gallery->codes); /* now everybody is compared in full */
        for (size_t i = 0; i < LOOKUPS; i++) {
            fid_label_faces(gallery, &rule, faces[i], 1, &without[i]);
            CHECK_THAT(memcmp(&with[i], &without[i], sizeof with[i]) == 0,
                       "look %d, face %zu: %s %.9g, in full %s %.9g", (int)look, i, with[i].nearest,
                       (double)with[i].score, without[i].nearest, (double)without[i].score);
        }
        CHECK_THAT(look != FACES || (known > 0 && known < LOOKUPS), "%zu known", known);
        free_gallery(gallery);
    }
}

/* The bound itself: whoever is left out is below two others by the exact products too. */
static void nobody_is_left_out_wrongly(void)
{
    struct fid_gallery *gallery = make_gallery(FACES);
    size_t listed_in_all = 0;
    for (size_t round = 0; round < LOOKUPS; round++) {
        float face[SIZE];
        double norm = 0, exact[PEOPLE], first = -2, second = -2;
        make_face(gallery, round, face);
        for (size_t p = 0; p < SIZE; p++)
            norm += (double)face[p] * (double)face[p];
        norm = sqrt(norm);
        struct fid_shortlist list;
        bool listed[PEOPLE] = {false};
        gallery->codes.without = round % 2 == 0 ? SIZE_MAX : round % PEOPLE;
        if (!fid_gallery_shortlist(gallery, face, norm, &list)) { /* too short a face for codes */
            CHECK(norm < 1e-9);
            continue;
        }
        for (size_t i = 0; i < list.count; i++) {
            CHECK(i == 0 || list.people[i] > list.people[i - 1]);
            listed[list.people[i]] = true;
        }
        CHECK(round % 2 == 0 || listed[round % PEOPLE]);
        fid_free(list.people);
        for (size_t i = 0; i < PEOPLE; i++) {
            exact[i] = -2;
            for (size_t k = 0; k < PROTOTYPES; k++) {
                double dot = 0;
                for (size_t p = 0; p < SIZE; p++)
                    dot += (double)face[p] * (double)gallery->people[i].vectors[k * SIZE + p];
                exact[i] = fmax(exact[i], dot / norm);
            }
            if (gallery->people[i].info.expired)
                continue;
            second = fmax(second, fmin(first, exact[i]));
            first = fmax(first, exact[i]);
        }
        for (size_t i = 0; i < PEOPLE; i++) {
            const bool out = !listed[i] && !gallery->people[i].info.expired;
            CHECK_THAT(!out || exact[i] < second, "round %zu: person %zu has %.9g, the second %.9g",
                       round, i, exact[i], second);
            listed_in_all += listed[i] ? 1 : 0;
        }
    }
    CHECK_THAT(listed_in_all < LOOKUPS * PEOPLE / 2, "%zu of %d are looked at in full",
               listed_in_all, LOOKUPS * PEOPLE);
    free_gallery(gallery);
}

/* A change codes only who is new; the codes of the others are copied to their new places. */
static void codes_are_copied(void)
{
    struct fid_gallery *gallery = make_gallery(FACES);
    for (size_t i = 0; i < PEOPLE; i++)
        gallery->people[i].info.expired = check_random_below(15) == 0;
    for (size_t i = 0; i < PEOPLE; i += 7)
        gallery->people[i].coded_count = 0;
    fid_gallery_encode(gallery);
    const struct fid_codes copied = gallery->codes;
    gallery->codes = (struct fid_codes){0};
    for (size_t i = 0; i < PEOPLE; i++)
        gallery->people[i].coded_count = 0;
    fid_gallery_encode(gallery);
    const struct fid_codes *all = &gallery->codes;
    REQUIRE(all->count > 0 && all->count < PEOPLE * PROTOTYPES && copied.count == all->count);
    CHECK(memcmp(all->codes, copied.codes, all->count * SIZE) == 0);
    CHECK(memcmp(all->owners, copied.owners, all->count * sizeof *all->owners) == 0);
    CHECK(all->length == copied.length);
    for (size_t i = 0; i < all->count; i++)
        CHECK(!gallery->people[all->owners[i]].info.expired);
    struct fid_codes old = copied;
    fid_codes_free(&old);
    free_gallery(gallery);
}

CHECK_MAIN(CHECK_CASE(labels_have_the_same_bits), CHECK_CASE(nobody_is_left_out_wrongly),
           CHECK_CASE(codes_are_copied))
