/* source_walk.c - the loop over all frames of the given sources, with messages about what cannot
 * be read. */
#include "app/input/source_walk.h"

enum app_exit app_source_each(struct app_source_walk *walk, char *const *paths, size_t count)
{
    struct app_source *source;
    struct app_frame frame;
    struct fid_error error;
    enum app_exit code = APP_OK;
    if (app_source_open(paths, count, walk->options, &source, &error) != FID_OK)
        return app_fail(APP_AREA_INPUT, &error);
    while (code == APP_OK && !(walk->enough != NULL && *walk->enough)) {
        enum fid_status status = app_source_next(source, &frame, &error);
        if (app_interrupted())
            code = APP_INTERRUPTED;
        else if (status == FID_OK && frame.picture == NULL)
            break;
        else if (status != FID_OK && app_fail(APP_AREA_INPUT, &error) >= APP_INTERNAL)
            code = APP_INTERNAL; /* the next file would not get more memory */
        else {
            walk->bad_files += status != FID_OK;
            code = walk->take(walk->ctx, &frame);
        }
    }
    app_source_close(&source);
    return code;
}
