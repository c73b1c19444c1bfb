/* eval.h - measuring on labelled pictures: what the protocols of `faceid eval` share.
 *
 * Every protocol has the same three steps: read a table that names pictures, run the
 * pictures through detector and recognizer on all cores, compute figures from the results. */
#ifndef APP_EVAL_H
#define APP_EVAL_H

#include "app/app.h"
#include "app/output/json.h"

#include <stdio.h>

/* ---- tables: lines of fields with tabs between ---- */

enum { APP_EVAL_FIELDS = 8 };

struct app_eval_table { /* zero-initialized */
    FILE *file;
    const char *path; /* borrowed */
    long line_number;
    char *line; /* the fields point into it */
    size_t capacity;
    char *fields[APP_EVAL_FIELDS];
    int field_count;
};

/* Opens a table, and FILLS folder with its images: --images, or else "images" beside it. APP_INPUT
 * if it is not there. */
enum app_exit app_eval_open_images(const struct app *app, const char *table_path,
                                   struct app_eval_table *table, char *folder, size_t bytes);
/* The next line that is not empty; false at the end. */
bool app_eval_table_next(struct app_eval_table *table);
/* Reports what is wrong with the line; returns APP_INPUT. */
enum app_exit app_eval_table_fail(const struct app_eval_table *table, const char *reason);
/* The field as a number in low..high; false if it is not one. */
bool app_eval_field_number(const struct app_eval_table *table, int field, double low, double high,
                           double *number);
void app_eval_table_close(struct app_eval_table *table);

/* ---- pictures named by a table, each once ---- */

struct app_eval_pictures { /* zero-initialized */
    char **references;     /* paths, as often as the table names them */
    size_t reference_count, capacity;
    size_t *index; /* reference → picture, after _number */
    char **paths;  /* of the pictures, borrowed from references */
    size_t count;
};

/* Adds the reference folder/name; false: no memory. */
bool app_eval_pictures_add(struct app_eval_pictures *pictures, const char *folder,
                           const char *name);
/* Drops the references from index `count` on; before _number. */
void app_eval_pictures_cut(struct app_eval_pictures *pictures, size_t count);
/* Finds the references that name the same picture. False: no memory. */
bool app_eval_pictures_number(struct app_eval_pictures *pictures);
void app_eval_pictures_close(struct app_eval_pictures *pictures);

/* ---- work on all cores ---- */

/* Each worker has its own runtime with one thread, which uses the cores better than shared
 * sessions. */
struct app_eval_worker {
    struct fid_runtime *runtime;
    struct fid_detector *detector;
    struct fid_embedder *embedder; /* NULL unless requested */
    struct fid_picture picture;
};

struct app_eval_work {
    struct fid_detect_options detect;
    bool embed;   /* workers need an embedder */
    size_t count; /* tasks */
    /* Does task i; false with *error filled ends the work. */
    bool (*task)(struct app_eval_worker *worker, size_t i, void *ctx, struct fid_error *error);
    void *ctx;
};

/* Runs all tasks, --threads of them at a time; progress goes to stderr if it is a terminal. */
enum app_exit app_eval_run(struct app *app, const struct app_eval_work *work);

/* ---- faces of the pictures ---- */

struct app_eval_faces {
    size_t size;       /* numbers in an embedding */
    float *embeddings; /* [pictures][size], zeros without a face */
    bool *found;       /* [pictures] */
    size_t missed;     /* pictures without a face */
};

/* Embeds the face nearest to the middle of each picture. */
enum app_exit app_eval_embed(struct app *app, const struct app_eval_pictures *pictures,
                             struct app_eval_faces *faces);
void app_eval_faces_close(struct app_eval_faces *faces);

/* ---- figures ---- */

/* Begins the object on stdout with "v", "protocol", "day" (UTC), "model" and "model_id" (if there is
 * one open) and "detector"; app_eval_json_end ends it and its line. */
struct app_json app_eval_json_begin(const struct app *app);
void app_eval_json_end(struct app_json *json);
/* Writes the members "protocol", "day" (UTC), "model" and "model_id" (if a model is open) and
 * "detector". */
void app_eval_json_models(struct app_json *json, const struct app *app);
/* Writes the members key, the share, and key_95, its bounds. */
void app_eval_json_share(struct app_json *json, const char *key, const struct fid_share *share);
/* "TITLE 1.00 % (95 %: 0.21 to 2.89)" */
void app_eval_print_share(const char *title, const struct fid_share *share);

/* ---- the protocols ---- */

enum app_exit app_eval_lfw(struct app *app, const char *folder);
enum app_exit app_eval_detect(struct app *app, const char *table_path);
enum app_exit app_eval_identify(struct app *app, const char *source); /* a table or a folder */

/* Reports "no memory for the evaluation"; returns APP_INTERNAL. */
enum app_exit app_eval_no_memory(void);

#endif
