/* mirror.h - reads what a transaction of a gallery's ledger shows, to be taken over into the mirror
 * when the transaction is over. */
#ifndef FID_FACE_MIRROR_H
#define FID_FACE_MIRROR_H

#include "engine/face/gallery/gallery.h"

struct fid_staged { /* zero-initialise */
    struct fid_gallery *gallery;
    bool whole;                       /* all people are read anew */
    struct fid_gallery_person *fresh; /* who was read, in order of rows; owned */
    size_t count, room;
    struct fid_gallery_person **old;   /* the mirror's, in order of rows; owned */
    struct fid_ids gone;               /* owned */
    struct fid_gallery_person *people; /* room for all; owned */
    struct fid_calibration_record calibration;
    struct fid_manifest seen;
    uint64_t generation;
};

/* In a transaction: reads the rows of people, or (whole not set) those that are newer than the
 * mirror. FID_CORRUPT: the manifest does not agree with them. */
enum fid_status fid_mirror_stage(struct fid_staged *staged, struct fid_gallery *gallery, bool whole,
                                 struct fid_error *error);
/* The same for these people alone, the only ones who have changed. */
enum fid_status fid_mirror_stage_some(struct fid_staged *staged, struct fid_gallery *gallery,
                                      const int64_t *ids, size_t count, struct fid_error *error);
/* Takes over what was staged, and frees it. */
void fid_mirror_take(struct fid_staged *staged);
void fid_staged_free(struct fid_staged *staged);

/* In a transaction: stages what is new since the mirror was read; *staged is empty where nothing
 * is. FID_CORRUPT: also a state from before the mirror's; FID_MISMATCH: another model. */
enum fid_status fid_mirror_catch_up(struct fid_staged *staged, struct fid_gallery *gallery,
                                    struct fid_error *error);

void fid_mirror_free_people(struct fid_gallery_person *people, size_t count);

#endif
