/* window_screen.c - opens the window and its renderer, and uploads frames as textures. */
#include "app/window/window_screen.h"
#include "app/error.h"
#include "app/window/window.h"
#include "app/window/window_flip.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define BLUR_CELLS 8 /* a blurred face is this many spots wide and high */

struct app_screen {
    SDL_Window *window;
    SDL_Renderer *renderer;
    SDL_Texture *texture; /* of the picture; NULL before the first */
    Uint32 format;        /* of the texture, with its size */
    int width, height;
    bool software;           /* SDL draws on the CPU, not a graphics processor */
    bool flipped;            /* the texture is already mirrored */
    struct fid_frame mirror; /* owned */
    SDL_Texture *cells;      /* for blurring; NULL before first use */
    struct app_text *text;
    uint8_t *gray; /* neutral U and V for pictures without color, owned */
    size_t gray_bytes;
};

/* ---- opening ---- */

static enum app_exit no_display(const char *what)
{
    app_warn("%s: %s; without a display use --headless --events -", what, SDL_GetError());
    return APP_CAMERA;
}

/* Without a graphics driver the CPU computes OpenGL, which takes five times as long as SDL's own
 * drawing. */
static bool has_graphics_processor(void)
{
    static const char *const devices[] = {"/dev/dri", "/dev/nvidiactl", "/dev/mali0",
                                          "/dev/dxg", "/dev/kgsl-3d0",  "/dev/pvr_sync"};
    for (size_t i = 0; i < sizeof devices / sizeof devices[0]; i++)
        if (access(devices[i], F_OK) == 0)
            return true;
    return false;
}

static bool is_computed(void)
{
    const char *(*get_string)(unsigned) = NULL;
    *(void **)&get_string = SDL_GL_GetProcAddress("glGetString");
    const char *name = get_string != NULL ? get_string(0x1F01 /* GL_RENDERER */) : NULL;
    return name != NULL && (strstr(name, "llvmpipe") != NULL || strstr(name, "softpipe") != NULL ||
                            strstr(name, "SwiftShader") != NULL);
}

static SDL_Renderer *open_software(SDL_Window *window)
{
    SDL_SetHint(SDL_HINT_FRAMEBUFFER_ACCELERATION,
                "0"); /* otherwise the frame goes through OpenGL */
    return SDL_CreateRenderer(window, -1, SDL_RENDERER_SOFTWARE);
}

/* SDL_RENDER_DRIVER, set by the user, takes precedence. */
static SDL_Renderer *open_renderer(SDL_Window *window)
{
    if (app_environment("SDL_RENDER_DRIVER") != NULL)
        return SDL_CreateRenderer(window, -1, 0);
    if (!has_graphics_processor())
        return open_software(window);
    SDL_Renderer *renderer = SDL_CreateRenderer(window, -1, 0);
    SDL_RendererInfo info;
    if (renderer != NULL && SDL_GetRendererInfo(renderer, &info) == 0 &&
        strncmp(info.name, "opengl", 6) == 0 && is_computed()) {
        SDL_DestroyRenderer(renderer);
        renderer = open_software(window);
    }
    return renderer;
}

/* Without a session bus, D-Bus would start one for SDL: it forks dbus-launch, reads its answer
 * without a time limit, and leaves a daemon behind. SDL uses the bus for screen savers and input
 * methods, which need a session anyway. */
void app_window_prepare(void)
{
    const char *runtime = app_environment("XDG_RUNTIME_DIR");
    char bus[4096];
    snprintf(bus, sizeof bus, "%s/bus", runtime != NULL ? runtime : "");
    if (app_environment("DBUS_SESSION_BUS_ADDRESS") == NULL && access(bus, F_OK) != 0)
        setenv("DBUS_SESSION_BUS_ADDRESS", "disabled:", 1);
}

static void set_hints(void)
{
    SDL_SetHint(SDL_HINT_NO_SIGNAL_HANDLERS, "1"); /* app_interrupted handles SIGINT */
    SDL_SetHint(SDL_HINT_VIDEO_X11_NET_WM_BYPASS_COMPOSITOR, "0"); /* we are a window, not a game */
    SDL_SetHint(SDL_HINT_RENDER_SCALE_QUALITY, "linear");
    SDL_SetHint(SDL_HINT_IME_SHOW_UI, "1");
    if (app_environment("SDL_VIDEODRIVER") == NULL && app_environment("XDG_RUNTIME_DIR") == NULL)
        SDL_SetHint(SDL_HINT_VIDEODRIVER, "x11,kmsdrm"); /* Wayland's library would complain */
}

