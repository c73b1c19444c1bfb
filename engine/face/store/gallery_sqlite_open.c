/* From a path to a connection: which file it is, whether it is sealed and opens with the secret,
 * and where nothing may be written. */
#include "engine/base/memory.h"
#include "engine/face/store/gallery_file.h"
#include "engine/face/store/gallery_sqlite.h"
#include "engine/face/store/private_file.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* ---- how a file begins ---- */

/* By SQLite's own hands: any other closing of a gallery's file drops the process's locks on it. */
int fid_sqlite_open_raw(sqlite3_vfs *vfs, const char *path, int flags, struct fid_sqlite_raw *raw)
{
    raw->name = sqlite3_create_filename(path, "", "", 0, NULL); /* as xOpen wants it */
    raw->file = raw->name != NULL ? fid_calloc(1, (size_t)vfs->szOsFile) : NULL;
    int code = SQLITE_NOMEM;
    if (raw->file != NULL)
        code = vfs->xOpen(vfs, raw->name, raw->file, flags | SQLITE_OPEN_NOFOLLOW, NULL);
    if (code != SQLITE_OK)
        fid_sqlite_close_raw(raw);
    return code;
}

void fid_sqlite_close_raw(struct fid_sqlite_raw *raw)
{
    if (raw->file != NULL && raw->file->pMethods != NULL)
        raw->file->pMethods->xClose(raw->file);
    sqlite3_free_filename(raw->name);
    fid_free(raw->file);
    *raw = (struct fid_sqlite_raw){0};
}

/* FILLS header[FID_SEAL_HEADER_BYTES], zeros behind the file's end, and *size with its size. */
static enum fid_status read_header(const char *path, uint8_t *header, uint64_t *size,
                                   struct fid_error *error)
{
    sqlite3_vfs *vfs = sqlite3_initialize() == SQLITE_OK ? sqlite3_vfs_find(NULL) : NULL;
    struct fid_sqlite_raw raw = {0};
    sqlite3_int64 bytes = 0;
    int code = vfs != NULL ? fid_sqlite_open_raw(vfs, path,
                                                 SQLITE_OPEN_READONLY | SQLITE_OPEN_MAIN_DB, &raw)
                           : SQLITE_NOMEM;
    memset(header, 0, FID_SEAL_HEADER_BYTES);
    if (code == SQLITE_OK) {
        code = raw.file->pMethods->xFileSize(raw.file, &bytes);
        const int whole = FID_SEAL_HEADER_BYTES, most = bytes < whole ? (int)bytes : whole;
        if (code == SQLITE_OK && most > 0)
            code = raw.file->pMethods->xRead(raw.file, header, most, 0);
    }
    fid_sqlite_close_raw(&raw);
    *size = (uint64_t)bytes;
    if (code == SQLITE_NOMEM)
        return fid_fail(error, FID_NO_MEMORY, "no memory for the gallery %s", path);
    return code == SQLITE_OK ? FID_OK
                             : fid_fail(error, FID_IO, "the gallery %s cannot be read: %s", path,
                                        fid_sqlite_reason(path, code));
}

enum fid_status fid_gallery_secret_kind(const char *path, enum fid_secret_kind *kind,
                                        struct fid_error *error)
{
    uint8_t bytes[FID_SEAL_HEADER_BYTES];
    char real[PATH_MAX];
    struct fid_seal_header header = {0};
    uint64_t size;
    *kind = FID_SECRET_NONE;
    enum fid_status status = fid_gallery_file(path, FID_FILE_READ, real, sizeof real, error);
    if (status == FID_NOT_FOUND)
        return FID_OK;
    if (status == FID_OK)
        status = read_header(real, bytes, &size, error);
    if (status != FID_OK || !fid_seal_is_header(bytes, sizeof bytes))
        return status;
    memset(bytes + FID_SEAL_USED, 0, sizeof bytes - FID_SEAL_USED); /* opening it looks at these */
    status = fid_seal_header_read(bytes, path, &header, error);
    *kind = header.kind;
    return status;
}

/* ---- sealed or not ---- */

static enum fid_status not_sealed(const char *path, const uint8_t *header, uint64_t size,
                                  struct fid_error *error)
{
    static const char magic[] = "SQLite format 3"; /* its end too */
    if (size == 0)
        return fid_fail(error, FID_SEALED,
                        "the gallery %s is empty, and so not a sealed one: "
                        "remove it, or put a copy in its place (faceid restore)",
                        path);
    if (memcmp(header, magic, sizeof magic) != 0)
        return fid_fail(error, FID_CORRUPT,
                        "%s is no gallery, or damaged at its beginning, where a sealed one has its "
                        "key: put a copy in its place (faceid restore)",
                        path);
    return fid_fail(error, FID_SEALED,
                    "the gallery %s is not sealed, though a key or passphrase was given for it: "
                    "faceid protect seals it",
                    path);
}

