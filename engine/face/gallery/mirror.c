/* How rows become people: what a transaction shows is read beside the mirror, held against the
 * manifest, and then takes the place of what was there. Taking over cannot fail, so that a change
 * is committed between the two. */
#include "engine/base/memory.h"
#include "engine/base/size.h"
#include "engine/face/gallery/mirror.h"

#include <stdlib.h>
#include <string.h>

/* Bytes of templates from which several threads open them. */
#define WIDE_FROM ((uint64_t)8 << 20)

/* ---- people ---- */

/* The id stays, by which the mirror is searched. */
static void free_person(struct fid_gallery_person *person)
{
    fid_free(person->key);
    fid_free(person->vectors);
    person->key = NULL;
    person->vectors = NULL;
}

void fid_mirror_free_people(struct fid_gallery_person *people, size_t count)
{
    for (size_t i = 0; i < count; i++)
        free_person(&people[i]);
    fid_free(people);
}

void fid_staged_free(struct fid_staged *staged)
{
    fid_mirror_free_people(staged->fresh, staged->count);
    fid_free(staged->people);
    fid_free(staged->old);
    fid_free(staged->gone.ids);
    *staged = (struct fid_staged){0};
}

static enum fid_status no_memory(const struct fid_staged *staged, struct fid_error *error)
{
    return fid_fail(error, FID_NO_MEMORY, "no memory for the people of %s", staged->gallery->path);
}

static enum fid_status damaged(const struct fid_staged *staged, const char *what,
                               struct fid_error *error)
{
    return fid_fail(error, FID_CORRUPT, "the gallery %s is damaged: %s", staged->gallery->path,
                    what);
}

