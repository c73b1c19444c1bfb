/* The copies that fid_gallery_backup made, the copies of these too, and what is left of a copying
 * that was killed. */
#include "engine/face/gallery/gallery.h"
#include "engine/face/store/private_file.h"

#include <unistd.h>

#define DEEP 16 /* copies of copies of copies */

struct walk {
    struct fid_gallery *gallery;
    fid_copy_fn take;
    void *ctx;
    size_t absent, depth;
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
    enum fid_status status =
        fid_store_open(path, FID_STORE_ANY, walk->gallery->secret, &copy, &reason);
    if (status == FID_CORRUPT)
        return fid_fail(error, status,
                        "%s, noted as a copy of this gallery, is damaged and cannot be searched: "
                        "save what is whole in it if you need it (faceid check --salvage FILE "
                        "--gallery %s), and remove it",
                        path, path);
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

static enum fid_status walk_copy(void *ctx, const char *path, struct fid_error *error)
{
    struct walk *walk = ctx;
    if (is_open(walk, path))
        return FID_OK;
    enum fid_status status = fid_private_clear(path, error);
    if (status != FID_OK)
        return status;
    if (access(path, F_OK) == 0)
        return open_and_take(walk, path, error);
    walk->absent++; /* removed, or on a disk that is not here now */
    return FID_OK;
}

enum fid_status fid_gallery_each_copy(struct fid_gallery *gallery, fid_copy_fn take, void *ctx,
                                      size_t *absent, struct fid_error *error)
{
    struct walk walk = {
        .gallery = gallery, .take = take, .ctx = ctx, .depth = 1, .open = {gallery->store}};
    enum fid_status status = FID_OK;
    if ((gallery->flags & FID_GALLERY_MEMORY) == 0)
        status = fid_private_clear(fid_store_path(gallery->store), error); /* protect's */
    if (status == FID_OK)
        status = fid_store_each_backup(gallery->store, walk_copy, &walk, error);
    *absent = walk.absent;
    return status;
}
