/* Secrets, keys and sealed blocks: the only file that knows libsodium. */
#include "engine/face/store/seal.h"

#include "engine/base/clock.h"
#include "engine/base/memory.h"

#include <pthread.h>
#include <string.h>

#if FID_SODIUM
#include <sodium.h>

enum { KEY_FILE_LEAST = 32, SECRET_MOST = 64 * 1024 };

_Static_assert((int)FID_SEAL_KEY_BYTES == crypto_aead_xchacha20poly1305_ietf_KEYBYTES, "key");
_Static_assert((int)FID_SEAL_NONCE_BYTES == crypto_aead_xchacha20poly1305_ietf_NPUBBYTES, "nonce");
_Static_assert((int)FID_SEAL_TAG_BYTES == crypto_aead_xchacha20poly1305_ietf_ABYTES, "tag");
_Static_assert((int)FID_SEAL_SALT_BYTES == crypto_pwhash_argon2id_SALTBYTES, "salt");

struct locked {         /* in memory that is neither swapped nor dumped */
    uint8_t secret[32]; /* a hash of what was given: of one length, whatever that was */
    uint8_t key[FID_SEAL_KEY_BYTES]; /* of the file that was opened last */
};

struct fid_secret {
    enum fid_secret_kind kind;
    struct locked *locked;
    uint8_t header[FID_SEAL_USED]; /* of that file */
    bool has_key;
    pthread_mutex_t mutex; /* for all but kind */
};

static enum fid_status no_memory(struct fid_error *error)
{
    return fid_fail(error, FID_NO_MEMORY, "no memory for a key");
}

