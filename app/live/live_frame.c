/* live_frame.c - a frame in the camera's format, and its RGB picture made on first use. */
#include "app/live/live_frame.h"

#include <pthread.h>
#include <stdlib.h>

struct app_frame_rgb {
    pthread_mutex_t lock;
    uint64_t sequence; /* of the frame in the picture; 0: none */
    struct fid_picture picture;
};

enum fid_status app_live_frame_open(struct app_live_frame *frame)
{
    *frame = (struct app_live_frame){.rgb = calloc(1, sizeof *frame->rgb)};
    if (frame->rgb == NULL)
        return FID_NO_MEMORY;
    pthread_mutex_init(&frame->rgb->lock, NULL);
    return FID_OK;
}

void app_live_frame_close(struct app_live_frame *frame)
{
    if (frame->rgb != NULL) {
        pthread_mutex_destroy(&frame->rgb->lock);
        fid_picture_free(&frame->rgb->picture);
        free(frame->rgb);
    }
    fid_frame_free(&frame->pixels);
    *frame = (struct app_live_frame){0};
}

enum fid_status app_frame_rgb(const struct app_live_frame *frame, struct fid_picture *view,
                              struct fid_error *error)
{
    const struct fid_frame *pixels = &frame->pixels;
    enum fid_status status = FID_OK;
    if (pixels->format == FID_PIXELS_RGB) {
        *view = (struct fid_picture){.width = pixels->width,
                                     .height = pixels->height,
                                     .stride_bytes = pixels->stride_bytes[0],
                                     .pixels = pixels->planes[0]};
        return FID_OK;
    }
    struct app_frame_rgb *rgb = frame->rgb;
    pthread_mutex_lock(&rgb->lock);
    if (rgb->sequence != frame->sequence) {
        status = fid_picture_from_frame(pixels, &rgb->picture, error);
        rgb->sequence = status == FID_OK ? frame->sequence : 0;
    }
    *view = rgb->picture;
    view->capacity_bytes = 0;
    pthread_mutex_unlock(&rgb->lock);
    return status;
}
