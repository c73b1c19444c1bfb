/* gallery.h - the gallery in memory: a mirror of the store, scanned by label_face.c. */
#ifndef FID_FACE_GALLERY_H
#define FID_FACE_GALLERY_H

#include "engine/face/gallery_store.h"
#include "engine/face/name.h"

struct fid_gallery_person {
    struct fid_person info;
    char *key;           /* fid_name_key of the name; owned */
    float *vectors;      /* [prototype_count][size], of length 1, the mean first; owned */
    float *raw_mean;     /* [size], in the block of vectors */
    size_t vector_count; /* read so far */
};

struct fid_gallery {
    struct fid_store *store; /* owned; NULL: there is no file yet, and it is only read */
    char *path;              /* owned */
    unsigned flags;
    struct fid_store_model
        model; /* the caller's; id "": opened without one, vectors are not read */
    struct fid_store_calibration calibration; /* of this model, or with id "" */
    int64_t version;                          /* fid_store_version at the last reading */
    struct fid_gallery_person *people;        /* owned, in order of keys */
    size_t count, capacity;
};

/* fid_gallery_open for a model that is known by its id, name and embedding size alone (id "":
 * none). */
enum fid_status fid_gallery_open_for(const char *path, const struct fid_store_model *model,
                                     unsigned flags, struct fid_gallery **gallery,
                                     struct fid_error *error);

/* Takes the person out of the mirror; reads the person of the store into it anew. */
void fid_gallery_drop(struct fid_gallery *gallery, int64_t id);
enum fid_status fid_gallery_reread(struct fid_gallery *gallery, int64_t id,
                                   struct fid_error *error);

/* Refuses (FID_MISMATCH, FID_CORRUPT) a store with people or a calibration of another model than
 * the gallery's; takes over the calibration. */
enum fid_status fid_gallery_check_model(struct fid_gallery *gallery, struct fid_error *error);
/* The same for the people alone. */
enum fid_status fid_gallery_check_people(const struct fid_gallery *gallery,
                                         struct fid_error *error);

/* Refuses (FID_INVALID) a gallery that was opened for reading, or where there is no file. */
enum fid_status fid_gallery_writable(const struct fid_gallery *gallery, struct fid_error *error);

#endif
