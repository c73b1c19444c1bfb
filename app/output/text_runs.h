/* text_runs.h - a line of text cut into runs of one font, script and direction, in display
 * order. Knows characters, not fonts: the caller says which font has which character. */
#ifndef APP_TEXT_RUNS_H
#define APP_TEXT_RUNS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define APP_RUN_NO_FONT (-1)
#define APP_FROM_LEFT   "\xE2\x80\x8E" /* starts a line that runs from the left: U+200E */

struct app_run {
    size_t start, bytes; /* of the text */
    int font;            /* as font_for said */
    const char *script;  /* ISO 15924: "Latn", "Arab", ...; "Zyyy": no letters */
    bool right_to_left;
};

/* The font for a character: `prefer` if it has the character, otherwise another one, or
 * APP_RUN_NO_FONT. `prefer` is the previous character's font for signs, blanks and marks, otherwise
 * APP_RUN_NO_FONT. */
typedef int (*app_font_for)(void *context, uint32_t code, int prefer);

/* FILLS runs from the left to the right and returns their number. The direction of the line is that
 * of its first letter (unless APP_FROM_LEFT says so); numbers run from left to right in every
 * script (the rules of Unicode's bidirectional algorithm that names need: no embeddings, which
 * names may not have). Text beyond 512 characters or `capacity` runs is cut off. */
size_t app_text_runs(const char *text, app_font_for font_for, void *context, struct app_run *runs,
                     size_t capacity);

/* Is it drawn only together with the previous character, like accents and joiners? */
bool app_is_mark(uint32_t code);

/* FILLS out with the text in letters of ASCII and Latin-1: without accents, Greek and Cyrillic
 * letter by letter. False if it has other characters. */
bool app_text_in_latin(const char *text, char *out, size_t bytes);

#endif
