/* Where faces go: made-up boxes that move, cross, vanish and come back. Who they are
 * is tests/test_track_vote.c. */
#include "engine/base/memory.h"
#include "engine/fid.h"
#include "tests/check/check.h"

#include <math.h>
#include <stdlib.h>

enum { SIZE = 8, FPS = 30 };

static const struct fid_quality good = {120, 1, 0.5f, 0.2f, 0, 0, 1, 1};

static struct fid_tracker *open_tracker(void)
{
    const struct fid_track_options options = {SIZE, 0.3f};
    struct fid_tracker *tracker;
    struct fid_error error;
    CHECK(fid_tracker_open(&options, &tracker, &error) == FID_OK);
    return tracker;
}

/* A face of this side around a center, with landmarks where a face has them, and a detector's noise
 * of `noise` sides. */
static struct fid_face face_at(double x, double y, double side, float noise)
{
    static const float at[5][2] = {
        {-0.2f, -0.15f}, {0.2f, -0.15f}, {0, 0.05f}, {-0.15f, 0.25f}, {0.15f, 0.25f}};
    struct fid_face face = {.score = 0.9f};
    float shake = noise * (float)side;
    face.box.w = (float)side + check_random_float(-shake, shake);
    face.box.h = (float)side * 1.2f + check_random_float(-shake, shake);
    face.box.x = (float)x - face.box.w / 2 + check_random_float(-shake, shake);
    face.box.y = (float)y - face.box.h / 2 + check_random_float(-shake, shake);
    for (int i = 0; i < 5; i++) {
        face.landmarks[i][0] =
            (float)(x + side * (double)at[i][0]) + check_random_float(-shake, shake);
        face.landmarks[i][1] =
            (float)(y + side * (double)at[i][1]) + check_random_float(-shake, shake);
    }
    return face;
}

static void update(struct fid_tracker *tracker, uint64_t time_ns, const struct fid_face *faces,
                   size_t count)
{
    struct fid_quality qualities[FID_TRACKS_MAX + 8];
    for (size_t i = 0; i < count; i++)
        qualities[i] = good;
    fid_tracker_update(tracker, time_ns, faces, qualities, count);
}

static uint64_t frame_ns(int frame)
{
    return (uint64_t)frame * UINT64_C(1000000000) / FPS;
}

/* The id of the track that was seen nearest to a place in the newest frame; 0: none. */
static uint32_t id_at(const struct fid_tracker *tracker, double x, double y)
{
    uint32_t id = 0;
    double nearest = 30;
    for (size_t i = 0; i < fid_tracker_count(tracker); i++) {
        const struct fid_track *track = fid_tracker_track(tracker, i);
        const struct fid_box *box = &track->face.box;
        double d = hypot(box->x + box->w / 2 - x, box->y + box->h / 2 - y);
        if (track->seen && d < nearest) {
            nearest = d;
            id = track->id;
        }
    }
    return id;
}

static void one_face_walks_and_keeps_its_id(void)
{
    struct fid_tracker *tracker = open_tracker();
    for (int frame = 0; frame < 300; frame++) { /* a circle, 400 pixels a second */
        double angle = frame / (double)FPS * 2;
        struct fid_face face = face_at(600 + 200 * cos(angle), 360 + 200 * sin(angle), 100, 0.04f);
        update(tracker, frame_ns(frame), &face, 1);
        REQUIRE(fid_tracker_count(tracker) == 1);
        const struct fid_track *track = fid_tracker_track(tracker, 0);
        CHECK_THAT(track->id == 1 && track->seen, "frame %d: id %u", frame, track->id);
        CHECK(track->confirmed == (frame > 0));
        CHECK(track->first_ns == 0 && track->seen_ns == frame_ns(frame));
    }
    fid_tracker_close(&tracker);
}

