/* gallery_file.h - the gallery's file as the file system sees it: private and no link. */
#ifndef FID_FACE_GALLERY_FILE_H
#define FID_FACE_GALLERY_FILE_H

#include "engine/base/status.h"
#include "engine/fid/keeping.h"

#include <stdbool.h>

/* What SQLite keeps beside a gallery: under its name and one of these. */
#define FID_GALLERY_JOURNALS "-wal", "-journal"
#define FID_GALLERY_BESIDE   FID_GALLERY_JOURNALS, "-shm"

/* FILLS real (bytes) with the path to open: its folder resolved, the file itself not a link. The
 * file is there afterwards with mode 0600 (an open mode is corrected, but not for reading).
 * FID_NOT_FOUND: there is none, and none was to be made; FID_INVALID: a link or not a regular file;
 * FID_CORRUPT: it is gone, but not its journal; FID_IO. */
enum fid_file_make {
    FID_FILE_READ, /* nothing is changed */
    FID_FILE_FIND,
    FID_FILE_MAKE_FOLDER, /* the folders that are missing, 0700; the path is filled all the same */
    FID_FILE_MAKE,        /* and an empty file */
};
enum fid_status fid_gallery_file(const char *path, enum fid_file_make make, char *real,
                                 size_t bytes, struct fid_error *error);

/* FILLS journal with the path of a journal that lies beside it and is not
 * empty; false: none does. */
bool fid_gallery_find_journal(const char *path, char *journal, size_t bytes);

/* How long a name that fid_gallery_aside gives beside the gallery of this name is, where name is
 * one or that of a journal of such a file; else 0. */
size_t fid_gallery_aside_length(const char *gallery, const char *name);

/* The file or its folder, a full path, cannot be written: somebody else's, or on a file system that
 * is only read. Its mode is left as it is then. */
bool fid_gallery_is_fixed(const char *path);
/* Which of the two, "file" or "folder", with errno; NULL: neither. */
const char *fid_gallery_fixed_part(const char *path);

#endif
