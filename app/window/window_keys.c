/* window_keys.c - handles the user's input: keys, the close button, the size of the window. */
#include "app/clock.h"
#include "app/window/window_state.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define LIMIT_STEP 0.01F

static const struct {
    SDL_Keycode key;
    enum app_key action;
} keys[] = {
#define APP_KEY(action, character, name, does) {character, APP_KEY_##action},
#include "app/key_table.h"
#undef APP_KEY
    {SDLK_EQUALS, APP_KEY_STRICTER}, /* the + of many keyboards, without Shift */
    {SDLK_KP_PLUS, APP_KEY_STRICTER},
    {SDLK_KP_MINUS, APP_KEY_LOOSER},
};

/* On keyboards of other alphabets our letters count by their position. */
static enum app_key action_of(const SDL_Keysym *key)
{
    SDL_Keycode code = key->sym;
    if (code > 0x7F && key->scancode >= SDL_SCANCODE_A && key->scancode <= SDL_SCANCODE_Z)
        code = 'a' + (SDL_Keycode)(key->scancode - SDL_SCANCODE_A);
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++)
        if (keys[i].key == code)
            return keys[i].action;
    return APP_KEY_COUNT;
}

void app_window_notice(struct app_window *window, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(window->notice, sizeof window->notice, format, arguments);
    va_end(arguments);
    window->notice_ns = app_now_ns();
    window->changed = true;
}

/* ---- actions that need a face ---- */

static void enroll(struct app_window *window)
{
    const struct fid_track *face = app_window_face(window);
    if (window->paused)
        app_window_notice(window, "space ends the pause; then e enrolls");
    else if (face == NULL)
        app_window_notice(window, "there is no face to enroll in the picture");
    else
        app_enroll_start(&window->enroll, face);
}

static void reject(struct app_window *window)
{
    const struct fid_track *face = app_window_face(window);
    if (face == NULL || !face->label.known) {
        app_window_notice(window, "no name to take back");
        return;
    }
    app_worker_not_this_person(window->worker, face->id);
    app_window_notice(window, "not %s, while the face stays in the picture", face->label.name);
}

static void adjust(struct app_window *window, float delta)
{
    if (window->result.sequence == 0)
        return;
    app_worker_adjust_limit(window->worker, delta);
    app_window_notice(window, "for this run, names from a score of %.2f on",
                      (double)(window->result.rule.accept + delta));
}

/* The next camera after the open one, of those that can be opened. */
static void next_camera(struct app_window *window)
{
    struct app_camera_list list;
    struct fid_error error;
    const struct app_camera_info *first = NULL, *next = NULL;
    if (strncmp(window->feed.path, "/dev/", 5) != 0) {
        app_window_notice(window, "c switches between the cameras of this machine");
        return;
    }
    if (app_camera_list_open(&list, &error) != FID_OK) {
        app_window_notice(window, "%s", error.text);
        return;
    }
    bool passed = false;
    for (size_t i = 0; i < list.count; i++) {
        const struct app_camera_info *camera = &list.cameras[i];
        bool open = strcmp(camera->path, window->feed.path) == 0;
        if (camera->readable && !open && first == NULL)
            first = camera;
        if (camera->readable && passed && next == NULL)
            next = camera;
        passed = passed || open;
    }
    next = next != NULL ? next : first;
    if (next != NULL)
        app_feed_switch(window->live->feed, next->path);
    app_window_notice(window, "%s", next != NULL ? next->name : "there is no other camera");
    app_camera_list_close(&list);
}

/* ---- keys ---- */

static void toggle(bool *what)
{
    *what = !*what;
}

static void act(struct app_window *window, enum app_key action)
{
    window->changed = true;
    switch (action) {
    case APP_KEY_QUIT:
        window->quit = true;
        return;
    case APP_KEY_HELP:
        toggle(&window->help);
        return;
    case APP_KEY_NEXT_FACE:
        app_window_next_face(window);
        return;
    case APP_KEY_ENROLL:
        enroll(window);
        return;
    case APP_KEY_NOT_THIS:
        reject(window);
        return;
    case APP_KEY_EXPLAIN:
        toggle(&window->explain);
        return;
    case APP_KEY_BLUR:
        toggle(&window->blur);
        return;
    case APP_KEY_STRICTER:
        adjust(window, LIMIT_STEP);
        return;
    case APP_KEY_LOOSER:
        adjust(window, -LIMIT_STEP);
        return;
    case APP_KEY_SNAPSHOT:
        window->take_snapshot = true;
        return;
    case APP_KEY_PAUSE:
        toggle(&window->paused);
        app_stats_gap(&window->stats);
        return;
    case APP_KEY_NEXT_CAMERA:
        next_camera(window);
        return;
    case APP_KEY_MIRROR:
        toggle(&window->mirror);
        return;
    case APP_KEY_FULL_SCREEN:
        app_screen_toggle_full(window->screen);
        return;
    case APP_KEY_FIGURES:
        toggle(&window->with_figures);
        return;
    case APP_KEY_COUNT:
        return;
    }
}

static void on_key(struct app_window *window, const SDL_Keysym *key)
{
    if (key->mod & (KMOD_CTRL | KMOD_ALT | KMOD_GUI))
        return; /* the desktop's */
    if (key->sym != SDLK_ESCAPE)
        act(window, action_of(key));
    else if (window->help || window->explain) /* leaves these first */
        window->help = window->explain = false;
    else
        window->quit = true;
    window->changed = true;
}

void app_window_events(struct app_window *window)
{
    SDL_Event event;
    while (SDL_PollEvent(&event)) {
        if (event.type == SDL_QUIT)
            window->quit = true;
        else if (event.type == SDL_WINDOWEVENT || app_enroll_event(&window->enroll, &event))
            window->changed = true;
        else if (event.type == SDL_KEYDOWN && event.key.repeat == 0)
            on_key(window, &event.key.keysym);
    }
}
