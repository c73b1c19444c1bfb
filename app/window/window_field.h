/* window_field.h - a line of text that the user types: UTF-8, with an input method. */
#ifndef APP_WINDOW_FIELD_H
#define APP_WINDOW_FIELD_H

#include <SDL2/SDL.h>
#include <stdbool.h>

#define APP_FIELD_BYTES 256 /* more than a name may have, so that a name too long is reported */

struct app_field {
    char text[APP_FIELD_BYTES];
    char composing[64]; /* what the input method is still composing */
};

enum app_field_answer { APP_FIELD_UNUSED, APP_FIELD_CHANGED, APP_FIELD_ENTER, APP_FIELD_ESCAPE };

/* Starts with these words and turns text input on; app_field_end turns it off. */
void app_field_begin(struct app_field *field, const char *words);
void app_field_end(void);

/* Handles typed text, backspace, Ctrl+U (clear) and Ctrl+V. Enter and Escape are left to the
 * caller.
 */
enum app_field_answer app_field_event(struct app_field *field, const SDL_Event *event);

/* FILLS out with the text, what is being composed, and a caret. */
void app_field_show(const struct app_field *field, char *out, size_t bytes);

#endif
