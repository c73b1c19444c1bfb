#include "engine/face/gallery/people_format.h"

#include "engine/face/embed/face_crop.h"

#include "engine/base/memory.h"
#include "engine/face/store/name.h"

#include <errno.h>
#include <math.h>
#include <string.h>

enum { SIZE_MOST = 65536, TEXT_MOST = FID_PEOPLE_SOURCE_BYTES + FID_TIME_BYTES };

const char fid_people_tags[FID_PEOPLE_MODEL + 1][5] = {
    [FID_PEOPLE_PERSON] = "PERS", [FID_PEOPLE_CONSENT] = "CONS", [FID_PEOPLE_SAMPLE] = "SAMP",
    [FID_PEOPLE_CROP] = "CROP",   [FID_PEOPLE_END] = "DONE",     [FID_PEOPLE_MODEL] = "MODL",
};

struct fid_people_file *fid_people_make(const char *path)
{
    struct fid_people_file *made = fid_calloc(1, sizeof *made);
    if (made != NULL) {
        made->crc32c = fid_kernels_best()->crc32c;
        snprintf(made->path, sizeof made->path, "%s", path);
    }
    return made;
}

bool fid_people_allocate(struct fid_people_file *file, bool with_crops)
{
    size_t size = file->model.size;
    const size_t sample = TEXT_MOST + 4 * size;
    file->buffer_bytes = FID_PEOPLE_FRAME +
                         (with_crops && sample < FID_FACE_CROP_MOST ? FID_FACE_CROP_MOST : sample) +
                         4;
    file->buffer = fid_calloc(file->buffer_bytes, 1);
    file->embedding = fid_calloc(size, sizeof(float));
    return file->buffer != NULL && file->embedding != NULL;
}

void fid_people_close(struct fid_people_file **file)
{
    if (*file == NULL)
        return;
    if ((*file)->stream != NULL)
        fclose((*file)->stream);
    fid_private_discard(&(*file)->target);
    fid_free((*file)->buffer);
    fid_free((*file)->embedding);
    fid_free(*file);
    *file = NULL;
}

static uint64_t get_number(const uint8_t *bytes, unsigned count)
{
    uint64_t number = 0;
    for (unsigned i = 0; i < count; i++)
        number |= (uint64_t)bytes[i] << (8 * i);
    return number;
}

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
    uint8_t header[FID_PEOPLE_HEADER];
    size_t got = fread(header, 1, sizeof header, file->stream);
    if (ferror(file->stream))
        return fid_fail(error, FID_IO, "%s cannot be read: %s", file->path, strerror(errno));
    if (got < sizeof FID_PEOPLE_MAGIC - 1 ||
        memcmp(header, FID_PEOPLE_MAGIC, sizeof FID_PEOPLE_MAGIC - 1) != 0)
        return fid_fail(error, FID_INVALID, "%s is no file of faceid export", file->path);
    if (got < sizeof header)
        return damaged(file, "it ends in its header", error);
    if (file->crc32c(0, header, FID_PEOPLE_HEADER - 4) !=
        get_number(header + FID_PEOPLE_HEADER - 4, 4))
        return damaged(file, "the checksum of the header is wrong", error);
    const unsigned version = (unsigned)get_number(header + 8, 2);
    if (version != FID_PEOPLE_MAJOR && version != FID_PEOPLE_WITH_CROPS)
        return fid_fail(error, FID_UNSUPPORTED,
                        "%s has version %u, and this faceid knows %d and %d", file->path, version,
                        FID_PEOPLE_MAJOR, FID_PEOPLE_WITH_CROPS);
    file->has_crops = version == FID_PEOPLE_WITH_CROPS;
    file->model.size = (size_t)get_number(header + 12, 4);
    file->total_bytes = get_number(header + 16, 8);
    memcpy(file->model.id, header + 24, sizeof file->model.id - 1);
    file->records_left = (uint32_t)get_number(header + 56, 4);
    file->at = FID_PEOPLE_HEADER;
    if (file->model.size < 1 || file->model.size > SIZE_MOST)
        return damaged(file, "no model has so many numbers", error);
    if (strspn(file->model.id, "0123456789abcdef") != sizeof file->model.id - 1)
        return damaged(file, "the id of the model is not one", error);
    return FID_OK;
}

