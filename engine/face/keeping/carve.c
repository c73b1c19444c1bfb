/* The rows of a gallery found in the bytes of its file and its journal, whatever of these is
 * damaged: a row says what it is, and its tag proves it. Knows nothing of pages and journals. */
#include "engine/base/memory.h"
#include "engine/face/keeping/keeping.h"

#include <stdlib.h>
#include <string.h>

enum {
    MAGIC_BYTES = 4,
    BLOCK = 1 << 20,
    NUMBER_BYTES = 9,   /* of a row's number in a table of SQLite */
    BEFORE_A_BODY = 48, /* where that stands: so many bytes at most, when there is no name's key */
};

void fid_carved_free(struct fid_carved *carved)
{
    for (unsigned i = 0; i < carved->vault_count; i++)
        fid_vault_close(&carved->vaults[i]);
    fid_free(carved->bytes);
    fid_free(carved->rows);
    fid_free(carved->content);
    *carved = (struct fid_carved){0};
}

/* ---- the bytes ---- */

static enum fid_status read_all(struct fid_store *store, bool journal, struct fid_carved *carved,
                                struct fid_error *error)
{
    enum fid_status status = FID_OK;
    size_t got = 1;
    for (uint64_t at = 0; status == FID_OK && got > 0; at += got) {
        if (carved->bytes_room - carved->size < BLOCK) {
            uint8_t *bytes = fid_calloc(2 * (carved->bytes_room + (size_t)BLOCK), 1);
            if (bytes == NULL)
                return fid_fail(error, FID_NO_MEMORY, "no memory for the file %s",
                                fid_store_name(store));
            if (carved->size > 0)
                memcpy(bytes, carved->bytes, carved->size);
            fid_free(carved->bytes);
            carved->bytes = bytes;
            carved->bytes_room = 2 * (carved->bytes_room + (size_t)BLOCK);
        }
        status = fid_store_read_raw(store, journal, at, carved->bytes + carved->size, BLOCK, &got,
                                    error);
        carved->size += status == FID_OK ? got : 0;
    }
    return status;
}

static enum fid_status read_bytes(const char *path, struct fid_carved *carved,
                                  struct fid_error *error)
{
    struct fid_store *store = NULL;
    enum fid_status status = fid_store_open(path, FID_STORE_READ | FID_STORE_RAW, &store, error);
    if (status == FID_OK && store == NULL)
        status = fid_fail(error, FID_NOT_FOUND, "there is no gallery %s", path);
    if (status == FID_OK)
        status = read_all(store, false, carved, error);
    if (status == FID_OK)
        status = read_all(store, true, carved, error);
    fid_store_close(&store);
    return status;
}

/* Where the four letters stand next from *at on. */
static bool find_magic(const struct fid_carved *carved, const char *magic, size_t *at)
{
    const uint8_t *found = *at < carved->size
                               ? memmem(carved->bytes + *at, carved->size - *at, magic, MAGIC_BYTES)
                               : NULL;
    if (found != NULL)
        *at = (size_t)(found - carved->bytes);
    return found != NULL;
}

/* ---- the keys ---- */

static bool is_known(const struct fid_carved *carved, const uint8_t *gallery, const uint8_t *seal,
                     size_t seal_size)
{
    for (unsigned i = 0; i < carved->vault_count; i++) {
        size_t size;
        const uint8_t *known = fid_vault_seal(carved->vaults[i], &size);
        if (memcmp(fid_vault_gallery(carved->vaults[i]), gallery, FID_GALLERY_ID_BYTES) == 0 &&
            size == seal_size && (size == 0 || memcmp(known, seal, size) == 0))
            return true;
    }
    return false;
}

/* Rows at both ends of the table hold id and seal. */
static enum fid_status find_keys(struct fid_carved *carved, struct fid_secret *secret,
                                 const char *path, struct fid_error *error)
{
    struct fid_error why = {0};
    enum fid_secret_kind kind;
    for (size_t at = 0; find_magic(carved, "FIDk", &at); at += MAGIC_BYTES) {
        const size_t left = carved->size - at - MAGIC_BYTES;
        const uint8_t *gallery = carved->bytes + at + MAGIC_BYTES,
                      *seal = gallery + FID_GALLERY_ID_BYTES;
        if (left < FID_GALLERY_ID_BYTES || carved->vault_count == FID_CARVED_VAULTS)
            break;
        const bool sealed =
            left >= FID_GALLERY_ID_BYTES + FID_SEAL_BYTES &&
            fid_vault_secret_kind(seal, FID_SEAL_BYTES, path, &kind, NULL) == FID_OK;
        const size_t size = sealed ? FID_SEAL_BYTES : 0;
        struct fid_vault **vault = &carved->vaults[carved->vault_count];
        if (!is_known(carved, gallery, seal, size) &&
            fid_vault_unlock(gallery, seal, size, secret, path, vault, &why) == FID_OK)
            carved->vault_count++;
    }
    if (carved->vault_count > 0)
        return FID_OK;
    if (why.status == FID_SEALED || why.status == FID_UNSUPPORTED)
        return fid_fail(error, why.status, "%s", why.text);
    return fid_fail(error, FID_CORRUPT,
                    "nothing in the file %s says which gallery it is, or all of it is damaged",
                    path);
}

