/* picture_codec.h - the parts of picture loading and saving, for engine/face alone. */
#ifndef FID_FACE_PICTURE_CODEC_H
#define FID_FACE_PICTURE_CODEC_H

#include "engine/base/status.h"
#include "engine/fid/picture.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#define FID_PICTURE_MAX_SIDE   32767
#define FID_PICTURE_MAX_PIXELS 100000000u

/* Refuses a size over the limits of fid.h, before anything is allocated for it. */
enum fid_status fid_picture_check_size(uint64_t width, uint64_t height, const char *what,
                                       struct fid_error *error);

/* No pixels any more; keeps the buffer. */
void fid_picture_clear(struct fid_picture *picture);

/* A row of a picture. */
static inline uint8_t *fid_picture_row(const struct fid_picture *picture, int y)
{
    return picture->pixels + (size_t)y * picture->stride_bytes;
}

/* Has every plane rows that are long enough? FID_INVALID. */
enum fid_status fid_frame_check(const struct fid_frame *frame, struct fid_error *error);

/* What a decoder gives: the pixels as they are stored, and how they want to be turned. */
typedef enum fid_status (*fid_decode_fn)(const uint8_t *bytes, size_t size, const char *what,
                                         struct fid_picture *picture, int *orientation,
                                         struct fid_error *error);
enum fid_status fid_jpeg_decode(const uint8_t *bytes, size_t size, const char *what,
                                struct fid_picture *picture, int *orientation,
                                struct fid_error *error);
enum fid_status fid_png_decode(const uint8_t *bytes, size_t size, const char *what,
                               struct fid_picture *picture, int *orientation,
                               struct fid_error *error);

/* Writes the picture to an open stream; path names it in messages. Write errors of the stream are
 * the caller's to look for (ferror). */
typedef enum fid_status (*fid_encode_fn)(const struct fid_picture *picture, FILE *stream,
                                         const char *path, struct fid_error *error);
enum fid_status fid_jpeg_encode(const struct fid_picture *picture, FILE *stream, const char *path,
                                struct fid_error *error);
/* quality: 1..100, as libjpeg counts. */
enum fid_status fid_jpeg_encode_as(const struct fid_picture *picture, int quality, FILE *stream,
                                   const char *path, struct fid_error *error);
enum fid_status fid_png_encode(const struct fid_picture *picture, FILE *stream, const char *path,
                               struct fid_error *error);

/* Turns the picture upright: orientation 1..8 as EXIF numbers them (1: nothing to do). */
enum fid_status fid_picture_orient(struct fid_picture *picture, int orientation,
                                   struct fid_error *error);

/* The name of what the bytes seem to be ("a WebP picture", "a text file"), or NULL. */
const char *fid_picture_kind_name(const uint8_t *bytes, size_t size);

#endif
