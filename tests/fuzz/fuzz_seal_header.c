/* fuzz_seal_header.c - libFuzzer on the first page of a sealed gallery: what it says of the work
 * before it opens stays in bounds, whatever it is.
 *
 * Built and run by `make fuzz`; seeds/seal_header holds the inputs it starts from (make_seeds
 * writes them). The input is how the page begins; zeros follow. */
#include "engine/face/store/seal.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t size)
{
    static const uint64_t most_kib = UINT64_C(16) << 20;
    uint8_t page[FID_SEAL_HEADER_BYTES] = {0}, again[FID_SEAL_HEADER_BYTES];
    struct fid_seal_header header;
    struct fid_error error = {0};
    memcpy(page, input, size < sizeof page ? size : sizeof page);
    enum fid_status status = fid_seal_header_read(page, "some.db", &header, &error);
    if (status != FID_OK && error.text[0] == '\0')
        abort(); /* a refusal has a sentence */
    if (status != FID_OK)
        return 0;
    if (header.passes < 1 || (uint64_t)header.passes * header.memory_kib > most_kib ||
        header.wrapped + FID_SEAL_KEY_BYTES + FID_SEAL_TAG_BYTES > page + sizeof page)
        abort();
    fid_seal_header_write(again, header.kind, header.passes, header.memory_kib);
    if (fid_seal_is_header(page, sizeof page) && memcmp(page, again, FID_SEAL_SALT_AT) != 0)
        abort(); /* what was understood is what was said */
    return 0;
}
