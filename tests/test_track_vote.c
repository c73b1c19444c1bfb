/* Who a track is: looks vote, names are held, one name stands once in a frame. Vectors are made up:
 * Ana is the first axis, Bob the second; every face has an axis of its own besides. */
#include "engine/face/gallery/gallery.h"
#include "engine/fid/keeping.h"
#include "engine/fid/track.h"
#include "tests/check/check.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { SIZE = 16, FPS = 30 };

static const struct fid_gallery_model model = {"0123456789abcdef0123456789abcdef", "made up", SIZE};
static const struct fid_rule cosine = {FID_RULE_COSINE, 0.5f, 0.3f, 0.1f};

struct scene { /* a camera with some faces before it */
    struct fid_tracker *tracker;
    struct fid_gallery *gallery;
    struct fid_rule rule;
    int frame;
};

static void enroll(struct fid_gallery *gallery, const char *name, int axis)
{
    float vector[SIZE] = {0};
    struct fid_error error;
    vector[axis] = 3;
    const struct fid_sample sample = {.embedding = vector, .source = "made up"};
    CHECK(fid_gallery_enroll(gallery, name, &sample, 1, false, NULL, NULL, &error) == FID_OK);
}

static struct scene open_scene(void)
{
    static unsigned number;
    const struct fid_track_options options = {SIZE, cosine.maybe};
    struct scene scene = {.rule = cosine};
    struct fid_error error;
    char path[256];
    snprintf(path, sizeof path, "%s/%u.db", check_temp_folder(), ++number);
    CHECK(fid_tracker_open(&options, &scene.tracker, &error) == FID_OK);
    CHECK_THAT(fid_gallery_open_for(path, &model, NULL, FID_GALLERY_CREATE, &scene.gallery,
                                    &error) == FID_OK,
               "%s", error.text);
    enroll(scene.gallery, "ana", 0);
    enroll(scene.gallery, "bob", 1);
    return scene;
}

static void close_scene(struct scene *scene)
{
    fid_tracker_close(&scene->tracker);
    fid_gallery_close(&scene->gallery);
}

struct actor { /* a face of the next frame */
    int place; /* where it stands; its axis is 2 + place unless `axis` says another */
    float ana, bob, score;
    int axis;
    float shift; /* pixels to the right */
};

static float *aim(float *vector, const struct actor *actor)
{
    memset(vector, 0, SIZE * sizeof *vector);
    vector[0] = actor->ana;
    vector[1] = actor->bob;
    vector[actor->axis != 0 ? actor->axis : 2 + actor->place] =
        sqrtf(1 - actor->ana * actor->ana - actor->bob * actor->bob);
    return vector;
}

static float place_x(int place)
{
    return 100 + 200.0f * (float)place;
}

static const struct fid_track *track_at(const struct scene *scene, int place)
{
    for (size_t i = 0; i < fid_tracker_count(scene->tracker); i++) {
        const struct fid_track *track = fid_tracker_track(scene->tracker, i);
        if (fabsf(track->face.box.x - place_x(place)) < 60)
            return track;
    }
    static const struct fid_track none = {0};
    return &none;
}

/* The next frame with these faces: embeds who is due, decides. Returns how many were embedded. */
static size_t play(struct scene *scene, const struct actor *actors, size_t count)
{
    struct fid_face faces[8] = {0};
    struct fid_quality qualities[8] = {0};
    uint32_t ids[FID_TRACKS_MAX];
    size_t urgent;
    for (size_t i = 0; i < count; i++) {
        float x = place_x(actors[i].place) + actors[i].shift;
        faces[i].box = (struct fid_box){x, 100, 100, 120};
        for (int p = 0; p < 5; p++) {
            faces[i].landmarks[p][0] = x + 20 * (float)p;
            faces[i].landmarks[p][1] = 150;
        }
        qualities[i].score = actors[i].score;
    }
    uint64_t now = (uint64_t)scene->frame++ * UINT64_C(1000000000) / FPS;
    fid_tracker_update(scene->tracker, now, faces, qualities, count);
    size_t due = fid_tracker_due(scene->tracker, ids, &urgent);
    for (size_t d = 0; d < due; d++)
        for (size_t i = 0; i < count; i++)
            if (track_at(scene, actors[i].place)->id == ids[d]) {
                float vector[SIZE];
                fid_tracker_embedded(scene->tracker, ids[d], aim(vector, &actors[i]),
                                     scene->gallery, &scene->rule);
                break;
            }
    fid_tracker_decide(scene->tracker, scene->gallery, &scene->rule, false);
    return due;
}

