/* options.c - parses a command line by the tables of verbs and options, with "did you mean". */
#include "app/options.h"
#include "app/app.h"

#include <errno.h>
#include <getopt.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* getopt_long reports option i as FIRST_LONG + i, which no letter can be. */
#define FIRST_LONG 256

/* Optimal string alignment distance of two short words; a word over the limit is far from all. */
static size_t edit_distance(const char *a, const char *b)
{
    enum { LIMIT = 32 };
    size_t d[LIMIT + 1][LIMIT + 1];
    size_t a_length = strlen(a), b_length = strlen(b);
    if (a_length > LIMIT || b_length > LIMIT)
        return LIMIT;
    for (size_t i = 0; i <= a_length; i++)
        for (size_t j = 0; j <= b_length; j++) {
            if (i == 0 || j == 0) {
                d[i][j] = i + j;
                continue;
            }
            size_t best = d[i - 1][j - 1] + (a[i - 1] != b[j - 1]);
            if (d[i - 1][j] + 1 < best)
                best = d[i - 1][j] + 1;
            if (d[i][j - 1] + 1 < best)
                best = d[i][j - 1] + 1;
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] &&
                d[i - 2][j - 2] + 1 < best)
                best = d[i - 2][j - 2] + 1;
            d[i][j] = best;
        }
    return d[a_length][b_length];
}

const char *app_nearest_word(const char *word, const char *(*candidate)(const void *ctx, size_t i),
                             const void *ctx)
{
    size_t limit = strlen(word) / 3 + 1, best = limit + 1;
    const char *nearest = NULL, *other;
    for (size_t i = 0; (other = candidate(ctx, i)) != NULL; i++) {
        size_t distance = edit_distance(word, other);
        if (distance < best && distance < strlen(other)) {
            best = distance;
            nearest = other;
        }
    }
    return nearest;
}

static const char *option_name(const void *ctx, size_t i)
{
    const struct app_arguments *arguments = ctx;
    return i < arguments->option_count ? arguments->options[i]->name : NULL;
}

static enum app_exit wrong_option(const struct app_arguments *arguments, const char *word)
{
    const struct app_verb *verb = arguments->verb;
    char name[64];
    snprintf(name, sizeof name, "%.*s", (int)strcspn(word + strspn(word, "-"), "="),
             word + strspn(word, "-"));
    const char *nearest = word[1] == '-' ? app_nearest_word(name, option_name, arguments) : NULL;
    if (nearest != NULL)
        app_warn("there is no option %s; did you mean --%s? (faceid %s --help)", word, nearest,
                 verb->name);
    else
        app_warn("there is no option %s (faceid %s --help)", word, verb->name);
    return APP_USAGE;
}

/* Reads a number in the option's range into *number. */
static bool read_number(const struct app_option *option, const char *text, double *number)
{
    char *end;
    errno = 0;
    double value = strtod(text, &end);
    bool good = end != text && *end == '\0' && errno == 0 && isfinite(value) &&
                value >= option->min && value <= option->max &&
                (option->type == APP_NUMBER || value == floor(value));
    if (!good) {
        app_warn("--%s takes a %snumber from %g to %g, not '%s'", option->name,
                 option->type == APP_WHOLE ? "whole " : "", option->min, option->max, text);
        return false;
    }
    *number = value;
    return true;
}

static enum app_exit take_option(struct app_arguments *arguments, size_t i, const char *text)
{
    const struct app_option *option = arguments->options[i];
    struct app_value *value = &arguments->values[i];
    value->given++;
    value->text = text;
    if ((option->type == APP_WHOLE || option->type == APP_NUMBER) &&
        !read_number(option, text, &value->number))
        return APP_USAGE;
    if ((option->type == APP_TEXT || option->type == APP_FILE) && text[0] == '\0') {
        app_warn("--%s needs %s, not an empty word", option->name, option->argument);
        return APP_USAGE;
    }
    if (strcmp(option->name, "help") == 0)
        arguments->help = true;
    return APP_OK;
}

/* Index of the option with this letter; the caller knows that there is one. */
static size_t letter_index(const struct app_arguments *arguments, int letter)
{
    size_t i = 0;
    while (arguments->options[i]->letter != letter)
        i++;
    return i;
}

