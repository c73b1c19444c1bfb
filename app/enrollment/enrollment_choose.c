/* enrollment_choose.c - decides which faces are the person's, and which of these to use.
 *
 * The person is the one whom most pictures show. The first guess is the face with a similar one in
 * the most pictures. Then each picture's face is compared with the mean of all the others until
 * nothing changes, so that no face vouches for itself. Bystanders drop out on the way. */
#include "app/enrollment/enrollment.h"
#include "app/error.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    GUESSES =
        256,     /* most faces that are compared pairwise; of more, evenly spread ones are taken */
    ROUNDS = 10, /* rounds of leaving out and taking in; two or three suffice */
    FORCED = 8   /* bad frames that --force takes */
};

struct choice {
    struct app_enrollment *enrollment;
    bool *pool;    /* [look_count]: may be used */
    double *sum;   /* [size]: of the used faces, each of length 1 */
    float *rest;   /* [size]: scratch */
    size_t *first; /* [shot_count + 1]: index of the shot's first look */
    size_t shots;  /* with a face in the pool */
    float alike;   /* least cosine of one person's faces */
    bool settled;  /* with --force: the main faces are used */
};

/* What --force overrides. */
static void doubt(struct choice *choice, const struct fid_error *error)
{
    snprintf(choice->enrollment->doubt, sizeof choice->enrollment->doubt, "%s", error->text);
}

static const float *embedding(const struct choice *choice, size_t look)
{
    return choice->enrollment->embeddings + look * choice->enrollment->size;
}

/* ---- the pool ---- */

/* Adds the looks that pass to the pool: of photographs, frames or both; good ones or all.
 * Returns how many. */
static size_t fill_pool(struct choice *choice, bool photos, bool frames, bool good)
{
    const struct app_enrollment *enrollment = choice->enrollment;
    size_t count = 0;
    for (size_t i = 0; i < enrollment->look_count; i++) {
        const struct app_look *look = &enrollment->looks[i];
        bool photo = enrollment->shots[look->shot].frame < 0;
        choice->pool[i] =
            (photo ? photos : frames) && (!good || look->verdict.reason == APP_GATE_GOOD);
        count += choice->pool[i];
    }
    return count;
}

/* Adds the FORCED best frames to the pool, good or not. */
static void force_pool(struct choice *choice)
{
    const struct app_enrollment *enrollment = choice->enrollment;
    for (int n = 0; n < FORCED; n++) {
        size_t best = APP_NO_LOOK;
        for (size_t i = 0; i < enrollment->look_count; i++)
            if (!choice->pool[i] &&
                (best == APP_NO_LOOK || enrollment->looks[i].score > enrollment->looks[best].score))
                best = i;
        if (best != APP_NO_LOOK)
            choice->pool[best] = true;
    }
}

/* Says why none is used: "none of 41 frames is good enough (38 too small, ...)". */
static enum fid_status none_good(const struct app_enrollment *enrollment, struct fid_error *error)
{
    char reasons[400];
    app_enrollment_reasons(enrollment, reasons, sizeof reasons);
    return app_error(error, FID_QUALITY, "none of %zu frames is good enough (%s)",
                     enrollment->shot_count, reasons);
}

static enum fid_status choose_pool(struct choice *choice, bool force, struct fid_error *error)
{
    struct app_enrollment *enrollment = choice->enrollment;
    size_t counts[APP_GATE_REASONS];
    app_enrollment_count(enrollment, counts);
    if (counts[APP_GATE_NO_FACE] + counts[APP_GATE_NO_VECTOR] == enrollment->shot_count)
        return app_error(error, FID_NO_FACE, "no face was found");
    if (fill_pool(choice, true, true, true) > 0)
        return FID_OK;
    enrollment->low_quality = true;
    if (fill_pool(choice, true, false, false) > 0)
        return FID_OK;
    enum fid_status status = none_good(enrollment, error);
    if (!force || enrollment->look_count == 0)
        return status;
    doubt(choice, error);
    force_pool(choice);
    return FID_OK;
}

