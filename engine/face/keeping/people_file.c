/* people_file.c - reads and writes a file of people: people_file.h. */
#include "engine/face/keeping/people_file.h"

#include "engine/base/bytes.h"
#include "engine/base/memory.h"
#include "engine/face/embed/face_crop.h"
#include "engine/store/private_file.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    VERSION = 3,
    VERSION_AT = 8,
    HEADER = 16,
    VECTOR_MOST = 65536, /* numbers of a vector that are believed */
};
static const char magic[VERSION_AT] = "FIDPEOPL";
static const uint8_t gallery[FID_GALLERY_ID_BYTES]; /* zeros: the same people, the same file */

struct fid_people_file {
    FILE *stream;
    char *path;                     /* owned */
    struct fid_private_file target; /* of one that is written */
    struct fid_vault *vault;        /* plain; owned */
    struct fid_manifest manifest;   /* as the file says, or of the rows that were written */
    struct fid_manifest seen;       /* of the rows that were read */
    uint64_t at;                    /* of the next row that is read, in the file */
    uint64_t rows;                  /* how many of them follow */
    uint8_t *row;                   /* [room]; owned */
    size_t room;
    int64_t person, last_id; /* of the rows before; 0: none */
    struct fid_ids samples;  /* of the person */
    size_t crop;             /* of them: the one whose crop was read last, or after that */
};

void fid_people_close(struct fid_people_file **file)
{
    struct fid_people_file *made = *file;
    if (made == NULL)
        return;
    if (made->stream != NULL)
        fclose(made->stream);
    fid_private_discard(&made->target);
    fid_vault_close(&made->vault);
    fid_free(made->path);
    fid_free(made->row);
    fid_free(made->samples.ids);
    fid_free(made);
    *file = NULL;
}

static enum fid_status no_memory(const char *path, struct fid_error *error)
{
    return fid_fail(error, FID_NO_MEMORY, "no memory for %s", path);
}

/* Room for a row of so many bytes, which begins with what is there. */
static enum fid_status make_room(struct fid_people_file *file, size_t size, struct fid_error *error)
{
    if (size <= file->room)
        return FID_OK;
    uint8_t *row = fid_calloc(2 * size, 1);
    if (row == NULL)
        return no_memory(file->path, error);
    if (file->room > 0)
        memcpy(row, file->row, file->room);
    fid_free(file->row);
    file->row = row;
    file->room = 2 * size;
    return FID_OK;
}

static enum fid_status make_file(const char *path, struct fid_people_file **file,
                                 struct fid_error *error)
{
    *file = fid_calloc(1, sizeof **file);
    if (*file == NULL || ((*file)->path = fid_strdup(path)) == NULL)
        return no_memory(path, error);
    const enum fid_status status = make_room(*file, FID_MANIFEST_BYTES, error);
    return status == FID_OK ? fid_vault_make(gallery, NULL, NULL, &(*file)->vault, error) : status;
}

/* ---- reading ---- */

static enum fid_status damaged(const struct fid_people_file *file, const char *what,
                               struct fid_error *error)
{
    return fid_fail(error, FID_CORRUPT, "%s is damaged at byte %llu: %s", file->path,
                    (unsigned long long)file->at, what);
}

static enum fid_status read_bytes(struct fid_people_file *file, uint8_t *bytes, size_t count,
                                  struct fid_error *error)
{
    if (fread(bytes, 1, count, file->stream) == count)
        return FID_OK;
    if (ferror(file->stream))
        return fid_fail(error, FID_IO, "%s cannot be read: %s", file->path, strerror(errno));
    return damaged(file, "it ends too early", error);
}

static enum fid_status read_header(struct fid_people_file *file, struct fid_error *error)
{
    uint8_t header[HEADER] = {0};
    const size_t got = fread(header, 1, sizeof header, file->stream);
    if (ferror(file->stream))
        return fid_fail(error, FID_IO, "%s cannot be read: %s", file->path, strerror(errno));
    if (got < sizeof magic || memcmp(header, magic, sizeof magic) != 0)
        return fid_fail(error, FID_INVALID, "%s is no file of exported people", file->path);
    if (got < sizeof header)
        return damaged(file, "it ends in its header", error);
    file->at = HEADER;
    if (fid_get32(header + VERSION_AT) == VERSION && fid_get32(header + VERSION_AT + 4) == 0)
        return FID_OK;
    return fid_fail(error, FID_UNSUPPORTED, "%s has version %u, and only %d can be read",
                    file->path, (unsigned)fid_get32(header + VERSION_AT), VERSION);
}

