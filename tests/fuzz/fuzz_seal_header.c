/* fuzz_seal_header.c - libFuzzer on the seal of a gallery: what it says of the work before it opens
 * stays in bounds, whatever it is.
 *
 * Built and run by `make fuzz`; seeds/seal_header holds the inputs it starts from (make_seeds
 * writes them). The input is how the seal begins; zeros follow. */
#include "engine/vault/seal.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t size)
{
    static const uint64_t most_kib = UINT64_C(16) << 20;
    uint8_t seal[FID_SEAL_BYTES] = {0}, again[FID_SEAL_BYTES];
    struct fid_seal_header header;
    struct fid_error error = {0};
    memcpy(seal, input, size < sizeof seal ? size : sizeof seal);
    enum fid_status status = fid_seal_read(seal, sizeof seal, "some.db", &header, &error);
    if (status != FID_OK && error.text[0] == '\0')
        abort(); /* a refusal has a sentence */
    if (status != FID_OK)
        return 0;
    if (header.passes < 1 || (uint64_t)header.passes * header.memory_kib > most_kib)
        abort();
    fid_seal_write(again, &header);
    if (memcmp(seal, again, FID_SEAL_SALT_AT) != 0)
        abort(); /* what was understood is what was said */
    return 0;
}
