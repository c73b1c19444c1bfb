#include "engine/base/temporary_file.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

enum { NAME_TRIES = 100 };

FILE *fid_temporary_open(const char *path, char *temporary, size_t bytes)
{
    int file = -1;
    for (int i = 0; i < NAME_TRIES && file < 0; i++) {
        snprintf(temporary, bytes, "%s.%ld-%d.tmp", path, (long)getpid(), i);
        file = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
        if (file < 0 && errno != EEXIST)
            return NULL;
    }
    FILE *stream = file >= 0 ? fdopen(file, "wb") : NULL;
    if (file >= 0 && stream == NULL) {
        close(file);
        unlink(temporary);
    }
    return stream;
}