/* The box for showing is calmer than the detector's, and does not lag behind. */
static void smoothed_box_is_calm_and_follows(void)
{
    struct fid_tracker *tracker = open_tracker();
    double shown = 0, found = 0, before_shown = 0, before_found = 0;
    for (int frame = 0; frame < 200; frame++) { /* stands still, and the detector shakes */
        struct fid_face face = face_at(600, 360, 100, 0.02f);
        update(tracker, frame_ns(frame), &face, 1);
        const struct fid_track *track = fid_tracker_track(tracker, 0);
        if (frame > 0) {
            shown += fabs((double)track->box.x - before_shown);
            found += fabs((double)face.box.x - before_found);
        }
        before_shown = track->box.x;
        before_found = face.box.x;
    }
    CHECK_THAT(shown < found / 2, "shaken by %.1f, shown by %.1f", found, shown);
    for (int frame = 200; frame < 260; frame++) {
        struct fid_face face = face_at(600 + 10 * (frame - 200), 360, 100, 0);
        update(tracker, frame_ns(frame), &face, 1);
        const struct fid_track *track = fid_tracker_track(tracker, 0);
        double lag = fabs((double)track->box.x - (double)face.box.x);
        CHECK_THAT(lag < 10, "frame %d lags %.1f pixels", frame, lag);
        if (frame > 220)
            CHECK_THAT(fabsf(track->velocity[0] - 300) < 30, "%g pixels a second",
                       (double)track->velocity[0]);
    }
    fid_tracker_close(&tracker);
}

/* Two faces walk through each other. `hidden`: for so many frames around the meeting the one behind
 * is not found. */
static void cross(double side_a, double side_b, double speed, int hidden)
{
    struct fid_tracker *tracker = open_tracker();
    int frames = (int)(800 / speed * FPS), meeting = frames / 2;
    uint32_t a = 0, b = 0;
    for (int frame = 0; frame < frames; frame++) {
        double way = speed * (frame - meeting) / FPS;
        struct fid_face faces[2] = {face_at(640 + way, 360, side_a, 0.02f),
                                    face_at(640 - way, 370, side_b, 0.02f)};
        bool both = abs(frame - meeting) * 2 > hidden;
        update(tracker, frame_ns(frame), faces, both ? 2 : 1);
        if (frame == 0) {
            a = id_at(tracker, 640 + way, 360);
            b = id_at(tracker, 640 - way, 370);
            REQUIRE(a != 0 && b != 0 && a != b);
        }
        if (both && fabs(way) > 60)
            CHECK_THAT(id_at(tracker, 640 + way, 360) == a && id_at(tracker, 640 - way, 370) == b,
                       "sides %g and %g, %g a second, %d hidden: other ids in frame %d of %d",
                       side_a, side_b, speed, hidden, frame, frames);
    }
    CHECK(fid_tracker_count(tracker) == 2);
    fid_tracker_close(&tracker);
}

static void crossing_faces_keep_their_ids(void)
{
    for (double speed = 150; speed <= 600; speed += 150) {
        cross(100, 100, speed, 0);
        cross(100, 150, speed, 0);
        cross(150, 90, speed, 4);
    }
    cross(120, 100, 300, 6);
}

/* Ids of a standing face that is missed in so many frames of a source of that rate. */
static uint32_t id_after_a_gap(int missed, int fps)
{
    struct fid_tracker *tracker = open_tracker();
    struct fid_face face = face_at(300, 300, 80, 0);
    uint64_t step = UINT64_C(1000000000) / (uint64_t)fps, time = 0;
    for (int i = 0; i < 5; i++, time += step)
        update(tracker, time, &face, 1);
    for (int i = 0; i < missed; i++, time += step) {
        update(tracker, time, NULL, 0);
        for (size_t t = 0; t < fid_tracker_count(tracker); t++)
            CHECK(!fid_tracker_track(tracker, t)->seen);
    }
    update(tracker, time, &face, 1);
    CHECK(fid_tracker_count(tracker) == 1);
    uint32_t id = fid_tracker_track(tracker, 0)->id;
    fid_tracker_close(&tracker);
    return id;
}

static void missed_detections_are_bridged_for_half_a_second(void)
{
    for (int missed = 0; missed <= 14; missed++)
        CHECK_THAT(id_after_a_gap(missed, 30) == 1, "%d missed", missed);
    for (int missed = 16; missed <= 20; missed++)
        CHECK_THAT(id_after_a_gap(missed, 30) == 2, "%d missed", missed);
    CHECK(id_after_a_gap(1, 1) == 1); /* one frame a second: a single miss is no end */
    CHECK(id_after_a_gap(2, 1) == 2);
}

static void silence_ends_tracks(void)
{
    struct fid_tracker *tracker = open_tracker();
    struct fid_face face = face_at(300, 300, 80, 0);
    update(tracker, frame_ns(0), &face, 1);
    fid_tracker_expire(tracker, UINT64_C(1999999999));
    CHECK(fid_tracker_count(tracker) == 1);
    fid_tracker_expire(tracker, UINT64_C(2000000000));
    CHECK(fid_tracker_count(tracker) == 0);
    fid_tracker_close(&tracker);
}

