/* Whether a gallery is whole: its database, every row, and that none is missing. */
#include "engine/base/memory.h"
#include "engine/face/gallery/name.h"
#include "engine/face/keeping/keeping.h"
#include "engine/store/file.h"
#include "engine/store/private_file.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

struct checking {
    struct fid_ledger *ledger;
    fid_tell_fn tell; /* NULL: faults are only counted */
    void *ctx;
    size_t faults;
    char last[300]; /* sentence, which SQLite may say twice */
    struct fid_manifest seen;
    uint64_t damaged[FID_TALLIES];    /* damaged rows of each tally; seen leaves them out */
    struct fid_ids people, templates; /* owned; in order */
    size_t samples, crops;            /* of which the templates tell */
    uint8_t *content;                 /* owned */
    size_t room;
};

static void fault(void *ctx, const char *sentence)
{
    struct checking *check = ctx;
    if (strncmp(sentence, check->last, sizeof check->last - 1) == 0)
        return;
    snprintf(check->last, sizeof check->last, "%s", sentence);
    if (check->tell != NULL)
        check->tell(check->ctx, sentence);
    check->faults++;
}

static const char *const kind_names[FID_KINDS] = {
    "root",           "person", "face",        "consent",  "crop",
    "note of a copy", "change", "calibration", "stranger", "template",
};

static void row_fault(struct checking *check, int64_t id, const char *what)
{
    char text[160];
    const unsigned kind = FID_ROW_KIND(id) & ~FID_ROW_BEFORE;
    snprintf(text, sizeof text, "%s %08llx%s %s", kind < FID_KINDS ? kind_names[kind] : "row",
             (unsigned long long)id & 0xFFFFFFFFu,
             (id & FID_ROW_BEFORE_BIT) != 0 ? ", from before the last change," : "", what);
    fault(check, text);
}

/* ---- rows ---- */

/* Does a person's row stand under the key of its name? */
static bool is_found_by_name(const struct checking *check, const struct fid_entry *entry,
                             const struct fid_person_record *person)
{
    char key[FID_NAME_KEY_BYTES];
    uint8_t who[FID_NAME_KEY_BYTES];
    size_t size = 0;
    if (fid_name_key(person->name, key, NULL) != FID_OK)
        return false;
    if ((entry->id & FID_ROW_BEFORE_BIT) != 0)
        return entry->stored->who_size == 0;
    fid_vault_who(check->ledger->vault, key, who, &size);
    return size == entry->stored->who_size && memcmp(who, entry->stored->who, size) == 0;
}

static bool is_record(struct checking *check, const struct fid_entry *entry)
{
    union {
        struct fid_person_record person;
        struct fid_sample_record sample;
        struct fid_consent_record consent;
        struct fid_crop_record crop;
        struct fid_copy_record copy;
        struct fid_change_record change;
        struct fid_calibration_record calibration;
        struct fid_template_record template;
    } r;
    const size_t size = check->ledger->manifest.vector_size;
    const unsigned kind = FID_ROW_KIND(entry->id);
    switch (kind & ~FID_ROW_BEFORE) {
    case FID_KIND_PERSON:
        return fid_record_read_person(entry, &r.person) &&
               is_found_by_name(check, entry, &r.person);
    case FID_KIND_SAMPLE:
    case FID_KIND_STRANGER:
        return fid_record_read_sample(entry, &r.sample) && r.sample.size == size;
    case FID_KIND_CONSENT:
        return fid_record_read_consent(entry, &r.consent);
    case FID_KIND_CROP:
        return fid_record_read_crop(entry, &r.crop);
    case FID_KIND_COPY:
        return fid_record_read_copy(entry, &r.copy);
    case FID_KIND_CHANGE:
        return fid_record_read_change(entry, &r.change);
    case FID_KIND_CALIBRATION:
        return fid_record_read_calibration(entry, &r.calibration);
    case FID_KIND_TEMPLATE:
        if (!fid_record_read_template(entry, &r.template))
            return false;
        check->samples += kind == FID_KIND_TEMPLATE ? r.template.samples : 0;
        check->crops += kind == FID_KIND_TEMPLATE ? r.template.crops : 0;
        return r.template.size == size && r.template.samples > 0;
    default:
        return false;
    }
}

