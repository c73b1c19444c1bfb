/* fuzz_pages.c - libFuzzer on the pages of a damaged gallery and of its journal: whatever they
 * hold, every row that salvage would look at lies inside what was read.
 *
 * Built and run by `make fuzz`; seeds/pages holds the inputs it starts from (make_seeds writes
 * them). The input: how many times 512 bytes the file has, in two bytes, the low one first; the
 * file; the rest is its WAL. */
#include "engine/face/store/gallery_sqlite_pages.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t size);

static char path[] = "/dev/shm/faceid-fuzz-XXXXXX", journal[sizeof path + 4];
static volatile unsigned sum; /* the sanitizers see each byte that is read */

static void remove_files(void)
{
    unlink(path);
    unlink(journal);
}

static void write_file(int file, const uint8_t *bytes, size_t size)
{
    if (file < 0 || ftruncate(file, 0) != 0 || pwrite(file, bytes, size, 0) != (ssize_t)size)
        abort();
}

static void write_files(const uint8_t *input, size_t size)
{
    static int file = -1, beside = -1;
    if (file < 0) {
        file = mkstemp(path);
        snprintf(journal, sizeof journal, "%s-wal", path);
        beside = open(journal, O_RDWR | O_CREAT | O_EXCL, 0600);
        atexit(remove_files);
    }
    const size_t head = size < 2 ? size : 2;
    const size_t wanted = size < 2 ? 0 : 512 * ((size_t)input[0] | (size_t)input[1] << 8);
    const size_t bytes = wanted < size - head ? wanted : size - head;
    write_file(file, input + head, bytes);
    write_file(beside, input + head + bytes, size - head - bytes);
}

static void use_column(const struct fid_record *record, size_t column)
{
    const uint8_t *blob;
    size_t size;
    int64_t number;
    char text[40];
    int kinds = fid_record_is_null(record, column);
    kinds += fid_record_number(record, column, &number);
    if (fid_record_text(record, column, text, sizeof text)) {
        kinds++;
        sum += (unsigned)strlen(text);
    }
    if (fid_record_blob(record, column, &blob, &size)) {
        kinds++;
        for (size_t i = 0; i < size; i++)
            sum += blob[i];
    }
    if (kinds > 1)
        abort(); /* a column is one thing */
}

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t size)
{
    struct fid_store store = {.sealed = NULL};
    struct fid_pages pages;
    struct fid_record record;
    struct fid_error error;
    bool no_memory;
    write_files(input, size);
    snprintf(store.path, sizeof store.path, "%s", path);
    if (sqlite3_initialize() != SQLITE_OK || fid_pages_open(&store, &pages, &error) != FID_OK)
        abort(); /* it is there, and can be read */
    for (int64_t page = 1; page <= pages.count; page++) {
        const size_t rows = fid_pages_take(&pages, page);
        for (size_t row = 0; row < rows; row++)
            if (fid_pages_record(&pages, row, &record, &no_memory))
                for (size_t column = 0; column < FID_RECORD_COLUMNS; column++)
                    use_column(&record, column);
    }
    fid_pages_close(&pages);
    return 0;
}
