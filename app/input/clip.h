/* clip.h - the frames of a video file or an rtsp:// stream, decoded by a child ffmpeg: a decoder
 * outside our address space that may open nothing else. */
#ifndef APP_CLIP_H
#define APP_CLIP_H

#include "app/input/camera.h"

struct app_clip;

/* Which frames, counted from 0. */
struct app_clip_options {
    long first, last; /* last < 0: to the end */
    long every;       /* every every-th frame from first on; 0: as `rate` and `limit` say */
    double rate;      /* with every = 0: about this many per second at most; 0: all */
    long limit;       /* with every = 0: at most this many in all; 0: any number */
    bool loop;        /* repeats without a gap and without end */
};

/* Do the first bytes (count of them) look like a video? */
bool app_clip_looks_like(const uint8_t *bytes, size_t count);

/* Is it rtsp:// or rtsps://? */
bool app_clip_is_url(const char *path);
/* FILLS shown with the path for messages: a URL without user and password. */
void app_clip_shown(const char *path, char *shown, size_t bytes);

/* FID_UNSUPPORTED: ffmpeg is not installed; FID_IO; FID_NO_MEMORY. */
enum fid_status app_clip_open(const char *path, const struct app_clip_options *options,
                              struct app_clip **clip, struct fid_error *error);
/* How many frames it will give, approximately; 0: unknown. */
long app_clip_expected(const struct app_clip *clip);
/* FILLS picture and *frame, or sets *frame to -1 at the end. FID_CORRUPT: the clip is damaged
 * (frames that came before are good). */
enum fid_status app_clip_next(struct app_clip *clip, struct fid_picture *picture, long *frame,
                              struct fid_error *error);
/* The same with a time limit, like a camera: also SILENT, and LOST with error if the clip is
 * damaged or the stream has ended. */
enum app_camera_result app_clip_read(struct app_clip *clip, int timeout_ms, struct fid_frame *frame,
                                     struct fid_error *error);
/* Frames per second, as ffmpeg states them before the first frame; 0: unknown. */
double app_clip_rate(const struct app_clip *clip);
void app_clip_close(struct app_clip **clip); /* ends the child */

#endif
