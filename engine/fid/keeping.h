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

/* What became of forgetting a person. */
struct fid_forgotten {
    bool
        proven; /* nothing is left; false: a server, which may keep the bytes elsewhere, or in memory */
    size_t bytes_sought; /* of the person */
    size_t bytes_shared; /* of these, others have the same and keep them */
    size_t files, backups;
    size_t absent; /* copies that are not where they were made: whoever has them has the person */
    uint64_t bytes_searched;
};
/* Forgets a person for good: also in the history and in the copies that fid_gallery_backup made and
 * that are still where they were. Then looks for what is left of the person's rows (32 bytes of
 * them anywhere) in all these files. Nobody changes the gallery while the copies are looked
 * through. FILLS *forgotten (may be NULL). FID_NOT_FOUND: nobody has the name, here or in a copy.
 * FID_BUSY: the person is deleted, but another process reads an older state, and the bytes are in
 * the file until it is done (fid_gallery_check); or the gallery or a copy is in use or a copy is
 * being written, and nobody is forgotten; the sentence says which, as with FID_IO, FID_CORRUPT and
 * FID_SEALED. FID_INVALID: opened for reading, or no name; FID_UNREACHABLE, FID_NO_MEMORY. */
enum fid_status fid_gallery_forget(struct fid_gallery *gallery, const char *name,
                                   struct fid_forgotten *forgotten, struct fid_error *error);

/* Writes the people of these names (count 0: all) to a file for fid_gallery_import
 * (engine/face/keeping/PEOPLE_FILE.md), mode 0600. FILLS *people. FID_EXISTS: there is a file
 * already and replace is not set; FID_BUSY: somebody writes that file just now; FID_NOT_FOUND,
 * FID_IO. */
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
typedef bool (*fid_stop_fn)(void *ctx);
/* Goes over to another model: everybody's faces are embedded anew from their crops, faces without
 * one are dropped, in one transaction. stop (NULL: never) is asked before each face; true ends it:
 * FID_STOPPED, nothing changed. FID_INVALID: the gallery was opened with a model, or is of this one
 * already; FID_BUSY: others have changed it since it was opened; FID_NO_FACE, nothing changed:
 * somebody has no usable crop, and leave_out, which takes such people out of the gallery, is not
 * set; FID_CORRUPT: the model or the gallery is damaged; FID_IO, FID_UNREACHABLE, FID_NO_MEMORY.
 * Make a copy before: undo does not bring the old model's vectors back. */
enum fid_status fid_gallery_reembed(struct fid_gallery *gallery, const struct fid_model *model,
                                    struct fid_embedder *embedder, bool leave_out, fid_stop_fn stop,
                                    void *ctx, struct fid_reembedded *done,
                                    struct fid_error *error);

/* Makes a copy of the gallery, mode 0600, without what undo would need. It is only read, or
 * restored. The gallery remembers where it is, so that forgetting reaches it. FID_EXISTS and
 * FID_BUSY as fid_gallery_export; FID_CORRUPT: the gallery is damaged, and what is at path stays;
 * FID_INVALID: it is in memory. */
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

/* Puts what a copy, or another gallery, holds in the place of the gallery at path, which may be
 * damaged or missing: one transaction, which those who have it open see. What was there is copied
 * aside before; one that does not open is moved aside, and nobody may have it open. secret as
 * fid_gallery_open: the copy's where that is sealed, which is the gallery's afterwards; the
 * gallery's else. FID_BUSY, FID_SEALED, FID_CORRUPT (the copy is damaged), FID_INVALID (it is the
 * gallery itself), FID_NOT_FOUND, FID_IO, FID_UNREACHABLE, FID_NO_MEMORY: nothing is changed, or
 * the sentence says where the gallery is now. */
enum fid_status fid_gallery_restore(const char *path, struct fid_secret *secret, const char *copy,
                                    struct fid_restored *restored, struct fid_error *error);

/* Looks at the database and every row of a gallery, and whether one is missing, too many, or old;
 * tells each fault and each person whose last day is over. Finishes a forgetting that another
 * process had held up. secret as fid_gallery_open. FID_OK with *faults 0: it is whole. FID_CORRUPT:
 * it cannot be opened; FID_NOT_FOUND, FID_SEALED, FID_BUSY, FID_IO, FID_UNREACHABLE, FID_NO_MEMORY.
 */
enum fid_status fid_gallery_check(const char *path, struct fid_secret *secret, fid_tell_fn tell,
                                  void *ctx, size_t *faults, struct fid_error *error);
/* Makes a new gallery, sealed where the old one is, of all undamaged faces of a damaged one,
 * whatever else is lost of it: rows are found wherever they lie in the file and its journal. Whose
 * name is lost is saved as "recovered N". The damaged file and its journal stay as they are; the
 * new file has its name only when it is whole. model (borrowed; NULL: unknown) has the name of the
 * one that the faces are of, for where the gallery does not say it any more. Tells what is lost,
 * and where somebody who was removed may be back; the limit of a calibration is lost. FID_EXISTS:
 * the new file is there already, FID_BUSY: or just being written. FID_MISMATCH: the faces are of
 * another model. FID_CORRUPT: nobody can be saved; there is no new file. FID_UNSUPPORTED: a server;
 * FID_NOT_FOUND, FID_SEALED, FID_IO, FID_NO_MEMORY. */
enum fid_status fid_gallery_salvage(const char *path, struct fid_secret *secret,
                                    const struct fid_model *model, const char *target,
                                    fid_tell_fn tell, void *ctx, size_t *people,
                                    struct fid_error *error);
/* Seals a gallery or a copy (secret NULL), gives it another secret and a new key, or opens it up
 * (next NULL): in one transaction, after which the file is written anew, so that nothing of before
 * is in it. Tells of each copy of fid_gallery_backup that is left as it was. FID_BUSY: another
 * process has the gallery open; FID_CORRUPT: it has faults, and is as it was; FID_INVALID: it is
 * not sealed, and was to be opened up; FID_NOT_FOUND, FID_SEALED, FID_UNSUPPORTED (built without),
 * FID_IO, FID_UNREACHABLE, FID_NO_MEMORY. */
enum fid_status fid_gallery_protect(const char *path, struct fid_secret *secret,
                                    struct fid_secret *next, fid_tell_fn tell, void *ctx,
                                    struct fid_error *error);

#pragma GCC visibility pop
#ifdef __cplusplus
}
#endif
#endif