/* ---- the first guess ---- */

/* The shot's look in the pool that is most similar to `face`; APP_NO_LOOK if there is none. */
static size_t most_like(const struct choice *choice, size_t shot, const float *face, float *cosine)
{
    size_t best = APP_NO_LOOK;
    *cosine = -2;
    for (size_t i = choice->first[shot]; i < choice->first[shot + 1]; i++) {
        float likeness =
            choice->pool[i] ? fid_cosine(embedding(choice, i), face, choice->enrollment->size) : -2;
        if (likeness > *cosine) {
            *cosine = likeness;
            best = i;
        }
    }
    return best;
}

/* How many shots have a face like this one, plus a fraction for how similar they are. */
static double support(const struct choice *choice, size_t look)
{
    const struct app_enrollment *enrollment = choice->enrollment;
    size_t step = enrollment->shot_count / GUESSES + 1;
    double count = 0, sum = 0;
    float cosine;
    for (size_t shot = 0; shot < enrollment->shot_count; shot += step)
        if (most_like(choice, shot, embedding(choice, look), &cosine) != APP_NO_LOOK &&
            cosine >= choice->alike) {
            count++;
            sum += (double)cosine;
        }
    return count + sum / (2 * (double)enrollment->shot_count);
}

/* May the look be the first guess? A face alone in its picture is preferred. */
static bool is_candidate(const struct choice *choice, size_t look, bool alone)
{
    const struct app_look *l = &choice->enrollment->looks[look];
    return choice->pool[look] &&
           (!alone || (l->main && !choice->enrollment->shots[l->shot].rivals));
}

/* The candidate with the most support that is not like the face `unlike` (APP_NO_LOOK: any). */
static size_t best_supported(const struct choice *choice, bool alone, size_t unlike, double *most)
{
    const struct app_enrollment *enrollment = choice->enrollment;
    size_t candidates = 0, best = APP_NO_LOOK, nth = 0;
    *most = 0;
    for (size_t i = 0; i < enrollment->look_count; i++)
        candidates += is_candidate(choice, i, alone);
    size_t step = candidates / GUESSES + 1;
    for (size_t i = 0; i < enrollment->look_count; i++) {
        if (!is_candidate(choice, i, alone) || nth++ % step != 0)
            continue;
        if (unlike != APP_NO_LOOK && fid_cosine(embedding(choice, i), embedding(choice, unlike),
                                                enrollment->size) >= choice->alike)
            continue;
        double supported = support(choice, i);
        if (supported > *most) {
            *most = supported;
            best = i;
        }
    }
    return best;
}

/* Uses the look for its shot, or none. */
static void use(struct choice *choice, size_t shot, size_t look)
{
    choice->enrollment->shots[shot].look = look;
}

/* Takes the most prominent face of each shot. */
static void use_main_faces(struct choice *choice)
{
    choice->settled = true;
    for (size_t i = 0; i < choice->enrollment->look_count; i++) {
        struct app_shot *shot = &choice->enrollment->shots[choice->enrollment->looks[i].shot];
        if (choice->pool[i] && shot->look == APP_NO_LOOK)
            shot->look = i;
    }
}

/* No face is alone in its picture, and two people are in equally many pictures. */
static enum fid_status refuse_rivals(struct choice *choice, struct fid_error *error)
{
    struct app_enrollment *enrollment = choice->enrollment;
    size_t shot = 0;
    for (size_t i = enrollment->look_count; i-- > 0;)
        if (choice->pool[i]) {
            shot = enrollment->looks[i].shot;
            enrollment->shots[shot].verdict = (struct app_verdict){.reason = APP_GATE_SEVERAL};
        }
    return app_error(error, FID_QUALITY,
                     "it is unclear which face of %.200s is meant (crop it to one face)",
                     enrollment->shots[shot].name);
}

