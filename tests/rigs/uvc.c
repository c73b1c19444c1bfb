/* uvc.c - the descriptors and answers of an emulated USB camera (UVC). */
#include "tests/rigs/uvc.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

enum { SET_CUR = 0x01, GET_CUR = 0x81, GET_LEN = 0x85, GET_INFO = 0x86 };

/* ---- descriptors ---- */

static void put(uint8_t *at, uint32_t value, int bytes)
{
    for (int i = 0; i < bytes; i++)
        at[i] = (uint8_t)(value >> (8 * i));
}

static uint8_t *append(struct uvc_camera *camera, const uint8_t *bytes, size_t count)
{
    uint8_t *at = camera->configuration + camera->configuration_bytes;
    assert(count <= sizeof camera->configuration - camera->configuration_bytes);
    memcpy(at, bytes, count);
    camera->configuration_bytes += count;
    return at;
}
#define APPEND(...) \
    append(camera, (const uint8_t[]){__VA_ARGS__}, sizeof((const uint8_t[]){__VA_ARGS__}))

static uint8_t count_modes(const struct uvc_camera *camera, bool raw)
{
    uint8_t count = 0;
    for (unsigned i = 0; i < camera->mode_count; i++)
        count = (uint8_t)(count + (camera->modes[i].raw == raw));
    return count;
}

/* MJPEG is the first format if there is any; NULL: no such format or frame number. */
static const struct uvc_mode *find_mode(const struct uvc_camera *camera, unsigned format,
                                        unsigned frame)
{
    unsigned formats = (count_modes(camera, false) > 0 ? 1u : 0u) + (count_modes(camera, true) > 0);
    bool raw = format == 2 || count_modes(camera, false) == 0;
    for (unsigned i = 0; format >= 1 && format <= formats && i < camera->mode_count; i++)
        if (camera->modes[i].raw == raw && --frame == 0)
            return &camera->modes[i];
    return NULL;
}

static void append_frames(struct uvc_camera *camera, bool raw)
{
    uint8_t number = 0;
    for (unsigned i = 0; i < camera->mode_count; i++) {
        const struct uvc_mode *mode = &camera->modes[i];
        if (mode->raw != raw)
            continue;
        uint8_t frame[30] = {30, 0x24, raw ? 5 : 7, ++number};
        put(frame + 5, mode->width, 2);
        put(frame + 7, mode->height, 2);
        put(frame + 9, 1000000, 4); /* bits a second, least and most */
        put(frame + 13, mode->frame_bytes * 8 * camera->fps, 4);
        put(frame + 17, mode->frame_bytes, 4);
        put(frame + 21, 10000000 / camera->fps, 4);
        frame[25] = 1; /* one interval */
        put(frame + 26, 10000000 / camera->fps, 4);
        append(camera, frame, sizeof frame);
    }
    APPEND(6, 0x24, 0x0d, 1, 1, 4); /* colors: BT.709, SMPTE 170M matrix */
}

static void make_configuration(struct uvc_camera *camera)
{
    uint8_t mjpeg = count_modes(camera, false), yuyv = count_modes(camera, true);
    uint8_t formats = (uint8_t)((mjpeg > 0) + (yuyv > 0)), number = 0;
    uint8_t *head = APPEND(9, 2, 0, 0, 2, 1, 0, 0x80, 250);
    APPEND(8, 0x0b, 0, 2, 0x0e, 3, 0, 2);                        /* association */
    APPEND(9, 4, 0, 0, 0, 0x0e, 1, 0, 2);                        /* interface: VideoControl */
    APPEND(13, 0x24, 1, 0, 1, 40, 0, 0x80, 0x8d, 0x5b, 0, 1, 1); /* header of 13 + 18 + 9 bytes */
    APPEND(18, 0x24, 2, 1, 1, 2, 0, 0, 0, 0, 0, 0, 0, 0, 3, 0, 0, 0); /* input: a camera */
    APPEND(9, 0x24, 3, 2, 1, 1, 0, 1, 0);                             /* output: USB */
    APPEND(9, 4, 1, 0, 1, 0x0e, 2, 0, 0);                             /* VideoStreaming */
    uint8_t *stream = camera->configuration + camera->configuration_bytes;
    const uint8_t input[] = {0x24, 1, formats, 0, 0, 0x81, 0, 2, 0, 0, 0, 1};
    append(camera, &(uint8_t){(uint8_t)(sizeof input + 1 + formats)}, 1);
    append(camera, input, sizeof input);
    append(camera, (const uint8_t[2]){0}, formats); /* no controls of either format */
    if (mjpeg > 0) {
        number++;
        APPEND(11, 0x24, 6, number, mjpeg, 1, 1, 0, 0, 0, 0);
        append_frames(camera, false);
    }
    if (yuyv > 0) {
        number++;
        APPEND(27, 0x24, 4, number, yuyv, 'Y', 'U', 'Y', '2', 0, 0, 0x10, 0, 0x80, 0, 0, 0xaa, 0,
               0x38, 0x9b, 0x71, 16, 1, 0, 0, 0, 0);
        append_frames(camera, true);
    }
    put(stream + 4, (uint32_t)(camera->configuration + camera->configuration_bytes - stream), 2);
    APPEND(7, 5, 0x81, 2, 0, 2, 0); /* bulk endpoint 1, 512 bytes a packet */
    put(head + 2, (uint32_t)camera->configuration_bytes, 2);
}

