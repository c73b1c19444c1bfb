/* window_field.c - the text field of the window: editing, cursor and input method. */
#include "app/window/window_field.h"

#include <stdio.h>
#include <string.h>

void app_field_begin(struct app_field *field, const char *words)
{
    *field = (struct app_field){0};
    SDL_utf8strlcpy(field->text, words, sizeof field->text);
    SDL_StartTextInput();
}

void app_field_end(void)
{
    SDL_StopTextInput();
}

/* Only whole characters are kept; control characters are dropped. */
static void append(struct app_field *field, const char *words)
{
    size_t length = strlen(field->text);
    SDL_utf8strlcpy(field->text + length, words, sizeof field->text - length);
    for (char *at = field->text + length; *at != '\0'; at++)
        if ((unsigned char)*at < 0x20 || *at == 0x7F)
            *at = ' ';
}

static void delete_last(struct app_field *field)
{
    size_t length = strlen(field->text);
    while (length > 0 && ((unsigned char)field->text[--length] & 0xC0u) == 0x80u)
        ;
    field->text[length] = '\0';
}

static void paste(struct app_field *field)
{
    char *words = SDL_GetClipboardText();
    if (words != NULL)
        append(field, words);
    SDL_free(words);
}

static enum app_field_answer on_key(struct app_field *field, const SDL_Keysym *key)
{
    if (field->composing[0] != '\0')
        return APP_FIELD_CHANGED; /* for the input method, where Enter chooses */
    switch (key->sym) {
    case SDLK_RETURN:
    case SDLK_KP_ENTER:
        return APP_FIELD_ENTER;
    case SDLK_ESCAPE:
        return APP_FIELD_ESCAPE;
    case SDLK_BACKSPACE:
        delete_last(field);
        return APP_FIELD_CHANGED;
    case SDLK_u:
        if (key->mod & KMOD_CTRL)
            field->text[0] = '\0';
        return APP_FIELD_CHANGED;
    case SDLK_v:
        if (key->mod & KMOD_CTRL)
            paste(field);
        return APP_FIELD_CHANGED;
    default:
        return APP_FIELD_CHANGED;
    }
}

enum app_field_answer app_field_event(struct app_field *field, const SDL_Event *event)
{
    switch (event->type) {
    case SDL_TEXTINPUT:
        field->composing[0] = '\0';
        append(field, event->text.text);
        return APP_FIELD_CHANGED;
    case SDL_TEXTEDITING:
        SDL_utf8strlcpy(field->composing, event->edit.text, sizeof field->composing);
        return APP_FIELD_CHANGED;
    case SDL_KEYDOWN:
        return on_key(field, &event->key.keysym);
    default:
        return APP_FIELD_UNUSED;
    }
}

void app_field_show(const struct app_field *field, char *out, size_t bytes)
{
    if (field->composing[0] != '\0')
        snprintf(out, bytes, "%s[%s]", field->text, field->composing);
    else
        snprintf(out, bytes, "%s_", field->text);
}
