/* fuzz_camera_frame.c - libFuzzer on the bytes that a camera's driver gives for a frame: format,
 * size, stride and length from the input, then on to RGB and turned.
 *
 * Built and run by `make fuzz`; seeds/camera_frame holds the inputs it starts from (make_seeds
 * writes them). */
#include "app/error.c"
#include "app/input/camera.c"
#include "app/input/camera_frame.c"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t size);

static volatile size_t sink; /* what was read is used */

struct head { /* in front of the frame's bytes */
    uint8_t format, flags, width, height, stride_low, stride_high;
};

static void use(const struct fid_frame *frame)
{
    struct fid_picture picture = {0};
    struct fid_frame turned = {0};
    for (int degrees = 90; degrees <= 270; degrees += 90)
        if (fid_frame_turn(frame, degrees, &turned, NULL) != FID_OK ||
            turned.width * turned.height != frame->width * frame->height)
            abort();
    if (fid_picture_from_frame(frame, &picture, NULL) != FID_OK)
        abort();
    for (size_t i = 0; i < picture.stride_bytes * (size_t)picture.height; i++)
        sink += picture.pixels[i];
    fid_frame_free(&turned);
    fid_picture_free(&picture);
}

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t size)
{
    struct head head;
    if (size < sizeof head)
        return 0;
    memcpy(&head, input, sizeof head);
    const struct app_frame_layout layout = {
        .fourcc = formats[head.format % FORMATS].fourcc,
        .width = 1 + head.width,
        .height = 1 + head.height,
        .stride_bytes = (size_t)head.stride_low | (size_t)(head.stride_high % 8) << 8,
        .full_range = head.flags & 1,
        .bt709 = head.flags & 2,
    };
    size_t count = size - sizeof head;
    uint8_t *bytes = malloc(count > 0 ? count : 1); /* of just that size */
    struct fid_frame frame = {0};
    struct app_camera_drops drops = {0};
    struct fid_error error;
    if (bytes == NULL)
        return 0;
    memcpy(bytes, input + sizeof head, count);
    enum app_camera_result result = app_frame_take(&layout, bytes, count, &frame, &drops, &error);
    if (result == APP_CAMERA_FRAME)
        use(&frame);
    else if (result != APP_CAMERA_DROPPED || app_camera_drops_total(&drops) != 1)
        abort();
    fid_frame_free(&frame);
    free(bytes);
    return 0;
}
