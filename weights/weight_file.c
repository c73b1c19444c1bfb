/* weight_file.c - opening, closing and asking. The validation is in weight_frame.c (header, table,
 * checksums), weight_text.c (strings, metadata), weight_structure.c (tensors, graphs),
 * weight_node.c (nodes), weight_pack.c (packed weights) and weight_numbers.c (DATA, PACK). */
#include "weights/weight_view.h"

#include "engine/base/memory.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "records are used in place");

#define PATH_SHOWN 200 /* bytes of a path in a message of sizeof fid_error.text */

/* The path, or "..." and its end where it is too long for a message. */
static const char *shown_path(const char *path, const char **dots)
{
    size_t length = strlen(path);
    *dots = "";
    if (length <= PATH_SHOWN)
        return path;
    *dots = "...";
    path += length - PATH_SHOWN;
    while (((unsigned char)*path & 0xC0u) == 0x80u) /* not inside a character */
        path++;
    return path;
}

enum fid_status fid_weight_refuse(const struct fid_weight_file *file, struct fid_error *error,
                                  enum fid_status status, const void *where, const char *format,
                                  ...)
{
    char reason[sizeof error->text];
    va_list args;
    va_start(args, format);
    if (vsnprintf(reason, sizeof reason, format, args) < 0)
        reason[0] = '\0';
    va_end(args);
    const char *dots;
    const char *path = shown_path(file->path, &dots);
    return fid_fail(error, status, "%s%s: offset %zu: %s", dots, path,
                    (size_t)((const uint8_t *)where - file->bytes), reason);
}

/* ---- opening ---- */

static enum fid_status validate(struct fid_weight_file *file, struct fid_error *error)
{
    enum fid_status status = fid_weight_check_frame(file, error);
    if (status == FID_OK)
        status = fid_weight_check_sums(file, error);
    if (status == FID_OK)
        status = fid_weight_check_structure(file, error);
    if (status == FID_OK)
        status = fid_weight_check_pack_records(file, error);
    return status;
}

/* Maps the regular file behind fd. */
static enum fid_status map_file(struct fid_weight_file *file, int fd, struct fid_error *error)
{
    struct stat info;
    const char *dots;
    const char *path = shown_path(file->path, &dots);
    if (fstat(fd, &info) != 0)
        return fid_fail(error, FID_IO, "%s%s: %s", dots, path, strerror(errno));
    if (S_ISDIR(info.st_mode))
        return fid_fail(error, FID_IO, "%s%s: is a folder, not a weight file", dots, path);
    if (!S_ISREG(info.st_mode))
        return fid_fail(error, FID_IO, "%s%s: is not a regular file", dots, path);
    if (info.st_size == 0)
        return fid_fail(error, FID_CORRUPT, "%s%s: the file is empty", dots, path);
    if ((uint64_t)info.st_size > FID_LIMIT_FILE_BYTES || (uint64_t)info.st_size > SIZE_MAX)
        return fid_fail(error, FID_UNSUPPORTED, "%s%s: %lld bytes are more than the format's 4 GiB",
                        dots, path, (long long)info.st_size);
    void *map = mmap(NULL, (size_t)info.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
    if (map == MAP_FAILED)
        return fid_fail(error, errno == ENOMEM ? FID_NO_MEMORY : FID_IO, "%s%s: cannot map it: %s",
                        dots, path, strerror(errno));
    file->bytes = map;
    file->size = (size_t)info.st_size;
    file->mapped = true;
    return FID_OK;
}

static struct fid_weight_file *new_file(const char *path, fid_crc32c_fn crc32c)
{
    struct fid_weight_file *file = fid_calloc(1, sizeof *file);
    if (file != NULL)
        file->crc32c = crc32c;
    if (file != NULL)
        file->path = fid_strdup(path);
    if (file != NULL && file->path == NULL)
        fid_weight_file_close(&file);
    return file;
}

enum fid_status fid_weight_file_open(const char *path, fid_crc32c_fn crc32c,
                                     struct fid_weight_file **file, struct fid_error *error)
{
    enum fid_status status;
    int fd = -1;
    *file = new_file(path, crc32c);
    if (*file == NULL) {
        status = fid_fail(error, FID_NO_MEMORY, "no memory to open a weight file");
        goto fail;
    }
    fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK); /* a FIFO must not keep us waiting */
    if (fd < 0) {
        const char *dots;
        const char *shown = shown_path(path, &dots);
        status = fid_fail(error, errno == ENOENT || errno == ENOTDIR ? FID_NOT_FOUND : FID_IO,
                          "%s%s: %s", dots, shown, strerror(errno));
        goto fail;
    }
    status = map_file(*file, fd, error);
    if (status == FID_OK)
        status = validate(*file, error);
    if (status != FID_OK)
        goto fail;
    close(fd);
    return FID_OK;
fail:
    if (fd >= 0)
        close(fd);
    fid_weight_file_close(file);
    return status;
}

enum fid_status fid_weight_file_open_memory(const void *bytes, size_t size, const char *name,
                                            fid_crc32c_fn crc32c, struct fid_weight_file **file,
                                            struct fid_error *error)
{
    enum fid_status status;
    *file = new_file(name, crc32c);
    if (*file == NULL)
        return fid_fail(error, FID_NO_MEMORY, "no memory to open a weight file");
    (*file)->bytes = bytes;
    (*file)->size = size;
    if ((uintptr_t)bytes % FID_FILE_ALIGN != 0)
        status = fid_fail(error, FID_INVALID, "%s: the memory is not aligned to %u bytes", name,
                          FID_FILE_ALIGN);
    else if (size == 0)
        status = fid_fail(error, FID_CORRUPT, "%s: the file is empty", name);
    else
        status = validate(*file, error);
    if (status != FID_OK)
        fid_weight_file_close(file);
    return status;
}

