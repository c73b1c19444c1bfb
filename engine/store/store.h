/* store.h - where the rows of a gallery are: a file of SQLite or a PostgreSQL server.
 *
 * A store knows numbers and opaque bytes; no names, keys or vectors. No statement joins. What a row
 * means is engine/face/gallery's, how it is sealed is engine/vault's.
 *
 * All functions that can fail return FID_BUSY (waited FID_STORE_BUSY_MS), FID_IO, FID_CORRUPT,
 * FID_UNREACHABLE (a server), FID_NO_MEMORY or FID_INTERNAL. The sentence says what is, never what
 * to do. */
#ifndef FID_STORE_H
#define FID_STORE_H

#include "engine/base/status.h"

struct fid_store;

#define FID_STORE_BUSY_MS 5000

struct fid_row {
    int64_t id, person;
    uint64_t generation;
    const uint8_t *who, *body; /* who: of a person, unique; NULL else */
    size_t who_size, size;
};
struct fid_root { /* the one row that all others hang on */
    uint64_t generation;
    uint8_t gallery[16];
    const uint8_t *seal, *manifest;  /* borrowed: valid until the next call */
    size_t seal_size, manifest_size; /* together FID_STORE_ROOT_MOST at most */
    bool unpurged, is_copy;
};
#define FID_STORE_ROOT_MOST 4096u
/* Takes a row, which is valid during the call, and may not call the store. Another status than
 * FID_OK ends the reading with it. */
typedef enum fid_status (*fid_row_fn)(void *ctx, const struct fid_row *row,
                                      struct fid_error *error);

/* where: a path, or postgresql://... without a password; ?gallery=NAME is the schema (faceid). The
 * tables are checked word for word, here and whenever they change (FID_CORRUPT names what is
 * foreign). FID_NOT_FOUND: nothing is there; FID_INVALID: a link, another program's database, an
 * address with a password or none at all; FID_UNSUPPORTED: tables of another version, or a server
 * and built without libpq; FID_EXISTS never. */
#define FID_STORE_CREATE 1u /* what is missing or empty gets the tables; 0600, folders 0700 */
#define FID_STORE_READ   2u /* nothing is changed; a missing file gives FID_OK and *store NULL */
#define FID_STORE_MEMORY 4u /* no file; where names it */
#define FID_STORE_RAW    8u /* with READ: a file in any state, for fid_store_read_raw alone */
enum fid_status fid_store_open(const char *where, unsigned flags, struct fid_store **store,
                               struct fid_error *error);
void fid_store_close(struct fid_store **store);
bool fid_store_is_server(const char *where); /* it begins with postgresql:// or postgres:// */
/* FID_BUSY: somebody has the file at path open, a full path, whatever is in it. */
enum fid_status fid_store_not_used(const char *path, struct fid_error *error);
/* FID_INVALID: path is a file of the store itself, which would be written over. */
enum fid_status fid_store_not_own(const struct fid_store *store, const char *path,
                                  struct fid_error *error);

const char *fid_store_name(const struct fid_store *store); /* for sentences; no password */
/* Another file, or none, is where the store's was; or a server that was away (FID_UNREACHABLE) is
 * back: close the store and open it again. Tries to reach the server for 250 ms at most. */
bool fid_store_is_moved(struct fid_store *store);
/* What this kind of store can do. */
#define FID_CAN_PROVE  1u /* raw bytes can be read: forgetting can be proven */
#define FID_CAN_HOLD   2u /* fid_store_hold */
#define FID_CAN_NOTIFY 4u /* fid_store_wait_fd */
unsigned fid_store_can(const struct fid_store *store);

/* One snapshot to read from; write: alone among writers, all or nothing. Rollback never fails and
 * does nothing without a transaction. */
enum fid_status fid_store_begin(struct fid_store *store, bool write, struct fid_error *error);
enum fid_status fid_store_commit(struct fid_store *store, struct fid_error *error);
void fid_store_rollback(struct fid_store *store);

/* FID_NOT_FOUND: the tables are empty and new. In a transaction that writes, the root is locked. */
enum fid_status fid_store_read_root(struct fid_store *store, struct fid_root *root,
                                    struct fid_error *error);
enum fid_status fid_store_write_root(struct fid_store *store, const struct fid_root *root,
                                     struct fid_error *error);

/* Reading, in a transaction and in order of ids: first <= id < last and generation > since (0: all
 * rows). */
enum fid_status fid_store_scan(struct fid_store *store, int64_t first, int64_t last, uint64_t since,
                               fid_row_fn take, void *ctx, struct fid_error *error);
enum fid_status fid_store_scan_person(struct fid_store *store, int64_t person, fid_row_fn take,
                                      void *ctx, struct fid_error *error);
/* With who and body NULL. */
enum fid_status fid_store_scan_keys(struct fid_store *store, int64_t first, int64_t last,
                                    fid_row_fn take, void *ctx, struct fid_error *error);
/* FID_NOT_FOUND. */
enum fid_status fid_store_get(struct fid_store *store, int64_t id, fid_row_fn take, void *ctx,
                              struct fid_error *error);
/* FILLS *person with the row's, 0: no row has that who. */
enum fid_status fid_store_find(struct fid_store *store, const uint8_t *who, size_t size,
                               int64_t *person, struct fid_error *error);

/* Writing, in a transaction that writes. FID_EXISTS: another row has the who, or, with is_new, the
 * id. Without is_new a row of that id is replaced. */
enum fid_status fid_store_put(struct fid_store *store, const struct fid_row *row, bool is_new,
                              struct fid_error *error);
/* FID_NOT_FOUND. */
enum fid_status fid_store_delete(struct fid_store *store, int64_t id, struct fid_error *error);
enum fid_status fid_store_delete_all(struct fid_store *store, struct fid_error *error);

/* The committed generation, 0: there is no root. Cheap, for a look each second, or when the
 * descriptor is readable (-1: there is none). A server that does not answer for two seconds is
 * FID_UNREACHABLE from then on. */
enum fid_status fid_store_generation(struct fid_store *store, uint64_t *generation,
                                     struct fid_error *error);
int fid_store_wait_fd(const struct fid_store *store);

/* ---- care ---- */

/* No byte of deleted rows stays in the file or its journal: brings the journal into the file and
 * empties it. rewrite: writes the whole file anew (VACUUM) first. A server: VACUUM, which proves
 * nothing. FID_BUSY: another process reads an older state. */
enum fid_status fid_store_purge(struct fid_store *store, bool rewrite, struct fid_error *error);
/* Nobody else has the gallery open from now on until it is closed. FID_BUSY: somebody has;
 * FID_UNSUPPORTED: a server. */
enum fid_status fid_store_hold(struct fid_store *store, struct fid_error *error);
/* FILLS bytes[*got <= size] of the file, or of its journal, from `at`. *got 0: the end.
 * FID_UNSUPPORTED: a server. */
enum fid_status fid_store_read_raw(struct fid_store *store, bool journal, uint64_t at,
                                   uint8_t *bytes, size_t size, size_t *got,
                                   struct fid_error *error);
/* Tells each fault of the database itself in a sentence. FID_OK also with faults. */
enum fid_status fid_store_check(struct fid_store *store, fid_tell_fn tell, void *ctx,
                                struct fid_error *error);

#endif
