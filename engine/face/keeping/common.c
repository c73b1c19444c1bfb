/* What the other files of this folder need of a gallery: what opens it, and how the bytes of deleted
 * rows leave it. */
#include "engine/face/keeping/keeping.h"

/* ---- what opens it ---- */

enum fid_status fid_gallery_secret_kind(const char *path, enum fid_secret_kind *kind,
                                        struct fid_error *error)
{
    struct fid_store *store = NULL;
    struct fid_root root;
    *kind = FID_SECRET_NONE;
    enum fid_status status = fid_store_open(path, FID_STORE_READ, &store, error);
    if (status != FID_OK || store == NULL)
        return status;
    status = fid_store_begin(store, false, error);
    if (status == FID_OK)
        status = fid_store_read_root(store, &root, error);
    if (status == FID_OK)
        status = fid_vault_secret_kind(root.seal, root.seal_size, path, kind, error);
    fid_store_rollback(store);
    fid_store_close(&store);
    return status == FID_NOT_FOUND ? FID_OK : status;
}

enum fid_status fid_ledger_open_any(const char *where, unsigned flags, struct fid_secret *secret,
                                    struct fid_ledger **ledger, struct fid_error *error)
{
    enum fid_secret_kind kind = FID_SECRET_PASSPHRASE;
    if (secret != NULL && fid_gallery_secret_kind(where, &kind, NULL) == FID_OK &&
        kind == FID_SECRET_NONE)
        secret = NULL;
    return fid_ledger_open(where, flags, secret, NULL, ledger, error);
}

/* ---- bytes of deleted rows ---- */

void fid_ledger_note_unpurged(struct fid_ledger *ledger)
{
    ledger->manifest.flags |= FID_ROOT_UNPURGED;
}

/* Clears only the flag; no row is deleted. */
static enum fid_status take_note_back(struct fid_ledger *ledger, struct fid_error *error)
{
    enum fid_status status = fid_ledger_begin_copy(ledger, error);
    if (status != FID_OK)
        return status;
    ledger->manifest.flags &= ~FID_ROOT_UNPURGED;
    return fid_ledger_commit(ledger, error);
}

enum fid_status fid_ledger_purge(struct fid_ledger *ledger, bool rewrite, struct fid_error *error)
{
    enum fid_status status = fid_store_purge(ledger->store, rewrite, error);
    return status == FID_OK ? take_note_back(ledger, error) : status;
}
