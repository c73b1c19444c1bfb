/* Which camera is meant and which of its formats is taken, for cameras that nobody here has. */
#include "app/error.c"
#include "app/input/camera.c"
#include "app/input/camera_frame.c"
#include "app/input/camera_holder.c"
#include "app/input/camera_select.c"
#include "tests/check/check.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#define MODE(format, w, h, rate)                                                    \
    {                                                                               \
        .fourcc = V4L2_PIX_FMT_##format, .width = (w), .height = (h), .fps = (rate) \
    }

static struct app_camera_info cameras[] = {
    {.index = 0, .path = "/dev/video0", .name = "Integrated Camera: Front", .readable = true},
    {.index = 2, .path = "/dev/video2", .name = "HD Pro Webcam C920", .readable = true},
    {.index = 10, .path = "/dev/video10", .name = "HD Pro Webcam C920", .readable = true},
};
static const struct app_camera_list three = {cameras, 3};

static int found(const char *where, enum fid_status *status)
{
    const struct app_camera_info *camera;
    struct fid_error error = {0};
    *status = app_camera_find(&three, where, &camera, &error);
    if (*status != FID_OK) {
        CHECK(camera == NULL);
        CHECK_THAT(strstr(error.text, "faceid cameras") != NULL, "no way out in '%s'", error.text);
        return -1;
    }
    return camera->index;
}

static void is_found_by_index_path_and_name(void)
{
    enum fid_status status;
    CHECK(found(NULL, &status) == 0);
    CHECK(found("2", &status) == 2);
    CHECK(found("10", &status) == 10);
    CHECK(found("/dev/video10", &status) == 10);
    CHECK(found("integrated", &status) == 0);
    CHECK(found("1", &status) == -1 && status == FID_NOT_FOUND);
    CHECK(found("/dev/video1", &status) == -1 && status == FID_NOT_FOUND);
    CHECK(found("Logitech", &status) == -1 && status == FID_NOT_FOUND);
    CHECK(found("C920", &status) == -1 && status == FID_INVALID);
}

static void is_found_through_a_link(void)
{
    struct app_camera_info camera = {.index = 3};
    char link[512];
    snprintf(camera.path, sizeof camera.path, "%s/video3", check_temp_folder());
    snprintf(link, sizeof link, "%s/usb-Maker_Camera-index0", check_temp_folder());
    FILE *file = fopen(camera.path, "w");
    REQUIRE(file != NULL);
    fclose(file);
    REQUIRE(symlink(camera.path, link) == 0);
    CHECK(app_camera_matches(&camera, link));
    CHECK(!app_camera_matches(&camera, "/dev/null"));
}

static void no_camera_at_all(void)
{
    const struct app_camera_list none = {0};
    const struct app_camera_info *camera = cameras;
    struct fid_error error;
    CHECK(app_camera_find(&none, NULL, &camera, &error) == FID_NOT_FOUND);
    CHECK(camera == NULL);
}

/* Two cameras of one name: only the bus tells them apart after a replug. */
static void a_lost_camera_is_found_again(void)
{
    struct app_camera_info now[] = {
        {.index = 0, .path = "/dev/video0", .name = "Front", .bus = "usb-1"},
        {.index = 1, .path = "/dev/video1", .name = "C920", .bus = "usb-2"},
        {.index = 5, .path = "/dev/video5", .name = "C920", .bus = "usb-3"},
    };
    const struct app_camera_list list = {now, 3};
    CHECK(app_camera_find_again(&list, "C920", "usb-3") == &now[2]);
    CHECK(app_camera_find_again(&list, "C920", "usb-2") == &now[1]);
    CHECK(app_camera_find_again(&list, "C920", "usb-9") == NULL);
    CHECK(app_camera_find_again(&list, "Front", "usb-9") == &now[0]); /* in another socket */
    CHECK(app_camera_find_again(&list, "Other", "usb-1") == NULL);
    CHECK(app_camera_find_again(&(struct app_camera_list){0}, "Front", "usb-1") == NULL);
}

/* By the name that the system has for it, which is the emulator's where one runs the test: so the
 * process is given one. */
static void the_holder_is_named(void)
{
    char path[512], text[128], want[64];
    REQUIRE(prctl(PR_SET_NAME, "a holder") == 0); /* the child's too */
    snprintf(path, sizeof path, "%s/held", check_temp_folder());
    int file = open(path, O_CREAT | O_RDWR, 0600);
    REQUIRE(file >= 0);
    CHECK(!app_camera_holder(path, text, sizeof text)); /* we ourselves do not count */
    pid_t child = fork();
    REQUIRE(child >= 0);
    if (child == 0) {
        pause();
        _exit(0);
    }
    CHECK(app_camera_holder(path, text, sizeof text));
    snprintf(want, sizeof want, "'a holder' (process %ld)", (long)child);
    CHECK_THAT(strcmp(text, want) == 0, "said %s", text);
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
    CHECK(!app_camera_holder(path, text, sizeof text));
    CHECK(!app_camera_holder("/dev/nothing", text, sizeof text));
    close(file);
}

/* Chosen mode as "MJPG 1280x720". */
static const char *chosen(const struct app_camera_mode *modes, size_t count,
                          struct app_camera_request request)
{
    static char text[64];
    const struct app_camera_mode *mode = app_camera_choose(modes, count, &request);
    if (mode == NULL)
        return "none";
    char format[5];
    app_fourcc_text(mode->fourcc, format);
    snprintf(text, sizeof text, "%s %dx%d", format, mode->width, mode->height);
    return text;
}

