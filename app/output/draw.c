/* draw.c - draws boxes and names into a picture, and saves it in a folder. */
#include "app/output/draw.h"
#include "app/error.h"
#include "app/output/font.h"
#include "app/output/output_file.h"
#include "app/output/text.h"

#include <math.h>
#include <search.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

struct color {
    uint8_t r, g, b;
};

static const struct color green = {46, 204, 113}, gray = {160, 160, 160}, black = {0, 0, 0};

/* Fills the part of the rectangle that is inside the picture. */
static void fill(struct fid_picture *picture, int x, int y, int width, int height,
                 struct color color)
{
    int left = x > 0 ? x : 0, top = y > 0 ? y : 0;
    int right = x + width < picture->width ? x + width : picture->width;
    int bottom = y + height < picture->height ? y + height : picture->height;
    for (int row = top; row < bottom; row++) {
        uint8_t *pixel = picture->pixels + (size_t)row * picture->stride_bytes + 3 * (size_t)left;
        for (int column = left; column < right; column++, pixel += 3)
            memcpy(pixel, &color, 3);
    }
}

static void draw_box(struct fid_picture *picture, int x, int y, int width, int height, int thick,
                     struct color color)
{
    fill(picture, x, y, width, thick, color);
    fill(picture, x, y + height - thick, width, thick, color);
    fill(picture, x, y, thick, height, color);
    fill(picture, x + width - thick, y, thick, height, color);
}

/* The text in black on a bar of the color, each dot of the font scale × scale pixels. */
static void draw_text(struct fid_picture *picture, int x, int y, int scale, const char *text,
                      struct color color)
{
    int width = (int)app_font_columns(text) * APP_FONT_WIDTH * scale;
    fill(picture, x, y, width + scale, APP_FONT_HEIGHT * scale, color);
    uint8_t rows[APP_FONT_HEIGHT];
    for (x += scale; app_font_next(&text, rows); x += APP_FONT_WIDTH * scale)
        for (int row = 0; row < APP_FONT_HEIGHT; row++)
            for (int column = 0; column < APP_FONT_WIDTH; column++)
                if (rows[row] >> (APP_FONT_WIDTH - 1 - column) & 1)
                    fill(picture, x + column * scale, y + row * scale, scale, scale, black);
}

/* Coordinates of a face as whole pixels, clamped so that sums with them cannot overflow. */
static int pixel(float value)
{
    return (int)lrintf(fminf(fmaxf(value, -100000.0f), 100000.0f));
}

static void draw_face(struct fid_picture *picture, const struct fid_face *face,
                      const struct fid_label *label)
{
    int side = picture->width > picture->height ? picture->width : picture->height;
    int scale = 1 + side / 700, thick = 1 + side / 500;
    int x = pixel(face->box.x), y = pixel(face->box.y);
    struct color color = label->known ? green : gray;
    char number[32];
    const char *text = label->known ? label->name : "?";
    if (!app_font_has(text)) { /* another script: the person's number in the gallery */
        snprintf(number, sizeof number, "#%d", app_short_number(label->person));
        text = number;
    }
    draw_box(picture, x, y, pixel(face->box.w), pixel(face->box.h), thick, color);
    int above = y - APP_FONT_HEIGHT * scale;
    draw_text(picture, x > 0 ? x : 0, above >= 0 ? above : y, scale, text, color);
}

/* ---- files ---- */

/* Is the folder the source, or the folder of the source? Then a drawing could replace a picture. */
static bool is_own_folder(const char *folder, const char *source)
{
    const char *slash = strrchr(source, '/');
    char own[4200];
    snprintf(own, sizeof own, "%.*s", slash == NULL ? 1 : (int)(slash - source) + 1,
             slash == NULL ? "." : source);
    struct stat info;
    if (stat(source, &info) == 0 && S_ISDIR(info.st_mode))
        return app_is_same_file(folder, source);
    return app_is_same_file(folder, own);
}

enum fid_status app_drawing_open(const char *folder, char *const *sources, size_t count,
                                 struct app_drawing *drawing, struct fid_error *error)
{
    *drawing = (struct app_drawing){.folder = folder};
    for (size_t i = 0; i < count; i++)
        if (is_own_folder(folder, sources[i]))
            return app_error(error, FID_INVALID,
                             "%.300s holds the pictures themselves: choose another folder for the "
                             "drawn ones",
                             folder);
    return app_make_folder(folder, error);
}

