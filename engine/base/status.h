/* status.h - how a function of the engine says that it failed.
 *
 * The types are public (fid/status.h). A fallible function returns enum fid_status; one
 * that runs at load time also fills a struct fid_error: the status and one sentence that
 * names its subject. */
#ifndef FID_BASE_STATUS_H
#define FID_BASE_STATUS_H

#include "engine/fid/status.h"

/* Fills *error (which may be NULL) with status and the formatted sentence, cut at the end of the
 * buffer on a whole UTF-8 character; returns status, so that `return fid_fail(...)` reads well. */
enum fid_status fid_fail(struct fid_error *error, enum fid_status status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

#endif
