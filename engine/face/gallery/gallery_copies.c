/* The copies that fid_gallery_backup made, the copies of these too, what fid_gallery_restore put
 * aside, and what is left of a copying that was killed. */
#include "engine/base/memory.h"
#include "engine/face/gallery/gallery.h"
#include "engine/face/store/gallery_file.h"
#include "engine/face/store/private_file.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define DEEP 16 /* copies of copies of copies */

struct seen { /* a copy, however many lists name it */
    struct seen *next;
    bool absent; /* it is not where it was made */
    dev_t device;
    ino_t inode;
    char path[];
};

struct walk {
    struct fid_gallery *gallery;
    enum fid_copies_wait wait;
    fid_copy_fn take;
    void *ctx;
    struct seen *seen; /* owned */
    size_t absent, depth;
    struct fid_store *open[DEEP]; /* the gallery, a copy, a copy of that ... */
};

static enum fid_status walk_copy(void *ctx, const char *path, struct fid_error *error);
static enum fid_status walk_asides(struct walk *walk, const char *gallery, struct fid_error *error);

/* Copies may name each other, and the gallery. */
static bool is_open(const struct walk *walk, const char *path)
{
    for (size_t i = 0; i < walk->depth; i++)
        if (fid_store_not_own(walk->open[i], path, NULL) != FID_OK)
            return true;
    return false;
}

/* The gallery's own secret is all that there is to open it with. */
static enum fid_status sealed_otherwise(const struct walk *walk, const char *path,
                                        struct fid_error *error)
{
    if (walk->gallery->secret == NULL)
        return fid_fail(error, FID_SEALED,
                        "%s, a copy of this gallery, is sealed, and the gallery is not: open it up "
                        "(faceid protect --off --gallery %s), or remove it",
                        path, path);
    return fid_fail(error, FID_SEALED,
                    "%s, a copy of this gallery, is sealed with another secret than the gallery: "
                    "give it that one (faceid protect --gallery %s), or remove it",
                    path, path);
}

static enum fid_status in_use(const char *path, struct fid_error *error)
{
    return fid_fail(error, FID_BUSY,
                    "%s, a copy of this gallery, is in use by another process: try again when that "
                    "is done",
                    path);
}

/* Who is in a copy that is not looked into is not forgotten. */
static enum fid_status too_deep(void *ctx, const char *path, struct fid_error *error)
{
    if (is_open(ctx, path))
        return FID_OK;
    return fid_fail(error, FID_UNSUPPORTED,
                    "%s is a copy of a copy of a copy, %d times over: name a gallery nearer to it "
                    "(--gallery FILE)",
                    path, DEEP);
}

static enum fid_status open_and_take(struct walk *walk, const char *path, struct fid_error *error)
{
    struct fid_store *copy = NULL;
    struct fid_error reason;
    char journal[PATH_MAX + 16];
    enum fid_status status =
        fid_store_open(path, FID_STORE_ANY, walk->gallery->secret, &copy, &reason);
    if (status == FID_CORRUPT) {
        const bool two = fid_gallery_find_journal(path, journal, sizeof journal);
        return fid_fail(error, status,
                        "%s, noted as a copy of this gallery, is damaged, or no gallery, and "
                        "cannot be searched: save what is whole in it if you need it (faceid check "
                        "--salvage FILE --gallery %s), and remove it%s%s, or move it away; %.*s",
                        path, path, two ? " and its journal " : "", two ? journal : "",
                        fid_store_fault_length(&reason), reason.text);
    }
    if (status == FID_SEALED)
        return sealed_otherwise(walk, path, error);
    if (status == FID_BUSY)
        return in_use(path, error);
    if (status != FID_OK)
        return fid_fail(error, status,
                        "%s, in the place of a copy of this gallery, cannot be searched (%.200s): "
                        "make that good, or remove the file or move it away",
                        path, reason.text);
    status = walk->take(walk->ctx, copy, error);
    if (status == FID_BUSY)
        status = in_use(path, error);
    const bool deepest = walk->depth == DEEP;
    if (!deepest)
        walk->open[walk->depth++] = copy;
    if (status == FID_OK)
        status = fid_store_each_backup(copy, deepest ? too_deep : walk_copy, walk, error);
    if (status == FID_OK)
        status = walk_asides(walk, path, error);
    walk->depth -= !deepest;
    fid_store_close(&copy);
    return status;
}

/* *is: it was met before in this walk, or it is not there. */
static enum fid_status was_seen(struct walk *walk, const char *path, bool *is,
                                struct fid_error *error)
{
    struct stat info = {0};
    const bool absent = stat(path, &info) != 0; /* removed, or on a disk that is not here now */
    for (const struct seen *known = walk->seen; known != NULL; known = known->next) {
        *is = known->absent == absent &&
              (absent ? strcmp(known->path, path) == 0
                      : known->device == info.st_dev && known->inode == info.st_ino);
        if (*is)
            return FID_OK;
    }
    struct seen *seen = fid_calloc(1, sizeof *seen + strlen(path) + 1);
    if (seen == NULL)
        return fid_fail(error, FID_NO_MEMORY, "no memory for the copies of the gallery");
    *seen = (struct seen){walk->seen, absent, info.st_dev, info.st_ino};
    memcpy(seen->path, path, strlen(path) + 1);
    walk->seen = seen;
    walk->absent += absent;
    *is = absent;
    return FID_OK;
}

