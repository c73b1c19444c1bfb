/* cache.c - asks Linux's sysfs for the second-level cache of the first core. */
#include "engine/base/cache.h"

#include <stdbool.h>
#include <stdio.h>
#include <unistd.h>

enum { INDEX_END = 8, LEVEL = 2 };
static const size_t least = (size_t)128 << 10, most = (size_t)2 << 20, unknown = (size_t)512 << 10;

/* A line of a file of cache `index`; false if there is none. */
static bool read_line(int index, const char *name, char *line, int bytes)
{
    char path[96];
    snprintf(path, sizeof path, "/sys/devices/system/cpu/cpu0/cache/index%d/%s", index, name);
    FILE *file = fopen(path, "re");
    const bool read = file != NULL && fgets(line, bytes, file) != NULL;
    if (file != NULL)
        fclose(file);
    return read;
}

/* How many cores a list like "0-3,8" names; at least one. */
static size_t count_cores(const char *list)
{
    unsigned first, last;
    size_t count = 0;
    int length;
    for (; sscanf(list, "%u%n", &first, &length) == 1; list += *list == ',') {
        list += length;
        last = first;
        if (sscanf(list, "-%u%n", &last, &length) == 1)
            list += length;
        count += last >= first ? last - first + 1 : 1;
    }
    return count > 0 ? count : 1;
}

static size_t from_files(void)
{
    char line[256];
    unsigned level, kilobytes;
    for (int i = 0; i < INDEX_END && read_line(i, "level", line, sizeof line); i++) {
        if (sscanf(line, "%u", &level) != 1 || level != LEVEL)
            continue;
        if (!read_line(i, "size", line, sizeof line) || sscanf(line, "%uK", &kilobytes) != 1)
            return 0;
        const size_t bytes = (size_t)kilobytes << 10;
        return read_line(i, "shared_cpu_list", line, sizeof line) ? bytes / count_cores(line)
                                                                  : bytes;
    }
    return 0;
}

size_t fid_cache_bytes(void)
{
    size_t bytes = from_files();
    if (bytes == 0) {
        const long asked = sysconf(_SC_LEVEL2_CACHE_SIZE);
        bytes = asked > 0 ? (size_t)asked : unknown;
    }
    return bytes < least ? least : bytes > most ? most : bytes;
}
