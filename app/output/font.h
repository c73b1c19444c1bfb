/* font.h - a bitmap font for the pictures of `identify --draw`: ASCII, and the letters of Latin-1
 * made of a base letter and an accent. The live window has real fonts. */
#ifndef APP_FONT_H
#define APP_FONT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { APP_FONT_WIDTH = 6, APP_FONT_HEIGHT = 12 }; /* of a cell, in dots */

bool app_font_has(const char *text);       /* are all characters in the font? */
size_t app_font_columns(const char *text); /* cells it takes */

/* FILLS rows with the next character's dots (bit APP_FONT_WIDTH - 1 is the left one) and moves
 * *text past it; an unknown character is drawn as a frame. False at the end. */
bool app_font_next(const char **text, uint8_t rows[APP_FONT_HEIGHT]);

#endif
