/* text.h - text from outside (names, paths) on its way to a terminal or into JSON. */
#ifndef APP_TEXT_H
#define APP_TEXT_H

#include <math.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* Decodes one character of a zero-terminated UTF-8 text: FILLS *code and returns its bytes, ≥ 1. An
 * invalid, overlong or surrogate sequence is one byte with *code = UINT32_MAX. At the end: 0. */
size_t app_utf8_next(const char *text, uint32_t *code);

/* The most bytes of the text, up to `most`, that end behind a character. */
size_t app_utf8_cut(const char *text, size_t most);

/* A person's number as screens show it where no font has the name: short enough for a box, and most
 * likely no other person's of the gallery. */
static inline int app_short_number(int64_t person)
{
    return (int)(person % 100000);
}

/* The singular or plural for a number of things. */
static inline const char *app_plural(size_t count, const char *one, const char *more)
{
    return count == 1 ? one : more;
}

/* Rounds to the nearest whole number, never -0. */
static inline double app_whole(float number)
{
    return round((double)number) + 0.0;
}

/* Writes text with control characters and invalid bytes as \n, \t, \\ or \xNN and direction
 * characters as \u{NNNN}, so that no name or path can steer a terminal or break a line. */
void app_put_visible(FILE *out, const char *text);

#endif
