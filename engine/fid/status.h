/* status.h - how a function says that it failed, and files that are written whole. */
#ifndef FID_STATUS_H
#define FID_STATUS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#ifdef __cplusplus
extern "C" {
#endif
#pragma GCC visibility push(default) /* what libfaceid.so exports */

/* ---- errors ---- */

enum fid_status {
    FID_OK = 0,
    FID_INVALID,     /* an argument or a file's content breaks a rule */
    FID_UNSUPPORTED, /* it follows the rules, but this build cannot do it */
    FID_NOT_FOUND,   /* no such file, person, graph or device */
    FID_IO,          /* the system refused to read or write */
    FID_NO_MEMORY,
    FID_CORRUPT,  /* a file is damaged: checksum, size or structure */
    FID_MISMATCH, /* made with another model */
    FID_BUSY,     /* locked by another process */
    FID_NO_FACE,
    FID_QUALITY,     /* the faces are not good enough */
    FID_EXISTS,      /* the name is taken */
    FID_SEALED,      /* the gallery is encrypted, and not for this secret or for none */
    FID_UNREACHABLE, /* the gallery's server does not answer */
    FID_STOPPED,     /* the caller wished it (fid_stop_fn) */
    FID_INTERNAL
};

struct fid_error {
    enum fid_status status;
    char text[504]; /* one sentence with its subject, no newline at the end */
};

const char *fid_status_text(enum fid_status status); /* static, in English */

/* ---- files that are written ---- */

/* A file that takes its name when it is whole: until then what has the name stays, and a process
 * that ends early leaves nothing under it (but NAME.*.tmp beside it when it was killed). Everything
 * that this library writes as a whole file is written so. */
struct fid_output;

enum fid_output_readers {
    FID_OUTPUT_OWNERS,  /* faces, names, times: mode 0600 whatever the umask */
    FID_OUTPUT_ANYBODYS /* mode 0666 less the umask */
};

/* May a file be put in place there? FID_INVALID: a folder, symbolic link, named pipe, socket or
 * device is there, which is neither replaced nor followed; "-"; no path of a file. FID_OK says not
 * that it can be made. */
enum fid_status fid_output_check(const char *path, struct fid_error *error);
/* Makes it under a temporary name beside path, close-on-exec and never as descriptor 0, 1 or 2.
 * FID_INVALID, as fid_output_check; FID_IO; FID_NO_MEMORY. */
enum fid_status fid_output_open(const char *path, enum fid_output_readers readers,
                                struct fid_output **output, struct fid_error *error);
FILE *fid_output_stream(const struct fid_output *output); /* borrowed; not to be closed */
/* What has the name by then stays, and fid_output_finish says FID_EXISTS. */
void fid_output_keep(struct fid_output *output);
/* Brings the file to the disk and puts it in place, which is looked at once more; closes, also
 * after a failure, which leaves what was there. errno 0 before the first write makes the reason of
 * a failed one known. FID_INVALID; FID_BUSY: another process removed it; FID_EXISTS; FID_IO. */
enum fid_status fid_output_finish(struct fid_output **output, struct fid_error *error);
void fid_output_close(struct fid_output **output); /* without putting it in place */

/* Is told a sentence for people. */
typedef void (*fid_tell_fn)(void *ctx, const char *sentence);

#pragma GCC visibility pop
#ifdef __cplusplus
}
#endif
#endif
