/* eval_identify_figures.c - computes and prints the error rates of open-set identification. */
#include "app/eval/eval_identify.h"
#include "app/output/csv.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

const struct app_eval_words app_identification_words = {
    .mated = "the enrolled",
    .impostors = "strangers",
    .accepted = "TPIR: enrolled people named correctly, %",
    .refused = "FNIR: enrolled people not named correctly, %",
    .false_accepted = "FPIR: strangers given a name, %",
    .accepted_short = "TPIR",
    .false_accepted_short = "FPIR",
    .score = "cosine similarity to the nearest person",
    .columns = "known_named,unknown_named,tpir,fpir",
};

/* The half of the strangers that a name belongs to, 0 or 1: a bit of its FNV-1a hash. */
static int half_of(const char *name)
{
    uint64_t hash = 0xcbf29ce484222325u;
    for (; *name != '\0'; name++)
        hash = (hash ^ (unsigned char)*name) * 0x100000001b3u;
    return (int)(hash >> 63);
}

/* half: of the strangers; -1: all of them. All known faces are always used. */
static bool counts(const struct entry *entry, int half)
{
    return entry->role == ROLE_KNOWN ||
           (entry->role == ROLE_UNKNOWN && (half < 0 || half_of(entry->person) == half));
}

static struct operating_point judge(const struct identification *id, int half, double threshold)
{
    size_t totals[3] = {0}, named[3] = {0}, right = 0;
    for (size_t i = 0; i < id->count; i++) {
        const struct entry *entry = &id->entries[i];
        if (!counts(entry, half))
            continue;
        totals[entry->role]++;
        named[entry->role] += (double)entry->score >= threshold;
        right += (double)entry->score >= threshold && entry->right;
    }
    return (struct operating_point){
        .threshold = threshold,
        .tpir = fid_share_of(right, totals[ROLE_KNOWN]),
        .fpir = fid_share_of(named[ROLE_UNKNOWN], totals[ROLE_UNKNOWN]),
        .wrong = named[ROLE_KNOWN] - right,
    };
}

/* The threshold for the wanted FPIR on the first half of the strangers, judged on the second. */
static enum app_exit judge_halves(struct identification *id)
{
    size_t count = 0;
    struct fid_curve curve;
    struct fid_error error;
    float *scores = calloc(id->count, sizeof *scores);
    bool *mated = calloc(id->count, sizeof *mated); /* none is */
    enum app_exit code = APP_OK;
    for (size_t i = 0; scores != NULL && i < id->count; i++)
        if (id->entries[i].role == ROLE_UNKNOWN && counts(&id->entries[i], 0))
            scores[count++] = id->entries[i].score;
    if (scores == NULL || mated == NULL)
        code = app_eval_no_memory();
    else if (fid_curve_make(scores, mated, count, &curve, &error) != FID_OK)
        code = app_fail(APP_AREA_INPUT, &error);
    if (code == APP_OK) {
        double threshold = fid_curve_threshold(&curve, fid_curve_at_rate(&curve, id->fpir));
        /* Infinite: no limit names any of them, so the lowest limit will do. */
        id->half = judge(id, 1, isfinite(threshold) ? threshold : -1.0);
        fid_curve_free(&curve);
    }
    free(scores);
    free(mated);
    return code;
}

enum app_exit app_identification_judge(const struct app *app, struct identification *id)
{
    struct fid_error error;
    if (fid_curve_make(id->scores, id->mated, id->probe_count, &id->curve, &error) != FID_OK)
        return app_fail(APP_AREA_INPUT, &error);
    size_t nearest_right = 0;
    id->fpir = app_option_number(app, "fpir", 1.0) / 100.0;
    for (size_t i = 0; i < id->count; i++)
        nearest_right += id->entries[i].role == ROLE_KNOWN && id->entries[i].right;
    id->rank_1 = fid_share_of(nearest_right, id->curve.mated);
    double wished = fid_curve_threshold(&id->curve, fid_curve_at_rate(&id->curve, id->fpir));
    id->point = judge(id, -1, app_option_number(app, "threshold", wished));
    id->model = judge(id, -1, (double)id->rule.accept);
    return judge_halves(id);
}

/* ---- telling ---- */

static void json_point(struct app_json *json, const struct operating_point *point)
{
    struct fid_share fnir = fid_share_of(point->tpir.whole - point->tpir.count, point->tpir.whole);
    app_json_number(json, "threshold", point->threshold, 6);
    app_eval_json_share(json, "fpir", &point->fpir);
    app_eval_json_share(json, "tpir", &point->tpir);
    app_eval_json_share(json, "fnir", &fnir);
    app_json_whole(json, "wrong_names", (int64_t)point->wrong);
}

