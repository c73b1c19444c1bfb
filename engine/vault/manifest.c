/* manifest.c - counts and digests of all rows of a gallery. Without its key, no row can be taken
 * out, put in or replaced by an older one such that they still agree. */
#include "engine/vault/seal.h"

#include "engine/base/bytes.h"

#include <string.h>

enum {
    BOUND_BYTES = 36, /* of a row's head: all but the nonce */
    ROW_ID_AT = 12,
    /* where things lie in the content */
    GENERATION_AT = 0,
    FLAGS_AT = 8,
    VECTOR_AT = 12,
    MODEL_AT = 16,
    NAME_AT = MODEL_AT + sizeof((struct fid_manifest *)0)->model,
    TALLIES_AT = NAME_AT + sizeof((struct fid_manifest *)0)->model_name + 3,
    TALLY_BYTES = 8 + FID_DIGEST_BYTES,
    CONTENT_BYTES = TALLIES_AT + FID_TALLIES * TALLY_BYTES,
    NUMBER = 1, /* of the manifest's row */
};
_Static_assert(CONTENT_BYTES + FID_ROW_EXTRA == FID_MANIFEST_BYTES, "the content ends so");

/* The tally of a number; rows of unknown kinds are all counted with kind 0. */
static size_t tally_of(int64_t id)
{
    const unsigned kind = FID_ROW_KIND(id & ~FID_ROW_BEFORE_BIT);
    return (kind < FID_KINDS ? kind : 0) + ((id & FID_ROW_BEFORE_BIT) != 0 ? FID_KINDS : 0);
}

/* Spreads 64 bits over all others (the finisher of MurmurHash3). */
static uint64_t mix(uint64_t x)
{
    x = (x ^ x >> 33) * UINT64_C(0xff51afd7ed558ccd);
    x = (x ^ x >> 33) * UINT64_C(0xc4ceb9fe1a85ec53);
    return x ^ x >> 33;
}

static void hash_row(const struct fid_vault *vault, const uint8_t *row, size_t size,
                     uint8_t hash[FID_DIGEST_BYTES])
{
    uint8_t bytes[FID_GALLERY_ID_BYTES + BOUND_BYTES + FID_ROW_TAG_BYTES];
    const uint8_t *tag = row + size - FID_ROW_TAG_BYTES;
    if (vault->keys == NULL) {
        memset(hash, 0, FID_DIGEST_BYTES);
        fid_put64(hash, mix(fid_get64(row + ROW_ID_AT) ^ mix(fid_get32(tag))));
        return;
    }
    memcpy(bytes, vault->gallery, FID_GALLERY_ID_BYTES);
    memcpy(bytes + FID_GALLERY_ID_BYTES, row, BOUND_BYTES);
    memcpy(bytes + FID_GALLERY_ID_BYTES + BOUND_BYTES, tag, FID_ROW_TAG_BYTES);
    fid_seal_hash(vault->keys->rows, bytes, sizeof bytes, hash);
}

void fid_manifest_count(struct fid_manifest *manifest, const struct fid_vault *vault, int64_t id,
                        const uint8_t *row, size_t size, bool added)
{
    struct fid_tally *tally = &manifest->tallies[tally_of(id)];
    uint8_t hash[FID_DIGEST_BYTES];
    tally->count += added ? 1 : UINT64_MAX; /* unsigned: one less */
    if (size < FID_ROW_EXTRA)
        return;
    hash_row(vault, row, size, hash);
    for (size_t i = 0; i < FID_DIGEST_BYTES; i++)
        tally->digest[i] ^= hash[i];
}

bool fid_manifest_agrees(const struct fid_manifest *a, const struct fid_manifest *b, int kind)
{
    const int first = kind < 0 ? 0 : (int)tally_of((int64_t)kind << 56);
    const int last = kind < 0 ? FID_TALLIES - 1 : first;
    for (int i = first; i <= last; i++)
        if (a->tallies[i].count != b->tallies[i].count ||
            memcmp(a->tallies[i].digest, b->tallies[i].digest, FID_DIGEST_BYTES) != 0)
            return false;
    return true;
}

enum fid_status fid_manifest_seal(const struct fid_manifest *manifest,
                                  const struct fid_vault *vault, uint8_t *sealed,
                                  struct fid_error *error)
{
    uint8_t content[CONTENT_BYTES] = {0}, *at = content + TALLIES_AT;
    const struct fid_row_head head = {NUMBER, 0, manifest->generation, sizeof content};
    fid_put64(content + GENERATION_AT, manifest->generation);
    fid_put32(content + FLAGS_AT, manifest->flags);
    fid_put32(content + VECTOR_AT, manifest->vector_size);
    memcpy(content + MODEL_AT, manifest->model, sizeof manifest->model);
    memcpy(content + NAME_AT, manifest->model_name, sizeof manifest->model_name);
    for (size_t i = 0; i < FID_TALLIES; i++, at += TALLY_BYTES) {
        fid_put64(at, manifest->tallies[i].count);
        memcpy(at + 8, manifest->tallies[i].digest, FID_DIGEST_BYTES);
    }
    return fid_row_seal(vault, &head, content, sealed, error);
}

bool fid_manifest_open(struct fid_manifest *manifest, const struct fid_vault *vault,
                       const uint8_t *sealed, size_t size)
{
    uint8_t content[CONTENT_BYTES];
    const uint8_t *at = content + TALLIES_AT;
    struct fid_row_head head;
    if (size != FID_MANIFEST_BYTES || !fid_row_open(vault, sealed, size, &head, content) ||
        head.id != NUMBER || head.generation != fid_get64(content + GENERATION_AT) ||
        memchr(content + MODEL_AT, 0, sizeof manifest->model) == NULL ||
        memchr(content + NAME_AT, 0, sizeof manifest->model_name) == NULL)
        return false;
    manifest->generation = head.generation;
    manifest->flags = fid_get32(content + FLAGS_AT);
    manifest->vector_size = fid_get32(content + VECTOR_AT);
    memcpy(manifest->model, content + MODEL_AT, sizeof manifest->model);
    memcpy(manifest->model_name, content + NAME_AT, sizeof manifest->model_name);
    for (size_t i = 0; i < FID_TALLIES; i++, at += TALLY_BYTES) {
        manifest->tallies[i].count = fid_get64(at);
        memcpy(manifest->tallies[i].digest, at + 8, FID_DIGEST_BYTES);
    }
    return true;
}
