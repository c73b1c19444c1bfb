/* Crops that are kept of enrolled faces, so that another network can look at them again. */
#include "engine/face/embed/face_crop.h"

#include "engine/face/box.h"
#include "engine/face/picture/picture_codec.h"

#include <math.h>
#include <string.h>

/* Twice the box holds what every alignment takes; the side, what networks of 224 pixels make use
 * of; the quality was measured (the commit has the table). */
#define SIDES   2.0f
#define MOST    320 /* pixels of the longer side */
#define QUALITY 95
/* We never make larger ones. */
#define BELIEVED 1024

enum {
    NUMBERS = 15, /* box, landmarks, score */
    HEADER = 4 + NUMBERS * 4,
};
static const char magic[4] = {'F', 'C', 'R', '1'};

/* The part of the picture, in whole pixels. */
static struct fid_box part_of(const struct fid_picture *picture, const struct fid_box *box)
{
    const float side = SIDES * fmaxf(box->w, box->h);
    const float left = fmaxf(0, floorf(box->x + box->w / 2 - side / 2));
    const float top = fmaxf(0, floorf(box->y + box->h / 2 - side / 2));
    const float right = fminf((float)picture->width, ceilf(box->x + box->w / 2 + side / 2));
    const float bottom = fminf((float)picture->height, ceilf(box->y + box->h / 2 + side / 2));
    return (struct fid_box){left, top, right - left, bottom - top};
}

/* Landmarks are at centers of pixels, boxes at their edges. */
static void write_face(const struct fid_face *face, const struct fid_box *part, float scale_x,
                       float scale_y, uint8_t *out)
{
    float numbers[NUMBERS] = {(face->box.x - part->x) * scale_x, (face->box.y - part->y) * scale_y,
                              face->box.w * scale_x, face->box.h * scale_y};
    for (int i = 0; i < 5; i++) {
        numbers[4 + 2 * i] = (face->landmarks[i][0] + 0.5f - part->x) * scale_x - 0.5f;
        numbers[5 + 2 * i] = (face->landmarks[i][1] + 0.5f - part->y) * scale_y - 0.5f;
    }
    numbers[14] = face->score;
    memcpy(out, magic, sizeof magic);
    for (int i = 0; i < NUMBERS; i++) {
        uint32_t bits;
        memcpy(&bits, &numbers[i], sizeof bits);
        for (int b = 0; b < 4; b++)
            out[sizeof magic + 4 * (size_t)i + (size_t)b] = (uint8_t)(bits >> 8 * b);
    }
}

static bool read_face(const uint8_t *bytes, struct fid_face *face)
{
    float numbers[NUMBERS];
    for (size_t i = 0; i < NUMBERS; i++) {
        const uint8_t *at = bytes + sizeof magic + 4 * i;
        const uint32_t bits =
            (uint32_t)at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 | (uint32_t)at[3] << 24;
        memcpy(&numbers[i], &bits, sizeof bits);
        if (!(fabsf(numbers[i]) <= BELIEVED))
            return false;
    }
    face->box = (struct fid_box){numbers[0], numbers[1], numbers[2], numbers[3]};
    for (int i = 0; i < 5; i++) {
        face->landmarks[i][0] = numbers[4 + 2 * i];
        face->landmarks[i][1] = numbers[5 + 2 * i];
    }
    face->score = numbers[14];
    return face->box.w > 0 && face->box.h > 0;
}

enum fid_status fid_face_crop_encode(const struct fid_picture *picture, const struct fid_face *face,
                                     struct fid_bytes *crop, struct fid_error *error)
{
    struct fid_picture cut = {0};
    const struct fid_box part = part_of(picture, &face->box);
    crop->size = 0;
    if (!fid_box_is_one(&face->box) || !(part.w >= 1 && part.h >= 1))
        return fid_fail(error, FID_INVALID, "the face lies outside of its picture");
    const float scale = fminf(1, MOST / fmaxf(part.w, part.h));
    const int width = (int)fmaxf(1, roundf(part.w * scale)),
              height = (int)fmaxf(1, roundf(part.h * scale));
    enum fid_status status = fid_picture_cut(picture, &part, width, height, &cut, error);
    if (status == FID_OK)
        status = fid_picture_encode(&cut, QUALITY, crop, error);
    fid_picture_free(&cut);
    if (status != FID_OK)
        return status;
    /* The buffer of an encoded picture has room for the raw one, and 64 KiB. */
    memmove(crop->data + HEADER, crop->data, crop->size);
    write_face(face, &part, (float)width / part.w, (float)height / part.h, crop->data);
    struct fid_face again;
    crop->size = read_face(crop->data, &again) ? crop->size + HEADER : 0;
    if (crop->size > 0)
        return FID_OK;
    return fid_fail(error, FID_INVALID, "the face's landmarks or score are not those of a face");
}

/* All but the pixels. */
static bool read_head(const uint8_t *bytes, size_t size, struct fid_face *face)
{
    return size > HEADER + 2 && size <= FID_FACE_CROP_MOST &&
           memcmp(bytes, magic, sizeof magic) == 0 && bytes[HEADER] == 0xFF &&
           bytes[HEADER + 1] == 0xD8 && read_face(bytes, face);
}

bool fid_face_crop_check(const void *bytes, size_t size)
{
    struct fid_face face;
    return read_head(bytes, size, &face);
}

enum fid_status fid_face_crop_decode(const void *bytes, size_t size, struct fid_picture *picture,
                                     struct fid_face *face, struct fid_error *error)
{
    const uint8_t *at = bytes;
    int orientation, width, height;
    if (!read_head(at, size, face))
        return fid_fail(error, FID_CORRUPT, "a kept crop is damaged");
    enum fid_status status =
        fid_frame_jpeg_size(at + HEADER, size - HEADER, "a kept crop", &width, &height, error);
    if (status == FID_OK && (width > BELIEVED || height > BELIEVED))
        status = fid_fail(error, FID_CORRUPT, "a kept crop of %d x %d pixels is none of ours",
                          width, height);
    return status == FID_OK ? fid_jpeg_decode(at + HEADER, size - HEADER, "a kept crop", picture,
                                              &orientation, error)
                            : status;
}