static void faces_far_from_each_other_are_different(void)
{
    struct fid_tracker *tracker = open_tracker();
    struct fid_face face = face_at(300, 300, 80, 0);
    update(tracker, frame_ns(0), &face, 1);
    face = face_at(700, 300, 80, 0);
    update(tracker, frame_ns(1), &face, 1);
    CHECK(fid_tracker_count(tracker) == 2);
    face = face_at(700, 300, 20, 0); /* in the same place, but a quarter of the size */
    update(tracker, frame_ns(2), &face, 1);
    CHECK(fid_tracker_count(tracker) == 3);
    fid_tracker_close(&tracker);
}

static void ids_are_never_used_again(void)
{
    struct fid_tracker *tracker = open_tracker();
    uint32_t last = 0;
    for (int i = 0; i < 500; i++) {
        struct fid_face face = face_at(check_random_float(100, 1000), 300, 80, 0);
        update(tracker, frame_ns(40 * i), &face, 1);
        uint32_t id = fid_tracker_track(tracker, fid_tracker_count(tracker) - 1)->id;
        CHECK_THAT(id > last, "%u after %u", id, last);
        last = id;
        for (int missed = 1; missed < 40; missed++)
            update(tracker, frame_ns(40 * i + missed), NULL, 0);
        CHECK(fid_tracker_count(tracker) == 0);
    }
    fid_tracker_close(&tracker);
}

static void more_faces_than_tracks(void)
{
    struct fid_tracker *tracker = open_tracker();
    struct fid_face faces[FID_TRACKS_MAX + 8];
    unsigned long before = fid_allocation_count();
    for (int frame = 0; frame < 30; frame++) {
        for (int i = 0; i < FID_TRACKS_MAX + 8; i++)
            faces[i] = face_at(100 + 120 * (i % 12), 100 + 120 * (i / 12.0), 60, 0.02f);
        update(tracker, frame_ns(frame), faces, FID_TRACKS_MAX + 8);
        REQUIRE(fid_tracker_count(tracker) == FID_TRACKS_MAX);
    }
    for (size_t i = 0; i < FID_TRACKS_MAX; i++)
        CHECK(fid_tracker_track(tracker, i)->seen && fid_tracker_track(tracker, i)->first_ns == 0);
    CHECK(fid_allocation_count() == before);
    fid_tracker_close(&tracker);
}

/* For any detections, ids stay distinct and nothing is read out of bounds. */
static void strange_boxes(void)
{
    static const float odd[] = {0, -1, 1e30f, NAN, INFINITY, -INFINITY, 1e-30f, 100};
    struct fid_tracker *tracker = open_tracker();
    for (int frame = 0; frame < 500; frame++) {
        struct fid_face faces[6];
        for (int i = 0; i < 6; i++) {
            faces[i] = face_at(check_random_float(0, 500), 100, 50, 0.5f);
            float *numbers = (float *)&faces[i];
            if (check_random_below(2) == 0)
                numbers[check_random_below(sizeof faces[i] / sizeof *numbers)] =
                    odd[check_random_below(sizeof odd / sizeof *odd)];
        }
        update(tracker, frame_ns(frame), faces, check_random_below(7));
        for (size_t i = 0; i < fid_tracker_count(tracker); i++)
            for (size_t j = 0; j < i; j++)
                CHECK(fid_tracker_track(tracker, i)->id != fid_tracker_track(tracker, j)->id);
    }
    fid_tracker_close(&tracker);
}

static void no_memory(void)
{
    const struct fid_track_options options = {SIZE, 0.3f};
    for (unsigned long n = 1; n <= 2; n++) {
        struct fid_tracker *tracker = NULL;
        struct fid_error error;
        fid_allocation_fail_at(n);
        CHECK(fid_tracker_open(&options, &tracker, &error) == FID_NO_MEMORY && tracker == NULL);
        fid_allocation_fail_at(0);
    }
}

CHECK_MAIN(CHECK_CASE(one_face_walks_and_keeps_its_id),
           CHECK_CASE(smoothed_box_is_calm_and_follows), CHECK_CASE(crossing_faces_keep_their_ids),
           CHECK_CASE(missed_detections_are_bridged_for_half_a_second),
           CHECK_CASE(silence_ends_tracks), CHECK_CASE(faces_far_from_each_other_are_different),
           CHECK_CASE(ids_are_never_used_again), CHECK_CASE(more_faces_than_tracks),
           CHECK_CASE(strange_boxes), CHECK_CASE(no_memory))
