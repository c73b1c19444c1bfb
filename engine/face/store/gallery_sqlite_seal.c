/* Between SQLite and its file system. What SQLite reads and writes, and what stands on the disk:
 *
 * Database: pages of 4096 bytes behind our header page. SQLite leaves the last 40 bytes of each
 * page alone (its "reserved bytes"), and they take nonce and tag.
 *
 * WAL: a header of 32 bytes, then frames, each a header of 24 bytes and a page. Each of the three
 * is a block with 40 bytes behind it.
 *
 * Journal, while there is no WAL: pages as in the database; the rest is page numbers and sums of 20
 * bytes of a page, which are left as they are. The shared memory of a WAL has page numbers and a
 * sum of its last frame, and is left as it is, too.
 *
 * A write of any other size, a page without the reserved bytes, and temporary files (SQLite keeps
 * those in memory, see prepare_handle) are refused: nothing gets to the disk in plain.
 *
 * A block whose tag is wrong is damage, but for what SQLite reads when it looks how far a WAL or
 * journal goes after a crash: there it is given zeros, which it takes for the end, as it does with
 * any other half-written frame. */
#include "engine/face/store/gallery_sqlite_seal.h"

#include <stdio.h>
#include <string.h>

enum {
    PAGE = FID_SEALED_PAGE,
    EXTRA = FID_SEAL_EXTRA,
    WAL_HEADER = 32,
    FRAME_HEADER = 24,
    FRAME = FRAME_HEADER + PAGE,
    STORED_WAL_HEADER = WAL_HEADER + EXTRA,
    STORED_FRAME_HEADER = FRAME_HEADER + EXTRA,
    STORED_FRAME = STORED_FRAME_HEADER + PAGE + EXTRA,
    RESERVED_AT = 20, /* in the first page: how many bytes of each page are reserved */
};

enum block_kind { DATABASE_PAGE = 1, JOURNAL_PAGE, WAL_START, WAL_FRAME_HEADER, WAL_PAGE };

struct file {
    sqlite3_file base;
    const struct fid_seal *seal;
    int type; /* SQLITE_OPEN_MAIN_DB, _MAIN_JOURNAL or _WAL */
    sqlite3_file *inner;
};

/* A block, and where it stands. */
struct block {
    struct fid_seal_place place;
    sqlite3_int64 start;  /* as SQLite counts */
    sqlite3_int64 stored; /* in the file */
    int size;             /* as SQLite counts */
    int sealed;           /* of it encrypted; the 40 bytes follow */
};

static struct file *file_of(sqlite3_file *base)
{
    return (struct file *)base;
}

static struct fid_seal_place place(enum block_kind kind, sqlite3_int64 number)
{
    return (struct fid_seal_place){kind, (uint64_t)number};
}

static struct block page_at(enum block_kind kind, sqlite3_int64 start, sqlite3_int64 stored)
{
    return (struct block){place(kind, start), start, stored, PAGE, PAGE - EXTRA};
}

/* The block of a database or WAL that has the byte at `at`. */
static struct block block_at(const struct file *file, sqlite3_int64 at)
{
    if (file->type == SQLITE_OPEN_MAIN_DB)
        return page_at(DATABASE_PAGE, at / PAGE * PAGE, at / PAGE * PAGE + FID_SEAL_HEADER_BYTES);
    if (at < WAL_HEADER)
        return (struct block){place(WAL_START, 0), 0, 0, WAL_HEADER, WAL_HEADER};
    const sqlite3_int64 frame = (at - WAL_HEADER) / FRAME;
    const sqlite3_int64 start = WAL_HEADER + frame * FRAME;
    const sqlite3_int64 stored = STORED_WAL_HEADER + frame * STORED_FRAME;
    if (at < start + FRAME_HEADER)
        return (struct block){place(WAL_FRAME_HEADER, frame), start, stored, FRAME_HEADER,
                              FRAME_HEADER};
    return (struct block){place(WAL_PAGE, frame), start + FRAME_HEADER,
                          stored + STORED_FRAME_HEADER, PAGE, PAGE};
}

sqlite3_int64 fid_sealed_place(sqlite3_file *file, sqlite3_int64 at)
{
    return block_at(file_of(file), at).stored;
}

/* ---- reading ---- */