static void print_json(const struct app *app, const struct identification *id)
{
    struct app_json json = app_eval_json_begin(app);
    app_json_whole(&json, "people", (int64_t)fid_gallery_count(id->gallery));
    app_json_whole(&json, "known", (int64_t)id->point.tpir.whole);
    app_json_whole(&json, "unknown", (int64_t)id->point.fpir.whole);
    app_json_whole(&json, "missed", (int64_t)id->faces.missed);
    app_eval_json_share(&json, "rank1", &id->rank_1);
    json_point(&json, &id->point);
    app_json_number(&json, "margin", (double)id->rule.margin, 6);
    app_json_number(&json, "fpir_wished", id->fpir, 6);
    app_json_open(&json, "halves", '{');
    app_json_whole(&json, "chosen_on", (int64_t)(id->point.fpir.whole - id->half.fpir.whole));
    app_json_whole(&json, "judged_on", (int64_t)id->half.fpir.whole);
    json_point(&json, &id->half);
    app_json_close(&json, '}');
    if (!isnan(id->model.threshold)) {
        app_json_open(&json, "model_accept", '{');
        json_point(&json, &id->model);
        app_json_close(&json, '}');
    }
    app_eval_json_end(&json);
}

static void print_point(const char *title, const struct operating_point *point)
{
    printf("%-10s cosine %.3f:", title, point->threshold);
    app_eval_print_share(" TPIR", &point->tpir);
    app_eval_print_share(", FPIR", &point->fpir);
    printf(", wrong names: %zu\n", point->wrong);
}

static void print_text(const struct app *app, const struct identification *id)
{
    bool given = !isnan(app_option_number(app, "threshold", NAN));
    printf("people     %zu; %zu pictures of them and %zu of strangers; without a face: %zu\n",
           fid_gallery_count(id->gallery), id->point.tpir.whole, id->point.fpir.whole,
           id->faces.missed);
    printf("rank 1    ");
    app_eval_print_share("", &id->rank_1);
    printf("\n");
    char title[32];
    snprintf(title, sizeof title, "FPIR %g %%", 100.0 * id->fpir);
    print_point(given ? "given" : title, &id->point);
    print_point("halves", &id->half);
    printf("           chosen for %s on %zu of the strangers, judged on the other %zu\n", title,
           id->point.fpir.whole - id->half.fpir.whole, id->half.fpir.whole);
    if (!isnan(id->model.threshold))
        print_point("model's", &id->model);
}

void app_identification_print(const struct app *app, const struct identification *id)
{
    if (app_option_flag(app, "json"))
        print_json(app, id);
    else
        print_text(app, id);
}

/* ---- files ---- */

static enum app_exit write_scores(const struct app_eval_curves *curves,
                                  const struct identification *id)
{
    FILE *file;
    struct fid_output *output;
    enum app_exit code = app_eval_create_table(
        curves, "scores.csv", "role,person,nearest,score,second,second_score,reason,file", &output,
        &file);
    if (code != APP_OK)
        return code;
    for (size_t i = 0; i < id->count; i++) {
        const struct entry *entry = &id->entries[i];
        const struct fid_label *label = &entry->label;
        if (entry->role == ROLE_ENROLL)
            continue;
        fprintf(file, "%s,", app_role_words[entry->role]);
        app_csv_field(file, entry->person);
        fputc(',', file);
        app_csv_field(file, label->nearest);
        fprintf(file, ",%.6f,", (double)label->score);
        app_csv_field(file, label->second);
        fprintf(file, ",%.6f,%s,", (double)label->second_score,
                label->nearest[0] != '\0' ? fid_reason_text(label->reason) : "no_face");
        app_csv_field(file, id->pictures.references[i]);
        fputc('\n', file);
    }
    return app_eval_finish(&output);
}

enum app_exit app_identification_write(const struct app *app, struct app_eval_curves *curves,
                                       const struct identification *id)
{
    if (curves->folder == NULL)
        return APP_OK;
    curves->threshold = id->point.threshold;
    app_eval_curves_title(app, curves);
    snprintf(curves->counts, sizeof curves->counts,
             "%zu people enrolled, %zu pictures of them and %zu of strangers, rank 1 %.2f %%",
             fid_gallery_count(id->gallery), id->curve.mated, id->curve.impostors,
             100.0 * id->rank_1.share);
    enum app_exit code = app_eval_write_rates(curves, &id->curve);
    if (code == APP_OK)
        code = app_eval_draw_scores(curves, id->nearest, id->mated, id->probe_count);
    return code == APP_OK ? write_scores(curves, id) : code;
}
