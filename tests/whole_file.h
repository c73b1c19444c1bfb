/* whole_file.h - a file's bytes, to be damaged. */
#ifndef TESTS_WHOLE_FILE_H
#define TESTS_WHOLE_FILE_H

#include "tests/check/check.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

struct file {
    unsigned char *bytes;
    size_t size;
};

/* The bytes are the caller's to free; NULL: there is no such file. */
static inline struct file read_whole(const char *path)
{
    struct stat info;
    struct file file = {NULL, 0};
    FILE *stream = fopen(path, "rb");
    if (stream == NULL || fstat(fileno(stream), &info) != 0)
        return file;
    file.bytes = malloc((size_t)info.st_size + 1);
    file.size = fread(file.bytes, 1, (size_t)info.st_size, stream);
    fclose(stream);
    return file;
}

static inline void write_whole(const char *path, const unsigned char *bytes, size_t size)
{
    FILE *stream = fopen(path, "wb");
    REQUIRE(stream != NULL);
    CHECK(fwrite(bytes, 1, size, stream) == size);
    fclose(stream);
    chmod(path, 0600);
}

#endif
