/* usbcam.c - a USB Video Class camera made of software, plugged into the kernel it runs on.
 *
 *   usbcam [-r FPS] [-p PORT] WxH FILE... [+ FILE...]... [WxH FILE...]...
 *
 * It speaks USB/IP to vhci-hcd over a socket pair, so that the real uvcvideo driver enumerates it,
 * negotiates with it and makes /dev/videoN. The end of the process is the pull of the plug. FILEs
 * are its pictures, shown in a loop: *.yuyv as YUYV, others as MJPEG. A file may hold any bytes, so
 * that damaged frames are files too. SIGUSR1 goes on to the loop after the next +; SIGUSR2 freezes
 * it (nothing is sent, but it stays plugged in) and thaws it again. It says so on stdout: a word,
 * the seconds since boot and the seconds since 1970. It streams by bulk transfers.
 * Needs root and the modules vhci-hcd and uvcvideo. */
#include "tests/rigs/uvc.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define HEADER_BYTES 2 /* of each payload */
#define QUEUE_MAX    256

enum { CMD_SUBMIT = 1, CMD_UNLINK, RET_SUBMIT, RET_UNLINK }; /* USB/IP */

/* The words of a USB/IP header, in the order of the bytes of the net. */
struct packet {
    uint32_t command, sequence, device, in, endpoint;
    uint32_t flags_or_status, length, start_frame, packets, interval;
    uint8_t setup[8];
};

struct transfer { /* waits for pictures */
    uint32_t sequence, length;
};

static struct {
    struct uvc_camera uvc;
    unsigned port;
    int socket;
    struct transfer queue[QUEUE_MAX];
    size_t queued;
} camera = {.uvc.fps = 30};

static volatile sig_atomic_t loop_wanted, freeze_wanted;

static _Noreturn void die(const char *what)
{
    fprintf(stderr, "usbcam: %s: %s\n", what, strerror(errno));
    exit(2);
}

static int64_t now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_BOOTTIME, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void tell(const char *what)
{
    int64_t boot = now_ms();
    struct timespec utc;
    clock_gettime(CLOCK_REALTIME, &utc);
    printf("%s %d.%03d %lld.%03d\n", what, (int)(boot / 1000), (int)(boot % 1000),
           (long long)utc.tv_sec, (int)(utc.tv_nsec / 1000000));
    fflush(stdout);
}

static void on_signal(int number)
{
    if (number == SIGUSR1)
        loop_wanted++;
    else
        freeze_wanted = !freeze_wanted;
}

/* ---- the socket; its end is the end of the camera ---- */

static void send_all(const void *bytes, size_t count)
{
    for (const char *at = bytes; count > 0;) {
        ssize_t sent = send(camera.socket, at, count, MSG_NOSIGNAL);
        if (sent < 0 && errno == EINTR)
            continue;
        if (sent <= 0)
            exit(0);
        at += sent;
        count -= (size_t)sent;
    }
}

static void receive_all(void *bytes, size_t count)
{
    for (char *at = bytes; count > 0;) {
        ssize_t got = recv(camera.socket, at, count, 0);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            exit(0);
        at += got;
        count -= (size_t)got;
    }
}

/* Answers a submitted transfer; bytes NULL for one that went out. */
static void answer(uint32_t sequence, int status, const void *bytes, uint32_t length)
{
    struct packet packet = {.command = htonl(RET_SUBMIT),
                            .sequence = sequence,
                            .flags_or_status = htonl((uint32_t)status),
                            .length = htonl(length),
                            .packets = UINT32_MAX}; /* no isochronous ones */
    send_all(&packet, sizeof packet);
    if (bytes != NULL)
        send_all(bytes, length);
}

/* ---- what the kernel asks ---- */

static void serve_control(const struct packet *packet, const uint8_t *sent)
{
    uint8_t bytes[UVC_ANSWER_BYTES];
    uint32_t wanted = ntohl(packet->length);
    int length = uvc_control(&camera.uvc, packet->setup, sent, wanted, bytes);
    if (length < 0)
        answer(packet->sequence, -EPIPE, NULL, 0);
    else if (packet->in != 0)
        answer(packet->sequence, 0, bytes, (uint32_t)length < wanted ? (uint32_t)length : wanted);
    else
        answer(packet->sequence, 0, NULL, wanted);
}

static struct transfer take_transfer(size_t i)
{
    struct transfer taken = camera.queue[i];
    camera.queued--;
    memmove(camera.queue + i, camera.queue + i + 1, (camera.queued - i) * sizeof taken);
    return taken;
}

