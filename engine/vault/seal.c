/* seal.c - secrets, keys, and what is done with them: the only file that knows libsodium. */
#include "engine/vault/seal.h"

#include "engine/base/clock.h"
#include "engine/base/memory.h"

#include <pthread.h>
#include <string.h>

#if FID_SODIUM
#include <sodium.h>

enum { KEY_FILE_LEAST = 32, SECRET_MOST = 64 * 1024 };

_Static_assert((int)FID_SEAL_KEY_BYTES == crypto_aead_xchacha20poly1305_ietf_KEYBYTES, "key");
_Static_assert((int)FID_SEAL_KEY_BYTES == crypto_kdf_KEYBYTES, "master key");
_Static_assert((int)FID_SEAL_NONCE_BYTES == crypto_aead_xchacha20poly1305_ietf_NPUBBYTES, "nonce");
_Static_assert((int)FID_SEAL_TAG_BYTES == crypto_aead_xchacha20poly1305_ietf_ABYTES, "tag");
_Static_assert((int)FID_SEAL_SALT_BYTES == crypto_pwhash_argon2id_SALTBYTES, "salt");

struct locked {         /* in memory that is neither swapped nor dumped */
    uint8_t secret[32]; /* a hash of what was given: of one length, however long that was */
    uint8_t master[FID_SEAL_KEY_BYTES]; /* of the gallery that was opened last */
};

struct fid_secret {
    enum fid_secret_kind kind;
    struct locked *locked;
    uint8_t seal[FID_SEAL_BYTES]; /* of that gallery */
    bool has_key;
    pthread_mutex_t mutex; /* for all but kind */
};

static enum fid_status no_memory(struct fid_error *error)
{
    return fid_fail(error, FID_NO_MEMORY, "no memory for a key");
}

static enum fid_status check_secret(enum fid_secret_kind kind, size_t size, struct fid_error *error)
{
    if (kind != FID_SECRET_PASSPHRASE && kind != FID_SECRET_KEY_FILE)
        return fid_fail(error, FID_INVALID, "a secret is a passphrase or a key file");
    if (kind == FID_SECRET_PASSPHRASE && size == 0)
        return fid_fail(error, FID_INVALID, "the passphrase is empty");
    if (kind == FID_SECRET_KEY_FILE && size < KEY_FILE_LEAST)
        return fid_fail(error, FID_INVALID, "a key has to have %d bytes at least, not %zu",
                        KEY_FILE_LEAST, size);
    if (size > SECRET_MOST)
        return fid_fail(error, FID_INVALID, "a key or passphrase has at most %d bytes",
                        SECRET_MOST);
    return FID_OK;
}

enum fid_status fid_secret_open(enum fid_secret_kind kind, const void *bytes, size_t size,
                                struct fid_secret **secret, struct fid_error *error)
{
    *secret = NULL;
    const enum fid_status status = check_secret(kind, size, error);
    if (status != FID_OK)
        return status;
    if (sodium_init() < 0)
        return fid_fail(error, FID_IO, "the system gives no random numbers");
    struct fid_secret *made = fid_calloc(1, sizeof *made);
    struct locked *locked = sodium_malloc(sizeof *locked);
    if (made == NULL || locked == NULL) {
        fid_free(made);
        sodium_free(locked);
        return no_memory(error);
    }
    crypto_generichash(locked->secret, sizeof locked->secret, bytes, size, NULL, 0);
    made->kind = kind;
    made->locked = locked;
    pthread_mutex_init(&made->mutex, NULL);
    *secret = made;
    return FID_OK;
}

void fid_secret_close(struct fid_secret **secret)
{
    if (*secret == NULL)
        return;
    sodium_free((*secret)->locked); /* wipes it */
    pthread_mutex_destroy(&(*secret)->mutex);
    fid_free(*secret);
    *secret = NULL;
}

/* ---- the keys of a gallery ---- */

static bool derive(const struct fid_secret *secret, const uint8_t *salt, uint32_t passes,
                   uint32_t memory_kib, uint8_t *key)
{
    return crypto_pwhash(key, FID_SEAL_KEY_BYTES, (const char *)secret->locked->secret,
                         sizeof secret->locked->secret, salt, passes, (size_t)memory_kib * 1024,
                         crypto_pwhash_ALG_ARGON2ID13) == 0;
}

/* Derives with more and more passes until it takes long enough on an idle machine like this one;
 * FILLS key and *passes. */
