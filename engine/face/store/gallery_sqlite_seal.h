/* gallery_sqlite_seal.h - SQLite's file system with sealed files: the gallery's header page before
 * the database, and each page of the database and of its journals encrypted. */
#ifndef FID_FACE_GALLERY_SQLITE_SEAL_H
#define FID_FACE_GALLERY_SQLITE_SEAL_H

#include "engine/face/store/seal.h"

#include <sqlite3.h>

#define FID_SEALED_PAGE 4096u /* of every sealed database */

struct fid_sealed { /* a file system for the files of one key; zero-initialise */
    struct fid_seal seal;
    sqlite3_vfs vfs, *system;
    char name[40]; /* for sqlite3_open_v2; "": not there */
};

/* Makes it known to SQLite under its name; the seal has its key by then. */
bool fid_sealed_open(struct fid_sealed *sealed);
/* After the last file of it was closed; wipes the key. */
void fid_sealed_close(struct fid_sealed *sealed);
/* Where in the file what is at `at` for SQLite begins; file: one of its databases or WALs. */
sqlite3_int64 fid_sealed_place(sqlite3_file *file, sqlite3_int64 at);

#endif