/* FILLS plain[block->size]; SQLITE_CORRUPT where the tag is wrong. */
static int read_block(const struct file *file, const struct block *block, uint8_t *plain)
{
    uint8_t stored[PAGE + EXTRA];
    int code =
        file->inner->pMethods->xRead(file->inner, stored, block->sealed + EXTRA, block->stored);
    memset(plain, 0, (size_t)block->size);
    if (code != SQLITE_OK)
        return code;
    return fid_seal_open_block(file->seal, block->place, stored, (size_t)block->sealed,
                               stored + block->sealed, plain)
               ? SQLITE_OK
               : SQLITE_CORRUPT;
}

/* Is it how SQLite looks for the end of a WAL, or, before it plays a journal back, at the beginning
 * of a database? That page may be torn by then, and is in the journal; where it is not, the next
 * look at it tells. */
static bool may_be_torn(const struct file *file, int count, sqlite3_int64 at)
{
    enum { FIRST_LOOK = 100 };
    if (file->type == SQLITE_OPEN_MAIN_DB)
        return at == 0 && count == FIRST_LOOK;
    if (file->type != SQLITE_OPEN_WAL)
        return false;
    return (at == 0 && count == WAL_HEADER) || (count == FRAME && (at - WAL_HEADER) % FRAME == 0);
}

static int read_blocks(const struct file *file, uint8_t *out, int count, sqlite3_int64 at)
{
    uint8_t plain[PAGE];
    while (count > 0) {
        const struct block block = block_at(file, at);
        const int skipped = (int)(at - block.start);
        const int taken = block.size - skipped < count ? block.size - skipped : count;
        int code = read_block(file, &block, plain);
        memcpy(out, plain + skipped, (size_t)taken);
        out += taken;
        at += taken;
        count -= taken;
        if (code != SQLITE_OK) {
            memset(out, 0, (size_t)count);
            return code;
        }
    }
    return SQLITE_OK;
}

static int read_journal(const struct file *file, void *out, int count, sqlite3_int64 at)
{
    const struct block block = page_at(JOURNAL_PAGE, at, at);
    if (count != PAGE)
        return file->inner->pMethods->xRead(file->inner, out, count, at);
    const int code = read_block(file, &block, out);
    return code == SQLITE_CORRUPT ? SQLITE_OK : code;
}

static int read_file(sqlite3_file *base, void *out, int count, sqlite3_int64 at)
{
    const struct file *file = file_of(base);
    if (file->type == SQLITE_OPEN_MAIN_JOURNAL)
        return read_journal(file, out, count, at);
    const int code = read_blocks(file, out, count, at);
    if (code != SQLITE_CORRUPT || !may_be_torn(file, count, at))
        return code;
    memset(out, 0, (size_t)count);
    return SQLITE_OK;
}

/* ---- writing ---- */

static int write_block(const struct file *file, const struct block *block, const uint8_t *plain)
{
    uint8_t stored[PAGE + EXTRA];
    if (!fid_seal_close_block(file->seal, block->place, plain, (size_t)block->sealed, stored,
                              stored + block->sealed))
        return SQLITE_IOERR_WRITE;
    return file->inner->pMethods->xWrite(file->inner, stored, block->sealed + EXTRA, block->stored);
}

/* Would the block take something of the page with it? */
static bool has_room(const struct file *file, const uint8_t *bytes, sqlite3_int64 at)
{
    return file->type != SQLITE_OPEN_MAIN_DB || at != 0 || bytes[RESERVED_AT] == EXTRA;
}

static int write_file(sqlite3_file *base, const void *bytes, int count, sqlite3_int64 at)
{
    const struct file *file = file_of(base);
    struct block block;
    if (file->type == SQLITE_OPEN_MAIN_JOURNAL && count != PAGE)
        return file->inner->pMethods->xWrite(file->inner, bytes, count, at);
    if (file->type == SQLITE_OPEN_MAIN_JOURNAL)
        block = page_at(JOURNAL_PAGE, at, at);
    else
        block = block_at(file, at);
    if (block.start != at || block.size != count || !has_room(file, bytes, at))
        return SQLITE_IOERR_WRITE;
    return write_block(file, &block, bytes);
}

/* Behind what SQLite takes for the file's end, in the file. */
static sqlite3_int64 stored_size(const struct file *file, sqlite3_int64 size)
{
    if (file->type == SQLITE_OPEN_MAIN_DB)
        return size + FID_SEAL_HEADER_BYTES;
    if (file->type == SQLITE_OPEN_MAIN_JOURNAL || size == 0)
        return size;
    const sqlite3_int64 frames = (size - WAL_HEADER + FRAME - 1) / FRAME;
    return STORED_WAL_HEADER + frames * STORED_FRAME;
}

