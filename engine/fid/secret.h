/* secret.h - what opens a sealed gallery. */
#ifndef FID_SECRET_H
#define FID_SECRET_H

#include "status.h"

#ifdef __cplusplus
extern "C" {
#endif
#pragma GCC visibility push(default) /* what libfaceid.so exports */

/* A gallery may be sealed: each row is encrypted, so that nothing of it can be read, changed, added
 * or removed without a passphrase or a key file. What it does not hide: how many people and faces
 * there are, when they were written, and that an older state of the whole was put in its place. */
enum fid_secret_kind { FID_SECRET_NONE, FID_SECRET_PASSPHRASE, FID_SECRET_KEY_FILE };
struct fid_secret;
/* Keeps what opens sealed galleries in locked memory; the caller wipes its own copy. bytes: the
 * passphrase, or what the key file holds. Several threads may use it. FID_INVALID: another
 * kind, an empty passphrase, a key of less than 32 bytes, more than 64 KiB; FID_UNSUPPORTED: built
 * without. */
enum fid_status fid_secret_open(enum fid_secret_kind kind, const void *bytes, size_t size,
                                struct fid_secret **secret, struct fid_error *error);
void fid_secret_close(struct fid_secret **secret); /* wipes it */

#pragma GCC visibility pop
#ifdef __cplusplus
}
#endif
#endif
