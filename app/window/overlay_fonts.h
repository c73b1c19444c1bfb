/* overlay_fonts.h - the fonts of this machine: found once, opened when a character needs them. */
#ifndef APP_OVERLAY_FONTS_H
#define APP_OVERLAY_FONTS_H

#include <SDL2/SDL_ttf.h>
#include <stdint.h>

struct app_fonts;

/* Looks for the fonts of the table in overlay_fonts.c in the user's font folders and the machine's
 * (XDG_DATA_DIRS); FACEID_FONT names one that precedes them. On a machine without fonts the list
 * is empty. NULL: no memory, or SDL_ttf does not start. */
struct app_fonts *app_fonts_open(int pixels);
void app_fonts_close(struct app_fonts **fonts); /* takes NULL */
void app_fonts_resize(struct app_fonts *fonts, int pixels);

/* The first font that has the character, trying `prefer` first; APP_RUN_NO_FONT: none. This is an
 * app_font_for. */
int app_fonts_for(void *fonts, uint32_t code, int prefer);

TTF_Font *app_fonts_at(const struct app_fonts *fonts, int font);

#endif
