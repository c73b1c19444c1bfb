/* faults.c - preloaded, counts the calls by which a program changes files, and at one of them ends
 * the program or lets the call fail.
 *
 *   FAULT_AT=N         at the N-th call, from 1; 0: never
 *   FAULT_KIND=kill    the program is killed before the call; torn: after half of a write
 *             =ENUMBER the call, and each later one, fails with this errno
 *   FAULT_COUNT=FILE   at the end writes there how many calls there were
 *
 * It is compiled, like the program and SQLite, for files of any size: pwrite is pwrite64 here. */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#define SEEN __attribute__((visibility("default")))

static long calls, fault_at;
static int fault_errno; /* 0: kill */
static int torn;

__attribute__((constructor)) static void begin(void)
{
    const char *at = getenv("FAULT_AT"), *kind = getenv("FAULT_KIND");
    fault_at = at != NULL ? atol(at) : 0;
    fault_errno = kind != NULL ? atoi(kind) : 0;
    torn = kind != NULL && strcmp(kind, "torn") == 0;
}

__attribute__((destructor)) static void end(void)
{
    const char *path = getenv("FAULT_COUNT");
    FILE *file = path != NULL ? fopen(path, "w") : NULL;
    fault_at = 0;
    if (file == NULL)
        return;
    fprintf(file, "%ld\n", calls);
    fclose(file);
}

static void die(void)
{
    kill(getpid(), SIGKILL);
    pause();
}

/* Counts a call; true: it is to fail, with errno set. */
static int fails(void)
{
    calls++;
    if (fault_at == 0 || calls < fault_at)
        return 0;
    if (fault_errno == 0 && !torn)
        die();
    errno = fault_errno;
    return fault_errno != 0;
}

static int is_file(int fd)
{
    struct stat info;
    return fstat(fd, &info) == 0 && S_ISREG(info.st_mode);
}

#define REAL(name, result, ...)               \
    static result (*real)(__VA_ARGS__);       \
    if (real == NULL) {                       \
        void *found = dlsym(RTLD_NEXT, name); \
        memcpy(&real, &found, sizeof found);  \
    }

SEEN ssize_t write(int fd, const void *bytes, size_t count)
{
    REAL("write", ssize_t, int, const void *, size_t)
    if (is_file(fd) && fails())
        return -1;
    if (torn && fault_at > 0 && calls == fault_at && is_file(fd)) {
        real(fd, bytes, count / 2);
        die();
    }
    return real(fd, bytes, count);
}

SEEN ssize_t pwrite(int fd, const void *bytes, size_t count, off_t at)
{
    REAL("pwrite64", ssize_t, int, const void *, size_t, off_t)
    if (fails())
        return -1;
    if (torn && fault_at > 0 && calls == fault_at) {
        real(fd, bytes, count / 2, at);
        die();
    }
    return real(fd, bytes, count, at);
}

SEEN int ftruncate(int fd, off_t size)
{
    REAL("ftruncate64", int, int, off_t)
    return fails() ? -1 : real(fd, size);
}

SEEN int fsync(int fd)
{
    REAL("fsync", int, int)
    return fails() ? -1 : real(fd);
}

SEEN int fdatasync(int fd)
{
    REAL("fdatasync", int, int)
    return fails() ? -1 : real(fd);
}

SEEN int unlink(const char *path)
{
    REAL("unlink", int, const char *)
    return fails() ? -1 : real(path);
}

SEEN int rename(const char *from, const char *to)
{
    REAL("rename", int, const char *, const char *)
    return fails() ? -1 : real(from, to);
}

SEEN int link(const char *from, const char *to)
{
    REAL("link", int, const char *, const char *)
    return fails() ? -1 : real(from, to);
}

SEEN int mkdir(const char *path, mode_t mode)
{
    REAL("mkdir", int, const char *, mode_t)
    return fails() ? -1 : real(path, mode);
}

SEEN int open(const char *path, int flags, ...)
{
    mode_t mode = 0;
    REAL("open64", int, const char *, int, ...)
    if ((flags & O_CREAT) != 0) {
        va_list args;
        va_start(args, flags);
        mode = (mode_t)va_arg(args, int);
        va_end(args);
        if (fails())
            return -1;
    }
    return real(path, flags, mode);
}
