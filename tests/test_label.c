/* The decision: who is named, who is not and why. Vectors are made up here. */
#include "engine/face/gallery/gallery.h"
#include "tests/check/check.h"

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

enum { SIZE = 8 };

static const struct fid_gallery_model model = {"0123456789abcdef0123456789abcdef", "made up", SIZE};
static const struct fid_rule cosine = {FID_RULE_COSINE, 0.5f, 0.3f, 0.1f};
static const struct fid_rule demo = {FID_RULE_DEMO, 100, 0, 0};

/* Ana along the first axis, Bob along the second; both 200 long, as VGGFace2's vectors can be. */
static struct fid_gallery *two_people(void)
{
    static unsigned number;
    static const float ana[SIZE] = {200}, bob[SIZE] = {0, 200};
    struct fid_gallery *gallery;
    struct fid_error error = {0};
    char path[256];
    snprintf(path, sizeof path, "%s/%u.db", check_temp_folder(), ++number);
    enum fid_status status =
        fid_gallery_open_for(path, &model, NULL, FID_GALLERY_CREATE, &gallery, &error);
    CHECK_THAT(status == FID_OK, "%s", error.text);
    const struct fid_sample samples[] = {{.embedding = ana, .source = "a"},
                                         {.embedding = bob, .source = "b"}};
    CHECK(fid_gallery_enroll(gallery, "ana", &samples[0], 1, false, NULL, NULL, &error) == FID_OK);
    CHECK(fid_gallery_enroll(gallery, "bob", &samples[1], 1, false, NULL, NULL, &error) == FID_OK);
    return gallery;
}

/* A unit vector with these cosines to Ana and Bob, the rest along an axis of nobody. */
static void aim(float *vector, float to_ana, float to_bob)
{
    memset(vector, 0, SIZE * sizeof *vector);
    vector[0] = to_ana;
    vector[1] = to_bob;
    vector[2] = sqrtf(1 - to_ana * to_ana - to_bob * to_bob);
}

static struct fid_label label_one(const struct fid_gallery *gallery, const struct fid_rule *rule,
                                  const float *vector)
{
    struct fid_label label;
    fid_label_faces(gallery, rule, vector, 1, &label);
    CHECK(label.known == (label.reason == FID_REASON_KNOWN));
    CHECK(label.known == (label.name[0] != '\0'));
    return label;
}

static void likeness_to_one_person(void)
{
    struct fid_gallery *gallery = two_people();
    struct fid_person person;
    float vector[SIZE], likeness, zero[SIZE] = {0};
    aim(vector, 0.25f, 0.75f);
    CHECK(fid_gallery_likeness(gallery, "ANA", vector, &person, &likeness));
    CHECK(strcmp(person.name, "ana") == 0 && fabsf(likeness - 0.25f) < 4 * SIZE * FLT_EPSILON);
    CHECK(fid_gallery_likeness(gallery, "bob", vector, &person, &likeness));
    CHECK(strcmp(person.name, "bob") == 0 && fabsf(likeness - 0.75f) < 4 * SIZE * FLT_EPSILON);
    CHECK(!fid_gallery_likeness(gallery, "eve", vector, &person, &likeness));
    CHECK(!fid_gallery_likeness(gallery, "ana", zero, &person, &likeness));
    fid_gallery_close(&gallery);
}

static void zones(void)
{
    static const struct {
        float ana, bob;
        enum fid_reason reason;
        const char *nearest;
    } cases[] = {
        {0.9f, 0.1f, FID_REASON_KNOWN, "ana"},      {0.1f, 0.6f, FID_REASON_KNOWN, "bob"},
        {0.51f, 0.0f, FID_REASON_KNOWN, "ana"},     {0.49f, 0.0f, FID_REASON_MAYBE, "ana"},
        {0.31f, 0.0f, FID_REASON_MAYBE, "ana"},     {0.29f, 0.0f, FID_REASON_STRANGER, "ana"},
        {-0.9f, -0.1f, FID_REASON_STRANGER, "bob"}, {0.6f, 0.55f, FID_REASON_TWO_ALIKE, "ana"},
        {0.55f, 0.66f, FID_REASON_KNOWN, "bob"},
    };
    struct fid_gallery *gallery = two_people();
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        float vector[SIZE];
        aim(vector, cases[i].ana, cases[i].bob);
        struct fid_label label = label_one(gallery, &cosine, vector);
        CHECK_THAT(label.reason == cases[i].reason, "case %zu: %s", i,
                   fid_reason_text(label.reason));
        CHECK_THAT(strcmp(label.nearest, cases[i].nearest) == 0, "case %zu: %s", i, label.nearest);
        CHECK(label.second[0] != '\0' && label.person > 0);
        float best = fmaxf(cases[i].ana, cases[i].bob);
        CHECK(fabsf(label.score - best) <= (SIZE + 8) * 0x1p-23f);
        for (int p = 0; p < SIZE; p++)
            vector[p] *= 1000; /* length does not matter */
        CHECK(label_one(gallery, &cosine, vector).reason == cases[i].reason);
    }
    fid_gallery_close(&gallery);
}

