/* camera.h - where live frames come from: a table of backends, the cameras of this machine, and the
 * choice of one of them and of its format.
 *
 * A camera is opened, read from and closed by one thread. */
#ifndef APP_CAMERA_H
#define APP_CAMERA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "app/error.h"
#include "engine/fid.h"

/* ---- one open camera ---- */

struct app_camera_request { /* zeros: the program's choice */
    const char *where; /* index, path, by-id path or part of a name; file, folder, URL or "-" */
    int width, height; /* wanted frame size */
    double fps;
    bool loop; /* start a clip or folder again at its end */
    /* After a loss: the camera with this name (and on this bus, if several have it), if `where`
     * is a /dev/videoN, since N may change when it is plugged in again. NULL: the first opening. */
    const char *name, *bus;
};

enum app_camera_result {
    APP_CAMERA_FRAME,   /* a picture was filled in */
    APP_CAMERA_DROPPED, /* a frame came, but damaged; the next one may be good */
    APP_CAMERA_SILENT,  /* nothing came within the time limit */
    APP_CAMERA_LOST,    /* unplugged, or the driver gave up: close it */
    APP_CAMERA_END      /* the source has no more frames */
};

struct app_camera_drops { /* dropped frames, by reason */
    uint64_t flagged;     /* the driver marked them as damaged */
    uint64_t short_bytes; /* fewer bytes than the format needs, or no end */
    uint64_t undecodable; /* MJPEG that does not decode, or only partly */
    uint64_t wrong_size;  /* not of the stream's size */
};

uint64_t app_camera_drops_total(const struct app_camera_drops *drops);
/* FILLS text with "2 short, 1 of wrong size", for the reasons that occurred; "" for none. */
void app_camera_drops_text(const struct app_camera_drops *drops, char *text, size_t bytes);

struct app_camera {
    const struct app_camera_backend *backend;
    void *state;       /* the backend's own */
    char name[64];     /* for messages: "Rig USB camera" */
    char bus[64];      /* where it is plugged in; "" for files */
    char path[288];    /* the device, for messages; of a URL without its login */
    char where[288];   /* names the same device after a replug, where udev provides it */
    char format[8];    /* "MJPG", "YUYV"; "" for files and streams */
    int width, height; /* as set by the driver; 0 for files, whose pictures differ */
    double fps;        /* as set by the driver, or stated by a stream from its first frame on;
                          0: unknown */
    bool live;         /* frames arrive in real time, and late ones may be dropped */
    bool remote;       /* a loss may last: retries become less frequent */
    struct app_camera_drops drops;
};

struct app_camera_backend {
    const char *name;
    /* Opens and starts it: FILLS *camera. After a failure *camera is zero. FID_NOT_FOUND: no such
     * camera or file; FID_IO: refused by the system; FID_BUSY: used by another program;
     * FID_UNSUPPORTED: it offers no format that we read. */
    enum fid_status (*open)(struct app_camera *camera, const struct app_camera_request *request,
                            struct fid_error *error);
    /* Waits at most timeout_ms for a frame. On APP_CAMERA_FRAME frame and *captured_ns
     * (CLOCK_MONOTONIC) are filled; on APP_CAMERA_DROPPED and _LOST error says why. */
    enum app_camera_result (*read)(struct app_camera *camera, int timeout_ms,
                                   struct fid_frame *frame, uint64_t *captured_ns,
                                   struct fid_error *error);
    void (*close)(struct app_camera *camera); /* takes a zero camera; leaves it zero */
};

extern const struct app_camera_backend app_camera_v4l2;  /* camera_v4l2.c */
extern const struct app_camera_backend app_camera_clip;  /* camera_clip.c: clips, rtsp:// */
extern const struct app_camera_backend app_camera_stdin; /* camera_stdin.c: MJPEG, Y4M, PPM */
extern const struct app_camera_backend app_camera_files; /* camera_files.c: pictures, folders */

/* The backend for what --camera (NULL: the first camera) or --input names; NULL: there is none,
 * error says why. */
const struct app_camera_backend *app_camera_backend(const char *where, bool input,
                                                    struct fid_error *error);

