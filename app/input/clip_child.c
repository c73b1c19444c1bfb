/* clip_child.c - starts a child process with limits on memory, files and time, and ends it with
 * the program. */
#include "app/input/clip_child.h"
#include "app/app.h"
#include "app/clock.h"
#include "app/error.h"
#include "app/input/camera.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define PIPE_BYTES  (1 << 20)
#define END_NS      (2 * APP_NS_PER_S) /* for a child that closed its output to end */
#define MEMORY_MOST ((rlim_t)4 << 30)  /* H.265 of 3840 x 2160 took 0.9 GiB with 16 threads */

/* ---- the child's side: nothing but what a child of many threads may call ---- */

struct birth {
    char *const *arguments;
    int in, out, talk, news; /* news: where to write errno if it fails */
    pid_t parent;
    rlim_t memory;
    sigset_t signals;
};

/* Ignored signals stay ignored in the program that is run. SIGPIPE, which we ignore, is reset
 * to end it. SIGXFSZ stays ignored, so that a report that it tries to write is merely missing. */
static void set_signals(const sigset_t *blocked)
{
    signal(SIGINT, SIG_DFL);
    signal(SIGTERM, SIG_DFL);
    signal(SIGPIPE, SIG_DFL);
    signal(SIGXCPU, SIG_DFL);
    signal(SIGXFSZ, SIG_IGN);
    sigprocmask(SIG_SETMASK, blocked, NULL);
}

static void close_others(void)
{
#ifdef SYS_close_range
    enum { AT_EXEC = 4 };                       /* CLOSE_RANGE_CLOEXEC */
    syscall(SYS_close_range, 3U, ~0U, AT_EXEC); /* ours are closed anyway; these are our parent's */
#endif
}

static _Noreturn void become(const struct birth *birth)
{
    const struct rlimit none = {0, 0}, memory = {birth->memory, birth->memory};
    int reason = 0;
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != birth->parent) /* the parent ended before the signal was requested */
        _exit(127);
    setrlimit(RLIMIT_CORE, &none);
    setrlimit(RLIMIT_FSIZE, &none);
    setrlimit(RLIMIT_DATA, &memory);
    if (dup2(birth->in, 0) < 0 || dup2(birth->out, 1) < 0 || dup2(birth->talk, 2) < 0)
        reason = errno;
    close_others();
    set_signals(&birth->signals);
    if (reason == 0) {
        execvp(birth->arguments[0], birth->arguments);
        reason = errno;
    }
    (void)!write(birth->news, &reason, sizeof reason);
    _exit(127);
}

/* ---- starting ---- */

/* No more than the machine has or than we may give. */
static rlim_t memory_most(void)
{
    const long pages = sysconf(_SC_PHYS_PAGES), bytes = sysconf(_SC_PAGESIZE);
    struct rlimit own;
    rlim_t most = MEMORY_MOST;
    if (pages > 0 && bytes > 0 && (rlim_t)pages * (rlim_t)bytes < most)
        most = (rlim_t)pages * (rlim_t)bytes;
    if (getrlimit(RLIMIT_DATA, &own) == 0 && own.rlim_max < most) /* RLIM_INFINITY is the largest */
        most = own.rlim_max;
    return most;
}

/* 0, or errno if the child cannot be made. The child handles no signal with our handlers. */
static int give_birth(struct app_child *child, struct birth *birth)
{
    int news[2], reason = 0;
    sigset_t all;
    if (pipe2(news, O_CLOEXEC) != 0)
        return errno;
    birth->news = news[1];
    birth->parent = getpid();
    birth->memory = memory_most();
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &birth->signals);
    child->pid = fork();
    if (child->pid == 0)
        become(birth);
    if (child->pid < 0)
        reason = errno;
    pthread_sigmask(SIG_SETMASK, &birth->signals, NULL);
    close(news[1]);
    ssize_t told = 0;
    while (child->pid > 0 && (told = read(news[0], &reason, sizeof reason)) < 0 && errno == EINTR)
        ;
    close(news[0]);
    if (child->pid < 0)
        child->pid = 0;
    return reason;
}