/* Makes the store's key from how its file begins, where it is sealed. */
static enum fid_status unlock(struct fid_store *store, unsigned flags, struct fid_secret *secret,
                              struct fid_error *error)
{
    uint8_t header[FID_SEAL_HEADER_BYTES];
    uint64_t size = 0;
    enum fid_status status = read_header(store->path, header, &size, error);
    if (status != FID_OK)
        return status;
    if (size == 0 && fid_store_has_journal(store->path)) /* which SQLite would remove */
        return fid_fail(
            error, FID_CORRUPT,
            "the gallery %s is damaged: it is empty, and its journal (-wal) is not; put "
            "a copy in its place (faceid restore)",
            store->path);
    if (size == 0 && (flags & (FID_GALLERY_CREATE | FID_GALLERY_READ_ONLY)) == 0) /* kept so */
        return fid_fail(error, FID_NOT_FOUND, "the gallery %s is empty", store->path);
    if (!fid_seal_is_header(header, sizeof header))
        return secret == NULL || (flags & FID_STORE_ANY) != 0
                   ? FID_OK
                   : not_sealed(store->path, header, size, error);
    if (size < sizeof header + FID_SEALED_PAGE)
        return fid_fail(
            error, FID_CORRUPT,
            "the sealed gallery %s is cut off: put a copy in its place (faceid restore)",
            store->path);
    if ((flags & FID_STORE_DAMAGED) != 0) /* the rest of that page says nothing */
        memset(header + FID_SEAL_USED, 0, sizeof header - FID_SEAL_USED);
    store->sealed = fid_calloc(1, sizeof *store->sealed);
    if (store->sealed == NULL)
        return fid_fail(error, FID_NO_MEMORY, "no memory for the gallery %s", store->path);
    status = fid_seal_unlock(&store->sealed->seal, header, secret, store->path, error);
    if (status == FID_OK && !fid_sealed_open(store->sealed))
        status = fid_fail(error, FID_NO_MEMORY, "no memory for the gallery %s", store->path);
    return status;
}

enum fid_status fid_store_make_sealed(const char *path, struct fid_secret *secret,
                                      struct fid_error *error)
{
    struct fid_store *empty = NULL;
    enum fid_status status = fid_store_open(path, FID_GALLERY_MEMORY, NULL, &empty, error);
    if (status == FID_OK)
        status = fid_store_rewrite(empty, path, secret, NULL, error);
    fid_store_close(&empty);
    return status;
}

/* A new gallery is made under another name, whole, so that nobody ever sees half of one; whoever
 * else made one meanwhile was faster. */
static enum fid_status make_sealed(const char *path, struct fid_secret *secret,
                                   struct fid_error *error)
{
    struct fid_private_file file = {0};
    char unique[PATH_MAX + 32];
    snprintf(unique, sizeof unique, "%s.%ld", path, (long)getpid());
    enum fid_status status = fid_private_create(unique, false, &file, NULL, error);
    if (status == FID_OK)
        status = fid_store_make_sealed(file.new.temporary, secret, error);
    snprintf(file.new.path, sizeof file.new.path, "%s", path);
    if (status == FID_OK)
        status = fid_private_publish(&file, error);
    fid_private_discard(&file);
    return status == FID_EXISTS ? FID_OK : status;
}

enum fid_status fid_sqlite_find_file(struct fid_store *store, const char *path, unsigned flags,
                                     struct fid_secret *secret, struct fid_error *error)
{
    enum fid_file_make make = (flags & FID_GALLERY_READ_ONLY) != 0 ? FID_FILE_READ : FID_FILE_FIND;
    if ((flags & FID_GALLERY_MEMORY) != 0) {
        snprintf(store->path, sizeof store->path, "%s", path);
        return FID_OK;
    }
    if ((flags & FID_GALLERY_CREATE) != 0)
        make = secret == NULL ? FID_FILE_MAKE : FID_FILE_MAKE_FOLDER;
    enum fid_status status = fid_gallery_file(path, make, store->path, sizeof store->path, error);
    if (status == FID_NOT_FOUND && make == FID_FILE_MAKE_FOLDER)
        status = make_sealed(store->path, secret, error);
    return status == FID_OK ? unlock(store, flags, secret, error) : status;
}

