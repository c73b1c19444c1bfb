/* no_dlopen.c - of a static program (make STATIC=1): it loads nothing. SQLite would, for
 * extensions, which the gallery does not use; glibc's own needs the machine's shared libraries. */
#include <stddef.h>

void *__wrap_dlopen(const char *path, int mode);

void *__wrap_dlopen(const char *path, int mode)
{
    (void)path;
    (void)mode;
    return NULL;
}
