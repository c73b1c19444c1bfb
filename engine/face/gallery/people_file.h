/* people_file.h - the file of `faceid export`: people with their samples, to be taken to another
 * gallery of the same model. PEOPLE_FILE.md describes it byte by byte. The reader takes nothing on
 * trust: sizes, order, text and checksums are looked at before anything is believed. */
#ifndef FID_FACE_PEOPLE_FILE_H
#define FID_FACE_PEOPLE_FILE_H

#include "engine/face/store/gallery_store.h"

#include <stdio.h>

#define FID_PEOPLE_SOURCE_BYTES 8193

enum fid_people_record {
    FID_PEOPLE_PERSON,
    FID_PEOPLE_CONSENT,
    FID_PEOPLE_SAMPLE,
    FID_PEOPLE_CROP, /* of the sample before */
    FID_PEOPLE_END,
};

struct fid_people_item { /* what is set depends on the record; valid until the next one */
    const char *created; /* of a person, a consent, a sample */
    const char *text;    /* a person's name, a consent's words, a sample's source */
    const char *expires; /* of a person */
    const float *embedding;
    const void *crop; /* of a crop, which has nothing else */
    size_t crop_size;
};

struct fid_people_file; /* one that is read, or one that is written */

/* FILLS model. FID_NOT_FOUND, FID_IO, FID_CORRUPT, FID_UNSUPPORTED (a newer version), FID_INVALID
 * (another kind of file), FID_NO_MEMORY. */
enum fid_status fid_people_open(const char *path, struct fid_people_file **file,
                                struct fid_store_model *model, struct fid_error *error);
enum fid_status fid_people_next(struct fid_people_file *file, enum fid_people_record *record,
                                struct fid_people_item *item, struct fid_error *error);

/* Begins a file, 0600, under a temporary name beside path; FID_EXISTS: there is one already that is
 * not to be replaced. fid_people_publish ends it, gives it its name and closes it; without that
 * closing removes it. */
enum fid_status fid_people_create(const char *path, bool replace,
                                  const struct fid_store_model *model,
                                  struct fid_people_file **file, struct fid_error *error);
enum fid_status fid_people_write(struct fid_people_file *file, enum fid_people_record record,
                                 const struct fid_people_item *item, struct fid_error *error);
enum fid_status fid_people_publish(struct fid_people_file **file, struct fid_error *error);

void fid_people_close(struct fid_people_file **file);

#endif
