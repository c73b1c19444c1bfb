/* The copies that fid_gallery_backup made, the copies of these too, and what is left of a copying
 * that was killed. */
#include "engine/base/memory.h"
#include "engine/face/gallery/gallery.h"
#include "engine/face/store/gallery_file.h"
#include "engine/face/store/private_file.h"

#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define DEEP 16 /* copies of copies of copies */

struct absent { /* a copy that is not where it was made */
    struct absent *next;
    char path[];
};

struct walk {
    struct fid_gallery *gallery;
    fid_copy_fn take;
    void *ctx;
    struct absent *absent; /* each path once, whoever names it; owned */
    size_t depth;
    struct fid_store *open[DEEP]; /* the gallery, a copy, a copy of that ... */
};

static enum fid_status walk_copy(void *ctx, const char *path, struct fid_error *error);

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
                        "--salvage FILE --gallery %s), and remove it%s%s, or move it away",
                        path, path, two ? " and its journal " : "", two ? journal : "");
    }
    if (status == FID_SEALED)
        return sealed_otherwise(walk, path, error);
    if (status != FID_OK)
        return fid_fail(error, status,
                        "%s, in the place of a copy of this gallery, cannot be searched (%.200s): "
                        "remove it, or move it away",
                        path, reason.text);
    status = walk->take(walk->ctx, copy, error);
    if (status == FID_OK && walk->depth < DEEP) {
        walk->open[walk->depth++] = copy;
        status = fid_store_each_backup(copy, walk_copy, walk, error);
        walk->depth--;
    }
    fid_store_close(&copy);
    return status;
}

/* Copies may name each other, and the gallery. */
static bool is_open(const struct walk *walk, const char *path)
{
    for (size_t i = 0; i < walk->depth; i++)
        if (fid_store_not_own(walk->open[i], path, NULL) != FID_OK)
            return true;
    return false;
}

/* Removed, or on a disk that is not here now. */
static enum fid_status count_absent(struct walk *walk, const char *path, struct fid_error *error)
{
    for (const struct absent *known = walk->absent; known != NULL; known = known->next)
        if (strcmp(known->path, path) == 0)
            return FID_OK;
    struct absent *absent = fid_calloc(1, sizeof *absent + strlen(path) + 1);
    if (absent == NULL)
        return fid_fail(error, FID_NO_MEMORY, "no memory for the copies of the gallery");
    absent->next = walk->absent;
    strcpy(absent->path, path);
    walk->absent = absent;
    return FID_OK;
}

/* What a killed process left of a copy is removed. One that is being written has the person, and
 * is waited for as any other writing is. */
static enum fid_status clear_left(const char *path, struct fid_error *error)
{
    enum { PAUSE_MS = 50, BUSY_MS = 5000 };
    const struct timespec pause = {.tv_nsec = PAUSE_MS * 1000000L};
    bool is_written = fid_private_is_written(path);
    for (int waited = 0; is_written && waited < BUSY_MS; waited += PAUSE_MS) {
        nanosleep(&pause, NULL);
        is_written = fid_private_is_written(path);
    }
    if (is_written)
        return fid_fail(error, FID_BUSY,
                        "%s, a copy of this gallery, is being written by another process: try "
                        "again when that is done",
                        path);
    return fid_private_clear(path, error);
}

static enum fid_status walk_copy(void *ctx, const char *path, struct fid_error *error)
{
    struct walk *walk = ctx;
    char journal[PATH_MAX + 16];
    if (is_open(walk, path))
        return FID_OK;
    enum fid_status status = clear_left(path, error);
    if (status != FID_OK)
        return status;
    if (access(path, F_OK) == 0)
        return open_and_take(walk, path, error);
    if (fid_gallery_find_journal(path, journal, sizeof journal))
        return fid_fail(error, FID_CORRUPT,
                        "%s, the journal of a copy of this gallery that is gone, cannot be "
                        "searched: remove it, or move it away",
                        journal);
    return count_absent(walk, path, error);
}

static size_t free_absent(struct walk *walk)
{
    size_t count = 0;
    while (walk->absent != NULL) {
        struct absent *next = walk->absent->next;
        fid_free(walk->absent);
        walk->absent = next;
        count++;
    }
    return count;
}

enum fid_status fid_gallery_each_copy(struct fid_gallery *gallery, fid_copy_fn take, void *ctx,
                                      size_t *absent, struct fid_error *error)
{
    struct walk walk = {
        .gallery = gallery, .take = take, .ctx = ctx, .depth = 1, .open = {gallery->store}};
    enum fid_status status = FID_OK;
    if ((gallery->flags & FID_GALLERY_MEMORY) == 0)
        status = clear_left(fid_store_path(gallery->store), error); /* protect's */
    if (status == FID_OK)
        status = fid_store_each_backup(gallery->store, walk_copy, &walk, error);
    *absent = free_absent(&walk);
    return status;
}
