/* calibration.c - measures a gallery's error rates with strangers and with its own faces held
 * out, and chooses a limit. */
#include "app/eval/calibration.h"
#include "app/output/text.h"
#include "app/progress.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static enum app_exit no_memory(void)
{
    app_warn("no memory for the calibration");
    return APP_INTERNAL;
}

void app_calibration_close(struct app_calibration *calibration)
{
    for (size_t i = 0; i < calibration->mated_count; i++)
        free((char *)calibration->mated[i].source);
    free(calibration->mated);
    free(calibration->strangers);
    free(calibration->collisions);
    fid_curve_free(&calibration->curve);
    *calibration = (struct app_calibration){0};
}

/* ---- trials ---- */

/* With this limit every face gets the nearest name unless two people are alike; the rest depends
 * on the limit. */
static struct fid_rule without_limit(const struct fid_rule *rule)
{
    return (struct fid_rule){.kind = rule->kind, .accept = -2, .maybe = -2, .margin = rule->margin};
}

static void fill_trial(struct app_trial *trial, const struct fid_label *label, const char *source)
{
    *trial = (struct app_trial){.source = source, .score = label->known ? label->score : -INFINITY};
    memcpy(trial->nearest, label->nearest, sizeof trial->nearest);
}

static enum app_exit try_strangers(const struct app *app, const struct app_cohort *cohort,
                                   struct app_calibration *calibration)
{
    const struct fid_rule rule = without_limit(&calibration->rule);
    calibration->strangers = calloc(cohort->count + 1, sizeof *calibration->strangers);
    if (calibration->strangers == NULL)
        return no_memory();
    calibration->stranger_count = cohort->count;
    for (size_t i = 0; i < cohort->count; i++) {
        struct fid_label label;
        fid_label_faces(app->gallery, &rule, cohort->embeddings + i * cohort->size, 1, &label);
        fill_trial(&calibration->strangers[i], &label, cohort->sources[i]);
    }
    return APP_OK;
}

struct mated_taker {
    struct app_calibration *calibration;
    size_t person;
    int64_t id;
};

static bool take_mated(void *ctx, const char *source, const struct fid_label *label)
{
    const struct mated_taker *taker = ctx;
    struct app_calibration *calibration = taker->calibration;
    if (calibration->mated_count == calibration->mated_capacity) {
        size_t capacity = calibration->mated_capacity == 0 ? 256 : 2 * calibration->mated_capacity;
        void *grown = reallocarray(calibration->mated, capacity, sizeof *calibration->mated);
        if (grown == NULL)
            return false;
        calibration->mated = grown;
        calibration->mated_capacity = capacity;
    }
    char *copy = strdup(source);
    if (copy == NULL)
        return false;
    struct app_trial *trial = &calibration->mated[calibration->mated_count++];
    fill_trial(trial, label, copy);
    trial->person = taker->person;
    trial->right = label->person == taker->id;
    return true;
}

static enum app_exit try_enrolled(struct app *app, struct app_calibration *calibration)
{
    const struct fid_rule rule = without_limit(&calibration->rule);
    size_t count = fid_gallery_count(app->gallery);
    struct app_progress progress;
    struct fid_error error;
    enum app_exit code = APP_OK;
    app_progress_open(&progress, app, "people", count);
    for (size_t i = 0; i < count && code == APP_OK; i++) {
        struct fid_person person;
        fid_gallery_person(app->gallery, i, &person);
        struct mated_taker taker = {calibration, i, person.id};
        size_t files = 0;
        app_progress_step(&progress, 1);
        if (person.expired)
            continue;
        if (app_interrupted())
            code = APP_INTERRUPTED;
        else if (fid_gallery_hold_out(app->gallery, &rule, i, take_mated, &taker, &files, &error) !=
                 FID_OK)
            code = app_fail(APP_AREA_GALLERY, &error);
        calibration->face_count += person.sample_count;
        calibration->single_face += person.sample_count < 2;
        calibration->single_file += code == APP_OK && person.sample_count > 1 && files == 1;
    }
    app_progress_close(&progress);
    return code;
}

