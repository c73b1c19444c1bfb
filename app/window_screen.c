#include "app/window_screen.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

struct app_screen {
    SDL_Window *window;
    SDL_Renderer *renderer;
    SDL_Texture *texture; /* NULL before the first picture */
    int width, height;    /* of the texture */
    struct app_text *text;
    int text_pixels;
};

static enum app_exit no_display(const char *what)
{
    app_warn("%s: %s; without a display use --headless --events -", what, SDL_GetError());
    return APP_CAMERA;
}

enum app_exit app_screen_open(struct app_screen **screen)
{
    *screen = calloc(1, sizeof **screen);
    if (*screen == NULL) {
        app_warn("no memory for a window");
        return APP_INTERNAL;
    }
    SDL_SetHint(SDL_HINT_NO_SIGNAL_HANDLERS, "1");                 /* SIGINT is app_interrupted's */
    SDL_SetHint(SDL_HINT_VIDEO_X11_NET_WM_BYPASS_COMPOSITOR, "0"); /* we are a window, not a game */
    SDL_SetHint(SDL_HINT_RENDER_SCALE_QUALITY, "linear");
    if (app_environment("SDL_VIDEODRIVER") == NULL && app_environment("XDG_RUNTIME_DIR") == NULL)
        SDL_SetHint(SDL_HINT_VIDEODRIVER, "x11,kmsdrm"); /* Wayland's library would complain */
    if (SDL_Init(SDL_INIT_VIDEO) != 0)
        return no_display("no display");
    if (app_environment("SDL_VIDEODRIVER") == NULL &&
        strcmp(SDL_GetCurrentVideoDriver(), "offscreen") == 0) {
        SDL_SetError("neither X11, Wayland nor KMS is there"); /* SDL would draw for nobody */
        return no_display("no display");
    }
    (*screen)->window =
        SDL_CreateWindow("faceid", SDL_WINDOWPOS_UNDEFINED, SDL_WINDOWPOS_UNDEFINED, 1280, 720,
                         SDL_WINDOW_RESIZABLE | SDL_WINDOW_ALLOW_HIGHDPI);
    if ((*screen)->window == NULL)
        return no_display("no window");
    (*screen)->renderer = SDL_CreateRenderer((*screen)->window, -1, 0);
    if ((*screen)->renderer == NULL)
        return no_display("no drawing in the window");
    SDL_SetRenderDrawBlendMode((*screen)->renderer, SDL_BLENDMODE_BLEND);
    return APP_OK;
}

void app_screen_close(struct app_screen **screen)
{
    if (*screen == NULL)
        return;
    app_text_close(&(*screen)->text);
    if ((*screen)->texture != NULL)
        SDL_DestroyTexture((*screen)->texture);
    if ((*screen)->renderer != NULL)
        SDL_DestroyRenderer((*screen)->renderer);
    if ((*screen)->window != NULL)
        SDL_DestroyWindow((*screen)->window);
    SDL_Quit();
    free(*screen);
    *screen = NULL;
}

void app_screen_toggle_full(struct app_screen *screen)
{
    bool full = SDL_GetWindowFlags(screen->window) & SDL_WINDOW_FULLSCREEN_DESKTOP;
    SDL_SetWindowFullscreen(screen->window, full ? 0 : SDL_WINDOW_FULLSCREEN_DESKTOP);
}

bool app_screen_picture(struct app_screen *screen, const struct fid_picture *picture)
{
    if (screen->texture == NULL || screen->width != picture->width ||
        screen->height != picture->height) {
        if (screen->texture != NULL)
            SDL_DestroyTexture(screen->texture);
        screen->texture =
            SDL_CreateTexture(screen->renderer, SDL_PIXELFORMAT_RGB24, SDL_TEXTUREACCESS_STREAMING,
                              picture->width, picture->height);
        screen->width = picture->width;
        screen->height = picture->height;
    }
    return screen->texture != NULL && SDL_UpdateTexture(screen->texture, NULL, picture->pixels,
                                                        (int)picture->stride_bytes) == 0;
}

/* The largest rectangle of the picture's shape in the middle of the output. */
static SDL_Rect fit(int picture_w, int picture_h, int output_w, int output_h)
{
    SDL_Rect place = {0, 0, output_w, output_h};
    if (picture_w <= 0 || picture_h <= 0)
        return place;
    if ((int64_t)picture_w * output_h > (int64_t)picture_h * output_w)
        place.h = (int)((int64_t)picture_h * output_w / picture_w);
    else
        place.w = (int)((int64_t)picture_w * output_h / picture_h);
    place.x = (output_w - place.w) / 2;
    place.y = (output_h - place.h) / 2;
    return place;
}

/* Letters of a thirty-sixth of the window's height, in steps, so that resizing does not open fonts
 * all the time. Counted in the renderer's pixels, they suit dense displays as well. */
static int letter_pixels(int output_h)
{
    int pixels = output_h / 36 / 4 * 4;
    return pixels < 16 ? 16 : pixels > 64 ? 64 : pixels;
}

void app_screen_begin(struct app_screen *screen, bool mirror, struct app_overlay *overlay)
{
    int output_w = 0, output_h = 0;
    SDL_GetRendererOutputSize(screen->renderer, &output_w, &output_h);
    int pixels = letter_pixels(output_h);
    if (pixels != screen->text_pixels) {
        app_text_close(&screen->text);
        screen->text = app_text_open(screen->renderer, pixels);
        screen->text_pixels = pixels;
    }
    *overlay = (struct app_overlay){
        .renderer = screen->renderer,
        .text = screen->text,
        .pixels = pixels,
        .picture = fit(screen->width, screen->height, output_w, output_h),
        .mirror = mirror,
    };
    SDL_SetRenderDrawColor(screen->renderer, 16, 16, 16, 255);
    SDL_RenderClear(screen->renderer);
    if (screen->texture != NULL)
        SDL_RenderCopyEx(screen->renderer, screen->texture, NULL, &overlay->picture, 0, NULL,
                         mirror ? SDL_FLIP_HORIZONTAL : SDL_FLIP_NONE);
}

void app_screen_end(struct app_screen *screen)
{
    SDL_RenderPresent(screen->renderer);
}

void app_screen_snapshot(struct app_screen *screen, char *notice, size_t notice_bytes)
{
    char path[64];
    time_t now = time(NULL);
    struct tm local;
    localtime_r(&now, &local);
    strftime(path, sizeof path, "faceid-%Y%m%d-%H%M%S.png", &local);

    struct fid_picture picture = {0};
    struct fid_error error = {0};
    int width = 0, height = 0;
    SDL_GetRendererOutputSize(screen->renderer, &width, &height);
    enum fid_status status = fid_picture_resize(&picture, width, height, &error);
    if (status == FID_OK && SDL_RenderReadPixels(screen->renderer, NULL, SDL_PIXELFORMAT_RGB24,
                                                 picture.pixels, (int)picture.stride_bytes) != 0) {
        status = FID_IO;
        snprintf(error.text, sizeof error.text, "no snapshot: %s", SDL_GetError());
    }
    if (status == FID_OK)
        status = fid_picture_save(&picture, path, &error);
    if (status == FID_OK)
        snprintf(notice, notice_bytes, "written: %s", path);
    else
        snprintf(notice, notice_bytes, "%s", error.text);
    fid_picture_free(&picture);
}
