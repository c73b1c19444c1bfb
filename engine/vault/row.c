/* row.c - one row, sealed or plain, to bytes and back; FORMAT.md draws it. */
#include "engine/vault/seal.h"

#include "engine/base/bytes.h"

#include <string.h>

enum {
    FORMAT_AT = 4,
    KIND_AT = 5,
    SIZE_AT = 8,
    ID_AT = 12,
    PERSON_AT = 20,
    GENERATION_AT = 28,
    NONCE_AT = 36, /* what is before is authenticated */
    PLAIN = 1,
    SEALED = 2,
};
_Static_assert(NONCE_AT + FID_SEAL_NONCE_BYTES == FID_ROW_HEAD_BYTES, "the head ends so");
_Static_assert(NONCE_AT + FID_GALLERY_ID_BYTES == FID_SEAL_BOUND_BYTES, "bound");
_Static_assert((int)FID_SEAL_TAG_BYTES == (int)FID_ROW_TAG_BYTES, "tag");

static const uint8_t magic[FORMAT_AT] = "FIDr";
static const uint8_t zeros[FID_SEAL_NONCE_BYTES];

/* FILLS bound with what a sealed row is bound to. */
static void bind(const struct fid_vault *vault, const uint8_t *row, uint8_t *bound)
{
    memcpy(bound, vault->gallery, FID_GALLERY_ID_BYTES);
    memcpy(bound + FID_GALLERY_ID_BYTES, row, NONCE_AT);
}

static uint32_t checksum(const struct fid_vault *vault, const uint8_t *row, size_t size)
{
    return vault->crc32c(vault->crc32c(0, vault->gallery, FID_GALLERY_ID_BYTES), row,
                         FID_ROW_HEAD_BYTES + size);
}

enum fid_status fid_row_seal(const struct fid_vault *vault, const struct fid_row_head *head,
                             const uint8_t *content, uint8_t *row, struct fid_error *error)
{
    const bool sealed = vault->keys != NULL;
    uint8_t bound[FID_SEAL_BOUND_BYTES], *body = row + FID_ROW_HEAD_BYTES, *tag = body + head->size;
    if (head->size > FID_ROW_MOST)
        return fid_fail(error, FID_INVALID, "a row has at most %d bytes, not %zu", FID_ROW_MOST,
                        head->size);
    memcpy(row, magic, sizeof magic);
    const uint64_t id = (uint64_t)(head->id & ~FID_ROW_BEFORE_BIT);
    fid_put32(row + FORMAT_AT, (sealed ? SEALED : PLAIN) | FID_ROW_KIND(id) << 8);
    fid_put32(row + SIZE_AT, (uint32_t)head->size);
    fid_put64(row + ID_AT, id);
    fid_put64(row + PERSON_AT, (uint64_t)head->person);
    fid_put64(row + GENERATION_AT, head->generation);
    memset(row + NONCE_AT, 0, FID_SEAL_NONCE_BYTES);
    if (!sealed) {
        if (head->size > 0)
            memcpy(body, content, head->size);
        memset(tag, 0, FID_ROW_TAG_BYTES);
        fid_put32(tag, checksum(vault, row, head->size));
        return FID_OK;
    }
    const enum fid_status status = fid_vault_random(row + NONCE_AT, FID_SEAL_NONCE_BYTES, error);
    if (status != FID_OK)
        return status;
    bind(vault, row, bound);
    fid_seal_encrypt(vault->keys, bound, row + NONCE_AT, content, head->size, body, tag);
    return FID_OK;
}

bool fid_row_recognize(const uint8_t *bytes, size_t size, struct fid_row_head *head, size_t *whole)
{
    if (size < FID_ROW_HEAD_BYTES || memcmp(bytes, magic, sizeof magic) != 0)
        return false;
    const uint8_t format = bytes[FORMAT_AT];
    *head = (struct fid_row_head){(int64_t)fid_get64(bytes + ID_AT),
                                  (int64_t)fid_get64(bytes + PERSON_AT),
                                  fid_get64(bytes + GENERATION_AT), fid_get32(bytes + SIZE_AT)};
    *whole = head->size + FID_ROW_EXTRA;
    return (format == SEALED ||
            (format == PLAIN && memcmp(bytes + NONCE_AT, zeros, FID_SEAL_NONCE_BYTES) == 0)) &&
           bytes[KIND_AT] == FID_ROW_KIND(head->id) && bytes[KIND_AT + 1] == 0 &&
           bytes[KIND_AT + 2] == 0 && head->size <= FID_ROW_MOST && head->id > 0 &&
           (head->id & FID_ROW_BEFORE_BIT) == 0 && head->person >= 0;
}

bool fid_row_open(const struct fid_vault *vault, const uint8_t *row, size_t size,
                  struct fid_row_head *head, uint8_t *content)
{
    uint8_t bound[FID_SEAL_BOUND_BYTES];
    size_t whole;
    if (!fid_row_recognize(row, size, head, &whole) || whole != size ||
        (row[FORMAT_AT] == SEALED) != (vault->keys != NULL))
        return false;
    const uint8_t *body = row + FID_ROW_HEAD_BYTES, *tag = body + head->size;
    if (vault->keys != NULL) {
        bind(vault, row, bound);
        return fid_seal_decrypt(vault->keys, bound, row + NONCE_AT, body, head->size, tag, content);
    }
    if (fid_get32(tag) != checksum(vault, row, head->size) ||
        memcmp(tag + 4, zeros, FID_ROW_TAG_BYTES - 4) != 0)
        return false;
    if (content != NULL && head->size > 0)
        memcpy(content, body, head->size);
    return true;
}
