/* overlay_text.h - lines of text on an SDL renderer, in any script that the machine has a font for.
 */
#ifndef APP_OVERLAY_TEXT_H
#define APP_OVERLAY_TEXT_H

#include <SDL2/SDL.h>
#include <stdbool.h>

struct app_text;

/* Text of the given height in pixels. The renderer is borrowed. Each run of characters is drawn in
 * the first font that has them, or in the built-in one; Arabic and Hebrew run from right to left.
 * NULL: no memory. */
struct app_text *app_text_open(SDL_Renderer *renderer, int pixels);
void app_text_close(struct app_text **text); /* takes NULL */
void app_text_resize(struct app_text *text, int pixels);

/* Is there a font for every character of the words? */
bool app_text_has(struct app_text *text, const char *words);

/* The size of the words (UTF-8, one line) when drawn. */
SDL_Point app_text_size(struct app_text *text, const char *words);
int app_text_line(const struct app_text *text); /* height of a line of any words */

/* Draws them with the upper left corner at x, y, cut off at the width. A character without a font
 * is shown by its number, U+5F20. */
void app_text_draw(struct app_text *text, const char *words, int x, int y, int width,
                   SDL_Color color);

#endif