/* What a killed process left of a copy is removed. One that is being written may have the person,
 * and is waited for as any other writing is. */
static enum fid_status clear_left(const struct walk *walk, const char *path,
                                  struct fid_error *error)
{
    enum { PAUSE_MS = 50 };
    const struct timespec pause = {.tv_nsec = PAUSE_MS * 1000000L};
    const int longest = walk->wait == FID_COPIES_WAIT ? FID_STORE_BUSY_MS : 0;
    bool is_written = fid_private_is_written(path);
    for (int waited = 0; is_written && waited < longest; waited += PAUSE_MS) {
        nanosleep(&pause, NULL);
        is_written = fid_private_is_written(path);
    }
    if (is_written && walk->wait == FID_COPIES_WAIT)
        return fid_fail(error, FID_BUSY,
                        "another process is writing %s: try again when that is done", path);
    return is_written ? FID_OK : fid_private_clear(path, error);
}

static enum fid_status walk_copy(void *ctx, const char *path, struct fid_error *error)
{
    struct walk *walk = ctx;
    char journal[PATH_MAX + 16];
    bool is_done = is_open(walk, path);
    if (is_done)
        return FID_OK;
    enum fid_status status = clear_left(walk, path, error);
    if (status == FID_OK && access(path, F_OK) != 0 &&
        fid_gallery_find_journal(path, journal, sizeof journal))
        status = fid_fail(error, FID_CORRUPT,
                          "%s, the journal of a copy of this gallery that is gone, cannot be "
                          "searched: remove it, or move it away",
                          journal);
    if (status == FID_OK)
        status = was_seen(walk, path, &is_done, error);
    if (status == FID_OK && !is_done)
        return open_and_take(walk, path, error);
    /* what a restore put aside beside a copy that is gone since */
    return status == FID_OK && access(path, F_OK) != 0 ? walk_asides(walk, path, error) : status;
}

/* What a restore put aside from the gallery of that path, or would have, where it was killed before
 * anything named it: the file, or its journal alone. */
static enum fid_status walk_asides(struct walk *walk, const char *gallery, struct fid_error *error)
{
    char folder[PATH_MAX], path[PATH_MAX], journal[PATH_MAX + 16];
    const char *slash = strrchr(gallery, '/');
    enum fid_status status = FID_OK;
    if (slash == NULL)
        return FID_OK;
    snprintf(folder, sizeof folder, "%.*s", slash == gallery ? 1 : (int)(slash - gallery), gallery);
    DIR *opened = opendir(folder);
    if (opened == NULL && (errno == ENOENT || errno == ENOTDIR))
        return FID_OK; /* a copy's, that is gone with it */
    if (opened == NULL)
        return fid_fail(error, FID_IO,
                        "the folder %s, where copies may have been put aside, cannot be looked "
                        "through (%s): let it be read (chmod u+r)",
                        folder, strerror(errno));
    const struct dirent *entry;
    while (status == FID_OK && (entry = readdir(opened)) != NULL) {
        const size_t length = fid_gallery_aside_length(slash + 1, entry->d_name);
        const int written = snprintf(path, sizeof path, "%.*s%.*s", (int)(slash + 1 - gallery),
                                     gallery, (int)length, entry->d_name);
        if (length > 0 && written > 0 && (size_t)written < sizeof path &&
            (access(path, F_OK) == 0 || fid_gallery_find_journal(path, journal, sizeof journal)))
            status = walk_copy(walk, path, error);
    }
    closedir(opened);
    return status;
}

enum fid_status fid_gallery_each_copy(struct fid_gallery *gallery, enum fid_copies_wait wait,
                                      fid_copy_fn take, void *ctx, size_t *absent,
                                      struct fid_error *error)
{
    struct walk walk = {.gallery = gallery,
                        .wait = wait,
                        .take = take,
                        .ctx = ctx,
                        .depth = 1,
                        .open = {gallery->store}};
    const bool memory = (gallery->flags & FID_GALLERY_MEMORY) != 0;
    const char *path = fid_store_path(gallery->store);
    enum fid_status status = memory ? FID_OK : clear_left(&walk, path, error); /* protect's */
    if (status == FID_OK)
        status = fid_store_each_backup(gallery->store, walk_copy, &walk, error);
    if (status == FID_OK && !memory)
        status = walk_asides(&walk, path, error);
    *absent = walk.absent;
    while (walk.seen != NULL) {
        struct seen *next = walk.seen->next;
        fid_free(walk.seen);
        walk.seen = next;
    }
    return status;
}
