/* A large gallery is looked through in short: each vector has a code of one byte a number, all in
 * one block, a quarter of what the memory has to deliver. Only who can still be the nearest or
 * second person then is compared in full, so that a label has the very bits that it has without
 * codes.
 *
 * Why nobody is lost. Let x be the embedding divided by its length and v a vector, both rounded to
 * steps s and t: x = s·c + f, v = t·q + e, with whole c and q, and what the rounding leaves, f and
 * e, known with their lengths. Then
 *
 *     x·v = s·t·(c·q) + (s·c)·e + f·v,   so by Cauchy and Schwarz
 *     |x·v - s·t·(c·q)| <= |s·c|·|e| + |f|·|v|.
 *
 * The likeness that counts is not x·v but what dot_f32 and one division make of it, which differs
 * by at most ((k + 8) · 2^-23 + 2^-22) · |v|, by the kernel's contract, and 1e-9 for underflow,
 * since embeddings that are shorter than 1e-10 or longer than 1e30 are not looked up by codes. With
 * these two each person has a least and a largest likeness. Two people at least have one that is
 * not below the second largest of all least ones; whoever's largest is below that is neither the
 * nearest nor the second person, nor as near as one of them. */
#include "engine/base/memory.h"
#include "engine/base/size.h"
#include "engine/base/thread_pool.h"
#include "engine/face/gallery/gallery.h"
#include "kernels/kernels.h"

#include <math.h>
#include <string.h>

/* Numbers in all vectors from which codes pay: below it what memory delivers is no limit, since it
 * stays in the cache. Measured by tests/tools/scan_gallery.c. */
#define CODES_FROM ((size_t)1 << 19)
/* And from which several threads make them. */
#define WIDE_FROM ((size_t)1 << 22)

#define NORM_LEAST 1e-10
#define NORM_MOST  1e30
#define UNDERFLOW  1e-9
#define STEPS      127
#define CHAINS     8
#define BLOCK      64 /* vectors whose codes are looked at together */

struct fid_code_scale {
    float step; /* t */
    float rest; /* |e|, rounded up */
};

/* ---- codes ---- */

static float round_up(double number)
{
    return nextafterf((float)number, INFINITY);
}

/* The largest of the numbers' sizes; in chains, since one would wait for itself. */
static float largest_of(const float *vector, size_t size)
{
    float most[CHAINS] = {0};
    size_t i = 0;
    for (; i + CHAINS <= size; i += CHAINS)
        for (size_t c = 0; c < CHAINS; c++) {
            const float number = fabsf(vector[i + c]);
            most[c] = number > most[c] ? number : most[c];
        }
    for (; i < size; i++)
        most[0] = fabsf(vector[i]) > most[0] ? fabsf(vector[i]) : most[0];
    for (size_t c = 1; c < CHAINS; c++)
        most[0] = most[c] > most[0] ? most[c] : most[0];
    return most[0];
}

/* Codes of CHAINS numbers or fewer; adds the squares of what is left of each to left[CHAINS]. */
static inline void encode_some(const float *vector, size_t count, float steps, int8_t *codes,
                               float *left)
{
    const float whole = 0x1.8p23f; /* adding it rounds to whole numbers, into the lowest bits */
    float shifted[CHAINS] = {0};
    uint32_t bits[CHAINS];
    for (size_t c = 0; c < count; c++) {
        const float exact = vector[c] * steps;
        shifted[c] = exact + whole;
        const float error = exact - (shifted[c] - whole);
        left[c] += error * error;
    }
    memcpy(bits, shifted, sizeof bits);
    for (size_t c = 0; c < count; c++)
        codes[c] = (int8_t)(uint8_t)bits[c];
}

/* FILLS codes[size] of a vector and returns the step. *rest is not below the length of vector -
 * step · codes: with u the vector in steps as rounded here, and d what is left of it by its code,
 * which is exact, that is |d| <= its float sum · (1 + size · 2^-23), and u is off by three
 * roundings of a number up to 127. */
static double encode(const float *vector, size_t size, int8_t *codes, double *rest)
{
    const float largest = largest_of(vector, size);
    const double step = largest > 0 ? (double)largest / STEPS : 1;
    const float steps = (float)(1 / step);
    float left[CHAINS] = {0};
    size_t i = 0;
    for (; i + CHAINS <= size; i += CHAINS)
        encode_some(vector + i, CHAINS, steps, codes + i, left);
    if (i < size)
        encode_some(vector + i, size - i, steps, codes + i, left);
    double squares = 0;
    for (size_t c = 0; c < CHAINS; c++)
        squares += (double)left[c];
    *rest = step * (sqrt(squares) * (1 + (double)size * 0x1p-23) +
                    STEPS * 3 * 0x1p-24 * sqrt((double)size));
    return step;
}

/* By how much the product of two vectors of length 1 may be off in dot_f32 and a division. */
static double dot_error(size_t size)
{
    return (double)(size + 8) * 0x1p-23 + 0x1p-22;
}

void fid_codes_free(struct fid_codes *codes)
{
    fid_pages_free(codes->codes, codes->bytes);
    fid_free(codes->scales);
    fid_free(codes->owners);
    *codes = (struct fid_codes){0};
}