static bool derive_slowly(const struct fid_secret *secret, const uint8_t *salt, uint32_t memory_kib,
                          uint32_t *passes, uint8_t *key)
{
    enum { FIRST = 20, MOST = 160 };
    for (uint32_t tried = FIRST;; tried *= 2) {
        const uint64_t start = fid_clock_thread_ns();
        if (!derive(secret, salt, tried, memory_kib, key))
            return false;
        *passes = tried;
        if (fid_clock_thread_ns() - start >= FID_SEAL_LEAST_MS * UINT64_C(1000000) || tried >= MOST)
            return true;
    }
}

/* The others from the master key; the secret keeps that one for the next time. */
static void take_master(struct fid_vault *vault, struct fid_secret *secret)
{
    struct fid_keys *keys = vault->keys;
    uint8_t *const subkeys[] = {keys->content, keys->names, keys->rows};
    for (size_t i = 0; i < sizeof subkeys / sizeof subkeys[0]; i++)
        crypto_kdf_derive_from_key(subkeys[i], FID_SEAL_KEY_BYTES, i + 1, "FIDvault", keys->master);
    memcpy(secret->seal, vault->seal, sizeof secret->seal);
    memcpy(secret->locked->master, keys->master, FID_SEAL_KEY_BYTES);
    secret->has_key = true;
}

static bool make_key(struct fid_vault *vault, const struct fid_secret *secret,
                     const struct fid_seal_cost *cost, uint8_t *wrapping)
{
    uint8_t *seal = vault->seal, salt[FID_SEAL_SALT_BYTES];
    struct fid_seal_header header = {secret->kind, cost->passes, cost->memory_kib};
    randombytes_buf(salt, sizeof salt);
    const bool derived =
        header.passes == 0
            ? derive_slowly(secret, salt, header.memory_kib, &header.passes, wrapping)
            : derive(secret, salt, header.passes, header.memory_kib, wrapping);
    if (!derived)
        return false;
    fid_seal_write(seal, &header);
    memcpy(seal + FID_SEAL_SALT_AT, salt, sizeof salt);
    randombytes_buf(seal + FID_SEAL_NONCE_AT, FID_SEAL_NONCE_BYTES);
    randombytes_buf(vault->keys->master, FID_SEAL_KEY_BYTES);
    return crypto_aead_xchacha20poly1305_ietf_encrypt(
               seal + FID_SEAL_WRAPPED_AT, NULL, vault->keys->master, FID_SEAL_KEY_BYTES, seal,
               FID_SEAL_NONCE_AT, NULL, seal + FID_SEAL_NONCE_AT, wrapping) == 0;
}

enum fid_status fid_seal_make(struct fid_vault *vault, struct fid_secret *secret,
                              const struct fid_seal_cost *cost, struct fid_error *error)
{
    uint8_t *wrapping = sodium_malloc(FID_SEAL_KEY_BYTES);
    vault->keys = sodium_malloc(sizeof *vault->keys);
    if (vault->keys == NULL || wrapping == NULL) {
        sodium_free(wrapping);
        return no_memory(error);
    }
    pthread_mutex_lock(&secret->mutex);
    const bool made = make_key(vault, secret, cost, wrapping);
    if (made)
        take_master(vault, secret);
    pthread_mutex_unlock(&secret->mutex);
    sodium_free(wrapping);
    return made ? FID_OK : no_memory(error);
}

static enum fid_status unwrap(struct fid_vault *vault, const struct fid_seal_header *header,
                              const struct fid_secret *secret, const char *name,
                              struct fid_error *error)
{
    uint8_t *wrapping = sodium_malloc(FID_SEAL_KEY_BYTES), *seal = vault->seal;
    if (wrapping == NULL ||
        !derive(secret, seal + FID_SEAL_SALT_AT, header->passes, header->memory_kib, wrapping)) {
        sodium_free(wrapping);
        return no_memory(error);
    }
    const int wrong = crypto_aead_xchacha20poly1305_ietf_decrypt(
        vault->keys->master, NULL, NULL, seal + FID_SEAL_WRAPPED_AT,
        FID_SEAL_KEY_BYTES + FID_SEAL_TAG_BYTES, seal, FID_SEAL_NONCE_AT, seal + FID_SEAL_NONCE_AT,
        wrapping);
    sodium_free(wrapping);
    if (wrong == 0)
        return FID_OK;
    return fid_fail(
        error, FID_SEALED,
        "the %s does not open the gallery %s: it is another one, or the seal was changed",
        secret->kind == FID_SECRET_KEY_FILE ? "key file" : "passphrase", name);
}

static enum fid_status check_kind(enum fid_secret_kind kind, const struct fid_secret *secret,
                                  const char *name, struct fid_error *error)
{
    const bool file = kind == FID_SECRET_KEY_FILE;
    if (secret == NULL)
        return fid_fail(error, FID_SEALED, "the gallery %s is sealed with a %s", name,
                        file ? "key file" : "passphrase");
    if (secret->kind == kind)
        return FID_OK;
    return fid_fail(error, FID_SEALED, "the gallery %s is sealed with a %s, not with a %s", name,
                    file ? "key file" : "passphrase", file ? "passphrase" : "key file");
}

