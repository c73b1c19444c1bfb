/* uvc.h - what a USB Video Class camera tells about itself, and what is negotiated with it. Knows
 * USB's tables, no sockets. */
#ifndef TESTS_RIGS_UVC_H
#define TESTS_RIGS_UVC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define UVC_PAYLOAD_BYTES 16384 /* 32 packets of 512 bytes: one transfer of uvcvideo's */
#define UVC_ANSWER_BYTES  1024
#define UVC_MODES_MAX     8
#define UVC_PROBE_BYTES   26 /* UVC 1.0 */

struct uvc_picture {
    uint8_t *bytes;
    uint32_t length;
    unsigned loop; /* pictures are shown loop by loop, in order */
};

struct uvc_mode {
    bool raw; /* YUYV, else MJPEG */
    unsigned width, height;
    struct uvc_picture *pictures;
    unsigned picture_count;
    uint32_t frame_bytes; /* the most that a frame has */
};

struct uvc_camera {
    struct uvc_mode modes[UVC_MODES_MAX];
    unsigned mode_count, fps, number; /* number: of the serial */
    uint8_t configuration[UVC_ANSWER_BYTES];
    size_t configuration_bytes;
    uint8_t probe[UVC_PROBE_BYTES]; /* what was negotiated */
};

/* After modes and fps are set: makes the descriptors and the first mode the current one. */
void uvc_prepare(struct uvc_camera *camera);

/* The mode that was negotiated. */
const struct uvc_mode *uvc_current_mode(const struct uvc_camera *camera);

/* Answers a control transfer: setup are its 8 bytes, sent what the host sent. FILLS answer
 * (UVC_ANSWER_BYTES); returns its length, or -1: a request that the camera does not know. */
int uvc_control(struct uvc_camera *camera, const uint8_t *setup, const uint8_t *sent,
                size_t sent_bytes, uint8_t *answer);

#endif