static int truncate_file(sqlite3_file *base, sqlite3_int64 size)
{
    const struct file *file = file_of(base);
    return file->inner->pMethods->xTruncate(file->inner, stored_size(file, size));
}

/* What is no whole page or frame at the end is not there. */
static int size_of_file(sqlite3_file *base, sqlite3_int64 *size)
{
    const struct file *file = file_of(base);
    int code = file->inner->pMethods->xFileSize(file->inner, size);
    if (code != SQLITE_OK || file->type == SQLITE_OPEN_MAIN_JOURNAL)
        return code;
    if (file->type == SQLITE_OPEN_MAIN_DB)
        *size = *size < (sqlite3_int64)FID_SEAL_HEADER_BYTES
                    ? 0
                    : (*size - FID_SEAL_HEADER_BYTES) / PAGE * PAGE;
    else
        *size = *size < STORED_WAL_HEADER
                    ? 0
                    : WAL_HEADER + (*size - STORED_WAL_HEADER) / STORED_FRAME * FRAME;
    return SQLITE_OK;
}

/* ---- what goes through ---- */

static int close_file(sqlite3_file *base)
{
    struct file *file = file_of(base);
    return file->inner->pMethods->xClose(file->inner);
}

static int sync_file(sqlite3_file *base, int flags)
{
    struct file *file = file_of(base);
    return file->inner->pMethods->xSync(file->inner, flags);
}

static int lock_file(sqlite3_file *base, int level)
{
    struct file *file = file_of(base);
    return file->inner->pMethods->xLock(file->inner, level);
}

static int unlock_file(sqlite3_file *base, int level)
{
    struct file *file = file_of(base);
    return file->inner->pMethods->xUnlock(file->inner, level);
}

static int check_reserved_lock(sqlite3_file *base, int *held)
{
    struct file *file = file_of(base);
    return file->inner->pMethods->xCheckReservedLock(file->inner, held);
}

/* Sizes that SQLite would have the file made ahead of time are other ones here. */
static int control_file(sqlite3_file *base, int what, void *argument)
{
    struct file *file = file_of(base);
    if (what == SQLITE_FCNTL_SIZE_HINT || what == SQLITE_FCNTL_CHUNK_SIZE ||
        what == SQLITE_FCNTL_MMAP_SIZE)
        return SQLITE_NOTFOUND;
    return file->inner->pMethods->xFileControl(file->inner, what, argument);
}

static int sector_size(sqlite3_file *base)
{
    struct file *file = file_of(base);
    return file->inner->pMethods->xSectorSize(file->inner);
}

/* That a write harms nothing beside it is what SQLite takes every disk for; with it, frames are
 * written whole. Nothing else is promised. */
static int characteristics(sqlite3_file *base)
{
    (void)base;
    return SQLITE_IOCAP_POWERSAFE_OVERWRITE;
}

static int map_shared(sqlite3_file *base, int region, int bytes, int extend, void volatile **memory)
{
    struct file *file = file_of(base);
    return file->inner->pMethods->xShmMap(file->inner, region, bytes, extend, memory);
}

static int lock_shared(sqlite3_file *base, int at, int count, int flags)
{
    struct file *file = file_of(base);
    return file->inner->pMethods->xShmLock(file->inner, at, count, flags);
}

static void barrier_shared(sqlite3_file *base)
{
    struct file *file = file_of(base);
    file->inner->pMethods->xShmBarrier(file->inner);
}

static int unmap_shared(sqlite3_file *base, int remove)
{
    struct file *file = file_of(base);
    return file->inner->pMethods->xShmUnmap(file->inner, remove);
}

static const sqlite3_io_methods methods = {
    .iVersion = 2, /* no mapped pages */
    .xClose = close_file,
    .xRead = read_file,
    .xWrite = write_file,
    .xTruncate = truncate_file,
    .xSync = sync_file,
    .xFileSize = size_of_file,
    .xLock = lock_file,
    .xUnlock = unlock_file,
    .xCheckReservedLock = check_reserved_lock,
    .xFileControl = control_file,
    .xSectorSize = sector_size,
    .xDeviceCharacteristics = characteristics,
    .xShmMap = map_shared,
    .xShmLock = lock_shared,
    .xShmBarrier = barrier_shared,
    .xShmUnmap = unmap_shared,
};

