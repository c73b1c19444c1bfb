/* stream_format.h - the formats in which another program can pipe frames to us, as parsers of a
 * growing buffer: pure functions that accept any split of the bytes and any bytes. */
#ifndef APP_STREAM_FORMAT_H
#define APP_STREAM_FORMAT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "engine/fid.h"

/* No room is made for frames beyond 8K video. */
#define APP_STREAM_MAX_SIDE 8192
enum { APP_STREAM_MAX_PIXELS = 7680 * 4320 };

enum app_parse_result {
    APP_PARSE_MORE,       /* no frame yet; state->wanted bytes are needed to continue */
    APP_PARSE_FRAME,      /* a frame was filled in */
    APP_PARSE_SHORT,      /* a frame that ends too early: not filled in; the next may be good */
    APP_PARSE_BAD,        /* a frame that does not decode */
    APP_PARSE_WRONG_SIZE, /* a frame of another size than the stream's */
    APP_PARSE_FAILED      /* no good frame can follow */
};

/* A parser's position in its stream; zero at the start. */
struct app_stream_state {
    size_t wanted;      /* after APP_PARSE_MORE: more than were given */
    bool inside;        /* an unfinished frame has begun */
    int width, height;  /* of the stream, once known */
    double fps;         /* 0: the stream does not say */
    size_t frame_bytes; /* of raw frames */
    enum fid_pixel_format format;
    bool full_range;
    size_t scanned;                /* MJPEG: bytes of this frame that were scanned */
    int other_width, other_height; /* MJPEG: of the previous frame, if not the stream's */
};

/* Parses bytes[count ≥ 1], everything since the last *used. FILLS *used with how many of them are
 * consumed, even if more are needed; frame on APP_PARSE_FRAME; otherwise, except on
 * APP_PARSE_MORE, error with the reason. */
typedef enum app_parse_result (*app_parse_fn)(struct app_stream_state *state, const uint8_t *bytes,
                                              size_t count, size_t *used, struct fid_frame *frame,
                                              struct fid_error *error);

enum app_parse_result app_parse_y4m(struct app_stream_state *state, const uint8_t *bytes,
                                    size_t count, size_t *used, struct fid_frame *frame,
                                    struct fid_error *error);
enum app_parse_result app_parse_mjpeg(struct app_stream_state *state, const uint8_t *bytes,
                                      size_t count, size_t *used, struct fid_frame *frame,
                                      struct fid_error *error);
enum app_parse_result app_parse_ppm(struct app_stream_state *state, const uint8_t *bytes,
                                    size_t count, size_t *used, struct fid_frame *frame,
                                    struct fid_error *error);

/* FID_INVALID or FID_UNSUPPORTED for a size out of bounds. */
enum fid_status app_stream_check_size(const char *what, long width, long height,
                                      struct fid_error *error);

#endif
