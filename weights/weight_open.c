/* weight_open.c - opening and closing: the file is mapped, then checked in weight_frame.c (header,
 * table, checksums), weight_text.c (strings, metadata), weight_structure.c (tensors, graphs),
 * weight_node.c (nodes) and weight_pack.c (packed weights); DATA and PACK in weight_numbers.c, when
 * they are asked for. */
#include "weights/weight_view.h"

#include "engine/base/memory.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "records are used in place");

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
    const char *path = fid_weight_shown_path(file->path, &dots);
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
        const char *shown = fid_weight_shown_path(path, &dots);
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
