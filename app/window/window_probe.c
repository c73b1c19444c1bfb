#include "app/window/window_probe.h"
#include "app/output/text_runs.h"
#include "app/window/overlay_fonts.h"
#include "app/window/window_screen.h"

#include <SDL2/SDL.h>

bool app_window_probe_display(char *text, size_t bytes)
{
    const bool there = app_screen_start();
    snprintf(text, bytes, "%s", there ? SDL_GetCurrentVideoDriver() : SDL_GetError());
    SDL_Quit();
    return there;
}

size_t app_window_probe_fonts(char *missing, size_t bytes)
{
    static const struct {
        uint32_t letter;
        const char *script;
    } scripts[] = {
        {0x0061, "Latin"},    {0x03B1, "Greek"},  {0x0436, "Cyrillic"}, {0x05D0, "Hebrew"},
        {0x0639, "Arabic"},   {0x0905, "Hindi"},  {0x0E01, "Thai"},     {0x4E2D, "Chinese"},
        {0x3042, "Japanese"}, {0xAC00, "Korean"}, {0x10D0, "Georgian"}, {0x0531, "Armenian"},
    };
    enum { SCRIPTS = sizeof scripts / sizeof scripts[0] };
    struct app_fonts *fonts = app_fonts_open(16);
    size_t end = 0;
    missing[0] = '\0';
    for (size_t i = 0; i < SCRIPTS; i++)
        if ((fonts == NULL || app_fonts_for(fonts, scripts[i].letter, -1) == APP_RUN_NO_FONT) &&
            end < bytes)
            end += (size_t)snprintf(missing + end, bytes - end, "%s%s", end > 0 ? ", " : "",
                                    scripts[i].script);
    app_fonts_close(&fonts);
    return SCRIPTS;
}
