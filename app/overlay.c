#include "app/overlay.h"

#include <math.h>
#include <string.h>

static const SDL_Color black = {0, 0, 0, 255}, white = {255, 255, 255, 255};

/* Names are green; what is nearly a name is amber, so that one sees why there is none; strangers
 * grey. */
static SDL_Color color_of(const struct fid_label *label)
{
    if (label->known)
        return (SDL_Color){64, 208, 96, 255};
    if (label->reason == FID_REASON_MAYBE || label->reason == FID_REASON_TWO_ALIKE)
        return (SDL_Color){255, 184, 48, 255};
    return (SDL_Color){208, 208, 208, 255};
}

/* The face's box in pixels of the output. */
static SDL_Rect place_box(const struct app_overlay *overlay, const struct app_result *result,
                          const struct fid_box *box)
{
    float x_scale = (float)overlay->picture.w / (float)result->width;
    float y_scale = (float)overlay->picture.h / (float)result->height;
    float x = overlay->mirror ? (float)result->width - box->x - box->w : box->x;
    return (SDL_Rect){overlay->picture.x + (int)lrintf(x * x_scale),
                      overlay->picture.y + (int)lrintf(box->y * y_scale),
                      (int)lrintf(box->w * x_scale), (int)lrintf(box->h * y_scale)};
}

static void draw_frame(SDL_Renderer *renderer, SDL_Rect box, int thickness)
{
    const SDL_Rect sides[4] = {
        {box.x, box.y, box.w, thickness},
        {box.x, box.y + box.h - thickness, box.w, thickness},
        {box.x, box.y, thickness, box.h},
        {box.x + box.w - thickness, box.y, thickness, box.h},
    };
    SDL_RenderFillRects(renderer, sides, 4);
}

static int clamp(int value, int low, int high)
{
    return value > high ? (high < low ? low : high) : value < low ? low : value;
}

/* Above the box, or under its upper edge where there is no room above; never outside the picture.
 */
static void draw_name(const struct app_overlay *overlay, SDL_Rect box, const char *name,
                      SDL_Color color)
{
    SDL_Point size = app_text_size(overlay->text, name);
    if (size.x == 0)
        return;
    int margin = overlay->pixels / 4;
    SDL_Rect field = {box.x, box.y - size.y, size.x + 2 * margin, size.y};
    const SDL_Rect *picture = &overlay->picture;
    field.x = clamp(field.x, picture->x, picture->x + picture->w - field.w);
    field.y = clamp(field.y, picture->y, picture->y + picture->h - field.h);
    SDL_SetRenderDrawColor(overlay->renderer, color.r, color.g, color.b, 255);
    SDL_RenderFillRect(overlay->renderer, &field);
    app_text_draw(overlay->text, name, field.x + margin, field.y, black);
}

void app_overlay_faces(const struct app_overlay *overlay, const struct app_result *result)
{
    if (result->width <= 0 || result->height <= 0)
        return;
    int thickness = overlay->pixels / 8 > 2 ? overlay->pixels / 8 : 2;
    for (size_t i = 0; i < result->count; i++) {
        const struct fid_label *label = &result->faces[i].label;
        SDL_Color color = color_of(label);
        SDL_Rect box = place_box(overlay, result, &result->faces[i].box);
        SDL_SetRenderDrawColor(overlay->renderer, color.r, color.g, color.b, 255);
        draw_frame(overlay->renderer, box, thickness);
        draw_name(overlay, box, label->known ? label->name : "?", color);
    }
}

void app_overlay_lines(const struct app_overlay *overlay, enum app_overlay_place place,
                       const char *const *lines, size_t count)
{
    int margin = overlay->pixels / 2, width = 0, height = 0, output_w = 0, output_h = 0;
    for (size_t i = 0; i < count; i++) {
        SDL_Point size = app_text_size(overlay->text, lines[i]);
        width = size.x > width ? size.x : width;
        height += size.y;
    }
    if (width == 0)
        return;
    SDL_GetRendererOutputSize(overlay->renderer, &output_w, &output_h);
    SDL_Rect field = {0, 0, width + 2 * margin, height + margin};
    if (place != APP_OVERLAY_TOP)
        field.x = (output_w - field.w) / 2;
    if (place == APP_OVERLAY_MIDDLE)
        field.y = (output_h - field.h) / 2;
    if (place == APP_OVERLAY_BOTTOM)
        field.y = output_h - field.h;
    SDL_SetRenderDrawColor(overlay->renderer, 0, 0, 0, 176);
    SDL_RenderFillRect(overlay->renderer, &field);
    int y = field.y + margin / 2;
    for (size_t i = 0; i < count; i++) {
        app_text_draw(overlay->text, lines[i], field.x + margin, y, white);
        y += app_text_size(overlay->text, lines[i]).y;
    }
}