static void unlink_transfer(const struct packet *packet)
{
    int status = 0;
    for (size_t i = 0; i < camera.queued && status == 0; i++)
        if (camera.queue[i].sequence == packet->flags_or_status) { /* here: which */
            take_transfer(i);
            status = -ECONNRESET;
        }
    struct packet reply = {.command = htonl(RET_UNLINK),
                           .sequence = packet->sequence,
                           .flags_or_status = htonl((uint32_t)status)};
    send_all(&reply, sizeof reply);
}

/* True when the stream was stopped by it. */
static bool serve_packet(void)
{
    static uint8_t sent[65536];
    struct packet packet;
    receive_all(&packet, sizeof packet);
    if (ntohl(packet.command) == CMD_UNLINK) {
        unlink_transfer(&packet);
        return camera.queued == 0;
    }
    uint32_t endpoint = ntohl(packet.endpoint), length = ntohl(packet.length);
    if (packet.in == 0)
        receive_all(sent, length < sizeof sent ? length : sizeof sent);
    if (endpoint == 0)
        serve_control(&packet, sent);
    else if (endpoint == 1 && camera.queued < QUEUE_MAX)
        camera.queue[camera.queued++] = (struct transfer){packet.sequence, length};
    else
        answer(packet.sequence, -EPIPE, NULL, 0);
    return false;
}

/* ---- pictures ---- */

struct stream {
    const struct uvc_picture *picture; /* being sent; NULL: none */
    uint32_t sent;                     /* bytes of it */
    uint64_t frames;                   /* begun */
    unsigned loop;
    bool frozen;
    int64_t due_ms;
    uint8_t parity; /* tells a frame's payloads from the next one's */
};

/* Sends the next piece of the picture in the oldest transfer. */
static void send_piece(struct stream *stream)
{
    static uint8_t payload[UVC_PAYLOAD_BYTES];
    struct transfer transfer = take_transfer(0);
    uint32_t room = transfer.length < UVC_PAYLOAD_BYTES ? transfer.length : UVC_PAYLOAD_BYTES;
    uint32_t left = stream->picture->length - stream->sent;
    uint32_t piece = left < room - HEADER_BYTES ? left : room - HEADER_BYTES;
    bool last = piece == left;
    payload[0] = HEADER_BYTES;
    payload[1] = (uint8_t)(0x80 | stream->parity | (last ? 2 : 0));
    memcpy(payload + HEADER_BYTES, stream->picture->bytes + stream->sent, piece);
    answer(transfer.sequence, 0, payload, HEADER_BYTES + piece);
    stream->sent += piece;
    if (!last)
        return;
    stream->picture = NULL;
    stream->parity ^= 1;
}

/* Between two pictures: does what the signals want. */
static void obey(struct stream *stream)
{
    if (stream->frozen != (freeze_wanted != 0)) {
        stream->frozen = !stream->frozen;
        tell(stream->frozen ? "frozen" : "thawed");
    }
    if (stream->loop != (unsigned)loop_wanted) {
        stream->loop = (unsigned)loop_wanted;
        tell("next");
    }
}

/* Begins the next picture when it is due. */
static void next_picture(struct stream *stream)
{
    int64_t now = now_ms();
    if (now < stream->due_ms)
        return;
    stream->due_ms += 1000 / camera.uvc.fps;
    if (stream->due_ms < now - 200) /* late: no hurry afterwards */
        stream->due_ms = now;
    const struct uvc_mode *mode = uvc_current_mode(&camera.uvc);
    unsigned first = 0, count = 1; /* of the last loop that has begun: others may have no picture */
    for (unsigned i = 1; i < mode->picture_count; i++) {
        if (mode->pictures[i].loop == mode->pictures[first].loop) {
            count++;
        } else if (mode->pictures[i].loop <= stream->loop) {
            first = i;
            count = 1;
        }
    }
    stream->picture = &mode->pictures[first + stream->frames++ % count];
    stream->sent = 0;
}

static _Noreturn void run(void)
{
    struct stream stream = {0};
    for (bool was_wanted = false;;) {
        if (stream.picture == NULL)
            obey(&stream);
        bool wanted = camera.queued > 0 && !stream.frozen;
        if (wanted && !was_wanted && stream.due_ms < now_ms())
            stream.due_ms = now_ms();
        was_wanted = wanted;
        int64_t wait_ms = 100; /* a signal just before the call is noticed then */
        if (wanted)
            wait_ms = stream.picture != NULL ? 0 : stream.due_ms - now_ms();
        struct pollfd from = {.fd = camera.socket, .events = POLLIN};
        if (poll(&from, 1, wait_ms > 0 ? (int)wait_ms : 0) > 0) {
            if (serve_packet())
                stream.picture = NULL; /* the next start begins with a whole one */
        } else if (wanted && stream.picture == NULL) {
            next_picture(&stream);
        } else if (wanted) {
            send_piece(&stream);
        }
    }
}

