/* The rows of a person, and the vectors computed from the samples. */
#include "engine/base/memory.h"
#include "engine/base/size.h"
#include "engine/face/gallery/gallery.h"
#include "engine/face/gallery/prototypes.h"

#include <string.h>

static enum fid_status no_memory(struct fid_error *error)
{
    return fid_fail(error, FID_NO_MEMORY, "no memory for the data of a person");
}

/* ---- rows of a person ---- */

/* Puts what the writer holds. */
static enum fid_status put_written(struct fid_edit *edit, int64_t id, int64_t person,
                                   const char *key, struct fid_error *error)
{
    return edit->writer.failed
               ? no_memory(error)
               : fid_edit_put(edit, id, person, key, edit->writer.bytes, edit->writer.size, error);
}

enum fid_status fid_edit_put_person(struct fid_edit *edit, int64_t id,
                                    const struct fid_person_record *record, struct fid_error *error)
{
    char key[FID_NAME_KEY_BYTES];
    enum fid_status status = fid_name_key(record->name, key, error);
    if (status != FID_OK)
        return status;
    fid_record_write_person(&edit->writer, record);
    return put_written(edit, id, id, key, error);
}

enum fid_status fid_edit_add_sample(struct fid_edit *edit, int64_t person, uint32_t order,
                                    const struct fid_sample *sample, const char *created,
                                    struct fid_error *error)
{
    const struct fid_manifest *manifest = &edit->ledger->manifest;
    struct fid_sample_record record = {.order = order,
                                       .source = sample->source,
                                       .source_size = strlen(sample->source),
                                       .numbers = (const uint8_t *)sample->embedding,
                                       .size = manifest->vector_size};
    int64_t id;
    memcpy(record.model, manifest->model, sizeof record.model);
    if (created != NULL)
        memcpy(record.created, created, sizeof record.created);
    else
        fid_now(record.created);
    enum fid_status status = fid_ledger_draw(edit->ledger, FID_KIND_SAMPLE, person, &id, error);
    if (status != FID_OK)
        return status;
    fid_record_write_sample(&edit->writer, &record);
    status = put_written(edit, id, person, NULL, error);
    if (status != FID_OK || sample->crop == NULL)
        return status;
    const struct fid_crop_record crop = {sample->crop, sample->crop_size};
    fid_record_write_crop(&edit->writer, &crop);
    return put_written(edit, FID_SIBLING_ID(FID_KIND_CROP, id), person, NULL, error);
}

enum fid_status fid_edit_add_consent(struct fid_edit *edit, int64_t person, uint32_t order,
                                     const char *text, size_t size, const char *created,
                                     struct fid_error *error)
{
    struct fid_consent_record record = {.order = order, .text = text, .text_size = size};
    int64_t id;
    if (created != NULL)
        memcpy(record.created, created, sizeof record.created);
    else
        fid_now(record.created);
    fid_record_write_consent(&edit->writer, &record);
    enum fid_status status = fid_ledger_draw(edit->ledger, FID_KIND_CONSENT, person, &id, error);
    return status == FID_OK ? put_written(edit, id, person, NULL, error) : status;
}

enum fid_status fid_edit_read_person(struct fid_edit *edit, int64_t person,
                                     struct fid_person_record *record, struct fid_error *error)
{
    struct fid_entry entry = {0};
    enum fid_status status = fid_ledger_read(edit->ledger, person, &entry, error);
    if (status == FID_OK && !fid_record_read_person(&entry, record))
        status = fid_fail(error, FID_CORRUPT, "the row of a person is damaged");
    return status;
}

enum fid_status fid_edit_write_terms(struct fid_edit *edit, int64_t person,
                                     const struct fid_terms *terms, uint32_t next_consent,
                                     struct fid_error *error)
{
    struct fid_person_record record;
    enum fid_status status = FID_OK;
    if (terms != NULL && terms->consent != NULL)
        status = fid_edit_add_consent(edit, person, next_consent, terms->consent,
                                      strlen(terms->consent), NULL, error);
    if (status != FID_OK || terms == NULL || terms->expires == NULL)
        return status;
    status = fid_edit_read_person(edit, person, &record, error);
    if (status != FID_OK)
        return status;
    memset(record.expires, 0, sizeof record.expires);
    memcpy(record.expires, terms->expires, strlen(terms->expires)); /* fid_terms_check */
    return fid_edit_put_person(edit, person, &record, error);
}

