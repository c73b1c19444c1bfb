/* How well a face is seen: drawn faces that are blurred, darkened, shrunk, turned and pushed out of
 * the picture must score less, each for its own reason. */
#include "engine/fid.h"
#include "tests/check/check.h"

#include <math.h>
#include <string.h>

enum { W = 320, H = 240 };

static struct fid_picture canvas(uint8_t gray)
{
    struct fid_picture picture = {0};
    struct fid_error error;
    CHECK(fid_picture_resize(&picture, W, H, &error) == FID_OK);
    for (int y = 0; y < H; y++)
        memset(picture.pixels + (size_t)y * picture.stride_bytes, gray, 3 * W);
    return picture;
}

/* Spots of a few pixels, as eyes, brows and hair make them, of brightness low..high. */
static struct fid_picture spots(int pixel, int low, int high)
{
    struct fid_picture picture = canvas(0);
    for (int y = 0; y < H; y += pixel)
        for (int x = 0; x < W; x += pixel) {
            int value = low + (int)check_random_below((uint32_t)(high - low + 1));
            for (int row = y; row < y + pixel && row < H; row++)
                for (int column = x; column < x + pixel && column < W; column++)
                    memset(picture.pixels + (size_t)row * picture.stride_bytes + 3 * column, value,
                           3);
        }
    return picture;
}

/* A box blur of (2 r + 1)² pixels. */
static struct fid_picture blurred(const struct fid_picture *from, int r)
{
    struct fid_picture to = canvas(0);
    for (int y = 0; y < H; y++)
        for (int x = 0; x < W; x++) {
            int sum = 0, count = 0;
            for (int v = y - r; v <= y + r; v++)
                for (int u = x - r; u <= x + r; u++)
                    if (u >= 0 && u < W && v >= 0 && v < H) {
                        sum += from->pixels[(size_t)v * from->stride_bytes + 3 * (size_t)u];
                        count++;
                    }
            memset(to.pixels + (size_t)y * to.stride_bytes + 3 * (size_t)x, sum / count, 3);
        }
    return to;
}

/* A face turned by yaw and pitch (degrees) and rolled: points of a head, seen from far. */
static struct fid_face head(double x, double y, double side, double yaw, double pitch, double roll)
{
    static const double points[5][3] = {/* right, down, to the camera; in eye distances */
                                        {-0.5, 0, 0},
                                        {0.5, 0, 0},
                                        {0, 0.638, 0.6},
                                        {-0.4, 1.16, 0},
                                        {0.4, 1.16, 0}};
    const double degree = acos(-1) / 180;
    struct fid_face face = {
        .box = {(float)(x - side / 2), (float)(y - side / 2), (float)side, (float)side}};
    for (int i = 0; i < 5; i++) {
        const double *p = points[i];
        double u = p[0] * cos(yaw * degree) + p[2] * sin(yaw * degree);
        double depth = p[2] * cos(yaw * degree) - p[0] * sin(yaw * degree);
        double v = p[1] * cos(pitch * degree) + depth * sin(pitch * degree);
        double a = u * cos(roll * degree) - v * sin(roll * degree);
        double b = u * sin(roll * degree) + v * cos(roll * degree);
        face.landmarks[i][0] = (float)(x + 0.4 * side * a);
        face.landmarks[i][1] = (float)(y - 0.2 * side + 0.4 * side * b);
    }
    return face;
}

static struct fid_quality quality_of(const struct fid_picture *picture, struct fid_face face)
{
    struct fid_quality quality;
    fid_face_quality(picture, &face, &quality);
    CHECK(quality.score >= 0 && quality.score <= 1);
    CHECK(quality.sharpness >= 0 && quality.sharpness <= 1);
    return quality;
}

static void sharp_faces_score_more(void)
{
    struct fid_picture sharp = spots(3, 60, 200), last = sharp;
    struct fid_face face = head(160, 120, 112, 0, 0, 0);
    struct fid_quality before = quality_of(&sharp, face);
    CHECK_THAT(before.score > 0.95f, "sharp: %g", (double)before.score);
    for (int r = 1; r <= 4; r++) { /* each blurs the one before */
        struct fid_picture next = blurred(&last, r);
        struct fid_quality now = quality_of(&next, face);
        CHECK_THAT(now.sharpness <= before.sharpness && now.score <= before.score,
                   "blur %d: %g after %g", r, (double)now.sharpness, (double)before.sharpness);
        before = now;
        fid_picture_free(&last);
        last = next;
    }
    CHECK_THAT(before.sharpness < 0.7f, "blurred: %g", (double)before.sharpness);
    fid_picture_free(&last);
}

