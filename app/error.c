/* error.c - fills a struct fid_error. */
#include "app/error.h"

#include <stdarg.h>
#include <stdio.h>

enum fid_status app_error(struct fid_error *error, enum fid_status status, const char *format, ...)
{
    va_list args;
    if (error == NULL)
        return status;
    va_start(args, format);
    error->status = status;
    vsnprintf(error->text, sizeof error->text, format, args);
    va_end(args);
    return status;
}