/* ---- the vectors that stand for a person ---- */

struct summary {          /* of `count` samples */
    float *samples;       /* [count][size], as the network gave them, then of length 1 */
    float *vectors;       /* [1 + FID_PROTOTYPES_MAX + 1][size]: mean, prototypes, raw mean */
    unsigned char *group; /* [count] */
    float *raw_mean;      /* [size] */
};

static void free_summary(struct summary *summary)
{
    fid_free(summary->samples);
    fid_free(summary->vectors);
    fid_free(summary->group);
    fid_free(summary->raw_mean);
}

static enum fid_status gather(const struct fid_edit *edit, const struct fid_kept *kept,
                              struct summary *summary, struct fid_error *error)
{
    const struct fid_manifest *manifest = &edit->ledger->manifest;
    const size_t size = manifest->vector_size;
    size_t numbers;
    if (kept->count > FID_SAMPLES_MOST)
        return fid_fail(error, FID_INVALID, "a person can have %u faces, and this would be %zu",
                        FID_SAMPLES_MOST, kept->count);
    if (fid_size_mul(kept->count, size, &numbers)) {
        summary->samples = fid_calloc(numbers, sizeof(float));
        summary->vectors = fid_calloc((2 + FID_PROTOTYPES_MAX) * size, sizeof(float));
        summary->raw_mean = fid_calloc(size, sizeof(float));
        summary->group = fid_calloc(kept->count, 1);
    }
    if (summary->samples == NULL || summary->vectors == NULL || summary->raw_mean == NULL ||
        summary->group == NULL)
        return no_memory(error);
    for (size_t i = 0; i < kept->count; i++) {
        const struct fid_kept_sample *sample = &kept->samples[i];
        if (sample->size != size || strcmp(sample->model, manifest->model) != 0)
            return fid_fail(error, FID_CORRUPT,
                            "the gallery is damaged: a face of another model than the others");
        memcpy(summary->samples + i * size, sample->numbers, size * sizeof(float));
    }
    return FID_OK;
}

static enum fid_status summarise(struct summary *summary, size_t count, size_t size,
                                 size_t *prototypes, struct fid_error *error)
{
    fid_mean(summary->samples, count, size, summary->raw_mean);
    for (size_t i = 0; i < count; i++)
        if (!fid_normalise(summary->samples + i * size, size))
            return fid_fail(error, FID_INVALID, "face %zu has no direction", i + 1);
    *prototypes =
        fid_person_vectors(summary->samples, count, size, summary->group, summary->vectors);
    if (*prototypes == 0)
        return fid_fail(error, FID_QUALITY, "the faces have nothing in common: not one person");
    memcpy(summary->vectors + *prototypes * size, summary->raw_mean, size * sizeof(float));
    return FID_OK;
}

static enum fid_status put_template(struct fid_edit *edit, int64_t person,
                                    const struct fid_kept *kept, struct fid_error *error)
{
    struct summary summary = {0};
    struct fid_template_record record = {.size = edit->ledger->manifest.vector_size,
                                         .samples = (uint32_t)kept->count};
    size_t prototypes = 0;
    memcpy(record.model, edit->ledger->manifest.model, sizeof record.model);
    for (size_t i = 0; i < kept->count; i++)
        record.crops += kept->samples[i].has_crop;
    enum fid_status status = gather(edit, kept, &summary, error);
    if (status == FID_OK)
        status = summarise(&summary, kept->count, record.size, &prototypes, error);
    if (status == FID_OK) {
        record.prototypes = (uint32_t)prototypes;
        record.numbers = (const uint8_t *)summary.vectors;
        fid_record_write_template(&edit->writer, &record);
        status = put_written(edit, FID_SIBLING_ID(FID_KIND_TEMPLATE, person), person, NULL, error);
    }
    free_summary(&summary);
    return status;
}

enum fid_status fid_edit_update_template(struct fid_edit *edit, int64_t person,
                                         struct fid_error *error)
{
    struct fid_kept kept = {.with_numbers = true};
    enum fid_status status = fid_kept_read(edit->ledger, person, &kept, error);
    if (status == FID_OK)
        status = put_template(edit, person, &kept, error);
    fid_kept_free(&kept);
    return status;
}
