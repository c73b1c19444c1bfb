/* track.h - the same face in frame after frame. */
#ifndef FID_TRACK_H
#define FID_TRACK_H

#include "face.h"
#include "gallery.h"

#ifdef __cplusplus
extern "C" {
#endif
#pragma GCC visibility push(default) /* what libfaceid.so exports */

/* ---- tracks: the same face in frame after frame ---- */

enum fid_track_state {
    FID_TRACK_NEW,   /* not decided yet */
    FID_TRACK_KNOWN, /* label.name is the person's */
    FID_TRACK_UNKNOWN
};

struct fid_track {
    uint32_t id;         /* from 1 on, never used again */
    bool seen;           /* found in the newest frame; else only missed for a moment */
    bool confirmed;      /* found more than once: hardly a detector's mistake */
    uint64_t first_ns;   /* time of the first frame it was found in, ... */
    uint64_t seen_ns;    /* of the last one */
    uint64_t decided_ns; /* of the frame that ended FID_TRACK_NEW; 0: none yet */

    struct fid_face face;       /* as the detector found it last */
    struct fid_box box;         /* smoothed, for showing */
    float velocity[2];          /* of the box, pixels a second */
    struct fid_quality quality; /* when it was found last */

    enum fid_track_state state;
    struct fid_label label; /* the decision: a vote over several embeddings */
    struct fid_label last;  /* what the last embedding alone says; reason UNDECIDED: none yet */
    size_t embedded;        /* embeddings so far */
};

#define FID_TRACKS_MAX 64 /* at once; more faces of a frame are ignored, the last ones first */

struct fid_tracker;

struct fid_track_options {
    size_t embedding_size;
    float alike; /* cosine below which two embeddings are of two people (the rule's maybe) */
};

/* FID_NO_MEMORY. Nothing is allocated later. */
enum fid_status fid_tracker_open(const struct fid_track_options *options,
                                 struct fid_tracker **tracker, struct fid_error *error);
void fid_tracker_close(struct fid_tracker **tracker);

/* The faces found in the frame of this time (which never goes back), best first, with their
 * quality: goes on with the tracks that they belong to, begins new ones, ends those that have been
 * missed for too long. A face whose box is none is left out. */
void fid_tracker_update(struct fid_tracker *tracker, uint64_t time_ns, const struct fid_face *faces,
                        const struct fid_quality *qualities, size_t count);

/* There is no newer frame, and it is this late: ends what was seen too long ago. */
void fid_tracker_expire(struct fid_tracker *tracker, uint64_t time_ns);

/* Which tracks of the newest frame should be embedded: FILLS ids, the most urgent first, and
 * returns how many. The first *urgent of them wait for a decision; the others can wait. */
size_t fid_tracker_due(const struct fid_tracker *tracker, uint32_t ids[FID_TRACKS_MAX],
                       size_t *urgent);

/* The embedding of a track's face in the newest frame. Unlike the track's others twice running, or
 * once after a jump, it shows that the face is somebody else's by now: the track ends and another
 * one begins with this face. */
void fid_tracker_embedded(struct fid_tracker *tracker, uint32_t id, const float *embedding,
                          const struct fid_gallery *gallery, const struct fid_rule *rule);

/* Decides who everybody is. With `again` (the gallery or the rule has changed) from the embeddings
 * kept so far. One name stands at most once in a frame. */
void fid_tracker_decide(struct fid_tracker *tracker, const struct fid_gallery *gallery,
                        const struct fid_rule *rule, bool again);

/* The user says that the track is not the person that it was taken for, and never is. */
void fid_tracker_reject(struct fid_tracker *tracker, uint32_t id);

size_t fid_tracker_count(const struct fid_tracker *tracker);
/* i < count; valid until the next call that changes the tracker. */
const struct fid_track *fid_tracker_track(const struct fid_tracker *tracker, size_t i);

#pragma GCC visibility pop
#ifdef __cplusplus
}
#endif
#endif