/* ---- the worst first ---- */

/* Strangers, by falling score. */
static int stranger_order(const void *first, const void *second)
{
    const struct app_trial *a = first, *b = second;
    return (a->score < b->score) - (a->score > b->score);
}

/* First faces that get a wrong name, by falling score; then the others, by rising score. */
static int mated_order(const void *first, const void *second)
{
    const struct app_trial *a = first, *b = second;
    if (a->right != b->right)
        return a->right - b->right;
    return a->right ? stranger_order(second, first) : stranger_order(first, second);
}

static void sort_trials(struct app_calibration *calibration)
{
    qsort(calibration->strangers, calibration->stranger_count, sizeof *calibration->strangers,
          stranger_order);
    if (calibration->mated_count > 0)
        qsort(calibration->mated, calibration->mated_count, sizeof *calibration->mated,
              mated_order);
}

/* ---- rates ---- */

/* A stranger's score counts as it is, an enrolled face's only if it would get the right name. */
static enum app_exit make_curve(struct app_calibration *calibration)
{
    size_t strangers = calibration->stranger_count, count = strangers + calibration->mated_count;
    float *scores = calloc(count + 1, sizeof *scores);
    bool *mated = calloc(count + 1, sizeof *mated);
    struct fid_error error;
    enum app_exit code = scores != NULL && mated != NULL ? APP_OK : no_memory();
    for (size_t i = 0; code == APP_OK && i < strangers; i++)
        scores[i] = calibration->strangers[i].score;
    for (size_t i = 0; code == APP_OK && i < calibration->mated_count; i++) {
        const struct app_trial *trial = &calibration->mated[i];
        mated[strangers + i] = true;
        scores[strangers + i] = trial->right ? trial->score : -INFINITY;
    }
    if (code == APP_OK &&
        fid_curve_make(scores, mated, count, &calibration->curve, &error) != FID_OK)
        code = app_fail(APP_AREA_INPUT, &error);
    free(scores);
    free(mated);
    return code;
}

bool app_trial_named(const struct app_trial *stranger, float limit)
{
    return stranger->score >= limit;
}

bool app_trial_missed(const struct app_trial *mated, float limit)
{
    return !mated->right || mated->score < limit;
}

static struct app_rates rates_at(const struct app_calibration *calibration, float limit)
{
    const struct fid_curve *curve = &calibration->curve;
    const struct fid_curve_point *point =
        &curve->points[fid_curve_at_threshold(curve, (double)limit)];
    struct app_rates rates = {
        .limit = limit,
        .named = fid_share_of(point->impostors, curve->impostors),
        .missed = fid_share_of(curve->mated - point->mated, curve->mated),
    };
    for (size_t i = 0; i < calibration->mated_count; i++)
        rates.wrong += !calibration->mated[i].right && calibration->mated[i].score >= limit;
    return rates;
}

size_t app_strangers_needed(double fpir)
{
    return (size_t)ceil(1 / fpir - 1e-9) - 1;
}

/* Below maybe the model takes two faces for two people, with any strangers; rounding may
 * put a cosine above 1. */
static bool limit_for(const struct app_calibration *calibration, double fpir, float *limit)
{
    size_t named;
    bool possible = fid_limit_for(&calibration->curve, fpir, limit, &named);
    *limit = fminf(fmaxf(*limit, calibration->rule.maybe), 1);
    return possible;
}

/* If each of N people matches a stranger independently and with the same probability p, no one
 * does with probability (1 - p)^N. */
static double grown(double fpir, double times)
{
    return 1 - pow(1 - fpir, times);
}

