/* complete.c - the words that may come next on a command line, for the shells' completion
 * scripts. */
#include "app/complete.h"
#include "app/options.h"

#include <stdbool.h>
#include <string.h>

struct completion {
    FILE *out;
    const char *begun;
};

static void offer(const struct completion *completion, const char *dashes, const char *word,
                  int length, const char *what)
{
    char whole[80];
    snprintf(whole, sizeof whole, "%s%.*s", dashes, length, word);
    if (strncmp(whole, completion->begun, strlen(completion->begun)) == 0)
        fprintf(completion->out, "%s\t%s\n", whole, what);
}

static void offer_options(const struct completion *completion, const struct app_verb *verb)
{
    const struct app_option *option;
    for (size_t i = 0; (option = app_verb_option(verb, i)) != NULL; i++)
        offer(completion, "--", option->name, (int)strlen(option->name), option->help);
}

/* "faceid " and a word: a verb, or an option without one. */
static void offer_first(const struct completion *completion)
{
    const struct app_verb *verb, *live = app_verb_find("live");
    for (size_t i = 0; (verb = app_verb_at(i)) != NULL; i++)
        offer(completion, "", verb->name, (int)strlen(verb->name), verb->summary);
    if (completion->begun[0] != '-')
        return;
    offer(completion, "--", "version", 7, "the version");
    if (live != NULL)
        offer_options(completion, live);
    else
        offer(completion, "--", "help", 4, "all verbs");
}

/* The verb's words are "a|b REST" if the first one is one of a few. */
static void offer_word(const struct completion *completion, const struct app_verb *verb, int before)
{
    const char *words = verb->arguments;
    const size_t first = strcspn(words, " ");
    if (before > 0 || memchr(words, '|', first) == NULL) {
        if (words[0] != '\0' && (verb->max_arguments < 0 || before < verb->max_arguments))
            fputs(":files\n", completion->out);
        return;
    }
    for (size_t at = 0, length; at < first; at += length + 1) {
        length = strcspn(words + at, "| ");
        offer(completion, "", words + at, (int)length, verb->summary);
    }
}

/* The option given by a word of the command line, if its argument is the next word. */
static const struct app_option *wants_argument(const struct app_verb *verb, const char *word)
{
    const struct app_option *option;
    if (word[0] != '-' || word[1] == '\0')
        return NULL;
    for (size_t i = 0; (option = app_verb_option(verb, i)) != NULL; i++) {
        const bool is_long = word[1] == '-' && strcmp(word + 2, option->name) == 0;
        const bool is_short = option->letter != 0 && word[1] == option->letter && word[2] == '\0';
        if (app_option_takes_argument(option) && (is_long || is_short))
            return option;
    }
    return NULL;
}

void app_complete(FILE *out, int count, char **words)
{
    struct completion completion = {out, count > 0 ? words[count - 1] : ""};
    if (count < 2) {
        offer_first(&completion);
        return;
    }
    const bool live = words[0][0] == '-';
    const struct app_verb *verb = app_verb_find(live ? "live" : words[0]);
    if (verb == NULL)
        return;
    const struct app_option *option = NULL;
    int before = 0; /* words that are neither options nor their arguments */
    for (int i = live ? 0 : 1; i < count - 1; i++) {
        const bool argument = option != NULL;
        option = argument ? NULL : wants_argument(verb, words[i]);
        before += !argument && words[i][0] != '-';
    }
    if (option != NULL) {
        if (option->type == APP_FILE)
            fputs(":files\n", out);
    } else if (completion.begun[0] == '-') {
        offer_options(&completion, verb);
    } else {
        offer_word(&completion, verb, before);
    }
}
