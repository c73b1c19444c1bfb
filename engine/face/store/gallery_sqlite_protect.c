/* A whole gallery written anew into another file, sealed or not. */
#include "engine/face/store/gallery_sqlite.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

/* Of Argon2id, for new files: what a board with 512 MB has left, and a third of a second of work at
 * least. */
static const struct fid_seal_cost usual = {.passes = 0, .memory_kib = 64 * 1024};

/* Into a file that nobody has open yet. */
static enum fid_status write_header(const struct fid_seal *seal, const char *path,
                                    struct fid_error *error)
{
    int file = open(path, O_WRONLY | O_NOFOLLOW | O_CLOEXEC);
    bool written = file >= 0 && pwrite(file, seal->header, sizeof seal->header, 0) ==
                                    (ssize_t)sizeof seal->header;
    int reason = errno;
    if (file >= 0)
        close(file);
    return written ? FID_OK
                   : fid_fail(error, FID_IO, "%s cannot be written: %s", path, strerror(reason));
}

enum fid_status fid_sqlite_begin_sealed(const struct fid_sealed *sealed, const char *path,
                                        struct fid_error *error)
{
    return sealed != NULL ? write_header(&sealed->seal, path, error) : FID_OK;
}

static enum fid_status make_target(struct fid_sealed *sealed, const char *path,
                                   struct fid_secret *secret, const struct fid_seal_cost *cost,
                                   struct fid_error *error)
{
    enum fid_status status = fid_seal_make(&sealed->seal, secret, cost, error);
    if (status == FID_OK && !fid_sealed_open(sealed))
        status = fid_fail(error, FID_NO_MEMORY, "no memory for %s", path);
    return status == FID_OK ? fid_sqlite_begin_sealed(sealed, path, error) : status;
}

/* The reserved bytes are asked for last: naming the size of pages takes the wish back. */
static enum fid_status write_pages(struct fid_store *store, const char *path,
                                   const struct fid_sealed *sealed, struct fid_error *error)
{
    char uri[FID_SQLITE_URI_BYTES];
    sqlite3_stmt *statement;
    int reserved = sealed != NULL ? (int)FID_SEAL_EXTRA : 0;
    int64_t unused;
    fid_sqlite_uri(path, sealed, "", uri);
    enum fid_status status =
        fid_sqlite_number(store, "PRAGMA page_size=4096", NULL, &unused, error);
    if (status != FID_OK)
        return status;
    sqlite3_file_control(store->db, "main", SQLITE_FCNTL_RESERVE_BYTES, &reserved);
    status = fid_sqlite_prepare(store, "VACUUM INTO ?1", &statement, error);
    if (status != FID_OK)
        return status;
    sqlite3_bind_text(statement, 1, uri, -1, SQLITE_STATIC);
    return fid_sqlite_finish(store, statement, error);
}

enum fid_status fid_store_rewrite(struct fid_store *store, const char *path,
                                  struct fid_secret *secret, const struct fid_seal_cost *cost,
                                  struct fid_error *error)
{
    struct fid_sealed sealed = {.name = ""};
    enum fid_status status = FID_OK;
    if (secret != NULL)
        status = make_target(&sealed, path, secret, cost != NULL ? cost : &usual, error);
    if (status == FID_OK)
        status = write_pages(store, path, secret != NULL ? &sealed : NULL, error);
    fid_sealed_close(&sealed);
    return status;
}