/* ---- the file system ---- */

static sqlite3_vfs *system_of(sqlite3_vfs *vfs)
{
    return ((struct fid_sealed *)vfs->pAppData)->system;
}

/* Is it still the file that the key was made for? */
static bool has_header(const struct fid_seal *seal, sqlite3_file *inner)
{
    uint8_t header[FID_SEAL_HEADER_BYTES];
    return inner->pMethods->xRead(inner, header, sizeof header, 0) == SQLITE_OK &&
           memcmp(header, seal->header, FID_SEAL_USED) == 0;
}

static int open_file(sqlite3_vfs *vfs, const char *path, sqlite3_file *base, int flags, int *out)
{
    const struct fid_sealed *sealed = vfs->pAppData;
    struct file *file = file_of(base);
    const int type = flags & (SQLITE_OPEN_MAIN_DB | SQLITE_OPEN_MAIN_JOURNAL | SQLITE_OPEN_WAL);
    memset(file, 0, sizeof *file);
    if (type == 0 || path == NULL)
        return SQLITE_CANTOPEN;
    file->seal = &sealed->seal;
    file->type = type;
    file->inner = (sqlite3_file *)(file + 1);
    int code = sealed->system->xOpen(sealed->system, path, file->inner, flags, out);
    if (code == SQLITE_OK && type == SQLITE_OPEN_MAIN_DB && !has_header(file->seal, file->inner)) {
        file->inner->pMethods->xClose(file->inner);
        code = SQLITE_NOTADB;
    }
    if (code == SQLITE_OK)
        base->pMethods = &methods;
    return code;
}

static int delete_file(sqlite3_vfs *vfs, const char *path, int sync)
{
    sqlite3_vfs *system = system_of(vfs);
    return system->xDelete(system, path, sync);
}

static int access_file(sqlite3_vfs *vfs, const char *path, int what, int *out)
{
    sqlite3_vfs *system = system_of(vfs);
    return system->xAccess(system, path, what, out);
}

static int full_path(sqlite3_vfs *vfs, const char *path, int bytes, char *out)
{
    sqlite3_vfs *system = system_of(vfs);
    return system->xFullPathname(system, path, bytes, out);
}

static int random_bytes(sqlite3_vfs *vfs, int count, char *out)
{
    sqlite3_vfs *system = system_of(vfs);
    return system->xRandomness(system, count, out);
}

static int sleep_for(sqlite3_vfs *vfs, int microseconds)
{
    sqlite3_vfs *system = system_of(vfs);
    return system->xSleep(system, microseconds);
}

static int current_time(sqlite3_vfs *vfs, double *day)
{
    sqlite3_vfs *system = system_of(vfs);
    return system->xCurrentTime(system, day);
}

static int last_error(sqlite3_vfs *vfs, int bytes, char *out)
{
    sqlite3_vfs *system = system_of(vfs);
    return system->xGetLastError != NULL ? system->xGetLastError(system, bytes, out) : 0;
}

bool fid_sealed_open(struct fid_sealed *sealed)
{
    sealed->system = sqlite3_initialize() == SQLITE_OK ? sqlite3_vfs_find(NULL) : NULL;
    if (sealed->system == NULL)
        return false;
    snprintf(sealed->name, sizeof sealed->name, "faceid-%p", (void *)sealed);
    sealed->vfs = (sqlite3_vfs){
        .iVersion = 1,
        .szOsFile = (int)sizeof(struct file) + sealed->system->szOsFile,
        .mxPathname = sealed->system->mxPathname,
        .zName = sealed->name,
        .pAppData = sealed,
        .xOpen = open_file,
        .xDelete = delete_file,
        .xAccess = access_file,
        .xFullPathname = full_path,
        .xRandomness = random_bytes,
        .xSleep = sleep_for,
        .xCurrentTime = current_time,
        .xGetLastError = last_error,
    };
    if (sqlite3_vfs_register(&sealed->vfs, 0) == SQLITE_OK)
        return true;
    sealed->name[0] = '\0';
    return false;
}

void fid_sealed_close(struct fid_sealed *sealed)
{
    if (sealed->name[0] != '\0')
        sqlite3_vfs_unregister(&sealed->vfs);
    sealed->name[0] = '\0';
    fid_seal_clear(&sealed->seal);
}
