/* calibration_print.c - prints a calibration as a table or as JSON. */
#include "app/eval/calibration_print.h"
#include "app/output/json.h"
#include "app/output/text.h"

#include <math.h>
#include <stdio.h>

enum { LINES_MOST = 10, ITEMS_MOST = 1000 }; /* of a list: as text, as JSON */

static struct fid_person person_at(const struct app *app, size_t i)
{
    struct fid_person person;
    fid_gallery_person(app->gallery, i, &person);
    return person;
}

/* The lists show strangers named at the lower of the two limits, and faces not named at the higher.
 */
static float lower_limit(const struct app_calibration *calibration)
{
    return fminf(calibration->now.limit, calibration->wished.limit);
}

static float higher_limit(const struct app_calibration *calibration)
{
    return fmaxf(calibration->now.limit, calibration->wished.limit);
}

/* What a face of one would be taken for with that similarity to the other. */
static const char *level_of(const struct app_calibration *calibration, float score)
{
    return score >= lower_limit(calibration) ? "accept" : "maybe";
}

/* ---- text ---- */

static void describe_share(const struct fid_share *share, char *text, size_t bytes)
{
    if (share->whole == 0)
        snprintf(text, bytes, "not known");
    else
        snprintf(text, bytes, "%.2f %% (%.2f to %.2f), %zu of %zu", 100 * share->share,
                 100 * share->low, 100 * share->high, share->count, share->whole);
}

static void print_rates(const char *title, const struct app_rates *rates)
{
    char named[96], missed[96];
    describe_share(&rates->named, named, sizeof named);
    describe_share(&rates->missed, missed, sizeof missed);
    printf("%-14s%6.3f  %-36s  %s", title, (double)rates->limit, named, missed);
    if (rates->wrong > 0)
        printf("; %zu would get another name", rates->wrong);
    fputc('\n', stdout);
}

static void print_growth(const struct app_calibration *calibration)
{
    printf("\n%-14sFPIR at %-6.3f                 limit for %g %%\n", "people then",
           (double)calibration->wished.limit, 100 * calibration->wish);
    for (size_t i = 0; i < APP_GROWTH_STEPS; i++) {
        const struct app_growth *growth = &calibration->growth[i];
        char text[64];
        snprintf(text, sizeof text, "%.2f %% (%.2f to %.2f)", 100 * growth->fpir, 100 * growth->low,
                 100 * growth->high);
        printf("%-14zu%-31s", growth->people, text);
        if (growth->possible)
            printf("%.3f\n", (double)growth->limit);
        else
            printf("takes %zu strangers\n", growth->strangers);
    }
}

static void print_trial(const char *word, const struct app_trial *trial, const char *person)
{
    printf("%s\t", word);
    if (isfinite(trial->score))
        printf("%.3f\t", (double)trial->score);
    else
        fputs("-\t", stdout);
    app_put_visible(stdout, person);
    fputc('\t', stdout);
    app_put_visible(stdout, trial->source);
    fputc('\n', stdout);
}

static void print_more(const char *word, size_t count)
{
    if (count > LINES_MOST)
        printf("%s\t%zu more (--json)\n", word, count - LINES_MOST);
}

static void print_lists(const struct app *app, const struct app_calibration *calibration)
{
    size_t count = 0;
    for (size_t i = 0; i < calibration->collision_count && i < LINES_MOST; i++) {
        const struct app_collision *pair = &calibration->collisions[i];
        printf("alike\t%.3f\t%s\t", (double)pair->score, level_of(calibration, pair->score));
        app_put_visible(stdout, person_at(app, pair->a).name);
        fputc('\t', stdout);
        app_put_visible(stdout, person_at(app, pair->b).name);
        fputc('\n', stdout);
    }
    print_more("alike", calibration->collision_count);
    for (size_t i = 0; i < calibration->stranger_count; i++) {
        const struct app_trial *trial = &calibration->strangers[i];
        if (app_trial_named(trial, lower_limit(calibration)) && count++ < LINES_MOST)
            print_trial("named", trial, trial->nearest);
    }
    print_more("named", count);
    count = 0;
    for (size_t i = 0; i < calibration->mated_count; i++) {
        const struct app_trial *trial = &calibration->mated[i];
        if (app_trial_missed(trial, higher_limit(calibration)) && count++ < LINES_MOST)
            print_trial("missed", trial, person_at(app, trial->person).name);
    }
    print_more("missed", count);
}

static void print_heads(const struct app_calibration *calibration)
{
    printf("people        %zu with %zu %s\n", calibration->people, calibration->face_count,
           app_plural(calibration->face_count, "face", "faces"));
    if (calibration->single_face > 0)
        printf("              %zu with a single face: how often they are missed is unknown\n",
               calibration->single_face);
    if (calibration->single_file > 0)
        printf("              %zu with faces from a single file: those are alike, so they are\n"
               "              missed more often than this says\n",
               calibration->single_file);
    printf("strangers     %zu\n\n", calibration->stranger_count);
}

