/* source.h - one iterator over what a verb is given: pictures, folders of them (sorted,
 * without hidden files and inner folders) and clips. A file that cannot be read is reported and
 * skipped.
 */
#ifndef APP_SOURCE_H
#define APP_SOURCE_H

#include "app/input/clip.h"

struct app_frame {
    const struct fid_picture *picture; /* the source's; until the next call */
    const char *file;                  /* the path; the source's, until the next call */
    long frame;                        /* number in its clip, -1 for a picture */
    bool first;                        /* of its clip */
    long expected;                     /* frames of its clip, approximately; 0: unknown */
};

struct app_source;

bool app_is_folder(const char *path);

/* How many files the paths name, with those in folders, for the progress bar. */
size_t app_source_count(char *const *paths, size_t count);

/* paths: count of them, borrowed. FID_NO_MEMORY. */
enum fid_status app_source_open(char *const *paths, size_t count,
                                const struct app_clip_options *options, struct app_source **source,
                                struct fid_error *error);

/* FILLS frame; at the end frame->picture is NULL. A status other than FID_OK concerns one file,
 * frame->file: the next call continues after it. */
enum fid_status app_source_next(struct app_source *source, struct app_frame *frame,
                                struct fid_error *error);
void app_source_close(struct app_source **source);

/* FILLS out with "file" or, for a clip, "file#12". */
void app_frame_name(const struct app_frame *frame, char *out, size_t bytes);

/* Reads "A:B", "A:" or ":B" (frames counted from 0, both ends included) into the options. */
bool app_frames_parse(const char *text, struct app_clip_options *options);

#endif
