/* complete.c - what may stand next on a command line: verbs, options, people, files. */
#include "app/complete.h"
#include "app/app.h"

#include <stdbool.h>
#include <string.h>

struct completion {
    FILE *out;
    const char *begun;
};

static void offer(const struct completion *completion, const char *dashes, const char *word,
                  int length, const char *what)
{
    char whole[FID_NAME_BYTES + 80];
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

/* Does the verb's help ask for a person's name after so many words? */
static bool is_name(const struct app_verb *verb, int before)
{
    static const char *const names[] = {"NAME", "[NAME...]", "INTO", "OLD"};
    const char *word = verb->arguments;
    for (; before > 0 && *word != '\0' && strncmp(word, "[NAME...]", 9) != 0; before--) {
        word += strcspn(word, " ");
        word += *word == ' ';
    }
    const size_t length = strcspn(word, " ");
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (strlen(names[i]) == length && strncmp(word, names[i], length) == 0)
            return true;
    return false;
}

/* The people of the gallery that the words before it mean. Nothing is said and nothing asked: one
 * that wants a passphrase, is somewhere else or cannot be read has no names to offer. */
static void offer_people(const struct completion *completion, struct app *app)
{
    enum fid_secret_kind kind;
    char nothing[8], faces[32];
    app_talk_into(nothing, sizeof nothing);
    if (app_find_gallery(app) == APP_OK && strstr(app->gallery_path, "://") == NULL &&
        fid_gallery_secret_kind(app->gallery_path, &kind, NULL) == FID_OK &&
        kind != FID_SECRET_PASSPHRASE &&
        app_open_gallery(app, FID_GALLERY_READ_ONLY, false) == APP_OK)
        for (size_t i = 0; i < fid_gallery_count(app->gallery); i++) {
            struct fid_person person;
            fid_gallery_person(app->gallery, i, &person);
            snprintf(faces, sizeof faces, "%zu faces", person.sample_count);
            offer(completion, "", person.name, (int)strlen(person.name), faces);
        }
    app_close(app);
    app_talk_into(NULL, 0);
}

/* The verb's words are "a|b REST" when the first one is one of a few. */
static void offer_word(const struct completion *completion, struct app *app)
{
    const struct app_verb *verb = app->arguments.verb;
    const char *words = verb->arguments;
    const int before = app->arguments.count;
    const size_t first = strcspn(words, " ");
    if (is_name(verb, before) && (verb->groups & APP_USES_GALLERY) != 0) {
        offer_people(completion, app);
        return;
    }
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
    for (int i = live ? 0 : 1; i < count - 1; i++)
        option = option != NULL ? NULL : wants_argument(verb, words[i]);
    if (option != NULL) {
        if (option->type == APP_FILE)
            fputs(":files\n", out);
    } else if (completion.begun[0] == '-') {
        offer_options(&completion, verb);
    } else {
        char nothing[8];
        struct app app = {.quiet = true};
        app_talk_into(nothing, sizeof nothing); /* of words that are still missing */
        app_arguments_parse(&app.arguments, verb, count - 1, words);
        app_talk_into(NULL, 0);
        offer_word(&completion, &app);
    }
}