#define CHOOSES(want, modes, ...)                                           \
    do {                                                                    \
        const char *got = chosen(modes, sizeof(modes) / sizeof(modes)[0],   \
                                 (struct app_camera_request){__VA_ARGS__}); \
        CHECK_THAT(strcmp(got, want) == 0, "chose %s, not %s", got, want);  \
    } while (0)

/* A USB 2 webcam: raw 1280 x 720 does not get through faster than ten a second. */
static const struct app_camera_mode usb2[] = {
    MODE(YUYV, 640, 480, 30),  MODE(YUYV, 1280, 720, 10),  MODE(YUYV, 1920, 1080, 5),
    MODE(MJPEG, 640, 480, 30), MODE(MJPEG, 1280, 720, 30), MODE(MJPEG, 1920, 1080, 30),
};

static void rate_comes_before_size_and_size_before_format(void)
{
    CHOOSES("MJPG 1280x720", usb2, .fps = 0);
    CHOOSES("YUYV 640x480", usb2, .width = 640, .height = 480);
    CHOOSES("MJPG 1920x1080", usb2, .width = 4000, .height = 3000);
    CHOOSES("YUYV 640x480", usb2, .width = 100, .height = 80);
    CHOOSES("MJPG 1920x1080", usb2, .width = 1920, .height = 1080, .fps = 5);
}

static void large_frames_come_as_mjpeg(void)
{
    static const struct app_camera_mode usb3[] = {MODE(YUYV, 1280, 720, 60),
                                                  MODE(MJPEG, 1280, 720, 60)};
    CHOOSES("MJPG 1280x720", usb3, .fps = 30);
}

static void slow_camera_is_still_a_camera(void)
{
    static const struct app_camera_mode slow[] = {MODE(YUYV, 1280, 1024, 7.5),
                                                  MODE(YUYV, 640, 480, 15)};
    static const struct app_camera_mode silent[] = {MODE(YUYV, 320, 240, 0),
                                                    MODE(YUYV, 800, 600, 0)};
    CHOOSES("YUYV 640x480", slow, .fps = 0);
    CHOOSES("YUYV 800x600", silent, .fps = 0);
}

static void every_format_that_is_read_is_taken(void)
{
    static const struct app_camera_mode modes[][1] = {
        {MODE(MJPEG, 640, 480, 30)},  {MODE(JPEG, 640, 480, 30)},  {MODE(YUYV, 640, 480, 30)},
        {MODE(UYVY, 640, 480, 30)},   {MODE(NV12, 640, 480, 30)},  {MODE(YUV420, 640, 480, 30)},
        {MODE(YVU420, 640, 480, 30)}, {MODE(RGB24, 640, 480, 30)}, {MODE(GREY, 640, 480, 30)}};
    for (size_t i = 0; i < sizeof modes / sizeof modes[0]; i++)
        CHECK(app_camera_choose(modes[i], 1, &(struct app_camera_request){0}) == modes[i]);
}

/* Colors are worth more than a format's habit, less than the rate. */
static void gray_is_taken_where_it_is_much_better(void)
{
    static const struct app_camera_mode both[] = {MODE(GREY, 640, 480, 30),
                                                  MODE(MJPEG, 640, 480, 30)};
    static const struct app_camera_mode faster[] = {MODE(GREY, 640, 480, 30),
                                                    MODE(YUYV, 640, 480, 5)};
    static const struct app_camera_mode larger[] = {MODE(GREY, 1280, 720, 30),
                                                    MODE(YUYV, 160, 120, 30)};
    CHOOSES("MJPG 640x480", both, .width = 640, .height = 480);
    CHOOSES("GREY 640x480", faster, .width = 640, .height = 480);
    CHOOSES("GREY 1280x720", larger, .fps = 0);
}

static void unknown_formats_are_passed_over(void)
{
    static const struct app_camera_mode others[] = {MODE(H264, 1280, 720, 30),
                                                    MODE(SBGGR8, 640, 480, 30)};
    static const struct app_camera_mode mixed[] = {MODE(H264, 1280, 720, 30), MODE(YUYV, 0, 0, 30),
                                                   MODE(YUYV, 160, 120, 30)};
    CHOOSES("none", others, .fps = 0);
    CHOOSES("YUYV 160x120", mixed, .fps = 0);
    CHECK(app_camera_choose(NULL, 0, &(struct app_camera_request){0}) == NULL);
}

static void format_names_are_printable(void)
{
    char text[5];
    app_fourcc_text(V4L2_PIX_FMT_YUYV, text);
    CHECK(strcmp(text, "YUYV") == 0);
    app_fourcc_text(0x41001b80u, text);
    CHECK(strcmp(text, "...A") == 0);
}

CHECK_MAIN(CHECK_CASE(is_found_by_index_path_and_name), CHECK_CASE(is_found_through_a_link),
           CHECK_CASE(no_camera_at_all), CHECK_CASE(rate_comes_before_size_and_size_before_format),
           CHECK_CASE(large_frames_come_as_mjpeg), CHECK_CASE(slow_camera_is_still_a_camera),
           CHECK_CASE(unknown_formats_are_passed_over), CHECK_CASE(format_names_are_printable),
           CHECK_CASE(every_format_that_is_read_is_taken),
           CHECK_CASE(gray_is_taken_where_it_is_much_better),
           CHECK_CASE(a_lost_camera_is_found_again), CHECK_CASE(the_holder_is_named))
