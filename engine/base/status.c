/* status.c - the sentence of each status code, and errors filled by format. */
#include "engine/base/status.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum fid_status fid_fail(struct fid_error *error, enum fid_status status, const char *format, ...)
{
    if (error == NULL)
        return status;
    error->status = status;
    va_list args;
    va_start(args, format);
    int length = vsnprintf(error->text, sizeof error->text, format, args);
    va_end(args);
    if (length < 0)
        error->text[0] = '\0';
    if (length >= (int)sizeof error->text) { /* cut: do not end inside a character */
        size_t end = sizeof error->text - 1;
        while (end > 0 && ((unsigned char)error->text[end - 1] & 0xC0u) == 0x80u)
            end--;
        if (end > 0 && (unsigned char)error->text[end - 1] >= 0xC0u)
            end--;
        error->text[end] = '\0';
    }
    return status;
}

const char *fid_status_text(enum fid_status status)
{
    static const char *const text[] = {
        [FID_OK] = "no error",
        [FID_INVALID] = "invalid argument or content",
        [FID_UNSUPPORTED] = "valid, but not supported",
        [FID_NOT_FOUND] = "not found",
        [FID_IO] = "reading or writing failed",
        [FID_NO_MEMORY] = "out of memory",
        [FID_CORRUPT] = "the file is damaged",
        [FID_MISMATCH] = "made with another model",
        [FID_BUSY] = "locked by another process",
        [FID_NO_FACE] = "no face found",
        [FID_QUALITY] = "refused for quality",
        [FID_EXISTS] = "exists already",
        [FID_SEALED] = "sealed with another secret",
        [FID_UNREACHABLE] = "the server does not answer",
        [FID_STOPPED] = "stopped",
        [FID_INTERNAL] = "internal error",
    };
    if ((unsigned)status >= sizeof text / sizeof text[0] || text[status] == NULL)
        return "unknown status";
    return text[status];
}