static size_t play_one(struct scene *scene, float ana, float bob, float score)
{
    const struct actor actor = {.ana = ana, .bob = bob, .score = score};
    return play(scene, &actor, 1);
}

static bool is_named(const struct fid_track *track, const char *name)
{
    return track->state == FID_TRACK_KNOWN && track->label.known &&
           strcmp(track->label.name, name) == 0;
}

static bool is_unknown(const struct fid_track *track, enum fid_reason reason)
{
    return track->state == FID_TRACK_UNKNOWN && !track->label.known &&
           track->label.name[0] == '\0' && track->label.reason == reason;
}

/* ---- the first decision ---- */

static void name_needs_three_looks(void)
{
    struct scene scene = open_scene();
    for (int look = 1; look <= 3; look++) {
        const struct fid_track *track = track_at(&scene, 0);
        CHECK(look == 1 || (track->state == FID_TRACK_NEW && track->decided_ns == 0 &&
                            track->label.reason == FID_REASON_UNDECIDED));
        CHECK(play_one(&scene, 0.6f, 0.1f, 0.8f) == 1);
    }
    const struct fid_track *track = track_at(&scene, 0);
    CHECK(is_named(track, "ana") && track->embedded == 3);
    CHECK(fabsf(track->label.score - 0.6f) < 1e-5f && strcmp(track->label.second, "bob") == 0);
    CHECK(track->decided_ns == track->seen_ns && track->last.known);
    close_scene(&scene);
}

/* accept 0.5: sure from 0.667 on, if the second person is 0.2 away. */
static void one_look_far_above_the_limit_is_enough(void)
{
    static const struct {
        float ana, bob;
        bool sure;
    } cases[] = {{0.70f, 0.1f, true}, {0.65f, 0.1f, false}, {0.75f, 0.6f, false}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct scene scene = open_scene();
        play_one(&scene, cases[i].ana, cases[i].bob, 0.8f);
        CHECK_THAT(is_named(track_at(&scene, 0), "ana") == cases[i].sure, "case %zu", i);
        close_scene(&scene);
    }
}

static void strangers_stay_unknown(void)
{
    static const struct {
        float ana, bob;
        enum fid_reason reason;
    } cases[] = {{0.1f, 0.2f, FID_REASON_STRANGER},
                 {0.4f, 0.2f, FID_REASON_MAYBE},
                 {0.6f, 0.55f, FID_REASON_TWO_ALIKE}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct scene scene = open_scene();
        for (int look = 1; look <= 90; look++) {
            play_one(&scene, cases[i].ana, cases[i].bob, 0.8f);
            const struct fid_track *track = track_at(&scene, 0);
            CHECK_THAT(look < 3 ? track->state == FID_TRACK_NEW
                                : is_unknown(track, cases[i].reason),
                       "case %zu, frame %d", i, look);
        }
        close_scene(&scene);
    }
}

/* Two bad looks that say nothing, one good one that names: the good one weighs more. */
static void good_looks_outweigh_bad_ones(void)
{
    struct scene scene = open_scene();
    play_one(&scene, 0.2f, 0, 0.1f);
    play_one(&scene, 0.25f, 0, 0.1f);
    play_one(&scene, 0.6f, 0, 0.9f);
    CHECK(is_named(track_at(&scene, 0), "ana"));
    close_scene(&scene);
    scene = open_scene();
    play_one(&scene, 0.2f, 0, 0.9f);
    play_one(&scene, 0.25f, 0, 0.9f);
    play_one(&scene, 0.6f, 0, 0.1f);
    CHECK(is_unknown(track_at(&scene, 0), FID_REASON_STRANGER));
    close_scene(&scene);
}

/* ---- holding a name ---- */

