/* careless.c - preloaded, makes a program careless: it believes that the disk has what it has not.
 * The control of the power-cut test. */
#include <unistd.h>

#define SEEN __attribute__((visibility("default")))

SEEN int fsync(int fd)
{
    (void)fd;
    return 0;
}

SEEN int fdatasync(int fd)
{
    (void)fd;
    return 0;
}
