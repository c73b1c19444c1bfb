/* source.c - walks over the arguments of a verb: pictures, folders and clips, one frame at a
 * time. */
#include "app/input/source.h"
#include "app/error.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

struct app_source {
    char *const *paths; /* borrowed */
    size_t path_count, path;
    struct app_clip_options options;
    struct dirent **entries; /* of the current folder, owned */
    int entry_count, entry;
    bool barren; /* only folders were found in it so far */
    char *file;  /* path of the current file, owned */
    struct app_clip *clip;
    bool clip_begins;
    struct fid_picture picture;
};

static enum fid_status fail_file(struct fid_error *error, enum fid_status status, const char *path,
                                 const char *reason)
{
    return app_error(error, status, "%.300s cannot be read: %s", path, reason);
}

static enum fid_status fail_barren(struct fid_error *error, const char *folder)
{
    return app_error(error, FID_NOT_FOUND,
                     "%.300s: no JPEG, PNG or clip in it (folders inside are not searched)",
                     folder);
}

enum fid_status app_source_open(char *const *paths, size_t count,
                                const struct app_clip_options *options, struct app_source **source,
                                struct fid_error *error)
{
    *source = calloc(1, sizeof **source);
    if (*source == NULL)
        return fail_file(error, FID_NO_MEMORY, paths[0], "no memory");
    (*source)->paths = paths;
    (*source)->path_count = count;
    (*source)->options = *options;
    return FID_OK;
}

static void leave_folder(struct app_source *source)
{
    for (int i = 0; i < source->entry_count; i++)
        free(source->entries[i]);
    free(source->entries);
    source->entries = NULL;
    source->entry_count = source->entry = 0;
}

void app_source_close(struct app_source **source)
{
    if (*source == NULL)
        return;
    leave_folder(*source);
    app_clip_close(&(*source)->clip);
    fid_picture_free(&(*source)->picture);
    free((*source)->file);
    free(*source);
    *source = NULL;
}

static int is_visible(const struct dirent *entry)
{
    return entry->d_name[0] != '.';
}

bool app_is_folder(const char *path)
{
    struct stat info;
    return stat(path, &info) == 0 && S_ISDIR(info.st_mode);
}

size_t app_source_count(char *const *paths, size_t count)
{
    size_t files = 0;
    for (size_t i = 0; i < count; i++) {
        DIR *folder = opendir(paths[i]);
        if (folder == NULL) {
            files++;
            continue;
        }
        for (const struct dirent *entry; (entry = readdir(folder)) != NULL;)
            files += is_visible(entry) && entry->d_type != DT_DIR;
        closedir(folder);
    }
    return files;
}

/* Moves to the next path to read; false at the end. Folders inside folders are skipped. */
static bool next_file(struct app_source *source, struct fid_error *error, enum fid_status *status)
{
    *status = FID_OK;
    for (;;) {
        free(source->file);
        source->file = NULL;
        if (source->entry < source->entry_count) {
            const char *folder = source->paths[source->path - 1];
            size_t length = strlen(folder);
            if (asprintf(&source->file, "%s%s%s", folder, folder[length - 1] == '/' ? "" : "/",
                         source->entries[source->entry++]->d_name) < 0)
                source->file = NULL;
            if (source->file != NULL && app_is_folder(source->file))
                continue;
            source->barren = false;
            break;
        }
        leave_folder(source);
        if (source->barren) {
            source->barren = false;
            source->file = strdup(source->paths[source->path - 1]);
            *status = fail_barren(error, source->paths[source->path - 1]);
            return true;
        }
        if (source->path == source->path_count)
            return false;
        source->file = strdup(source->paths[source->path++]);
        if (source->file == NULL || !app_is_folder(source->file))
            break;
        source->entry_count = scandir(source->file, &source->entries, is_visible, alphasort);
        if (source->entry_count < 0) {
            source->entry_count = 0;
            *status = fail_file(error, FID_IO, source->file, strerror(errno));
            return true;
        }
        source->barren = true;
    }
    if (source->file == NULL)
        *status = fail_file(error, FID_NO_MEMORY, "a file", "no memory");
    return true;
}

static bool is_clip(const char *path)
{
    uint8_t bytes[192];
    FILE *file = fopen(path, "rbe");
    if (file == NULL)
        return false; /* the picture reader says why */
    size_t count = fread(bytes, 1, sizeof bytes, file);
    fclose(file);
    return app_clip_looks_like(bytes, count);
}

/* Reading a pipe or device might never end. */
static enum fid_status check_regular(const char *path, struct fid_error *error)
{
    struct stat info;
    if (stat(path, &info) != 0)
        return fail_file(error, errno == ENOENT ? FID_NOT_FOUND : FID_IO, path, strerror(errno));
    return S_ISREG(info.st_mode) ? FID_OK
                                 : fail_file(error, FID_INVALID, path, "not a file or folder");
}

enum fid_status app_source_next(struct app_source *source, struct app_frame *frame,
                                struct fid_error *error)
{
    enum fid_status status;
    *frame = (struct app_frame){.frame = -1};
    for (;;) {
        if (source->clip != NULL) {
            frame->file = source->file;
            status = app_clip_next(source->clip, &source->picture, &frame->frame, error);
            if (status == FID_OK && frame->frame >= 0) {
                frame->picture = &source->picture;
                frame->first = source->clip_begins;
                frame->expected = app_clip_expected(source->clip);
                source->clip_begins = false;
                return FID_OK;
            }
            app_clip_close(&source->clip);
            if (status != FID_OK)
                return status;
        }
        if (!next_file(source, error, &status)) {
            frame->file = NULL;
            return FID_OK;
        }
        frame->file = source->file;
        if (status == FID_OK)
            status = check_regular(source->file, error);
        if (status == FID_OK && is_clip(source->file)) {
            status = app_clip_open(source->file, &source->options, &source->clip, error);
            source->clip_begins = true;
            if (status == FID_OK)
                continue;
        } else if (status == FID_OK) {
            status = fid_picture_load(source->file, &source->picture, error);
            frame->picture = status == FID_OK ? &source->picture : NULL;
        }
        return status;
    }
}

void app_frame_name(const struct app_frame *frame, char *out, size_t bytes)
{
    if (frame->frame >= 0)
        snprintf(out, bytes, "%s#%ld", frame->file, frame->frame);
    else
        snprintf(out, bytes, "%s", frame->file);
}

bool app_frames_parse(const char *text, struct app_clip_options *options)
{
    char *end;
    const long most = 100000000;
    options->first = 0;
    options->last = -1;
    if (text[0] != ':')
        options->first = strtol(text, &end, 10);
    else
        end = (char *)text;
    if (*end != ':' || options->first < 0 || options->first > most)
        return false;
    text = end + 1;
    if (*text == '\0')
        return true;
    options->last = strtol(text, &end, 10);
    return *end == '\0' && end != text && options->last >= options->first && options->last <= most;
}