static enum fid_status take_row(void *ctx, const struct fid_row *row, struct fid_error *error)
{
    struct checking *check = ctx;
    struct fid_row_head head;
    if (row->id == 0 || row->id == FID_LAST_ID)
        return FID_OK;
    if (row->size > check->room) {
        fid_free(check->content);
        check->room = 2 * row->size;
        check->content = fid_calloc(check->room, 1);
        if (check->content == NULL)
            return fid_fail(error, FID_NO_MEMORY, "no memory for a row of the gallery");
    }
    if (!fid_row_open(check->ledger->vault, row->body, row->size, &head, check->content)) {
        const unsigned kind = FID_ROW_KIND(row->id & ~FID_ROW_BEFORE_BIT);
        row_fault(check, row->id, "is damaged");
        if (kind < FID_KINDS)
            check->damaged[kind + ((row->id & FID_ROW_BEFORE_BIT) != 0 ? FID_KINDS : 0)]++;
        return FID_OK;
    }
    const struct fid_entry entry = {row->id,        row->person, row->generation,
                                    check->content, head.size,   row};
    fid_manifest_count(&check->seen, check->ledger->vault, row->id, row->body, row->size, true);
    if (head.id != (row->id & ~FID_ROW_BEFORE_BIT) || head.person != row->person ||
        head.generation != row->generation)
        row_fault(check, row->id, "is in another one's place");
    else if (!is_record(check, &entry))
        row_fault(check, row->id, "does not hold what it should");
    struct fid_ids *ids = FID_ROW_KIND(row->id) == FID_KIND_PERSON     ? &check->people
                          : FID_ROW_KIND(row->id) == FID_KIND_TEMPLATE ? &check->templates
                                                                       : NULL;
    return ids == NULL || fid_ids_add(ids, row->id)
               ? FID_OK
               : fid_fail(error, FID_NO_MEMORY, "no memory for the people of the gallery");
}

/* ---- all together ---- */

/* Everybody has a template, which is of all faces. */
static void check_people(struct checking *check)
{
    const struct fid_ids *people = &check->people, *templates = &check->templates;
    for (size_t i = 0; i < people->count; i++)
        if (i >= templates->count ||
            templates->ids[i] != FID_SIBLING_ID(FID_KIND_TEMPLATE, people->ids[i])) {
            row_fault(check, people->ids[i], "has no template");
            return;
        }
    if (templates->count > people->count)
        row_fault(check, templates->ids[people->count], "is nobody's");
    else if (check->samples != check->seen.tallies[FID_KIND_SAMPLE].count ||
             check->crops != check->seen.tallies[FID_KIND_CROP].count)
        fault(check, "faces of the gallery are nobody's");
}

static void check_manifest(struct checking *check)
{
    char text[160];
    const struct fid_manifest *wanted = &check->ledger->manifest;
    for (unsigned kind = 1; kind < FID_KINDS; kind++)
        for (unsigned before = 0; before <= FID_ROW_BEFORE; before += FID_ROW_BEFORE) {
            const size_t tally = kind + (before != 0 ? FID_KINDS : 0);
            if (fid_manifest_agrees(&check->seen, wanted, (int)(kind | before)) ||
                (check->damaged[tally] > 0 &&
                 check->seen.tallies[tally].count + check->damaged[tally] ==
                     wanted->tallies[tally].count))
                continue; /* told already */
            snprintf(text, sizeof text,
                     "rows are missing, too many or old: %s%s, %llu that should be %llu",
                     kind_names[kind], before != 0 ? " from before the last change" : "",
                     (unsigned long long)check->seen.tallies[tally].count,
                     (unsigned long long)wanted->tallies[tally].count);
            fault(check, text);
        }
}

/* Salvage looks for these where the root is lost: the id and the seal, after four letters. */
static enum fid_status take_key_row(void *ctx, const struct fid_row *row, struct fid_error *error)
{
    enum { ID_AT = 4, SEAL_AT = ID_AT + FID_GALLERY_ID_BYTES };
    struct checking *check = ctx;
    const struct fid_vault *vault = check->ledger->vault;
    size_t size;
    const uint8_t *seal = fid_vault_seal(vault, &size);
    (void)error;
    if (row->size != SEAL_AT + size || memcmp(row->body, "FIDk", ID_AT) != 0 ||
        memcmp(row->body + ID_AT, fid_vault_gallery(vault), FID_GALLERY_ID_BYTES) != 0 ||
        (size > 0 && memcmp(row->body + SEAL_AT, seal, size) != 0))
        fault(check, "a second copy of the gallery's id and seal is damaged");
    return FID_OK;
}

static enum fid_status check_rows(struct checking *check, struct fid_error *error)
{
    struct fid_ledger *ledger = check->ledger;
    enum fid_status status = fid_ledger_begin(ledger, false, error);
    for (int i = 0; status == FID_OK && i < 2; i++) {
        status = fid_store_get(ledger->store, i == 0 ? 0 : FID_LAST_ID, take_key_row, check, error);
        if (status == FID_NOT_FOUND) {
            fault(check, "a second copy of the gallery's id and seal is missing");
            status = FID_OK;
        }
    }
    if (status == FID_OK)
        status = fid_store_scan(ledger->store, 0, FID_LAST_ID, 0, take_row, check, error);
    if (status == FID_OK) {
        check_manifest(check);
        if (check->faults == 0) /* else they would only be told again */
            check_people(check);
    }
    fid_ledger_rollback(ledger);
    return status;
}

