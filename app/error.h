/* error.h - errors of the program's own, told as the library tells its: a status and a sentence. */
#ifndef APP_ERROR_H
#define APP_ERROR_H

#include "engine/fid.h"

/* Fills *error (which may be NULL) with status and the formatted sentence, cut at the end of the
 * buffer; returns status, so that `return app_error(...)` reads well. */
enum fid_status app_error(struct fid_error *error, enum fid_status status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

#endif
