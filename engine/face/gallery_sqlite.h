/* gallery_sqlite.h - what the two files of the SQLite store share: gallery_sqlite.c opens it and
 * runs transactions, gallery_sqlite_rows.c reads and writes rows. Nobody else includes it. */
#ifndef FID_FACE_GALLERY_SQLITE_H
#define FID_FACE_GALLERY_SQLITE_H

#include "engine/face/gallery_store.h"
#include "kernels/kernels.h"

#include <limits.h>
#include <sqlite3.h>

struct fid_store {
    sqlite3 *db;
    fid_crc32c_fn crc32c;
    char path[PATH_MAX];
};

/* SQLite's complaint as ours; doing completes "the gallery PATH could not be ...". */
enum fid_status fid_sqlite_fail(struct fid_store *store, int code, const char *doing,
                                struct fid_error *error);
enum fid_status fid_sqlite_prepare(struct fid_store *store, const char *sql,
                                   sqlite3_stmt **statement, struct fid_error *error);
/* Runs a bound statement that gives no rows, and ends it. */
enum fid_status fid_sqlite_finish(struct fid_store *store, sqlite3_stmt *statement,
                                  struct fid_error *error);
/* The first number of the first row of sql, 0 where there is no row; text is bound to ?1 where it
 * is not NULL. */
enum fid_status fid_sqlite_number(struct fid_store *store, const char *sql, const char *text,
                                  int64_t *number, struct fid_error *error);

#endif