/* Returns the length of the vector, rounded up. */
static float encode_vector(const struct fid_kernels *kernels, const float *vector, size_t size,
                           int8_t *codes, struct fid_code_scale *scale)
{
    double rest, step = encode(vector, size, codes, &rest);
    double length = sqrt((double)kernels->dot_f32(size, vector, vector));
    scale->step = (float)step; /* what that is off belongs to the rest */
    rest += fabs(step - (double)scale->step) * STEPS * sqrt((double)size);
    scale->rest = round_up(rest);
    return round_up(length * (1 + dot_error(size)));
}

struct encoding {
    struct fid_gallery *gallery;
    const struct fid_codes *before;
    struct fid_codes made;
    size_t *places; /* [people]: of the first vector of each */
};

static void encode_person(void *ctx, size_t i, int worker)
{
    const struct encoding *work = ctx;
    struct fid_gallery_person *person = &work->gallery->people[i];
    const struct fid_codes *made = &work->made, *before = work->before;
    const size_t size = work->gallery->model.size, count = person->info.prototype_count;
    const size_t at = work->places[i];
    (void)worker;
    if (person->info.expired)
        return;
    for (size_t k = 0; k < count; k++)
        made->owners[at + k] = (uint32_t)i;
    if (person->coded_count == count) {
        memcpy(made->codes + at * size, before->codes + person->coded_at * size, count * size);
        memcpy(made->scales + at, before->scales + person->coded_at, count * sizeof *made->scales);
        return;
    }
    person->code_length = 0;
    for (size_t k = 0; k < count; k++) {
        float length = encode_vector(work->gallery->kernels, person->vectors + k * size, size,
                                     made->codes + (at + k) * size, &made->scales[at + k]);
        person->code_length = fmaxf(person->code_length, length);
    }
}

static bool allocate(struct encoding *work, size_t count, size_t size)
{
    struct fid_codes *made = &work->made;
    if (!fid_size_mul(count, size, &made->bytes) || work->gallery->count >= UINT32_MAX)
        return false;
    made->count = count;
    made->without = SIZE_MAX;
    made->codes = fid_pages_alloc(made->bytes);
    made->scales = fid_calloc(count, sizeof *made->scales);
    made->owners = fid_calloc(count, sizeof *made->owners);
    return made->codes != NULL && made->scales != NULL && made->owners != NULL;
}

static void encode_all(struct encoding *work, size_t fresh)
{
    struct fid_gallery *gallery = work->gallery;
    struct fid_pool *pool = NULL;
    if (fresh * gallery->model.size >= WIDE_FROM) /* without a pool it is a loop */
        fid_pool_open(&pool, fid_pool_cores(), NULL);
    fid_parallel_for(pool, gallery->count, encode_person, work);
    fid_pool_close(&pool);
    for (size_t i = 0; i < gallery->count; i++) {
        struct fid_gallery_person *person = &gallery->people[i];
        person->coded_at = work->places[i];
        person->coded_count = person->info.expired ? 0 : person->info.prototype_count;
        if (!person->info.expired)
            work->made.length = fmaxf(work->made.length, person->code_length);
    }
}

/* Who gets no codes for want of memory is compared in full, like everybody else then. */
void fid_gallery_encode(struct fid_gallery *gallery)
{
    struct fid_codes before = gallery->codes;
    struct encoding work = {gallery, &before, {0}, fid_calloc(gallery->count, sizeof(size_t))};
    size_t count = 0, fresh = 0;
    for (size_t i = 0; work.places != NULL && i < gallery->count; i++) {
        const struct fid_gallery_person *person = &gallery->people[i];
        work.places[i] = count;
        count += person->info.expired ? 0 : person->info.prototype_count;
        fresh += person->coded_count == 0 ? person->info.prototype_count : 0;
    }
    if (work.places != NULL && gallery->model.id[0] != '\0' &&
        count * gallery->model.size >= CODES_FROM && allocate(&work, count, gallery->model.size)) {
        encode_all(&work, fresh);
    } else {
        fid_codes_free(&work.made);
        for (size_t i = 0; i < gallery->count; i++)
            gallery->people[i].coded_count = 0;
    }
    fid_free(work.places);
    fid_codes_free(&before);
    gallery->codes = work.made;
}

/* ---- looking up ---- */

struct probe {
    int8_t *codes; /* c */
    double step, rest, length;
    double always; /* how far the likeness of any vector may be off, besides by its code */
};

struct candidate {
    uint32_t person;
    double most; /* likeness */
};

/* Who may be the nearest or the second one, as far as the codes were looked through. */
struct ranking {
    struct candidate *list; /* owned */
    size_t count, room;
    uint32_t nearest; /* by the largest least likeness */
    double first, second;
};

