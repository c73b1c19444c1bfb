#include "bench/scene.h"
#include "bench/common.h"

#include <errno.h>
#include <ftw.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ---- the folder ---- */

static char folder[512];

static int remove_entry(const char *path, const struct stat *info, int kind, struct FTW *where)
{
    (void)info, (void)kind, (void)where;
    remove(path);
    return 0;
}

static void remove_folder(void)
{
    nftw(folder, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
}

const char *scene_folder(void)
{
    const char *temporary = getenv("TMPDIR");
    if (folder[0] != '\0')
        return folder;
    snprintf(folder, sizeof folder, "%.400s/faceid-bench-XXXXXX", temporary ? temporary : "/tmp");
    if (mkdtemp(folder) == NULL || atexit(remove_folder) != 0)
        bench_fail("no temporary folder %s: %s", folder, strerror(errno));
    return folder;
}

/* ---- pictures ---- */

static void must(enum fid_status status, const struct fid_error *error)
{
    if (status != FID_OK)
        bench_fail("%s", error->text);
}

void scene_made_up_picture(int width, int height, char *path, size_t bytes)
{
    struct fid_picture picture = {0};
    struct fid_error error;
    must(fid_picture_resize(&picture, width, height, &error), &error);
    for (int y = 0; y < height; y++)
        for (int x = 0; x < 3 * width; x++) { /* slopes with a coarse grain on them */
            const uint32_t grain = (uint32_t)(x / 24 * 40503 + y / 8 * 30011) * 2654435761u >> 27;
            picture.pixels[(size_t)y * picture.stride_bytes + (size_t)x] =
                (uint8_t)(40 + x * 40 / width + y * 60 / height + (int)grain);
        }
    snprintf(path, bytes, "%s/made-up.jpg", scene_folder());
    must(fid_picture_save(&picture, path, &error), &error);
    fid_picture_free(&picture);
}

void *scene_file(const char *path, size_t *size)
{
    enum { LIMIT = 256 << 20 };
    FILE *file = fopen(path, "rbe");
    if (file == NULL || fseek(file, 0, SEEK_END) != 0)
        bench_fail("%s: %s", path, strerror(errno));
    const long length = ftell(file);
    if (length <= 0 || length > LIMIT)
        bench_fail("%s is empty or too large", path);
    rewind(file);
    void *bytes = bench_alloc((size_t)length, 1);
    *size = (size_t)length;
    if (fread(bytes, 1, *size, file) != *size)
        bench_fail("%s cannot be read: %s", path, strerror(errno));
    fclose(file);
    return bytes;
}

/* One pixel of the picture between its four neighbours; x, y in the picture. */
static void take_pixel(const struct fid_picture *picture, double x, double y, uint8_t *to)
{
    const int x0 = (int)fmin(fmax(x, 0), picture->width - 1), x1 = x0 + (x0 + 1 < picture->width);
    const int y0 = (int)fmin(fmax(y, 0), picture->height - 1), y1 = y0 + (y0 + 1 < picture->height);
    const double fx = fmin(fmax(x - x0, 0), 1), fy = fmin(fmax(y - y0, 0), 1);
    const uint8_t *upper = picture->pixels + (size_t)y0 * picture->stride_bytes;
    const uint8_t *lower = picture->pixels + (size_t)y1 * picture->stride_bytes;
    for (int c = 0; c < 3; c++) {
        const double above = upper[3 * x0 + c] * (1 - fx) + upper[3 * x1 + c] * fx;
        const double below = lower[3 * x0 + c] * (1 - fx) + lower[3 * x1 + c] * fx;
        to[c] = (uint8_t)lrint(above * (1 - fy) + below * fy);
    }
}

void scene_fit(const struct fid_picture *picture, int width, int height, struct fid_picture *fitted)
{
    struct fid_error error;
    const double scale = fmin((double)width / picture->width, (double)height / picture->height);
    must(fid_picture_resize(fitted, width, height, &error), &error);
    for (int y = 0; y < height; y++)
        for (int x = 0; x < width; x++) {
            uint8_t *pixel = fitted->pixels + (size_t)y * fitted->stride_bytes + 3 * (size_t)x;
            memset(pixel, 128, 3);
            if (x < picture->width * scale && y < picture->height * scale)
                take_pixel(picture, (x + 0.5) / scale - 0.5, (y + 0.5) / scale - 0.5, pixel);
        }
}

struct fid_face scene_made_up_face(const struct fid_picture *picture)
{
    static const float places[5][2] = {
        {0.3f, 0.4f}, {0.7f, 0.4f}, {0.5f, 0.6f}, {0.35f, 0.8f}, {0.65f, 0.8f}};
    const float side = 0.5f * fminf((float)picture->width, (float)picture->height);
    struct fid_face face = {.box = {.x = ((float)picture->width - side) / 2,
                                    .y = ((float)picture->height - side) / 2,
                                    .w = side,
                                    .h = side},
                            .score = 1};
    for (int i = 0; i < 5; i++) {
        face.landmarks[i][0] = face.box.x + places[i][0] * side;
        face.landmarks[i][1] = face.box.y + places[i][1] * side;
    }
    return face;
}

/* ---- people ---- */

struct fid_gallery *scene_gallery(const struct fid_model *model, size_t embedding_size, int people)
{
    struct fid_gallery *gallery;
    struct fid_error error;
    char path[600], name[32];
    float *numbers = bench_alloc(embedding_size * (size_t)people, sizeof *numbers);
    snprintf(path, sizeof path, "%s/gallery.db", scene_folder());
    must(fid_gallery_open(path, model, FID_GALLERY_CREATE, &gallery, &error), &error);
    bench_pattern(numbers, embedding_size * (size_t)people);
    for (int i = 0; i < people; i++) {
        const struct fid_sample sample = {.embedding = numbers + (size_t)i * embedding_size,
                                          .source = "made up"};
        snprintf(name, sizeof name, "person %d", i + 1);
        must(fid_gallery_enroll(gallery, name, &sample, 1, false, NULL, &error), &error);
    }
    free(numbers);
    return gallery;
}