bool app_screen_start(void)
{
    set_hints();
    if (SDL_Init(SDL_INIT_VIDEO) != 0)
        return false;
    const bool nobody = app_environment("SDL_VIDEODRIVER") == NULL &&
                        strcmp(SDL_GetCurrentVideoDriver(), "offscreen") == 0;
    if (nobody) /* SDL would draw where no one sees it */
        SDL_SetError("there is no X11, Wayland or KMS");
    return !nobody;
}

enum app_exit app_screen_open(const struct app *app, struct app_screen **opened)
{
    struct app_screen *screen = *opened = calloc(1, sizeof *screen);
    if (screen == NULL) {
        app_warn("no memory for a window");
        return APP_INTERNAL;
    }
    if (!app_screen_start())
        return no_display("no display");
    screen->window = SDL_CreateWindow("faceid", SDL_WINDOWPOS_UNDEFINED, SDL_WINDOWPOS_UNDEFINED,
                                      1280, 720, SDL_WINDOW_RESIZABLE | SDL_WINDOW_ALLOW_HIGHDPI);
    if (screen->window == NULL)
        return no_display("no window");
    SDL_StopTextInput(); /* no text input until a name is asked for */
    screen->renderer = open_renderer(screen->window);
    SDL_RendererInfo info;
    if (screen->renderer == NULL || SDL_GetRendererInfo(screen->renderer, &info) != 0)
        return no_display("no drawing in the window");
    app_detail(app, "the window is drawn by %s on %s", info.name, SDL_GetCurrentVideoDriver());
    SDL_SetRenderDrawBlendMode(screen->renderer, SDL_BLENDMODE_BLEND);
    screen->software = (info.flags & SDL_RENDERER_SOFTWARE) != 0;
    return APP_OK;
}

void app_screen_close(struct app_screen **screen)
{
    if (*screen == NULL)
        return;
    app_text_close(&(*screen)->text);
    if ((*screen)->texture != NULL)
        SDL_DestroyTexture((*screen)->texture);
    if ((*screen)->cells != NULL)
        SDL_DestroyTexture((*screen)->cells);
    if ((*screen)->renderer != NULL)
        SDL_DestroyRenderer((*screen)->renderer);
    if ((*screen)->window != NULL)
        SDL_DestroyWindow((*screen)->window);
    SDL_Quit();
    fid_frame_free(&(*screen)->mirror);
    free((*screen)->gray);
    free(*screen);
    *screen = NULL;
}

void app_screen_toggle_full(struct app_screen *screen)
{
    bool full = SDL_GetWindowFlags(screen->window) & SDL_WINDOW_FULLSCREEN_DESKTOP;
    SDL_SetWindowFullscreen(screen->window, full ? 0 : SDL_WINDOW_FULLSCREEN_DESKTOP);
}

/* ---- the picture ---- */

/* The window is as large as the picture, so that nothing is scaled. It stays within the desktop,
 * and a small picture is doubled until there is room for text. */
static void fit_window(struct app_screen *screen, int width, int height)
{
    SDL_Rect desktop = {0, 0, 1280, 720};
    SDL_GetDisplayUsableBounds(SDL_GetWindowDisplayIndex(screen->window), &desktop);
    while (width < 640 && height < 480) {
        width *= 2;
        height *= 2;
    }
    bool own_size =
        SDL_GetWindowFlags(screen->window) & (SDL_WINDOW_FULLSCREEN_DESKTOP | SDL_WINDOW_MAXIMIZED);
    if (!own_size && width <= desktop.w && height <= desktop.h)
        SDL_SetWindowSize(screen->window, width, height);
}

static bool make_texture(struct app_screen *screen, Uint32 format, int width, int height)
{
    if (screen->texture != NULL && screen->format == format && screen->width == width &&
        screen->height == height)
        return true;
    if (screen->texture != NULL)
        SDL_DestroyTexture(screen->texture);
    else
        fit_window(screen, width, height);
    screen->texture =
        SDL_CreateTexture(screen->renderer, format, SDL_TEXTUREACCESS_STREAMING, width, height);
    screen->format = format;
    screen->width = width;
    screen->height = height;
    return screen->texture != NULL;
}