/* ---- the start ---- */

static struct uvc_picture read_picture(const char *path)
{
    FILE *file = fopen(path, "rb");
    if (file == NULL || fseek(file, 0, SEEK_END) != 0)
        die(path);
    struct uvc_picture picture = {.length = (uint32_t)ftell(file)};
    rewind(file);
    picture.bytes = malloc(picture.length + 1);
    if (picture.bytes == NULL || fread(picture.bytes, 1, picture.length, file) != picture.length)
        die(path);
    fclose(file);
    return picture;
}

/* The mode of this size and kind, a new one if need be. */
static struct uvc_mode *mode_for(unsigned width, unsigned height, bool raw, size_t pictures_max)
{
    for (unsigned i = 0; i < camera.uvc.mode_count; i++) {
        struct uvc_mode *mode = &camera.uvc.modes[i];
        if (mode->width == width && mode->height == height && mode->raw == raw)
            return mode;
    }
    if (camera.uvc.mode_count == UVC_MODES_MAX) {
        errno = E2BIG;
        die("modes");
    }
    struct uvc_mode *mode = &camera.uvc.modes[camera.uvc.mode_count++];
    *mode = (struct uvc_mode){.raw = raw, .width = width, .height = height};
    mode->frame_bytes = raw ? width * height * 2 : 0;
    mode->pictures = calloc(pictures_max, sizeof *mode->pictures);
    if (mode->pictures == NULL)
        die("pictures");
    return mode;
}

static bool read_modes(int count, char **words)
{
    unsigned width = 0, height = 0, loop = 0;
    for (int i = 0; i < count; i++) {
        int end = 0;
        if (sscanf(words[i], "%5ux%5u%n", &width, &height, &end) == 2 && words[i][end] == '\0') {
            loop = 0;
            continue;
        }
        if (strcmp(words[i], "+") == 0) {
            loop++;
            continue;
        }
        if (width == 0 || height == 0)
            return false;
        const char *ending = strrchr(words[i], '.');
        bool raw = ending != NULL && strcmp(ending, ".yuyv") == 0;
        struct uvc_mode *mode = mode_for(width, height, raw, (size_t)count);
        struct uvc_picture picture = read_picture(words[i]);
        picture.loop = loop;
        if (picture.length > mode->frame_bytes)
            mode->frame_bytes = picture.length;
        mode->pictures[mode->picture_count++] = picture;
    }
    return camera.uvc.mode_count > 0;
}

static void plug_in(void)
{
    int sockets[2];
    if (socketpair(AF_UNIX, SOCK_STREAM, 0, sockets) != 0)
        die("socket pair");
    int attach = open("/sys/devices/platform/vhci_hcd.0/attach", O_WRONLY);
    char line[64]; /* port, socket, device, high speed */
    int length = snprintf(line, sizeof line, "%u %d %d 3", camera.port, sockets[1], 0x10002);
    if (attach < 0 || write(attach, line, (size_t)length) != length)
        die("attaching to vhci-hcd");
    close(attach);
    close(sockets[1]);
    camera.socket = sockets[0];
    tell("plugged");
}

int main(int argc, char **argv)
{
    bool good = true;
    for (int option; (option = getopt(argc, argv, "+r:p:")) != -1;) {
        unsigned value = optarg != NULL ? (unsigned)strtoul(optarg, NULL, 10) : 0;
        good = good && (option == 'p' || (option == 'r' && value > 0));
        *(option == 'p' ? &camera.port : &camera.uvc.fps) = value;
    }
    if (!good || !read_modes(argc - optind, argv + optind)) {
        fprintf(stderr, "usage: usbcam [-r FPS] [-p PORT] WxH FILE... [+ FILE...]... "
                        "[WxH FILE...]...\n");
        return 2;
    }
    camera.uvc.number = camera.port + 1;
    uvc_prepare(&camera.uvc);
    struct sigaction action = {.sa_handler = on_signal};
    sigaction(SIGUSR1, &action, NULL);
    sigaction(SIGUSR2, &action, NULL);
    plug_in();
    run();
}
