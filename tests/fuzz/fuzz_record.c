/* fuzz_record.c - libFuzzer on what a row holds: each record that is read is written again as the
 * very same bytes, so that there is one way to say everything.
 *
 * Built and run by `make fuzz`; seeds/record holds the inputs it starts from (make_seeds writes
 * them). The first byte of the input is the kind, the content follows. */
#include "engine/base/memory.h"
#include "engine/face/gallery/record.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t size);

static struct fid_writer writer;

static void check_numbers(const uint8_t *numbers, size_t count)
{
    float number;
    for (size_t i = 0; i < count; i++) {
        fid_record_numbers(numbers + i * sizeof number, 1, &number);
        if (!isfinite(number))
            abort();
    }
}

static bool read_people(const struct fid_entry *entry)
{
    struct fid_person_record person;
    if (!fid_record_read_person(entry, &person))
        return false;
    for (size_t i = 0; i < person.was_count; i++)
        fid_record_put_id((uint8_t[8]){0}, 0, fid_record_id(person.was, i));
    fid_record_write_person(&writer, &person);
    return true;
}

static bool read_faces(const struct fid_entry *entry, bool template)
{
    struct fid_sample_record sample;
    struct fid_template_record vectors;
    if (template && fid_record_read_template(entry, &vectors)) {
        check_numbers(vectors.numbers, ((size_t)vectors.prototypes + 1) * vectors.size);
        fid_record_write_template(&writer, &vectors);
        return true;
    }
    if (template || !fid_record_read_sample(entry, &sample))
        return false;
    check_numbers(sample.numbers, sample.size);
    fid_record_write_sample(&writer, &sample);
    return true;
}

static bool read_other(const struct fid_entry *entry)
{
    struct fid_consent_record consent;
    struct fid_crop_record crop;
    struct fid_copy_record copy;
    struct fid_change_record change;
    struct fid_calibration_record calibration;
    if (fid_record_read_consent(entry, &consent))
        fid_record_write_consent(&writer, &consent);
    else if (fid_record_read_crop(entry, &crop))
        fid_record_write_crop(&writer, &crop);
    else if (fid_record_read_copy(entry, &copy))
        fid_record_write_copy(&writer, &copy);
    else if (fid_record_read_change(entry, &change))
        fid_record_write_change(&writer, &change);
    else if (fid_record_read_calibration(entry, &calibration))
        fid_record_write_calibration(&writer, &calibration);
    else
        return false;
    return true;
}

static bool read_any(const struct fid_entry *entry)
{
    switch (FID_ROW_KIND(entry->id)) {
    case FID_KIND_PERSON:
        return read_people(entry);
    case FID_KIND_SAMPLE:
    case FID_KIND_STRANGER:
        return read_faces(entry, false);
    case FID_KIND_TEMPLATE:
        return read_faces(entry, true);
    default:
        return read_other(entry);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t size)
{
    if (size < 1)
        return 0;
    struct fid_entry entry = {.id = (int64_t)(input[0] % 16) << 56 | 1, .size = size - 1};
    uint8_t *content = malloc(size);
    if (content == NULL)
        abort();
    memcpy(content, input + 1, size - 1);
    entry.content = content;
    if (read_any(&entry) && (writer.failed || writer.size != entry.size ||
                             memcmp(writer.bytes, content, entry.size) != 0))
        abort();
    free(content);
    return 0;
}
