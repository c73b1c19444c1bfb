/* vault.c - opens and closes the keys of a gallery, plain or sealed. */
#include "engine/vault/seal.h"

#include "engine/base/memory.h"

#include <errno.h>
#include <string.h>
#include <sys/random.h>

enum fid_status fid_vault_random(void *bytes, size_t n, struct fid_error *error)
{
    for (size_t done = 0; done < n;) {
        const ssize_t got = getrandom((uint8_t *)bytes + done, n - done, 0);
        if (got < 0 && errno != EINTR)
            return fid_fail(error, FID_IO, "the system gives no random numbers: %s",
                            strerror(errno));
        done += got > 0 ? (size_t)got : 0;
    }
    return FID_OK;
}

static enum fid_status make_vault(const uint8_t *gallery, struct fid_vault **vault,
                                  struct fid_error *error)
{
    *vault = fid_calloc(1, sizeof **vault);
    if (*vault == NULL)
        return fid_fail(error, FID_NO_MEMORY, "no memory for the keys of a gallery");
    (*vault)->crc32c = fid_kernels_best()->crc32c;
    if (gallery == NULL)
        return fid_vault_random((*vault)->gallery, FID_GALLERY_ID_BYTES, error);
    memcpy((*vault)->gallery, gallery, FID_GALLERY_ID_BYTES);
    return FID_OK;
}

enum fid_status fid_vault_make(const uint8_t *gallery, struct fid_secret *secret,
                               const struct fid_seal_cost *cost, struct fid_vault **vault,
                               struct fid_error *error)
{
    static const struct fid_seal_cost usual = {.passes = 0, .memory_kib = 64 * 1024};
    enum fid_status status = make_vault(gallery, vault, error);
    if (status == FID_OK && secret != NULL)
        status = fid_seal_make(*vault, secret, cost != NULL ? cost : &usual, error);
    if (status != FID_OK)
        fid_vault_close(vault);
    return status;
}

static enum fid_status unlock(struct fid_vault *vault, const uint8_t *seal, size_t size,
                              struct fid_secret *secret, const char *name, struct fid_error *error)
{
    struct fid_seal_header header;
    if (size == 0 && secret != NULL)
        return fid_fail(error, FID_SEALED,
                        "the gallery %s is not sealed, though a key or passphrase was given for it",
                        name);
    if (size == 0)
        return FID_OK;
    enum fid_status status = fid_seal_read(seal, size, name, &header, error);
    if (status != FID_OK)
        return status;
    memcpy(vault->seal, seal, FID_SEAL_BYTES);
    return fid_seal_unlock(vault, &header, secret, name, error);
}

enum fid_status fid_vault_unlock(const uint8_t *gallery, const uint8_t *seal, size_t seal_size,
                                 struct fid_secret *secret, const char *name,
                                 struct fid_vault **vault, struct fid_error *error)
{
    enum fid_status status = make_vault(gallery, vault, error);
    if (status == FID_OK)
        status = unlock(*vault, seal, seal_size, secret, name, error);
    if (status != FID_OK)
        fid_vault_close(vault);
    return status;
}

void fid_vault_close(struct fid_vault **vault)
{
    if (*vault != NULL)
        fid_seal_wipe(*vault);
    fid_free(*vault);
    *vault = NULL;
}

const uint8_t *fid_vault_gallery(const struct fid_vault *vault)
{
    return vault->gallery;
}

const uint8_t *fid_vault_seal(const struct fid_vault *vault, size_t *size)
{
    *size = vault->keys != NULL ? FID_SEAL_BYTES : 0;
    return vault->seal;
}

bool fid_vault_is_sealed(const struct fid_vault *vault)
{
    return vault->keys != NULL;
}

enum fid_status fid_vault_secret_kind(const uint8_t *seal, size_t size, const char *name,
                                      enum fid_secret_kind *kind, struct fid_error *error)
{
    struct fid_seal_header header = {.kind = FID_SECRET_NONE};
    const enum fid_status status =
        size == 0 ? FID_OK : fid_seal_read(seal, size, name, &header, error);
    *kind = header.kind;
    return status;
}

void fid_vault_who(const struct fid_vault *vault, const char *key, uint8_t *who, size_t *size)
{
    const size_t length = strnlen(key, FID_ROW_MOST);
    if (vault->keys == NULL)
        memcpy(who, key, length);
    else
        fid_seal_hash(vault->keys->names, key, length, who);
    *size = vault->keys == NULL ? length : FID_WHO_BYTES;
}
