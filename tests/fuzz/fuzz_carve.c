/* fuzz_carve.c - libFuzzer on what finds the rows of a damaged gallery in its bytes.
 *
 * Built and run by `make fuzz`; seeds/carve holds the inputs it starts from (make_seeds writes
 * them). The gallery's id is put in front, and checksums of rows are made right, or hardly an input
 * would come any further. */
#include "engine/base/bytes.h"
#include "engine/face/keeping/keeping.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t size);

enum { HEAD = 4 + FID_GALLERY_ID_BYTES + 16 };

static struct fid_vault *vault; /* plain, of the gallery 0 */
static char path[] = "/tmp/fuzz-carve-XXXXXX";

static void remove_file(void)
{
    unlink(path);
}

/* Every other row is made right: those that are not have to be left out. */
static void mend(uint8_t *bytes, size_t size)
{
    struct fid_row_head head;
    size_t whole;
    bool mending = true;
    for (size_t at = HEAD; at < size; at++) {
        if (!fid_row_recognize(bytes + at, size - at, &head, &whole) || whole > size - at)
            continue;
        uint8_t *row = malloc(whole);
        if (row == NULL ||
            fid_row_seal(vault, &head, bytes + at + FID_ROW_HEAD_BYTES, row, NULL) != FID_OK)
            abort();
        if (mending)
            memcpy(bytes + at, row, whole);
        free(row);
        mending = !mending;
        at += whole - 1;
    }
}

static void look_through(void)
{
    struct fid_carved carved;
    struct fid_error error = {0};
    struct fid_entry entry;
    if (fid_carve(path, NULL, &carved, &error) != FID_OK) {
        if (error.text[0] == '\0')
            abort(); /* a refusal has a sentence */
        return;
    }
    for (size_t i = 0; i < carved.count; i++) {
        if (!fid_carved_open(&carved, i, &entry) || entry.id != carved.rows[i].head.id)
            abort(); /* what is found is proven */
        if (i > 0 && entry.id <= carved.rows[i - 1].head.id)
            abort(); /* each number once */
    }
    fid_carved_free(&carved);
}

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t size)
{
    static const uint8_t gallery[FID_GALLERY_ID_BYTES];
    static int file = -1;
    if (vault == NULL && fid_vault_make(gallery, NULL, NULL, &vault, NULL) != FID_OK)
        abort();
    if (file < 0) {
        file = mkostemp(path, O_CLOEXEC);
        atexit(remove_file);
    }
    uint8_t *bytes = calloc(HEAD + size, 1);
    if (bytes == NULL || file < 0)
        abort();
    memcpy(bytes, "FIDk", 4);
    if (size > 0)
        memcpy(bytes + HEAD, input, size);
    mend(bytes, HEAD + size);
    if (ftruncate(file, 0) != 0 || pwrite(file, bytes, HEAD + size, 0) != (ssize_t)(HEAD + size))
        abort();
    look_through();
    free(bytes);
    return 0;
}