void app_drawing_close(struct app_drawing *drawing)
{
    fid_picture_free(&drawing->copy);
    tdestroy(drawing->taken, free);
    drawing->taken = NULL;
    drawing->path = NULL;
}

/* The n-th candidate path: 1 is the plain one, n > 1 ends in -n. NULL: no memory. */
static char *drawing_path(const struct app_drawing *drawing, const struct app_frame *frame, int n)
{
    const char *slash = strrchr(frame->file, '/');
    const char *name = slash != NULL ? slash + 1 : frame->file;
    const char *dot = strrchr(name, '.');
    int stem = dot != NULL && dot > name ? (int)(dot - name) : (int)strlen(name);
    char number[32] = "", suffix[16] = "", *path;
    if (frame->frame >= 0)
        snprintf(number, sizeof number, "-%05ld", frame->frame);
    if (n > 1)
        snprintf(suffix, sizeof suffix, "-%d", n);
    int written = asprintf(&path, "%s/%.*s%s%s.jpg", drawing->folder, stem, name, number, suffix);
    return written < 0 ? NULL : path;
}

static int compare_paths(const void *a, const void *b)
{
    return strcmp(a, b);
}

/* Sets drawing->path to one that no earlier drawing of the run has, since pictures of different
 * folders often have the same name. */
static enum fid_status choose_path(struct app_drawing *drawing, const struct app_frame *frame,
                                   struct fid_error *error)
{
    for (int n = 1;; n++) {
        char *path = drawing_path(drawing, frame, n);
        char *const *entry = path != NULL ? tsearch(path, &drawing->taken, compare_paths) : NULL;
        if (entry != NULL && *entry == path) {
            drawing->path = path;
            return FID_OK;
        }
        free(path);
        if (entry == NULL)
            break;
    }
    return app_error(error, FID_NO_MEMORY, "no memory for the name of a drawing");
}

/* The picture with its faces into drawing->copy. */
static enum fid_status draw_copy(struct app_drawing *drawing, const struct fid_picture *picture,
                                 const struct fid_face *faces, const struct fid_label *labels,
                                 size_t count, struct fid_error *error)
{
    struct fid_picture *copy = &drawing->copy;
    enum fid_status status = fid_picture_resize(copy, picture->width, picture->height, error);
    if (status != FID_OK)
        return status;
    for (int y = 0; y < picture->height; y++)
        memcpy(copy->pixels + (size_t)y * copy->stride_bytes,
               picture->pixels + (size_t)y * picture->stride_bytes, 3 * (size_t)picture->width);
    for (size_t i = 0; i < count; i++)
        draw_face(copy, &faces[i], &labels[i]);
    return FID_OK;
}

enum fid_status app_draw_picture(struct app_drawing *drawing, const struct fid_picture *picture,
                                 const char *stem, const struct fid_face *faces,
                                 const struct fid_label *labels, size_t count,
                                 struct fid_error *error)
{
    char path[4200];
    int written = snprintf(path, sizeof path, "%s/%s.jpg", drawing->folder, stem);
    if (written < 0 || (size_t)written >= sizeof path)
        return app_error(error, FID_INVALID, "the folder's path is too long: %.300s",
                         drawing->folder);
    enum fid_status status = draw_copy(drawing, picture, faces, labels, count, error);
    return status == FID_OK ? fid_picture_save(&drawing->copy, path, error) : status;
}

enum fid_status app_draw_frame(struct app_drawing *drawing, const struct app_frame *frame,
                               const struct fid_face *faces, const struct fid_label *labels,
                               size_t count, struct fid_error *error)
{
    const struct fid_picture *picture = frame->picture;
    drawing->path = NULL;
    enum fid_status status = draw_copy(drawing, picture, faces, labels, count, error);
    if (status == FID_OK)
        status = choose_path(drawing, frame, error);
    return status == FID_OK ? fid_picture_save(&drawing->copy, drawing->path, error) : status;
}