static void empty_gallery(void)
{
    struct fid_gallery *gallery;
    struct fid_error error;
    float vector[SIZE] = {1};
    REQUIRE(fid_gallery_open_for("/tmp/faceid-none/none.db", &model, NULL, FID_GALLERY_READ_ONLY,
                                 &gallery, &error) == FID_OK);
    struct fid_label label = label_one(gallery, &cosine, vector);
    CHECK(label.reason == FID_REASON_EMPTY_GALLERY && label.nearest[0] == '\0' &&
          label.person == 0);
    fid_gallery_close(&gallery);
}

static void broken_vectors(void)
{
    float zero[SIZE] = {0}, nan[SIZE] = {1, NAN}, infinite[SIZE] = {INFINITY};
    struct fid_gallery *gallery = two_people();
    CHECK(label_one(gallery, &cosine, zero).reason == FID_REASON_NO_VECTOR);
    CHECK(label_one(gallery, &cosine, nan).reason == FID_REASON_NO_VECTOR);
    CHECK(label_one(gallery, &cosine, infinite).reason == FID_REASON_NO_VECTOR);
    CHECK(label_one(gallery, &demo, zero).reason == FID_REASON_NO_VECTOR);
    fid_gallery_close(&gallery);
}

/* Three faces of one frame look like Ana: the best one is Ana, wherever it stands. */
static void one_name_a_frame(void)
{
    static const int orders[][3] = {{0, 1, 2}, {0, 2, 1}, {1, 0, 2},
                                    {1, 2, 0}, {2, 0, 1}, {2, 1, 0}};
    static const float likeness[3] = {0.9f, 0.8f, 0.7f};
    struct fid_gallery *gallery = two_people();
    for (size_t o = 0; o < 6; o++) {
        float vectors[4][SIZE];
        struct fid_label labels[4];
        for (int i = 0; i < 3; i++)
            aim(vectors[i], likeness[orders[o][i]], 0);
        aim(vectors[3], 0, 0.8f);
        fid_label_faces(gallery, &cosine, &vectors[0][0], 4, labels);
        for (int i = 0; i < 3; i++) {
            bool best = orders[o][i] == 0;
            CHECK(labels[i].known == best);
            CHECK(best || (labels[i].reason == FID_REASON_TAKEN && labels[i].name[0] == '\0'));
        }
        CHECK(labels[3].known && strcmp(labels[3].name, "bob") == 0);
    }
    fid_gallery_close(&gallery);
}

/* The demo's rule measures raw distance, so that a face of which the network says little (a short
 * vector) is near to every person whose mean is short: the fault it is kept for, and the cosine
 * cures.
 */
static void low_norms_match_everybody_in_the_demo(void)
{
    struct fid_gallery *gallery = two_people();
    static const float short_mean[SIZE] = {0, 0, 0, 60};
    const struct fid_sample sample = {.embedding = short_mean, .source = "c"};
    struct fid_error error;
    CHECK(fid_gallery_enroll(gallery, "cleo", &sample, 1, false, NULL, NULL, &error) == FID_OK);
    float stranger[SIZE] = {0, 0, 5}; /* at right angles to every person, and short */
    struct fid_label label = label_one(gallery, &demo, stranger);
    CHECK(label.known && strcmp(label.name, "cleo") == 0);
    CHECK(fabsf(label.score - sqrtf(60 * 60 + 5 * 5)) <= 60 * 0x1p-22f);
    CHECK(label_one(gallery, &cosine, stranger).reason == FID_REASON_STRANGER);
    float ana[SIZE] = {150, 0, 0, 10};
    label = label_one(gallery, &demo, ana);
    CHECK(label.known && strcmp(label.name, "ana") == 0);
    CHECK(label.score < label.second_score); /* distances */
    float far[SIZE] = {0, 0, 500};
    CHECK(label_one(gallery, &demo, far).reason == FID_REASON_STRANGER);
    fid_gallery_close(&gallery);
}

static void every_prototype_counts(void)
{
    struct fid_gallery *gallery = two_people();
    static const float profile[SIZE] = {0, 0, 0, 0, 200};
    const struct fid_sample sample = {.embedding = profile, .source = "p"};
    struct fid_error error;
    CHECK(fid_gallery_enroll(gallery, "ana", &sample, 1, false, NULL, NULL, &error) == FID_OK);
    struct fid_label label =
        label_one(gallery, &cosine, profile); /* the mean alone would say 0.71 */
    CHECK(label.known && label.score > 0.999f && strcmp(label.name, "ana") == 0);
    fid_gallery_close(&gallery);
}

static void reasons_have_names(void)
{
    for (int reason = FID_REASON_KNOWN; reason <= FID_REASON_NO_VECTOR; reason++)
        CHECK(strcmp(fid_reason_text((enum fid_reason)reason), "unknown") != 0);
}

CHECK_MAIN(CHECK_CASE(likeness_to_one_person), CHECK_CASE(zones), CHECK_CASE(empty_gallery),
           CHECK_CASE(broken_vectors), CHECK_CASE(one_name_a_frame),
           CHECK_CASE(low_norms_match_everybody_in_the_demo), CHECK_CASE(every_prototype_counts),
           CHECK_CASE(reasons_have_names))
