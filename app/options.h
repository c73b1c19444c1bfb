/* options.h - the command line: one table of verbs (verb_table.h), each with one table of
 * options. Parsing, --help, "did you mean", the completion and the manual page are made
 * from these tables. */
#ifndef APP_OPTIONS_H
#define APP_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>

struct app;
enum app_exit;

enum app_option_type {
    APP_FLAG,         /* takes no argument */
    APP_FLAG_IN_FULL, /* likewise; destroys, which is not done for half a word */
    APP_TEXT,         /* a word */
    APP_ANY_TEXT,     /* a word, or "" */
    APP_FILE,         /* a path (the completion offers files) */
    APP_WHOLE,        /* a whole number, min..max */
    APP_NUMBER,       /* a number, min..max */
};

struct app_option {
    const char *name; /* long name without "--"; NULL ends a table */
    char letter;      /* short name, 0: none */
    enum app_option_type type;
    const char *argument; /* its name in the help, e.g. "FILE"; NULL for a flag */
    const char *help;     /* one line, no full stop */
    double min, max;      /* of numbers */
};

/* The groups of options that several verbs share. Every verb has the general ones. */
enum app_option_group {
    APP_USES_MODEL = 1 << 0,    /* --model, and those of APP_USES_RUNTIME */
    APP_USES_DETECTOR = 1 << 1, /* --detector --min-score --min-face --max-side */
    APP_USES_GALLERY = 1 << 2,  /* --gallery --key-file --passphrase-file --plain-server */
    APP_USES_RUNTIME = 1 << 3,  /* --threads --isa --method --low-memory */
    APP_USES_IDENTIFY = 1 << 4, /* --threshold --compat --every --frames */
};

struct app_verb {
    const char *name;
    const char *arguments;            /* "NAME SOURCE...", "" for none */
    const char *summary;              /* one line, no full stop */
    const char *details;              /* more lines for its --help, or NULL */
    const char *examples;             /* "command line<TAB>what it does\n" each */
    int min_arguments, max_arguments; /* max -1: any number */
    unsigned groups;                  /* enum app_option_group, or'ed */
    bool whole; /* does all or nothing: what was done in spite of a signal leaves exit code 0 */
    const struct app_option *options; /* its own, ended by a NULL name; NULL: none */
    enum app_exit (*run)(struct app *app);
};

/* i-th verb of the table, NULL past the end. */
const struct app_verb *app_verb_at(size_t i);
const struct app_verb *app_verb_find(const char *name);

/* i-th option of a verb, its own first and then those of its groups; NULL past the end. */
const struct app_option *app_verb_option(const struct app_verb *verb, size_t i);

bool app_option_takes_argument(const struct app_option *option);

#define APP_OPTIONS_MAX 48 /* options of one verb, groups included */

struct app_value {
    int given;        /* how often */
    const char *text; /* of the last time, like the number */
    double number;
};

/* What the command line said. */
struct app_arguments {
    const struct app_verb *verb;
    char **words; /* what is no option, borrowed from argv */
    int count;
    bool help;
    const struct app_option *options[APP_OPTIONS_MAX]; /* as app_verb_option gives them */
    size_t option_count;
    struct app_value values[APP_OPTIONS_MAX]; /* of each option */
};

/* Parses argv (which getopt_long reorders) for the verb: argv[0] is skipped. APP_USAGE after a
 * sentence on stderr; the number of words is checked unless --help was given. */
enum app_exit app_arguments_parse(struct app_arguments *arguments, const struct app_verb *verb,
                                  int argc, char **argv);

/* The value of an option of the verb, by its long name; a name that the verb does not have is a bug
 * and ends the program. Numbers and texts give `otherwise` when the option was not given. */
bool app_option_flag(const struct app *app, const char *name);
int app_option_times(const struct app *app, const char *name); /* how often it was given */
const char *app_option_text(const struct app *app, const char *name, const char *otherwise);
double app_option_number(const struct app *app, const char *name, double otherwise);
int app_option_whole(const struct app *app, const char *name, int otherwise);

/* An environment variable that is set and not empty, else NULL. Options go before it. */
const char *app_environment(const char *name);

/* The nearest of the candidates within a third of the word's length in edits, or NULL.
 * candidate(ctx, i) gives the i-th, NULL past the end. */
const char *app_nearest_word(const char *word, const char *(*candidate)(const void *ctx, size_t i),
                             const void *ctx);

#endif
