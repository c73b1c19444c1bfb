/* cohort.h - strangers to hold a gallery against: one face of each of many people who are not
 * enrolled. */
#ifndef APP_COHORT_H
#define APP_COHORT_H

#include "app/app.h"

struct app_cohort {    /* zero-initialise */
    float *embeddings; /* [count][size] */
    char **sources;    /* where each face comes from: a picture's path */
    size_t count, capacity, size;
    size_t faceless, bad_files, enrolled; /* pictures left out, also of who is enrolled by name */
};

/* Reads the strangers of a folder or table. A folder has pictures of one person each, or folders of
 * one person each, of which the first picture is taken, and which are left out if the gallery has
 * somebody of their name. A table is TSV with the column file and perhaps person and role: the
 * first picture of each person, where there are roles only of "unknown" ones; the pictures are
 * beside the table in images/, or in --images. What starts with '.' or '_' is passed over; a
 * picture that cannot be read is told. */
enum app_exit app_cohort_read(struct app *app, const char *path, struct app_cohort *cohort);
/* Reads the ones that the gallery keeps since its calibration. */
enum app_exit app_cohort_of_gallery(struct app *app, struct app_cohort *cohort);
void app_cohort_close(struct app_cohort *cohort);

#endif
