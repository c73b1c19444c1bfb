/* overlay_text.c - lays out a line of text in several fonts, and keeps its glyphs as textures. */
#include "app/window/overlay_text.h"
#include "app/output/font.h"
#include "app/output/text.h"
#include "app/output/text_runs.h"
#include "app/window/overlay_fonts.h"

#include <stdlib.h>
#include <string.h>

#define CACHE_SIZE  64
#define WORDS_BYTES 512
#define RUNS_MAX    32

struct drawn {
    char words[WORDS_BYTES];
    SDL_Texture *texture; /* NULL: free, or nothing to draw */
    SDL_Point size;
    unsigned used; /* number of the last use */
};

struct app_text {
    SDL_Renderer *renderer;
    struct app_fonts *fonts; /* NULL: SDL_ttf does not start */
    int pixels;
    struct drawn cache[CACHE_SIZE];
    unsigned turn;
};

struct app_text *app_text_open(SDL_Renderer *renderer, int pixels)
{
    struct app_text *text = calloc(1, sizeof *text);
    if (text == NULL)
        return NULL;
    text->renderer = renderer;
    text->pixels = pixels;
    text->fonts = app_fonts_open(pixels);
    return text;
}

static void forget_drawn(struct app_text *text)
{
    for (size_t i = 0; i < CACHE_SIZE; i++) {
        if (text->cache[i].texture != NULL)
            SDL_DestroyTexture(text->cache[i].texture);
        text->cache[i] = (struct drawn){0};
    }
}

void app_text_close(struct app_text **text)
{
    if (*text == NULL)
        return;
    forget_drawn(*text);
    app_fonts_close(&(*text)->fonts);
    free(*text);
    *text = NULL;
}

void app_text_resize(struct app_text *text, int pixels)
{
    if (pixels == text->pixels)
        return;
    forget_drawn(text);
    text->pixels = pixels;
    if (text->fonts != NULL)
        app_fonts_resize(text->fonts, pixels);
}

static int font_for(void *context, uint32_t code, int prefer)
{
    struct app_text *text = context;
    return text->fonts != NULL ? app_fonts_for(text->fonts, code, prefer) : APP_RUN_NO_FONT;
}

bool app_text_has(struct app_text *text, const char *words)
{
    struct app_run runs[RUNS_MAX];
    size_t count = app_text_runs(words, font_for, text, runs, RUNS_MAX);
    for (size_t i = 0; i < count; i++)
        if (runs[i].font == APP_RUN_NO_FONT)
            return false;
    return true;
}

/* ---- one run ---- */

/* What the built-in font draws for the run: the letters, their Latin equivalents, or their
 * numbers. */
static void plain_words(const char *words, char *out, size_t bytes)
{
    size_t used = 0, step;
    uint32_t code;
    for (out[0] = '\0'; (step = app_utf8_next(words, &code)) > 0; words += step) {
        char character[8] = "", letters[16] = "";
        memcpy(character, words, step);
        if (app_font_has(character))
            SDL_strlcpy(letters, character, sizeof letters);
        else if (!app_text_in_latin(character, letters, sizeof letters) && !app_is_mark(code))
            snprintf(letters, sizeof letters, "U+%04X", code == UINT32_MAX ? 0xFFFD : code);
        used += SDL_strlcpy(out + used, letters, bytes - used);
        if (used >= bytes)
            return;
    }
}

/* The run in the built-in font, scaled to the size of the other fonts. */
static SDL_Surface *draw_plain(const char *words, int pixels)
{
    char plain[WORDS_BYTES];
    plain_words(words, plain, sizeof plain);
    int dot = (pixels * 7 / 6 + APP_FONT_HEIGHT / 2) / APP_FONT_HEIGHT;
    dot = dot < 1 ? 1 : dot;
    int columns = (int)app_font_columns(plain);
    SDL_Surface *surface = SDL_CreateRGBSurfaceWithFormat(
        0, columns * APP_FONT_WIDTH * dot, APP_FONT_HEIGHT * dot, 32, SDL_PIXELFORMAT_ARGB8888);
    if (surface == NULL)
        return NULL;
    uint8_t rows[APP_FONT_HEIGHT];
    const char *at = plain;
    for (int x = 0; app_font_next(&at, rows); x += APP_FONT_WIDTH * dot)
        for (int row = 0; row < APP_FONT_HEIGHT; row++)
            for (int column = 0; column < APP_FONT_WIDTH; column++)
                if (rows[row] >> (APP_FONT_WIDTH - 1 - column) & 1)
                    SDL_FillRect(surface, &(SDL_Rect){x + column * dot, row * dot, dot, dot},
                                 UINT32_MAX);
    return surface;
}