static Uint32 format_of(const struct fid_frame *frame)
{
    bool even = frame->width % 2 == 0 && frame->height % 2 == 0; /* SDL always supports these */
    switch (frame->format) {
    case FID_PIXELS_YUYV:
        return even ? SDL_PIXELFORMAT_YUY2 : SDL_PIXELFORMAT_RGB24;
    case FID_PIXELS_UYVY:
        return even ? SDL_PIXELFORMAT_UYVY : SDL_PIXELFORMAT_RGB24;
    case FID_PIXELS_NV12:
        return even ? SDL_PIXELFORMAT_NV12 : SDL_PIXELFORMAT_RGB24;
    case FID_PIXELS_I420:
    case FID_PIXELS_GREY:
        return even ? SDL_PIXELFORMAT_IYUV : SDL_PIXELFORMAT_RGB24;
    case FID_PIXELS_RGB:
        break;
    }
    return SDL_PIXELFORMAT_RGB24;
}

/* A picture without color has U and V of 128. */
static bool update_gray(struct app_screen *screen, const struct fid_frame *frame)
{
    size_t bytes = (size_t)(frame->width / 2) * (size_t)(frame->height / 2);
    if (bytes > screen->gray_bytes) {
        uint8_t *gray = realloc(screen->gray, bytes);
        if (gray == NULL)
            return SDL_SetError("no memory for a gray picture") == 0;
        memset(gray, 128, bytes);
        screen->gray = gray;
        screen->gray_bytes = bytes;
    }
    return SDL_UpdateYUVTexture(screen->texture, NULL, frame->planes[0],
                                (int)frame->stride_bytes[0], screen->gray, frame->width / 2,
                                screen->gray, frame->width / 2) == 0;
}

static bool update_texture(struct app_screen *screen, const struct fid_frame *frame)
{
    uint8_t *const *planes = frame->planes;
    const int strides[3] = {(int)frame->stride_bytes[0], (int)frame->stride_bytes[1],
                            (int)frame->stride_bytes[2]};
    SDL_SetYUVConversionMode(frame->full_range ? SDL_YUV_CONVERSION_JPEG
                             : frame->bt709    ? SDL_YUV_CONVERSION_BT709
                                               : SDL_YUV_CONVERSION_BT601);
    if (frame->format == FID_PIXELS_GREY)
        return update_gray(screen, frame);
    if (frame->format == FID_PIXELS_NV12)
        return SDL_UpdateNVTexture(screen->texture, NULL, planes[0], strides[0], planes[1],
                                   strides[1]) == 0;
    if (frame->format == FID_PIXELS_I420)
        return SDL_UpdateYUVTexture(screen->texture, NULL, planes[0], strides[0], planes[1],
                                    strides[1], planes[2], strides[2]) == 0;
    return SDL_UpdateTexture(screen->texture, NULL, planes[0], strides[0]) == 0;
}

/* FILLS view with the frame as RGB. */
static enum fid_status view_rgb(const struct app_live_frame *live, struct fid_frame *view,
                                struct fid_error *error)
{
    struct fid_picture picture;
    enum fid_status status = app_frame_rgb(live, &picture, error);
    if (status == FID_OK)
        *view = (struct fid_frame){.format = FID_PIXELS_RGB,
                                   .width = picture.width,
                                   .height = picture.height,
                                   .planes = {picture.pixels},
                                   .stride_bytes = {picture.stride_bytes}};
    return status;
}

bool app_screen_picture(struct app_screen *screen, const struct app_live_frame *live, bool mirror)
{
    const struct fid_frame *frame = &live->pixels;
    struct fid_frame view;
    struct fid_error error;
    Uint32 format = format_of(frame);
    enum fid_status status = FID_OK;
    if (!make_texture(screen, format, frame->width, frame->height))
        return false;
    if (format == SDL_PIXELFORMAT_RGB24 && frame->format != FID_PIXELS_RGB) {
        status = view_rgb(live, &view, &error);
        frame = &view;
    }
    screen->flipped = screen->software && mirror;
    if (status == FID_OK && screen->flipped) {
        status = app_flip_frame(frame, &screen->mirror, &error);
        frame = &screen->mirror;
    }
    if (status != FID_OK)
        return SDL_SetError("%s", error.text) == 0;
    return update_texture(screen, frame);
}