/* Reads a record into the buffer; its tag and where its content ends. */
static enum fid_status read_record(struct fid_people_file *file, size_t *tag, size_t *bytes,
                                   struct fid_error *error)
{
    if (file->records_left == 0)
        return damaged(file, "a record more than there should be", error);
    enum fid_status status = read_bytes(file, file->buffer, FID_PEOPLE_FRAME, error);
    if (status != FID_OK)
        return status;
    *bytes = (size_t)get_number(file->buffer + 4, 4);
    if (*bytes > file->buffer_bytes - FID_PEOPLE_FRAME - 4)
        return damaged(file, "a record is too long", error);
    status = read_bytes(file, file->buffer + FID_PEOPLE_FRAME, *bytes + 4, error);
    if (status != FID_OK)
        return status;
    if (file->crc32c(0, file->buffer, FID_PEOPLE_FRAME + *bytes) !=
        get_number(file->buffer + FID_PEOPLE_FRAME + *bytes, 4))
        return damaged(file, "the checksum of a record is wrong", error);
    for (*tag = 0; *tag < sizeof fid_people_tags / sizeof fid_people_tags[0]; ++*tag)
        if (memcmp(file->buffer, fid_people_tags[*tag], 4) == 0)
            break;
    if (*tag == sizeof fid_people_tags / sizeof fid_people_tags[0])
        return damaged(file, "a record of a kind that is not known", error);
    file->records_left--;
    return FID_OK;
}

/* The next zero-terminated text of the record, which *at is moved behind; NULL: none of 0..most. */
static const char *take_text(const struct fid_people_file *file, size_t *at, size_t end,
                             size_t most)
{
    const char *text = (const char *)file->buffer + FID_PEOPLE_FRAME + *at;
    size_t length = strnlen(text, end - *at);
    if (length == end - *at || length > most)
        return NULL;
    *at += length + 1;
    return text;
}

static bool is_time(const char *text)
{
    static const char form[] = "0000-00-00T00:00:00Z";
    if (strlen(text) != sizeof form - 1)
        return false;
    for (size_t i = 0; form[i] != '\0'; i++)
        if (form[i] == '0' ? text[i] < '0' || text[i] > '9' : text[i] != form[i])
            return false;
    return true;
}

static bool is_name(const char *text)
{
    char checked[FID_NAME_BYTES];
    return fid_name_check(text, checked, NULL) == FID_OK && strcmp(text, checked) == 0;
}

static bool take_embedding(struct fid_people_file *file, size_t at, size_t end)
{
    const uint8_t *bytes = file->buffer + FID_PEOPLE_FRAME + at;
    if (end - at != 4 * file->model.size)
        return false;
    for (size_t i = 0; i < file->model.size; i++) {
        uint32_t bits = (uint32_t)get_number(bytes + 4 * i, 4);
        memcpy(&file->embedding[i], &bits, 4);
        if (!isfinite(file->embedding[i]))
            return false;
    }
    return true;
}

static bool take_person(const struct fid_people_file *file, size_t end,
                        struct fid_people_item *item)
{
    size_t at = 0;
    item->created = take_text(file, &at, end, FID_TIME_BYTES - 1);
    item->expires = item->created != NULL ? take_text(file, &at, end, FID_DATE_BYTES - 1) : NULL;
    item->text = item->expires != NULL ? take_text(file, &at, end, FID_NAME_BYTES - 1) : NULL;
    struct fid_terms terms = {NULL, item->expires};
    return item->text != NULL && at == end && is_time(item->created) && is_name(item->text) &&
           fid_terms_check(&terms, NULL) == FID_OK;
}

static bool take_consent(const struct fid_people_file *file, size_t end,
                         struct fid_people_item *item)
{
    size_t at = 0;
    item->created = take_text(file, &at, end, FID_TIME_BYTES - 1);
    item->text = item->created != NULL ? take_text(file, &at, end, FID_CONSENT_BYTES - 1) : NULL;
    struct fid_terms terms = {item->text, NULL};
    return item->text != NULL && at == end && is_time(item->created) &&
           fid_terms_check(&terms, NULL) == FID_OK;
}

