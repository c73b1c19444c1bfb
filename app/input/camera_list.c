/* camera_list.c - the cameras of this machine: /dev/video*, and the names under /dev/v4l/by-id,
 * which stay the same when a replug or a reboot changes the numbers. */
#include "app/input/camera.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define ID_FOLDER  "/dev/v4l/by-id"
#define SYS_FOLDER "/sys/class/video4linux"

static void find_id_path(struct app_camera_info *info)
{
    DIR *folder = opendir(ID_FOLDER);
    if (folder == NULL)
        return;
    for (struct dirent *entry; (entry = readdir(folder)) != NULL;) {
        char link[sizeof info->id_path];
        if (entry->d_name[0] == '.' ||
            snprintf(link, sizeof link, ID_FOLDER "/%s", entry->d_name) >= (int)sizeof link)
            continue;
        char *target = realpath(link, NULL);
        if (target != NULL && strcmp(target, info->path) == 0)
            memcpy(info->id_path, link, sizeof link);
        free(target);
    }
    closedir(folder);
}

/* FILLS info; false if the node is not a camera or has gone meanwhile. */
static bool look_at(int index, struct app_camera_info *info)
{
    *info = (struct app_camera_info){.index = index};
    snprintf(info->path, sizeof info->path, "/dev/video%d", index);
    int fd = open(info->path, O_RDWR | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0) {
        if (errno != EACCES && errno != EPERM)
            return false;
        find_id_path(info); /* listed anyway, so that we can say why it does not open */
        return true;
    }
    bool camera = app_v4l2_describe(fd, info);
    close(fd);
    if (camera)
        find_id_path(info);
    return camera;
}

/* N of "videoN", -1 for other names. */
static int video_index(const char *name)
{
    int index, end = 0;
    return sscanf(name, "video%4d%n", &index, &end) == 1 && name[end] == '\0' ? index : -1;
}

static int by_index(const void *a, const void *b)
{
    const struct app_camera_info *first = a, *second = b;
    return (first->index > second->index) - (first->index < second->index);
}

enum fid_status app_camera_list_open(struct app_camera_list *list, struct fid_error *error)
{
    *list = (struct app_camera_list){0};
    DIR *folder = opendir("/dev");
    if (folder == NULL)
        return FID_OK;
    enum fid_status status = FID_OK;
    for (struct dirent *entry; status == FID_OK && (entry = readdir(folder)) != NULL;) {
        struct app_camera_info info;
        int index = video_index(entry->d_name);
        if (index < 0 || !look_at(index, &info))
            continue;
        struct app_camera_info *cameras =
            realloc(list->cameras, (list->count + 1) * sizeof *cameras);
        if (cameras == NULL) {
            free(info.modes);
            status = app_error(error, FID_NO_MEMORY, "no memory for the list of cameras");
            break;
        }
        list->cameras = cameras;
        cameras[list->count++] = info;
    }
    closedir(folder);
    if (status != FID_OK)
        app_camera_list_close(list);
    else if (list->count > 1)
        qsort(list->cameras, list->count, sizeof *list->cameras, by_index);
    return status;
}

void app_camera_list_close(struct app_camera_list *list)
{
    for (size_t i = 0; i < list->count; i++)
        free(list->cameras[i].modes);
    free(list->cameras);
    *list = (struct app_camera_list){0};
}

/* Does a device have this part in its name? The name is read from /sys, which does not wake the
 * camera up. True if there is no such folder: opening will show. */
static bool name_is_there(const char *part)
{
    DIR *folder = opendir(SYS_FOLDER);
    bool found = folder == NULL;
    for (struct dirent *entry; !found && (entry = readdir(folder)) != NULL;) {
        char path[300], name[64] = "";
        snprintf(path, sizeof path, SYS_FOLDER "/%s/name", entry->d_name);
        FILE *file = entry->d_name[0] != '.' ? fopen(path, "re") : NULL;
        if (file == NULL)
            continue;
        found = fgets(name, sizeof name, file) != NULL && strcasestr(name, part) != NULL;
        fclose(file);
    }
    if (folder != NULL)
        closedir(folder);
    return found;
}

static bool any_video_node(void)
{
    DIR *folder = opendir("/dev");
    bool found = false;
    for (struct dirent *entry; folder != NULL && (entry = readdir(folder)) != NULL;)
        found = found || video_index(entry->d_name) >= 0;
    if (folder != NULL)
        closedir(folder);
    return found;
}

enum fid_status app_camera_present(const char *where, struct fid_error *error)
{
    bool path = where != NULL && strchr(where, '/') != NULL;
    if (!path && !any_video_node())
        return app_error(error, FID_NOT_FOUND, "no camera was found; `faceid cameras` lists them");
    bool there = true;
    if (path) {
        there = access(where, F_OK) == 0 || errno == EACCES;
    } else if (where != NULL && app_camera_is_index(where)) {
        char node[sizeof((struct app_camera_info *)NULL)->path];
        snprintf(node, sizeof node, "/dev/video%.9s", where);
        there = access(node, F_OK) == 0;
    } else if (where != NULL) {
        there = name_is_there(where);
    }
    if (!there)
        return app_error(error, FID_NOT_FOUND,
                         "there is no camera '%s'; `faceid cameras` lists them", where);
    return FID_OK;
}
