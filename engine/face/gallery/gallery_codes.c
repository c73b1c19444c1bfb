/* A large gallery is looked through in short: each vector has a code of one byte a number, a
 * quarter of what the memory has to deliver. Only who can still be the nearest or second person
 * then is compared in full, so that a label has the very bits that it has without codes.
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
#include "engine/face/gallery/gallery.h"
#include "kernels/kernels.h"

#include <math.h>
#include <string.h>

/* Numbers in all vectors from which codes pay: below it what memory delivers is no limit, since it
 * stays in the cache. Measured by tests/tools/scan_gallery.c. */
#define CODES_FROM ((size_t)1 << 19)

#define NORM_LEAST 1e-10
#define NORM_MOST  1e30
#define UNDERFLOW  1e-9
#define STEPS      127
#define CHAINS     8

struct code_scale {
    float step;   /* t */
    float rest;   /* |e|, rounded up */
    float length; /* |v|, rounded up */
};

struct fid_codes {
    struct code_scale *scales; /* [prototype_count], behind the codes in the same block */
    int8_t codes[];            /* [prototype_count][size] */
};

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

static struct fid_codes *encode_person(const struct fid_kernels *kernels,
                                       const struct fid_gallery_person *person, size_t size)
{
    size_t count = person->info.prototype_count, bytes, all;
    if (!fid_size_mul(count, size, &bytes) ||
        !fid_size_add(bytes, sizeof(struct fid_codes), &all) ||
        !fid_size_align(all, sizeof(float), &all) ||
        !fid_size_add(all, count * sizeof(struct code_scale), &bytes))
        return NULL;
    struct fid_codes *codes = fid_calloc(1, bytes);
    if (codes == NULL)
        return NULL;
    codes->scales = (struct code_scale *)(void *)((unsigned char *)codes + all);
    for (size_t i = 0; i < count; i++) {
        const float *vector = person->vectors + i * size;
        struct code_scale *scale = &codes->scales[i];
        double rest, step = encode(vector, size, codes->codes + i * size, &rest);
        double length = sqrt((double)kernels->dot_f32(size, vector, vector));
        scale->step = (float)step; /* what that is off belongs to the rest */
        rest += fabs(step - (double)scale->step) * STEPS * sqrt((double)size);
        scale->rest = round_up(rest);
        scale->length = round_up(length * (1 + dot_error(size)));
    }
    return codes;
}

static size_t numbers_of(const struct fid_gallery *gallery)
{
    size_t vectors = 0;
    for (size_t i = 0; i < gallery->count; i++)
        vectors += gallery->people[i].info.prototype_count;
    return vectors * gallery->model.size;
}

void fid_gallery_encode(struct fid_gallery *gallery)
{
    if (gallery->model.id[0] == '\0' || numbers_of(gallery) < CODES_FROM)
        return;
    const struct fid_kernels *kernels = gallery->kernels;
    for (size_t i = 0; i < gallery->count; i++) { /* who gets none is compared in full */
        struct fid_gallery_person *person = &gallery->people[i];
        if (person->codes == NULL && person->vectors != NULL)
            person->codes = encode_person(kernels, person, gallery->model.size);
    }
}

/* ---- looking up ---- */

struct probe {
    int8_t *codes; /* c */
    double step, rest, length;
    double slack; /* of the arithmetic in full, for a vector of length 1 */
    size_t size;
};

struct range {
    double least, most;
};

static struct range likeness_range(const struct fid_kernels *kernels, const struct probe *probe,
                                   const struct fid_gallery_person *person)
{
    struct range range = {-INFINITY, -INFINITY};
    const struct fid_codes *codes = person->codes;
    if (codes == NULL)
        return (struct range){-INFINITY, INFINITY};
    for (size_t i = 0; i < person->info.prototype_count; i++) {
        const struct code_scale *scale = &codes->scales[i];
        int32_t dot = kernels->dot_s8(probe->size, probe->codes, codes->codes + i * probe->size);
        double likeness = probe->step * (double)scale->step * dot;
        double off = probe->length * (double)scale->rest +
                     (probe->rest + probe->slack) * (double)scale->length + UNDERFLOW;
        range.least = likeness - off > range.least ? likeness - off : range.least;
        range.most = likeness + off > range.most ? likeness + off : range.most;
    }
    return range;
}

/* The second largest least likeness; FILLS the largest ones. */
static double rank_ranges(const struct fid_kernels *kernels, const struct fid_gallery *gallery,
                          const struct probe *probe, double *largest)
{
    double first = -INFINITY, second = -INFINITY;
    for (size_t i = 0; i < gallery->count; i++) {
        if (gallery->people[i].info.expired)
            continue;
        struct range range = likeness_range(kernels, probe, &gallery->people[i]);
        largest[i] = range.most;
        if (range.least > first) {
            second = first;
            first = range.least;
        } else if (range.least > second) {
            second = range.least;
        }
    }
    return second;
}

unsigned char *fid_gallery_shortlist(const struct fid_kernels *kernels,
                                     const struct fid_gallery *gallery, const float *embedding,
                                     double norm)
{
    size_t size = gallery->model.size;
    struct probe probe = {.size = size};
    if (!(norm >= NORM_LEAST && norm <= NORM_MOST) || numbers_of(gallery) < CODES_FROM)
        return NULL;
    probe.codes = fid_calloc(size, 1);
    unsigned char *listed = fid_calloc(gallery->count, 1);
    double *largest = fid_calloc(gallery->count, sizeof *largest);
    if (probe.codes != NULL && listed != NULL && largest != NULL) {
        probe.step = encode(embedding, size, probe.codes, &probe.rest) / norm;
        probe.rest /= norm * (1 - 1e-9);      /* the length is rounded too */
        probe.length = 1 + 1e-9 + probe.rest; /* |s·c| <= |x| + |f| */
        probe.slack = dot_error(size);
        double second = rank_ranges(kernels, gallery, &probe, largest);
        for (size_t i = 0; i < gallery->count; i++)
            listed[i] = largest[i] >= second;
    } else {
        fid_free(listed);
        listed = NULL;
    }
    fid_free(probe.codes);
    fid_free(largest);
    return listed;
}
