/* file.h - a gallery's file as the file system sees it: private and no link. */
#ifndef FID_STORE_FILE_H
#define FID_STORE_FILE_H

#include "engine/base/status.h"

/* What SQLite keeps beside a gallery: under its name and one of these. */
#define FID_FILE_JOURNALS "-wal", "-journal"
#define FID_FILE_BESIDE   FID_FILE_JOURNALS, "-shm"

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
enum fid_status fid_file_find(const char *path, enum fid_file_make make, char *real, size_t bytes,
                              struct fid_error *error);

/* FILLS journal with the path of a journal that lies beside it and is not empty; false: there is
 * none. */
bool fid_file_find_journal(const char *path, char *journal, size_t bytes);

/* Which of the two, "file" or "folder", of a full path cannot be written, with errno: somebody
 * else's, or on a file system that is only read. Its mode is left as it is then. NULL: neither. */
const char *fid_file_fixed_part(const char *path);

#endif
