/* weight_copy.c - a weight file written once more: header and table made anew, then the sections.
 */
#include "weights/weight_copy.h"

#include "engine/base/new_file.h"
#include "engine/base/size.h"

#include <string.h>
#include <sys/stat.h>

/* ---- header and table ---- */

struct front {
    struct fid_file_header header;
    struct fid_file_section table[FID_SECTION_COUNT]; /* the first section_count are written */
};
_Static_assert(sizeof(struct front) == sizeof(struct fid_file_header) +
                                           FID_SECTION_COUNT * sizeof(struct fid_file_section),
               "no padding");

static size_t front_bytes(const struct fid_weight_copy *copy)
{
    return sizeof(struct fid_file_header) + copy->section_count * sizeof(struct fid_file_section);
}

static void make_front(const struct fid_weight_copy *copy, struct front *front)
{
    const fid_crc32c_fn crc32c = copy->file->crc32c;
    uint64_t end = front_bytes(copy);
    memset(front, 0, sizeof *front);
    front->header = copy->header;
    if (front->header.minor < 2) /* later versions come with and without packed weights */
        front->header.minor = copy->section_count == FID_SECTION_COUNT_1_0 ? 0 : 1;
    front->header.section_count = (uint32_t)copy->section_count;
    for (size_t i = 0; i < copy->section_count; i++) {
        const char *name = fid_weight_section_name((enum fid_section)i);
        struct fid_file_section *section = &front->table[i];
        section->kind = FID_FOURCC(name[0], name[1], name[2], name[3]);
        section->crc = copy->parts[i].crc;
        section->bytes = copy->parts[i].size;
        section->record_bytes = fid_weight_section_record((enum fid_section)i);
        section->offset = fid_align_up(end, fid_weight_section_align((enum fid_section)i));
        end = section->offset + section->bytes;
    }
    front->header.file_bytes = end;
    front->header.crc = crc32c(0, &front->header, offsetof(struct fid_file_header, crc));
    front->header.crc =
        crc32c(front->header.crc, front->table, front_bytes(copy) - sizeof front->header);
}

/* ---- the bytes in their order ---- */

static void write_all(FILE *out, const struct fid_weight_copy *copy, const struct front *front)
{
    static const uint8_t zeros[FID_FILE_DATA_ALIGN];
    uint64_t end = front_bytes(copy);
    fwrite(front, 1, (size_t)end, out);
    for (size_t i = 0; i < copy->section_count; i++) {
        const struct fid_file_section *section = &front->table[i];
        fwrite(zeros, 1, (size_t)(section->offset - end), out);
        if (copy->parts[i].bytes == NULL)
            copy->write(out, copy->ctx);
        else
            fwrite(copy->parts[i].bytes, 1, (size_t)section->bytes, out);
        end = section->offset + section->bytes;
    }
    fid_weight_drop_pages(copy->file, 0, copy->file->size);
}

void fid_weight_copy_begin(struct fid_weight_copy *copy, const struct fid_weight_file *file)
{
    *copy = (struct fid_weight_copy){
        .file = file, .header = *file->header, .section_count = file->section_count};
    for (size_t i = 0; i < file->section_count; i++)
        copy->parts[i] = (struct fid_weight_part){.bytes = file->bytes + file->sections[i].offset,
                                                  .size = file->sections[i].bytes,
                                                  .crc = file->sections[i].crc};
}

void fid_weight_copy_give(struct fid_weight_copy *copy, enum fid_section section, const void *bytes,
                          uint64_t size)
{
    copy->parts[section] = (struct fid_weight_part){
        .bytes = bytes, .size = size, .crc = copy->file->crc32c(0, bytes, (size_t)size)};
}

enum fid_status fid_weight_copy_write(const struct fid_weight_copy *copy, const char *path,
                                      struct fid_error *error)
{
    struct front front;
    struct fid_output *output;
    make_front(copy, &front);
    if (front.header.file_bytes > FID_LIMIT_FILE_BYTES)
        return fid_fail(error, FID_UNSUPPORTED,
                        "%.400s: %llu bytes would be more than the format's 4 GiB", path,
                        (unsigned long long)front.header.file_bytes);
    fid_new_file_sweep(path); /* as large as a model */
    enum fid_status status = fid_output_open(path, FID_OUTPUT_ANYBODYS, &output, error);
    if (status != FID_OK)
        return status;
    if (copy->keep)
        fid_output_keep(output);
    struct stat before; /* who may read the file is not changed with it */
    if (lstat(path, &before) == 0)
        (void)fchmod(fileno(fid_output_stream(output)), before.st_mode & 0777);
    write_all(fid_output_stream(output), copy, &front);
    return fid_output_finish(&output, error);
}
