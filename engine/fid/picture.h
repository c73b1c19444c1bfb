/* picture.h - pictures of files and frames of cameras. */
#ifndef FID_PICTURE_H
#define FID_PICTURE_H

#include "status.h"

#ifdef __cplusplus
extern "C" {
#endif
#pragma GCC visibility push(default) /* what libfaceid.so exports */

/* ---- pictures ---- */

/* No face is farther from its picture's corner, in pixels, than this. */
#define FID_FAR 1073741824.0f

/* Pixels of the picture; x, y: the left upper corner; may reach over the border, or lie outside.
 * Whoever takes one wants four finite numbers of at most FID_FAR, w and h above 0; what another one
 * does stands with each function. */
struct fid_box {
    float x, y, w, h;
};

/* 8-bit RGB, rows from the top, EXIF orientation already applied. Zero-initialise; the buffer is
 * reused by the next load into the same struct. OWNS pixels. */
struct fid_picture {
    int width, height;
    size_t stride_bytes; /* of a row, ≥ 3 · width */
    uint8_t *pixels;
    size_t capacity_bytes;
};

/* JPEG or PNG, told apart by content. Refused: more than 100 million pixels, a side over 32,767,
 * what else is too much work (FID_UNSUPPORTED; docs/files.md has the limits, which keep memory to three
 * times the pixels and the file), damaged files (FID_CORRUPT), other kinds (FID_UNSUPPORTED, named
 * where they are known: HEIC, WebP, GIF, ...). FID_NOT_FOUND; FID_INVALID: a folder or a device, or
 * a picture without pixels; FID_IO; FID_NO_MEMORY. After a failure the picture is empty but still
 * to be freed. */
enum fid_status fid_picture_load(const char *path, struct fid_picture *picture,
                                 struct fid_error *error);
/* The same from memory; what names it in messages. FID_UNSUPPORTED, FID_CORRUPT, FID_INVALID,
 * FID_NO_MEMORY as fid_picture_load. */
enum fid_status fid_picture_decode(const void *bytes, size_t size, const char *what,
                                   struct fid_picture *picture, struct fid_error *error);
/* Makes room for width × height; the content is undefined. FID_INVALID: a side below 1;
 * FID_UNSUPPORTED: over the limits of fid_picture_load; FID_NO_MEMORY. */
enum fid_status fid_picture_resize(struct fid_picture *picture, int width, int height,
                                   struct fid_error *error);
/* Writes a JPEG or PNG by the path's ending, as a fid_output of its owner's alone. FID_INVALID: an
 * empty picture, or as fid_output_check; FID_UNSUPPORTED: another ending; FID_IO; FID_NO_MEMORY. */
enum fid_status fid_picture_save(const struct fid_picture *picture, const char *path,
                                 struct fid_error *error);
struct fid_bytes { /* zero-initialise; the buffer is reused. OWNS data */
    uint8_t *data;
    size_t size, capacity_bytes;
};
/* FILLS bytes with the picture as a JPEG of this quality, 1..100. FID_INVALID: another quality, or
 * an empty picture; FID_NO_MEMORY. */
enum fid_status fid_picture_encode(const struct fid_picture *picture, int quality,
                                   struct fid_bytes *bytes, struct fid_error *error);
void fid_bytes_free(struct fid_bytes *bytes); /* takes NULL; leaves it zero */
/* FILLS cut with the part of the picture under the box, scaled to width × height; what lies outside
 * of the picture repeats its border. cut is not picture. FID_INVALID: an empty picture or box, or a
 * box that is none (struct fid_box); FID_UNSUPPORTED: a cut over the limits; FID_NO_MEMORY. */
enum fid_status fid_picture_cut(const struct fid_picture *picture, const struct fid_box *box,
                                int width, int height, struct fid_picture *cut,
                                struct fid_error *error);
void fid_picture_free(struct fid_picture *picture); /* takes NULL; leaves it zero */

/* ---- frames: pixels as cameras and video streams give them ---- */

enum fid_pixel_format {
    FID_PIXELS_RGB,  /* one plane: R G B */
    FID_PIXELS_GREY, /* one plane: Y */
    FID_PIXELS_YUYV, /* one plane: Y U Y V for two pixels beside each other */
    FID_PIXELS_UYVY, /* one plane: U Y V Y */
    FID_PIXELS_NV12, /* two planes: Y; U V for each 2 × 2 pixels */
    FID_PIXELS_I420  /* three planes: Y; U; V, these two for each 2 × 2 pixels */
};

/* Zero-initialise. An odd width or height has its last pairs half used. */
struct fid_frame {
    enum fid_pixel_format format;
    bool full_range; /* Y, U and V of 0..255, as in JPEG; else Y of 16..235, U and V of 16..240 */
    bool bt709;      /* colours by BT.709; else BT.601 */
    int width, height;
    uint8_t *planes[3];     /* into its own buffer or, of a view, into somebody else's */
    size_t stride_bytes[3]; /* from row to row */
    uint8_t *buffer;        /* OWNS; NULL in a view */
    size_t capacity_bytes;
};

/* A plane's bytes in a row and its rows; zeros where the format has no such plane or is none. */
void fid_frame_plane_size(enum fid_pixel_format format, int width, int height, int plane,
                          size_t *row_bytes, size_t *rows);
/* Makes room in the frame's own buffer, rows without gaps; the content is undefined, the ranges are
 * those of a video (limited, BT.601). FID_INVALID: an unknown format, or no such size;
 * FID_UNSUPPORTED: over the limits of fid_picture_load; FID_NO_MEMORY. */
enum fid_status fid_frame_resize(struct fid_frame *frame, enum fid_pixel_format format, int width,
                                 int height, struct fid_error *error);
/* FILLS copy with the frame's pixels in a buffer of its own. FID_INVALID: an unknown format, or
 * rows shorter than the width; FID_UNSUPPORTED, FID_NO_MEMORY as fid_frame_resize. */
enum fid_status fid_frame_copy(const struct fid_frame *frame, struct fid_frame *copy,
                               struct fid_error *error);
/* The same turned clockwise by 90, 180 or 270 degrees: I420, or RGB and GREY of these. FID_INVALID:
 * other degrees, or as fid_frame_copy; FID_UNSUPPORTED, FID_NO_MEMORY. */
enum fid_status fid_frame_turn(const struct fid_frame *frame, int degrees, struct fid_frame *turned,
                               struct fid_error *error);
/* The width and height that a JPEG's header states, nothing decoded. FID_CORRUPT, FID_UNSUPPORTED,
 * FID_INVALID, FID_NO_MEMORY as fid_picture_decode. */
enum fid_status fid_frame_jpeg_size(const void *bytes, size_t size, const char *what, int *width,
                                    int *height, struct fid_error *error);
/* From one picture of a Motion-JPEG stream, as RGB, the very pixels of
 * fid_picture_decode; FID_CORRUPT also for one that decodes only in part;
 * FID_UNSUPPORTED, FID_INVALID, FID_NO_MEMORY. */
enum fid_status fid_frame_decode_jpeg(const void *bytes, size_t size, const char *what,
                                      struct fid_frame *frame, struct fid_error *error);
void fid_frame_free(struct fid_frame *frame); /* takes NULL; leaves it zero */

/* FILLS the picture, each colour to the nearest byte; U and V stand for all of their pixels.
 * FID_INVALID, FID_UNSUPPORTED, FID_NO_MEMORY as fid_frame_copy. */
enum fid_status fid_picture_from_frame(const struct fid_frame *frame, struct fid_picture *picture,
                                       struct fid_error *error);

#pragma GCC visibility pop
#ifdef __cplusplus
}
#endif
#endif
