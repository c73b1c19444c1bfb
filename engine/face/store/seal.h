/* seal.h - the encryption of a gallery's file: a header page that holds the file's key, wrapped by
 * the owner's secret, and blocks under that key. seal.c alone knows libsodium; what is sealed where
 * gallery_sqlite_seal.c decides.
 *
 * The file's key is 32 random bytes, wrapped by XChaCha20-Poly1305 under a key that Argon2id
 * derives from the secret; how much work that is stands in the header. Each block has a random
 * nonce of its own and is bound to its place. Keys live in locked memory and are wiped. */
#ifndef FID_FACE_SEAL_H
#define FID_FACE_SEAL_H

#include "engine/base/status.h"
#include "engine/fid/gallery.h"

#define FID_SEAL_HEADER_BYTES 4096u
#define FID_SEAL_EXTRA        40u /* nonce and tag of a block */

/* ---- the header (seal_header.c) ---- */

struct fid_seal_header {
    enum fid_secret_kind kind;
    uint32_t passes, memory_kib; /* of Argon2id */
    const uint8_t *salt, *nonce, *wrapped;
};

enum {
    FID_SEAL_SALT_AT = 40,
    FID_SEAL_SALT_BYTES = 16,
    FID_SEAL_NONCE_AT =
        FID_SEAL_SALT_AT + FID_SEAL_SALT_BYTES, /* what is before is authenticated */
    FID_SEAL_NONCE_BYTES = 24,
    FID_SEAL_WRAPPED_AT = FID_SEAL_NONCE_AT + FID_SEAL_NONCE_BYTES,
    FID_SEAL_KEY_BYTES = 32,
    FID_SEAL_TAG_BYTES = 16,
    FID_SEAL_USED = FID_SEAL_WRAPPED_AT + FID_SEAL_KEY_BYTES + FID_SEAL_TAG_BYTES, /* then zeros */
};

/* Does a file that begins so call itself sealed? */
bool fid_seal_is_header(const uint8_t *bytes, size_t size);
/* FILLS *header, which points into bytes[FID_SEAL_HEADER_BYTES]. path is for the sentence.
 * FID_CORRUPT; FID_UNSUPPORTED: a newer version, or more work than is believed. */
enum fid_status fid_seal_header_read(const uint8_t *bytes, const char *path,
                                     struct fid_seal_header *header, struct fid_error *error);
/* FILLS bytes[FID_SEAL_HEADER_BYTES] but salt, nonce and key. */
void fid_seal_header_write(uint8_t *bytes, enum fid_secret_kind kind, uint32_t passes,
                           uint32_t memory_kib);

/* ---- keys (seal.c) ---- */

struct fid_seal_cost { /* of deriving a key */
    uint32_t passes;   /* 0: so many that it takes this machine FID_SEAL_LEAST_MS or longer */
    uint32_t memory_kib;
};

struct fid_seal {                          /* of one file; zero-initialise */
    uint8_t *key;                          /* locked memory; owned */
    uint8_t header[FID_SEAL_HEADER_BYTES]; /* as it stands in the file */
};

/* Makes a new key for a new file. */
#define FID_SEAL_LEAST_MS 300
enum fid_status fid_seal_make(struct fid_seal *seal, struct fid_secret *secret,
                              const struct fid_seal_cost *cost, struct fid_error *error);
/* The key of the file with this header. FID_SEALED: not by this secret. */
enum fid_status fid_seal_unlock(struct fid_seal *seal, const uint8_t *header,
                                struct fid_secret *secret, const char *path,
                                struct fid_error *error);
void fid_seal_clear(struct fid_seal *seal);

/* ---- blocks ---- */

struct fid_seal_place { /* what a block is, and where: it opens as that alone */
    uint64_t kind, number;
};
/* FILLS sealed[size] and extra[FID_SEAL_EXTRA]; plain may be sealed. False: no random numbers. */
bool fid_seal_close_block(const struct fid_seal *seal, struct fid_seal_place place,
                          const uint8_t *plain, size_t size, uint8_t *sealed, uint8_t *extra);
/* FILLS plain[size]; false, and plain is zeros: it is not what was sealed there. */
bool fid_seal_open_block(const struct fid_seal *seal, struct fid_seal_place place,
                         const uint8_t *sealed, size_t size, const uint8_t *extra, uint8_t *plain);

#endif
