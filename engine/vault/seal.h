/* seal.h - what the files of the vault share: the keys of a gallery and what is done with them.
 * seal.c alone knows libsodium; without it there are plain galleries only. */
#ifndef FID_VAULT_SEAL_H
#define FID_VAULT_SEAL_H

#include "engine/vault/vault.h"
#include "kernels/kernels.h"

enum {
    FID_SEAL_SALT_AT = 40, /* what is before the nonce is authenticated with the wrapped key */
    FID_SEAL_SALT_BYTES = 16,
    FID_SEAL_NONCE_AT = FID_SEAL_SALT_AT + FID_SEAL_SALT_BYTES,
    FID_SEAL_NONCE_BYTES = 24,
    FID_SEAL_WRAPPED_AT = FID_SEAL_NONCE_AT + FID_SEAL_NONCE_BYTES,
    FID_SEAL_KEY_BYTES = 32,
    FID_SEAL_TAG_BYTES = 16,
};
_Static_assert(FID_SEAL_WRAPPED_AT + FID_SEAL_KEY_BYTES + FID_SEAL_TAG_BYTES == FID_SEAL_BYTES,
               "a seal is full");

struct fid_keys {                        /* in memory that is neither swapped nor dumped */
    uint8_t master[FID_SEAL_KEY_BYTES];  /* the one that the seal wraps; the others come from it */
    uint8_t content[FID_SEAL_KEY_BYTES]; /* of rows */
    uint8_t names[FID_SEAL_KEY_BYTES];   /* hashes what people are found by */
    uint8_t rows[FID_SEAL_KEY_BYTES];    /* hashes rows for the manifest */
};

struct fid_vault {
    uint8_t gallery[FID_GALLERY_ID_BYTES], seal[FID_SEAL_BYTES];
    struct fid_keys *keys; /* owned; NULL: plain */
    fid_crc32c_fn crc32c;
};

/* ---- seal_header.c ---- */

struct fid_seal_header {
    enum fid_secret_kind kind;
    uint32_t passes, memory_kib; /* of Argon2id */
};
/* FILLS *header. name is for the sentence. FID_CORRUPT, also when it asks for more work than is
 * believed; FID_UNSUPPORTED: a newer version. */
enum fid_status fid_seal_read(const uint8_t *seal, size_t size, const char *name,
                              struct fid_seal_header *header, struct fid_error *error);
/* FILLS seal[FID_SEAL_BYTES] but salt, nonce and key, which are zeros. */
void fid_seal_write(uint8_t *seal, const struct fid_seal_header *header);

/* ---- seal.c ---- */

/* Fills seal and keys of a vault with new ones. */
enum fid_status fid_seal_make(struct fid_vault *vault, struct fid_secret *secret,
                              const struct fid_seal_cost *cost, struct fid_error *error);
/* Fills the keys of a vault that has its seal, which was read. */
enum fid_status fid_seal_unlock(struct fid_vault *vault, const struct fid_seal_header *header,
                                struct fid_secret *secret, const char *name,
                                struct fid_error *error);
void fid_seal_wipe(struct fid_vault *vault); /* frees the keys */

enum { FID_SEAL_BOUND_BYTES = FID_GALLERY_ID_BYTES + 36 }; /* what a row is bound to */
/* XChaCha20-Poly1305 of size bytes, bound to bound[FID_SEAL_BOUND_BYTES]. */
void fid_seal_encrypt(const struct fid_keys *keys, const uint8_t *bound, const uint8_t *nonce,
                      const uint8_t *plain, size_t size, uint8_t *sealed, uint8_t *tag);
/* plain may be NULL. False: the tag is not of this text. */
bool fid_seal_decrypt(const struct fid_keys *keys, const uint8_t *bound, const uint8_t *nonce,
                      const uint8_t *sealed, size_t size, const uint8_t *tag, uint8_t *plain);
/* BLAKE2b-256 under one of the keys. */
void fid_seal_hash(const uint8_t *key, const void *bytes, size_t size,
                   uint8_t hash[FID_DIGEST_BYTES]);

#endif
