/* Sealing a gallery, sealing it anew, opening it up: the same people in another
 * file in its place. */
#include "engine/face/gallery/gallery.h"
#include "engine/face/store/private_file.h"
#include "engine/fid/keeping.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* ---- what is left of the old file ---- */

struct remains { /* descriptors of the file and its WAL, to overwrite them under whatever name */
    int file, wal;
    off_t wal_size; /* when it still had one */
};

static struct remains open_remains(const char *path)
{
    struct remains remains;
    struct stat info;
    char wal[PATH_MAX + 8];
    snprintf(wal, sizeof wal, "%s-wal", path);
    remains.file = open(path, O_WRONLY | O_NOFOLLOW | O_CLOEXEC);
    remains.wal = open(wal, O_WRONLY | O_NOFOLLOW | O_CLOEXEC);
    remains.wal_size = remains.wal >= 0 && fstat(remains.wal, &info) == 0 ? info.st_size : 0;
    return remains;
}

static bool overwrite(int file, off_t size)
{
    static const uint8_t zeros[1 << 16];
    for (off_t at = 0; at < size;) {
        const size_t most = size - at < (off_t)sizeof zeros ? (size_t)(size - at) : sizeof zeros;
        const ssize_t written = pwrite(file, zeros, most, at);
        if (written <= 0)
            return false;
        at += written;
    }
    return fdatasync(file) == 0;
}

static enum fid_status wipe(const struct remains *remains, const char *path,
                            struct fid_error *error)
{
    struct stat info;
    if (remains->file >= 0 && fstat(remains->file, &info) == 0 &&
        overwrite(remains->file, info.st_size) &&
        (remains->wal < 0 || overwrite(remains->wal, remains->wal_size)))
        return FID_OK;
    return fid_fail(error, FID_IO,
                    "the gallery %s is written anew, but the bytes of the file before could not be "
                    "overwritten: %s",
                    path, strerror(errno));
}

/* The main file's after the store: closing it drops the store's locks. */
static void close_remains(const struct remains *remains)
{
    if (remains->file >= 0)
        close(remains->file);
    if (remains->wal >= 0)
        close(remains->wal);
}

/* Another name of the same file would lose what it shows. */
static enum fid_status refuse_second_name(const struct remains *remains, const char *path,
                                          struct fid_error *error)
{
    struct stat info;
    if (remains->file < 0 || fstat(remains->file, &info) != 0 || info.st_nlink < 2)
        return FID_OK;
    return fid_fail(
        error, FID_INVALID,
        "the gallery %s has another name on this disk (a hard link), whose bytes would be "
        "overwritten too: remove it, or make it a copy",
        path);
}

/* ---- the new file ---- */

enum fid_status fid_gallery_check_new(const char *path, struct fid_secret *secret,
                                      struct fid_error *error)
{
    struct fid_store *store = NULL;
    size_t faults = 0;
    enum fid_status status = fid_store_open(path, FID_STORE_ANY, secret, &store, error);
    if (status == FID_OK)
        status = fid_gallery_count_faults(store, &faults, error);
    fid_store_close(&store);
    if (status == FID_OK && faults > 0)
        status = fid_fail(error, FID_CORRUPT,
                          "the gallery has faults, and is left as it was (faceid check)");
    return status;
}

static enum fid_status write_new(struct fid_store *store, struct fid_secret *next,
                                 struct fid_error *error)
{
    struct fid_private_file file = {0};
    enum fid_status status = fid_private_create(fid_store_path(store), true, &file, NULL, error);
    if (status == FID_OK)
        status = fid_store_rewrite(store, file.new.temporary, next, NULL, error);
    if (status == FID_OK)
        status = fid_gallery_check_new(file.new.temporary, next, error);
    if (status == FID_OK)
        status = fid_private_publish(&file, error);
    fid_private_discard(&file);
    return status;
}

/* ---- the copies ---- */

struct teller {
    fid_tell_fn tell;
    void *ctx;
};

static enum fid_status tell_copy(void *ctx, const char *path, struct fid_error *error)
{
    const struct teller *teller = ctx;
    enum fid_secret_kind kind = FID_SECRET_NONE;
    char text[PATH_MAX + 200];
    (void)error;
    if (access(path, F_OK) != 0 || fid_gallery_secret_kind(path, &kind, NULL) != FID_OK)
        return FID_OK;
    snprintf(text, sizeof text,
             "the copy %s is left as it was, %s: make it anew (faceid backup --force) or remove it",
             path,
             kind == FID_SECRET_NONE ? "not sealed" : "sealed with the secret it was made with");
    teller->tell(teller->ctx, text);
    return FID_OK;
}

/* ---- all of it ---- */

static enum fid_status open_to_rewrite(const char *path, struct fid_secret *secret,
                                       const struct fid_secret *next, struct fid_store **store,
                                       struct fid_error *error)
{
    enum fid_status status = fid_store_open(path, 0, secret, store, error);
    if (status == FID_OK && secret == NULL && next == NULL)
        status = fid_fail(error, FID_INVALID, "the gallery %s is not sealed", path);
    return status;
}

enum fid_status fid_gallery_protect(const char *path, struct fid_secret *secret,
                                    struct fid_secret *next, fid_tell_fn tell, void *ctx,
                                    struct fid_error *error)
{
    struct fid_store *store = NULL;
    struct teller teller = {tell, ctx};
    enum fid_status status = open_to_rewrite(path, secret, next, &store, error);
    if (status != FID_OK) {
        fid_store_close(&store);
        return status;
    }
    const struct remains remains = open_remains(fid_store_path(store));
    status = refuse_second_name(&remains, path, error);
    if (status == FID_OK)
        status = fid_store_hold(store, error);
    if (status == FID_OK)
        status = write_new(store, next, error);
    if (status == FID_OK)
        status = wipe(&remains, path, error);
    fid_store_close(&store);
    close_remains(&remains);
    if (status == FID_OK &&
        fid_store_open(path, FID_GALLERY_READ_ONLY, next, &store, NULL) == FID_OK)
        status = fid_store_each_backup(store, tell_copy, &teller, error);
    fid_store_close(&store);
    return status;
}
