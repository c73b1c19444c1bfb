/* eval_identify.h - open-set identification: what its files share. eval_identify_table.c reads a
 * table, eval_identify_folder.c a folder instead; eval_identify.c enrolls and looks up;
 * eval_identify_figures.c computes the figures and prints them. */
#ifndef APP_EVAL_IDENTIFY_H
#define APP_EVAL_IDENTIFY_H

#include "app/eval/eval.h"
#include "app/eval/eval_curves.h"

enum role { ROLE_ENROLL, ROLE_KNOWN, ROLE_UNKNOWN };
extern const char *const app_role_words[3];

struct entry {
    enum role role;
    char person[FID_NAME_BYTES]; /* in its stored form */
    struct fid_label label;      /* of a probe with a face, if any limit can give it a name */
    bool right;                  /* the nearest person is the right one */
    float score;                 /* -INFINITY: no limit gives a name */
};

struct operating_point { /* the error rates of the probes at a threshold */
    double threshold;
    struct fid_share tpir, fpir;
    size_t wrong; /* of the known: given another person's name */
};

struct identification {                /* zero-initialized */
    struct app_eval_pictures pictures; /* a reference for each entry */
    struct app_eval_faces faces;
    struct entry *entries;
    size_t count, capacity;
    struct fid_gallery *gallery;
    struct fid_rule rule; /* the model's rule; accept NAN: it has none */
    float *scores;        /* of the probes, for their curve: -INFINITY without a right name */
    float *nearest;       /* of the probes: to the nearest person, with any outcome */
    bool *mated;
    size_t probe_count;
    struct fid_curve curve;
    struct fid_share rank_1;
    double fpir;                  /* wanted, a share */
    struct operating_point point; /* for the wanted FPIR, or at the given threshold */
    struct operating_point half;  /* chosen on one half of the strangers, judged on the other */
    struct operating_point model; /* at the model's own limit */
};

/* Adds an entry and its picture, folder/file. False: no memory. */
bool app_identification_add(struct identification *id, const struct entry *entry,
                            const char *folder, const char *file);
/* Adds the entries of a table. APP_INPUT after a sentence. */
enum app_exit app_identification_read_table(const struct app *app, const char *path,
                                            struct identification *id);
/* There are some of each role, and the known are enrolled and the unknown are not, or the figures
 * would mean nothing: APP_INPUT after a sentence. path: where they were read. */
enum app_exit app_identification_check(const char *path, const struct identification *id);
/* Adds all people in folder/NAME/. A person with three pictures or more is enrolled with the first
 * two, in the order of their names, and looked up with the others. The first picture of a person
 * with fewer is a stranger's. APP_INPUT after a sentence. */
enum app_exit app_identification_read_folder(const char *folder, struct identification *id);
/* Adds the first picture of each person in folder/NAME/ who is not in id yet as a stranger's.
 * APP_INPUT after a message. */
enum app_exit app_identification_add_strangers(const char *folder, struct identification *id);

/* FILLS everything from rank_1 on. */
enum app_exit app_identification_judge(const struct app *app, struct identification *id);
void app_identification_print(const struct app *app, const struct identification *id);
/* The files of --plots. */
enum app_exit app_identification_write(const struct app *app, struct app_eval_curves *curves,
                                       const struct identification *id);

extern const struct app_eval_words app_identification_words;

#endif