/* Those who are too far by now leave; makes room if they all stay. */
static bool make_room(struct ranking *ranking)
{
    size_t left = 0;
    for (size_t i = 0; i < ranking->count; i++)
        if (ranking->list[i].most >= ranking->second)
            ranking->list[left++] = ranking->list[i];
    ranking->count = left;
    if (left < ranking->room / 2)
        return true;
    size_t room = ranking->room == 0 ? 256 : 2 * ranking->room;
    struct candidate *larger = fid_calloc(room, sizeof *larger);
    if (larger == NULL)
        return false;
    if (left > 0)
        memcpy(larger, ranking->list, left * sizeof *larger);
    fid_free(ranking->list);
    ranking->list = larger;
    ranking->room = room;
    return true;
}

/* The codes are in order of people, so that one's vectors come together. */
static bool add_candidate(struct ranking *ranking, uint32_t person, double least, double most)
{
    struct candidate *last = ranking->count > 0 ? &ranking->list[ranking->count - 1] : NULL;
    if (last != NULL && last->person == person) {
        last->most = most > last->most ? most : last->most;
    } else {
        if (ranking->count == ranking->room && !make_room(ranking))
            return false;
        ranking->list[ranking->count++] = (struct candidate){person, most};
    }
    if (person == ranking->nearest) {
        ranking->first = least > ranking->first ? least : ranking->first;
    } else if (least > ranking->first) {
        ranking->second = ranking->first;
        ranking->first = least;
        ranking->nearest = person;
    } else if (least > ranking->second) {
        ranking->second = least;
    }
    return true;
}

/* One vector in double precision. */
static bool look_at(const struct fid_codes *codes, const struct probe *probe, size_t v, int32_t dot,
                    struct ranking *ranking)
{
    const double likeness = probe->step * (double)codes->scales[v].step * dot;
    const double off = probe->length * (double)codes->scales[v].rest + probe->always;
    if (likeness + off < ranking->second || codes->owners[v] == codes->without)
        return true;
    return add_candidate(ranking, codes->owners[v], likeness - off, likeness + off);
}

/* Can one of a block of vectors be as near as the second person? In single precision, whose error
 * NEARLY covers: four roundings of numbers below 2. */
#define NEARLY 1e-6
static bool is_near(const struct fid_code_scale *scales, const struct probe *probe,
                    const int32_t dots[BLOCK], double second)
{
    const float step = (float)probe->step, length = (float)probe->length;
    const float limit = (float)(second - probe->always - NEARLY);
    int near = 0;
    for (size_t i = 0; i < BLOCK; i++)
        near |= step * scales[i].step * (float)dots[i] + length * scales[i].rest >= limit;
    return near != 0;
}

static bool look_through(const struct fid_gallery *gallery, const struct probe *probe,
                         struct ranking *ranking)
{
    const struct fid_codes *codes = &gallery->codes;
    const size_t size = gallery->model.size;
    int32_t dots[BLOCK];
    for (size_t v = 0; v < codes->count; v += BLOCK) {
        const size_t count = codes->count - v < BLOCK ? codes->count - v : BLOCK;
        for (size_t i = 0; i < count; i++)
            dots[i] = gallery->kernels->dot_s8(size, probe->codes, codes->codes + (v + i) * size);
        if (count == BLOCK && !is_near(codes->scales + v, probe, dots, ranking->second))
            continue;
        for (size_t i = 0; i < count; i++)
            if (!look_at(codes, probe, v + i, dots[i], ranking))
                return false;
    }
    return true;
}

/* Makes the list of those who are left, in order. */
static bool list_people(const struct fid_codes *codes, const struct ranking *ranking,
                        struct fid_shortlist *list)
{
    bool with = codes->without == SIZE_MAX; /* is in the list */
    list->people = fid_calloc(ranking->count + 1, sizeof *list->people);
    if (list->people == NULL)
        return false;
    for (size_t i = 0; i < ranking->count; i++) {
        if (ranking->list[i].most < ranking->second)
            continue;
        if (!with && ranking->list[i].person > codes->without) {
            list->people[list->count++] = (uint32_t)codes->without;
            with = true;
        }
        list->people[list->count++] = ranking->list[i].person;
    }
    if (!with)
        list->people[list->count++] = (uint32_t)codes->without;
    return true;
}

bool fid_gallery_shortlist(const struct fid_gallery *gallery, const float *embedding, double norm,
                           struct fid_shortlist *list)
{
    const size_t size = gallery->model.size;
    struct probe probe = {.step = 0};
    struct ranking ranking = {.nearest = UINT32_MAX, .first = -INFINITY, .second = -INFINITY};
    *list = (struct fid_shortlist){0};
    if (!(norm >= NORM_LEAST && norm <= NORM_MOST) || gallery->codes.count == 0)
        return false;
    probe.codes = fid_calloc(size, 1);
    bool good = probe.codes != NULL;
    if (good) {
        probe.step = encode(embedding, size, probe.codes, &probe.rest) / norm;
        probe.rest /= norm * (1 - 1e-9);      /* the length is rounded too */
        probe.length = 1 + 1e-9 + probe.rest; /* |s·c| <= |x| + |f| */
        probe.always = (probe.rest + dot_error(size)) * (double)gallery->codes.length + UNDERFLOW;
        good =
            look_through(gallery, &probe, &ranking) && list_people(&gallery->codes, &ranking, list);
    }
    fid_free(probe.codes);
    fid_free(ranking.list);
    return good;
}