/* Every second look names a person, the others no one: the first decision stays. */
static void label_does_not_flicker(void)
{
    for (int first = 0; first < 2; first++) {
        struct scene scene = open_scene();
        int changes = 0;
        bool before = false;
        for (int look = 0; look < 600; look++) {
            bool named = (look + first) % 2 == 0;
            play_one(&scene, named ? 0.55f : 0.45f, 0, 0.8f);
            bool known = track_at(&scene, 0)->state == FID_TRACK_KNOWN;
            changes += look > 2 && known != before;
            before = known;
        }
        CHECK_THAT(changes <= 1, "%d changes", changes);
        close_scene(&scene);
    }
}

static void wrong_name_is_lost_in_the_end(void)
{
    struct scene scene = open_scene();
    int frames = 0;
    for (int look = 0; look < 3; look++)
        play_one(&scene, 0.6f, 0, 0.3f);
    CHECK(is_named(track_at(&scene, 0), "ana"));
    while (track_at(&scene, 0)->state == FID_TRACK_KNOWN && frames < 10 * FPS) {
        play_one(&scene, 0.4f, 0, 0.3f);
        frames++;
    }
    CHECK_THAT(is_unknown(track_at(&scene, 0), FID_REASON_MAYBE), "after %d frames", frames);
    CHECK_THAT(frames > 3 * FPS && frames < 6 * FPS, "after %d frames", frames);
    CHECK(track_at(&scene, 0)->id == 1);
    close_scene(&scene);
}

/* Bob takes Ana's place: two looks tell, and the track is another one. */
static void other_face_in_the_same_place_is_another_track(void)
{
    struct scene scene = open_scene();
    const struct actor bob = {.bob = 0.6f, .score = 0.9f, .axis = 9};
    for (int look = 0; look < 10; look++)
        play_one(&scene, 0.6f, 0, 0.8f);
    CHECK(is_named(track_at(&scene, 0), "ana"));
    play(&scene, NULL, 0); /* a moment without a face makes the track look again */
    int frames = 0;
    for (; frames < FPS && !is_named(track_at(&scene, 0), "bob"); frames++)
        play(&scene, &bob, 1);
    CHECK_THAT(frames < FPS, "Bob is %s after a second", track_at(&scene, 0)->label.name);
    CHECK(track_at(&scene, 0)->id == 2 && track_at(&scene, 0)->confirmed);
    CHECK(fid_tracker_count(scene.tracker) == 1);
    close_scene(&scene);
}

/* The picture changes at once, or nothing was seen for a while, and Bob's face is found near where
 * Ana's was: not even that frame names Ana. */
static void nobody_is_named_after_a_jump(void)
{
    for (int late = 0; late < 2; late++) {
        struct scene scene = open_scene();
        for (int look = 0; look < 10; look++)
            play_one(&scene, 0.6f, 0, 0.8f);
        CHECK(is_named(track_at(&scene, 0), "ana"));
        const struct actor bob = {
            .bob = 0.6f, .score = 0.9f, .axis = 9, .shift = late ? 0 : 40, .place = 0};
        scene.frame += late ? 2 * FPS : 0;
        play(&scene, &bob, 1);
        CHECK(fid_tracker_count(scene.tracker) == 1);
        const struct fid_track *track = fid_tracker_track(scene.tracker, 0);
        CHECK_THAT(track->id == 2 && track->state == FID_TRACK_NEW, "%s: track %u is %s",
                   late ? "late" : "shifted", track->id, track->label.name);
        close_scene(&scene);
    }
}

/* Ana herself may jump. */
static void jump_of_the_same_face_changes_nothing(void)
{
    struct scene scene = open_scene();
    for (int frame = 0; frame < 60; frame++) {
        const struct actor ana = {.ana = 0.6f, .score = 0.9f, .shift = frame % 10 == 0 ? 40 : 0};
        play(&scene, &ana, 1);
        CHECK(fid_tracker_count(scene.tracker) == 1);
        const struct fid_track *track = fid_tracker_track(scene.tracker, 0);
        CHECK(track->id == 1 && (frame < 2 || is_named(track, "ana")));
    }
    close_scene(&scene);
}

