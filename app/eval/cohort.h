/* cohort.h - strangers for measuring a gallery: one face each of many people who are not
 * enrolled. */
#ifndef APP_COHORT_H
#define APP_COHORT_H

#include "app/app.h"

struct app_cohort {    /* zero-initialized */
    float *embeddings; /* [count][size] */
    char **sources;    /* the path of each face's picture */
    size_t count, capacity, size;
    size_t faceless, bad_files, enrolled; /* pictures left out, also those of enrolled names */
};

/* Reads the strangers of a folder or table. A folder holds pictures of one person each, or folders
 * of one person each, of which the first picture is taken, unless the gallery has a person of
 * that name. A table is TSV with the column file and optionally person and role: the first
 * picture of each person is taken, and with roles only of "unknown" people; the pictures are
 * beside the table in images/, or in --images. Names that start with '.' or '_' are skipped; a
 * picture that cannot be read is reported. */
enum app_exit app_cohort_read(struct app *app, const char *path, struct app_cohort *cohort);
/* Reads the strangers that the gallery kept at its calibration. */
enum app_exit app_cohort_of_gallery(struct app *app, struct app_cohort *cohort);
void app_cohort_close(struct app_cohort *cohort);

#endif