/* The same picture with its brightness halved and halved again is as sharp, but worse. */
static void light(void)
{
    struct fid_face face = head(160, 120, 112, 0, 0, 0);
    struct fid_picture day = spots(3, 80, 200), night = canvas(0);
    struct fid_quality lit = quality_of(&day, face);
    CHECK(fabsf(lit.brightness - 140.0f / 255) < 0.02f);
    for (int y = 0; y < H; y++)
        for (int x = 0; x < 3 * W; x++)
            night.pixels[(size_t)y * night.stride_bytes + (size_t)x] =
                day.pixels[(size_t)y * day.stride_bytes + (size_t)x] / 8;
    struct fid_quality dark = quality_of(&night, face);
    CHECK(dark.brightness < 0.1f && dark.contrast < lit.contrast / 4);
    CHECK(dark.sharpness > 0.9f && dark.score < lit.score / 4);
    struct fid_picture flat = canvas(128);
    CHECK(quality_of(&flat, face).score == 0 && quality_of(&flat, face).contrast == 0);
    fid_picture_free(&day);
    fid_picture_free(&night);
    fid_picture_free(&flat);
}

static void size_counts_up_to_a_recognizers_input(void)
{
    struct fid_picture picture = spots(2, 60, 200);
    float before = 0;
    for (int side = 20; side <= 200; side += 20) {
        struct fid_quality now = quality_of(&picture, head(160, 120, side, 0, 0, 0));
        CHECK(now.size == (float)side);
        CHECK_THAT(side > 112 || now.score > before, "side %d: %g after %g", side,
                   (double)now.score, (double)before);
        before = now.score;
    }
    fid_picture_free(&picture);
}

/* The estimate of one angle is exact for this head when the other one is 0. */
static void angles(void)
{
    struct fid_picture picture = spots(3, 60, 200);
    for (int roll = -30; roll <= 30; roll += 15)
        for (int angle = -60; angle <= 60; angle += 10) {
            struct fid_quality turned = quality_of(&picture, head(160, 120, 112, angle, 0, roll));
            struct fid_quality nods = quality_of(&picture, head(160, 120, 112, 0, angle, roll));
            /* sin/cos of a turn is its tangent; both eyes come as near
             * together as the nose moves */
            CHECK_THAT(fabsf(turned.yaw - (float)angle) < 0.5f && fabsf(nods.yaw) < 0.5f,
                       "turned by %d, rolled by %d: yaw %g and %g", angle, roll, (double)turned.yaw,
                       (double)nods.yaw);
            CHECK_THAT(fabsf(nods.pitch - (float)angle) < 0.5f, "nods by %d, rolled by %d: %g",
                       angle, roll, (double)nods.pitch);
        }
    CHECK(quality_of(&picture, head(160, 120, 112, 60, 0, 0)).score <
          quality_of(&picture, head(160, 120, 112, 20, 0, 0)).score / 4);
    fid_picture_free(&picture);
}

static void outside_the_picture(void)
{
    struct fid_picture picture = spots(3, 60, 200);
    struct fid_quality inside = quality_of(&picture, head(160, 120, 100, 0, 0, 0));
    struct fid_quality half = quality_of(&picture, head(320, 120, 100, 0, 0, 0));
    struct fid_quality corner = quality_of(&picture, head(0, 0, 100, 0, 0, 0));
    CHECK_THAT(fabsf(half.score - inside.score / 2) < 0.1f * inside.score, "half inside: %g of %g",
               (double)half.score, (double)inside.score);
    CHECK(inside.inside == 1 && half.inside == 0.5f && corner.inside == 0.25f);
    CHECK(quality_of(&picture, head(500, 120, 100, 0, 0, 0)).score == 0);
    struct fid_face nowhere = head(0, 0, 1, 0, 0, 0);
    nowhere.box = (struct fid_box){NAN, NAN, 0, -50};
    CHECK(quality_of(&picture, nowhere).score == 0);
    for (int i = 0; i < 2000; i++) { /* nothing outside is read */
        struct fid_face face = head(0, 0, 1, 0, 0, 0);
        float *numbers = (float *)&face;
        static const float odd[] = {NAN, INFINITY, -INFINITY, 1e30f, -1e30f, 0};
        for (size_t n = 0; n < sizeof face / sizeof *numbers; n++)
            numbers[n] = check_random_below(4) == 0 ? odd[check_random_below(6)]
                                                    : check_random_float(-400, 800);
        quality_of(&picture, face);
    }
    fid_picture_free(&picture);
}

CHECK_MAIN(CHECK_CASE(sharp_faces_score_more), CHECK_CASE(light),
           CHECK_CASE(size_counts_up_to_a_recognizers_input), CHECK_CASE(angles),
           CHECK_CASE(outside_the_picture))
