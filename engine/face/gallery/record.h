/* record.h - what the rows of a gallery hold, to bytes and back: the only decoder. Every length is
 * checked; no text has zeros; names are as fid_name_check wants them, consents are UTF-8; numbers
 * are finite. engine/vault/FORMAT.md has the layouts.
 *
 * Decoding points into the content, which is borrowed; false: it is no such record, or the entry is
 * of another kind. Encoding fills a fid_writer in place of what it held; `failed` tells that there
 * was no memory, or that the record cannot be written. */
#ifndef FID_FACE_RECORD_H
#define FID_FACE_RECORD_H

#include "engine/face/gallery/ledger.h"
#include "engine/fid/gallery.h"

#define FID_TIME_BYTES 21 /* 2026-11-23T22:10:05Z */
#define FID_DATE_BYTES 11 /* 2026-11-23 */

struct fid_writer { /* zero-initialise; bytes to be freed with fid_free */
    uint8_t *bytes;
    size_t size, room;
    bool failed; /* of the last record */
};

struct fid_person_record { /* kind PERSON; padded to 128 bytes */
    char name[FID_NAME_BYTES], created[FID_TIME_BYTES], expires[FID_DATE_BYTES];
    const uint8_t *was; /* [was_count] ids, 8 bytes each, of people who were merged into this one */
    size_t was_count;
};
struct fid_sample_record { /* kind SAMPLE; its crop has a row of its own: of the same low 56 bits */
    char model[33];        /* id */
    uint32_t order;        /* of enrollment, among the person's */
    char created[FID_TIME_BYTES];
    const char *source; /* not ended by a zero in the content: source_size */
    size_t source_size;
    const uint8_t *numbers; /* [size] little-endian floats; as aligned as the content, up to 64 */
    size_t size;
};
struct fid_consent_record { /* kind CONSENT; padded to 256 bytes */
    uint32_t order;
    char created[FID_TIME_BYTES];
    const char *text;
    size_t text_size;
};
struct fid_crop_record { /* kind CROP, padded to 4096 bytes */
    const uint8_t *bytes;
    size_t size;
};
struct fid_copy_record { /* kind COPY */
    char created[FID_TIME_BYTES];
    const char *path;
    size_t path_size;
};
struct fid_change_record { /* kind CHANGE */
    char verb[16], time[FID_TIME_BYTES];
    const uint8_t *people; /* [people_count] ids of people who are new, with all their rows */
    const uint8_t *added;  /* [added_count] ids of new rows of others */
    size_t people_count, added_count;
};
struct fid_calibration_record { /* kind CALIBRATION: one row */
    char model[33], model_name[128];
    struct fid_calibration numbers;
};
struct fid_template_record { /* kind TEMPLATE: one row a person */
    char model[33];
    uint32_t prototypes, size;
    uint32_t samples, crops; /* how many the person has */
    const uint8_t *numbers;  /* [prototypes + 1][size], as a sample's: the mean, which is the first
                                prototype, the others, then the raw mean */
};
/* A row of kind STRANGER is a fid_sample_record too. */

#define FID_RECORD(name)                                             \
    bool fid_record_read_##name(const struct fid_entry *entry,       \
                                struct fid_##name##_record *record); \
    void fid_record_write_##name(struct fid_writer *to, const struct fid_##name##_record *record);
FID_RECORD(person)
FID_RECORD(sample)
FID_RECORD(consent)
FID_RECORD(crop)
FID_RECORD(copy)
FID_RECORD(change)
FID_RECORD(calibration)
FID_RECORD(template)
#undef FID_RECORD

/* FILLS out[count] with numbers of a record, wherever they lie. */
void fid_record_numbers(const uint8_t *numbers, size_t count, float *out);
int64_t fid_record_id(const uint8_t *ids, size_t i); /* the i-th of a record's ids */
void fid_record_put_id(uint8_t *ids, size_t i, int64_t id);
/* FILLS time as FID_TIME_BYTES, now in UTC; today as FID_DATE_BYTES. */
void fid_now(char time[FID_TIME_BYTES]);
void fid_today(char today[FID_DATE_BYTES]);

#endif
