/* main.c - from the command line to a verb, and its exit code back. */
#include "app/advice.h"
#include "app/app.h"
#include "app/complete.h"
#include "app/help.h"
#include "app/interrupt.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* The first file that is opened would take a descriptor that a parent left closed, and the talk on
 * stderr would be in it. The null device stands there instead, in the direction that fails: what
 * cannot be read or written stays an error. */
static bool keep_standard_descriptors(void)
{
    for (int i = STDIN_FILENO; i <= STDERR_FILENO; i++)
        if (fcntl(i, F_GETFD) < 0 &&
            open("/dev/null", i == STDIN_FILENO ? O_WRONLY : O_RDONLY) != i) /* kept by children */
            return false;
    return true;
}

/* The memory of this program is people's faces and names: a core dump is made without it, whoever
 * collects them (core(5)). */
static void keep_faces_out_of_cores(void)
{
    int filter = open("/proc/self/coredump_filter", O_WRONLY | O_CLOEXEC);
    if (filter >= 0) {
        (void)!write(filter, "0", 1);
        close(filter);
    }
}

static const char *verb_name(const void *ctx, size_t i)
{
    (void)ctx;
    const struct app_verb *verb = app_verb_at(i);
    return verb != NULL ? verb->name : NULL;
}

static enum app_exit no_such_verb(const char *word)
{
    const char *nearest = app_nearest_word(word, verb_name, NULL);
    if (nearest != NULL)
        app_warn("there is no verb '%s'; did you mean %s? (faceid --help)", word, nearest);
    else
        app_warn("there is no verb '%s' (faceid --help)", word);
    return APP_USAGE;
}

static enum app_exit run_verb(const struct app_verb *verb, const char *program, int argc,
                              char **argv)
{
    struct app app = {.program = program};
    enum app_exit code = app_arguments_parse(&app.arguments, verb, argc, argv);
    if (code != APP_OK)
        return code;
    if (app.arguments.help) {
        app_verb_help(stdout, verb);
        return APP_OK;
    }
    const char *verbose = app_environment("FID_VERBOSE");
    app.quiet = app_option_flag(&app, "quiet");
    app.log = app_option_times(&app, "verbose") > 1 || (verbose && strcmp(verbose, "0") != 0);
    app.verbose = app.log || app_option_flag(&app, "verbose");
    app_advise_for(verb->name);
    code = verb->run(&app);
    app_close(&app);
    return app_interrupted() && !(verb->whole && code == APP_OK) ? APP_INTERRUPTED : code;
}

/* The first word that is a verb, NULL: none. The live window takes no words, so that one behind an
 * option is either a verb too late or the option's argument; only the exact name is a verb. */
static const char *verb_among(int argc, char **argv)
{
    for (int i = 2; i < argc; i++)
        if (app_verb_find(argv[i]) != NULL)
            return argv[i];
    return NULL;
}

/* faceid VERB ..., faceid OPTION... for the live window, and the two options without a verb. */
static enum app_exit run(int argc, char **argv)
{
    if (argc < 2) {
        app_help(stderr);
        return APP_USAGE;
    }
    const char *word = argv[1];
    if (strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0 || strcmp(word, "help") == 0) {
        const struct app_verb *verb = argc > 2 ? app_verb_find(argv[2]) : NULL;
        if (argc > 2 && verb == NULL)
            return no_such_verb(argv[2]);
        if (verb != NULL)
            app_verb_help(stdout, verb);
        else
            app_help(stdout);
        return APP_OK;
    }
    if (strcmp(word, "--version") == 0) {
        app_version(stdout);
        return APP_OK;
    }
    if (strcmp(word, "--complete") == 0) {
        app_complete(stdout, argc - 2, argv + 2);
        return APP_OK;
    }
    bool live = word[0] == '-';
    const char *late = live ? verb_among(argc, argv) : NULL;
    if (late != NULL) {
        app_warn("the verb comes first: faceid %s %s ...", late, word);
        return APP_USAGE;
    }
    const struct app_verb *verb = app_verb_find(live ? "live" : word);
    if (verb == NULL && live) {
        app_warn(
            "%s needs a verb before it in this build, which has no live window (faceid --help)",
            word);
        return APP_USAGE;
    }
    if (verb == NULL)
        return no_such_verb(word);
    return run_verb(verb, argv[0], live ? argc : argc - 1, live ? argv : argv + 1);
}

/* Has the reader of our pipe gone away? Then it had enough (head, less), and nothing is wrong. */
static bool reader_gone(void)
{
    struct pollfd output = {.fd = STDOUT_FILENO, .events = POLLOUT};
    return poll(&output, 1, 0) > 0 && (output.revents & POLLERR) != 0;
}

/* Output that could not be written is an error, whatever else went well. */
static enum app_exit finish_output(enum app_exit code)
{
    errno = 0;
    bool failed = fflush(stdout) != 0 || ferror(stdout) != 0;
    int reason = errno;
    if (failed && app_interrupted()) /* its reader stood still */
        return APP_INTERRUPTED;
    if (!failed || reader_gone() || (code != APP_OK && code != APP_UNKNOWN))
        return code;
    if (reason != 0)
        app_warn("the output could not be written: %s", strerror(reason));
    else /* an earlier write failed, and its reason is gone */
        app_warn("the output could not be written; is the disk full?");
    return APP_INTERNAL;
}

int main(int argc, char **argv)
{
    if (!keep_standard_descriptors())
        return APP_INTERNAL; /* and nobody to tell it */
    app_interrupt_prepare();
    keep_faces_out_of_cores();
    return (int)finish_output(run(argc, argv));
}
