/* The writer of a people file. */
#include "engine/face/gallery/people_format.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

/* Little-endian. */
static void put_number(uint8_t *bytes, uint64_t number, unsigned count)
{
    for (unsigned i = 0; i < count; i++)
        bytes[i] = (uint8_t)(number >> (8 * i));
}

static enum fid_status write_bytes(struct fid_people_file *file, size_t count,
                                   struct fid_error *error)
{
    if (fwrite(file->buffer, 1, count, file->stream) != count)
        return fid_fail(error, FID_IO, "%s cannot be written: %s", file->path, strerror(errno));
    file->at += count;
    return FID_OK;
}

static void add_text(struct fid_people_file *file, size_t *at, const char *text, size_t most)
{
    size_t length = strnlen(text, most);
    memcpy(file->buffer + *at, text, length);
    file->buffer[*at + length] = '\0';
    *at += length + 1;
}

static enum fid_status write_record(struct fid_people_file *file, size_t tag, size_t end,
                                    struct fid_error *error)
{
    memcpy(file->buffer, fid_people_tags[tag], 4);
    put_number(file->buffer + 4, end - FID_PEOPLE_FRAME, 4);
    put_number(file->buffer + end, file->crc32c(0, file->buffer, end), 4);
    file->record_count++;
    return write_bytes(file, end + 4, error);
}

enum fid_status fid_people_write(struct fid_people_file *file, enum fid_people_record record,
                                 const struct fid_people_item *item, struct fid_error *error)
{
    size_t at = FID_PEOPLE_FRAME;
    if (record == FID_PEOPLE_CROP) {
        memcpy(file->buffer + at, item->crop, item->crop_size);
        file->has_crops = true;
        return write_record(file, record, at + item->crop_size, error);
    }
    if (record != FID_PEOPLE_END)
        add_text(file, &at, item->created, FID_TIME_BYTES - 1);
    if (record == FID_PEOPLE_PERSON)
        add_text(file, &at, item->expires, FID_DATE_BYTES - 1);
    if (record != FID_PEOPLE_END)
        add_text(file, &at, item->text, FID_PEOPLE_SOURCE_BYTES - 1);
    for (size_t i = 0; record == FID_PEOPLE_SAMPLE && i < file->model.size; i++, at += 4) {
        uint32_t bits;
        memcpy(&bits, &item->embedding[i], 4);
        put_number(file->buffer + at, bits, 4);
    }
    return write_record(file, record, at, error);
}

static enum fid_status write_header(struct fid_people_file *file, struct fid_error *error)
{
    uint8_t *header = file->buffer;
    memset(header, 0, FID_PEOPLE_HEADER);
    memcpy(header, FID_PEOPLE_MAGIC, sizeof FID_PEOPLE_MAGIC - 1);
    put_number(header + 8, file->has_crops ? FID_PEOPLE_WITH_CROPS : FID_PEOPLE_MAJOR, 2);
    put_number(header + 12, file->model.size, 4);
    put_number(header + 16, file->at, 8);
    memcpy(header + 24, file->model.id, sizeof file->model.id - 1);
    put_number(header + 56, file->record_count, 4);
    put_number(header + 60, file->crc32c(0, header, FID_PEOPLE_HEADER - 4), 4);
    return write_bytes(file, FID_PEOPLE_HEADER, error);
}

enum fid_status fid_people_create(const char *path, bool replace,
                                  const struct fid_store_model *model,
                                  struct fid_people_file **file, struct fid_error *error)
{
    struct fid_people_file *made = fid_people_make(path);
    int descriptor = -1;
    *file = NULL;
    if (made == NULL)
        return fid_fail(error, FID_NO_MEMORY, "no memory for %s", path);
    made->model = *model;
    enum fid_status status = FID_OK;
    if (!fid_people_allocate(made, true))
        status = fid_fail(error, FID_NO_MEMORY, "no memory for %s", path);
    if (status == FID_OK)
        status = fid_private_create(path, replace, &made->target, &descriptor, error);
    if (status == FID_OK && (made->stream = fdopen(descriptor, "wb")) == NULL) {
        close(descriptor);
        status = fid_fail(error, FID_NO_MEMORY, "no memory for %s", path);
    }
    if (status == FID_OK)
        status = write_header(made, error); /* its numbers come at the end */
    if (status == FID_OK) {
        size_t at = FID_PEOPLE_FRAME;
        add_text(made, &at, model->name, sizeof model->name - 1);
        status = write_record(made, FID_PEOPLE_MODEL, at, error);
    }
    if (status == FID_OK)
        *file = made;
    else
        fid_people_close(&made);
    return status;
}

enum fid_status fid_people_publish(struct fid_people_file **file, struct fid_error *error)
{
    struct fid_people_file *made = *file;
    enum fid_status status = fid_people_write(made, FID_PEOPLE_END, NULL, error);
    if (status == FID_OK && fseek(made->stream, 0, SEEK_SET) != 0)
        status = fid_fail(error, FID_IO, "%s cannot be written: %s", made->path, strerror(errno));
    if (status == FID_OK)
        status = write_header(made, error);
    if (status == FID_OK && fflush(made->stream) != 0)
        status = fid_fail(error, FID_IO, "%s cannot be written: %s", made->path, strerror(errno));
    if (status == FID_OK)
        status = fid_private_publish(&made->target, error);
    fid_people_close(file);
    return status;
}