static enum fid_status read_manifest(struct fid_people_file *file, struct fid_error *error)
{
    struct fid_manifest *manifest = &file->manifest;
    enum fid_status status = read_bytes(file, file->row, FID_MANIFEST_BYTES, error);
    if (status != FID_OK)
        return status;
    if (!fid_manifest_open(manifest, file->vault, file->row, FID_MANIFEST_BYTES))
        return damaged(file, "the row that counts the others is wrong", error);
    if (manifest->vector_size < 1 || manifest->vector_size > VECTOR_MOST)
        return damaged(file, "no model has so many numbers", error);
    if (strspn(manifest->model, "0123456789abcdef") != sizeof manifest->model - 1)
        return damaged(file, "the id of the model is not one", error);
    for (size_t i = 0; i < FID_TALLIES; i++)
        file->rows += manifest->tallies[i].count;
    file->at += FID_MANIFEST_BYTES;
    return FID_OK;
}

enum fid_status fid_people_open(const char *path, struct fid_people_file **file,
                                struct fid_error *error)
{
    enum fid_status status = make_file(path, file, error);
    if (status == FID_OK && ((*file)->stream = fopen(path, "rbe")) == NULL)
        status = fid_fail(error, errno == ENOENT ? FID_NOT_FOUND : FID_IO, "%s cannot be read: %s",
                          path, strerror(errno));
    if (status == FID_OK)
        status = read_header(*file, error);
    if (status == FID_OK)
        status = read_manifest(*file, error);
    if (status != FID_OK)
        fid_people_close(file);
    return status;
}

const struct fid_manifest *fid_people_model(const struct fid_people_file *file)
{
    return &file->manifest;
}

static enum fid_status read_row(struct fid_people_file *file, struct fid_row_head *head,
                                struct fid_error *error)
{
    size_t whole;
    enum fid_status status = read_bytes(file, file->row, FID_ROW_HEAD_BYTES, error);
    if (status != FID_OK)
        return status;
    if (!fid_row_recognize(file->row, FID_ROW_HEAD_BYTES, head, &whole))
        return damaged(file, "no row begins here", error);
    struct stat info; /* no memory for what the file does not have */
    if (fstat(fileno(file->stream), &info) == 0 && S_ISREG(info.st_mode) &&
        (uint64_t)info.st_size < file->at + whole)
        return damaged(file, "it ends too early", error);
    status = make_room(file, whole, error);
    if (status == FID_OK)
        status =
            read_bytes(file, file->row + FID_ROW_HEAD_BYTES, whole - FID_ROW_HEAD_BYTES, error);
    if (status == FID_OK && !fid_row_open(file->vault, file->row, whole, head, NULL))
        return damaged(file, "the checksum of a row is wrong", error);
    if (status != FID_OK)
        return status;
    fid_manifest_count(&file->seen, file->vault, head->id, file->row, whole, true);
    file->at += whole;
    file->rows--;
    return status;
}

static bool take_person(struct fid_people_file *file, const struct fid_entry *entry,
                        struct fid_people_item *item)
{
    const struct fid_terms terms = {NULL, item->person.expires};
    if (!fid_record_read_person(entry, &item->person) || item->person.created[0] == '\0' ||
        item->person.was_count > 0 || fid_terms_check(&terms, NULL) != FID_OK ||
        (file->person != 0 && file->samples.count == 0))
        return false;
    file->samples.count = file->crop = 0;
    file->person = entry->id;
    return true;
}

static bool take_sample(struct fid_people_file *file, const struct fid_entry *entry)
{
    struct fid_sample_record sample;
    return fid_record_read_sample(entry, &sample) && sample.size == file->manifest.vector_size &&
           strcmp(sample.model, file->manifest.model) == 0 &&
           fid_ids_add(&file->samples, entry->id & FID_LOW_ID);
}

/* The crop of one of the person's samples, which come before. */
static bool take_crop(struct fid_people_file *file, const struct fid_entry *entry,
                      struct fid_people_item *item)
{
    struct fid_crop_record crop;
    if (!fid_record_read_crop(entry, &crop) || !fid_face_crop_check(crop.bytes, crop.size))
        return false;
    while (file->crop < file->samples.count &&
           file->samples.ids[file->crop] < (entry->id & FID_LOW_ID))
        file->crop++; /* both are in order */
    item->sample = file->crop;
    return file->crop < file->samples.count &&
           file->samples.ids[file->crop] == (entry->id & FID_LOW_ID);
}

