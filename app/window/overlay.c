/* overlay.c - draws boxes, names, the enrollment ring and fields of text over the picture. */
#include "app/window/overlay.h"
#include "app/output/text.h"
#include "app/output/text_runs.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static const SDL_Color black = {0, 0, 0, 255};

/* Names are green, near misses amber so that the user sees why there is no name, strangers gray. */
static SDL_Color color_of(const struct fid_label *label)
{
    if (label->known)
        return (SDL_Color){64, 208, 96, 255};
    if (label->reason == FID_REASON_MAYBE || label->reason == FID_REASON_TWO_ALIKE)
        return (SDL_Color){255, 184, 48, 255};
    return (SDL_Color){208, 208, 208, 255};
}

static void set_color(const struct app_overlay *overlay, SDL_Color color)
{
    SDL_SetRenderDrawColor(overlay->renderer, color.r, color.g, color.b, color.a);
}

SDL_Rect app_overlay_place(const struct app_overlay *overlay, const struct app_result *result,
                           const struct fid_track *face, double ahead_s)
{
    float ahead = (float)ahead_s;
    float x_scale = (float)overlay->picture.w / (float)result->width;
    float y_scale = (float)overlay->picture.h / (float)result->height;
    float x = face->box.x + ahead * face->velocity[0], y = face->box.y + ahead * face->velocity[1];
    if (overlay->mirror)
        x = (float)result->width - x - face->box.w;
    return (SDL_Rect){overlay->picture.x + (int)lrintf(x * x_scale),
                      overlay->picture.y + (int)lrintf(y * y_scale),
                      (int)lrintf(face->box.w * x_scale), (int)lrintf(face->box.h * y_scale)};
}

/* ---- boxes ---- */

static int thickness_of(const struct app_overlay *overlay)
{
    return overlay->pixels / 8 > 2 ? overlay->pixels / 8 : 2;
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

/* White brackets around the box's corners. */
static void draw_corners(SDL_Renderer *renderer, SDL_Rect box, int thickness)
{
    int gap = 2 * thickness, arm = (box.w < box.h ? box.w : box.h) / 4;
    SDL_Rect outer = {box.x - gap, box.y - gap, box.w + 2 * gap, box.h + 2 * gap};
    int right = outer.x + outer.w, bottom = outer.y + outer.h;
    const SDL_Rect arms[8] = {
        {outer.x, outer.y, arm, thickness},
        {outer.x, outer.y, thickness, arm},
        {right - arm, outer.y, arm, thickness},
        {right - thickness, outer.y, thickness, arm},
        {outer.x, bottom - thickness, arm, thickness},
        {outer.x, bottom - arm, thickness, arm},
        {right - arm, bottom - thickness, arm, thickness},
        {right - thickness, bottom - arm, thickness, arm},
    };
    SDL_SetRenderDrawColor(renderer, 255, 255, 255, 255);
    SDL_RenderFillRects(renderer, arms, 8);
}

static int clamp(int value, int low, int high)
{
    return value > high ? (high < low ? low : high) : value < low ? low : value;
}

/* Above the box, or below its upper edge if there is no room above; never outside the picture.
 */
static void draw_name(const struct app_overlay *overlay, SDL_Rect box, const char *name,
                      SDL_Color color)
{
    SDL_Point size = app_text_size(overlay->text, name);
    if (size.x == 0)
        return;
    const SDL_Rect *picture = &overlay->picture;
    int margin = overlay->pixels / 4;
    SDL_Rect field = {box.x, box.y - size.y, size.x + 2 * margin, size.y};
    field.w = field.w > picture->w ? picture->w : field.w;
    field.x = clamp(field.x, picture->x, picture->x + picture->w - field.w);
    field.y = clamp(field.y, picture->y, picture->y + picture->h - field.h);
    set_color(overlay, color);
    SDL_RenderFillRect(overlay->renderer, &field);
    app_text_draw(overlay->text, name, field.x + margin, field.y, field.w - 2 * margin, black);
}

void app_overlay_name(const struct app_overlay *overlay, const struct fid_label *label, char *out,
                      size_t bytes)
{
    if (overlay->text != NULL && app_text_has(overlay->text, label->name))
        snprintf(out, bytes, "%s", label->name);
    else if (!app_text_in_latin(label->name, out, bytes) || out[0] == '\0')
        snprintf(out, bytes, "#%d", app_short_number(label->person));
}

void app_overlay_face(const struct app_overlay *overlay, const struct fid_track *face, SDL_Rect box,
                      bool chosen)
{
    char name[2 * FID_NAME_BYTES];
    SDL_Color color = color_of(&face->label);
    int thickness = thickness_of(overlay);
    bool decided = face->state != FID_TRACK_NEW;
    set_color(overlay, color);
    draw_frame(overlay->renderer, box, decided ? thickness : 1);
    if (chosen)
        draw_corners(overlay->renderer, box, thickness);
    if (face->label.known)
        app_overlay_name(overlay, &face->label, name, sizeof name);
    else
        snprintf(name, sizeof name, "%s", decided ? "?" : "...");
    draw_name(overlay, box, name, color);
}

/* ---- the ring ---- */

/* A part of a ring, clockwise from the top, as two triangles for each step. */
static void draw_arc(const struct app_overlay *overlay, SDL_FPoint center, float radius,
                     float thickness, double share, SDL_Color color)
{
    enum { STEPS = 64 };
    SDL_Vertex vertices[2 * (STEPS + 1)];
    int indices[6 * STEPS], steps = (int)lrint(STEPS * fmin(fmax(share, 0), 1));
    for (int i = 0; i <= steps; i++) {
        float angle = (float)i * 6.2831853F / STEPS;
        float x = sinf(angle), y = -cosf(angle), outer = radius + thickness;
        SDL_Vertex *edge = vertices + 2 * (ptrdiff_t)i;
        edge[0] = (SDL_Vertex){.position = {center.x + x * radius, center.y + y * radius},
                               .color = color};
        edge[1] =
            (SDL_Vertex){.position = {center.x + x * outer, center.y + y * outer}, .color = color};
    }
    for (int i = 0; i < steps; i++) {
        const int corners[6] = {2 * i, 2 * i + 1, 2 * i + 2, 2 * i + 2, 2 * i + 1, 2 * i + 3};
        memcpy(indices + 6 * (ptrdiff_t)i, corners, sizeof corners);
    }
    if (steps > 0)
        SDL_RenderGeometry(overlay->renderer, NULL, vertices, 2 * (steps + 1), indices, 6 * steps);
}

void app_overlay_ring(const struct app_overlay *overlay, SDL_Rect box, double share)
{
    SDL_FPoint center = {(float)box.x + (float)box.w / 2, (float)box.y + (float)box.h / 2};
    float radius = (float)(box.w > box.h ? box.w : box.h) * 0.62F;
    float thickness = (float)thickness_of(overlay) * 2;
    draw_arc(overlay, center, radius, thickness, 1, (SDL_Color){0, 0, 0, 144});
    draw_arc(overlay, center, radius, thickness, share, (SDL_Color){64, 208, 96, 255});
}
