/* keeping.h - what keeps a gallery: forgetting, export, another model, copies and repair. */
#ifndef FID_KEEPING_H
#define FID_KEEPING_H

#include "face.h"
#include "gallery.h"

#ifdef __cplusplus
extern "C" {
#endif
#pragma GCC visibility push(default) /* what libfaceid.so exports */

/* ---- keeping: forgetting, export, another model, copies and repair ---- */

/* Forgets a person for good: also in the history and in the copies that fid_gallery_backup made and
 * that are still where they were. Then looks for what is left of the person's vectors (32 bytes of
 * them anywhere), consents and name in all these files. Nobody changes the gallery while the copies
 * are looked through. FILLS *forgotten (may be NULL). FID_BUSY: the person is deleted, but another
 * process reads an older state, and the bytes are in the file until it is done (fid_gallery_check);
 * or the gallery or a copy is in use or a copy being written, and nobody is forgotten; the sentence
 * says which, as with FID_IO and FID_CORRUPT. */
struct fid_forgotten {
    size_t bytes_sought; /* of the person */
    size_t bytes_shared; /* of these, others have the same and keep them */
    size_t files, backups;
    size_t absent; /* copies that are not where they were made: whoever has them has the person */
    uint64_t bytes_searched;
};
enum fid_status fid_gallery_forget_proven(struct fid_gallery *gallery, const char *name,
                                          struct fid_forgotten *forgotten, struct fid_error *error);
enum fid_status fid_gallery_forget(struct fid_gallery *gallery, const char *name,
                                   struct fid_error *error);

/* Writes the people of these names (count 0: all) to a file for fid_gallery_import
 * (engine/face/gallery/PEOPLE_FILE.md), mode 0600. FILLS *people. FID_EXISTS: there is a file
 * already and replace is not set; FID_BUSY: somebody writes that file just now;
 * FID_NOT_FOUND, FID_IO. */
enum fid_status fid_gallery_export(struct fid_gallery *gallery, const char *path, bool replace,
                                   char *const *names, size_t count, size_t *people,
                                   struct fid_error *error);
/* Looks through such a file, whatever is in it: FID_INVALID (no such file), FID_CORRUPT,
 * FID_UNSUPPORTED (a newer version), FID_NOT_FOUND, FID_IO. FILLS *people. */
enum fid_status fid_people_check(const char *path, size_t *people, struct fid_error *error);
/* Takes all people of the file in, or nobody. FID_EXISTS: somebody of that name is there, and
 * replace, which takes their place, is not set; FID_MISMATCH: another model. */
enum fid_status fid_gallery_import(struct fid_gallery *gallery, const char *path, bool replace,
                                   size_t *people, struct fid_error *error);

struct fid_reembedded {
    size_t people, faces;           /* who came along */
    size_t people_lost, faces_lost; /* without a crop that can be used */
    bool calibrated;                /* a limit for the old model's scores was taken back */
};
/* Goes over to another model: everybody's faces are embedded anew from their crops, faces without
 * one are dropped, in one transaction. FID_INVALID: the gallery was opened with a model, or is of
 * this one already; FID_BUSY: others have changed it since it was opened; FID_NO_FACE, nothing
 * changed: somebody has no usable crop, and leave_out, which takes such people out of the gallery,
 * is not set. Make a copy before: undo does not bring the old model's vectors back. */
enum fid_status fid_gallery_reembed(struct fid_gallery *gallery, const struct fid_model *model,
                                    struct fid_embedder *embedder, bool leave_out,
                                    struct fid_reembedded *done, struct fid_error *error);
/* The same, and asks before each face whether to go on; true ends it:
 * FID_STOPPED, nothing changed. */
typedef bool (*fid_stop_fn)(void *ctx);
enum fid_status fid_gallery_reembed_until(struct fid_gallery *gallery,
                                          const struct fid_model *model,
                                          struct fid_embedder *embedder, bool leave_out,
                                          fid_stop_fn stop, void *ctx, struct fid_reembedded *done,
                                          struct fid_error *error);

/* Makes a copy of the gallery that is one itself, mode 0600, without what undo would need. The
 * gallery remembers where it is, so that forgetting reaches it. FID_EXISTS and FID_BUSY as
 * fid_gallery_export; FID_CORRUPT: the gallery is damaged, and what is at path stays; FID_INVALID:
 * it is in memory. */
enum fid_status fid_gallery_backup(struct fid_gallery *gallery, const char *path, bool replace,
                                   struct fid_error *error);

struct fid_restored {
    size_t people;    /* of the gallery now */
    bool other_model; /* than before */
    char model[160];  /* name and beginning of the id, as model_before; "": nobody's faces */
    char model_before[160];
    char aside[4096]; /* where the gallery that was there is now; "": there was none */
    /* and its journal with what was changed last, which cannot be read without it; "": none */
    char aside_journal[4112];
    bool searchable; /* it could be opened: forgetting can look into it as into other copies */
};

/* FILLS aside with a path beside that of the gallery which no file has yet, with the time in it:
 * for a copy before a change. */
void fid_gallery_aside(const char *path, char *aside, size_t bytes);

/* Puts a copy in the place of the gallery at path, which may be damaged or missing. Nobody may have
 * it open. secret as fid_gallery_open_sealed, the copy's where that is sealed, which is the
 * gallery's afterwards; the gallery's else. FID_BUSY, FID_SEALED, FID_CORRUPT (the copy is
 * damaged), FID_INVALID (it is the gallery itself), FID_NOT_FOUND, FID_IO: nothing is changed, or
 * the sentence says where the gallery is now. */
enum fid_status fid_gallery_restore(const char *path, struct fid_secret *secret, const char *copy,
                                    struct fid_restored *restored, struct fid_error *error);

/* Looks at every page, row and checksum of a gallery's file, and tells each fault and each person
 * whose last day is over. Finishes a forgetting that another process had held up. secret as
 * fid_gallery_open_sealed. FID_OK with *faults 0: it is whole. FID_CORRUPT: it cannot be opened,
 * or opening it would lose what is in its journal, which is damaged, and stays as it is. */
typedef void (*fid_tell_fn)(void *ctx, const char *sentence);
enum fid_status fid_gallery_check(const char *path, struct fid_secret *secret, fid_tell_fn tell,
                                  void *ctx, size_t *faults, struct fid_error *error);
/* Makes a new gallery, sealed where the old one is, of all undamaged faces of a damaged one,
 * whatever else is lost of it: its end, the tables' table, pages anywhere. Whose name is lost is
 * saved as "recovered N". The damaged file and its journal, which is looked through too, stay as
 * they are; the new file has its name only when it is whole. model (borrowed; NULL: unknown) is the
 * one that the faces are of, for where the gallery does not say any more; nothing proves it. Tells
 * what is lost; the limit of a calibration is. FID_EXISTS: the new file is there already,
 * FID_BUSY: or just being written. FID_MISMATCH: the vectors have another size than the model's.
 * FID_CORRUPT: nobody can be saved, or not which model the faces are of; there is no new file. */
enum fid_status fid_gallery_salvage(const char *path, struct fid_secret *secret,
                                    const struct fid_model *model, const char *target,
                                    fid_tell_fn tell, void *ctx, size_t *people,
                                    struct fid_error *error);
/* Seals a gallery (secret NULL), gives it another secret and a new key, or opens it up (next NULL):
 * a new file is written beside it, checked, and put in its place, and the old one's bytes are
 * overwritten, as far as the file system writes where it wrote before. Tells of each copy of
 * fid_gallery_backup that is left as it was. FID_BUSY: another process has the gallery open. */
enum fid_status fid_gallery_protect(const char *path, struct fid_secret *secret,
                                    struct fid_secret *next, fid_tell_fn tell, void *ctx,
                                    struct fid_error *error);

#pragma GCC visibility pop
#ifdef __cplusplus
}
#endif
#endif
