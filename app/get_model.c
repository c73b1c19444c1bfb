/* get_model.c - starts weights/get for `faceid model get`, and says how to get a missing model. */
#include "app/get_model.h"
#include "app/find_model.h"
#include "app/model_folders.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { PATH_BYTES = 4096, WORDS_MAX = 32 };

/* FILLS path with a file of the folder of weights/get. *own: it is a clone, with its models
 * beside it. */
static bool tool(const char *file, char path[PATH_BYTES], bool *own)
{
    char folder[PATH_BYTES];
    for (size_t i = 0; i < APP_OWN_FOLDERS; i++) {
        if (!app_own_folder(i, "weights", "lib/faceid/weights", folder))
            continue;
        const int length = snprintf(path, PATH_BYTES, "%s/%s", folder, file);
        *own = i == 0;
        if (length > 0 && length < PATH_BYTES && access(path, R_OK) == 0)
            return true;
    }
    return false;
}

/* ---- running it ---- */

/* Python finds its packages by the name that it was started with. */
static void try(char *python, char **words)
{
    words[0] = python;
    execvp(python, words);
}

static enum app_exit start(char **words)
{
    static char debian[] = "/usr/bin/python3", any[] = "python3"; /* Debian's has the packages */
    char *python = (char *)app_environment("PYTHON");
    fflush(stdout);
    setenv("PYTHONDONTWRITEBYTECODE", "1", 1); /* uninstall does not know .pyc files */
    try(python != NULL ? python : debian, words);
    if (python == NULL && errno == ENOENT)
        try(any, words);
    if (errno == ENOENT)
        app_warn("there is no %s, which faceid model get needs: sudo apt-get install python3 "
                 "python3-numpy",
                 words[0]);
    else
        app_warn("%s: %s", words[0], strerror(errno));
    return APP_MODEL;
}

/* The words of a growing command; words that do not fit are left out, and full() says so. */
struct command {
    char *words[WORDS_MAX + 1];
    size_t count;
};

static bool full(const struct command *command)
{
    return command->count >= WORDS_MAX;
}

/* Adds an option (NULL: none) with its value (NULL: none). */
static void add(struct command *command, const char *option, const char *value)
{
    if (value != NULL && option != NULL && !full(command))
        command->words[command->count++] = (char *)option;
    if (value != NULL && !full(command))
        command->words[command->count++] = (char *)value;
    command->words[command->count] = NULL;
}

enum app_exit app_get_model(struct app *app)
{
    char get[PATH_BYTES], folder[PATH_BYTES];
    struct command command = {.words = {NULL, get}, .count = 2};
    const char *to = app_option_text(app, "to", NULL), *file = app_option_text(app, "file", NULL);
    bool own;
    if (!tool("get", get, &own)) {
        app_warn("weights/get is neither beside this program nor installed with it: faceid model "
                 "get needs a clone of faceid, or make install");
        return APP_MODEL;
    }
    if (app->arguments.count > 2 && file == NULL)
        return app_usage(app, "get takes one NAME; its files follow --file");
    if (to == NULL && !own && app_user_models(folder))
        to = folder;
    add(&command, "--as", "faceid model get");
    add(&command, "--to", to);
    add(&command, NULL, app_option_flag(app, "again") ? "--again" : NULL);
    add(&command, "--file", file);
    for (int i = 2; i < app->arguments.count; i++)
        add(&command, "--file", app->arguments.words[i]);
    add(&command, "--", app->arguments.count > 1 ? app->arguments.words[1] : NULL);
    if (full(&command))
        return app_usage(app, "no model has that many files");
    return start(command.words);
}

/* ---- what it would bring ---- */

/* The fields of a line of SOURCES, which are separated by tabs. */
enum { NAME, WHAT, FILES, ORIGIN, SUMS, BYTES, MEASURED, LICENCE, ARGUMENTS, FIELDS };

/* FILLS fields, which point into the line. */
static bool split(char *line, char *fields[FIELDS])
{
    size_t count = 0;
    line[strcspn(line, "\n")] = '\0';
    while (count < FIELDS && (fields[count] = strsep(&line, "\t")) != NULL)
        count++;
    return count == FIELDS && line == NULL;
}

static void describe(char **fields, const char *group, char *text, size_t bytes)
{
    char *sum = strchr(fields[ORIGIN], '#');
    if (sum != NULL)
        *sum++ = '\0';
    else
        sum = fields[SUMS];
    const bool fetched = strncmp(fields[ORIGIN], "yours:", 6) != 0;
    fields[ORIGIN][strcspn(fields[ORIGIN], ":")] = ' ';
    const double size = strtod(fields[BYTES], NULL) / 1e6;
    char amount[32] = "";
    if (size > 0)
        snprintf(amount, sizeof amount, "%.1f MB, ", size);
    snprintf(text, bytes, "`faceid model get %s%s` makes %s.fid (%s%s%s, sha256 %s)", group,
             fetched ? "" : " --file FILE", fields[NAME], amount, fetched ? "from " : "",
             fetched ? fields[ORIGIN] : fields[FILES], strlen(sum) > 1 ? sum : "not known");
}

bool app_get_advice(const char *name, const char *group, char *text, size_t bytes)
{
    char path[PATH_BYTES], *line = NULL, *fields[FIELDS];
    size_t room = 0;
    bool own, found = false;
    FILE *file = tool("SOURCES", path, &own) ? fopen(path, "re") : NULL;
    text[0] = '\0';
    while (file != NULL && !found && getline(&line, &room, file) >= 0) {
        found = line[0] != '#' && split(line, fields) && strcmp(fields[NAME], name) == 0;
        if (found)
            describe(fields, group != NULL ? group : name, text, bytes);
    }
    free(line);
    if (file != NULL)
        fclose(file);
    return found;
}