static enum fid_status guess(struct choice *choice, bool force, struct fid_error *error)
{
    struct app_enrollment *enrollment = choice->enrollment;
    double most, rival;
    float cosine;
    size_t person = best_supported(choice, true, APP_NO_LOOK, &most);
    if (person == APP_NO_LOOK) {
        person = best_supported(choice, false, APP_NO_LOOK, &most);
        best_supported(choice, false, person, &rival);
        if (floor(rival) >= floor(most)) {
            enum fid_status status = refuse_rivals(choice, error);
            if (!force)
                return status;
            doubt(choice, error);
            use_main_faces(choice);
            return FID_OK;
        }
    }
    for (size_t shot = 0; shot < enrollment->shot_count; shot++) {
        size_t look = most_like(choice, shot, embedding(choice, person), &cosine);
        if (look != APP_NO_LOOK && cosine >= choice->alike)
            use(choice, shot, look);
    }
    use(choice, enrollment->looks[person].shot, person);
    return FID_OK;
}

/* ---- leave one out ---- */

static void add(struct choice *choice, size_t look, double sign)
{
    double scale = sign * choice->enrollment->looks[look].scale;
    for (size_t p = 0; p < choice->enrollment->size; p++)
        choice->sum[p] += scale * (double)embedding(choice, look)[p];
}

static void sum_used(struct choice *choice)
{
    memset(choice->sum, 0, choice->enrollment->size * sizeof *choice->sum);
    for (size_t shot = 0; shot < choice->enrollment->shot_count; shot++)
        if (choice->enrollment->shots[shot].look != APP_NO_LOOK)
            add(choice, choice->enrollment->shots[shot].look, 1);
}

/* The shot's look that belongs to the faces used in the other shots, or APP_NO_LOOK. */
static size_t belongs(struct choice *choice, size_t shot)
{
    size_t used = choice->enrollment->shots[shot].look;
    float cosine;
    if (used != APP_NO_LOOK)
        add(choice, used, -1);
    for (size_t p = 0; p < choice->enrollment->size; p++)
        choice->rest[p] = (float)choice->sum[p];
    if (used != APP_NO_LOOK)
        add(choice, used, 1);
    size_t look = most_like(choice, shot, choice->rest, &cosine);
    return cosine >= choice->alike ? look : APP_NO_LOOK;
}

static size_t count_used(const struct app_enrollment *enrollment)
{
    size_t count = 0;
    for (size_t i = 0; i < enrollment->shot_count; i++)
        count += enrollment->shots[i].look != APP_NO_LOOK;
    return count;
}

/* Leaves out and takes in faces until every used face is like the rest. */
static enum fid_status leave_out(struct choice *choice, struct fid_error *error)
{
    struct app_enrollment *enrollment = choice->enrollment;
    size_t *looks = calloc(enrollment->shot_count, sizeof *looks);
    if (looks == NULL)
        return app_error(error, FID_NO_MEMORY, "no memory for the faces");
    for (int round = 0; round < ROUNDS && count_used(enrollment) > 1; round++) {
        bool changed = false;
        sum_used(choice);
        for (size_t shot = 0; shot < enrollment->shot_count; shot++) {
            looks[shot] = belongs(choice, shot);
            changed = changed || looks[shot] != enrollment->shots[shot].look;
        }
        if (!changed)
            break;
        for (size_t shot = 0; shot < enrollment->shot_count; shot++)
            use(choice, shot, looks[shot]);
    }
    free(looks);
    return FID_OK;
}