/* Its stdin is empty. */
static int start(struct app_child *child, char *const arguments[])
{
    int out[2], talk[2], reason;
    struct birth birth = {.arguments = arguments};
    birth.in = open("/dev/null", O_RDONLY | O_CLOEXEC);
    if (birth.in < 0)
        return errno;
    if (pipe2(out, O_CLOEXEC) != 0) {
        reason = errno;
        close(birth.in);
        return reason;
    }
    child->out = out[0];
    birth.out = out[1];
    fcntl(out[0], F_SETPIPE_SZ, PIPE_BYTES); /* fewer reads per frame; stays as it is if refused */
    if (pipe2(talk, O_CLOEXEC | O_NONBLOCK) == 0) { /* so that it never waits for us to read */
        child->talk = talk[0];
        birth.talk = talk[1];
        reason = give_birth(child, &birth);
        close(talk[1]);
    } else {
        reason = errno;
    }
    close(out[1]);
    close(birth.in);
    return reason;
}

enum fid_status app_child_start(struct app_child *child, char *const arguments[],
                                struct fid_error *error)
{
    *child = APP_CHILD_NONE;
    const int reason = start(child, arguments);
    if (reason == 0)
        return FID_OK;
    app_child_stop(child);
    if (reason == ENOENT)
        return app_error(error, FID_UNSUPPORTED,
                         "%s is needed to read clips and is not installed (Debian: ffmpeg)",
                         arguments[0]);
    return app_error(error, FID_IO, "%s cannot be started: %s", arguments[0], strerror(reason));
}

void app_child_allow(const struct app_child *child, unsigned seconds)
{
    clockid_t clock;
    struct timespec used;
    struct rlimit limit;
    if (child->pid <= 0 || clock_getcpuclockid(child->pid, &clock) != 0 ||
        clock_gettime(clock, &used) != 0 || prlimit(child->pid, RLIMIT_CPU, NULL, &limit) != 0)
        return;
    const rlim_t wanted = (rlim_t)used.tv_sec + 1 + seconds;
    limit.rlim_cur = wanted < limit.rlim_max ? wanted : limit.rlim_max;
    prlimit(child->pid, RLIMIT_CPU, &limit, NULL);
}

/* ---- what it says ---- */

static void keep(struct app_child *child, const char *text, size_t bytes)
{
    const size_t room = sizeof child->head - child->head_bytes;
    const size_t first = bytes < room ? bytes : room;
    memcpy(child->head + child->head_bytes, text, first);
    child->head_bytes += first;
    const size_t most = sizeof child->tail - bytes;
    if (child->tail_bytes > most) {
        memmove(child->tail, child->tail + child->tail_bytes - most, most);
        child->tail_bytes = most;
    }
    memcpy(child->tail + child->tail_bytes, text, bytes);
    child->tail_bytes += bytes;
}

void app_child_hear(struct app_child *child)
{
    enum { TURNS = 32 }; /* do not read for ever from one that writes for ever */
    char text[APP_TALK_BYTES / 2];
    ssize_t count = child->talk >= 0 ? 1 : 0;
    for (int i = 0; i < TURNS && count > 0; i++) {
        count = read(child->talk, text, sizeof text);
        if (count > 0)
            keep(child, text, (size_t)count);
    }
}

void app_child_talk(const struct app_child *child, bool end, char *text, size_t bytes)
{
    const char *kept = end ? child->tail : child->head;
    size_t count = end ? child->tail_bytes : child->head_bytes;
    if (count > bytes - 1) {
        kept += end ? count - (bytes - 1) : 0;
        count = bytes - 1;
    }
    memcpy(text, kept, count);
    text[count] = '\0';
    for (size_t i = 0; i < count; i++)
        if (text[i] == '\0')
            text[i] = '\n';
}

/* ---- its end ---- */

bool app_child_wait(struct app_child *child)
{
    const uint64_t end_ns = app_now_ns() + END_NS;
    int status = -1;
    pid_t ended = 0;
    while (child->pid > 0 && (ended = waitpid(child->pid, &status, WNOHANG)) == 0) {
        if (app_interrupted() || app_now_ns() > end_ns)
            kill(child->pid, SIGKILL);
        usleep(2000);
    }
    app_child_hear(child);
    child->pid = 0;
    child->signal = ended > 0 && WIFSIGNALED(status) ? WTERMSIG(status) : 0;
    return ended > 0 && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

void app_child_stop(struct app_child *child)
{
    if (child->out >= 0)
        close(child->out);
    if (child->pid > 0)
        kill(child->pid, SIGKILL); /* no effect on one that has ended */
    app_child_wait(child);
    if (child->talk >= 0)
        close(child->talk);
    *child = APP_CHILD_NONE;
}
