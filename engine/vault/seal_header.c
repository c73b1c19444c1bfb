/* seal_header.c - the 128 bytes that wrap a gallery's key. What they say is not to be believed
 * until the tag of the wrapped key has proven it, so everything in them has bounds. */
#include "engine/vault/seal.h"

#include "engine/base/bytes.h"

#include <string.h>

enum { VERSION_AT = 24, KIND_AT = 28, PASSES_AT = 32, MEMORY_AT = 36, VERSION = 1 };

/* The most that is accepted: 22 s on a machine that derives two gigabytes a second. */
enum { MEMORY_LEAST_KIB = 8, MEMORY_MOST_KIB = 256 * 1024 };
static const uint64_t WORK_MOST_KIB = (uint64_t)16 * 1024 * 1024;

static const char magic[VERSION_AT] = "faceid sealed gallery\n";

enum fid_status fid_seal_read(const uint8_t *seal, size_t size, const char *name,
                              struct fid_seal_header *header, struct fid_error *error)
{
    if (size != FID_SEAL_BYTES || memcmp(seal, magic, sizeof magic) != 0)
        return fid_fail(error, FID_CORRUPT, "the seal of the gallery %s is damaged", name);
    const uint32_t version = fid_get32(seal + VERSION_AT), kind = fid_get32(seal + KIND_AT);
    const uint32_t passes = fid_get32(seal + PASSES_AT), memory = fid_get32(seal + MEMORY_AT);
    if (version > VERSION)
        return fid_fail(error, FID_UNSUPPORTED, "the gallery %s was sealed by a newer version",
                        name);
    if (version != VERSION || memory < MEMORY_LEAST_KIB || passes < 1 ||
        (kind != FID_SECRET_PASSPHRASE && kind != FID_SECRET_KEY_FILE))
        return fid_fail(error, FID_CORRUPT, "the seal of the gallery %s is damaged", name);
    if (memory > MEMORY_MOST_KIB || (uint64_t)passes * memory > WORK_MOST_KIB)
        return fid_fail(error, FID_CORRUPT,
                        "the seal of the gallery %s is damaged: it asks for %u passes over %u KiB, "
                        "more than is believed",
                        name, (unsigned)passes, (unsigned)memory);
    *header = (struct fid_seal_header){(enum fid_secret_kind)kind, passes, memory};
    return FID_OK;
}

void fid_seal_write(uint8_t *seal, const struct fid_seal_header *header)
{
    memset(seal, 0, FID_SEAL_BYTES);
    memcpy(seal, magic, sizeof magic);
    fid_put32(seal + VERSION_AT, VERSION);
    fid_put32(seal + KIND_AT, header->kind);
    fid_put32(seal + PASSES_AT, header->passes);
    fid_put32(seal + MEMORY_AT, header->memory_kib);
}