/* A person has to be in more than half of the pictures; otherwise it is unclear who is meant. */
static enum fid_status check_majority(struct choice *choice, bool force, struct fid_error *error)
{
    struct app_enrollment *enrollment = choice->enrollment;
    size_t used = count_used(enrollment), named = 0, pair[2] = {0, 0};
    if (2 * used > choice->shots)
        return FID_OK;
    for (size_t i = 0; i < enrollment->look_count && named < 2; i++)
        if (choice->pool[i] && (named == 0 || enrollment->looks[i].shot != pair[0]))
            pair[named++] = enrollment->looks[i].shot;
    if (choice->shots == 2)
        app_error(error, FID_QUALITY, "%.150s and %.150s do not look like one person",
                  enrollment->shots[pair[0]].name, enrollment->shots[pair[1]].name);
    else
        app_error(error, FID_QUALITY, "no more than %zu of the %zu faces look like one person",
                  used, choice->shots);
    if (!force)
        return FID_QUALITY;
    doubt(choice, error);
    use_main_faces(choice);
    return FID_OK;
}

/* ---- all of it ---- */

/* Sets the reason of each shot. */
static void settle(struct choice *choice)
{
    struct app_enrollment *enrollment = choice->enrollment;
    for (size_t i = 0; i < enrollment->look_count; i++) {
        struct app_shot *shot = &enrollment->shots[enrollment->looks[i].shot];
        if (shot->look == i && !enrollment->low_quality)
            shot->verdict = (struct app_verdict){.reason = APP_GATE_GOOD};
        else if (shot->look == i)
            shot->verdict = enrollment->looks[i].verdict;
        else if (shot->look == APP_NO_LOOK && choice->pool[i])
            shot->verdict = (struct app_verdict){.reason = APP_GATE_UNLIKE};
    }
}

static bool open_choice(struct choice *choice)
{
    const struct app_enrollment *enrollment = choice->enrollment;
    choice->pool = calloc(enrollment->look_count + 1, sizeof *choice->pool);
    choice->sum = calloc(enrollment->size + 1, sizeof *choice->sum);
    choice->rest = calloc(enrollment->size + 1, sizeof *choice->rest);
    choice->first = calloc(enrollment->shot_count + 2, sizeof *choice->first);
    if (choice->pool == NULL || choice->sum == NULL || choice->rest == NULL ||
        choice->first == NULL)
        return false;
    for (size_t i = 0; i < enrollment->look_count; i++)
        choice->first[enrollment->looks[i].shot + 1]++;
    for (size_t i = 0; i < enrollment->shot_count; i++) {
        choice->first[i + 1] += choice->first[i];
        enrollment->shots[i].look = APP_NO_LOOK;
    }
    return true;
}

static void count_shots(struct choice *choice)
{
    const struct app_enrollment *enrollment = choice->enrollment;
    for (size_t shot = 0; shot < enrollment->shot_count; shot++) {
        bool any = false;
        for (size_t i = choice->first[shot]; i < choice->first[shot + 1]; i++)
            any = any || choice->pool[i];
        choice->shots += any;
    }
}

static enum fid_status choose(struct choice *choice, const struct app_gate *gate, bool force,
                              struct fid_error *error)
{
    enum fid_status status = choose_pool(choice, force, error);
    if (status != FID_OK)
        return status;
    count_shots(choice);
    status = guess(choice, force, error);
    if (status == FID_OK && !choice->settled)
        status = leave_out(choice, error);
    if (status == FID_OK && !choice->settled)
        status = check_majority(choice, force, error);
    if (status != FID_OK)
        return status;
    settle(choice);
    return app_enrollment_spread(choice->enrollment, (size_t)gate->clip_faces, error);
}

enum fid_status app_enrollment_choose(struct app_enrollment *enrollment,
                                      const struct app_gate *gate, float alike, bool force,
                                      struct fid_error *error)
{
    struct choice choice = {.enrollment = enrollment, .alike = alike};
    enum fid_status status = FID_NO_MEMORY;
    enrollment->doubt[0] = '\0';
    enrollment->low_quality = false;
    if (open_choice(&choice))
        status = choose(&choice, gate, force, error);
    else
        app_error(error, FID_NO_MEMORY, "no memory for the faces");
    free(choice.pool);
    free(choice.sum);
    free(choice.rest);
    free(choice.first);
    return status;
}