/* FILLS *ascent with the height of the run above its baseline. */
static SDL_Surface *draw_run(const struct app_text *text, const char *words,
                             const struct app_run *run, int *ascent)
{
    char part[WORDS_BYTES];
    SDL_strlcpy(part, words + run->start,
                run->bytes + 1 < sizeof part ? run->bytes + 1 : sizeof part);
    if (run->font == APP_RUN_NO_FONT) {
        SDL_Surface *surface = draw_plain(part, text->pixels);
        *ascent =
            surface != NULL ? surface->h * 10 / APP_FONT_HEIGHT : 0; /* two rows are below it */
        return surface;
    }
    TTF_Font *font = app_fonts_at(text->fonts, run->font);
    TTF_SetFontDirection(font, run->right_to_left ? TTF_DIRECTION_RTL : TTF_DIRECTION_LTR);
    TTF_SetFontScriptName(font, run->script);
    *ascent = TTF_FontAscent(font);
    return TTF_RenderUTF8_Blended(font, part, (SDL_Color){255, 255, 255, 255});
}

/* ---- a line ---- */

/* The runs side by side on one baseline. */
static SDL_Surface *join(SDL_Surface *const *parts, const int *ascents, size_t count)
{
    int width = 0, above = 0, below = 0;
    for (size_t i = 0; i < count; i++) {
        if (parts[i] == NULL)
            continue;
        width += parts[i]->w;
        above = ascents[i] > above ? ascents[i] : above;
        below = parts[i]->h - ascents[i] > below ? parts[i]->h - ascents[i] : below;
    }
    if (width == 0)
        return NULL;
    SDL_Surface *line =
        SDL_CreateRGBSurfaceWithFormat(0, width, above + below, 32, SDL_PIXELFORMAT_ARGB8888);
    int x = 0;
    for (size_t i = 0; i < count && line != NULL; i++) {
        if (parts[i] == NULL)
            continue;
        SDL_SetSurfaceBlendMode(parts[i], SDL_BLENDMODE_NONE);
        SDL_BlitSurface(parts[i], NULL, line, &(SDL_Rect){x, above - ascents[i], 0, 0});
        x += parts[i]->w;
    }
    return line;
}

/* Fills a slot of the cache with the words, drawn in white; the color is applied when used.
 */
static void render(struct app_text *text, const char *words, struct drawn *place)
{
    struct app_run runs[RUNS_MAX];
    SDL_Surface *parts[RUNS_MAX];
    int ascents[RUNS_MAX];
    if (place->texture != NULL)
        SDL_DestroyTexture(place->texture);
    *place = (struct drawn){0};
    SDL_strlcpy(place->words, words, sizeof place->words);
    size_t count = app_text_runs(place->words, font_for, text, runs, RUNS_MAX);
    for (size_t i = 0; i < count; i++)
        parts[i] = draw_run(text, place->words, &runs[i], &ascents[i]);
    SDL_Surface *line = join(parts, ascents, count);
    for (size_t i = 0; i < count; i++)
        SDL_FreeSurface(parts[i]);
    if (line == NULL)
        return;
    place->texture = SDL_CreateTextureFromSurface(text->renderer, line);
    place->size = (SDL_Point){line->w, line->h};
    SDL_FreeSurface(line);
}

/* The words from the cache, or drawn into the least recently used slot. */
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

int app_text_line(const struct app_text *text)
{
    return text != NULL ? text->pixels * 4 / 3 : 0;
}

void app_text_draw(struct app_text *text, const char *words, int x, int y, int width,
                   SDL_Color color)
{
    if (text == NULL || words[0] == '\0' || width <= 0)
        return;
    const struct drawn *found = look_up(text, words);
    if (found->texture == NULL)
        return;
    int shown = found->size.x < width ? found->size.x : width;
    SDL_SetTextureColorMod(found->texture, color.r, color.g, color.b);
    const SDL_Rect from = {0, 0, shown, found->size.y}, to = {x, y, shown, found->size.y};
    SDL_RenderCopy(text->renderer, found->texture, &from, &to);
}