void fid_weight_file_close(struct fid_weight_file **file)
{
    if (*file == NULL)
        return;
    if ((*file)->mapped)
        munmap((void *)(uintptr_t)(*file)->bytes, (*file)->size);
    fid_free((*file)->path);
    fid_free(*file);
    *file = NULL;
}

/* ---- asking ---- */

const char *fid_weight_file_path(const struct fid_weight_file *file)
{
    return file->path;
}

const struct fid_file_header *fid_weight_file_header(const struct fid_weight_file *file)
{
    return file->header;
}

const void *fid_weight_records(const struct fid_weight_file *file, enum fid_section section,
                               size_t *count)
{
    const struct fid_file_section *entry = &file->sections[section];
    *count = (size_t)(entry->bytes / entry->record_bytes);
    return file->bytes + entry->offset;
}

const char *fid_weight_file_string(const struct fid_weight_file *file, uint32_t offset)
{
    return (const char *)file->bytes + file->sections[FID_SECTION_STRS].offset + offset;
}

const struct fid_file_graph *fid_weight_file_graphs(const struct fid_weight_file *file,
                                                    size_t *count)
{
    return fid_weight_records(file, FID_SECTION_GRPH, count);
}

const struct fid_file_value *fid_weight_file_values(const struct fid_weight_file *file,
                                                    size_t *count)
{
    return fid_weight_records(file, FID_SECTION_VALU, count);
}

const struct fid_file_node *fid_weight_file_nodes(const struct fid_weight_file *file, size_t *count)
{
    return fid_weight_records(file, FID_SECTION_NODE, count);
}

const uint32_t *fid_weight_file_index(const struct fid_weight_file *file, size_t *count)
{
    return fid_weight_records(file, FID_SECTION_INDX, count);
}

const struct fid_file_tensor *fid_weight_file_tensors(const struct fid_weight_file *file,
                                                      size_t *count)
{
    return fid_weight_records(file, FID_SECTION_TENS, count);
}

const struct fid_file_section *fid_weight_file_section(const struct fid_weight_file *file,
                                                       enum fid_section section)
{
    return &file->sections[section];
}

const float *fid_weight_file_tensor_data(const struct fid_weight_file *file, size_t tensor)
{
    size_t count;
    const struct fid_file_tensor *tensors = fid_weight_file_tensors(file, &count);
    uint64_t data = file->sections[FID_SECTION_DATA].offset;
    return (const float *)(const void *)(file->bytes + data + tensors[tensor].offset);
}

void fid_weight_drop_pages(const struct fid_weight_file *file, size_t offset, size_t bytes)
{
    if (!file->mapped || bytes == 0)
        return;
    /* Outward to whole pages: a neighbour's numbers on them come back from the file when touched.
     */
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    size_t first = offset / page * page;
    madvise((void *)(uintptr_t)(file->bytes + first), offset + bytes - first, MADV_DONTNEED);
}

void fid_weight_file_release_tensor(const struct fid_weight_file *file, size_t tensor)
{
    size_t count;
    const struct fid_file_tensor *tensors = fid_weight_file_tensors(file, &count);
    uint64_t data = file->sections[FID_SECTION_DATA].offset;
    fid_weight_drop_pages(file, (size_t)(data + tensors[tensor].offset),
                          (size_t)tensors[tensor].bytes);
}

void fid_weight_file_release_data(const struct fid_weight_file *file)
{
    const struct fid_file_section *data = &file->sections[FID_SECTION_DATA];
    fid_weight_drop_pages(file, (size_t)data->offset, (size_t)data->bytes);
}

/* ---- metadata ---- */

const struct fid_file_meta *fid_weight_file_meta(const struct fid_weight_file *file,
                                                 const char *key)
{
    size_t high;
    size_t low = 0;
    const struct fid_file_meta *meta = fid_weight_records(file, FID_SECTION_META, &high);
    while (low < high) { /* the keys are sorted by bytes */
        size_t middle = low + (high - low) / 2;
        int order = strcmp(key, fid_weight_file_string(file, meta[middle].key));
        if (order == 0)
            return &meta[middle];
        if (order < 0)
            high = middle;
        else
            low = middle + 1;
    }
    return NULL;
}

/* The i-th value of the key as it stands in MVAL, if the key is there with that type. */
static const uint64_t *meta_value(const struct fid_weight_file *file, const char *key,
                                  enum fid_meta_type type, size_t i)
{
    const struct fid_file_meta *meta = fid_weight_file_meta(file, key);
    if (meta == NULL || meta->type != type || i >= meta->count)
        return NULL;
    size_t count;
    const uint64_t *values = fid_weight_records(file, FID_SECTION_MVAL, &count);
    return &values[meta->first + i];
}

const char *fid_weight_file_text(const struct fid_weight_file *file, const char *key, size_t i)
{
    const uint64_t *value = meta_value(file, key, FID_META_STRING, i);
    return value != NULL ? fid_weight_file_string(file, (uint32_t)*value) : NULL;
}

bool fid_weight_file_int(const struct fid_weight_file *file, const char *key, size_t i,
                         int64_t *value)
{
    const uint64_t *stored = meta_value(file, key, FID_META_INT, i);
    if (stored != NULL)
        memcpy(value, stored, sizeof *value);
    return stored != NULL;
}

bool fid_weight_file_float(const struct fid_weight_file *file, const char *key, size_t i,
                           double *value)
{
    int64_t whole;
    const uint64_t *stored = meta_value(file, key, FID_META_FLOAT, i);
    if (stored != NULL) {
        memcpy(value, stored, sizeof *value);
        return true;
    }
    if (!fid_weight_file_int(file, key, i, &whole))
        return false;
    *value = (double)whole;
    return true;
}