enum fid_status fid_store_not_own(const struct fid_store *store, const char *path,
                                  struct fid_error *error)
{
    static const char *const endings[] = {"", FID_GALLERY_BESIDE};
    struct stat wanted, own;
    char name[PATH_MAX + 16];
    if (stat(path, &wanted) != 0)
        return FID_OK;
    for (size_t i = 0; i < sizeof endings / sizeof *endings; i++) {
        snprintf(name, sizeof name, "%s%s", store->path, endings[i]);
        if (stat(name, &own) == 0 && own.st_dev == wanted.st_dev && own.st_ino == wanted.st_ino)
            return fid_fail(error, FID_INVALID, "%s is a file of the gallery itself: name another",
                            path);
    }
    return FID_OK;
}

enum fid_status fid_store_not_used(const char *path, struct fid_error *error)
{
    sqlite3_vfs *vfs = sqlite3_initialize() == SQLITE_OK ? sqlite3_vfs_find(NULL) : NULL;
    struct fid_sqlite_raw raw = {0};
    int code = vfs != NULL ? fid_sqlite_open_raw(vfs, path,
                                                 SQLITE_OPEN_READWRITE | SQLITE_OPEN_MAIN_DB, &raw)
                           : SQLITE_NOMEM;
    const int levels[] = {SQLITE_LOCK_SHARED, SQLITE_LOCK_EXCLUSIVE};
    for (size_t i = 0; code == SQLITE_OK && i < sizeof levels / sizeof *levels; i++)
        code = raw.file->pMethods->xLock(raw.file, levels[i]);
    if (raw.file != NULL)
        raw.file->pMethods->xUnlock(raw.file, SQLITE_LOCK_NONE);
    fid_sqlite_close_raw(&raw);
    if ((code & 0xFF) == SQLITE_BUSY)
        return fid_fail(error, FID_BUSY, "the gallery %s is locked by another process", path);
    if (code == SQLITE_NOMEM)
        return fid_fail(error, FID_NO_MEMORY, "no memory for the gallery %s", path);
    return code == SQLITE_OK ? FID_OK
                             : fid_fail(error, FID_IO, "the gallery %s cannot be locked: %s", path,
                                        fid_sqlite_reason(path, code));
}

/* ---- what a connection never does ---- */

void fid_sqlite_restrict(sqlite3 *db)
{
    static const int settings[][2] = {
        {SQLITE_DBCONFIG_DEFENSIVE, 1},
        {SQLITE_DBCONFIG_WRITABLE_SCHEMA, 0},
        {SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0},
        {SQLITE_DBCONFIG_ENABLE_TRIGGER, 0}, /* rows still go with their person */
        {SQLITE_DBCONFIG_ENABLE_VIEW, 0},
        {SQLITE_DBCONFIG_ENABLE_LOAD_EXTENSION, 0},
        {SQLITE_DBCONFIG_ENABLE_FTS3_TOKENIZER, 0},
        {SQLITE_DBCONFIG_DQS_DDL, 0},
        {SQLITE_DBCONFIG_DQS_DML, 0},
    };
    static const int limits[][2] = {
        {SQLITE_LIMIT_LENGTH, 4 << 20}, /* a face with its crop takes up to 1.4 MB */
        {SQLITE_LIMIT_SQL_LENGTH, 10000},
        {SQLITE_LIMIT_COLUMN, 32},
        {SQLITE_LIMIT_EXPR_DEPTH, 64},
        {SQLITE_LIMIT_COMPOUND_SELECT, 16},
        {SQLITE_LIMIT_VDBE_OP, 25000},
        {SQLITE_LIMIT_ATTACHED, 1}, /* the gallery to a copy, or what VACUUM writes */
        {SQLITE_LIMIT_LIKE_PATTERN_LENGTH, 100},
        {SQLITE_LIMIT_VARIABLE_NUMBER, 32},
        {SQLITE_LIMIT_TRIGGER_DEPTH, 4}, /* one for rows that go with their person */
        {SQLITE_LIMIT_WORKER_THREADS, 0},
    };
    for (size_t i = 0; i < sizeof settings / sizeof *settings; i++)
        sqlite3_db_config(db, settings[i][0], settings[i][1], NULL);
    for (size_t i = 0; i < sizeof limits / sizeof *limits; i++)
        sqlite3_limit(db, limits[i][0], limits[i][1]);
}

static int count_steps(void *ctx)
{
    struct fid_store *store = ctx;
    return ++store->steps > store->steps_most;
}

void fid_sqlite_bound(struct fid_store *store, int64_t thousands)
{
    store->steps = 0;
    store->steps_most = thousands;
    if (thousands > 0)
        sqlite3_progress_handler(store->db, 1000, count_steps, store);
    else
        sqlite3_progress_handler(store->db, 0, NULL, NULL);
}

/* ---- connecting ---- */

/* Nothing of a file that cannot be written is locked; whether it is still the same is told by its
 * time and size. */
