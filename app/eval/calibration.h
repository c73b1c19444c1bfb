/* calibration.h - what a gallery gets wrong: strangers who would get a name, enrolled people who
 * would not, people who are confused; and the limit for a wanted FPIR. */
#ifndef APP_CALIBRATION_H
#define APP_CALIBRATION_H

#include "app/eval/cohort.h"

struct app_trial {      /* a face compared with the gallery */
    const char *source; /* owned by the calibration or its cohort */
    size_t person;      /* for an enrolled face: whose it is */
    char nearest[FID_NAME_BYTES];
    float score; /* to the nearest person; -INFINITY: two are alike, or there is no vector */
    bool right;  /* the nearest person is the right one */
};

struct app_collision { /* two people who are alike */
    size_t a, b;
    float score;
};

struct app_rates { /* the error rates at a limit */
    float limit;
    struct fid_share named;  /* strangers who get a name: FPIR */
    struct fid_share missed; /* faces of enrolled people that do not get theirs: FNIR */
    size_t wrong;            /* of these: get another person's name */
};

struct app_growth { /* the forecast for more people */
    size_t people;
    double fpir, low, high; /* at the limit for the wanted FPIR */
    bool possible;          /* there are enough strangers to choose the limit */
    float limit;
    size_t strangers; /* needed */
};

enum { APP_GROWTH_STEPS = 3 };

struct app_calibration {  /* zero-initialized */
    struct fid_rule rule; /* the rule in force; its accept is `now` */
    double wish;
    struct app_trial *strangers, *mated; /* owned */
    size_t stranger_count, mated_count, mated_capacity;
    size_t people;                   /* enrolled, and not past their last day */
    size_t face_count;               /* enrolled */
    size_t single_file, single_face; /* people */
    struct fid_curve curve;          /* of all trials */
    struct app_rates now, wished;
    bool calibrated; /* the limit in force is the gallery's own */
    bool floored;    /* the wanted limit is maybe: a lower one makes no sense */
    struct app_growth growth[APP_GROWTH_STEPS];
    struct app_collision *collisions; /* owned; from maybe on, the nearest first */
    size_t collision_count;
    size_t person; /* whose faces are being held out */
};

/* The least number of strangers for a wanted FPIR. */
size_t app_strangers_needed(double fpir);

/* How many people of the open gallery can be named: all but those past their last day. */
size_t app_people_count(const struct app *app);

/* Measures the open gallery with the cohort (borrowed for the calibration's life). wish: the
 * wanted FPIR. APP_INPUT, after a message, if there are too few strangers. */
enum app_exit app_calibration_measure(struct app *app, const struct app_cohort *cohort, double wish,
                                      struct app_calibration *calibration);
void app_calibration_close(struct app_calibration *calibration);

/* Does the limit give the stranger a name, or keep an enrolled face from getting its own? The
 * trials are sorted with the worst first. */
bool app_trial_named(const struct app_trial *stranger, float limit);
bool app_trial_missed(const struct app_trial *mated, float limit);

#endif
