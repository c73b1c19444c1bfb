/* source_walk.h - the loop of the verbs that look at pictures and clips. */
#ifndef APP_SOURCE_WALK_H
#define APP_SOURCE_WALK_H

#include "app/app.h"
#include "app/input/source.h"

/* Walks over all pictures and frames of the paths. A file that cannot be read is reported, counted
 * and skipped, except for lack of memory. */
struct app_source_walk {
    const struct app_clip_options *options;
    /* picture NULL: a file that could not be read. Any code but APP_OK ends the walk. */
    enum app_exit (*take)(void *ctx, const struct app_frame *frame);
    void *ctx;
    const bool *enough; /* set by take if the rest is not needed; NULL: never */
    size_t bad_files;   /* FILLED */
};
enum app_exit app_source_each(struct app_source_walk *walk, char *const *paths, size_t count);

#endif
