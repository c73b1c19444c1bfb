/* weight_frame.c - the frame of a weight file: header, section table, gaps, and the checksums of
 * all sections but the two large ones (weight_numbers.c). */
#include "weights/weight_view.h"

#include "engine/base/size.h"

#include <inttypes.h>
#include <string.h>

/* The sections in their order in the file. */
static const struct {
    char name[5];
    uint32_t record_bytes;
    uint32_t align;
    uint64_t limit; /* records; 0: the file's size is limit enough */
} section_rules[FID_SECTION_COUNT] = {
    [FID_SECTION_STRS] = {"STRS", 1, FID_FILE_ALIGN, FID_LIMIT_STRING_BYTES},
    [FID_SECTION_META] = {"META", sizeof(struct fid_file_meta), FID_FILE_ALIGN, FID_LIMIT_META},
    [FID_SECTION_MVAL] = {"MVAL", sizeof(uint64_t), FID_FILE_ALIGN, FID_LIMIT_INDEX},
    [FID_SECTION_GRPH] = {"GRPH", sizeof(struct fid_file_graph), FID_FILE_ALIGN, FID_LIMIT_GRAPHS},
    [FID_SECTION_VALU] = {"VALU", sizeof(struct fid_file_value), FID_FILE_ALIGN, FID_LIMIT_RECORDS},
    [FID_SECTION_NODE] = {"NODE", sizeof(struct fid_file_node), FID_FILE_ALIGN, FID_LIMIT_RECORDS},
    [FID_SECTION_INDX] = {"INDX", sizeof(uint32_t), FID_FILE_ALIGN, FID_LIMIT_INDEX},
    [FID_SECTION_TENS] = {"TENS", sizeof(struct fid_file_tensor), FID_FILE_ALIGN,
                          FID_LIMIT_RECORDS},
    [FID_SECTION_DATA] = {"DATA", 1, FID_FILE_DATA_ALIGN, 0},
    [FID_SECTION_SUMS] = {"SUMS", sizeof(uint32_t), FID_FILE_ALIGN, FID_LIMIT_RECORDS},
    [FID_SECTION_PLAN] = {"PLAN", sizeof(struct fid_file_plan), FID_FILE_ALIGN, 1},
    [FID_SECTION_STEP] = {"STEP", sizeof(struct fid_file_step), FID_FILE_ALIGN, FID_LIMIT_RECORDS},
    [FID_SECTION_PACK] = {"PACK", 1, FID_FILE_DATA_ALIGN, 0},
};

const char *fid_weight_section_name(enum fid_section section)
{
    return section_rules[section].name;
}

uint32_t fid_weight_section_record(enum fid_section section)
{
    return section_rules[section].record_bytes;
}

uint32_t fid_weight_section_align(enum fid_section section)
{
    return section_rules[section].align;
}

bool fid_weight_all_zero(const void *bytes, size_t count)
{
    const uint8_t *byte = bytes;
    uint8_t any = 0;
    for (size_t i = 0; i < count; i++)
        any |= byte[i];
    return any == 0;
}

/* ---- header ---- */

static enum fid_status check_magic(const struct fid_weight_file *file, struct fid_error *error)
{
    const uint8_t *b = file->bytes;
    size_t magic_bytes = sizeof file->header->magic;
    size_t have = fid_min_size(file->size, magic_bytes);
    if (memcmp(b, FID_FILE_MAGIC, have) == 0)
        return FID_OK;
    if (have < 4)
        return fid_weight_refuse(file, error, FID_CORRUPT, b,
                                 "not a .fid weight file (%zu bytes): convert the model with "
                                 "convert/convert.py",
                                 file->size);
    if (memcmp(b, FID_FILE_MAGIC, 4) == 0)
        return fid_weight_refuse(file, error, FID_CORRUPT, b,
                                 "its first line ends were changed, as by a transfer in text "
                                 "mode: " FID_WEIGHT_ADVICE);
    return fid_weight_refuse(file, error, FID_CORRUPT, b,
                             "not a .fid weight file (starts with %02x %02x %02x %02x): convert it "
                             "with convert/convert.py",
                             b[0], b[1], b[2], b[3]);
}

static enum fid_status check_header(const struct fid_weight_file *file, struct fid_error *error)
{
    const struct fid_file_header *header = file->header;
    if (header->major != FID_FILE_MAJOR || header->minor > FID_FILE_MINOR)
        return fid_weight_refuse(file, error, FID_UNSUPPORTED, &header->major,
                                 "format version %u.%u, this program reads %d.0 to %d.%d: convert "
                                 "the model again with this version's convert/convert.py",
                                 header->major, header->minor, FID_FILE_MAJOR, FID_FILE_MAJOR,
                                 FID_FILE_MINOR);
    const bool packed =
        header->minor == 1 || (header->minor > 1 && header->section_count == FID_SECTION_COUNT);
    const size_t count = packed ? FID_SECTION_COUNT : FID_SECTION_COUNT_1_0;
    if (header->section_count != count)
        return fid_weight_refuse(file, error, FID_CORRUPT, &header->section_count,
                                 "%" PRIu32 " sections instead of %zu", header->section_count,
                                 count);
    if (header->file_bytes != file->size)
        return fid_weight_refuse(file, error, FID_CORRUPT, &header->file_bytes,
                                 "the file has %zu bytes but was written with %" PRIu64
                                 ": " FID_WEIGHT_ADVICE,
                                 file->size, header->file_bytes);
    if (!fid_weight_all_zero(header->reserved, sizeof header->reserved))
        return fid_weight_refuse(file, error, FID_CORRUPT, header->reserved,
                                 "a reserved field of the header is not zero");
    return FID_OK;
}

