/* Parts of pictures and JPEGs in memory, as the report page needs them. */
#include "engine/base/memory.h"
#include "engine/fid.h"
#include "tests/check/check.h"

#include <stdlib.h>
#include <string.h>

/* Brightness rises by 2 from column to column. */
static struct fid_picture ramp(int width, int height)
{
    struct fid_picture picture = {0};
    struct fid_error error;
    CHECK(fid_picture_resize(&picture, width, height, &error) == FID_OK);
    for (int y = 0; y < height; y++)
        for (int x = 0; x < width; x++)
            memset(picture.pixels + (size_t)y * picture.stride_bytes + 3 * (size_t)x, 2 * x, 3);
    return picture;
}

static int pixel(const struct fid_picture *picture, int x, int y)
{
    return picture->pixels[(size_t)y * picture->stride_bytes + 3 * (size_t)x];
}

static void a_part_is_cut_out(void)
{
    struct fid_picture picture = ramp(100, 40), cut = {0};
    struct fid_error error;
    const struct fid_box inside = {10, 5, 20, 10}, wide = {-10, -10, 120, 60}, none = {5, 5, 0, 3};
    CHECK(fid_picture_cut(&picture, &inside, 20, 10, &cut, &error) == FID_OK);
    CHECK(cut.width == 20 && cut.height == 10);
    for (int x = 0; x < 20; x++)
        CHECK(pixel(&cut, x, 9) == 2 * (10 + x));
    CHECK(fid_picture_cut(&picture, &inside, 10, 5, &cut, &error) == FID_OK);
    for (int x = 0; x < 10; x++) /* the mean of two columns, 2 apart */
        CHECK(pixel(&cut, x, 4) == 2 * (10 + 2 * x) + 1);
    CHECK(fid_picture_cut(&picture, &wide, 120, 60, &cut, &error) == FID_OK);
    for (int x = 0; x < 120; x++) { /* the border goes on */
        int from = x < 10 ? 0 : x > 109 ? 99 : x - 10;
        CHECK(pixel(&cut, x, 0) == 2 * from && pixel(&cut, x, 59) == 2 * from);
    }
    CHECK(fid_picture_cut(&picture, &none, 5, 5, &cut, &error) == FID_INVALID);
    fid_picture_free(&picture);
    fid_picture_free(&cut);
}

/* An empty picture is what a failed load leaves. */
static void nothing_is_cut_out_of_nothing(void)
{
    struct fid_picture picture = {0}, cut = {0};
    struct fid_error error = {0};
    const struct fid_box box = {0, 0, 4, 4};
    CHECK(fid_picture_cut(&picture, &box, 5, 5, &cut, &error) == FID_INVALID);
    CHECK(error.text[0] != '\0' && cut.width == 0);
    fid_picture_free(&cut);
}

static void a_jpeg_in_memory(void)
{
    struct fid_picture picture = ramp(100, 40), again = {0};
    struct fid_bytes bytes = {0};
    struct fid_error error;
    size_t before = 0;
    for (int quality = 100; quality >= 20; quality -= 20) {
        REQUIRE(fid_picture_encode(&picture, quality, &bytes, &error) == FID_OK);
        CHECK(bytes.size > 100 && (before == 0 || bytes.size <= before));
        before = bytes.size;
        REQUIRE(fid_picture_decode(bytes.data, bytes.size, "it", &again, &error) == FID_OK);
        CHECK(again.width == 100 && again.height == 40);
    }
    REQUIRE(fid_picture_encode(&picture, 100, &bytes, &error) == FID_OK);
    REQUIRE(fid_picture_decode(bytes.data, bytes.size, "it", &again, &error) == FID_OK);
    for (int x = 0; x < 100; x++)
        CHECK_THAT(abs(pixel(&again, x, 20) - 2 * x) <= 2, "column %d: %d", x,
                   pixel(&again, x, 20));
    CHECK(fid_picture_encode(&picture, 0, &bytes, &error) == FID_INVALID);
    CHECK(fid_picture_encode(&picture, 101, &bytes, &error) == FID_INVALID);
    CHECK(fid_picture_encode(&(struct fid_picture){0}, 80, &bytes, &error) == FID_INVALID);
    fid_bytes_free(&bytes);
    CHECK(bytes.data == NULL && bytes.capacity_bytes == 0);
    fid_bytes_free(NULL);
    fid_picture_free(&picture);
    fid_picture_free(&again);
}

static void noise_fits_too(void)
{
    struct fid_picture picture = ramp(64, 64);
    struct fid_bytes bytes = {0};
    struct fid_error error;
    for (int y = 0; y < 64; y++)
        for (int i = 0; i < 3 * 64; i++)
            picture.pixels[(size_t)y * picture.stride_bytes + (size_t)i] =
                (uint8_t)check_random_below(256);
    CHECK(fid_picture_encode(&picture, 100, &bytes, &error) == FID_OK && bytes.size > 5000);
    fid_bytes_free(&bytes);
    fid_picture_free(&picture);
}

static void without_memory(void)
{
    struct fid_picture picture = ramp(30, 30);
    struct fid_bytes bytes = {0};
    struct fid_error error;
    fid_allocation_fail_at(1);
    CHECK(fid_picture_encode(&picture, 80, &bytes, &error) == FID_NO_MEMORY);
    CHECK(bytes.data == NULL && bytes.size == 0);
    fid_allocation_fail_at(0);
    CHECK(fid_picture_encode(&picture, 80, &bytes, &error) == FID_OK);
    fid_bytes_free(&bytes);
    fid_picture_free(&picture);
}

CHECK_MAIN(CHECK_CASE(a_part_is_cut_out), CHECK_CASE(nothing_is_cut_out_of_nothing),
           CHECK_CASE(a_jpeg_in_memory), CHECK_CASE(noise_fits_too), CHECK_CASE(without_memory))
