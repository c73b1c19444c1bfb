/* Open-set identification: a table (eval_identify_table.c) or a folder (eval_identify_folder.c)
 * "role person file" with the roles enroll, known and unknown. The known must be named rightly, the
 * unknown refused. They are looked up as live faces are: in a gallery, by the model's rule but for
 * the limit that is to be judged. */
#include "app/eval/eval_identify.h"
#include "app/error.h"
#include "app/input/source.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static void identification_close(struct identification *id)
{
    app_eval_pictures_close(&id->pictures);
    app_eval_faces_close(&id->faces);
    fid_gallery_close(&id->gallery);
    fid_curve_free(&id->curve);
    free(id->entries);
    free(id->scores);
    free(id->nearest);
    free(id->mated);
}

/* ---- enrolling and looking up ---- */

static const float *embedding_of(const struct identification *id, size_t entry)
{
    return id->faces.embeddings + id->pictures.index[entry] * id->faces.size;
}

static bool has_face(const struct identification *id, size_t entry)
{
    return id->faces.found[id->pictures.index[entry]];
}

/* Enrolls every person with the faces of all their lines, at the first line. */
static enum fid_status enroll_from(struct identification *id, size_t first,
                                   struct fid_sample *samples, struct fid_error *error)
{
    const struct entry *entry = &id->entries[first];
    struct fid_person person;
    size_t count = 0;
    for (size_t i = 0; i < id->count; i++) {
        const struct entry *other = &id->entries[i];
        if (other->role != ROLE_ENROLL || strcmp(other->person, entry->person) != 0)
            continue;
        if (i < first)
            return FID_OK; /* done at the first line */
        if (has_face(id, i))
            samples[count++] =
                (struct fid_sample){.embedding = embedding_of(id, i), .source = "evaluation"};
    }
    if (count == 0)
        return FID_OK;
    enum fid_status status =
        fid_gallery_enroll(id->gallery, entry->person, samples, count, false, NULL, &person, error);
    if (status == FID_OK && strcmp(person.name, entry->person) != 0)
        return app_error(error, FID_EXISTS, "'%s' and '%s' are one name", person.name,
                         entry->person);
    return status;
}

static enum app_exit enroll(const struct app *app, struct identification *id)
{
    struct fid_error error;
    struct fid_sample *samples = calloc(id->count + 1, sizeof *samples);
    if (samples == NULL)
        return app_eval_no_memory();
    enum fid_status status = fid_gallery_open("of the evaluation", app->recognizer, NULL,
                                              FID_GALLERY_MEMORY, &id->gallery, &error);
    for (size_t i = 0; status == FID_OK && i < id->count; i++)
        if (id->entries[i].role == ROLE_ENROLL)
            status = enroll_from(id, i, samples, &error);
    free(samples);
    return status == FID_OK ? APP_OK : app_fail(APP_AREA_INPUT, &error);
}

/* FILLS scores and mated from the probes. */
static enum app_exit look_up(const struct app *app, struct identification *id)
{
    struct fid_error error;
    if (fid_rule_default(app->recognizer, FID_RULE_COSINE, &id->rule, &error) != FID_OK)
        id->rule = (struct fid_rule){.accept = NAN};
    struct fid_rule any = id->rule; /* passes every limit: no cosine is below these */
    any.accept = any.maybe = -2.0f;
    id->scores = calloc(id->count, sizeof *id->scores);
    id->nearest = calloc(id->count, sizeof *id->nearest);
    id->mated = calloc(id->count, sizeof *id->mated);
    if (id->scores == NULL || id->nearest == NULL || id->mated == NULL)
        return app_eval_no_memory();
    for (size_t i = 0; i < id->count; i++) {
        struct entry *entry = &id->entries[i];
        if (entry->role == ROLE_ENROLL)
            continue;
        if (has_face(id, i)) {
            fid_label_faces(id->gallery, &any, embedding_of(id, i), 1, &entry->label);
            entry->right = strcmp(entry->label.nearest, entry->person) == 0;
            entry->score = entry->label.known ? entry->label.score : -INFINITY;
        }
        bool known = entry->role == ROLE_KNOWN;
        id->nearest[id->probe_count] = has_face(id, i) ? entry->label.score : -INFINITY;
        id->mated[id->probe_count] = known;
        id->scores[id->probe_count++] = known && !entry->right ? -INFINITY : entry->score;
    }
    return APP_OK;
}

static enum app_exit measure(struct app *app, struct app_eval_curves *curves,
                             struct identification *id)
{
    if (!app_eval_pictures_number(&id->pictures))
        return app_eval_no_memory();
    enum app_exit code = app_eval_embed(app, &id->pictures, &id->faces);
    if (code == APP_OK)
        code = enroll(app, id);
    if (code == APP_OK)
        code = look_up(app, id);
    if (code == APP_OK)
        code = app_identification_judge(app, id);
    if (code != APP_OK)
        return code;
    app_identification_print(app, id);
    return app_identification_write(app, curves, id);
}

enum app_exit app_eval_identify(struct app *app, const char *source)
{
    struct identification id = {0};
    struct app_eval_curves curves;
    const char *strangers = app_option_text(app, "strangers", NULL);
    enum app_exit code = app_is_folder(source) ? app_identification_read_folder(source, &id)
                                               : app_identification_read_table(app, source, &id);
    if (code == APP_OK && strangers != NULL)
        code = app_identification_add_strangers(strangers, &id);
    if (code == APP_OK)
        code = app_identification_check(source, &id);
    if (code == APP_OK)
        code = app_eval_curves_open(app, &app_identification_words, &curves);
    if (code == APP_OK)
        code = measure(app, &curves, &id);
    identification_close(&id);
    return code;
}