/* ---- section table ---- */

/* Section i must start at the first multiple of its alignment behind end, the gap before it being
 * zero. FILLS *end with its own end. */
static enum fid_status check_section(const struct fid_weight_file *file, size_t i, size_t *end,
                                     struct fid_error *error)
{
    const struct fid_file_section *section = &file->sections[i];
    const char *name = section_rules[i].name;
    uint32_t kind = FID_FOURCC(name[0], name[1], name[2], name[3]);
    size_t start = 0;
    if (section->kind != kind)
        return fid_weight_refuse(file, error, FID_CORRUPT, section,
                                 "section %zu is of kind %08" PRIx32 " instead of %s", i,
                                 section->kind, name);
    if (section->record_bytes != section_rules[i].record_bytes)
        return fid_weight_refuse(file, error, FID_CORRUPT, section,
                                 "section %s: records of %" PRIu32 " bytes instead of %" PRIu32,
                                 name, section->record_bytes, section_rules[i].record_bytes);
    if (section->reserved != 0)
        return fid_weight_refuse(file, error, FID_CORRUPT, section,
                                 "section %s: a reserved field is not zero", name);
    if (section_rules[i].limit > 0 &&
        section->bytes > section_rules[i].limit * section->record_bytes)
        return fid_weight_refuse(file, error, FID_UNSUPPORTED, section,
                                 "section %s: %" PRIu64 " bytes are more than the limit of %" PRIu64
                                 " records",
                                 name, section->bytes, section_rules[i].limit);
    if (section->offset > file->size || section->bytes > file->size - section->offset)
        return fid_weight_refuse(file, error, FID_CORRUPT, section,
                                 "section %s: %" PRIu64 " bytes from %" PRIu64
                                 " reach over the end of the file",
                                 name, section->bytes, section->offset);
    if (section->bytes % section->record_bytes != 0)
        return fid_weight_refuse(file, error, FID_CORRUPT, section,
                                 "section %s: %" PRIu64 " bytes are no whole records", name,
                                 section->bytes);
    if (!fid_size_align(*end, section_rules[i].align, &start) || section->offset != start)
        return fid_weight_refuse(file, error, FID_CORRUPT, section,
                                 "section %s starts at %" PRIu64 " instead of %zu", name,
                                 section->offset, start);
    if (!fid_weight_all_zero(file->bytes + *end, start - *end))
        return fid_weight_refuse(file, error, FID_CORRUPT, file->bytes + *end,
                                 "the gap before section %s is not zero", name);
    *end = (size_t)(section->offset + section->bytes);
    return FID_OK;
}

static enum fid_status ends_early(const struct fid_weight_file *file, struct fid_error *error)
{
    return fid_weight_refuse(file, error, FID_CORRUPT, file->bytes + file->size,
                             "the file ends inside its header: " FID_WEIGHT_ADVICE);
}

enum fid_status fid_weight_check_frame(struct fid_weight_file *file, struct fid_error *error)
{
    enum fid_status status = check_magic(file, error);
    if (status != FID_OK)
        return status;
    if (file->size < sizeof *file->header)
        return ends_early(file, error);
    file->header = (const void *)file->bytes;
    file->sections = (const void *)(file->bytes + sizeof *file->header);
    status = check_header(file, error);
    if (status != FID_OK)
        return status;
    file->section_count = file->header->section_count;
    const size_t table_bytes = file->section_count * sizeof *file->sections;
    size_t end = sizeof *file->header + table_bytes;
    if (file->size < end)
        return ends_early(file, error);
    uint32_t crc = file->crc32c(0, file->header, offsetof(struct fid_file_header, crc));
    crc = file->crc32c(crc, file->sections, table_bytes);
    if (crc != file->header->crc)
        return fid_weight_refuse(file, error, FID_CORRUPT, &file->header->crc,
                                 "the checksum of header and table is %08" PRIx32
                                 ", stored is %08" PRIx32 ": " FID_WEIGHT_ADVICE,
                                 crc, file->header->crc);
    for (size_t i = 0; i < file->section_count && status == FID_OK; i++)
        status = check_section(file, i, &end, error);
    if (status == FID_OK && end != file->size)
        return fid_weight_refuse(file, error, FID_CORRUPT, file->bytes + end,
                                 "%zu bytes behind the last section", file->size - end);
    return status;
}

/* ---- checksums ---- */

enum fid_status fid_weight_compare_sum(const struct fid_weight_file *file, enum fid_section i,
                                       uint32_t crc, struct fid_error *error)
{
    const struct fid_file_section *section = &file->sections[i];
    if (crc == section->crc)
        return FID_OK;
    return fid_weight_refuse(file, error, FID_CORRUPT, file->bytes + section->offset,
                             "section %s is damaged, its checksum is %08" PRIx32
                             " and stored is %08" PRIx32 ": " FID_WEIGHT_ADVICE,
                             section_rules[i].name, crc, section->crc);
}

enum fid_status fid_weight_check_sums(const struct fid_weight_file *file, struct fid_error *error)
{
    enum fid_status status = FID_OK;
    for (size_t i = 0; i < file->section_count && status == FID_OK; i++) {
        const struct fid_file_section *section = &file->sections[i];
        if (i == FID_SECTION_DATA || i == FID_SECTION_PACK)
            continue;
        uint32_t crc = file->crc32c(0, file->bytes + section->offset, (size_t)section->bytes);
        status = fid_weight_compare_sum(file, (enum fid_section)i, crc, error);
    }
    return status;
}
