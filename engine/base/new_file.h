/* new_file.h - the one place that puts a file into another's place: made under a temporary name,
 * written, brought to the disk, then renamed; or discarded. What writes through a stream uses
 * fid_output_* of fid.h, which is this with a stream. */
#ifndef FID_BASE_NEW_FILE_H
#define FID_BASE_NEW_FILE_H

#include "engine/base/status.h"

#include <limits.h>
#include <sys/types.h>

struct fid_new_file {                         /* zero-initialize */
    char path[PATH_MAX], temporary[PATH_MAX]; /* temporary "": there is no file */
    int held; /* otherwise the file itself, even if renamed; close-on-exec, never 0, 1 or 2 */
};

/* Makes the file beside path, under path and ending (NULL: one that no other file has: what
 * a run that was killed left is not in the way). mode less the umask. Nothing is followed
 * and nothing replaced. FID_INVALID, as fid_output_check; FID_EXISTS: something has the
 * temporary name; FID_IO. */
enum fid_status fid_new_file_make(struct fid_new_file *file, const char *path, const char *ending,
                                  mode_t mode, struct fid_error *error);
/* Removes what killed processes left of files that were to become path: regular files of this user
 * with such a temporary name that no process holds. */
void fid_new_file_sweep(const char *path);
/* Brings it to the disk, and may it be put in place? FID_BUSY: another process removed it;
 * FID_INVALID, as fid_output_check; FID_IO. */
enum fid_status fid_new_file_sync(const struct fid_new_file *file, struct fid_error *error);
/* With fid_new_file_sync. Gives the file its name; without replace nothing may have it
 * (FID_EXISTS). After a failure it is still to be discarded. */
enum fid_status fid_new_file_put(struct fid_new_file *file, bool replace, struct fid_error *error);
/* Removes a file that was not put in place. Takes one that was, or that was never made. */
void fid_new_file_discard(struct fid_new_file *file);

/* Has the temporary name still the file that was made there? */
bool fid_new_file_is_own(const struct fid_new_file *file);
enum fid_status fid_new_file_not_own(const struct fid_new_file *file, struct fid_error *error);
/* FID_IO with the reason in errno. */
enum fid_status fid_new_file_failed(const char *path, struct fid_error *error);
enum fid_status fid_new_file_exists(const char *path, struct fid_error *error);

/* Gives the file at `from` the name `to`, which nothing may have (errno EEXIST), and keeps the old
 * one where the file system has second names; *moved: it has none (FAT, some network mounts), and
 * the file is moved. */
bool fid_link_file(const char *from, const char *to, bool *moved);

#endif