/* What a row holds; false if that breaks a rule. */
static bool take_row(struct fid_people_file *file, const struct fid_entry *entry,
                     struct fid_people_item *item)
{
    struct fid_consent_record consent;
    item->kind = (enum fid_kind)FID_ROW_KIND(entry->id);
    item->content = entry->content;
    item->size = entry->size;
    if (item->kind == FID_KIND_PERSON)
        return entry->person == entry->id && take_person(file, entry, item);
    if (file->person == 0 || entry->person != file->person || entry->id <= file->last_id)
        return false;
    if (item->kind == FID_KIND_SAMPLE)
        return take_sample(file, entry);
    return item->kind == FID_KIND_CONSENT ? fid_record_read_consent(entry, &consent)
                                          : take_crop(file, entry, item);
}

enum fid_status fid_people_next(struct fid_people_file *file, struct fid_people_item *item,
                                struct fid_error *error)
{
    struct fid_row_head head;
    const uint64_t at = file->at;
    *item = (struct fid_people_item){.kind = FID_KIND_ROOT};
    if (file->rows == 0) {
        if (fgetc(file->stream) != EOF || !fid_manifest_agrees(&file->manifest, &file->seen, -1) ||
            (file->person != 0 && file->samples.count == 0))
            return damaged(file, "it is not what was exported", error);
        return FID_OK;
    }
    const enum fid_status status = read_row(file, &head, error);
    if (status != FID_OK)
        return status;
    const struct fid_entry entry = {
        head.id, head.person, head.generation, file->row + FID_ROW_HEAD_BYTES, head.size, NULL};
    if (!take_row(file, &entry, item)) {
        file->at = at;
        return damaged(file, "a row that breaks the rules", error);
    }
    file->last_id = head.id;
    return FID_OK;
}

/* ---- writing ---- */

static enum fid_status write_bytes(struct fid_people_file *file, const uint8_t *bytes, size_t count,
                                   struct fid_error *error)
{
    if (fwrite(bytes, 1, count, file->stream) != count)
        return fid_fail(error, FID_IO, "%s cannot be written: %s", file->path, strerror(errno));
    return FID_OK;
}

/* What stands before the rows; it is written once more when they are counted. */
static enum fid_status write_beginning(struct fid_people_file *file, struct fid_error *error)
{
    uint8_t begin[HEADER + FID_MANIFEST_BYTES] = {0};
    memcpy(begin, magic, sizeof magic);
    fid_put32(begin + VERSION_AT, VERSION);
    const enum fid_status status =
        fid_manifest_seal(&file->manifest, file->vault, begin + HEADER, error);
    return status == FID_OK ? write_bytes(file, begin, sizeof begin, error) : status;
}

enum fid_status fid_people_create(const char *path, bool replace, const struct fid_manifest *of,
                                  struct fid_people_file **file, struct fid_error *error)
{
    int descriptor = -1;
    enum fid_status status = make_file(path, file, error);
    if (status == FID_OK)
        status = fid_private_create(path, replace, &(*file)->target, &descriptor, error);
    if (status == FID_OK && ((*file)->stream = fdopen(descriptor, "wb")) == NULL) {
        close(descriptor);
        status = no_memory(path, error);
    }
    if (status == FID_OK) {
        struct fid_manifest *manifest = &(*file)->manifest;
        memcpy(manifest->model, of->model, sizeof of->model);
        memcpy(manifest->model_name, of->model_name, sizeof of->model_name);
        manifest->vector_size = of->vector_size;
        status = write_beginning(*file, error);
    }
    if (status != FID_OK)
        fid_people_close(file);
    return status;
}

enum fid_status fid_people_write(struct fid_people_file *file, int64_t id, int64_t person,
                                 const uint8_t *content, size_t size, struct fid_error *error)
{
    const struct fid_row_head head = {id, person, 0, size};
    const size_t whole = size + FID_ROW_EXTRA;
    enum fid_status status = make_room(file, size + FID_ROW_EXTRA, error);
    if (status == FID_OK)
        status = fid_row_seal(file->vault, &head, content, file->row, error);
    if (status == FID_OK)
        status = write_bytes(file, file->row, whole, error);
    if (status != FID_OK)
        return status;
    fid_manifest_count(&file->manifest, file->vault, id, file->row, whole, true);
    return FID_OK;
}

enum fid_status fid_people_publish(struct fid_people_file **file, struct fid_error *error)
{
    struct fid_people_file *made = *file;
    enum fid_status status = FID_OK;
    if (fseek(made->stream, 0, SEEK_SET) != 0)
        status = fid_fail(error, FID_IO, "%s cannot be written: %s", made->path, strerror(errno));
    if (status == FID_OK)
        status = write_beginning(made, error);
    if (status == FID_OK && fflush(made->stream) != 0)
        status = fid_fail(error, FID_IO, "%s cannot be written: %s", made->path, strerror(errno));
    if (status == FID_OK)
        status = fid_private_publish(&made->target, error);
    fid_people_close(file);
    return status;
}
