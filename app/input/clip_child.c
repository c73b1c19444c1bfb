#include "app/input/clip_child.h"
#include "app/input/camera.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

enum { PIPE_BYTES = 1 << 20, TALK_BYTES = 1 << 16 };
static const off_t kept_bytes = 8192; /* of a long talk, at both ends */

/* Its stdin is empty, and SIGPIPE, which we ignore, ends it again. */
static int spawn(struct app_child *child, char *const arguments[], int out)
{
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    sigset_t normal;
    sigemptyset(&normal);
    sigaddset(&normal, SIGPIPE);
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_adddup2(&actions, out, 1);
    posix_spawn_file_actions_adddup2(&actions, child->talk, 2);
    posix_spawnattr_init(&attributes);
    posix_spawnattr_setsigdefault(&attributes, &normal);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGDEF);
    int code = posix_spawnp(&child->pid, arguments[0], &actions, &attributes, arguments, environ);
    posix_spawnattr_destroy(&attributes);
    posix_spawn_file_actions_destroy(&actions);
    if (code != 0)
        child->pid = 0;
    return code;
}

enum fid_status app_child_start(struct app_child *child, char *const arguments[],
                                struct fid_error *error)
{
    int ends[2];
    *child = APP_CHILD_NONE;
    if (pipe2(ends, O_CLOEXEC) != 0)
        return app_camera_fail(error, FID_IO, "no pipe to %s: %s", arguments[0], strerror(errno));
    fcntl(ends[0], F_SETPIPE_SZ, PIPE_BYTES); /* fewer turns for a frame; as it was if refused */
    child->talk = memfd_create("faceid-child", MFD_CLOEXEC);
    int code = spawn(child, arguments, ends[1]);
    close(ends[1]);
    if (code == 0) {
        child->out = ends[0];
        return FID_OK;
    }
    close(ends[0]);
    app_child_stop(child);
    if (code == ENOENT)
        return app_camera_fail(
            error, FID_UNSUPPORTED,
            "%s is not installed, and it is needed to read clips (Debian: ffmpeg)", arguments[0]);
    return app_camera_fail(error, FID_IO, "%s cannot be started: %s", arguments[0], strerror(code));
}

bool app_child_wait(struct app_child *child)
{
    int status = -1;
    while (child->pid > 0 && waitpid(child->pid, &status, 0) < 0 && errno == EINTR)
        ;
    child->pid = 0;
    return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

void app_child_talk(const struct app_child *child, bool end, char *text, size_t bytes)
{
    struct stat info;
    off_t from = 0;
    if (end && child->talk >= 0 && fstat(child->talk, &info) == 0 && info.st_size >= (off_t)bytes)
        from = info.st_size - (off_t)bytes + 1;
    ssize_t length = child->talk >= 0 ? pread(child->talk, text, bytes - 1, from) : 0;
    text[length > 0 ? length : 0] = '\0';
    for (ssize_t i = 0; i < length; i++)
        if (text[i] == '\0') /* forgotten meanwhile */
            text[i] = '\n';
}

void app_child_trim(const struct app_child *child)
{
    struct stat info;
    if (child->talk < 0 || fstat(child->talk, &info) != 0 || info.st_blocks * 512 < TALK_BYTES)
        return;
    /* The child's place in the file stays: the memory between beginning and end is given back. */
    if (info.st_size > 2 * kept_bytes)
        fallocate(child->talk, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, kept_bytes,
                  info.st_size - 2 * kept_bytes);
}

void app_child_stop(struct app_child *child)
{
    if (child->out >= 0)
        close(child->out);
    if (child->pid > 0)
        kill(child->pid, SIGKILL); /* does nothing to one that has ended */
    app_child_wait(child);
    if (child->talk >= 0)
        close(child->talk);
    *child = APP_CHILD_NONE;
}
