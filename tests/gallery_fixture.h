/* gallery_fixture.h - galleries of their own for the tests of galleries. */
#ifndef TESTS_GALLERY_FIXTURE_H
#define TESTS_GALLERY_FIXTURE_H

#include "engine/face/gallery/gallery.h"
#include "engine/fid.h"
#include "tests/check/check.h"

#include <stdio.h>

/* A new path in a new folder of the temporary one. */
static inline const char *fresh_path(void)
{
    static char path[256];
    static unsigned number;
    snprintf(path, sizeof path, "%s/%u/gallery.db", check_temp_folder(), ++number);
    return path;
}

/* Fails the case when it cannot be opened. */
static inline struct fid_gallery *open_gallery(const char *path,
                                               const struct fid_gallery_model *model,
                                               unsigned flags)
{
    struct fid_error error = {0};
    struct fid_gallery *gallery;
    enum fid_status status = fid_gallery_open_for(path, model, NULL, flags, &gallery, &error);
    CHECK_THAT(status == FID_OK, "%s", error.text);
    return gallery;
}

/* How opening ends; the gallery is closed again. */
static inline enum fid_status open_status(const char *path, const struct fid_gallery_model *model,
                                          unsigned flags, struct fid_error *error)
{
    struct fid_gallery *gallery;
    enum fid_status status = fid_gallery_open_for(path, model, NULL, flags, &gallery, error);
    CHECK(status == FID_OK || gallery == NULL);
    CHECK(status == FID_OK || error->text[0] != '\0');
    fid_gallery_close(&gallery);
    return status;
}

#endif