/* ---- the cameras of this machine ---- */

struct app_camera_mode {
    uint32_t fourcc; /* V4L2_PIX_FMT_... */
    int width, height;
    double fps; /* the highest; 0: unknown */
};

struct app_camera_info {
    int index;         /* N of /dev/videoN */
    char path[64];     /* /dev/videoN */
    char id_path[288]; /* /dev/v4l/by-id/...: stays the same over reboots; "" if there is none */
    char name[64];
    char bus[64];
    char driver[32];
    bool readable; /* false: this user may not open it, and name, bus and modes are empty */
    struct app_camera_mode *modes;
    size_t mode_count;
};

struct app_camera_list {
    struct app_camera_info *cameras; /* in order of index */
    size_t count;
};

/* FILLS the list with the capture devices, without metadata and output nodes. It is empty on
 * a machine without cameras. FID_NO_MEMORY. */
enum fid_status app_camera_list_open(struct app_camera_list *list, struct fid_error *error);
void app_camera_list_close(struct app_camera_list *list); /* leaves it empty */

/* Is `where` a whole number, the N of /dev/videoN? */
bool app_camera_is_index(const char *where);

/* Does `where` name this camera: by index, path, by-id path or part of its name (any case)? */
bool app_camera_matches(const struct app_camera_info *camera, const char *where);

/* Finds the one camera that `where` (NULL: any) means. FID_NOT_FOUND; FID_INVALID if a part
 * of a name fits several. */
enum fid_status app_camera_find(const struct app_camera_list *list, const char *where,
                                const struct app_camera_info **camera, struct fid_error *error);

/* Finds a lost camera: the only one with this name, or of several the one on this bus. NULL:
 * it has not come back. */
const struct app_camera_info *app_camera_find_again(const struct app_camera_list *list,
                                                    const char *name, const char *bus);

/* Is there a device that `where` may mean? Looks at names only and opens nothing, so that it
 * can refuse at once. FID_NOT_FOUND. */
enum fid_status app_camera_present(const char *where, struct fid_error *error);

/* The mode to ask for: a rate of at least request->fps (25) first, then the size nearest to the
 * wanted one (1280 x 720), then the format: raw for small frames, MJPEG for large ones, which USB
 * carries better; gray only if its rate or size makes up for the missing color. NULL if no mode
 * has a format that we read. */
const struct app_camera_mode *app_camera_choose(const struct app_camera_mode *modes, size_t count,
                                                const struct app_camera_request *request);

/* Four characters of a format, terminated. */
void app_fourcc_text(uint32_t fourcc, char text[5]);

/* ---- the bytes of a V4L2 frame (camera_frame.c) ---- */

struct app_frame_layout { /* as the driver set it */
    uint32_t fourcc;
    int width, height;
    size_t stride_bytes; /* of the first plane; unused for MJPEG */
    bool full_range, bt709;
};

bool app_fourcc_is_read(uint32_t fourcc);  /* can we read this format? */
bool app_fourcc_is_mjpeg(uint32_t fourcc); /* MJPG or JPEG */
/* The least size of a frame in bytes; 0 for MJPEG. */
size_t app_frame_bytes(const struct app_frame_layout *layout);
/* Turns the bytes of one frame into *frame: FRAME, or DROPPED, which *drops counts by reason. */
enum app_camera_result app_frame_take(const struct app_frame_layout *layout, uint8_t *bytes,
                                      size_t count, struct fid_frame *frame,
                                      struct app_camera_drops *drops, struct fid_error *error);

/* ---- V4L2 by ioctl, shared by the list and the backend (camera_v4l2_query.c) ---- */

/* ioctl, repeated if a signal interrupts it. */
int app_v4l2_ioctl(int fd, unsigned long request, void *argument);

/* FILLS name, driver, bus and modes of an open device; false if it is not a streaming capture
 * device. */
bool app_v4l2_describe(int fd, struct app_camera_info *info);

/* FILLS text with "'cheese' (process 1234)", a process that has the device open; false: none that
 * we may see. (camera_holder.c) */
bool app_camera_holder(const char *path, char *text, size_t bytes);

#endif