void app_calibration_print_text(const struct app *app, const struct app_calibration *calibration)
{
    char wished[24];
    snprintf(wished, sizeof wished, "for %g %%", 100 * calibration->wish);
    print_heads(calibration);
    printf("%-14s%6s  %-36s  %s\n", "", "limit", "FPIR: strangers with a name",
           "FNIR: faces without their name");
    print_rates(calibration->calibrated ? "calibrated" : "the model's", &calibration->now);
    print_rates(wished, &calibration->wished);
    if (calibration->floored)
        printf("%-14sthe model's maybe: a lower limit makes no sense\n", "");
    print_growth(calibration);
    fputc('\n', stdout);
    print_lists(app, calibration);
}

/* ---- JSON ---- */

static void json_share(struct app_json *json, const char *key, const struct fid_share *share)
{
    app_json_open(json, key, '{');
    app_json_number(json, "share", share->whole > 0 ? share->share : NAN, 6);
    app_json_number(json, "low", share->low, 6);
    app_json_number(json, "high", share->high, 6);
    app_json_whole(json, "count", (int64_t)share->count);
    app_json_whole(json, "whole", (int64_t)share->whole);
    app_json_close(json, '}');
}

static void json_rates(struct app_json *json, const char *key, const struct app_rates *rates)
{
    app_json_open(json, key, '{');
    app_json_number(json, "limit", (double)rates->limit, 6);
    json_share(json, "fpir", &rates->named);
    json_share(json, "fnir", &rates->missed);
    app_json_whole(json, "wrong_names", (int64_t)rates->wrong);
    app_json_close(json, '}');
}

static void json_growth(struct app_json *json, const struct app_calibration *calibration)
{
    app_json_open(json, "growth", '[');
    for (size_t i = 0; i < APP_GROWTH_STEPS; i++) {
        const struct app_growth *growth = &calibration->growth[i];
        app_json_open(json, NULL, '{');
        app_json_whole(json, "people", (int64_t)growth->people);
        app_json_number(json, "fpir", growth->fpir, 6);
        app_json_number(json, "low", growth->low, 6);
        app_json_number(json, "high", growth->high, 6);
        app_json_number(json, "limit", growth->possible ? (double)growth->limit : NAN, 6);
        app_json_whole(json, "strangers_needed", (int64_t)growth->strangers);
        app_json_close(json, '}');
    }
    app_json_close(json, ']');
}

static void json_trial(struct app_json *json, const struct app_trial *trial, const char *person)
{
    app_json_open(json, NULL, '{');
    if (person != NULL)
        app_json_text(json, "person", person);
    app_json_text(json, "nearest", trial->nearest);
    app_json_number(json, "score", (double)trial->score, 4);
    app_json_text(json, "file", trial->source);
    app_json_close(json, '}');
}

static void json_lists(struct app_json *json, const struct app *app,
                       const struct app_calibration *calibration)
{
    size_t count = 0;
    app_json_open(json, "alike", '[');
    for (size_t i = 0; i < calibration->collision_count && i < ITEMS_MOST; i++) {
        const struct app_collision *pair = &calibration->collisions[i];
        app_json_open(json, NULL, '{');
        app_json_text(json, "a", person_at(app, pair->a).name);
        app_json_text(json, "b", person_at(app, pair->b).name);
        app_json_number(json, "score", (double)pair->score, 4);
        app_json_text(json, "level", level_of(calibration, pair->score));
        app_json_close(json, '}');
    }
    app_json_close(json, ']');
    app_json_open(json, "named", '[');
    for (size_t i = 0; i < calibration->stranger_count; i++)
        if (app_trial_named(&calibration->strangers[i], lower_limit(calibration)) &&
            count++ < ITEMS_MOST)
            json_trial(json, &calibration->strangers[i], NULL);
    app_json_close(json, ']');
    count = 0;
    app_json_open(json, "missed", '[');
    for (size_t i = 0; i < calibration->mated_count; i++)
        if (app_trial_missed(&calibration->mated[i], higher_limit(calibration)) &&
            count++ < ITEMS_MOST)
            json_trial(json, &calibration->mated[i],
                       person_at(app, calibration->mated[i].person).name);
    app_json_close(json, ']');
}

void app_calibration_print_json(const struct app *app, const struct app_cohort *cohort,
                                const struct app_calibration *calibration, bool applied)
{
    struct app_json json = app_json_begin(stdout);
    app_json_open(&json, NULL, '{');
    app_json_whole(&json, "v", 1);
    app_json_whole(&json, "people", (int64_t)calibration->people);
    app_json_whole(&json, "faces", (int64_t)calibration->face_count);
    app_json_whole(&json, "people_of_one_face", (int64_t)calibration->single_face);
    app_json_whole(&json, "people_of_one_file", (int64_t)calibration->single_file);
    app_json_whole(&json, "strangers", (int64_t)calibration->stranger_count);
    app_json_whole(&json, "without_a_face", (int64_t)cohort->faceless);
    app_json_whole(&json, "unreadable", (int64_t)cohort->bad_files);
    app_json_whole(&json, "enrolled", (int64_t)cohort->enrolled);
    app_json_number(&json, "wish", calibration->wish, 6);
    app_json_text(&json, "from", calibration->calibrated ? "calibrated" : "model");
    json_rates(&json, "now", &calibration->now);
    json_rates(&json, "wished", &calibration->wished);
    json_growth(&json, calibration);
    json_lists(&json, app, calibration);
    app_json_bool(&json, "applied", applied);
    app_json_close(&json, '}');
    app_json_line(&json);
}
