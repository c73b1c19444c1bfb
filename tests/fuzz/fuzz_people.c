/* fuzz_people.c - libFuzzer on the file of `faceid export`, which `faceid import` reads.
 *
 * Built and run by `make fuzz`; seeds/people holds the inputs it starts from (make_seeds writes
 * them). Size and checksums are made right, or hardly an input would come any further. */
#include "engine/face/gallery/people_file.h"
#include "kernels/kernels.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t size);

static volatile float sink; /* what was read is used */

enum { HEADER = 64, SIZE_AT = 16, CRC_AT = 60, FRAME = 8 };

static void put32(uint8_t *at, uint32_t number)
{
    for (int i = 0; i < 4; i++)
        at[i] = (uint8_t)(number >> 8 * i);
}

static void mend(uint8_t *file, size_t size)
{
    const struct fid_kernels *kernels = fid_kernels_named("ref");
    put32(file + SIZE_AT, (uint32_t)size);
    put32(file + SIZE_AT + 4, 0);
    put32(file + CRC_AT, kernels->crc32c(0, file, CRC_AT));
    for (size_t at = HEADER; size - at >= FRAME + 4;) {
        size_t length = (size_t)file[at + 4] | (size_t)file[at + 5] << 8 |
                        (size_t)file[at + 6] << 16 | (size_t)file[at + 7] << 24;
        if (length > size - at - FRAME - 4)
            break;
        put32(file + at + FRAME + length, kernels->crc32c(0, file + at, FRAME + length));
        at += FRAME + length + 4;
    }
}

static void read_all(const char *path)
{
    struct fid_people_file *file = NULL;
    struct fid_store_model model = {0};
    struct fid_people_item item = {0};
    struct fid_error error = {0};
    enum fid_people_record record = FID_PEOPLE_PERSON;
    char name[FID_NAME_BYTES];
    enum fid_status status = fid_people_open(path, &file, &model, &error);
    while (status == FID_OK && record != FID_PEOPLE_END) {
        status = fid_people_next(file, &record, &item, &error);
        if (status != FID_OK)
            break;
        if (record == FID_PEOPLE_SAMPLE)
            sink += item.embedding[0] + item.embedding[model.size - 1];
        if (record == FID_PEOPLE_PERSON &&
            (fid_name_check(item.text, name, NULL) != FID_OK || strcmp(name, item.text) != 0))
            abort(); /* a name that the gallery would not keep */
    }
    if (status != FID_OK && error.text[0] == '\0')
        abort(); /* a refusal has a sentence */
    fid_people_close(&file);
}

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t size)
{
    static int file = -1;
    char path[64];
    if (size < HEADER)
        return 0;
    uint8_t *bytes = malloc(size);
    if (file < 0)
        file = memfd_create("people", 0);
    if (bytes == NULL || file < 0)
        abort();
    memcpy(bytes, input, size);
    mend(bytes, size);
    if (ftruncate(file, (off_t)size) != 0 || pwrite(file, bytes, size, 0) != (ssize_t)size)
        abort();
    free(bytes);
    snprintf(path, sizeof path, "/proc/self/fd/%d", file);
    read_all(path);
    return 0;
}
