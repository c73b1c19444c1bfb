/* camera_v4l2_query.c - asks a V4L2 device what it is and what it offers. */
#include "app/input/camera.h"

#include <errno.h>
#include <linux/videodev2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>

#define MODES_MAX 1024 /* stops a driver that lists modes for ever */

int app_v4l2_ioctl(int fd, unsigned long request, void *argument)
{
    int result;
    do
        result = ioctl(fd, request, argument);
    while (result < 0 && errno == EINTR);
    return result;
}

/* Highest rate of a format and size; 0 if the driver does not say. */
static double highest_rate(int fd, uint32_t fourcc, uint32_t width, uint32_t height)
{
    double best = 0;
    for (uint32_t i = 0; i < MODES_MAX; i++) {
        struct v4l2_frmivalenum interval = {
            .index = i, .pixel_format = fourcc, .width = width, .height = height};
        if (app_v4l2_ioctl(fd, VIDIOC_ENUM_FRAMEINTERVALS, &interval) < 0)
            break;
        bool discrete = interval.type == V4L2_FRMIVAL_TYPE_DISCRETE;
        const struct v4l2_fract *shortest = discrete ? &interval.discrete : &interval.stepwise.min;
        if (shortest->numerator > 0) {
            double fps = (double)shortest->denominator / shortest->numerator;
            if (fps > best)
                best = fps;
        }
        if (!discrete)
            break;
    }
    return best;
}

/* Appends one mode; false if the list is full or there is no memory (earlier modes stay valid). */
static bool add_mode(int fd, struct app_camera_info *info, uint32_t fourcc, uint32_t width,
                     uint32_t height)
{
    if (info->mode_count >= MODES_MAX || width == 0 || height == 0 || width > INT16_MAX ||
        height > INT16_MAX)
        return false;
    size_t bytes = (info->mode_count + 1) * sizeof *info->modes;
    struct app_camera_mode *modes = realloc(info->modes, bytes);
    if (modes == NULL)
        return false;
    info->modes = modes;
    modes[info->mode_count++] =
        (struct app_camera_mode){.fourcc = fourcc,
                                 .width = (int)width,
                                 .height = (int)height,
                                 .fps = highest_rate(fd, fourcc, width, height)};
    return true;
}

static uint32_t clamp(uint32_t value, uint32_t low, uint32_t high)
{
    return value < low ? low : value > high ? high : value;
}

/* A device that scales to any size in a range gets the usual sizes of that range. */
static void add_range(int fd, struct app_camera_info *info, uint32_t fourcc,
                      const struct v4l2_frmsize_stepwise *range)
{
    static const uint16_t customary[][2] = {{320, 240}, {640, 480}, {1280, 720}, {1920, 1080}};
    uint32_t last_width = 0, last_height = 0;
    for (size_t i = 0; i < sizeof customary / sizeof customary[0]; i++) {
        uint32_t width = clamp(customary[i][0], range->min_width, range->max_width);
        uint32_t height = clamp(customary[i][1], range->min_height, range->max_height);
        if (range->step_width > 1)
            width -= (width - range->min_width) % range->step_width;
        if (range->step_height > 1)
            height -= (height - range->min_height) % range->step_height;
        if (width == last_width && height == last_height)
            continue;
        if (!add_mode(fd, info, fourcc, width, height))
            return;
        last_width = width;
        last_height = height;
    }
}

static void add_sizes(int fd, struct app_camera_info *info, uint32_t fourcc)
{
    for (uint32_t i = 0; i < MODES_MAX; i++) {
        struct v4l2_frmsizeenum size = {.index = i, .pixel_format = fourcc};
        if (app_v4l2_ioctl(fd, VIDIOC_ENUM_FRAMESIZES, &size) < 0)
            return;
        if (size.type != V4L2_FRMSIZE_TYPE_DISCRETE) {
            add_range(fd, info, fourcc, &size.stepwise);
            return;
        }
        if (!add_mode(fd, info, fourcc, size.discrete.width, size.discrete.height))
            return;
    }
}

bool app_v4l2_describe(int fd, struct app_camera_info *info)
{
    struct v4l2_capability capability = {0};
    if (app_v4l2_ioctl(fd, VIDIOC_QUERYCAP, &capability) < 0)
        return false;
    /* `capabilities` describes the whole device, and a webcam's metadata node has it, too. */
    uint32_t caps = capability.capabilities & V4L2_CAP_DEVICE_CAPS ? capability.device_caps
                                                                   : capability.capabilities;
    if (!(caps & V4L2_CAP_VIDEO_CAPTURE) || !(caps & V4L2_CAP_STREAMING))
        return false;
    snprintf(info->name, sizeof info->name, "%.*s", (int)sizeof capability.card, capability.card);
    snprintf(info->driver, sizeof info->driver, "%.*s", (int)sizeof capability.driver,
             capability.driver);
    snprintf(info->bus, sizeof info->bus, "%.*s", (int)sizeof capability.bus_info,
             capability.bus_info);
    info->readable = true;
    for (uint32_t i = 0; i < MODES_MAX; i++) {
        struct v4l2_fmtdesc format = {.index = i, .type = V4L2_BUF_TYPE_VIDEO_CAPTURE};
        if (app_v4l2_ioctl(fd, VIDIOC_ENUM_FMT, &format) < 0)
            break;
        add_sizes(fd, info, format.pixelformat);
    }
    return true;
}