/* ---- control transfers ---- */

/* Makes a wish one that can be had. */
static void settle(const struct uvc_camera *camera, uint8_t *probe)
{
    const struct uvc_mode *mode = find_mode(camera, probe[2], probe[3]);
    if (mode == NULL) {
        probe[2] = probe[3] = 1;
        mode = find_mode(camera, 1, 1);
    }
    put(probe + 4, 10000000 / camera->fps, 4);
    put(probe + 18, mode->frame_bytes, 4);
    put(probe + 22, UVC_PAYLOAD_BYTES, 4);
}

/* FILLS bytes with a descriptor; its length, 0: there is none. */
static size_t descriptor(const struct uvc_camera *camera, unsigned kind, unsigned index,
                         uint8_t *bytes)
{
    const uint8_t device[18] = {18,   1,    0,    2,    0xef, 2, 1, 64, 0x09,
                                0x12, 0x01, 0x00, 0x00, 1,    1, 2, 3,  1};
    char serial[8];
    snprintf(serial, sizeof serial, "%04u", camera->number);
    const char *texts[] = {"", "rig", "Rig USB camera", serial};
    if (kind == 1) {
        memcpy(bytes, device, sizeof device);
        return sizeof device;
    }
    if (kind == 2) {
        memcpy(bytes, camera->configuration, camera->configuration_bytes);
        return camera->configuration_bytes;
    }
    if (kind != 3 || index >= sizeof texts / sizeof texts[0])
        return 0;
    const char *text = texts[index];
    size_t length = index == 0 ? 4 : 2 + 2 * strlen(text);
    memcpy(bytes, (const uint8_t[]){(uint8_t)length, 3, 9, 4}, 4); /* text 0: English */
    for (size_t i = 0; text[i] != '\0'; i++)
        put(bytes + 2 + 2 * i, (uint8_t)text[i], 2);
    return length;
}

/* Reading or setting what is probed and committed; the answer's length. */
static size_t stream_control(struct uvc_camera *camera, unsigned request, const uint8_t *sent,
                             size_t sent_bytes, uint8_t *bytes)
{
    switch (request) {
    case SET_CUR:
        memcpy(camera->probe, sent, sent_bytes < UVC_PROBE_BYTES ? sent_bytes : UVC_PROBE_BYTES);
        settle(camera, camera->probe);
        return 0;
    case GET_LEN:
        put(bytes, UVC_PROBE_BYTES, 2);
        return 2;
    case GET_INFO:
        bytes[0] = 3; /* may be read and set */
        return 1;
    default: /* current, least, most, default */
        memcpy(bytes, camera->probe, UVC_PROBE_BYTES);
        if (request != GET_CUR)
            settle(camera, bytes);
        return UVC_PROBE_BYTES;
    }
}

int uvc_control(struct uvc_camera *camera, const uint8_t *setup, const uint8_t *sent,
                size_t sent_bytes, uint8_t *answer)
{
    unsigned type = setup[0], request = setup[1], value = setup[3], target = setup[4];
    size_t length;
    memset(answer, 0, UVC_ANSWER_BYTES);
    if (type == 0x80 && request == 6)
        return (length = descriptor(camera, value, setup[2], answer)) > 0 ? (int)length : -1;
    if (type == 0x80 && request == 0)
        return 2; /* status: zeros */
    if ((type & 0x7f) == 0x21 && target == 1 && (value == 1 || value == 2))
        return (int)stream_control(camera, request, sent, sent_bytes, answer);
    /* Configuration, interface and feature may be set, and mean nothing here. */
    return (type & 0xe0) == 0 ? 0 : -1;
}

const struct uvc_mode *uvc_current_mode(const struct uvc_camera *camera)
{
    return find_mode(camera, camera->probe[2], camera->probe[3]);
}

void uvc_prepare(struct uvc_camera *camera)
{
    camera->configuration_bytes = 0;
    make_configuration(camera);
    settle(camera, camera->probe);
}
