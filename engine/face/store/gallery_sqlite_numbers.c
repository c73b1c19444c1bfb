/* Vectors as blobs: little-endian floats with a checksum over them and what they belong to. Text of
 * columns. */
#include "engine/base/memory.h"
#include "engine/face/store/gallery_sqlite.h"

#include <string.h>
#include <time.h>

int64_t fid_sqlite_row_crc(const struct fid_store *store, int64_t person, int64_t what,
                           const void *bytes, size_t size)
{
    uint8_t head[16];
    for (unsigned i = 0; i < 8; i++) {
        head[i] = (uint8_t)((uint64_t)person >> (8 * i));
        head[8 + i] = (uint8_t)((uint64_t)what >> (8 * i));
    }
    return store->crc32c(store->crc32c(0, head, sizeof head), bytes, size);
}

static void to_bytes(const float *numbers, size_t size, uint8_t *bytes)
{
    for (size_t i = 0; i < size; i++) {
        uint32_t bits;
        memcpy(&bits, &numbers[i], 4);
        for (unsigned b = 0; b < 4; b++)
            bytes[4 * i + b] = (uint8_t)(bits >> (8 * b));
    }
}

/* False if one of the numbers is not finite. */
static bool from_bytes(const uint8_t *bytes, size_t size, float *numbers)
{
    const uint32_t exponent = 0x7F800000u;
    uint32_t not_finite = 0;
    for (size_t i = 0; i < size; i++) {
        const uint8_t *of = bytes + 4 * i;
        uint32_t bits =
            (uint32_t)of[0] | (uint32_t)of[1] << 8 | (uint32_t)of[2] << 16 | (uint32_t)of[3] << 24;
        memcpy(&numbers[i], &bits, 4);
        not_finite |= (bits & exponent) == exponent;
    }
    return not_finite == 0;
}

enum fid_status fid_sqlite_write_numbers(struct fid_store *store, sqlite3_stmt *statement,
                                         int column, int64_t person, int64_t what,
                                         const float *numbers, size_t size, struct fid_error *error)
{
    uint8_t *bytes = size <= FID_SQLITE_VECTOR_MOST ? fid_calloc(size, 4) : NULL;
    if (bytes == NULL) {
        sqlite3_finalize(statement);
        return fid_fail(error, FID_NO_MEMORY, "no memory for a row of the gallery");
    }
    to_bytes(numbers, size, bytes);
    sqlite3_bind_blob(statement, column, bytes, (int)(4 * size), SQLITE_STATIC);
    sqlite3_bind_int64(statement, column + 1,
                       fid_sqlite_row_crc(store, person, what, bytes, 4 * size));
    enum fid_status status = fid_sqlite_finish(store, statement, error);
    fid_free(bytes);
    return status;
}

bool fid_sqlite_take_numbers(const struct fid_store *store, const void *bytes, size_t found,
                             int64_t crc, int64_t person, int64_t what, float *numbers, size_t size)
{
    return bytes != NULL && found == 4 * size &&
           fid_sqlite_row_crc(store, person, what, bytes, found) == crc &&
           from_bytes(bytes, size, numbers);
}

bool fid_sqlite_read_numbers(const struct fid_store *store, sqlite3_stmt *statement, int column,
                             int64_t person, int64_t what, float *numbers, size_t size)
{
    const void *bytes = sqlite3_column_blob(statement, column);
    return fid_sqlite_take_numbers(store, bytes, (size_t)sqlite3_column_bytes(statement, column),
                                   sqlite3_column_int64(statement, column + 1), person, what,
                                   numbers, size);
}

void fid_sqlite_copy_column(sqlite3_stmt *statement, int column, char *out, size_t bytes)
{
    const char *text = (const char *)sqlite3_column_text(statement, column);
    size_t length = text != NULL ? strnlen(text, bytes - 1) : 0;
    if (length > 0)
        memcpy(out, text, length);
    out[length] = '\0';
}

void fid_sqlite_write_time(char *out, size_t bytes)
{
    struct tm parts;
    time_t now = time(NULL);
    gmtime_r(&now, &parts);
    strftime(out, bytes, "%Y-%m-%dT%H:%M:%SZ", &parts);
}
