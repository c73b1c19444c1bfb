/* track.h - inside a tracker: track.c knows where faces are, track_vote.c who they are. */
#ifndef FID_FACE_TRACK_H
#define FID_FACE_TRACK_H

#include "engine/base/status.h"
#include "engine/fid/track.h"

/* ---- the numbers of tracking ---- */

#define FID_NS(seconds) ((uint64_t)((seconds)*1e9))

/* A track ends when its face was not found in this many frames running and for this long: detectors
 * lose a turning head for some frames, and who comes back later is looked at anew. Both, because a
 * slow network sees few frames. */
#define FID_TRACK_MISSES 2
#define FID_TRACK_LOST   FID_NS(0.5)
/* Without a newer frame (the camera hangs) it is unknown whether the face is still there. */
#define FID_TRACK_EXPIRED FID_NS(2)

/* How far a face may be from where it was expected, in sides of the face: a detector's noise, half
 * a side of surprise, and what it walks in the time since; never so far that a neighbor is meant.
 */
#define FID_TRACK_REACH       0.5
#define FID_TRACK_REACH_PER_S 2.0
#define FID_TRACK_REACH_MOST  1.5
#define FID_TRACK_SIZE_RATIO  2.0 /* no face doubles in size between two frames */
/* A straight line is a good guess for that long. */
#define FID_TRACK_GUESS FID_NS(0.3)
/* A face that is farther than this from where it was expected (in its sides), that has grown or
 * shrunk by more (in side), or that was not seen for so long, may be another one in the same place:
 * it is looked at before its name is shown again. */
#define FID_TRACK_JUMP       0.25
#define FID_TRACK_JUMP_RATIO 1.35
#define FID_TRACK_JUMP_AFTER FID_NS(1)
/* Boxes of two tracks that overlap by this much (IoU) may be taken for each other. */
#define FID_TRACK_CROSSING 0.2

/* Embeddings kept of a track, the newest ones: enough that a blurred one is outvoted. */
#define FID_TRACK_LOOKS 8
/* A decision needs so many, except for a sure one. */
#define FID_TRACK_DECIDE 3
/* A look that is unlike the others counts for nothing, unless there have been so many looks in vain
 * that this face has no better ones. */
#define FID_TRACK_VAIN 6
/* Share of the weights that gives a name, and the share below which it is lost again. */
#define FID_TRACK_GAIN         0.5
#define FID_TRACK_HOLD         (1.0 / 3)
#define FID_TRACK_WEIGHT_LEAST 0.05 /* of a look, so that the worst ones still add up */
/* An unlike look tells of another person only if it was seen this well (score of the quality) and
 * from the front (degrees): profiles are unlike the front of the same head. */
#define FID_TRACK_TRUST       0.15
#define FID_TRACK_TRUST_ANGLE 40.0

/* When a face that is decided is looked at again: */
#define FID_TRACK_AGAIN_KNOWN   FID_NS(3)   /* a name is mostly right, and costs a network's run */
#define FID_TRACK_AGAIN_UNKNOWN FID_NS(1)   /* people turn to the camera */
#define FID_TRACK_AGAIN_SOON    FID_NS(0.2) /* the last look says something else, or it crossed */
#define FID_TRACK_BETTER        1.3         /* times the quality of the best look so far */

/* ---- a track ---- */

struct fid_look {  /* one embedding of the face */
    float *vector; /* as the network gave it; in the tracker's block */
    float weight;
    struct fid_label label; /* what it alone says */
};

struct fid_tracked {
    struct fid_track shown;
    unsigned missed;          /* frames running */
    float center[2], side[2]; /* smoothed; of the box */
    uint64_t looked_ns;       /* frame of the last embedding; 0: none */
    bool doubted;             /* it was missed or crossed another: is it still the same face? */
    bool jumped;              /* there is more reason for doubt: a single look will tell */
    float best;               /* weight of the best look */
    struct fid_look looks[FID_TRACK_LOOKS]; /* a ring */
    size_t look_count, look_next;
    struct fid_look stray; /* a trusted look that is unlike them; weight 0: none */
    int64_t rejected[4];   /* persons that it is not */
    size_t rejected_count;
};

struct fid_tracker {
    struct fid_track_options options;
    struct fid_tracked tracks[FID_TRACKS_MAX]; /* also those behind count have their vectors */
    size_t count;
    uint32_t last_id;
    uint64_t now_ns; /* of the newest frame */
    float *vectors;  /* [FID_TRACKS_MAX][FID_TRACK_LOOKS + 1][size]; owned */
};

struct fid_tracked *fid_tracker_find(struct fid_tracker *tracker, uint32_t id); /* or NULL */

/* Forgets who the track is, and gives it the next id: from here on it is another person. */
void fid_track_renew(struct fid_tracker *tracker, struct fid_tracked *track);

#endif
