#include "app/overlay_text.h"
#include "app/app.h"
#include "app/text.h"

#include <SDL2/SDL_ttf.h>
#include <stdlib.h>
#include <string.h>

#define FONTS_MAX   16
#define CACHE_SIZE  64
#define WORDS_BYTES 256

/* Where the distributions put fonts, wide ones first; SDL_ttf finds none by itself. */
static const char *const font_paths[] = {
    "/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf", /* Latin, Greek, Cyrillic, Arabic, Hebrew */
    "/usr/share/fonts/dejavu-sans-fonts/DejaVuSans.ttf",
    "/usr/share/fonts/TTF/DejaVuSans.ttf",
    "/usr/share/fonts/dejavu/DejaVuSans.ttf",
    "/usr/share/fonts/truetype/noto/NotoSans-Regular.ttf",
    "/usr/share/fonts/noto/NotoSans-Regular.ttf",
    "/usr/share/fonts/google-noto/NotoSans-Regular.ttf",
    "/usr/share/fonts/truetype/liberation/LiberationSans-Regular.ttf",
    "/usr/share/fonts/truetype/freefont/FreeSans.ttf",
    "/usr/share/fonts/truetype/noto/NotoSansArabic-Regular.ttf",
    "/usr/share/fonts/truetype/noto/NotoSansHebrew-Regular.ttf",
    "/usr/share/fonts/truetype/noto/NotoSansDevanagari-Regular.ttf",
    "/usr/share/fonts/truetype/noto/NotoSansThai-Regular.ttf",
    "/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc", /* Chinese, kana, Hangul */
    "/usr/share/fonts/noto-cjk/NotoSansCJK-Regular.ttc",
    "/usr/share/fonts/google-noto-cjk/NotoSansCJK-Regular.ttc",
    "/usr/share/fonts/truetype/wqy/wqy-microhei.ttc",
    "/usr/share/fonts/truetype/wqy/wqy-zenhei.ttc",
    "/usr/share/fonts/truetype/droid/DroidSansFallbackFull.ttf",
    "/usr/share/fonts/opentype/unifont/unifont.otf",
    "/usr/share/fonts/truetype/unifont/unifont.ttf",
};

struct drawn {
    char words[WORDS_BYTES];
    SDL_Texture *texture; /* NULL: free, or nothing to draw */
    SDL_Point size;
    unsigned used; /* turn of the last use */
};

struct app_text {
    SDL_Renderer *renderer;
    TTF_Font *fonts[FONTS_MAX];
    size_t font_count;
    struct drawn cache[CACHE_SIZE];
    unsigned turn;
};

static void add_font(struct app_text *text, const char *path, int pixels)
{
    if (path == NULL || text->font_count == FONTS_MAX)
        return;
    TTF_Font *font = TTF_OpenFont(path, pixels);
    if (font != NULL)
        text->fonts[text->font_count++] = font;
}

struct app_text *app_text_open(SDL_Renderer *renderer, int pixels)
{
    if (TTF_Init() != 0)
        return NULL;
    struct app_text *text = calloc(1, sizeof *text);
    if (text == NULL) {
        TTF_Quit();
        return NULL;
    }
    text->renderer = renderer;
    add_font(text, app_environment("FACEID_FONT"), pixels);
    for (size_t i = 0; i < sizeof font_paths / sizeof font_paths[0]; i++)
        add_font(text, font_paths[i], pixels);
    return text;
}

void app_text_close(struct app_text **text)
{
    if (*text == NULL)
        return;
    for (size_t i = 0; i < CACHE_SIZE; i++)
        if ((*text)->cache[i].texture != NULL)
            SDL_DestroyTexture((*text)->cache[i].texture);
    for (size_t i = 0; i < (*text)->font_count; i++)
        TTF_CloseFont((*text)->fonts[i]);
    free(*text);
    *text = NULL;
    TTF_Quit();
}

/* How many characters of the words the font lacks. */
static size_t lacking(TTF_Font *font, const char *words)
{
    size_t count = 0;
    uint32_t code;
    for (size_t bytes; (bytes = app_utf8_next(words, &code)) > 0; words += bytes)
        if (code == UINT32_MAX || !TTF_GlyphIsProvided32(font, code))
            count++;
    return count;
}

static TTF_Font *best_font(const struct app_text *text, const char *words)
{
    TTF_Font *best = NULL;
    size_t least = SIZE_MAX;
    for (size_t i = 0; i < text->font_count && least > 0; i++) {
        size_t count = lacking(text->fonts[i], words);
        if (count < least) {
            least = count;
            best = text->fonts[i];
        }
    }
    return best;
}

/* SDL_ttf does not find out direction and script by itself: an Arabic name would stand backwards.
 */
static void set_script(TTF_Font *font, const char *words)
{
    bool hebrew = false, arabic = false;
    uint32_t code;
    for (size_t bytes; (bytes = app_utf8_next(words, &code)) > 0; words += bytes) {
        hebrew = hebrew || (code >= 0x0590 && code <= 0x05FF);
        arabic = arabic || (code >= 0x0600 && code <= 0x08FF);
    }
    TTF_SetFontDirection(font, hebrew || arabic ? TTF_DIRECTION_RTL : TTF_DIRECTION_LTR);
    TTF_SetFontScriptName(font, arabic ? "Arab" : hebrew ? "Hebr" : "Zyyy");
}

/* Fills a place of the cache with the words, drawn in white: the colour is put on when it is used.
 */
static void render(struct app_text *text, const char *words, struct drawn *place)
{
    if (place->texture != NULL)
        SDL_DestroyTexture(place->texture);
    *place = (struct drawn){0};
    SDL_strlcpy(place->words, words, sizeof place->words);
    TTF_Font *font = best_font(text, place->words);
    if (font == NULL)
        return;
    set_script(font, place->words);
    SDL_Surface *surface =
        TTF_RenderUTF8_Blended(font, place->words, (SDL_Color){255, 255, 255, 255});
    if (surface == NULL)
        return;
    place->texture = SDL_CreateTextureFromSurface(text->renderer, surface);
    place->size = (SDL_Point){surface->w, surface->h};
    SDL_FreeSurface(surface);
}

/* The words out of the cache, or in the place of what was not used for longest. */
static struct drawn *look_up(struct app_text *text, const char *words)
{
    struct drawn *oldest = &text->cache[0];
    text->turn++;
    for (size_t i = 0; i < CACHE_SIZE; i++) {
        struct drawn *place = &text->cache[i];
        if (place->used != 0 && strncmp(place->words, words, WORDS_BYTES - 1) == 0) {
            place->used = text->turn;
            return place;
        }
        if (place->used < oldest->used)
            oldest = place;
    }
    render(text, words, oldest);
    oldest->used = text->turn;
    return oldest;
}

SDL_Point app_text_size(struct app_text *text, const char *words)
{
    return text != NULL && words[0] != '\0' ? look_up(text, words)->size : (SDL_Point){0, 0};
}

void app_text_draw(struct app_text *text, const char *words, int x, int y, SDL_Color color)
{
    if (text == NULL || words[0] == '\0')
        return;
    const struct drawn *drawn = look_up(text, words);
    if (drawn->texture == NULL)
        return;
    SDL_SetTextureColorMod(drawn->texture, color.r, color.g, color.b);
    SDL_RenderCopy(text->renderer, drawn->texture, NULL,
                   &(SDL_Rect){x, y, drawn->size.x, drawn->size.y});
}