/* Fills getopt's two tables. */
static void fill_getopt(const struct app_arguments *arguments, char *letters, struct option *names)
{
    *letters++ = ':'; /* a missing argument is told apart from an unknown option */
    for (size_t i = 0; i < arguments->option_count; i++) {
        const struct app_option *option = arguments->options[i];
        const bool argument = app_option_takes_argument(option);
        *names++ = (struct option){option->name, argument ? required_argument : no_argument, NULL,
                                   FIRST_LONG + (int)i};
        if (option->letter != 0)
            *letters++ = option->letter;
        if (option->letter != 0 && argument)
            *letters++ = ':';
    }
    *letters = '\0';
    *names = (struct option){0};
}

static enum app_exit check_count(const struct app_arguments *arguments)
{
    const struct app_verb *verb = arguments->verb;
    if (arguments->count < verb->min_arguments) {
        app_warn("%s needs %s (faceid %s --help)", verb->name, verb->arguments, verb->name);
        return APP_USAGE;
    }
    if (verb->max_arguments >= 0 && arguments->count > verb->max_arguments) {
        app_warn("%s has no use for '%s' (faceid %s --help)", verb->name,
                 arguments->words[verb->max_arguments], verb->name);
        return APP_USAGE;
    }
    return APP_OK;
}

/* getopt_long takes the beginning of a name for it. word: as it was given. */
static bool is_cut_short(const struct app_option *option, const char *word)
{
    if (option->type != APP_FLAG_IN_FULL || strncmp(word, "--", 2) != 0 ||
        strcmp(word + 2, option->name) == 0)
        return false;
    app_warn("%s is too short for what it does: write --%s", word, option->name);
    return true;
}

enum app_exit app_arguments_parse(struct app_arguments *arguments, const struct app_verb *verb,
                                  int argc, char **argv)
{
    char letters[2 * APP_OPTIONS_MAX + 2];
    struct option names[APP_OPTIONS_MAX + 1];
    *arguments = (struct app_arguments){.verb = verb};
    const struct app_option *option;
    while (arguments->option_count < APP_OPTIONS_MAX &&
           (option = app_verb_option(verb, arguments->option_count)) != NULL)
        arguments->options[arguments->option_count++] = option;
    fill_getopt(arguments, letters, names);
    opterr = 0; /* the sentences are ours */
    optind = 1;
    int found;
    while ((found = getopt_long(argc, argv, letters, names, NULL)) != -1) {
        if (found == ':') {
            app_warn("%s needs an argument (faceid %s --help)", argv[optind - 1], verb->name);
            return APP_USAGE;
        }
        if (found == '?' && optopt >= FIRST_LONG) {
            app_warn("--%s takes no argument", names[optopt - FIRST_LONG].name);
            return APP_USAGE;
        }
        if (found == '?' && optopt != 0) {
            app_warn("there is no option -%c (faceid %s --help)", optopt, verb->name);
            return APP_USAGE;
        }
        if (found == '?')
            return wrong_option(arguments, argv[optind - 1]);
        size_t i =
            found >= FIRST_LONG ? (size_t)(found - FIRST_LONG) : letter_index(arguments, found);
        if (found >= FIRST_LONG && is_cut_short(arguments->options[i], argv[optind - 1]))
            return APP_USAGE;
        enum app_exit code = take_option(arguments, i, optarg);
        if (code != APP_OK)
            return code;
    }
    arguments->words = argv + optind;
    arguments->count = argc - optind;
    return arguments->help ? APP_OK : check_count(arguments);
}

static const struct app_value *value_of(const struct app *app, const char *name)
{
    const struct app_arguments *arguments = &app->arguments;
    for (size_t i = 0; i < arguments->option_count; i++)
        if (strcmp(arguments->options[i]->name, name) == 0)
            return &arguments->values[i];
    app_warn("internal error: %s has no option --%s", arguments->verb->name, name);
    exit(APP_INTERNAL);
}

int app_option_times(const struct app *app, const char *name)
{
    return value_of(app, name)->given;
}

bool app_option_flag(const struct app *app, const char *name)
{
    return app_option_times(app, name) > 0;
}

const char *app_option_text(const struct app *app, const char *name, const char *otherwise)
{
    const struct app_value *value = value_of(app, name);
    return value->given > 0 ? value->text : otherwise;
}

double app_option_number(const struct app *app, const char *name, double otherwise)
{
    const struct app_value *value = value_of(app, name);
    return value->given > 0 ? value->number : otherwise;
}

int app_option_whole(const struct app *app, const char *name, int otherwise)
{
    return (int)app_option_number(app, name, otherwise);
}

const char *app_environment(const char *name)
{
    const char *value = getenv(name);
    return value != NULL && value[0] != '\0' ? value : NULL;
}
