/* Files that are written through a stream and take their name when they are whole (fid.h). */
#include "engine/base/memory.h"
#include "engine/base/new_file.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

struct fid_output {
    struct fid_new_file file;
    FILE *stream;
    bool keep;
};

enum fid_status fid_output_open(const char *path, enum fid_output_readers readers,
                                struct fid_output **output, struct fid_error *error)
{
    struct fid_output *opened = *output = fid_calloc(1, sizeof *opened);
    if (opened == NULL)
        return fid_fail(error, FID_NO_MEMORY, "no memory to write %.300s", path);
    enum fid_status status = fid_new_file_make(&opened->file, path, NULL,
                                               readers == FID_OUTPUT_ANYBODYS ? 0666 : 0600, error);
    /* The stream has a descriptor of its own: closing it keeps the file held. */
    int own = status == FID_OK ? fcntl(opened->file.held, F_DUPFD_CLOEXEC, STDERR_FILENO + 1) : -1;
    opened->stream = own >= 0 ? fdopen(own, "w") : NULL;
    if (status == FID_OK && opened->stream == NULL)
        status = fid_new_file_failed(path, error);
    if (opened->stream == NULL && own >= 0)
        close(own);
    if (status != FID_OK)
        fid_output_close(output);
    errno = 0;
    return status;
}

FILE *fid_output_stream(const struct fid_output *output)
{
    return output->stream;
}

void fid_output_keep(struct fid_output *output)
{
    output->keep = true;
}

enum fid_status fid_output_finish(struct fid_output **output, struct fid_error *error)
{
    struct fid_output *o = *output;
    bool written = !ferror(o->stream);
    int reason = errno; /* of the write that failed */
    if (fflush(o->stream) != 0 && written) {
        written = false;
        reason = errno;
    }
    errno = reason != 0 ? reason : EIO;
    enum fid_status status = written ? fid_new_file_put(&o->file, !o->keep, error)
                                     : fid_new_file_failed(o->file.path, error);
    fid_output_close(output);
    return status;
}

void fid_output_close(struct fid_output **output)
{
    struct fid_output *o = *output;
    if (o == NULL)
        return;
    if (o->stream != NULL)
        fclose(o->stream);
    fid_new_file_discard(&o->file);
    fid_free(o);
    *output = NULL;
}
