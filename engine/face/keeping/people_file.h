/* people_file.h - a file of people with their consents, faces and crops, to be taken to another
 * gallery of the same model: plain rows, as a gallery has them. PEOPLE_FILE.md describes it. The
 * reader takes nothing on trust: sizes, order, contents and checksums are looked at before anything
 * is believed. */
#ifndef FID_FACE_PEOPLE_FILE_H
#define FID_FACE_PEOPLE_FILE_H

#include "engine/face/keeping/keeping.h"

struct fid_people_file; /* one that is read, or one that is written */

struct fid_people_item { /* a row, valid until the next one */
    enum fid_kind kind;  /* PERSON, SAMPLE, CONSENT or CROP; ROOT: the end */
    size_t sample;       /* of a crop: which of the person's samples, from 0 */
    struct fid_person_record person;
    const uint8_t *content; /* of the others: as it is put into a gallery of this model */
    size_t size;
};

/* FID_NOT_FOUND, FID_IO, FID_CORRUPT, FID_UNSUPPORTED (another version), FID_INVALID (another kind
 * of file), FID_NO_MEMORY. */
enum fid_status fid_people_open(const char *path, struct fid_people_file **file,
                                struct fid_error *error);
/* The model of the faces: id, name and size. */
const struct fid_manifest *fid_people_model(const struct fid_people_file *file);
enum fid_status fid_people_next(struct fid_people_file *file, struct fid_people_item *item,
                                struct fid_error *error);

/* Begins a file for people of the gallery with this manifest, 0600, under a temporary name beside
 * path; FID_EXISTS: there is one already that is not to be replaced. fid_people_publish ends it,
 * gives it its name and closes it; without that closing removes it. */
enum fid_status fid_people_create(const char *path, bool replace, const struct fid_manifest *of,
                                  struct fid_people_file **file, struct fid_error *error);
enum fid_status fid_people_write(struct fid_people_file *file, int64_t id, int64_t person,
                                 const uint8_t *content, size_t size, struct fid_error *error);
enum fid_status fid_people_publish(struct fid_people_file **file, struct fid_error *error);

void fid_people_close(struct fid_people_file **file);

#endif