/* A badly seen unlike look proves nothing. */
static void blurred_looks_do_not_end_a_track(void)
{
    struct scene scene = open_scene();
    const struct actor blur = {.score = 0.08f, .axis = 9};
    for (int look = 0; look < 5; look++)
        play_one(&scene, 0.6f, 0, 0.8f);
    for (int look = 0; look < 20 * FPS; look++) {
        play(&scene, &blur, 1);
        CHECK(track_at(&scene, 0)->id == 1 && is_named(track_at(&scene, 0), "ana"));
    }
    close_scene(&scene);
}

/* ---- when to look ---- */

static void looks_are_rare_once_it_is_decided(void)
{
    static const struct {
        float ana;
        int frames; /* between looks: 3 seconds for the known, 1 for strangers */
    } cases[] = {{0.6f, 3 * FPS}, {0.1f, FPS}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct scene scene = open_scene();
        size_t looks = 0;
        for (int frame = 0; frame < 3; frame++)
            CHECK(play_one(&scene, cases[i].ana, 0, 0.5f) == 1);
        for (int frame = 0; frame < 4 * cases[i].frames; frame++)
            looks += play_one(&scene, cases[i].ana, 0, 0.5f);
        CHECK_THAT(looks == 4, "case %zu: %zu looks", i, looks);
        looks = 0;
        for (int frame = 0; frame < FPS / 2; frame++) /* seen much better now */
            looks += play_one(&scene, cases[i].ana, 0, 0.9f);
        CHECK_THAT(looks == 1, "case %zu: %zu better looks", i, looks);
        close_scene(&scene);
    }
}

static void undecided_faces_come_first(void)
{
    struct scene scene = open_scene();
    const struct actor both[] = {{.place = 0, .ana = 0.6f, .score = 0.5f},
                                 {.place = 3, .ana = 0.1f, .score = 0.5f}};
    uint32_t ids[FID_TRACKS_MAX];
    size_t urgent;
    for (int frame = 0; frame < 2 + 3 * FPS; frame++)
        play(&scene, both, 1);
    /* Ana's look is due again; another person comes in */
    struct fid_face faces[2] = {{.box = {place_x(0), 100, 100, 120}},
                                {.box = {place_x(3), 100, 100, 120}}};
    struct fid_quality qualities[2] = {{.score = 0.5f}, {.score = 0.5f}};
    for (int p = 0; p < 5; p++)
        faces[0].landmarks[p][0] = place_x(0) + 20 * (float)p, faces[0].landmarks[p][1] = 150;
    fid_tracker_update(scene.tracker, (uint64_t)scene.frame * UINT64_C(1000000000) / FPS, faces,
                       qualities, 2);
    REQUIRE(fid_tracker_due(scene.tracker, ids, &urgent) == 2);
    CHECK(urgent == 1 && ids[0] == 2 && ids[1] == 1);
    close_scene(&scene);
}

/* ---- names of a frame ---- */

static void one_name_stands_once(void)
{
    struct scene scene = open_scene();
    struct actor both[] = {{.place = 0, .ana = 0.6f, .score = 0.5f},
                           {.place = 3, .ana = 0.75f, .score = 0.5f}};
    for (int frame = 0; frame < 60; frame++) {
        play(&scene, both, 2);
        CHECK(!is_named(track_at(&scene, 0), "ana") || !is_named(track_at(&scene, 3), "ana"));
    }
    CHECK(is_named(track_at(&scene, 3), "ana"));
    CHECK(is_unknown(track_at(&scene, 0), FID_REASON_TAKEN));
    CHECK(track_at(&scene, 0)->label.score > 0.59f);
    for (int frame = 0; frame < FPS / 2; frame++) /* the better one leaves */
        play(&scene, both, 1);
    CHECK(is_named(track_at(&scene, 0), "ana"));
    close_scene(&scene);
}

