/* fuzz_row.c - libFuzzer on the bytes of a row, and on those of a manifest.
 *
 * Built and run by `make fuzz`; seeds/row holds the inputs it starts from (make_seeds writes them).
 * The checksum of a plain row is made right, or hardly an input would come any further. */
#include "engine/base/bytes.h"
#include "engine/vault/seal.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t size);

static struct fid_vault *vault; /* plain, of the gallery 0 */

static void mend(uint8_t *row, size_t size)
{
    if (size < FID_ROW_EXTRA)
        return;
    uint8_t *tag = row + size - FID_ROW_TAG_BYTES;
    memset(tag, 0, FID_ROW_TAG_BYTES);
    fid_put32(tag, vault->crc32c(vault->crc32c(0, vault->gallery, FID_GALLERY_ID_BYTES), row,
                                 size - FID_ROW_TAG_BYTES));
}

static void open_row(const uint8_t *row, size_t size)
{
    struct fid_row_head head, known;
    size_t whole = 0;
    if (!fid_row_recognize(row, size, &known, &whole)) {
        if (fid_row_open(vault, row, size, &head, NULL))
            abort(); /* what opens is recognized */
        return;
    }
    uint8_t *content = malloc(known.size > 0 ? known.size : 1), *again = malloc(whole);
    if (content == NULL || again == NULL)
        abort();
    if (fid_row_open(vault, row, size, &head, content) &&
        (fid_row_seal(vault, &head, content, again, NULL) != FID_OK || whole != size ||
         memcmp(row, again, size) != 0))
        abort(); /* a plain row has one form */
    free(content);
    free(again);
}

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t size)
{
    static const uint8_t gallery[FID_GALLERY_ID_BYTES];
    struct fid_manifest manifest = {0};
    if (vault == NULL && fid_vault_make(gallery, NULL, NULL, &vault, NULL) != FID_OK)
        abort();
    uint8_t *row = malloc(size > 0 ? size : 1);
    if (row == NULL)
        abort();
    if (size > 0)
        memcpy(row, input, size);
    open_row(row, size);
    mend(row, size);
    open_row(row, size);
    if (fid_manifest_open(&manifest, vault, row, size) &&
        !fid_manifest_agrees(&manifest, &manifest, -1))
        abort();
    free(row);
    return 0;
}
