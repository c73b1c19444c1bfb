/* calibration.h - what a gallery gets wrong: strangers who would get a name, enrolled people who
 * would not, people who are taken for each other; and the limit that a wish asks for. */
#ifndef APP_CALIBRATION_H
#define APP_CALIBRATION_H

#include "app/eval/cohort.h"

struct app_trial {      /* a face held against the gallery */
    const char *source; /* owned by the calibration or its cohort */
    size_t person;      /* of an enrolled face: whose it is */
    char nearest[FID_NAME_BYTES];
    float score; /* of the nearest person; -INFINITY: two are alike, or there is no vector */
    bool right;  /* the nearest is the person */
};

struct app_collision { /* two people who are alike */
    size_t a, b;
    float score;
};

struct app_rates { /* what a limit does */
    float limit;
    struct fid_share named;  /* strangers who get a name: FPIR */
    struct fid_share missed; /* faces of enrolled people that do not get theirs: FNIR */
    size_t wrong;            /* of these: get somebody else's */
};

struct app_growth { /* when more people are enrolled */
    size_t people;
    double fpir, low, high; /* at the limit wished for now */
    bool possible;          /* the limit for the wish can be told, by this many strangers */
    float limit;
    size_t strangers; /* that it takes */
};

enum { APP_GROWTH_STEPS = 3 };

struct app_calibration {  /* zero-initialise */
    struct fid_rule rule; /* in force; its accept is `now` */
    double wish;
    struct app_trial *strangers, *mated; /* owned */
    size_t stranger_count, mated_count, mated_capacity;
    size_t people;                   /* enrolled, their time not over */
    size_t face_count;               /* enrolled */
    size_t single_file, single_face; /* people */
    struct fid_curve curve;          /* of all trials */
    struct app_rates now, wished;
    bool calibrated; /* the limit in force is the gallery's own */
    bool floored;    /* the wished limit is maybe: a lower one makes no sense */
    struct app_growth growth[APP_GROWTH_STEPS];
    struct app_collision *collisions; /* owned; from maybe on, the nearest first */
    size_t collision_count;
    size_t person; /* whose faces are held out just now */
};

/* How many strangers a wish takes at least. */
size_t app_strangers_needed(double fpir);

/* How many people of the open gallery can be named at all: not those whose last day is over. */
size_t app_people_count(const struct app *app);

/* Measures the open gallery with the cohort (borrowed for the calibration's life). wish: the FPIR
 * that the wished limit is for. APP_INPUT, after a sentence, if there are too few strangers. */
enum app_exit app_calibration_measure(struct app *app, const struct app_cohort *cohort, double wish,
                                      struct app_calibration *calibration);
void app_calibration_close(struct app_calibration *calibration);

/* Does the limit give the stranger a name, or keep an enrolled face from its own? The trials stand
 * in the order of how much is wrong with them. */
bool app_trial_named(const struct app_trial *stranger, float limit);
bool app_trial_missed(const struct app_trial *mated, float limit);

#endif
