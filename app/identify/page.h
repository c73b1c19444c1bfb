/* page.h - the report page of `faceid identify --report`: a self-contained HTML file that
 * needs no network, no script and no other file. */
#ifndef APP_PAGE_H
#define APP_PAGE_H

#include "app/input/source.h"

struct app_page;

struct app_page_facts { /* for the page's head; borrowed until app_page_open returns */
    const char *recognizer, *detector, *gallery;
    size_t people; /* in the gallery */
    struct fid_rule rule;
    const char *limit; /* where rule.accept comes from: "model", "calibrated", ... */
};

/* Starts the page; path is borrowed. FID_IO: it cannot be written; FID_INVALID as
 * from fid_output_check; FID_NO_MEMORY. */
enum fid_status app_page_open(const char *path, const struct app_page_facts *facts,
                              struct app_page **page, struct fid_error *error);

/* Adds a picture with its faces. Of consecutive frames of a clip with the same people only the
 * first is shown; the others are counted. FID_IO; FID_NO_MEMORY. */
enum fid_status app_page_add(struct app_page *page, const struct app_frame *frame,
                             const struct fid_face *faces, const struct fid_label *labels,
                             size_t count, struct fid_error *error);

/* Writes the file, whole or not at all, and closes. bad_files: how many files could not be read.
 * Takes NULL. FID_IO; FID_BUSY and FID_INVALID as from fid_output_finish. */
enum fid_status app_page_finish(struct app_page **page, size_t bad_files, struct fid_error *error);
void app_page_close(struct app_page **page); /* without writing it; takes NULL */

#endif
