/* help.c - prints --help from the tables of verbs, options, keys and exit codes. */
#include "app/help.h"
#include "app/app.h"

#include <string.h>

static void print_examples(FILE *out, const char *examples)
{
    while (*examples != '\0') {
        int command = (int)strcspn(examples, "\t");
        const char *meaning = examples + command + 1;
        int length = (int)strcspn(meaning, "\n");
        fprintf(out, "  %-44.*s # %.*s\n", command, examples, length, meaning);
        examples = meaning + length + 1;
    }
}

static void print_option(FILE *out, const struct app_option *option)
{
    char left[64], letter[8] = "   ";
    if (option->letter != 0)
        snprintf(letter, sizeof letter, "-%c,", option->letter);
    snprintf(left, sizeof left, "%s --%s%s%s", letter, option->name,
             option->argument != NULL ? " " : "", option->argument != NULL ? option->argument : "");
    fprintf(out, "  %-26s %s\n", left, option->help);
}

/* Text after a tab is aligned in a column. */
static void print_details(FILE *out, const char *details)
{
    enum { COLUMN = 12 };
    while (*details != '\0') {
        int length = (int)strcspn(details, "\n"), left = (int)strcspn(details, "\t\n");
        if (left < length)
            fprintf(out, "%-*.*s%.*s\n", COLUMN, left, details, length - left - 1,
                    details + left + 1);
        else
            fprintf(out, "%.*s\n", length, details);
        details += length + (details[length] == '\n');
    }
}

void app_verb_help(FILE *out, const struct app_verb *verb)
{
    fprintf(out, "faceid %s: %s\n\nUsage: faceid %s [OPTION]... %s\n", verb->name, verb->summary,
            verb->name, verb->arguments);
    fprintf(out, "\nExamples:\n");
    print_examples(out, verb->examples);
    if (verb->details != NULL) {
        fputc('\n', out);
        print_details(out, verb->details);
    }
    fprintf(out, "\nOptions:\n");
    const struct app_option *option;
    for (size_t i = 0; (option = app_verb_option(verb, i)) != NULL; i++)
        print_option(out, option);
}

static void print_exit_codes(FILE *out)
{
    fprintf(out, "\nExit codes:\n");
    for (int code = 0; code < 256; code++)
        if (app_exit_text((enum app_exit)code) != NULL)
            fprintf(out, "  %3d  %s\n", code, app_exit_text((enum app_exit)code));
}

void app_help(FILE *out)
{
    fprintf(out, "faceid: who is in this picture, clip or camera?\n\n"
                 "Usage: faceid VERB [OPTION]... [ARGUMENT]...\n"
                 "       faceid --camera DEVICE [OPTION]...      the same as faceid live\n"
                 "\nExamples:\n");
    print_examples(out,
                   "faceid enroll ana ana.mp4 photos/ana\tlearn a person from a clip and a folder\n"
                   "faceid enroll --from people\tlearn everyone from people/NAME/*\n"
                   "faceid identify party.jpg\twho is in this picture\n"
                   "faceid --camera 0\tthe live window\n");
    fprintf(out, "\nVerbs (faceid VERB --help says more):\n");
    const struct app_verb *verb;
    for (size_t i = 0; (verb = app_verb_at(i)) != NULL; i++)
        fprintf(out, "  %-10s %s\n", verb->name, verb->summary);
    fprintf(
        out,
        "\nEnvironment (options take precedence):\n"
        "  FACEID_MODEL      weight file of the recognizer\n"
        "  FACEID_DETECTOR   weight file of the detector\n"
        "  FACEID_GALLERY    the gallery's file (default $XDG_DATA_HOME/faceid/gallery.db), or\n"
        "                    postgresql://HOST/DATABASE; its password comes from ~/.pgpass\n"
        "  FACEID_KEY_FILE   the key of a sealed gallery\n"
        "  FACEID_FONT       a font file that the window prefers to all others\n"
        "  FID_ISA           kernels to use, as --isa (default: the best here)\n"
        "  FID_VERBOSE       1: say what is chosen and why\n");
    fprintf(
        out,
        "\nFiles:\n"
        "  ~/.local/share/faceid/gallery.db  the gallery ($XDG_DATA_HOME)\n"
        "  ~/.local/share/faceid/models  your own models; faceid model get\n"
        "  ~/.config/faceid/config  settings, if any ($XDG_CONFIG_HOME); faceid enroll --limits\n");
    print_exit_codes(out);
    fprintf(
        out,
        "\nData goes to stdout, messages to stderr. A long option may be shortened while no other\n"
        "option of the verb starts with it (--gal for --gallery); but --force, --leave-out, --off\n"
        "and --replace are written in full. faceid is a convenience, not a lock: a photograph is\n"
        "enough to pass for someone. It never guesses age, sex or origin. The weights\n"
        "have licenses of their own: faceid model info FILE.\n");
}

void app_version(FILE *out)
{
    fprintf(out, "faceid %s\n", FID_VERSION);
}
