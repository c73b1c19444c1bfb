/* output_stream.c - opens files, pipes and terminals for events and times, which are written bit by
 * bit. */
#include "app/output/output_stream.h"
#include "app/output/output_file.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* The links by which the system names the open files of a process. */
static bool is_of_process(const char *path)
{
    static const char *const begins[] = {"/dev/fd/", "/dev/stdout", "/dev/stderr", "/proc/"};
    for (size_t i = 0; i < sizeof begins / sizeof *begins; i++)
        if (strncmp(path, begins[i], strlen(begins[i])) == 0)
            return true;
    return false;
}

/* The descriptor, or -1 with *refused or errno. A link to a file is not followed: in a folder
 * where others may write, it could lead to any of our files. */
static int open_stream(const char *path, bool append, const char **refused)
{
    const int flags = O_WRONLY | O_APPEND | O_NOCTTY;
    struct stat info = {0};
    int file = open(path, flags | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
    const bool link = file < 0 && errno == ELOOP;
    if (link)
        file = open(path, flags | O_CLOEXEC);
    if (file < 0 || fstat(file, &info) != 0) {
        *refused = errno == EISDIR ? "a folder" : NULL;
        return file; /* fstat of an open file does not fail */
    }
    if (S_ISBLK(info.st_mode))
        *refused = "a disk";
    else if (link && S_ISREG(info.st_mode) && !is_of_process(path))
        *refused = "a symbolic link to a file, which is not followed";
    else if (link || !S_ISREG(info.st_mode) || append || ftruncate(file, 0) == 0)
        return file;
    const int reason = errno;
    close(file);
    errno = reason;
    return -1;
}

enum app_exit app_open_stream(const struct app *app, const char *path, const char *what,
                              bool append, FILE **stream)
{
    const char *refused = NULL;
    *stream = stdout;
    if (strcmp(path, "-") == 0)
        return APP_OK;
    *stream = NULL;
    if (app_is_gallery_file(path, app->gallery_path))
        refused = "the gallery";
    int file = refused == NULL ? open_stream(path, append, &refused) : -1;
    if (refused != NULL)
        return app_usage(app, "%s is %s: name another file for %s", path, refused, what);
    if (file >= 0 && (*stream = fdopen(file, "a")) != NULL)
        return APP_OK;
    if (app_interrupted()) /* a pipe without a reader */
        return APP_INTERRUPTED;
    app_warn("cannot write %s to %s: %s", what, path, strerror(errno));
    if (file >= 0)
        close(file);
    return APP_INTERNAL;
}
