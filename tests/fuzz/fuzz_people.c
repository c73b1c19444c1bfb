/* fuzz_people.c - libFuzzer on the file of `faceid export`, which `faceid import` reads.
 *
 * Built and run by `make fuzz`; seeds/people holds the inputs it starts from (make_seeds writes
 * them). Checksums and the manifest are made right, or hardly an input would come any further. */
#include "engine/base/bytes.h"
#include "engine/face/keeping/people_file.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t size);

enum { HEADER = 16, ROWS_AT = HEADER + FID_MANIFEST_BYTES };

static struct fid_vault *vault;
static volatile uint8_t sink; /* what was read is used */

/* Each row as it would be sealed, up to bytes that are none; *at: where they are. */
static void mend_rows(uint8_t *file, size_t size, size_t *at, struct fid_manifest *manifest)
{
    struct fid_row_head head;
    size_t whole;
    uint8_t *row = malloc(size);
    if (row == NULL)
        abort();
    for (*at = ROWS_AT; *at < size && fid_row_recognize(file + *at, size - *at, &head, &whole) &&
                        whole <= size - *at;
         *at += whole) {
        if (fid_row_seal(vault, &head, file + *at + FID_ROW_HEAD_BYTES, row, NULL) != FID_OK)
            abort();
        memcpy(file + *at, row, whole);
        fid_manifest_count(manifest, vault, head.id, row, whole, true);
    }
    free(row);
}

static void mend(uint8_t *file, size_t size)
{
    struct fid_manifest manifest = {.vector_size = 4};
    size_t at;
    if (size < ROWS_AT)
        return;
    memcpy(file, "FIDPEOPL\3\0\0\0\0\0\0", HEADER);
    memcpy(manifest.model, "0123456789abcdef0123456789abcdef", 32);
    mend_rows(file, size, &at, &manifest);
    if (at < size) /* and one more that is not there */
        manifest.tallies[FID_KIND_SAMPLE].count++;
    if (fid_manifest_seal(&manifest, vault, file + HEADER, NULL) != FID_OK)
        abort();
}

static void read_all(const char *path)
{
    struct fid_people_file *file = NULL;
    struct fid_people_item item = {.kind = FID_KIND_PERSON};
    struct fid_error error = {0};
    char name[FID_NAME_BYTES];
    enum fid_status status = fid_people_open(path, &file, &error);
    while (status == FID_OK && item.kind != FID_KIND_ROOT) {
        status = fid_people_next(file, &item, &error);
        if (status != FID_OK)
            break;
        for (size_t i = 0; i < item.size; i++)
            sink ^= item.content[i];
        if (item.kind == FID_KIND_PERSON &&
            (fid_name_check(item.person.name, name, NULL) != FID_OK ||
             strcmp(name, item.person.name) != 0))
            abort(); /* a name that the gallery would not keep */
    }
    if (status != FID_OK && error.text[0] == '\0')
        abort(); /* a refusal says why */
    fid_people_close(&file);
}

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t size)
{
    static const uint8_t gallery[FID_GALLERY_ID_BYTES];
    static int file = -1;
    char path[64];
    if (vault == NULL && fid_vault_make(gallery, NULL, NULL, &vault, NULL) != FID_OK)
        abort();
    if (file < 0)
        file = memfd_create("people", 0);
    uint8_t *copy = malloc(size > 0 ? size : 1);
    if (copy == NULL || file < 0 || ftruncate(file, 0) != 0)
        abort();
    if (size > 0)
        memcpy(copy, input, size);
    for (int mended = 0; mended < 2; mended++) {
        if (mended)
            mend(copy, size);
        if (pwrite(file, copy, size, 0) != (ssize_t)size)
            abort();
        snprintf(path, sizeof path, "/proc/self/fd/%d", file);
        read_all(path);
    }
    free(copy);
    return 0;
}
