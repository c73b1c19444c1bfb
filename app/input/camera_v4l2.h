/* camera_v4l2.h - the state of an open webcam, shared by the two files of its backend. */
#ifndef APP_CAMERA_V4L2_H
#define APP_CAMERA_V4L2_H

#include "app/input/camera.h"

#define APP_V4L2_BUFFERS 4 /* one being filled, one being read, two spare for a late reader */

struct app_v4l2 {
    int fd;
    struct app_frame_layout layout;
    struct {
        uint8_t *start;
        size_t bytes;
    } buffers[APP_V4L2_BUFFERS];
    uint32_t buffer_count;
};

/* Opens, sets up and starts the device at camera->path (camera_v4l2_open.c): FILLS the rest of
 * *camera and *v4l2, which app_v4l2_stop undoes even after a failure. */
enum fid_status app_v4l2_start(struct app_camera *camera, const struct app_camera_request *request,
                               struct app_v4l2 *v4l2, struct fid_error *error);
void app_v4l2_stop(struct app_v4l2 *v4l2);

#endif
