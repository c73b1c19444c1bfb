/* people_format.h - what the reader and the writer of a people file share. Nobody else includes it.
 */
#ifndef FID_FACE_PEOPLE_FORMAT_H
#define FID_FACE_PEOPLE_FORMAT_H

#include "engine/face/gallery/people_file.h"
#include "engine/face/store/private_file.h"
#include "kernels/kernels.h"

enum {
    FID_PEOPLE_MAJOR = 1,
    FID_PEOPLE_WITH_CROPS = 2, /* what else is there is as in version 1 */
    FID_PEOPLE_HEADER = 64,
    FID_PEOPLE_FRAME = 8, /* in front of what a record holds; four more of checksum behind it */
    FID_PEOPLE_MODEL = FID_PEOPLE_END + 1,
};

#define FID_PEOPLE_MAGIC "FIDPEOPL"
extern const char fid_people_tags[FID_PEOPLE_MODEL + 1][5];

struct fid_people_file {
    FILE *stream;
    fid_crc32c_fn crc32c;
    struct fid_private_file target; /* of one that is written */
    char path[PATH_MAX];
    struct fid_store_model model;
    uint64_t total_bytes, at; /* of the file; of the next record */
    uint32_t record_count;    /* as the header says, or so far */
    uint32_t records_left;
    uint8_t *buffer; /* a record with its frame; owned */
    size_t buffer_bytes;
    float *embedding; /* [size]; owned */
    bool in_person;   /* a person has begun */
    bool in_sample;   /* a sample was the last record */
    bool has_crops;   /* what the file's version says */
};

/* FILLS the struct of a file of this path; NULL without memory. Then, when the model is known, room
 * for its records. */
struct fid_people_file *fid_people_make(const char *path);
bool fid_people_allocate(struct fid_people_file *file, bool with_crops);

#endif
