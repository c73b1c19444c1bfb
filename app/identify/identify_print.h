/* identify_print.h - the faces of a frame on stdout, in one of three forms. */
#ifndef APP_IDENTIFY_PRINT_H
#define APP_IDENTIFY_PRINT_H

#include "app/identify/identify.h"

struct app_identify_form {
    bool explain;      /* also why: reason, nearest, second, limits, quality */
    const char *drawn; /* path of the labelled picture, for JSON; NULL: none */
};

/* file<TAB>box<TAB>name or ?<TAB>score, with explain <TAB>reason<TAB>nearest<TAB>second<TAB>its
 * score<TAB>limits<TAB>quality */
void app_identify_print_text(const struct app_identify *identify, const struct app_frame *frame,
                             const char *name, const struct app_identify_form *form);
/* One object per frame. */
void app_identify_print_json(const struct app_identify *identify, const struct app_frame *frame,
                             const struct app_identify_form *form);
/* A line of column names, and one line per face. */
void app_identify_print_csv_header(const struct app_identify_form *form);
void app_identify_print_csv(const struct app_identify *identify, const struct app_frame *frame,
                            const struct app_identify_form *form);

#endif
