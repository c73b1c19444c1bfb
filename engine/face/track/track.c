/* track.c - which face of a frame is which face of the frames before, by place alone. A track is
 * expected where a straight line takes it; the closest pairs of expected and found faces go
 * together, the closest first. */
#include "engine/face/track/track.h"

#include "engine/base/memory.h"
#include "engine/face/box.h"

#include <math.h>
#include <string.h>

/* ---- opening ---- */

static void give_vectors(struct fid_tracker *tracker)
{
    size_t size = tracker->options.embedding_size;
    for (size_t i = 0; i < FID_TRACKS_MAX; i++) {
        float *vectors = tracker->vectors + i * (FID_TRACK_LOOKS + 1) * size;
        for (size_t look = 0; look < FID_TRACK_LOOKS; look++)
            tracker->tracks[i].looks[look].vector = vectors + look * size;
        tracker->tracks[i].stray.vector = vectors + FID_TRACK_LOOKS * size;
    }
}

enum fid_status fid_tracker_open(const struct fid_track_options *options,
                                 struct fid_tracker **tracker, struct fid_error *error)
{
    *tracker = NULL;
    struct fid_tracker *opened = fid_calloc(1, sizeof *opened);
    if (opened != NULL)
        opened->vectors = fid_calloc((size_t)FID_TRACKS_MAX * (FID_TRACK_LOOKS + 1),
                                     options->embedding_size * sizeof *opened->vectors);
    if (opened == NULL || opened->vectors == NULL) {
        fid_tracker_close(&opened);
        return fid_fail(error, FID_NO_MEMORY, "no memory for the tracks of %d faces",
                        FID_TRACKS_MAX);
    }
    opened->options = *options;
    give_vectors(opened);
    *tracker = opened;
    return FID_OK;
}

void fid_tracker_close(struct fid_tracker **tracker)
{
    if (*tracker == NULL)
        return;
    fid_free((*tracker)->vectors);
    fid_free(*tracker);
    *tracker = NULL;
}

/* ---- a track's life ---- */

void fid_track_renew(struct fid_tracker *tracker, struct fid_tracked *track)
{
    struct fid_track *shown = &track->shown;
    shown->id = ++tracker->last_id;
    shown->first_ns = shown->seen_ns;
    shown->decided_ns = 0;
    shown->state = FID_TRACK_NEW;
    shown->label = shown->last = (struct fid_label){.reason = FID_REASON_UNDECIDED};
    shown->embedded = 0;
    track->look_count = track->look_next = track->rejected_count = 0;
    track->stray.weight = track->best = 0;
    track->doubted = track->jumped = false;
}

/* Takes the track out of the row; its vectors go to the next one that begins. */
static void drop(struct fid_tracker *tracker, size_t i)
{
    struct fid_tracked dropped = tracker->tracks[i];
    memmove(&tracker->tracks[i], &tracker->tracks[i + 1],
            (tracker->count - i - 1) * sizeof *tracker->tracks);
    tracker->tracks[--tracker->count] = dropped;
}

static void begin(struct fid_tracker *tracker, const struct fid_face *face,
                  const struct fid_quality *quality)
{
    struct fid_tracked *track = &tracker->tracks[tracker->count++];
    track->shown = (struct fid_track){
        .seen = true, .seen_ns = tracker->now_ns, .face = *face, .quality = *quality};
    track->shown.box = face->box;
    track->center[0] = face->box.x + face->box.w / 2;
    track->center[1] = face->box.y + face->box.h / 2;
    track->side[0] = face->box.w;
    track->side[1] = face->box.h;
    track->missed = 0;
    track->looked_ns = 0;
    fid_track_renew(tracker, track);
}

/* ---- where a face is expected ---- */

static double seconds(uint64_t ns)
{
    return (double)ns / 1e9;
}

static double unseen(const struct fid_tracker *tracker, const struct fid_tracked *track)
{
    return seconds(tracker->now_ns - track->shown.seen_ns);
}

/* How far it has moved since it was seen, if it goes straight on. */
static void guess_shift(const struct fid_tracker *tracker, const struct fid_tracked *track,
                        double shift[2])
{
    double time = fmin(unseen(tracker, track), seconds(FID_TRACK_GUESS));
    shift[0] = time * (double)track->shown.velocity[0];
    shift[1] = time * (double)track->shown.velocity[1];
}

