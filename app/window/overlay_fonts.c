/* overlay_fonts.c - finds the machine's font files, and opens one for each character that needs
 * it. */
#include "app/window/overlay_fonts.h"
#include "app/app.h"
#include "app/output/text_runs.h"

#include <fts.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* Fonts by the stem of their file names. The first one that has a character draws it: broad fonts
 * stand before those of one script, well-drawn ones before complete ones. */
static const char *const stems[] = {
    "DejaVuSans", /* Latin, Greek, Cyrillic, Armenian, Georgian, Hebrew, Arabic */
    "NotoSans",
    "LiberationSans",
    "FreeSans",
    "Ubuntu",
    "Roboto",
    "NotoSansArabic",
    "NotoNaskhArabic",
    "NotoSansHebrew",
    "NotoSansDevanagari",
    "Lohit",
    "NotoSansBengali",
    "NotoSansGurmukhi",
    "NotoSansGujarati",
    "NotoSansTamil",
    "NotoSansTelugu",
    "NotoSansKannada",
    "NotoSansMalayalam",
    "NotoSansSinhala",
    "NotoSansThai",
    "Loma",
    "NotoSansLao",
    "NotoSansMyanmar",
    "NotoSansKhmer",
    "NotoSansGeorgian",
    "NotoSansArmenian",
    "NotoSansEthiopic",
    "NotoSansCJK", /* Chinese, kana, Hangul: this one and those below */
    "NotoSansCJKsc",
    "SourceHanSans",
    "wqy-microhei",
    "wqy-zenhei",
    "DroidSansFallbackFull",
    "DroidSansFallback",
    "UnDotum",
    "unifont",
};

/* What may follow the stem in a file name. */
static const char *const endings[] = {
    "-Regular.ttf", "-Regular.otf", "-Regular.ttc", ".ttf",    ".otf",        ".ttc",
    "-R.ttf",       "[wght].ttf",   "-VF.ttf",      "-VF.ttc", "-VF.otf.ttc", "[wdth,wght].ttf",
};

enum { STEMS = sizeof stems / sizeof stems[0], FONTS = 1 + STEMS, FOLDERS = 16 };

struct app_fonts {
    char *paths[FONTS]; /* FACEID_FONT, then one per stem; NULL: not on this machine */
    TTF_Font *open[FONTS];
    int pixels;
};

static bool is_file_of(const char *name, const char *stem)
{
    size_t length = strlen(stem);
    if (strncasecmp(name, stem, length) != 0)
        return false;
    for (size_t i = 0; i < sizeof endings / sizeof endings[0]; i++)
        if (strcasecmp(name + length, endings[i]) == 0)
            return true;
    return false;
}

static void keep(struct app_fonts *fonts, const char *name, const char *path)
{
    for (size_t i = 0; i < STEMS; i++)
        if (fonts->paths[1 + i] == NULL && is_file_of(name, stems[i])) {
            fonts->paths[1 + i] = strdup(path);
            return;
        }
}

/* Adds DATA/fonts for each folder of a list such as XDG_DATA_DIRS. */
static void add_folders(char folders[][4096], int *count, const char *list, const char *under)
{
    while (list != NULL && *list != '\0' && *count < FOLDERS) {
        int length = (int)strcspn(list, ":");
        if (length > 0)
            snprintf(folders[(*count)++], sizeof folders[0], "%.*s/%s", length, list, under);
        list += length + (list[length] == ':');
    }
}

static void find(struct app_fonts *fonts)
{
    char folders[FOLDERS][4096], *paths[FOLDERS + 1] = {NULL};
    int count = 0;
    const char *shared = app_environment("XDG_DATA_DIRS"), *home = app_environment("HOME");
    const char *own = app_environment("XDG_DATA_HOME");
    add_folders(folders, &count, own != NULL ? own : home,
                own != NULL ? "fonts" : ".local/share/fonts");
    add_folders(folders, &count, home, ".fonts");
    add_folders(folders, &count, shared != NULL ? shared : "/usr/local/share:/usr/share", "fonts");
    for (int i = 0; i < count; i++)
        paths[i] = folders[i];
    FTS *walk = fts_open(paths, FTS_LOGICAL | FTS_NOCHDIR, NULL);
    if (walk == NULL)
        return;
    for (FTSENT *entry; (entry = fts_read(walk)) != NULL;)
        if (entry->fts_info == FTS_F)
            keep(fonts, entry->fts_name, entry->fts_path);
    fts_close(walk);
}

struct app_fonts *app_fonts_open(int pixels)
{
    if (TTF_Init() != 0)
        return NULL;
    struct app_fonts *fonts = calloc(1, sizeof *fonts);
    if (fonts == NULL) {
        TTF_Quit();
        return NULL;
    }
    fonts->pixels = pixels;
    const char *first = app_environment("FACEID_FONT");
    if (first != NULL)
        fonts->paths[0] = strdup(first);
    find(fonts);
    return fonts;
}

void app_fonts_close(struct app_fonts **fonts)
{
    if (*fonts == NULL)
        return;
    for (size_t i = 0; i < FONTS; i++) {
        if ((*fonts)->open[i] != NULL)
            TTF_CloseFont((*fonts)->open[i]);
        free((*fonts)->paths[i]);
    }
    free(*fonts);
    *fonts = NULL;
    TTF_Quit();
}

void app_fonts_resize(struct app_fonts *fonts, int pixels)
{
    fonts->pixels = pixels;
    for (size_t i = 0; i < FONTS; i++)
        if (fonts->open[i] != NULL)
            TTF_SetFontSize(fonts->open[i], pixels);
}

/* Opened now if it was not; a file that is not a font is not tried again. */
static TTF_Font *open_at(struct app_fonts *fonts, size_t i)
{
    if (fonts->open[i] == NULL && fonts->paths[i] != NULL) {
        fonts->open[i] = TTF_OpenFont(fonts->paths[i], fonts->pixels);
        if (fonts->open[i] == NULL) {
            free(fonts->paths[i]);
            fonts->paths[i] = NULL;
        }
    }
    return fonts->open[i];
}

static bool has(TTF_Font *font, uint32_t code)
{
    return font != NULL && TTF_GlyphIsProvided32(font, code) != 0;
}

int app_fonts_for(void *context, uint32_t code, int prefer)
{
    struct app_fonts *fonts = context;
    if (prefer >= 0 && has(fonts->open[prefer], code))
        return prefer;
    for (size_t i = 0; i < FONTS; i++)
        if (has(open_at(fonts, i), code))
            return (int)i;
    return APP_RUN_NO_FONT;
}

TTF_Font *app_fonts_at(const struct app_fonts *fonts, int font)
{
    return fonts->open[font];
}