/* Where the person of this row stands among the fresh ones, who are in order of rows. */
static size_t fresh_place(const struct fid_staged *staged, int64_t id)
{
    size_t low = 0, high = staged->count;
    id &= FID_LOW_ID;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (staged->fresh[middle].info.id < id)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static struct fid_gallery_person *find_fresh(const struct fid_staged *staged, int64_t id)
{
    size_t at = fresh_place(staged, id);
    return at < staged->count && staged->fresh[at].info.id == (id & FID_LOW_ID) ? &staged->fresh[at]
                                                                                : NULL;
}

/* The fresh person of this row, made if need be; NULL: no memory. */
static struct fid_gallery_person *need_fresh(struct fid_staged *staged, int64_t id)
{
    struct fid_gallery_person *found = find_fresh(staged, id);
    if (found != NULL)
        return found;
    found = fid_grow(staged->fresh, staged->count, &staged->room, sizeof *staged->fresh);
    if (found == NULL)
        return NULL;
    staged->fresh = found;
    size_t at = fresh_place(staged, id);
    found += at;
    memmove(found + 1, found, (staged->count - at) * sizeof *found);
    staged->count++;
    *found = (struct fid_gallery_person){.info.id = id & FID_LOW_ID};
    return found;
}

/* ---- rows ---- */

static struct fid_tally tally_of(const struct fid_staged *staged, const struct fid_entry *entry)
{
    struct fid_manifest alone = {0};
    fid_manifest_count(&alone, staged->gallery->ledger->vault, entry->id, entry->stored->body,
                       entry->stored->size, true);
    return alone.tallies[FID_ROW_KIND(entry->id)];
}

static enum fid_status take_person(void *ctx, const struct fid_entry *entry,
                                   struct fid_error *error)
{
    struct fid_staged *staged = ctx;
    struct fid_person_record record;
    char key[FID_NAME_KEY_BYTES];
    uint8_t who[FID_NAME_KEY_BYTES];
    size_t who_size;
    if (!fid_record_read_person(entry, &record) || fid_name_key(record.name, key, NULL) != FID_OK)
        return damaged(staged, "a person's row", error);
    fid_vault_who(staged->gallery->ledger->vault, key, who, &who_size);
    if (entry->stored->who == NULL || entry->stored->who_size != who_size ||
        memcmp(who, entry->stored->who, who_size) != 0)
        return damaged(staged, "somebody is to be found by another name", error);
    struct fid_gallery_person *person = need_fresh(staged, entry->id);
    if (person == NULL)
        return no_memory(staged, error);
    fid_free(person->key);
    person->key = fid_strdup(key);
    if (person->key == NULL)
        return no_memory(staged, error);
    memcpy(person->info.name, record.name, sizeof record.name);
    memcpy(person->info.created, record.created, sizeof record.created);
    memcpy(person->info.expires, record.expires, sizeof record.expires);
    person->row = tally_of(staged, entry);
    return FID_OK;
}

/* FILLS the vectors of a template, if they are wanted. */
static enum fid_status take_vectors(struct fid_staged *staged, struct fid_gallery_person *person,
                                    const struct fid_template_record *record,
                                    struct fid_error *error)
{
    const struct fid_gallery_model *model = &staged->gallery->model;
    size_t numbers;
    if (model->id[0] == '\0')
        return FID_OK;
    if (record->size != model->size || strcmp(record->model, model->id) != 0)
        return damaged(staged, "vectors of another model", error);
    if (fid_size_mul((size_t)record->prototypes + 1, record->size, &numbers))
        person->vectors = fid_calloc(numbers, sizeof *person->vectors);
    if (person->vectors == NULL)
        return no_memory(staged, error);
    fid_record_numbers(record->numbers, numbers, person->vectors);
    person->raw_mean = person->vectors + (size_t)record->prototypes * record->size;
    return FID_OK;
}

static enum fid_status fill_template(struct fid_staged *staged, struct fid_gallery_person *person,
                                     const struct fid_entry *entry, struct fid_error *error)
{
    struct fid_template_record record;
    if (!fid_record_read_template(entry, &record) || person->vectors != NULL)
        return damaged(staged, "the vectors of a person", error);
    person->info.prototype_count = record.prototypes;
    person->info.sample_count = record.samples;
    person->info.crop_count = record.crops;
    person->template_row = tally_of(staged, entry);
    return take_vectors(staged, person, &record, error);
}

static enum fid_status take_template(void *ctx, const struct fid_entry *entry,
                                     struct fid_error *error)
{
    struct fid_staged *staged = ctx;
    struct fid_gallery_person *person = need_fresh(staged, entry->id);
    return person != NULL ? fill_template(staged, person, entry, error) : no_memory(staged, error);
}

/* By several threads at once: everybody is there already. */
static enum fid_status take_template_of_all(void *ctx, const struct fid_entry *entry,
                                            struct fid_error *error)
{
    struct fid_staged *staged = ctx;
    struct fid_gallery_person *person = find_fresh(staged, entry->id);
    return person != NULL ? fill_template(staged, person, entry, error)
                          : damaged(staged, "vectors of nobody", error);
}

static enum fid_status take_calibration(void *ctx, const struct fid_entry *entry,
                                        struct fid_error *error)
{
    struct fid_staged *staged = ctx;
    if (!fid_record_read_calibration(entry, &staged->calibration) ||
        !(staged->calibration.numbers.accept >= -1 && staged->calibration.numbers.accept <= 1))
        return damaged(staged, "the calibration", error);
    staged->seen.tallies[FID_KIND_CALIBRATION] = tally_of(staged, entry);
    return FID_OK;
}

/* ---- agreement ---- */

static void count_row(struct fid_tally *tally, const struct fid_tally *row, bool added)
{
    tally->count += added ? row->count : 0 - row->count;
    for (size_t i = 0; row->count > 0 && i < FID_DIGEST_BYTES; i++)
        tally->digest[i] ^= row->digest[i];
}

static int compare_ids(const void *a, const void *b)
{
    const struct fid_gallery_person *const *x = a, *const *y = b;
    return (*x)->info.id < (*y)->info.id ? -1 : (*x)->info.id > (*y)->info.id;
}

/* The mirror's people in order of rows, if some of them stay. */
static bool list_old(struct fid_staged *staged)
{
    const struct fid_gallery *gallery = staged->gallery;
    if (staged->whole || gallery->count == 0)
        return true;
    staged->old = fid_calloc(gallery->count, sizeof(void *));
    for (size_t i = 0; staged->old != NULL && i < gallery->count; i++)
        staged->old[i] = &gallery->people[i];
    if (staged->old != NULL)
        qsort(staged->old, gallery->count, sizeof(void *), compare_ids);
    return staged->old != NULL;
}

/* The person in the mirror; NULL: nobody, or all are read anew. */
static struct fid_gallery_person *find_old(const struct fid_staged *staged, int64_t id)
{
    const struct fid_gallery_person sought = {.info.id = id & FID_LOW_ID}, *key = &sought;
    struct fid_gallery_person **found =
        staged->old == NULL
            ? NULL
            : bsearch(&key, staged->old, staged->gallery->count, sizeof(void *), compare_ids);
    return found != NULL ? *found : NULL;
}

/* Counts rows of a person in or out: those that `by` has. */
static void count_rows(struct fid_staged *staged, const struct fid_gallery_person *person,
                       const struct fid_gallery_person *by, bool added)
{
    if (by->row.count > 0)
        count_row(&staged->seen.tallies[FID_KIND_PERSON], &person->row, added);
    if (by->template_row.count > 0)
        count_row(&staged->seen.tallies[FID_KIND_TEMPLATE], &person->template_row, added);
}

/* Counts what the mirror is going to be made of. FID_CORRUPT: somebody lacks a row. */
static enum fid_status count_people(struct fid_staged *staged, struct fid_error *error)
{
    const struct fid_manifest none = {0}, *base = staged->whole ? &none : &staged->gallery->seen;
    staged->seen.tallies[FID_KIND_PERSON] = base->tallies[FID_KIND_PERSON];
    staged->seen.tallies[FID_KIND_TEMPLATE] = base->tallies[FID_KIND_TEMPLATE];
    for (size_t i = 0; i < staged->count; i++) {
        const struct fid_gallery_person *fresh = &staged->fresh[i];
        const struct fid_gallery_person *old = find_old(staged, fresh->info.id);
        if ((fresh->row.count == 0 || fresh->template_row.count == 0) && old == NULL)
            return fid_fail(error, FID_CORRUPT, "the data of '%s' in the gallery %s are incomplete",
                            fresh->row.count > 0 ? fresh->info.name : "?", staged->gallery->path);
        if (old != NULL)
            count_rows(staged, old, fresh, false);
        count_rows(staged, fresh, fresh, true);
    }
    for (size_t i = 0; i < staged->gone.count; i++) {
        const struct fid_gallery_person *old = find_old(staged, staged->gone.ids[i]);
        if (old != NULL)
            count_rows(staged, old, old, false);
    }
    return FID_OK;
}

static enum fid_status take_key(void *ctx, const struct fid_row *row, struct fid_error *error)
{
    struct fid_ids *there = ctx;
    return fid_ids_add(there, row->id & FID_LOW_ID)
               ? FID_OK
               : fid_fail(error, FID_NO_MEMORY, "no memory for the numbers of people");
}

/* Whoever has no row any more is gone. */
static enum fid_status find_gone(struct fid_staged *staged, struct fid_error *error)
{
    struct fid_ids there = {0};
    size_t at = 0;
    enum fid_status status =
        fid_store_scan_keys(staged->gallery->ledger->store, FID_FIRST_ID(FID_KIND_PERSON),
                            FID_FIRST_ID(FID_KIND_PERSON + 1), take_key, &there, error);
    for (size_t i = 0; status == FID_OK && staged->old != NULL && i < staged->gallery->count; i++) {
        const int64_t id = staged->old[i]->info.id;
        while (at < there.count && there.ids[at] < id)
            at++;
        if ((at == there.count || there.ids[at] != id) && !fid_ids_add(&staged->gone, id))
            status = no_memory(staged, error);
    }
    fid_free(there.ids);
    return status;
}

static bool agrees(const struct fid_staged *staged)
{
    const struct fid_manifest *manifest = &staged->gallery->ledger->manifest;
    return fid_manifest_agrees(&staged->seen, manifest, FID_KIND_PERSON) &&
           fid_manifest_agrees(&staged->seen, manifest, FID_KIND_TEMPLATE) &&
           fid_manifest_agrees(&staged->seen, manifest, FID_KIND_CALIBRATION);
}

static enum fid_status settle(struct fid_staged *staged, bool may_be_gone, struct fid_error *error)
{
    const struct fid_manifest *manifest = &staged->gallery->ledger->manifest;
    if (!list_old(staged))
        return no_memory(staged, error);
    if (manifest->tallies[FID_KIND_CALIBRATION].count == 0) {
        staged->calibration = (struct fid_calibration_record){0};
        staged->seen.tallies[FID_KIND_CALIBRATION] = (struct fid_tally){0};
    }
    enum fid_status status = count_people(staged, error);
    if (status == FID_OK && !agrees(staged) && may_be_gone && !staged->whole) {
        status = find_gone(staged, error);
        if (status == FID_OK)
            status = count_people(staged, error);
    }
    if (status == FID_OK && !agrees(staged))
        status = damaged(staged, "rows are missing, or are not the ones that were written", error);
    if (status != FID_OK)
        return status;
    size_t most = staged->count + (staged->whole ? 0 : staged->gallery->count);
    staged->people = fid_calloc(most, sizeof *staged->people);
    staged->generation = manifest->generation;
    return staged->people != NULL ? FID_OK : no_memory(staged, error);
}

/* ---- staging ---- */

static void begin_staging(struct fid_staged *staged, struct fid_gallery *gallery, bool whole)
{
    *staged = (struct fid_staged){.gallery = gallery, .whole = whole};
    if (whole)
        return;
    staged->calibration = gallery->calibration;
    staged->seen = gallery->seen;
}

static enum fid_status scan(struct fid_staged *staged, enum fid_kind kind, fid_entry_fn take,
                            struct fid_error *error)
{
    const uint64_t since = staged->whole ? 0 : staged->gallery->generation;
    return fid_ledger_scan(staged->gallery->ledger, FID_FIRST_ID(kind), FID_FIRST_ID(kind + 1),
                           since, take, staged, error);
}

static enum fid_status scan_templates(struct fid_staged *staged, struct fid_error *error)
{
    const struct fid_manifest *manifest = &staged->gallery->ledger->manifest;
    const uint64_t bytes =
        manifest->tallies[FID_KIND_TEMPLATE].count * manifest->vector_size * sizeof(float);
    if (!staged->whole)
        return scan(staged, FID_KIND_TEMPLATE, take_template, error);
    if (bytes < WIDE_FROM)
        return scan(staged, FID_KIND_TEMPLATE, take_template_of_all, error);
    return fid_ledger_scan_wide(staged->gallery->ledger, FID_FIRST_ID(FID_KIND_TEMPLATE),
                                FID_FIRST_ID(FID_KIND_TEMPLATE + 1), take_template_of_all, staged,
                                error);
}

/* Names the person whose row is damaged, if the name could be read. */
static enum fid_status name_damaged(const struct fid_staged *staged, struct fid_error *error)
{
    const struct fid_gallery_person *person = find_fresh(staged, staged->gallery->ledger->damaged);
    if (person == NULL || person->key == NULL)
        return FID_CORRUPT;
    return fid_fail(error, FID_CORRUPT, "the data of '%s' in the gallery %s are damaged",
                    person->info.name, staged->gallery->path);
}

enum fid_status fid_mirror_stage(struct fid_staged *staged, struct fid_gallery *gallery, bool whole,
                                 struct fid_error *error)
{
    begin_staging(staged, gallery, whole);
    gallery->ledger->damaged = 0;
    enum fid_status status = scan(staged, FID_KIND_PERSON, take_person, error);
    if (status == FID_OK) {
        status = scan_templates(staged, error);
        if (status == FID_CORRUPT)
            return name_damaged(staged, error);
    }
    if (status == FID_OK)
        status = scan(staged, FID_KIND_CALIBRATION, take_calibration, error);
    return status == FID_OK ? settle(staged, true, error) : status;
}

enum fid_status fid_mirror_stage_some(struct fid_staged *staged, struct fid_gallery *gallery,
                                      const int64_t *ids, size_t count, struct fid_error *error)
{
    struct fid_ledger *ledger = gallery->ledger;
    enum fid_status status = FID_OK;
    begin_staging(staged, gallery, false);
    for (size_t i = 0; status == FID_OK && i < count; i++) {
        status = fid_ledger_get(ledger, ids[i], take_person, staged, error);
        if (status == FID_OK)
            status = fid_ledger_get(ledger, FID_SIBLING_ID(FID_KIND_TEMPLATE, ids[i]),
                                    take_template, staged, error);
        else if (status == FID_NOT_FOUND)
            status = fid_ids_add(&staged->gone, ids[i]) ? FID_OK : no_memory(staged, error);
        if (status == FID_NOT_FOUND)
            status = damaged(staged, "somebody without vectors", error);
    }
    return status == FID_OK ? settle(staged, false, error) : status;
}

/* ---- taking over ---- */

static int compare_keys(const void *a, const void *b)
{
    const struct fid_gallery_person *x = a, *y = b;
    return strcmp(x->key, y->key);
}

/* What of a person was not read is as before. */
static void take_rest(struct fid_gallery_person *fresh, struct fid_gallery_person *old)
{
    struct fid_gallery_person both = *old;
    if (fresh->row.count > 0) {
        both.info = fresh->info;
        both.key = fresh->key;
        both.row = fresh->row;
    } else {
        old->key = NULL;
    }
    const struct fid_gallery_person *from = fresh->template_row.count > 0 ? fresh : old;
    both.info.prototype_count = from->info.prototype_count;
    both.info.sample_count = from->info.sample_count;
    both.info.crop_count = from->info.crop_count;
    both.vectors = from->vectors;
    both.raw_mean = from->raw_mean;
    both.template_row = from->template_row;
    both.coded_count = from->coded_count;
    if (from == old)
        old->vectors = NULL;
    free_person(old);
    *fresh = both;
}

void fid_mirror_take(struct fid_staged *staged)
{
    struct fid_gallery *gallery = staged->gallery;
    struct fid_gallery_person *people = staged->people;
    size_t count = 0, next = 0;
    for (size_t i = 0; i < staged->gone.count; i++) {
        struct fid_gallery_person *old = find_old(staged, staged->gone.ids[i]);
        if (old != NULL)
            free_person(old);
    }
    for (size_t i = 0; i < staged->count; i++) {
        struct fid_gallery_person *old = find_old(staged, staged->fresh[i].info.id);
        if (old != NULL)
            take_rest(&staged->fresh[i], old);
    }
    if (staged->count > 1)
        qsort(staged->fresh, staged->count, sizeof *staged->fresh, compare_keys);
    for (size_t i = 0; i < gallery->count; i++) {
        struct fid_gallery_person *old = &gallery->people[i];
        if (staged->whole || old->key == NULL) {
            free_person(old);
            continue;
        }
        while (next < staged->count && compare_keys(&staged->fresh[next], old) < 0)
            people[count++] = staged->fresh[next++];
        people[count++] = *old;
    }
    while (next < staged->count)
        people[count++] = staged->fresh[next++];
    fid_free(gallery->people);
    gallery->people = people;
    gallery->count = count;
    gallery->calibration = staged->calibration;
    gallery->seen = staged->seen;
    gallery->generation = staged->generation;
    memcpy(gallery->id, fid_vault_gallery(gallery->ledger->vault), sizeof gallery->id);
    staged->people = NULL;
    staged->count = 0; /* they are the gallery's */
    fid_staged_free(staged);
    fid_gallery_expire(gallery);
    fid_gallery_encode(gallery);
}