/* The mean distance of the landmarks from the expected ones, in sides of the face. */
static double distance(const struct fid_tracked *track, const double shift[2],
                       const struct fid_face *face)
{
    const struct fid_face *before = &track->shown.face;
    double sum = 0;
    for (int i = 0; i < 5; i++)
        sum += hypot((double)face->landmarks[i][0] - before->landmarks[i][0] - shift[0],
                     (double)face->landmarks[i][1] - before->landmarks[i][1] - shift[1]);
    double side = sqrt((double)before->box.w * before->box.h);
    return sum / 5 / side;
}

/* The area of the box compared with the track's last one. */
static double area_ratio(const struct fid_tracked *track, const struct fid_box *box)
{
    const struct fid_box *before = &track->shown.face.box;
    return (double)box->w * box->h / ((double)before->w * before->h);
}

static bool is_ratio_within(double area, double side)
{
    return area < side * side && area * side * side > 1;
}

/* 0: cannot be the same face; up to 2: is exactly where it was expected. */
static float closeness(const struct fid_tracker *tracker, const struct fid_tracked *track,
                       const struct fid_face *face)
{
    const struct fid_box *box = &face->box;
    struct fid_box expected = track->shown.face.box;
    double shift[2];
    double reach = fmin(FID_TRACK_REACH + FID_TRACK_REACH_PER_S * unseen(tracker, track),
                        FID_TRACK_REACH_MOST);
    guess_shift(tracker, track, shift);
    expected.x += (float)shift[0];
    expected.y += (float)shift[1];
    double d = distance(track, shift, face);
    if (!(d < reach) || !is_ratio_within(area_ratio(track, box), FID_TRACK_SIZE_RATIO))
        return 0;
    return (float)(fid_box_iou(&expected, box) + 1 - d / reach);
}

/* ---- going on with a track ---- */

/* Takes a smoothed value towards a measured one. Small differences are the detector's noise and
 * mostly ignored, large ones are movement and followed at once. */
static double follow(double expected, double measured, double side)
{
    double difference = measured - expected;
    double weight = 0.3 + 0.7 * fmin(1, fabs(difference) / (0.15 * side));
    return expected + weight * difference;
}

static void move(struct fid_tracker *tracker, struct fid_tracked *track, const struct fid_box *box)
{
    const double measured[2] = {box->x + box->w / 2, box->y + box->h / 2};
    const double sides[2] = {box->w, box->h};
    double time = unseen(tracker, track), shift[2];
    bool guessed = time > 0 && time <= seconds(FID_TRACK_GUESS);
    guess_shift(tracker, track, shift);
    for (int axis = 0; axis < 2; axis++) {
        double from = (double)track->center[axis], side = (double)track->side[axis];
        double to = guessed ? follow(from + shift[axis], measured[axis], side) : measured[axis];
        double speed = guessed ? (to - from) / time : 0; /* after a long time: it may stand again */
        track->shown.velocity[axis] =
            (float)((double)track->shown.velocity[axis] * 0.5 + speed * 0.5);
        track->center[axis] = (float)to;
        track->side[axis] = (float)(guessed ? follow(side, sides[axis], side) : sides[axis]);
    }
    track->shown.box =
        (struct fid_box){track->center[0] - track->side[0] / 2,
                         track->center[1] - track->side[1] / 2, track->side[0], track->side[1]};
}

static bool has_jumped(const struct fid_tracker *tracker, const struct fid_tracked *track,
                       const struct fid_face *face)
{
    double shift[2];
    guess_shift(tracker, track, shift);
    return distance(track, shift, face) > FID_TRACK_JUMP ||
           !is_ratio_within(area_ratio(track, &face->box), FID_TRACK_JUMP_RATIO) ||
           tracker->now_ns - track->shown.seen_ns > FID_TRACK_JUMP_AFTER;
}

static void go_on(struct fid_tracker *tracker, struct fid_tracked *track,
                  const struct fid_face *face, const struct fid_quality *quality)
{
    track->jumped = track->jumped || has_jumped(tracker, track, face);
    move(tracker, track, &face->box);
    track->doubted = track->doubted || track->missed > 0;
    track->missed = 0;
    track->shown.seen = track->shown.confirmed = true;
    track->shown.seen_ns = tracker->now_ns;
    track->shown.face = *face;
    track->shown.quality = *quality;
}