int64_t fid_sqlite_version_of_file(const struct fid_store *store)
{
    struct stat info;
    if (stat(store->path, &info) != 0)
        return 0;
    return ((int64_t)info.st_mtim.tv_sec * 1000000000 + info.st_mtim.tv_nsec) ^
           ((int64_t)info.st_size << 20) ^ (int64_t)info.st_ino;
}

bool fid_store_has_journal(const char *path)
{
    struct stat info;
    char journal[PATH_MAX + 8];
    snprintf(journal, sizeof journal, "%s-wal", path);
    return stat(journal, &info) == 0 && info.st_size > 0;
}

static const char *file_system(const struct fid_sealed *sealed)
{
    return sealed != NULL ? sealed->name : sqlite3_vfs_find(NULL)->zName;
}

void fid_sqlite_uri(const char *path, const struct fid_sealed *sealed, const char *more,
                    char uri[FID_SQLITE_URI_BYTES])
{
    size_t at = (size_t)snprintf(uri, FID_SQLITE_URI_BYTES, "file:");
    for (; *path != '\0' && at + 128 < FID_SQLITE_URI_BYTES; path++) {
        if (strchr("%?#", *path) != NULL)
            at += (size_t)snprintf(uri + at, 4, "%%%02X", (unsigned)(unsigned char)*path);
        else
            uri[at++] = *path;
    }
    snprintf(uri + at, FID_SQLITE_URI_BYTES - at, "?vfs=%s%s", file_system(sealed), more);
}

enum fid_status fid_sqlite_open_fixed(struct fid_store *store, struct fid_error *error)
{
    char uri[FID_SQLITE_URI_BYTES];
    if (fid_store_has_journal(store->path))
        return fid_fail(error, FID_IO,
                        "the gallery %s has changes in its journal (-wal), which cannot be read "
                        "where nothing may be written: let its owner run faceid list once",
                        store->path);
    fid_sqlite_uri(store->path, store->sealed, "&immutable=1", uri);
    sqlite3_close_v2(store->db);
    store->db = NULL;
    store->fixed_version = fid_sqlite_version_of_file(store);
    int code = sqlite3_open_v2(uri, &store->db,
                               SQLITE_OPEN_READONLY | SQLITE_OPEN_NOFOLLOW | SQLITE_OPEN_URI, NULL);
    return code == SQLITE_OK ? fid_sqlite_prepare_handle(store, error)
                             : fid_sqlite_fail(store, code, "opened", error);
}

enum fid_status fid_sqlite_connect(struct fid_store *store, unsigned flags, struct fid_error *error)
{
    const bool memory = (flags & FID_GALLERY_MEMORY) != 0;
    store->fixed =
        !memory && (flags & FID_GALLERY_READ_ONLY) != 0 && fid_gallery_is_fixed(store->path);
    if (store->fixed)
        return fid_sqlite_open_fixed(store, error);
    int code = sqlite3_open_v2(memory ? ":memory:" : store->path, &store->db,
                               SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOFOLLOW | SQLITE_OPEN_URI,
                               store->sealed != NULL ? store->sealed->name : NULL);
    return code == SQLITE_OK ? FID_OK : fid_sqlite_fail(store, code, "opened", error);
}

bool fid_sqlite_is_cramped(const struct fid_store *store)
{
    const int code = store->code;
    return code == SQLITE_IOERR_SHMSIZE || code == SQLITE_IOERR_SHMOPEN ||
           code == SQLITE_IOERR_SHMMAP || (code & 0xFF) == SQLITE_FULL ||
           (code & 0xFF) == SQLITE_CANTOPEN;
}

/* Without a journal the file is the whole truth. A journal's index can stand in memory, as long as
 * nobody else has the gallery open. */
enum fid_status fid_sqlite_connect_cramped(struct fid_store *store, struct fid_error *error)
{
    store->fixed = store->cramped = !fid_store_has_journal(store->path);
    if (store->fixed)
        return fid_sqlite_open_fixed(store, error);
    sqlite3_close_v2(store->db);
    store->db = NULL;
    enum fid_status status = fid_sqlite_connect(store, 0, error);
    if (status != FID_OK)
        return status;
    int code = sqlite3_exec(store->db, "PRAGMA locking_mode=EXCLUSIVE", NULL, NULL, NULL);
    return code == SQLITE_OK ? FID_OK : fid_sqlite_fail(store, code, "opened", error);
}

bool fid_store_is_moved(struct fid_store *store)
{
    int moved = 0;
    if (store->cramped) /* there is room by now, and a change */
        return fid_store_has_journal(store->path);
    if (store->fixed)
        return access(store->path, F_OK) != 0;
    return store->db != NULL &&
           sqlite3_file_control(store->db, "main", SQLITE_FCNTL_HAS_MOVED, &moved) == SQLITE_OK &&
           moved != 0;
}
