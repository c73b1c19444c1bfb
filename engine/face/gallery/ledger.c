/* The root of a gallery: its keys and its manifest, transactions, opening. The rows are
 * ledger_rows.c's. */
#include "engine/face/gallery/ledger.h"

#include "engine/base/memory.h"

#include <string.h>

/* Then gallery id and seal, for salvage where the root is torn. */
static const uint8_t key_row_magic[4] = "FIDk";
enum { KEY_ROW_BYTES = 4 + FID_GALLERY_ID_BYTES + FID_SEAL_BYTES };

/* ---- the root ---- */

/* The keys of a root, which others may have changed. */
static enum fid_status take_keys(struct fid_ledger *ledger, const struct fid_root *root,
                                 struct fid_error *error)
{
    struct fid_vault *vault = ledger->vault;
    size_t size = 0;
    if (vault != NULL) {
        const uint8_t *seal = fid_vault_seal(vault, &size);
        if (memcmp(fid_vault_gallery(vault), root->gallery, FID_GALLERY_ID_BYTES) == 0 &&
            size == root->seal_size && (size == 0 || memcmp(seal, root->seal, size) == 0))
            return FID_OK;
    }
    enum fid_status status =
        fid_vault_unlock(root->gallery, root->seal, root->seal_size, ledger->secret,
                         fid_store_name(ledger->store), &vault, error);
    if (status != FID_OK)
        return status;
    fid_vault_close(&ledger->vault);
    ledger->vault = vault;
    return FID_OK;
}

static enum fid_status read_root(struct fid_ledger *ledger, struct fid_error *error)
{
    struct fid_root root;
    enum fid_status status = fid_store_read_root(ledger->store, &root, error);
    if (status == FID_OK)
        status = take_keys(ledger, &root, error);
    if (status != FID_OK)
        return status;
    struct fid_manifest *manifest = &ledger->manifest;
    if (!fid_manifest_open(manifest, ledger->vault, root.manifest, root.manifest_size) ||
        manifest->generation != root.generation ||
        root.unpurged != ((manifest->flags & FID_ROOT_UNPURGED) != 0) ||
        root.is_copy != ((manifest->flags & FID_ROOT_COPY) != 0)) {
        *manifest = ledger->as_read;
        return fid_fail(error, FID_CORRUPT,
                        "the gallery %s is damaged: its list of rows is not one",
                        fid_store_name(ledger->store));
    }
    ledger->as_read = *manifest;
    return FID_OK;
}

static enum fid_status begin(struct fid_ledger *ledger, bool write, bool any,
                             struct fid_error *error)
{
    enum fid_status status = fid_store_begin(ledger->store, write, error);
    if (status != FID_OK)
        return status;
    status = read_root(ledger, error);
    if (status == FID_OK && write && !any && (ledger->manifest.flags & FID_ROOT_COPY) != 0)
        status = fid_fail(error, FID_INVALID, "%s is a copy of a gallery, which is only read",
                          fid_store_name(ledger->store));
    ledger->writing = status == FID_OK && write;
    if (status != FID_OK)
        fid_store_rollback(ledger->store);
    return status;
}

enum fid_status fid_ledger_begin(struct fid_ledger *ledger, bool write, struct fid_error *error)
{
    return begin(ledger, write, false, error);
}

enum fid_status fid_ledger_begin_copy(struct fid_ledger *ledger, struct fid_error *error)
{
    return begin(ledger, true, true, error);
}

void fid_ledger_rollback(struct fid_ledger *ledger)
{
    fid_store_rollback(ledger->store);
    ledger->writing = false;
    ledger->manifest = ledger->as_read;
}

uint64_t fid_ledger_next_generation(const struct fid_ledger *ledger)
{
    const uint64_t next = ledger->as_read.generation + 1, wanted = ledger->manifest.generation;
    return wanted > next ? wanted : next;
}

static enum fid_status write_root(struct fid_ledger *ledger, struct fid_error *error)
{
    struct fid_manifest *manifest = &ledger->manifest;
    uint8_t sealed[FID_MANIFEST_BYTES];
    struct fid_root root = {.manifest = sealed,
                            .manifest_size = sizeof sealed,
                            .unpurged = (manifest->flags & FID_ROOT_UNPURGED) != 0,
                            .is_copy = (manifest->flags & FID_ROOT_COPY) != 0};
    manifest->generation = fid_ledger_next_generation(ledger);
    root.generation = manifest->generation;
    root.seal = fid_vault_seal(ledger->vault, &root.seal_size);
    memcpy(root.gallery, fid_vault_gallery(ledger->vault), sizeof root.gallery);
    enum fid_status status = fid_manifest_seal(manifest, ledger->vault, sealed, error);
    return status == FID_OK ? fid_store_write_root(ledger->store, &root, error) : status;
}

static bool is_changed(const struct fid_manifest *a, const struct fid_manifest *b)
{
    return a->generation != b->generation || a->flags != b->flags ||
           strcmp(a->model, b->model) != 0 || strcmp(a->model_name, b->model_name) != 0 ||
           a->vector_size != b->vector_size || !fid_manifest_agrees(a, b, -1);
}

enum fid_status fid_ledger_commit(struct fid_ledger *ledger, struct fid_error *error)
{
    enum fid_status status = FID_OK;
    if (ledger->writing && is_changed(&ledger->manifest, &ledger->as_read))
        status = write_root(ledger, error);
    if (status == FID_OK)
        status = fid_store_commit(ledger->store, error);
    if (status != FID_OK) {
        fid_ledger_rollback(ledger);
        return status;
    }
    ledger->as_read = ledger->manifest;
    ledger->writing = false;
    return FID_OK;
}