/* ---- drawing ---- */

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

/* Letters are a thirty-sixth of the window's height, in steps, so that resizing does not keep
 * drawing all texts again. Counted in the renderer's pixels, they suit dense displays as well. */
static int letter_pixels(int output_h)
{
    int pixels = output_h / 36 / 4 * 4;
    return pixels < 16 ? 16 : pixels > 64 ? 64 : pixels;
}

void app_screen_begin(struct app_screen *screen, bool mirror, struct app_overlay *overlay)
{
    SDL_Point output = {0, 0};
    SDL_GetRendererOutputSize(screen->renderer, &output.x, &output.y);
    int pixels = letter_pixels(output.y);
    if (screen->text == NULL)
        screen->text = app_text_open(screen->renderer, pixels);
    else
        app_text_resize(screen->text, pixels);
    *overlay = (struct app_overlay){
        .renderer = screen->renderer,
        .text = screen->text,
        .pixels = pixels,
        .output = output,
        .picture = fit(screen->width, screen->height, output.x, output.y),
        .mirror = mirror,
    };
    if (screen->texture == NULL || overlay->picture.w < output.x || overlay->picture.h < output.y) {
        SDL_SetRenderDrawColor(screen->renderer, 16, 16, 16, 255);
        SDL_RenderClear(screen->renderer);
    }
    if (screen->texture != NULL)
        SDL_RenderCopyEx(screen->renderer, screen->texture, NULL, &overlay->picture, 0, NULL,
                         mirror != screen->flipped ? SDL_FLIP_HORIZONTAL : SDL_FLIP_NONE);
}

void app_screen_end(struct app_screen *screen)
{
    SDL_RenderPresent(screen->renderer);
}

void app_screen_blur(struct app_screen *screen, const struct app_overlay *overlay, SDL_Rect part)
{
    const SDL_Rect *place = &overlay->picture;
    if (screen->texture == NULL || !SDL_IntersectRect(&part, place, &part))
        return;
    if (screen->cells == NULL) {
        screen->cells = SDL_CreateTexture(screen->renderer, SDL_PIXELFORMAT_ARGB8888,
                                          SDL_TEXTUREACCESS_TARGET, BLUR_CELLS, BLUR_CELLS);
        SDL_SetTextureScaleMode(screen->cells, SDL_ScaleModeNearest);
    }
    bool turn = overlay->mirror != screen->flipped;
    int x = turn ? 2 * place->x + place->w - part.x - part.w : part.x;
    SDL_Rect source = {(int)((int64_t)(x - place->x) * screen->width / place->w),
                       (int)((int64_t)(part.y - place->y) * screen->height / place->h),
                       (int)((int64_t)part.w * screen->width / place->w),
                       (int)((int64_t)part.h * screen->height / place->h)};
    if (screen->cells == NULL || SDL_SetRenderTarget(screen->renderer, screen->cells) != 0) {
        SDL_SetRenderDrawColor(screen->renderer, 16, 16, 16, 255); /* hidden in any case */
        SDL_RenderFillRect(screen->renderer, &part);
        return;
    }
    SDL_RenderCopy(screen->renderer, screen->texture, &source, NULL);
    SDL_SetRenderTarget(screen->renderer, NULL);
    SDL_RenderCopyEx(screen->renderer, screen->cells, NULL, &part, 0, NULL,
                     turn ? SDL_FLIP_HORIZONTAL : SDL_FLIP_NONE);
}

enum fid_status app_screen_read(struct app_screen *screen, struct fid_picture *picture,
                                struct fid_error *error)
{
    int width = 0, height = 0;
    SDL_GetRendererOutputSize(screen->renderer, &width, &height);
    enum fid_status status = fid_picture_resize(picture, width, height, error);
    if (status == FID_OK && SDL_RenderReadPixels(screen->renderer, NULL, SDL_PIXELFORMAT_RGB24,
                                                 picture->pixels, (int)picture->stride_bytes) != 0)
        return app_error(error, FID_IO, "no snapshot: %s", SDL_GetError());
    return status;
}
