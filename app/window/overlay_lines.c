/* overlay_lines.c - draws fields of text over the picture. */
#include "app/window/overlay.h"

#include <string.h>

#define LINES_MAX  40
#define LINE_BYTES 512

static const SDL_Color white = {255, 255, 255, 255};

struct layout {
    char lines[LINES_MAX][LINE_BYTES];
    size_t count;
    int first, width; /* of the first column with its gap (0: only one), of all columns */
};

static int width_of(const struct app_overlay *overlay, const char *words)
{
    return app_text_size(overlay->text, words).x;
}

static void add(const struct app_overlay *overlay, struct layout *layout, const char *words,
                size_t bytes)
{
    if (layout->count == LINES_MAX)
        return;
    char *line = layout->lines[layout->count++];
    SDL_utf8strlcpy(line, words, bytes + 1 < LINE_BYTES ? bytes + 1 : LINE_BYTES);
    int width = width_of(overlay, line);
    layout->width = width > layout->width ? width : layout->width;
}

/* Wraps a line at blanks; a word that is too long is cut off when drawn. */
static void add_wrapped(const struct app_overlay *overlay, struct layout *layout, const char *words,
                        int room)
{
    for (int width; (width = width_of(overlay, words)) > room;) {
        size_t length = strlen(words), cut = length * (size_t)room / (size_t)width;
        while (cut > 0 && words[cut] != ' ')
            cut--;
        if (cut == 0)
            break;
        add(overlay, layout, words, cut);
        words += cut + 1;
    }
    add(overlay, layout, words, strlen(words));
}

/* In two columns the lines are not wrapped. */
static void add_columns(const struct app_overlay *overlay, struct layout *layout,
                        const char *const *lines, size_t count)
{
    int second = 0;
    for (size_t i = 0; i < count; i++) {
        char part[LINE_BYTES];
        size_t bytes = strcspn(lines[i], "\t");
        SDL_utf8strlcpy(part, lines[i], bytes + 1 < LINE_BYTES ? bytes + 1 : LINE_BYTES);
        int left = width_of(overlay, part) + overlay->pixels;
        int right = lines[i][bytes] == '\t' ? width_of(overlay, lines[i] + bytes + 1) : 0;
        layout->first = left > layout->first ? left : layout->first;
        second = right > second ? right : second;
        if (layout->count < LINES_MAX)
            SDL_utf8strlcpy(layout->lines[layout->count++], lines[i], LINE_BYTES);
    }
    layout->width = layout->first + second;
}

static void draw_line(const struct app_overlay *overlay, const struct layout *layout, char *line,
                      SDL_Rect place)
{
    char *second = layout->first > 0 ? strchr(line, '\t') : NULL;
    if (second != NULL) {
        *second++ = '\0';
        app_text_draw(overlay->text, second, place.x + layout->first, place.y,
                      place.w - layout->first, white);
    }
    app_text_draw(overlay->text, line, place.x, place.y, place.w, white);
}

static SDL_Rect field_at(struct app_overlay *overlay, enum app_overlay_spot spot, int width,
                         int height)
{
    SDL_Rect field = {0, 0, width < overlay->output.x ? width : overlay->output.x, height};
    if (spot == APP_OVERLAY_TOP) {
        field.y = overlay->top;
        overlay->top += height;
        return field;
    }
    field.x = (overlay->output.x - field.w) / 2;
    field.y = overlay->output.y - field.h;
    if (spot == APP_OVERLAY_MIDDLE)
        field.y /= 2;
    return field;
}

void app_overlay_lines(struct app_overlay *overlay, enum app_overlay_spot spot,
                       const char *const *lines, size_t count)
{
    if (overlay->text == NULL)
        return;
    struct layout layout = {.count = 0};
    int margin = overlay->pixels / 2, step = app_text_line(overlay->text);
    bool columns = false;
    for (size_t i = 0; i < count; i++)
        columns = columns || strchr(lines[i], '\t') != NULL;
    if (columns)
        add_columns(overlay, &layout, lines, count);
    else
        for (size_t i = 0; i < count; i++)
            add_wrapped(overlay, &layout, lines[i], overlay->output.x - 2 * margin);
    if (layout.width == 0)
        return;
    SDL_Rect field =
        field_at(overlay, spot, layout.width + 2 * margin, (int)layout.count * step + margin);
    SDL_SetRenderDrawColor(overlay->renderer, 0, 0, 0, 176);
    SDL_RenderFillRect(overlay->renderer, &field);
    SDL_Rect place = {field.x + margin, field.y + margin / 2, field.w - 2 * margin, step};
    for (size_t i = 0; i < layout.count; i++, place.y += step)
        draw_line(overlay, &layout, layout.lines[i], place);
}
