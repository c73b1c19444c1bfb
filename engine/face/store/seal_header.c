/* The first page of a sealed gallery. Whatever is in it is somebody else's word until the tag of
 * the wrapped key was right. */
#include "engine/face/store/seal.h"

#include <string.h>

enum { VERSION_AT = 24, KIND_AT = 28, PASSES_AT = 32, MEMORY_AT = 36, VERSION = 1 };

/* What is believed: 22 s on two gigabytes a second. */
enum { MEMORY_LEAST_KIB = 8, MEMORY_MOST_KIB = 256 * 1024 };
static const uint64_t WORK_MOST_KIB = (uint64_t)16 * 1024 * 1024;

static const char magic[VERSION_AT] = "faceid sealed gallery\n";

static uint32_t get32(const uint8_t *at)
{
    return (uint32_t)at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 | (uint32_t)at[3] << 24;
}

static void put32(uint8_t *at, uint32_t number)
{
    for (int i = 0; i < 4; i++)
        at[i] = (uint8_t)(number >> 8 * i);
}

bool fid_seal_is_header(const uint8_t *bytes, size_t size)
{
    return size >= sizeof magic && memcmp(bytes, magic, sizeof magic) == 0;
}

enum fid_status fid_seal_header_read(const uint8_t *bytes, const char *path,
                                     struct fid_seal_header *header, struct fid_error *error)
{
    const uint32_t version = get32(bytes + VERSION_AT), kind = get32(bytes + KIND_AT);
    const uint32_t passes = get32(bytes + PASSES_AT), memory = get32(bytes + MEMORY_AT);
    bool zeros = true;
    for (size_t i = FID_SEAL_USED; i < FID_SEAL_HEADER_BYTES; i++)
        zeros = zeros && bytes[i] == 0;
    if (version > VERSION)
        return fid_fail(error, FID_UNSUPPORTED, "the gallery %s was sealed by a newer faceid",
                        path);
    if (version != VERSION || !zeros || memory < MEMORY_LEAST_KIB || passes < 1 ||
        (kind != FID_SECRET_PASSPHRASE && kind != FID_SECRET_KEY_FILE))
        return fid_fail(error, FID_CORRUPT,
                        "the first page of the sealed gallery %s is damaged: put a copy in its "
                        "place (faceid restore)",
                        path);
    if (memory > MEMORY_MOST_KIB || (uint64_t)passes * memory > WORK_MOST_KIB)
        return fid_fail(error, FID_CORRUPT,
                        "the first page of the sealed gallery %s is damaged: it wants %u passes "
                        "over %u KiB before it opens, more than is believed; put a copy in its "
                        "place (faceid restore)",
                        path, (unsigned)passes, (unsigned)memory);
    *header = (struct fid_seal_header){(enum fid_secret_kind)kind,
                                       passes,
                                       memory,
                                       bytes + FID_SEAL_SALT_AT,
                                       bytes + FID_SEAL_NONCE_AT,
                                       bytes + FID_SEAL_WRAPPED_AT};
    return FID_OK;
}

void fid_seal_header_write(uint8_t *bytes, enum fid_secret_kind kind, uint32_t passes,
                           uint32_t memory_kib)
{
    memset(bytes, 0, FID_SEAL_HEADER_BYTES);
    memcpy(bytes, magic, sizeof magic);
    put32(bytes + VERSION_AT, VERSION);
    put32(bytes + KIND_AT, kind);
    put32(bytes + PASSES_AT, passes);
    put32(bytes + MEMORY_AT, memory_kib);
}
