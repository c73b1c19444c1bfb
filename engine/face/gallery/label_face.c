/* Who of the gallery a face is: the nearest person, the second one, and the rule that decides. */
#include "engine/base/memory.h"
#include "engine/face/gallery/gallery.h"
#include "kernels/kernels.h"

#include <math.h>
#include <string.h>

/* ---- the rule ---- */

static bool read_number(const struct fid_model *model, const char *key, float *number)
{
    double value;
    if (fid_model_numbers(model, key, &value, 1) != 1)
        return false;
    *number = (float)value;
    return true;
}

enum fid_status fid_rule_default(const struct fid_model *model, enum fid_rule_kind kind,
                                 struct fid_rule *rule, struct fid_error *error)
{
    struct fid_model_info info;
    fid_model_info(model, &info);
    *rule = (struct fid_rule){.kind = kind};
    if (kind != FID_RULE_COSINE && kind != FID_RULE_DEMO)
        return fid_fail(error, FID_INVALID, "%d is no kind of rule", (int)kind);
    if (kind == FID_RULE_DEMO) {
        if (read_number(model, "compat.demo.threshold", &rule->accept))
            return FID_OK;
        return fid_fail(error, FID_INVALID,
                        "%s has no rule of the Keras demo, which is for VGGFace2 models only",
                        info.path);
    }
    if (!read_number(model, "decision.accept", &rule->accept) ||
        !read_number(model, "decision.maybe", &rule->maybe) ||
        !read_number(model, "decision.margin", &rule->margin))
        return fid_fail(error, FID_INVALID,
                        "%s has no thresholds (decision.accept, decision.maybe, decision.margin)",
                        info.path);
    return FID_OK;
}

const char *fid_reason_text(enum fid_reason reason)
{
    switch (reason) {
    case FID_REASON_KNOWN:
        return "known";
    case FID_REASON_EMPTY_GALLERY:
        return "empty_gallery";
    case FID_REASON_STRANGER:
        return "stranger";
    case FID_REASON_MAYBE:
        return "maybe";
    case FID_REASON_TWO_ALIKE:
        return "two_alike";
    case FID_REASON_TAKEN:
        return "taken";
    case FID_REASON_NO_VECTOR:
        return "no_vector";
    case FID_REASON_UNDECIDED:
        return "undecided";
    case FID_REASON_REJECTED:
        return "rejected";
    }
    return "unknown";
}

/* ---- the scan ---- */

#define NORM_MIN 1e-30 /* a shorter vector has no direction */

/* Length of a vector, 0 if it is not finite. */
static double norm_of(const float *vector, size_t size)
{
    double sum = 0;
    for (size_t i = 0; i < size; i++)
        sum += (double)vector[i] * vector[i];
    return isfinite(sum) ? sqrt(sum) : 0;
}

static float best_cosine(const struct fid_kernels *kernels, const struct fid_gallery_person *person,
                         const float *embedding, size_t size, double norm)
{
    float best = -INFINITY;
    for (size_t i = 0; i < person->info.prototype_count; i++) {
        float dot = kernels->dot_f32(size, embedding, person->vectors + i * size);
        best = dot > best ? dot : best;
    }
    return (float)(best / norm);
}

static float raw_distance(const struct fid_gallery_person *person, const float *embedding,
                          size_t size)
{
    double sum = 0;
    for (size_t i = 0; i < size; i++) {
        double difference = (double)embedding[i] - person->raw_mean[i];
        sum += difference * difference;
    }
    return (float)sqrt(sum);
}

/* The nearest person and the second one, by likeness (a distance counts with its sign turned). */
struct ranking {
    const struct fid_gallery_person *nearest, *second;
    float likeness, second_likeness;
};

static void rank_one(struct ranking *ranking, const struct fid_gallery *gallery,
                     const struct fid_gallery_person *person, enum fid_rule_kind kind,
                     const float *embedding, double norm)
{
    const size_t size = gallery->model.size;
    if (person->info.expired)
        return;
    float likeness = kind == FID_RULE_DEMO
                         ? -raw_distance(person, embedding, size)
                         : best_cosine(gallery->kernels, person, embedding, size, norm);
    if (ranking->nearest == NULL || likeness > ranking->likeness) {
        ranking->second = ranking->nearest;
        ranking->second_likeness = ranking->likeness;
        ranking->nearest = person;
        ranking->likeness = likeness;
    } else if (ranking->second == NULL || likeness > ranking->second_likeness) {
        ranking->second = person;
        ranking->second_likeness = likeness;
    }
}

