/* page_html.h - the parts of the report page: its style, escapes, pictures as data: URLs, and the
 * section of one picture. Only for page.c. */
#ifndef APP_PAGE_HTML_H
#define APP_PAGE_HTML_H

#include "app/input/source.h"

#include <stdio.h>

/* From <!DOCTYPE html> to the style; <body> is open. */
void app_html_begin(FILE *out);

/* Escapes text from outside; control and direction characters and invalid bytes are made visible.
 * NULL writes nothing. */
void app_html_text(FILE *out, const char *text);

/* The picture as "data:image/jpeg;base64,...". FID_NO_MEMORY. */
enum fid_status app_html_picture(FILE *out, const struct fid_picture *picture, int quality,
                                 struct fid_error *error);

/* A picture with its faces: boxes and names over it, a table below it. Its number on the page is
 * its anchor: #p12. FID_NO_MEMORY. */
enum fid_status app_html_section(FILE *out, size_t number, const struct app_frame *frame,
                                 const struct fid_face *faces, const struct fid_label *labels,
                                 size_t count, struct fid_picture *scratch,
                                 struct fid_error *error);

#endif
