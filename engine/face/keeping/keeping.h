/* keeping.h - what several files of this folder share: the list of a gallery's copies, a whole
 * gallery in another file, its faults, and its rows found in bytes of any state. */
#ifndef FID_FACE_KEEPING_H
#define FID_FACE_KEEPING_H

#include "engine/face/gallery/gallery.h"
#include "engine/fid/keeping.h"

/* ---- copies.c ---- */

struct fid_copies { /* of a gallery; zero-initialise */
    struct fid_copy {
        char *path;                /* owned */
        struct fid_ledger *ledger; /* owned; NULL: not open, or not there */
    } * copies;
    size_t count, room;
    size_t absent; /* not where they were made */
};
/* ADDS the paths that the gallery has noted; in a transaction of the ledger. And that of one row.
 */
enum fid_status fid_copies_list(struct fid_ledger *ledger, struct fid_copies *copies,
                                struct fid_error *error);
enum fid_status fid_copies_take(void *copies, const struct fid_entry *entry,
                                struct fid_error *error);
/* Opens each of them that is where it was made, and counts those that are not; removes what was
 * left beside them when a copying was killed. FID_BUSY: one is being written, and was waited for;
 * FID_CORRUPT: one is damaged, or gone but for its journal; FID_SEALED, FID_IO. */
enum fid_status fid_copies_open(struct fid_copies *copies, const struct fid_ledger *of,
                                struct fid_error *error);
void fid_copies_close(struct fid_copies *copies);
/* Adds the path to the list of the gallery, unless it is there; in a transaction that writes. */
enum fid_status fid_copies_note(struct fid_ledger *ledger, const char *path,
                                struct fid_error *error);
/* Removes what a killed process left of a file that was to become path. FID_BUSY: it is being
 * written, and was waited for. */
enum fid_status fid_copies_clear(const char *path, struct fid_error *error);
/* Makes a copy of the gallery, each row proven, in the empty file at path, without the list of
 * copies and what undo would need; in a transaction of the ledger. FID_CORRUPT: it is damaged. */
enum fid_status fid_copy_write(struct fid_ledger *ledger, const char *path,
                               struct fid_error *error);

/* ---- check.c ---- */

/* Tells (tell NULL: counts) each fault of the database, the rows and the manifest. */
enum fid_status fid_ledger_check(struct fid_ledger *ledger, fid_tell_fn tell, void *ctx,
                                 size_t *faults, struct fid_error *error);

/* ---- common.c ---- */

/* fid_ledger_open with the secret or, where the gallery is plain, without one. */
enum fid_status fid_ledger_open_any(const char *where, unsigned flags, struct fid_secret *secret,
                                    struct fid_ledger **ledger, struct fid_error *error);

/* In a transaction that writes: from its commit on, bytes of deleted rows may be in the file. */
void fid_ledger_note_unpurged(struct fid_ledger *ledger);
/* Takes them out of the file and its journal, and the note back. rewrite: writes the file anew.
 * FID_BUSY: another process reads an older state. */
enum fid_status fid_ledger_purge(struct fid_ledger *ledger, bool rewrite, struct fid_error *error);

/* ---- carve.c: rows found in bytes ---- */

enum { FID_CARVED_VAULTS = 4 };
struct fid_carved { /* zero-initialise */
    uint8_t *bytes; /* of the file and its journal, one after the other; owned */
    size_t size, bytes_room;
    struct fid_vault *vaults[FID_CARVED_VAULTS]; /* owned; keys that were found */
    unsigned vault_count, newest;                /* newest: of the last generation */
    struct fid_carved_row {
        struct fid_row_head head;
        size_t at, size; /* in bytes */
        unsigned vault;  /* which of them opens it */
    } * rows;            /* owned; in order of numbers, each once: of its last generation */
    size_t count, room;
    uint8_t *content;             /* room for one of them; owned */
    struct fid_manifest manifest; /* the last one that was found */
    bool has_manifest;
};
/* Finds all rows of the gallery in its file and its journal, in any state, but those of the
 * history. Changes nothing. FID_NOT_FOUND: there is no file; FID_SEALED; FID_CORRUPT: no gallery's
 * key is left; FID_UNSUPPORTED: a server; FID_IO, FID_NO_MEMORY. */
enum fid_status fid_carve(const char *path, struct fid_secret *secret, struct fid_carved *carved,
                          struct fid_error *error);
void fid_carved_free(struct fid_carved *carved);
/* FILLS entry with an opened row, whose content is valid until the next. */
bool fid_carved_open(const struct fid_carved *carved, size_t i, struct fid_entry *entry);
static inline unsigned fid_carved_kind(const struct fid_carved *carved, size_t i)
{
    return FID_ROW_KIND(carved->rows[i].head.id);
}

/* ---- protect.c ---- */

/* fid_gallery_protect, the key derived at this cost (NULL: the usual). */
enum fid_status fid_gallery_protect_at(const char *path, struct fid_secret *secret,
                                       struct fid_secret *next, const struct fid_seal_cost *cost,
                                       fid_tell_fn tell, void *ctx, struct fid_error *error);

#endif
