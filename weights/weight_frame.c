/* weight_frame.c - the frame of a weight file: header, section table, gaps, checksums, and the pass
 * over the numbers in DATA. */
#include "weights/weight_view.h"

#include "engine/base/size.h"

#include <inttypes.h>
#include <string.h>

#define ADVICE "fetch it again with weights/get or convert it again with convert/convert.py"

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
};

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
    size_t have = file->size < magic_bytes ? file->size : magic_bytes;
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
                                 "mode: " ADVICE);
    return fid_weight_refuse(file, error, FID_CORRUPT, b,
                             "not a .fid weight file (starts with %02x %02x %02x %02x): convert it "
                             "with convert/convert.py",
                             b[0], b[1], b[2], b[3]);
}

static enum fid_status check_header(const struct fid_weight_file *file, struct fid_error *error)
{
    const struct fid_file_header *header = file->header;
    if (header->major != FID_FILE_MAJOR || header->minor != FID_FILE_MINOR)
        return fid_weight_refuse(file, error, FID_UNSUPPORTED, &header->major,
                                 "format version %u.%u, this program reads %d.%d: convert the "
                                 "model again with this version's convert/convert.py",
                                 header->major, header->minor, FID_FILE_MAJOR, FID_FILE_MINOR);
    if (header->section_count != FID_SECTION_COUNT)
        return fid_weight_refuse(file, error, FID_CORRUPT, &header->section_count,
                                 "%" PRIu32 " sections instead of %d", header->section_count,
                                 FID_SECTION_COUNT);
    if (header->file_bytes != file->size)
        return fid_weight_refuse(file, error, FID_CORRUPT, &header->file_bytes,
                                 "the file has %zu bytes but was written with %" PRIu64 ": " ADVICE,
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

enum fid_status fid_weight_check_frame(struct fid_weight_file *file, fid_crc32c_fn crc32c,
                                       struct fid_error *error)
{
    const size_t table_bytes = FID_SECTION_COUNT * sizeof *file->sections;
    size_t end = sizeof *file->header + table_bytes;
    enum fid_status status = check_magic(file, error);
    if (status != FID_OK)
        return status;
    if (file->size < end)
        return fid_weight_refuse(file, error, FID_CORRUPT, file->bytes + file->size,
                                 "the file ends inside its header: " ADVICE);
    file->header = (const void *)file->bytes;
    file->sections = (const void *)(file->bytes + sizeof *file->header);
    status = check_header(file, error);
    if (status != FID_OK)
        return status;
    uint32_t crc = crc32c(0, file->header, offsetof(struct fid_file_header, crc));
    crc = crc32c(crc, file->sections, table_bytes);
    if (crc != file->header->crc)
        return fid_weight_refuse(file, error, FID_CORRUPT, &file->header->crc,
                                 "the checksum of header and table is %08" PRIx32
                                 ", stored is %08" PRIx32 ": " ADVICE,
                                 crc, file->header->crc);
    for (size_t i = 0; i < FID_SECTION_COUNT && status == FID_OK; i++)
        status = check_section(file, i, &end, error);
    if (status == FID_OK && end != file->size)
        return fid_weight_refuse(file, error, FID_CORRUPT, file->bytes + end,
                                 "%zu bytes behind the last section", file->size - end);
    return status;
}

/* ---- checksums ---- */

static enum fid_status compare_sum(const struct fid_weight_file *file, size_t i, uint32_t crc,
                                   struct fid_error *error)
{
    const struct fid_file_section *section = &file->sections[i];
    if (crc == section->crc)
        return FID_OK;
    return fid_weight_refuse(file, error, FID_CORRUPT, file->bytes + section->offset,
                             "section %s is damaged, its checksum is %08" PRIx32
                             " and stored is %08" PRIx32 ": " ADVICE,
                             section_rules[i].name, crc, section->crc);
}

enum fid_status fid_weight_check_sums(const struct fid_weight_file *file, fid_crc32c_fn crc32c,
                                      struct fid_error *error)
{
    enum fid_status status = FID_OK;
    for (size_t i = 0; i < FID_SECTION_DATA && status == FID_OK; i++) {
        const struct fid_file_section *section = &file->sections[i];
        uint32_t crc = crc32c(0, file->bytes + section->offset, (size_t)section->bytes);
        status = compare_sum(file, i, crc, error);
    }
    return status;
}

/* ---- the numbers ---- */

#define PIECE_BYTES ((size_t)64 << 10) /* summed and searched while it is in the cache */
#define DROP_BYTES  ((size_t)4 << 20)  /* pages are given back in blocks of this size */

/* Are all numbers finite? An exponent of all ones carries into bit 31 when one is added to it:
 * three integer operations on whole vectors, which compilers find by themselves in blocks of fixed
 * size. */
static bool all_finite(const uint32_t *words, size_t count)
{
    enum { BLOCK = 256 };
    uint32_t carry = 0;
    size_t i = 0;
    for (; i + BLOCK <= count; i += BLOCK)
        for (size_t j = 0; j < BLOCK; j++)
            carry |= (words[i + j] & 0x7F800000u) + 0x00800000u;
    for (; i < count; i++)
        carry |= (words[i] & 0x7F800000u) + 0x00800000u;
    return (carry & 0x80000000u) == 0;
}

struct data_pass {
    const struct fid_weight_file *file;
    fid_crc32c_fn crc32c;
    uint32_t crc;
    size_t begin, at; /* pages before begin were given back; read up to at; file offsets */
};

/* Sums [at, at + bytes) and searches it: finite numbers, or zeros for a gap. */
static bool pass_over(struct data_pass *pass, size_t bytes, bool gap)
{
    bool good = true;
    while (bytes > 0) {
        size_t piece = bytes < PIECE_BYTES ? bytes : PIECE_BYTES;
        const uint8_t *start = pass->file->bytes + pass->at;
        pass->crc = pass->crc32c(pass->crc, start, piece);
        if (gap)
            good = good && fid_weight_all_zero(start, piece);
        else
            good = good && all_finite((const void *)start, piece / sizeof(float));
        pass->at += piece;
        bytes -= piece;
        if (pass->at - pass->begin >= DROP_BYTES) {
            fid_weight_drop_pages(pass->file, pass->begin, pass->at - pass->begin);
            pass->begin = pass->at;
        }
    }
    return good;
}

enum fid_status fid_weight_check_data(const struct fid_weight_file *file, fid_crc32c_fn crc32c,
                                      struct fid_error *error)
{
    const struct fid_file_section *data = &file->sections[FID_SECTION_DATA];
    size_t count;
    const struct fid_file_tensor *tensors = fid_weight_file_tensors(file, &count);
    size_t base = (size_t)data->offset;
    struct data_pass pass = {file, crc32c, 0, base, base};
    size_t bad_gap = count, bad_number = count; /* first tensor with one */
    for (size_t i = 0; i < count; i++) {
        if (!pass_over(&pass, base + (size_t)tensors[i].offset - pass.at, true) && bad_gap == count)
            bad_gap = i;
        if (!pass_over(&pass, (size_t)tensors[i].bytes, false) && bad_number == count)
            bad_number = i;
    }
    fid_weight_drop_pages(file, pass.begin, pass.at - pass.begin);
    enum fid_status status = compare_sum(file, FID_SECTION_DATA, pass.crc, error);
    if (status != FID_OK)
        return status; /* before the rest: damage explains everything else */
    if (bad_gap < count)
        return fid_weight_refuse(file, error, FID_CORRUPT,
                                 file->bytes + base + tensors[bad_gap].offset,
                                 "the gap before tensor %zu '%.80s' is not zero", bad_gap,
                                 fid_weight_file_string(file, tensors[bad_gap].name));
    if (bad_number < count)
        return fid_weight_refuse(file, error, FID_CORRUPT,
                                 file->bytes + base + tensors[bad_number].offset,
                                 "tensor %zu '%.80s' holds a number that is not finite", bad_number,
                                 fid_weight_file_string(file, tensors[bad_number].name));
    return FID_OK;
}
