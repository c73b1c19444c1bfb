/* unseen.c - libraries that are not built with MemorySanitizer, whose writes it does not see. What
 * utf8proc and stat have written is told to it; for libjpeg stands a decoder that holds what it is
 * given to be written, and gives gray. Linked (-Wl,--wrap) by `make fuzz SANITIZE=memory` alone. */
#include "engine/fid.h"

#include <string.h>
#include <sys/stat.h>
#include <utf8proc.h>

#if defined(__has_feature)
#if __has_feature(memory_sanitizer)
#include <sanitizer/msan_interface.h>

#define WRAPPED(name) __wrap_##name
#define REAL(name)    __real_##name

utf8proc_ssize_t REAL(utf8proc_iterate)(const utf8proc_uint8_t *text, utf8proc_ssize_t bytes,
                                        utf8proc_int32_t *code);
utf8proc_ssize_t WRAPPED(utf8proc_iterate)(const utf8proc_uint8_t *text, utf8proc_ssize_t bytes,
                                           utf8proc_int32_t *code);
utf8proc_ssize_t WRAPPED(utf8proc_iterate)(const utf8proc_uint8_t *text, utf8proc_ssize_t bytes,
                                           utf8proc_int32_t *code)
{
    utf8proc_ssize_t used = REAL(utf8proc_iterate)(text, bytes, code);
    __msan_unpoison(code, sizeof *code);
    return used;
}

utf8proc_ssize_t REAL(utf8proc_decompose)(const utf8proc_uint8_t *text, utf8proc_ssize_t bytes,
                                          utf8proc_int32_t *codes, utf8proc_ssize_t room,
                                          utf8proc_option_t options);
utf8proc_ssize_t WRAPPED(utf8proc_decompose)(const utf8proc_uint8_t *text, utf8proc_ssize_t bytes,
                                             utf8proc_int32_t *codes, utf8proc_ssize_t room,
                                             utf8proc_option_t options);
utf8proc_ssize_t WRAPPED(utf8proc_decompose)(const utf8proc_uint8_t *text, utf8proc_ssize_t bytes,
                                             utf8proc_int32_t *codes, utf8proc_ssize_t room,
                                             utf8proc_option_t options)
{
    utf8proc_ssize_t count = REAL(utf8proc_decompose)(text, bytes, codes, room, options);
    if (count > 0)
        __msan_unpoison(codes, (size_t)(count < room ? count : room) * sizeof *codes);
    return count;
}

utf8proc_ssize_t REAL(utf8proc_reencode)(utf8proc_int32_t *codes, utf8proc_ssize_t count,
                                         utf8proc_option_t options);
utf8proc_ssize_t WRAPPED(utf8proc_reencode)(utf8proc_int32_t *codes, utf8proc_ssize_t count,
                                            utf8proc_option_t options);
utf8proc_ssize_t WRAPPED(utf8proc_reencode)(utf8proc_int32_t *codes, utf8proc_ssize_t count,
                                            utf8proc_option_t options)
{
    utf8proc_ssize_t bytes = REAL(utf8proc_reencode)(codes, count, options);
    if (bytes >= 0) /* and the zero behind them */
        __msan_unpoison(codes, (size_t)bytes + 1);
    return bytes;
}

/* ---- the C library ---- */

/* What stat, lstat, fstat and fstatat are called with files of any size; clang 14 watches only the
 * __xstat of older libraries. */
#define TELL_STAT(name, subject)                      \
    int REAL(name)(subject, struct stat * info);      \
    int WRAPPED(name)(subject, struct stat * info);   \
    int WRAPPED(name)(subject of, struct stat * info) \
    {                                                 \
        const int code = REAL(name)(of, info);        \
        if (code == 0)                                \
            __msan_unpoison(info, sizeof *info);      \
        return code;                                  \
    }
typedef const char *path_type;
TELL_STAT(stat64, path_type)
TELL_STAT(lstat64, path_type)
TELL_STAT(fstat64, int)

int REAL(fstatat64)(int folder, const char *name, struct stat *info, int flags);
int WRAPPED(fstatat64)(int folder, const char *name, struct stat *info, int flags);
int WRAPPED(fstatat64)(int folder, const char *name, struct stat *info, int flags)
{
    const int code = REAL(fstatat64)(folder, name, info, flags);
    if (code == 0)
        __msan_unpoison(info, sizeof *info);
    return code;
}

/* ---- JPEG ---- */

enum fid_status WRAPPED(fid_frame_jpeg_size)(const void *bytes, size_t size, const char *what,
                                             int *width, int *height, struct fid_error *error);
enum fid_status WRAPPED(fid_frame_jpeg_size)(const void *bytes, size_t size, const char *what,
                                             int *width, int *height, struct fid_error *error)
{
    (void)what, (void)error;
    __msan_check_mem_is_initialized(bytes, size);
    const uint8_t *byte = bytes;
    *width = 2 + byte[size / 2] % 32 * 2;
    *height = 2 + byte[size / 3] % 32 * 2;
    return FID_OK;
}

enum fid_status WRAPPED(fid_frame_decode_jpeg)(const void *bytes, size_t size, const char *what,
                                               struct fid_frame *frame, struct fid_error *error);
enum fid_status WRAPPED(fid_frame_decode_jpeg)(const void *bytes, size_t size, const char *what,
                                               struct fid_frame *frame, struct fid_error *error)
{
    int width = 0, height = 0;
    enum fid_status status =
        WRAPPED(fid_frame_jpeg_size)(bytes, size, what, &width, &height, error);
    if (status == FID_OK)
        status = fid_frame_resize(frame, FID_PIXELS_RGB, width, height, error);
    for (int y = 0; status == FID_OK && y < height; y++)
        memset(frame->planes[0] + (size_t)y * frame->stride_bytes[0], 128, (size_t)width * 3);
    return status;
}
#endif
#endif
