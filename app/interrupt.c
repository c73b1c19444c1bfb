/* interrupt.c - what signals do: SIGINT and SIGTERM ask a verb to end, and end the process when it
 * has not within END_NS; SIGBUS is a weight file that changed. */
#include "app/interrupt.h"
#include "app/app.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <time.h>
#include <unistd.h>

#define END_NS 800000000 /* the longest time from the signal to the end of the process */
#define NAP_MS 100       /* the longest delay in noticing an interruption */

static volatile sig_atomic_t interrupted;
static timer_t bell;
static bool has_bell;

bool app_interrupted(void)
{
    return interrupted != 0;
}

/* Calls only what a signal handler may call. */
static void on_interrupt(int number)
{
    const int kept = errno;
    const struct itimerspec end = {.it_value = {.tv_nsec = END_NS}};
    if (interrupted == 0 && (!has_bell || timer_settime(bell, 0, &end, NULL) != 0))
        alarm(1);
    interrupted = 1;
    signal(number, SIG_DFL); /* the second signal ends the process */
    errno = kept;
}

static void on_bell(int number)
{
    (void)number;
    _exit(APP_INTERRUPTED);
}

/* A mapped weight file that gets shorter is the only thing here that raises SIGBUS. */
static void on_bus_error(int number)
{
    static const char text[] = "faceid: a weight file changed while it was in use; run again\n";
    (void)number;
    (void)!write(STDERR_FILENO, text, sizeof text - 1);
    _exit(APP_MODEL);
}

void app_interrupt_prepare(void)
{
    struct sigaction action = {.sa_handler = on_bell};
    struct sigevent event = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGALRM};
    sigset_t heard;
    sigaction(SIGALRM, &action, NULL);
    has_bell = timer_create(CLOCK_MONOTONIC, &event, &bell) == 0;
    action.sa_handler = on_interrupt; /* no SA_RESTART: reads end early */
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    sigemptyset(&heard); /* the parent may have left them blocked */
    sigaddset(&heard, SIGALRM);
    sigaddset(&heard, SIGINT);
    sigaddset(&heard, SIGTERM);
    sigprocmask(SIG_UNBLOCK, &heard, NULL);
    action.sa_handler = on_bus_error;
    sigaction(SIGBUS, &action, NULL);
    /* a parent may leave it ignored; then no child's exit status can be read */
    signal(SIGCHLD, SIG_DFL);
    signal(SIGPIPE, SIG_IGN); /* a reader that went away is an EPIPE of the write */
}

bool app_wait_readable(int file)
{
    struct pollfd wanted = {.fd = file, .events = POLLIN};
    while (!app_interrupted()) {
        int ready = poll(&wanted, 1, NAP_MS);
        if (ready > 0 || (ready < 0 && errno != EINTR))
            return true; /* the read will report the error */
    }
    return false;
}
