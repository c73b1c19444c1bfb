/* faults.c - preloaded, counts the calls by which a program changes files, and at one of them ends
 * the program or lets the call fail.
 *
 *   FAULT_AT=N         at the N-th call, from 1; 0: never
 *   FAULT_KIND=kill    the program is killed before the call; torn: after half of a write
 *             =ENUMBER the call, and each later one, fails with this errno
 *   FAULT_COUNT=FILE   at the end writes there how many calls there were
 *   FAULT_LOG=FILE     writes there each call that was made (struct record), for tests/power_cut.py
 *
 * It is compiled, like the program and SQLite, for files of any size: pwrite is pwrite64 here. */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#define SEEN __attribute__((visibility("default")))

static long calls, fault_at;
static int fault_errno; /* 0: kill */
static int torn, log_fd = -1;

/* Before the path, without its end, and a write's bytes or the new path of a rename or link. */
struct record {
    char call; /* w write, t truncate, s sync, c create, u unlink, r rename, l link */
    char unused[3];
    uint32_t path_bytes;
    uint64_t at; /* offset, or the size after truncating */
    uint64_t bytes;
};

__attribute__((constructor)) static void begin(void)
{
    const char *at = getenv("FAULT_AT"), *kind = getenv("FAULT_KIND");
    fault_at = at != NULL ? atol(at) : 0;
    fault_errno = kind != NULL ? atoi(kind) : 0;
    torn = kind != NULL && strcmp(kind, "torn") == 0;
    if (getenv("FAULT_LOG") != NULL)
        log_fd = open(getenv("FAULT_LOG"), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
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

/* Notes a call that has been made, on a path or on a file's. */
static void note(char call, const char *path, int fd, off_t at, const void *bytes, size_t count)
{
    struct record record = {.call = call, .at = (uint64_t)at, .bytes = count};
    char self[64], found[4096];
    if (log_fd < 0)
        return;
    if (path == NULL) {
        snprintf(self, sizeof self, "/proc/self/fd/%d", fd);
        ssize_t length = readlink(self, found, sizeof found);
        record.path_bytes = length < 0 ? 0 : (uint32_t)length;
        path = found;
    } else {
        record.path_bytes = (uint32_t)strlen(path);
    }
    struct iovec parts[3] = {{&record, sizeof record},
                             {(void *)path, record.path_bytes},
                             {(void *)bytes, bytes != NULL ? count : 0}};
    if (writev(log_fd, parts, 3) < 0)
        abort();
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
    ssize_t done = real(fd, bytes, count);
    if (done > 0 && is_file(fd))
        note('w', NULL, fd, lseek(fd, 0, SEEK_CUR) - done, bytes, (size_t)done);
    return done;
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
    ssize_t done = real(fd, bytes, count, at);
    if (done > 0)
        note('w', NULL, fd, at, bytes, (size_t)done);
    return done;
}

SEEN int ftruncate(int fd, off_t size)
{
    REAL("ftruncate64", int, int, off_t)
    int done = fails() ? -1 : real(fd, size);
    if (done == 0)
        note('t', NULL, fd, size, NULL, 0);
    return done;
}

SEEN int fsync(int fd)
{
    REAL("fsync", int, int)
    int done = fails() ? -1 : real(fd);
    if (done == 0)
        note('s', NULL, fd, 0, NULL, 0);
    return done;
}

SEEN int fdatasync(int fd)
{
    REAL("fdatasync", int, int)
    int done = fails() ? -1 : real(fd);
    if (done == 0)
        note('s', NULL, fd, 0, NULL, 0);
    return done;
}

SEEN int unlink(const char *path)
{
    REAL("unlink", int, const char *)
    int done = fails() ? -1 : real(path);
    if (done == 0)
        note('u', path, -1, 0, NULL, 0);
    return done;
}

SEEN int rename(const char *from, const char *to)
{
    REAL("rename", int, const char *, const char *)
    int done = fails() ? -1 : real(from, to);
    if (done == 0)
        note('r', from, -1, 0, to, strlen(to));
    return done;
}

SEEN int link(const char *from, const char *to)
{
    REAL("link", int, const char *, const char *)
    int done = fails() ? -1 : real(from, to);
    if (done == 0)
        note('l', from, -1, 0, to, strlen(to));
    return done;
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
    int there = (flags & O_CREAT) != 0 && log_fd >= 0 && access(path, F_OK) == 0;
    int fd = real(path, flags, mode);
    if (fd >= 0 && (flags & O_CREAT) != 0 && !there)
        note('c', path, -1, 0, NULL, 0);
    return fd;
}