/* Rows at both ends of the table, which are left when the root is torn. */
static enum fid_status write_key_rows(struct fid_ledger *ledger, struct fid_error *error)
{
    uint8_t body[KEY_ROW_BYTES];
    size_t size;
    const uint8_t *seal = fid_vault_seal(ledger->vault, &size);
    memcpy(body, key_row_magic, sizeof key_row_magic);
    memcpy(body + 4, fid_vault_gallery(ledger->vault), FID_GALLERY_ID_BYTES);
    if (size > 0)
        memcpy(body + 4 + FID_GALLERY_ID_BYTES, seal, size);
    struct fid_row row = {.generation = fid_ledger_next_generation(ledger),
                          .body = body,
                          .size = 4 + FID_GALLERY_ID_BYTES + size};
    enum fid_status status = fid_store_put(ledger->store, &row, false, error);
    row.id = FID_LAST_ID;
    return status == FID_OK ? fid_store_put(ledger->store, &row, false, error) : status;
}

/* ---- opening ---- */

void fid_ledger_close(struct fid_ledger **ledger)
{
    if (*ledger == NULL)
        return;
    fid_store_close(&(*ledger)->store);
    fid_vault_close(&(*ledger)->vault);
    fid_free((*ledger)->row);
    fid_free((*ledger)->content);
    fid_free(*ledger);
    *ledger = NULL;
}

/* A root where there is none, unless another process was faster. The keys come first, since
 * deriving them takes long, and others would wait. */
static enum fid_status make_root(struct fid_ledger *ledger, const struct fid_seal_cost *cost,
                                 struct fid_error *error)
{
    enum fid_status status = fid_vault_make(NULL, ledger->secret, cost, &ledger->vault, error);
    if (status == FID_OK)
        status = fid_store_begin(ledger->store, true, error);
    if (status != FID_OK)
        return status;
    status = read_root(ledger, error);
    if (status == FID_NOT_FOUND) {
        ledger->writing = true;
        status = write_key_rows(ledger, error);
        if (status == FID_OK)
            status = write_root(ledger, error);
        if (status == FID_OK)
            return fid_ledger_commit(ledger, error);
    }
    fid_ledger_rollback(ledger);
    return status;
}

enum fid_status fid_ledger_open(const char *where, unsigned flags, struct fid_secret *secret,
                                const struct fid_seal_cost *cost, struct fid_ledger **ledger,
                                struct fid_error *error)
{
    struct fid_ledger *made = fid_calloc(1, sizeof *made);
    *ledger = NULL;
    if (made == NULL)
        return fid_fail(error, FID_NO_MEMORY, "no memory for the gallery %s", where);
    made->secret = secret;
    enum fid_status status = fid_store_open(where, flags, &made->store, error);
    const bool reads = (flags & FID_STORE_READ) != 0;
    bool there = status == FID_OK && made->store != NULL;
    if (there) {
        status = fid_ledger_begin(made, false, error);
        fid_ledger_rollback(made);
        there = status != FID_NOT_FOUND;
        if (!there && !reads) {
            status = make_root(made, cost, error);
            there = true;
        }
    }
    if (there && status == FID_OK)
        *ledger = made;
    else
        fid_ledger_close(&made);
    return !there && reads && status == FID_NOT_FOUND ? FID_OK : status;
}

enum fid_status fid_ledger_make_copy(const char *where, const struct fid_ledger *of,
                                     struct fid_ledger **copy, struct fid_error *error)
{
    size_t seal_size;
    const uint8_t *seal = fid_vault_seal(of->vault, &seal_size);
    struct fid_ledger *made = fid_calloc(1, sizeof *made);
    *copy = NULL;
    if (made == NULL)
        return fid_fail(error, FID_NO_MEMORY, "no memory for the gallery %s", where);
    made->secret = of->secret;
    enum fid_status status = fid_store_open(where, FID_STORE_CREATE, &made->store, error);
    if (status == FID_OK)
        status = fid_vault_unlock(fid_vault_gallery(of->vault), seal, seal_size, of->secret, where,
                                  &made->vault, error);
    if (status == FID_OK)
        status = fid_store_begin(made->store, true, error);
    if (status == FID_OK) {
        made->writing = true;
        made->manifest = of->manifest;
        made->manifest.flags = FID_ROOT_COPY;
        memset(made->manifest.tallies, 0, sizeof made->manifest.tallies);
        made->as_read.generation = of->manifest.generation - 1;
        status = write_key_rows(made, error);
    }
    if (status == FID_OK)
        *copy = made;
    else
        fid_ledger_close(&made);
    return status;
}

enum fid_status fid_ledger_rekey(struct fid_ledger *ledger, struct fid_vault *vault,
                                 struct fid_vault **before, struct fid_error *error)
{
    *before = ledger->vault;
    ledger->vault = vault;
    memset(ledger->manifest.tallies, 0, sizeof ledger->manifest.tallies);
    return write_key_rows(ledger, error);
}

enum fid_status fid_ledger_delete_all(struct fid_ledger *ledger, struct fid_error *error)
{
    enum fid_status status = fid_store_delete_all(ledger->store, error);
    memset(ledger->manifest.tallies, 0, sizeof ledger->manifest.tallies);
    return status == FID_OK ? write_key_rows(ledger, error) : status;
}
