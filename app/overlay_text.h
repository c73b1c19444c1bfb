/* overlay_text.h - text on an SDL renderer in whatever fonts the machine has. */
#ifndef APP_OVERLAY_TEXT_H
#define APP_OVERLAY_TEXT_H

#include <SDL2/SDL.h>

struct app_text;

/* Opens the fonts at the given height in pixels. The renderer is borrowed. A machine without any
 * font gives an object that draws nothing. NULL: no memory, or SDL_ttf does not start. */
struct app_text *app_text_open(SDL_Renderer *renderer, int pixels);
void app_text_close(struct app_text **text); /* takes NULL */

/* How large the words (UTF-8, one line) will be. */
SDL_Point app_text_size(struct app_text *text, const char *words);

/* Draws them with the left upper corner at x, y. Each text is drawn in the first font that has all
 * its characters, else in the one that lacks the fewest; Arabic and Hebrew from right to left. */
void app_text_draw(struct app_text *text, const char *words, int x, int y, SDL_Color color);

#endif
