/* Is SQLite's journal (the WAL) whole? SQLite takes what stands before the first damaged frame, and
 * says nothing of the changes behind it, which the next write would remove. */
#include "engine/store/sqlite.h"

#include "engine/base/memory.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

enum { HEADER = 32, FRAME = 24, SALT_AT = 8, SUM_AT = 16, SALT = 8, MAGIC = 0x377f0682 };

static uint32_t word(const uint8_t *at, bool big)
{
    return big ? (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3]
               : (uint32_t)at[3] << 24 | (uint32_t)at[2] << 16 | (uint32_t)at[1] << 8 | at[0];
}

struct walk {
    sqlite3_file *file;
    sqlite3_int64 at;
    bool big;        /* the order of bytes in sums */
    uint32_t sum[2]; /* as the header or frame before has it */
    uint8_t salt[SALT];
};

static bool read_next(struct walk *walk, uint8_t *bytes, int size)
{
    const bool is_read =
        walk->file->pMethods->xRead(walk->file, bytes, size, walk->at) == SQLITE_OK;
    walk->at += size;
    return is_read;
}

static void add(struct walk *walk, const uint8_t *bytes, size_t size)
{
    for (size_t i = 0; i < size; i += 8) {
        walk->sum[0] += word(bytes + i, walk->big) + walk->sum[1];
        walk->sum[1] += word(bytes + i + 4, walk->big) + walk->sum[0];
    }
}

/* Each sum goes on from the one before it as it is stored, so that each frame can be proven though
 * others are damaged. */
static bool proves(struct walk *walk, const uint8_t *stored)
{
    const uint32_t sum[2] = {word(stored, true), word(stored + 4, true)};
    const bool same = walk->sum[0] == sum[0] && walk->sum[1] == sum[1];
    memcpy(walk->sum, sum, sizeof sum);
    return same;
}

/* Nothing is written behind a transaction before the whole of it is on the disk. So where a frame
 * follows from one that ends a transaction, what was before both has been there: damage is no
 * transaction that a power cut broke off. Returns from which byte on; 0: it is whole. */
static sqlite3_int64 find_damage(struct walk *walk, uint8_t *page, int page_size)
{
    uint8_t header[HEADER];
    sqlite3_int64 broken = 0; /* where the first frame is that SQLite does not take */
    bool ended = false;       /* the frame before ends a transaction, and is not taken */
    if (!read_next(walk, header, HEADER))
        return 0;
    walk->big = word(header, true) == MAGIC + 1;
    add(walk, header, HEADER - SALT);
    const bool begins =
        proves(walk, header + HEADER - SALT) && (word(header, true) & ~1u) == (uint32_t)MAGIC;
    memcpy(walk->salt, header + SUM_AT, SALT);
    for (bool first = true;; first = false) {
        const sqlite3_int64 at = walk->at;
        if (!read_next(walk, header, FRAME) || !read_next(walk, page, page_size))
            return 0;
        if (first && !begins) /* it tells which round of writing it is */
            memcpy(walk->salt, header + SALT_AT, SALT);
        add(walk, header, SALT_AT);
        add(walk, page, (size_t)page_size);
        const bool ours = memcmp(header + SALT_AT, walk->salt, SALT) == 0;
        const bool whole = proves(walk, header + SUM_AT) && ours;
        const bool ends = ours && word(header + 4, true) != 0;
        if (whole && (ended || (!begins && ends)))
            return begins ? broken : 1;
        if (broken == 0 && !whole)
            broken = at;
        ended = broken != 0 && ends;
    }
}

static sqlite3_int64 look(const char *path)
{
    struct fid_sqlite_raw raw = {0};
    uint8_t header[HEADER];
    uint8_t *page = NULL;
    sqlite3_int64 damage = 0;
    if (fid_sqlite_raw_open(path, SQLITE_OPEN_READONLY | SQLITE_OPEN_WAL, &raw) == SQLITE_OK) {
        struct walk walk = {.file = raw.file};
        const bool is_read = read_next(&walk, header, HEADER);
        const uint32_t size = word(header + 8, true);
        const bool is_size = is_read && size >= 512 && size <= 65536 && (size & (size - 1)) == 0;
        const int page_size = is_size ? (int)size : FID_SQLITE_PAGE;
        walk.at = 0;
        page = fid_calloc(1, (size_t)page_size);
        damage = page != NULL ? find_damage(&walk, page, page_size) : 0;
    }
    fid_free(page);
    fid_sqlite_close_raw(&raw);
    return damage;
}

/* While another process writes, what is read first may be older than what is read last: damage is
 * believed where nothing was written from a while before the look until it was over. */
enum fid_status fid_sqlite_check_journal(struct fid_sqlite *store)
{
    enum { PAUSE_MS = 50, ATTEMPTS = FID_STORE_BUSY_MS / PAUSE_MS };
    char path[PATH_MAX + 8];
    struct stat earlier = {0}, before, after;
    snprintf(path, sizeof path, "%s-wal", store->base.name);
    for (int i = 0; i < ATTEMPTS && stat(path, &before) == 0 && before.st_size > 0; i++) {
        const sqlite3_int64 damage = look(path);
        if (damage == 0)
            return FID_OK;
        const bool still = earlier.st_ino == before.st_ino && stat(path, &after) == 0 &&
                           memcmp(&earlier.st_mtim, &before.st_mtim, sizeof before.st_mtim) == 0 &&
                           memcmp(&after.st_mtim, &before.st_mtim, sizeof before.st_mtim) == 0;
        if (still)
            return fid_fail(store->base.error, FID_CORRUPT,
                            "the gallery %s is damaged: its journal %s is from byte %lld on, and "
                            "what was changed after that would be lost",
                            store->base.name, path, (long long)damage);
        earlier = before;
        sqlite3_sleep(PAUSE_MS);
    }
    return FID_OK;
}