/* ---- the rows ---- */

/* Does the number of a row from before the last change stand before this one? Its bytes are the
 * same otherwise. */
static bool is_from_before(const struct fid_carved *carved, size_t at, int64_t id)
{
    uint8_t number[NUMBER_BYTES];
    uint64_t rest = (uint64_t)(id | FID_ROW_BEFORE_BIT);
    const size_t begin = at > BEFORE_A_BODY ? at - BEFORE_A_BODY : 0;
    number[NUMBER_BYTES - 1] = (uint8_t)rest;
    rest >>= 8;
    for (size_t i = NUMBER_BYTES - 1; i-- > 0; rest >>= 7)
        number[i] = (uint8_t)(rest | 0x80);
    return memmem(carved->bytes + begin, at - begin, number, sizeof number) != NULL;
}

/* FILLS row with what begins there. */
static bool is_row(const struct fid_carved *carved, size_t at, struct fid_carved_row *row)
{
    const uint8_t *bytes = carved->bytes + at;
    *row = (struct fid_carved_row){.at = at};
    if (!fid_row_recognize(bytes, carved->size - at, &row->head, &row->size) ||
        row->size > carved->size - at)
        return false;
    while (row->vault < carved->vault_count &&
           !fid_row_open(carved->vaults[row->vault], bytes, row->size, &row->head, NULL))
        row->vault++;
    return row->vault < carved->vault_count;
}

static void take_manifest(struct fid_carved *carved, const struct fid_carved_row *row)
{
    struct fid_manifest manifest;
    if (fid_manifest_open(&manifest, carved->vaults[row->vault], carved->bytes + row->at,
                          row->size) &&
        (!carved->has_manifest || manifest.generation > carved->manifest.generation)) {
        carved->manifest = manifest;
        carved->has_manifest = true;
    }
}

static enum fid_status find_rows(struct fid_carved *carved, struct fid_error *error)
{
    struct fid_carved_row row;
    size_t most = 0;
    for (size_t at = 0; find_magic(carved, "FIDr", &at); at += row.size) {
        if (!is_row(carved, at, &row)) {
            row.size = MAGIC_BYTES;
        } else if (FID_ROW_KIND(row.head.id) == FID_KIND_ROOT) {
            take_manifest(carved, &row);
        } else if (!is_from_before(carved, at, row.head.id)) {
            struct fid_carved_row *rows =
                fid_grow(carved->rows, carved->count, &carved->room, sizeof *rows);
            if (rows == NULL)
                return fid_fail(error, FID_NO_MEMORY, "no memory for the rows that are found");
            carved->rows = rows;
            rows[carved->count++] = row;
            most = row.size > most ? row.size : most;
        }
    }
    carved->content = fid_calloc(most, 1);
    return carved->content != NULL ? FID_OK : fid_fail(error, FID_NO_MEMORY, "no memory for a row");
}

/* By number; of one number the last generation first. */
static int compare_rows(const void *a, const void *b)
{
    const struct fid_row_head *x = &((const struct fid_carved_row *)a)->head,
                              *y = &((const struct fid_carved_row *)b)->head;
    if (x->id != y->id)
        return x->id < y->id ? -1 : 1;
    return x->generation > y->generation ? -1 : x->generation < y->generation;
}

static void keep_each_once(struct fid_carved *carved)
{
    size_t kept = 0;
    uint64_t last = 0;
    if (carved->count > 0)
        qsort(carved->rows, carved->count, sizeof *carved->rows, compare_rows);
    for (size_t i = 0; i < carved->count; i++) {
        const struct fid_carved_row row = carved->rows[i];
        if (row.head.generation >= last) {
            last = row.head.generation;
            carved->newest = row.vault;
        }
        if (kept == 0 || carved->rows[kept - 1].head.id != row.head.id)
            carved->rows[kept++] = row;
    }
    carved->count = kept;
}

enum fid_status fid_carve(const char *path, struct fid_secret *secret, struct fid_carved *carved,
                          struct fid_error *error)
{
    *carved = (struct fid_carved){0};
    if (fid_store_is_server(path))
        return fid_fail(error, FID_UNSUPPORTED, "the bytes of the server %s cannot be read", path);
    enum fid_status status = read_bytes(path, carved, error);
    if (status == FID_OK)
        status = find_keys(carved, secret, path, error);
    if (status == FID_OK)
        status = find_rows(carved, error);
    if (status == FID_OK)
        keep_each_once(carved);
    else
        fid_carved_free(carved);
    return status;
}

bool fid_carved_open(const struct fid_carved *carved, size_t i, struct fid_entry *entry)
{
    const struct fid_carved_row *row = &carved->rows[i];
    struct fid_row_head head;
    if (!fid_row_open(carved->vaults[row->vault], carved->bytes + row->at, row->size, &head,
                      carved->content))
        return false;
    *entry =
        (struct fid_entry){head.id, head.person, head.generation, carved->content, head.size, NULL};
    return true;
}