enum fid_status fid_seal_unlock(struct fid_vault *vault, const struct fid_seal_header *header,
                                struct fid_secret *secret, const char *name,
                                struct fid_error *error)
{
    enum fid_status status = check_kind(header->kind, secret, name, error);
    if (status != FID_OK)
        return status;
    vault->keys = sodium_malloc(sizeof *vault->keys);
    if (vault->keys == NULL)
        return no_memory(error);
    pthread_mutex_lock(&secret->mutex);
    if (secret->has_key && memcmp(secret->seal, vault->seal, sizeof secret->seal) == 0)
        memcpy(vault->keys->master, secret->locked->master, FID_SEAL_KEY_BYTES);
    else
        status = unwrap(vault, header, secret, name, error);
    if (status == FID_OK)
        take_master(vault, secret);
    pthread_mutex_unlock(&secret->mutex);
    return status;
}

void fid_seal_wipe(struct fid_vault *vault)
{
    sodium_free(vault->keys);
    vault->keys = NULL;
}

/* ---- what is done with them ---- */

void fid_seal_encrypt(const struct fid_keys *keys, const uint8_t *bound, const uint8_t *nonce,
                      const uint8_t *plain, size_t size, uint8_t *sealed, uint8_t *tag)
{
    crypto_aead_xchacha20poly1305_ietf_encrypt_detached(
        sealed, tag, NULL, plain, size, bound, FID_SEAL_BOUND_BYTES, NULL, nonce, keys->content);
}

bool fid_seal_decrypt(const struct fid_keys *keys, const uint8_t *bound, const uint8_t *nonce,
                      const uint8_t *sealed, size_t size, const uint8_t *tag, uint8_t *plain)
{
    return crypto_aead_xchacha20poly1305_ietf_decrypt_detached(plain, NULL, sealed, size, tag,
                                                               bound, FID_SEAL_BOUND_BYTES, nonce,
                                                               keys->content) == 0;
}

void fid_seal_hash(const uint8_t *key, const void *bytes, size_t size,
                   uint8_t hash[FID_DIGEST_BYTES])
{
    crypto_generichash(hash, FID_DIGEST_BYTES, bytes, size, key, FID_SEAL_KEY_BYTES);
}

#else /* without libsodium: no vault ever has keys */

enum fid_status fid_secret_open(enum fid_secret_kind kind, const void *bytes, size_t size,
                                struct fid_secret **secret, struct fid_error *error)
{
    (void)kind, (void)bytes, (void)size;
    *secret = NULL;
    return fid_fail(error, FID_UNSUPPORTED,
                    "this build has no libsodium, and so no sealed galleries");
}

void fid_secret_close(struct fid_secret **secret)
{
    *secret = NULL;
}

enum fid_status fid_seal_make(struct fid_vault *vault, struct fid_secret *secret,
                              const struct fid_seal_cost *cost, struct fid_error *error)
{
    (void)vault, (void)cost;
    return fid_secret_open(FID_SECRET_NONE, NULL, 0, &secret, error);
}

enum fid_status fid_seal_unlock(struct fid_vault *vault, const struct fid_seal_header *header,
                                struct fid_secret *secret, const char *name,
                                struct fid_error *error)
{
    (void)vault, (void)header, (void)secret;
    return fid_fail(error, FID_UNSUPPORTED,
                    "the gallery %s is sealed, and this build has no libsodium", name);
}

void fid_seal_wipe(struct fid_vault *vault)
{
    vault->keys = NULL;
}

void fid_seal_encrypt(const struct fid_keys *keys, const uint8_t *bound, const uint8_t *nonce,
                      const uint8_t *plain, size_t size, uint8_t *sealed, uint8_t *tag)
{
    (void)keys, (void)bound, (void)nonce, (void)plain, (void)size, (void)sealed, (void)tag;
}

bool fid_seal_decrypt(const struct fid_keys *keys, const uint8_t *bound, const uint8_t *nonce,
                      const uint8_t *sealed, size_t size, const uint8_t *tag, uint8_t *plain)
{
    (void)keys, (void)bound, (void)nonce, (void)sealed, (void)size, (void)tag, (void)plain;
    return false;
}

void fid_seal_hash(const uint8_t *key, const void *bytes, size_t size,
                   uint8_t hash[FID_DIGEST_BYTES])
{
    (void)key, (void)bytes, (void)size, (void)hash;
}

#endif
