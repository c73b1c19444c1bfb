/* window_probe.c - checks the display and the fonts for faceid doctor. */
#include "app/window/window_probe.h"
#include "app/output/text_runs.h"
#include "app/window/overlay_fonts.h"
#include "app/window/window_screen.h"

#include <SDL2/SDL.h>
#include <stdio.h>
#include <string.h>

bool app_window_probe_display(char *text, size_t bytes)
{
    const bool there = app_screen_start();
    snprintf(text, bytes, "%s", there ? SDL_GetCurrentVideoDriver() : SDL_GetError());
    SDL_Quit();
    return there;
}

/* Appends ", " and the word, as far as there is room. */
static void append(char *list, size_t bytes, const char *word)
{
    const size_t end = strlen(list);
    snprintf(list + end, bytes - end, "%s%s", end > 0 ? ", " : "", word);
}

size_t app_window_probe_fonts(char *missing, char *packages, size_t bytes)
{
    static const char dejavu[] = "fonts-dejavu-core", noto[] = "fonts-noto-core",
                      chinese[] = "fonts-wqy-microhei";
    static const struct {
        uint32_t letter;
        const char *script, *package;
    } scripts[] = {
        {0x0061, "Latin", dejavu},    {0x03B1, "Greek", dejavu},     {0x0436, "Cyrillic", dejavu},
        {0x05D0, "Hebrew", dejavu},   {0x0639, "Arabic", dejavu},    {0x10D0, "Georgian", dejavu},
        {0x0531, "Armenian", dejavu}, {0x0905, "Hindi", noto},       {0x0E01, "Thai", noto},
        {0x4E2D, "Chinese", chinese}, {0x3042, "Japanese", chinese}, {0xAC00, "Korean", chinese},
    };
    enum { SCRIPTS = sizeof scripts / sizeof scripts[0] };
    struct app_fonts *fonts = app_fonts_open(16);
    missing[0] = packages[0] = '\0';
    for (size_t i = 0; i < SCRIPTS; i++) {
        if (fonts != NULL && app_fonts_for(fonts, scripts[i].letter, -1) != APP_RUN_NO_FONT)
            continue;
        append(missing, bytes, scripts[i].script);
        if (strstr(packages, scripts[i].package) == NULL)
            append(packages, bytes, scripts[i].package);
    }
    app_fonts_close(&fonts);
    return SCRIPTS;
}
