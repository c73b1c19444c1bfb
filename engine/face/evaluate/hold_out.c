/* Would a person be known by a face that was not enrolled? Each file of faces in turn is taken out,
 * and looked up in the gallery that is left. */
#include "engine/base/memory.h"
#include "engine/base/size.h"
#include "engine/face/gallery/gallery.h"
#include "engine/face/gallery/prototypes.h"

#include <string.h>

enum {
    BLOCKS = 5,     /* of a single file */
    FOLDS_MOST = 50 /* with more files, some are held out together */
};

struct hold_out {
    size_t size;
    struct fid_kept kept; /* numbers of length 1 */
    size_t used;          /* of the samples: the first so many */
    size_t *fold;         /* the samples of one number are held out together */
    size_t file_count, fold_count;

    float *rest; /* [kept.count][size]: what is not held out */
    unsigned char *group;
    struct fid_gallery_person *people; /* the gallery's, one of them changed */
    float *vectors;                    /* of that one */
};

static void free_hold_out(struct hold_out *held)
{
    fid_kept_free(&held->kept);
    fid_free(held->fold);
    fid_free(held->rest);
    fid_free(held->group);
    fid_free(held->people);
    fid_free(held->vectors);
}

static bool allocate(struct hold_out *held, const struct fid_gallery *gallery)
{
    size_t size = gallery->model.size, numbers;
    held->size = size;
    if (!fid_size_mul(held->kept.count, size, &numbers))
        return false;
    held->rest = fid_calloc(numbers, sizeof(float));
    held->fold = fid_calloc(held->kept.count, sizeof *held->fold);
    held->group = fid_calloc(held->kept.count, 1);
    held->vectors = fid_calloc((1 + FID_PROTOTYPES_MAX) * size, sizeof(float));
    held->people = fid_calloc(gallery->count, sizeof *held->people);
    return held->rest != NULL && held->fold != NULL && held->group != NULL &&
           held->vectors != NULL && held->people != NULL;
}

/* The person's samples, of length 1; those without a direction are left out. */
static enum fid_status read_samples(struct hold_out *held, const struct fid_gallery *gallery,
                                    int64_t person, struct fid_error *error)
{
    struct fid_kept *kept = &held->kept;
    size_t count = 0;
    kept->with_numbers = true;
    enum fid_status status = fid_ledger_begin(gallery->ledger, false, error);
    if (status == FID_OK)
        status = fid_kept_read(gallery->ledger, FID_PERSON_ROW(person), kept, error);
    fid_ledger_rollback(gallery->ledger);
    for (size_t i = 0; status == FID_OK && i < kept->count; i++) {
        const struct fid_kept_sample sample = kept->samples[i];
        if (sample.size != gallery->model.size || !fid_normalise(sample.numbers, sample.size))
            continue;
        kept->samples[i] = kept->samples[count];
        kept->samples[count++] = sample;
    }
    if (status == FID_OK)
        held->used = count;
    return status;
}

/* ---- folds ---- */

/* Length of a source without the number of its frame: "ana.mp4#12", "live 2026-11-23 frame 7". */
static size_t file_length(const char *source)
{
    size_t length = strlen(source), digits = length;
    while (digits > 0 && source[digits - 1] >= '0' && source[digits - 1] <= '9')
        digits--;
    if (digits == length)
        return length;
    if (digits > 0 && source[digits - 1] == '#')
        return digits - 1;
    const size_t frame = sizeof " frame " - 1;
    return digits >= frame && strncmp(source + digits - frame, " frame ", frame) == 0
               ? digits - frame
               : length;
}

static bool same_file(const char *a, const char *b)
{
    size_t length = file_length(a);
    return length == file_length(b) && strncmp(a, b, length) == 0;
}

/* Numbers the files; samples of one file mostly stand together. */
static void find_files(struct hold_out *held)
{
    held->file_count = 0;
    for (size_t i = 0; i < held->used; i++) {
        size_t before = i;
        while (before > 0 &&
               !same_file(held->kept.samples[i].source, held->kept.samples[before - 1].source))
            before--;
        held->fold[i] = before > 0 ? held->fold[before - 1] : held->file_count++;
    }
}

static void make_folds(struct hold_out *held)
{
    find_files(held);
    if (held->file_count > 1) {
        held->fold_count = held->file_count < FOLDS_MOST ? held->file_count : FOLDS_MOST;
        for (size_t i = 0; i < held->used; i++)
            held->fold[i] %= FOLDS_MOST;
        return;
    }
    held->fold_count = held->used < BLOCKS ? held->used : BLOCKS;
    for (size_t i = 0; i < held->used; i++)
        held->fold[i] = i * held->fold_count / held->used;
}

/* ---- trials ---- */

/* The person as the samples of the other folds make them. */
static void leave_out(struct hold_out *held, size_t fold, struct fid_gallery_person *person)
{
    size_t left = 0;
    for (size_t i = 0; i < held->used; i++)
        if (held->fold[i] != fold)
            memcpy(held->rest + left++ * held->size, held->kept.samples[i].numbers,
                   held->size * sizeof(float));
    person->vectors = held->vectors;
    person->info.prototype_count =
        fid_person_vectors(held->rest, left, held->size, held->group, held->vectors);
}

static enum fid_status try_all(const struct fid_gallery *gallery, const struct fid_rule *rule,
                               size_t person, struct hold_out *held, fid_trial_fn take, void *ctx,
                               struct fid_error *error)
{
    struct fid_gallery view = *gallery; /* borrows everything but the people's array */
    struct fid_label label;
    memcpy(held->people, gallery->people, gallery->count * sizeof *held->people);
    view.people = held->people;
    view.codes.without = person; /* its codes are of all its faces */
    for (size_t fold = 0; fold < held->fold_count; fold++) {
        leave_out(held, fold, &held->people[person]);
        for (size_t i = 0; i < held->used; i++) {
            if (held->fold[i] != fold)
                continue;
            fid_label_faces(&view, rule, held->kept.samples[i].numbers, 1, &label);
            if (!take(ctx, held->kept.samples[i].source, &label))
                return fid_fail(error, FID_NO_MEMORY, "no memory for another trial");
        }
    }
    return FID_OK;
}

enum fid_status fid_gallery_hold_out(const struct fid_gallery *gallery, const struct fid_rule *rule,
                                     size_t i, fid_trial_fn take, void *ctx, size_t *file_count,
                                     struct fid_error *error)
{
    const struct fid_person *person = &gallery->people[i].info;
    struct hold_out held = {0};
    enum fid_status status = FID_OK;
    *file_count = 0;
    if (gallery->ledger == NULL) /* another file is there now, which could not be read */
        return fid_fail(error, FID_IO, "the gallery %s is not open any more", gallery->path);
    status = read_samples(&held, gallery, person->id, error);
    if (status == FID_OK && !allocate(&held, gallery))
        status = fid_fail(error, FID_NO_MEMORY, "no memory for the faces of '%s'", person->name);
    if (status == FID_OK)
        make_folds(&held);
    if (status == FID_OK && held.used > 1)
        status = try_all(gallery, rule, i, &held, take, ctx, error);
    *file_count = held.file_count;
    free_hold_out(&held);
    return status;
}
