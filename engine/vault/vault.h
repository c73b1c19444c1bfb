/* vault.h - bytes and keys: seals the rows of a gallery, recognizes them, and counts them so that
 * none is changed, swapped, added, removed or brought back unseen.
 *
 * The vault knows no database, no path and no face. A plain gallery goes through the same calls:
 * its rows carry a checksum instead of a tag, which finds damage and no attacker. The layout of a
 * row, of the seal and of the manifest is written down in engine/vault/FORMAT.md. Only seal.c knows
 * libsodium. */
#ifndef FID_VAULT_H
#define FID_VAULT_H

#include "engine/base/status.h"
#include "engine/fid/secret.h"

enum {
    FID_GALLERY_ID_BYTES = 16, /* random, of one gallery and all copies of it */
    FID_SEAL_BYTES = 128,      /* how a gallery's key is wrapped */
    FID_WHO_BYTES = 32,        /* of a sealed gallery */
    FID_DIGEST_BYTES = 32,
    FID_ROW_HEAD_BYTES = 60, /* with the nonce */
    FID_ROW_TAG_BYTES = 16,
    FID_ROW_EXTRA = FID_ROW_HEAD_BYTES + FID_ROW_TAG_BYTES, /* a row is its content and this */
    FID_ROW_MOST = 64 << 20,                                /* bytes of content */
};

/* ---- secrets and keys: seal.c, seal_header.c ---- */

struct fid_seal_cost { /* of deriving a key from a secret */
    uint32_t passes;   /* 0: enough to take this machine FID_SEAL_LEAST_MS at least */
    uint32_t memory_kib;
};
#define FID_SEAL_LEAST_MS 300

/* The keys of one gallery. Several threads may use one vault at once, except for closing it. */
struct fid_vault;

/* Keys of a new gallery. secret NULL: plain. cost NULL: the usual. gallery[FID_GALLERY_ID_BYTES]:
 * its id; NULL: a new random one. FID_UNSUPPORTED: sealed, and built without libsodium;
 * FID_NO_MEMORY; FID_IO: no random numbers. */
enum fid_status fid_vault_make(const uint8_t *gallery, struct fid_secret *secret,
                               const struct fid_seal_cost *cost, struct fid_vault **vault,
                               struct fid_error *error);
/* The keys of a gallery that is there. seal_size 0: plain. name: of the gallery, for the sentence.
 * FID_SEALED: the secret (NULL: none) does not open it, or there is a secret and it is plain;
 * FID_CORRUPT: no seal, or one that asks for more work than is believed; FID_UNSUPPORTED: a newer
 * one, or built without libsodium. */
enum fid_status fid_vault_unlock(const uint8_t *gallery, const uint8_t *seal, size_t seal_size,
                                 struct fid_secret *secret, const char *name,
                                 struct fid_vault **vault, struct fid_error *error);
void fid_vault_close(struct fid_vault **vault);

const uint8_t *fid_vault_gallery(const struct fid_vault *vault); /* [FID_GALLERY_ID_BYTES] */
/* FILLS *size, 0 for a plain gallery. Borrowed. */
const uint8_t *fid_vault_seal(const struct fid_vault *vault, size_t *size);
bool fid_vault_is_sealed(const struct fid_vault *vault);
/* What kind of secret opens a gallery with this seal; NONE for a plain one. FID_CORRUPT. */
enum fid_status fid_vault_secret_kind(const uint8_t *seal, size_t size, const char *name,
                                      enum fid_secret_kind *kind, struct fid_error *error);

/* FILLS who[FID_WHO_BYTES at least key's length] and *size: what a name (fid_name_key) is found by,
 * a keyed hash; of a plain gallery the text itself, which room has to be there for. */
void fid_vault_who(const struct fid_vault *vault, const char *key, uint8_t *who, size_t *size);

/* n random bytes. FID_IO: the system gives none. Without libsodium, too. */
enum fid_status fid_vault_random(void *bytes, size_t n, struct fid_error *error);

/* ---- rows: row.c ---- */

/* A number is kind << 56 | ...; FID_ROW_BEFORE in the kind marks a row as it was before the last
 * change: the stored row is the same to the byte, only its number differs. */
#define FID_ROW_KIND(id)   ((unsigned)((uint64_t)(id) >> 56))
#define FID_ROW_BEFORE     0x40u
#define FID_ROW_BEFORE_BIT ((int64_t)FID_ROW_BEFORE << 56)

struct fid_row_head {
    int64_t id, person; /* id without FID_ROW_BEFORE_BIT; its highest byte is the kind */
    uint64_t generation;
    size_t size; /* of the content */
};

/* FILLS row[size + FID_ROW_EXTRA] with the sealed content. head->id may have FID_ROW_BEFORE_BIT,
 * which is left out. FID_IO: no random numbers. */
enum fid_status fid_row_seal(const struct fid_vault *vault, const struct fid_row_head *head,
                             const uint8_t *content, uint8_t *row, struct fid_error *error);
/* Reads the head of bytes that may be a row of some gallery: needs no key and proves nothing.
 * False: they are none. With it FILLS *whole, the bytes of the whole row, which may be more than
 * size. */
bool fid_row_recognize(const uint8_t *bytes, size_t size, struct fid_row_head *head, size_t *whole);
/* Opens a row: FILLS head and content[head->size]. False, and content holds nothing of it: it is
 * not a row that this gallery sealed. content may be NULL: the row is proven and thrown away. */
bool fid_row_open(const struct fid_vault *vault, const uint8_t *row, size_t size,
                  struct fid_row_head *head, uint8_t *content);

/* ---- the manifest: manifest.c ---- */

enum { FID_KINDS = 10, FID_TALLIES = 2 * FID_KINDS }; /* with rows from before the last change */

struct fid_tally { /* of all rows of one kind */
    uint64_t count;
    uint8_t digest[FID_DIGEST_BYTES];
};
struct fid_manifest { /* what a gallery is to hold; zero-initialise */
    uint64_t generation;
    uint32_t flags;       /* of the root */
    char model[33];       /* id; "": no face was ever enrolled */
    char model_name[128]; /* for people */
    uint32_t vector_size;
    struct fid_tally tallies[FID_TALLIES]; /* kind, then FID_KINDS + kind for those from before */
};

/* Counts a row in (or, added false, out), under the number it is stored with. row: as sealed. Kinds
 * beyond FID_KINDS are counted with kind 0, which nothing else is. */
void fid_manifest_count(struct fid_manifest *manifest, const struct fid_vault *vault, int64_t id,
                        const uint8_t *row, size_t size, bool added);
/* Do the tallies of these two agree? kind: one alone, with or without FID_ROW_BEFORE; -1: all. */
bool fid_manifest_agrees(const struct fid_manifest *a, const struct fid_manifest *b, int kind);
/* FILLS sealed (FID_MANIFEST_BYTES): a row of kind 0, number 1. */
#define FID_MANIFEST_BYTES \
    (FID_ROW_EXTRA + 8 + 4 + 4 + 33 + 128 + 3 + FID_TALLIES * (8 + FID_DIGEST_BYTES))
enum fid_status fid_manifest_seal(const struct fid_manifest *manifest,
                                  const struct fid_vault *vault, uint8_t *sealed,
                                  struct fid_error *error);
/* False: it is not a manifest that this gallery sealed. */
bool fid_manifest_open(struct fid_manifest *manifest, const struct fid_vault *vault,
                       const uint8_t *sealed, size_t size);

#endif