/* Faces that overlap may be taken for each other when they part. */
static void doubt_crossings(struct fid_tracker *tracker)
{
    for (size_t i = 0; i < tracker->count; i++)
        for (size_t j = i + 1; j < tracker->count; j++) {
            struct fid_tracked *a = &tracker->tracks[i], *b = &tracker->tracks[j];
            if (fid_box_iou(&a->shown.box, &b->shown.box) > FID_TRACK_CROSSING)
                a->doubted = b->doubted = true;
        }
}

/* Counts the misses of the tracks without a face, and ends those with too many. */
static void drop_lost(struct fid_tracker *tracker)
{
    for (size_t i = tracker->count; i-- > 0;) {
        struct fid_tracked *track = &tracker->tracks[i];
        if (!track->shown.seen && ++track->missed >= FID_TRACK_MISSES &&
            tracker->now_ns - track->shown.seen_ns >= FID_TRACK_LOST)
            drop(tracker, i);
    }
}

/* Pairs tracks and faces: FILLS pair[face] with the track's index, or count when it has none. */
static void pair_up(const struct fid_tracker *tracker, const struct fid_face *faces, size_t count,
                    size_t pair[FID_TRACKS_MAX])
{
    float close[FID_TRACKS_MAX][FID_TRACKS_MAX]; /* of a track and a face; 0: out of the question */
    for (size_t t = 0; t < tracker->count; t++)
        for (size_t f = 0; f < count; f++)
            close[t][f] = fid_box_is_one(&faces[f].box)
                              ? closeness(tracker, &tracker->tracks[t], &faces[f])
                              : 0;
    for (size_t f = 0; f < count; f++)
        pair[f] = tracker->count;
    for (;;) {
        float best = 0;
        size_t track = 0, face = 0;
        for (size_t t = 0; t < tracker->count; t++)
            for (size_t f = 0; f < count; f++)
                if (close[t][f] > best) {
                    best = close[t][f];
                    track = t;
                    face = f;
                }
        if (!(best > 0))
            return;
        pair[face] = track;
        for (size_t f = 0; f < count; f++)
            close[track][f] = 0;
        for (size_t t = 0; t < tracker->count; t++)
            close[t][face] = 0;
    }
}

void fid_tracker_update(struct fid_tracker *tracker, uint64_t time_ns, const struct fid_face *faces,
                        const struct fid_quality *qualities, size_t count)
{
    size_t pair[FID_TRACKS_MAX], before = tracker->count;
    count = count < FID_TRACKS_MAX ? count : FID_TRACKS_MAX;
    tracker->now_ns = time_ns > tracker->now_ns ? time_ns : tracker->now_ns;
    pair_up(tracker, faces, count, pair);
    for (size_t t = 0; t < before; t++)
        tracker->tracks[t].shown.seen = false;
    for (size_t f = 0; f < count; f++)
        if (pair[f] < before)
            go_on(tracker, &tracker->tracks[pair[f]], &faces[f], &qualities[f]);
    drop_lost(tracker);
    for (size_t f = 0; f < count; f++)
        if (pair[f] == before && fid_box_is_one(&faces[f].box) && tracker->count < FID_TRACKS_MAX)
            begin(tracker, &faces[f], &qualities[f]);
    doubt_crossings(tracker);
}

void fid_tracker_expire(struct fid_tracker *tracker, uint64_t time_ns)
{
    for (size_t i = tracker->count; i-- > 0;) {
        uint64_t seen_ns = tracker->tracks[i].shown.seen_ns;
        if (time_ns > seen_ns && time_ns - seen_ns >= FID_TRACK_EXPIRED)
            drop(tracker, i);
    }
}

/* ---- looking ---- */

size_t fid_tracker_count(const struct fid_tracker *tracker)
{
    return tracker->count;
}

const struct fid_track *fid_tracker_track(const struct fid_tracker *tracker, size_t i)
{
    return &tracker->tracks[i].shown;
}

struct fid_tracked *fid_tracker_find(struct fid_tracker *tracker, uint32_t id)
{
    for (size_t i = 0; i < tracker->count; i++)
        if (tracker->tracks[i].shown.id == id)
            return &tracker->tracks[i];
    return NULL;
}