enum fid_status fid_ledger_check(struct fid_ledger *ledger, fid_tell_fn tell, void *ctx,
                                 size_t *faults, struct fid_error *error)
{
    struct checking check = {.ledger = ledger, .tell = tell, .ctx = ctx};
    struct fid_error why = {0};
    enum fid_status status = fid_store_check(ledger->store, fault, &check, &why);
    if (status == FID_OK)
        status = check_rows(&check, &why);
    if (status == FID_CORRUPT) {
        fault(&check, why.text);
        status = FID_OK;
    }
    fid_free(check.people.ids);
    fid_free(check.templates.ids);
    fid_free(check.content);
    *faults = check.faults;
    return status == FID_OK ? FID_OK : fid_fail(error, status, "%s", why.text);
}

/* ---- what is told besides ---- */

struct teller {
    fid_tell_fn tell;
    void *ctx;
    char today[FID_DATE_BYTES];
};

static enum fid_status tell_expired(void *ctx, const struct fid_entry *entry,
                                    struct fid_error *error)
{
    const struct teller *teller = ctx;
    struct fid_person_record person;
    char text[FID_NAME_BYTES + 100];
    (void)error;
    if (!fid_record_read_person(entry, &person) || person.expires[0] == '\0' ||
        strcmp(person.expires, teller->today) >= 0)
        return FID_OK;
    snprintf(text, sizeof text, "%s is not named any more: the last day was %s", person.name,
             person.expires);
    teller->tell(teller->ctx, text);
    return FID_OK;
}

/* What a file that was to be put in the gallery's place has left, when its process was killed. */
static void remove_what_is_left(const char *path, const struct teller *teller)
{
    char left[PATH_MAX + sizeof FID_PRIVATE_ENDING], text[PATH_MAX + 100];
    snprintf(left, sizeof left, "%s" FID_PRIVATE_ENDING, path);
    if (access(left, F_OK) != 0 || fid_private_is_written(path) ||
        fid_private_clear(path, NULL) != FID_OK)
        return;
    snprintf(text, sizeof text, "%s, left by a process that was killed, is removed", left);
    teller->tell(teller->ctx, text);
}

/* Bytes of who was forgotten, or of before the gallery was sealed. */
static enum fid_status finish_purge(const char *path, struct fid_secret *secret,
                                    const struct teller *teller, struct fid_error *error)
{
    struct fid_ledger *ledger = NULL;
    struct fid_error why = {0};
    enum fid_status status = fid_ledger_open(path, 0, secret, NULL, &ledger, &why);
    if (status == FID_OK)
        status = fid_ledger_purge(ledger, true, &why);
    fid_ledger_close(&ledger);
    if (status == FID_BUSY)
        return fid_fail(error, status,
                        "a forgetting is not finished: another process reads an older state of %s, "
                        "and bytes of who was forgotten are in the file until it is done",
                        path);
    if (status != FID_OK)
        return fid_fail(error, status,
                        "a forgetting is not finished, and bytes of who was forgotten may be in "
                        "the file: %s",
                        why.text);
    teller->tell(teller->ctx, "a forgetting that another process had held up is finished");
    return FID_OK;
}

/* To every verb, a file without tables is a gallery in which no one is enrolled yet. */
static enum fid_status check_nothing(const char *path, const struct teller *teller,
                                     struct fid_error *error)
{
    char text[PATH_MAX + 100];
    if (fid_store_is_server(path) || access(path, F_OK) != 0)
        return fid_fail(error, FID_NOT_FOUND, "there is no gallery %s", path);
    snprintf(text, sizeof text,
             "the file %s is empty: nobody is enrolled in it yet, or all of it is lost", path);
    teller->tell(teller->ctx, text);
    return FID_OK;
}

enum fid_status fid_gallery_check(const char *path, struct fid_secret *secret, fid_tell_fn tell,
                                  void *ctx, size_t *faults, struct fid_error *error)
{
    struct teller teller = {.tell = tell, .ctx = ctx};
    struct fid_ledger *ledger = NULL;
    bool unpurged = false;
    *faults = 0;
    fid_today(teller.today);
    enum fid_status status = fid_ledger_open(path, FID_STORE_READ, secret, NULL, &ledger, error);
    if (status == FID_OK && ledger == NULL)
        return check_nothing(path, &teller, error);
    if (status == FID_OK && !fid_store_is_server(path))
        remove_what_is_left(fid_store_name(ledger->store), &teller);
    if (status == FID_OK)
        status = fid_ledger_check(ledger, tell, ctx, faults, error);
    if (status == FID_OK && *faults == 0) {
        status = fid_ledger_begin(ledger, false, error);
        unpurged = status == FID_OK && (ledger->manifest.flags & FID_ROOT_UNPURGED) != 0;
        if (status == FID_OK)
            status =
                fid_ledger_scan(ledger, FID_FIRST_ID(FID_KIND_PERSON),
                                FID_FIRST_ID(FID_KIND_SAMPLE), 0, tell_expired, &teller, error);
        fid_ledger_rollback(ledger);
    }
    fid_ledger_close(&ledger);
    return status == FID_OK && unpurged ? finish_purge(path, secret, &teller, error) : status;
}