/* Who has the name keeps it against a score that is better by less than the margin. */
static void holder_keeps_the_name(void)
{
    static const float challengers[] = {0.64f, 0.75f};
    for (int i = 0; i < 2; i++) {
        struct scene scene = open_scene();
        struct actor both[] = {{.place = 0, .ana = 0.6f, .score = 0.5f},
                               {.place = 3, .ana = challengers[i], .score = 0.5f}};
        for (int frame = 0; frame < 5; frame++)
            play(&scene, both, 1);
        for (int frame = 0; frame < 30; frame++)
            play(&scene, both, 2);
        CHECK(is_named(track_at(&scene, i == 0 ? 0 : 3), "ana"));
        CHECK(is_unknown(track_at(&scene, i == 0 ? 3 : 0), FID_REASON_TAKEN));
        close_scene(&scene);
    }
}

/* ---- the gallery, the limit and the user change their minds ---- */

static void enrollment_names_a_track_without_a_new_look(void)
{
    struct scene scene = open_scene();
    struct fid_error error;
    for (int frame = 0; frame < 3; frame++)
        play_one(&scene, 0.2f, 0, 0.5f);
    CHECK(is_unknown(track_at(&scene, 0), FID_REASON_STRANGER));
    size_t embedded = track_at(&scene, 0)->embedded;
    enroll(scene.gallery, "eve", 2);
    fid_tracker_decide(scene.tracker, scene.gallery, &scene.rule, true);
    CHECK(is_named(track_at(&scene, 0), "eve") && track_at(&scene, 0)->embedded == embedded);
    CHECK(fid_gallery_rename(scene.gallery, "eve", "eva", &error) == FID_OK);
    fid_tracker_decide(scene.tracker, scene.gallery, &scene.rule, true);
    CHECK(is_named(track_at(&scene, 0), "eva"));
    CHECK(fid_gallery_forget(scene.gallery, "eva", NULL, &error) == FID_OK);
    fid_tracker_decide(scene.tracker, scene.gallery, &scene.rule, true);
    CHECK(is_unknown(track_at(&scene, 0), FID_REASON_STRANGER));
    close_scene(&scene);
}

static void limit_decides_anew(void)
{
    struct scene scene = open_scene();
    for (int frame = 0; frame < 3; frame++)
        play_one(&scene, 0.6f, 0, 0.5f);
    scene.rule.accept = 0.65f;
    fid_tracker_decide(scene.tracker, scene.gallery, &scene.rule, true);
    CHECK(is_unknown(track_at(&scene, 0), FID_REASON_MAYBE));
    scene.rule.accept = 0.5f;
    fid_tracker_decide(scene.tracker, scene.gallery, &scene.rule, true);
    CHECK(is_named(track_at(&scene, 0), "ana"));
    close_scene(&scene);
}

static void rejected_person_does_not_come_back(void)
{
    struct scene scene = open_scene();
    size_t looks = 0;
    for (int frame = 0; frame < 3; frame++)
        play_one(&scene, 0.9f, 0, 0.5f);
    fid_tracker_reject(scene.tracker, 1);
    fid_tracker_reject(scene.tracker, 77); /* nobody */
    for (int frame = 0; frame < 10 * FPS; frame++) {
        looks += play_one(&scene, 0.9f, 0, 0.5f);
        CHECK(is_unknown(track_at(&scene, 0), FID_REASON_REJECTED));
    }
    CHECK_THAT(looks <= 10, "%zu looks in 10 seconds", looks);
    close_scene(&scene);
}

CHECK_MAIN(CHECK_CASE(name_needs_three_looks), CHECK_CASE(one_look_far_above_the_limit_is_enough),
           CHECK_CASE(strangers_stay_unknown), CHECK_CASE(good_looks_outweigh_bad_ones),
           CHECK_CASE(label_does_not_flicker), CHECK_CASE(wrong_name_is_lost_in_the_end),
           CHECK_CASE(other_face_in_the_same_place_is_another_track),
           CHECK_CASE(nobody_is_named_after_a_jump),
           CHECK_CASE(jump_of_the_same_face_changes_nothing),
           CHECK_CASE(blurred_looks_do_not_end_a_track),
           CHECK_CASE(looks_are_rare_once_it_is_decided), CHECK_CASE(undecided_faces_come_first),
           CHECK_CASE(one_name_stands_once), CHECK_CASE(holder_keeps_the_name),
           CHECK_CASE(enrollment_names_a_track_without_a_new_look), CHECK_CASE(limit_decides_anew),
           CHECK_CASE(rejected_person_does_not_come_back))
