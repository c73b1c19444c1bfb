/* stream.h - frames from a file descriptor that another program writes to. */
#ifndef APP_STREAM_H
#define APP_STREAM_H

#include "app/input/camera.h"
#include "app/input/stream_format.h"

struct app_stream {
    int fd;             /* borrowed */
    app_parse_fn parse; /* NULL: chosen by the first bytes: Motion-JPEG, Y4M or PPM */
    struct app_stream_state state;
    uint8_t *bytes;
    size_t start, end, capacity; /* read and not yet used: [start, end) of bytes */
    uint64_t frames;             /* complete frames so far */
    bool over;                   /* the writer has closed its end */
};

/* Waits at most timeout_ms (< 0: without limit) for a whole frame. END: the stream is over;
 * error->text is a sentence if it ended within a frame, otherwise "". LOST: it can no longer be
 * read. Damaged frames are counted in *drops. */
enum app_camera_result app_stream_read(struct app_stream *stream, int timeout_ms,
                                       struct fid_frame *frame, struct app_camera_drops *drops,
                                       struct fid_error *error);

/* Starts over with another descriptor, as if nothing had been read. */
void app_stream_reset(struct app_stream *stream, int fd);
void app_stream_close(struct app_stream *stream); /* frees its buffer; leaves fd open */

#endif
