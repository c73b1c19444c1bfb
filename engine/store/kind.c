/* What all kinds of stores share: the root as it is stored, and damage as sentences. */
#include "engine/store/kind.h"

#include <string.h>

enum { UNPURGED = 1, IS_COPY = 2 }; /* flags of the root, as stored */

enum fid_status fid_store_damaged(const struct fid_store *store)
{
    return fid_fail(store->error, FID_CORRUPT, "the gallery %s is damaged", store->name);
}

enum fid_status fid_store_tell_entry(const struct fid_store *store, const char *const found[3],
                                     const char *const wanted[3])
{
    int order = found == NULL ? 1 : wanted == NULL ? -1 : strcmp(wanted[0], found[0]);
    if (order == 0)
        order = strcmp(found[1], wanted[1]);
    if (order < 0)
        return fid_fail(store->error, FID_CORRUPT,
                        "the gallery %s has %s %.20s '%.100s' that is not its own", store->name,
                        found[0][0] == 'i' ? "an" : "a", found[0], found[1]);
    return fid_fail(store->error, FID_CORRUPT,
                    order > 0 ? "the gallery %s lacks the %s '%s'"
                              : "the gallery %s has the %s '%s' otherwise than it was made",
                    store->name, wanted[0], wanted[1]);
}

enum fid_status fid_store_take_root(struct fid_store *store, const struct fid_root_columns *columns,
                                    struct fid_root *root)
{
    *root = (struct fid_root){.generation = (uint64_t)columns->generation,
                              .seal = store->root,
                              .seal_size = columns->seal_size,
                              .manifest = store->root + columns->seal_size,
                              .manifest_size = columns->manifest_size,
                              .unpurged = (columns->flags & UNPURGED) != 0,
                              .is_copy = (columns->flags & IS_COPY) != 0};
    if (columns->gallery_size != sizeof root->gallery || columns->generation < 0 ||
        columns->seal_size > FID_STORE_ROOT_MOST ||
        columns->manifest_size > FID_STORE_ROOT_MOST - columns->seal_size ||
        (columns->flags & ~(UNPURGED | IS_COPY)) != 0)
        return fid_store_damaged(store);
    memcpy(root->gallery, columns->gallery, sizeof root->gallery);
    if (columns->seal_size > 0)
        memcpy(store->root, columns->seal, columns->seal_size);
    if (columns->manifest_size > 0)
        memcpy(store->root + columns->seal_size, columns->manifest, columns->manifest_size);
    return FID_OK;
}

int64_t fid_root_flags(const struct fid_root *root)
{
    return (root->unpurged ? UNPURGED : 0) | (root->is_copy ? IS_COPY : 0);
}