static bool take_sample(struct fid_people_file *file, size_t end, struct fid_people_item *item)
{
    size_t at = 0;
    item->created = take_text(file, &at, end, FID_TIME_BYTES - 1);
    item->text =
        item->created != NULL ? take_text(file, &at, end, FID_PEOPLE_SOURCE_BYTES - 1) : NULL;
    item->embedding = file->embedding;
    return item->text != NULL && (item->created[0] == '\0' || is_time(item->created)) &&
           take_embedding(file, at, end);
}

/* What a record holds; false if that breaks a rule. */
static bool take_item(struct fid_people_file *file, enum fid_people_record record, size_t bytes,
                      struct fid_people_item *item)
{
    switch (record) {
    case FID_PEOPLE_PERSON:
        file->in_person = take_person(file, bytes, item);
        return file->in_person;
    case FID_PEOPLE_CONSENT:
        return file->in_person && take_consent(file, bytes, item);
    case FID_PEOPLE_SAMPLE:
        return file->in_person && take_sample(file, bytes, item);
    case FID_PEOPLE_CROP:
        item->crop = file->buffer + FID_PEOPLE_FRAME;
        item->crop_size = bytes;
        return file->has_crops && file->in_sample && fid_face_crop_check(item->crop, bytes);
    case FID_PEOPLE_END:
        return bytes == 0 && file->records_left == 0 && fgetc(file->stream) == EOF &&
               file->at + FID_PEOPLE_FRAME + 4 == file->total_bytes;
    }
    return false;
}

enum fid_status fid_people_next(struct fid_people_file *file, enum fid_people_record *record,
                                struct fid_people_item *item, struct fid_error *error)
{
    size_t tag = 0, bytes = 0;
    *item = (struct fid_people_item){0};
    enum fid_status status = read_record(file, &tag, &bytes, error);
    if (status != FID_OK)
        return status;
    *record = (enum fid_people_record)tag;
    if (tag == FID_PEOPLE_MODEL || !take_item(file, *record, bytes, item))
        return damaged(file, "a record that breaks the rules", error);
    file->in_sample = *record == FID_PEOPLE_SAMPLE;
    file->at += FID_PEOPLE_FRAME + bytes + 4;
    return FID_OK;
}

static enum fid_status read_model(struct fid_people_file *file, struct fid_error *error)
{
    size_t tag = 0, bytes = 0, at = 0;
    enum fid_status status = read_record(file, &tag, &bytes, error);
    if (status != FID_OK)
        return status;
    const char *name = take_text(file, &at, bytes, sizeof file->model.name - 1);
    if (tag != FID_PEOPLE_MODEL || name == NULL || at != bytes)
        return damaged(file, "the first record does not name a model", error);
    snprintf(file->model.name, sizeof file->model.name, "%s", name);
    file->at += FID_PEOPLE_FRAME + bytes + 4;
    return FID_OK;
}

enum fid_status fid_people_open(const char *path, struct fid_people_file **file,
                                struct fid_store_model *model, struct fid_error *error)
{
    struct fid_people_file *made = fid_people_make(path);
    enum fid_status status = FID_OK;
    *file = NULL;
    if (made == NULL)
        return fid_fail(error, FID_NO_MEMORY, "no memory for %s", path);
    made->stream = fopen(path, "rbe");
    if (made->stream == NULL)
        status = fid_fail(error, errno == ENOENT ? FID_NOT_FOUND : FID_IO, "%s cannot be read: %s",
                          path, strerror(errno));
    if (status == FID_OK)
        status = read_header(made, error);
    if (status == FID_OK && !fid_people_allocate(made, made->has_crops))
        status = fid_fail(error, FID_NO_MEMORY, "no memory for %s", path);
    if (status == FID_OK)
        status = read_model(made, error);
    if (status != FID_OK) {
        fid_people_close(&made);
        return status;
    }
    *model = made->model;
    *file = made;
    return FID_OK;
}
