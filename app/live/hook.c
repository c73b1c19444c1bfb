/* hook.c - runs the command of --exec for each event, a few at a time. */
#include "app/live/hook.h"
#include "app/clock.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

#define AT_A_TIME 4
#define LINE_MAX  64 /* waiting events; with more the command cannot keep up */
#define WORDS_MAX 64
#define END_NS    (2 * APP_NS_PER_S)

struct app_hook {
    char *command;              /* cut into words; owned */
    char *words[WORDS_MAX + 1]; /* into command; the last is NULL */
    pid_t running[AT_A_TIME];   /* 0: free */
    char **line[LINE_MAX];      /* waiting environments, a ring; owned */
    size_t line_first, line_count;
    bool told_full, told_failed; /* reported once */
};

/* ---- opening ---- */

/* Would execvp find such a program? */
static bool is_program(const char *name)
{
    char path[4096];
    const char *folders = app_environment("PATH");
    if (strchr(name, '/') != NULL)
        return access(name, X_OK) == 0;
    for (const char *at = folders != NULL ? folders : "/bin:/usr/bin"; *at != '\0';) {
        size_t length = strcspn(at, ":");
        int written =
            snprintf(path, sizeof path, "%.*s/%s", (int)length, length > 0 ? at : ".", name);
        if (written > 0 && (size_t)written < sizeof path && access(path, X_OK) == 0)
            return true;
        at += length + (at[length] == ':');
    }
    return false;
}

enum app_exit app_hook_open(const char *command, struct app_hook **hook)
{
    char *rest = NULL;
    size_t count = 0;
    struct app_hook *opened = calloc(1, sizeof *opened);
    *hook = opened;
    if (opened == NULL || (opened->command = strdup(command)) == NULL) {
        app_hook_close(hook);
        app_warn("no memory for a command");
        return APP_INTERNAL;
    }
    for (char *word = strtok_r(opened->command, " \t", &rest); word != NULL && count <= WORDS_MAX;
         word = strtok_r(NULL, " \t", &rest))
        opened->words[count++] = word;
    if (count > 0 && count <= WORDS_MAX && is_program(opened->words[0]))
        return APP_OK;
    if (count == 0)
        app_warn("--exec has no command");
    else if (count > WORDS_MAX)
        app_warn("--exec: a command has at most %d words; a script may have more", WORDS_MAX);
    else
        app_warn("--exec: there is no program %s (words are split at blanks, there is no shell)",
                 opened->words[0]);
    app_hook_close(hook);
    return APP_USAGE;
}

/* ---- environments ---- */

static void free_environment(char **environment)
{
    for (size_t i = 0; environment != NULL && environment[i] != NULL; i++)
        free(environment[i]);
    free(environment);
}

/* Is there a variable with the name of this "NAME=value"? */
static bool has_name(const char *const *variables, size_t count, const char *entry)
{
    const size_t length = strcspn(entry, "=") + 1;
    size_t i = 0;
    while (i < count && strncmp(variables[i], entry, length) != 0)
        i++;
    return i < count;
}

/* The variables, then our own environment without them: if a name occurred twice, some
 * programs would see the first and others the last. */
static char **make_environment(const char *const *variables, size_t count)
{
    size_t inherited = 0, used = 0;
    while (environ != NULL && environ[inherited] != NULL)
        inherited++;
    char **made = calloc(count + inherited + 1, sizeof *made);
    for (size_t i = 0; made != NULL && i < count + inherited; i++) {
        const char *entry = i < count ? variables[i] : environ[i - count];
        if (i >= count && has_name(variables, count, entry))
            continue;
        made[used] = strdup(entry);
        if (made[used++] == NULL) {
            free_environment(made);
            return NULL;
        }
    }
    return made;
}

/* ---- running ---- */

/* In its own process group, so that an interrupt for us does not end it. */
static void start(struct app_hook *hook, pid_t *pid, char **environment)
{
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    sigset_t normal;
    sigemptyset(&normal);
    sigaddset(&normal, SIGPIPE);
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_adddup2(&actions, STDERR_FILENO, STDOUT_FILENO);
    posix_spawnattr_init(&attributes);
    posix_spawnattr_setsigdefault(&attributes, &normal);
    posix_spawnattr_setpgroup(&attributes, 0);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP);
    int code = posix_spawnp(pid, hook->words[0], &actions, &attributes, hook->words, environment);
    posix_spawnattr_destroy(&attributes);
    posix_spawn_file_actions_destroy(&actions);
    if (code == 0)
        return;
    *pid = 0;
    if (!hook->told_failed)
        app_warn("--exec: %s cannot be started: %s", hook->words[0], strerror(code));
    hook->told_failed = true;
}

void app_hook_poll(struct app_hook *hook)
{
    for (size_t i = 0; i < AT_A_TIME; i++) {
        if (hook->running[i] > 0 && waitpid(hook->running[i], NULL, WNOHANG) != 0)
            hook->running[i] = 0;
        if (hook->running[i] > 0 || hook->line_count == 0)
            continue;
        char **environment = hook->line[hook->line_first];
        hook->line_first = (hook->line_first + 1) % LINE_MAX;
        hook->line_count--;
        start(hook, &hook->running[i], environment);
        free_environment(environment);
    }
}

void app_hook_run(struct app_hook *hook, const char *const *variables, size_t count)
{
    char **environment = NULL;
    if (hook->line_count < LINE_MAX)
        environment = make_environment(variables, count);
    if (environment != NULL)
        hook->line[(hook->line_first + hook->line_count++) % LINE_MAX] = environment;
    else if (!hook->told_full) {
        app_warn("--exec: %s is too slow; events are dropped", hook->words[0]);
        hook->told_full = true;
    }
    app_hook_poll(hook);
}

static bool is_busy(const struct app_hook *hook)
{
    bool busy = hook->line_count > 0;
    for (size_t i = 0; i < AT_A_TIME; i++)
        busy = busy || hook->running[i] > 0;
    return busy;
}

void app_hook_close(struct app_hook **hook)
{
    if (*hook == NULL)
        return;
    uint64_t end_ns = app_now_ns() + END_NS;
    for (app_hook_poll(*hook); is_busy(*hook) && app_now_ns() < end_ns; app_hook_poll(*hook)) {
        const uint64_t last_ns = app_now_ns() + APP_LAST_WAIT_MS * APP_NS_PER_MS;
        if (app_interrupted() && end_ns > last_ns)
            end_ns = last_ns;
        usleep(5000);
    }
    for (size_t i = 0; i < (*hook)->line_count; i++)
        free_environment((*hook)->line[((*hook)->line_first + i) % LINE_MAX]);
    free((*hook)->command);
    free(*hook);
    *hook = NULL;
}