enum fid_status fid_secret_open(enum fid_secret_kind kind, const void *bytes, size_t size,
                                struct fid_secret **secret, struct fid_error *error)
{
    *secret = NULL;
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

/* ---- the file's key ---- */

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

static void remember(struct fid_secret *secret, const struct fid_seal *seal)
{
    memcpy(secret->header, seal->header, sizeof secret->header);
    memcpy(secret->locked->key, seal->key, FID_SEAL_KEY_BYTES);
    secret->has_key = true;
}

static bool make_key(struct fid_seal *seal, const struct fid_secret *secret,
                     const struct fid_seal_cost *cost, uint8_t *wrapping)
{
    uint8_t *header = seal->header, salt[FID_SEAL_SALT_BYTES];
    uint32_t passes = cost->passes;
    randombytes_buf(salt, sizeof salt);
    const bool derived = passes == 0
                             ? derive_slowly(secret, salt, cost->memory_kib, &passes, wrapping)
                             : derive(secret, salt, passes, cost->memory_kib, wrapping);
    if (!derived)
        return false;
    fid_seal_header_write(header, secret->kind, passes, cost->memory_kib);
    memcpy(header + FID_SEAL_SALT_AT, salt, sizeof salt);
    randombytes_buf(header + FID_SEAL_NONCE_AT, FID_SEAL_NONCE_BYTES);
    randombytes_buf(seal->key, FID_SEAL_KEY_BYTES);
    return crypto_aead_xchacha20poly1305_ietf_encrypt(
               header + FID_SEAL_WRAPPED_AT, NULL, seal->key, FID_SEAL_KEY_BYTES, header,
               FID_SEAL_NONCE_AT, NULL, header + FID_SEAL_NONCE_AT, wrapping) == 0;
}

enum fid_status fid_seal_make(struct fid_seal *seal, struct fid_secret *secret,
                              const struct fid_seal_cost *cost, struct fid_error *error)
{
    uint8_t *wrapping = sodium_malloc(FID_SEAL_KEY_BYTES);
    seal->key = sodium_malloc(FID_SEAL_KEY_BYTES);
    if (seal->key == NULL || wrapping == NULL) {
        sodium_free(wrapping);
        fid_seal_clear(seal);
        return no_memory(error);
    }
    pthread_mutex_lock(&secret->mutex);
    const bool made = make_key(seal, secret, cost, wrapping);
    if (made)
        remember(secret, seal);
    pthread_mutex_unlock(&secret->mutex);
    sodium_free(wrapping);
    if (!made)
        fid_seal_clear(seal);
    return made ? FID_OK : no_memory(error);
}

static enum fid_status unwrap(struct fid_seal *seal, const struct fid_seal_header *header,
                              const struct fid_secret *secret, const char *path,
                              struct fid_error *error)
{
    uint8_t *wrapping = sodium_malloc(FID_SEAL_KEY_BYTES);
    if (wrapping == NULL ||
        !derive(secret, header->salt, header->passes, header->memory_kib, wrapping)) {
        sodium_free(wrapping);
        return no_memory(error);
    }
    const int wrong = crypto_aead_xchacha20poly1305_ietf_decrypt(
        seal->key, NULL, NULL, header->wrapped, FID_SEAL_KEY_BYTES + FID_SEAL_TAG_BYTES,
        seal->header, FID_SEAL_NONCE_AT, header->nonce, wrapping);
    sodium_free(wrapping);
    if (wrong == 0)
        return FID_OK;
    return fid_fail(error, FID_SEALED,
                    "the %s does not open the gallery %s: it is another one, or the first page of "
                    "the file was changed",
                    secret->kind == FID_SECRET_KEY_FILE ? "key file" : "passphrase", path);
}

static enum fid_status check_kind(const struct fid_seal_header *header,
                                  const struct fid_secret *secret, const char *path,
                                  struct fid_error *error)
{
    const bool file = header->kind == FID_SECRET_KEY_FILE;
    if (secret == NULL)
        return fid_fail(error, FID_SEALED, "the gallery %s is sealed: %s", path,
                        file
                            ? "name its key file (--key-file FILE)"
                            : "it wants its passphrase (on a terminal, or --passphrase-file FILE)");
    if (secret->kind == header->kind)
        return FID_OK;
    return fid_fail(error, FID_SEALED, "the gallery %s is sealed with a %s, not with a %s", path,
                    file ? "key file" : "passphrase", file ? "passphrase" : "key file");
}

enum fid_status fid_seal_unlock(struct fid_seal *seal, const uint8_t *header,
                                struct fid_secret *secret, const char *path,
                                struct fid_error *error)
{
    struct fid_seal_header parsed;
    memcpy(seal->header, header, sizeof seal->header);
    enum fid_status status = fid_seal_header_read(seal->header, path, &parsed, error);
    if (status == FID_OK)
        status = check_kind(&parsed, secret, path, error);
    if (status != FID_OK)
        return status;
    seal->key = sodium_malloc(FID_SEAL_KEY_BYTES);
    if (seal->key == NULL)
        return no_memory(error);
    pthread_mutex_lock(&secret->mutex);
    if (secret->has_key && memcmp(secret->header, seal->header, sizeof secret->header) == 0)
        memcpy(seal->key, secret->locked->key, FID_SEAL_KEY_BYTES);
    else if ((status = unwrap(seal, &parsed, secret, path, error)) == FID_OK)
        remember(secret, seal);
    pthread_mutex_unlock(&secret->mutex);
    if (status != FID_OK)
        fid_seal_clear(seal);
    return status;
}

void fid_seal_clear(struct fid_seal *seal)
{
    sodium_free(seal->key);
    seal->key = NULL;
}

/* ---- blocks ---- */

bool fid_seal_close_block(const struct fid_seal *seal, struct fid_seal_place place,
                          const uint8_t *plain, size_t size, uint8_t *sealed, uint8_t *extra)
{
    randombytes_buf(extra, FID_SEAL_NONCE_BYTES);
    return crypto_aead_xchacha20poly1305_ietf_encrypt_detached(
               sealed, extra + FID_SEAL_NONCE_BYTES, NULL, plain, size, (const uint8_t *)&place,
               sizeof place, NULL, extra, seal->key) == 0;
}

bool fid_seal_open_block(const struct fid_seal *seal, struct fid_seal_place place,
                         const uint8_t *sealed, size_t size, const uint8_t *extra, uint8_t *plain)
{
    if (crypto_aead_xchacha20poly1305_ietf_decrypt_detached(
            plain, NULL, sealed, size, extra + FID_SEAL_NONCE_BYTES, (const uint8_t *)&place,
            sizeof place, extra, seal->key) == 0)
        return true;
    memset(plain, 0, size);
    return false;
}

#else /* without libsodium */

static enum fid_status unsupported(struct fid_error *error)
{
    return fid_fail(error, FID_UNSUPPORTED,
                    "this faceid was built without libsodium, and so without sealed galleries");
}

enum fid_status fid_secret_open(enum fid_secret_kind kind, const void *bytes, size_t size,
                                struct fid_secret **secret, struct fid_error *error)
{
    (void)kind, (void)bytes, (void)size;
    *secret = NULL;
    return unsupported(error);
}

void fid_secret_close(struct fid_secret **secret)
{
    *secret = NULL;
}

enum fid_status fid_seal_make(struct fid_seal *seal, struct fid_secret *secret,
                              const struct fid_seal_cost *cost, struct fid_error *error)
{
    (void)seal, (void)secret, (void)cost;
    return unsupported(error);
}

enum fid_status fid_seal_unlock(struct fid_seal *seal, const uint8_t *header,
                                struct fid_secret *secret, const char *path,
                                struct fid_error *error)
{
    (void)seal, (void)header, (void)secret;
    return fid_fail(error, FID_UNSUPPORTED,
                    "the gallery %s is sealed, and this faceid was built without libsodium", path);
}

void fid_seal_clear(struct fid_seal *seal)
{
    seal->key = NULL;
}

bool fid_seal_close_block(const struct fid_seal *seal, struct fid_seal_place place,
                          const uint8_t *plain, size_t size, uint8_t *sealed, uint8_t *extra)
{
    (void)seal, (void)place, (void)plain, (void)size, (void)sealed, (void)extra;
    return false;
}

bool fid_seal_open_block(const struct fid_seal *seal, struct fid_seal_place place,
                         const uint8_t *sealed, size_t size, const uint8_t *extra, uint8_t *plain)
{
    (void)seal, (void)place, (void)sealed, (void)size, (void)extra, (void)plain;
    return false;
}

#endif