static void forecast(struct app_calibration *calibration)
{
    static const unsigned steps[APP_GROWTH_STEPS] = {2, 5, 10};
    const struct fid_share *named = &calibration->wished.named;
    for (size_t i = 0; i < APP_GROWTH_STEPS; i++) {
        double times = steps[i], share = grown(calibration->wish, 1 / times);
        struct app_growth *growth = &calibration->growth[i];
        *growth = (struct app_growth){
            .people = steps[i] * calibration->people,
            .fpir = grown(named->share, times),
            .low = grown(named->low, times),
            .high = grown(named->high, times),
            .strangers = app_strangers_needed(share),
        };
        growth->possible = limit_for(calibration, share, &growth->limit);
    }
}

/* ---- people who are alike ---- */

static int by_falling_score(const void *first, const void *second)
{
    const struct app_collision *a = first, *b = second;
    return (a->score < b->score) - (a->score > b->score);
}

static bool is_expired(const struct app *app, size_t i)
{
    struct fid_person person;
    fid_gallery_person(app->gallery, i, &person);
    return person.expired;
}

size_t app_people_count(const struct app *app)
{
    size_t people = 0;
    for (size_t i = 0; i < fid_gallery_count(app->gallery); i++)
        people += !is_expired(app, i);
    return people;
}

static enum app_exit find_collisions(const struct app *app, struct app_calibration *calibration)
{
    size_t count = fid_gallery_count(app->gallery), capacity = 0;
    for (size_t a = 0; a < count; a++)
        for (size_t b = a + 1; b < count; b++) {
            if (is_expired(app, a) || is_expired(app, b))
                continue;
            float score = fid_gallery_alike(app->gallery, a, b);
            if (score < calibration->rule.maybe)
                continue;
            if (calibration->collision_count == capacity) {
                capacity = capacity == 0 ? 64 : 2 * capacity;
                void *more = reallocarray(calibration->collisions, capacity,
                                          sizeof *calibration->collisions);
                if (more == NULL)
                    return no_memory();
                calibration->collisions = more;
            }
            calibration->collisions[calibration->collision_count++] =
                (struct app_collision){a, b, score};
        }
    if (calibration->collision_count > 0)
        qsort(calibration->collisions, calibration->collision_count,
              sizeof *calibration->collisions, by_falling_score);
    return APP_OK;
}

/* ---- all of it ---- */

static enum app_exit too_few(const struct app_cohort *cohort, double wish)
{
    size_t needed = app_strangers_needed(wish);
    app_warn("an FPIR of %g %% takes at least %zu strangers, and there %s %zu: use more of them, "
             "or a higher --fpir",
             100 * wish, needed, app_plural(cohort->count, "is", "are"), cohort->count);
    return APP_INPUT;
}

enum app_exit app_calibration_measure(struct app *app, const struct app_cohort *cohort, double wish,
                                      struct app_calibration *calibration)
{
    struct fid_error error;
    struct fid_calibration before;
    float limit;
    calibration->wish = wish;
    calibration->people = app_people_count(app);
    calibration->calibrated = fid_gallery_calibration(app->gallery, &before);
    if (cohort->count < app_strangers_needed(wish))
        return too_few(cohort, wish);
    if (fid_gallery_rule(app->gallery, app->recognizer, FID_RULE_COSINE, &calibration->rule,
                         &error) != FID_OK)
        return app_fail(APP_AREA_MODEL, &error);
    enum app_exit code = try_strangers(app, cohort, calibration);
    if (code == APP_OK)
        code = try_enrolled(app, calibration);
    if (code == APP_OK)
        code = make_curve(calibration);
    if (code == APP_OK)
        code = find_collisions(app, calibration);
    if (code != APP_OK)
        return code;
    sort_trials(calibration);
    if (!limit_for(calibration, wish, &limit)) {
        app_warn("the strangers most like an enrolled person are several copies of one picture: "
                 "use one picture of each person");
        return APP_INPUT;
    }
    calibration->floored = limit <= calibration->rule.maybe;
    calibration->now = rates_at(calibration, calibration->rule.accept);
    calibration->wished = rates_at(calibration, limit);
    forecast(calibration);
    return APP_OK;
}