static struct ranking rank_people(const struct fid_gallery *gallery, enum fid_rule_kind kind,
                                  const float *embedding, double norm)
{
    struct ranking ranking = {NULL, NULL, -INFINITY, -INFINITY};
    struct fid_shortlist list = {0};
    const bool is_short =
        kind == FID_RULE_COSINE && fid_gallery_shortlist(gallery, embedding, norm, &list);
    const size_t count = is_short ? list.count : gallery->count;
    for (size_t i = 0; i < count; i++)
        rank_one(&ranking, gallery, &gallery->people[is_short ? list.people[i] : i], kind,
                 embedding, norm);
    fid_free(list.people);
    return ranking;
}

/* ---- the decision ---- */

static enum fid_reason decide(const struct fid_rule *rule, const struct ranking *ranking)
{
    if (rule->kind == FID_RULE_DEMO)
        return -ranking->likeness < rule->accept ? FID_REASON_KNOWN : FID_REASON_STRANGER;
    if (ranking->likeness >= rule->accept) {
        bool alone =
            ranking->second == NULL || ranking->likeness - ranking->second_likeness >= rule->margin;
        return alone ? FID_REASON_KNOWN : FID_REASON_TWO_ALIKE;
    }
    return ranking->likeness >= rule->maybe ? FID_REASON_MAYBE : FID_REASON_STRANGER;
}

static void label_one(const struct fid_gallery *gallery, const struct fid_rule *rule,
                      const float *embedding, struct fid_label *label)
{
    double norm = norm_of(embedding, gallery->model.size);
    float sign = rule->kind == FID_RULE_DEMO ? -1.0f : 1.0f;
    *label = (struct fid_label){.reason = FID_REASON_EMPTY_GALLERY};
    if (norm < NORM_MIN) {
        label->reason = FID_REASON_NO_VECTOR;
        return;
    }
    if (gallery->count == 0)
        return;
    struct ranking ranking = rank_people(gallery, rule->kind, embedding, norm);
    if (ranking.nearest == NULL) /* everybody's time is over */
        return;
    label->reason = decide(rule, &ranking);
    label->known = label->reason == FID_REASON_KNOWN;
    label->person = ranking.nearest->info.id;
    label->score = sign * ranking.likeness;
    memcpy(label->nearest, ranking.nearest->info.name, sizeof label->nearest);
    if (label->known)
        memcpy(label->name, label->nearest, sizeof label->name);
    if (ranking.second != NULL) {
        label->second_score = sign * ranking.second_likeness;
        memcpy(label->second, ranking.second->info.name, sizeof label->second);
    }
}

/* Of two faces with one name the better one keeps it; of equal ones the first. */
static void settle(enum fid_rule_kind kind, struct fid_label *a, struct fid_label *b)
{
    if (!a->known || !b->known || a->person != b->person)
        return;
    bool b_better = kind == FID_RULE_DEMO ? b->score < a->score : b->score > a->score;
    struct fid_label *loser = b_better ? a : b;
    loser->known = false;
    loser->name[0] = '\0';
    loser->reason = FID_REASON_TAKEN;
}

void fid_label_faces(const struct fid_gallery *gallery, const struct fid_rule *rule,
                     const float *embeddings, size_t count, struct fid_label *labels)
{
    for (size_t i = 0; i < count; i++)
        label_one(gallery, rule, embeddings + i * gallery->model.size, &labels[i]);
    for (size_t i = 0; i < count; i++)
        for (size_t j = i + 1; j < count; j++)
            settle(rule->kind, &labels[i], &labels[j]);
}

bool fid_gallery_likeness(const struct fid_gallery *gallery, const char *name,
                          const float *embedding, struct fid_person *person, float *likeness)
{
    char checked[FID_NAME_BYTES], key[FID_NAME_KEY_BYTES];
    struct fid_error error;
    double norm = norm_of(embedding, gallery->model.size);
    if (norm < NORM_MIN || fid_name_check(name, checked, &error) != FID_OK ||
        fid_name_key(checked, key, &error) != FID_OK)
        return false;
    bool found;
    const size_t at = fid_gallery_place(gallery, key, &found);
    if (!found)
        return false;
    *person = gallery->people[at].info;
    *likeness =
        best_cosine(gallery->kernels, &gallery->people[at], embedding, gallery->model.size, norm);
    return true;
}

float fid_gallery_alike(const struct fid_gallery *gallery, size_t i, size_t j)
{
    const struct fid_kernels *kernels = gallery->kernels;
    const struct fid_gallery_person *a = &gallery->people[i], *b = &gallery->people[j];
    size_t size = gallery->model.size;
    float best = -INFINITY;
    for (size_t v = 0; v < a->info.prototype_count; v++)
        best = fmaxf(best, best_cosine(kernels, b, a->vectors + v * size, size, 1.0));
    return best;
}
