/* kind.h - what each kind of store implements. store.c holds the rules that all of them share and
 * calls a function here only where store.h allows it. Only the files of this folder include it. */
#ifndef FID_STORE_KIND_H
#define FID_STORE_KIND_H

#include "engine/store/store.h"

#include <limits.h>

enum fid_store_state { FID_STORE_IDLE, FID_STORE_READING, FID_STORE_WRITING };

struct fid_store { /* the first member of each kind's own struct */
    const struct fid_store_kind *kind;
    struct fid_error *error; /* of the running call */
    char name[PATH_MAX];
    unsigned flags;
    enum fid_store_state state; /* of the transaction */
    bool is_scanning;
    uint8_t root[FID_STORE_ROOT_MOST];
};

struct fid_scan { /* which rows: of a person, or of a range of ids; in order of ids */
    bool of_person, keys_only;
    int64_t person;
    int64_t first, last; /* both included */
    uint64_t since;      /* only rows of later generations; 0: all */
};

struct fid_root_columns { /* as they are stored */
    const uint8_t *gallery, *seal, *manifest;
    size_t gallery_size, seal_size, manifest_size;
    int64_t generation, flags;
};

/* As the functions of store.h; a fallible one fills store->error. */
struct fid_store_kind {
    unsigned can;
    void (*close)(struct fid_store *store); /* frees it, too */
    bool (*is_moved)(struct fid_store *store);
    int (*wait_fd)(const struct fid_store *store); /* with FID_CAN_NOTIFY */
    enum fid_status (*begin)(struct fid_store *store, bool write);
    enum fid_status (*commit)(struct fid_store *store);
    void (*rollback)(struct fid_store *store);
    enum fid_status (*read_root)(struct fid_store *store, struct fid_root *root);
    enum fid_status (*write_root)(struct fid_store *store, const struct fid_root *root);
    enum fid_status (*scan)(struct fid_store *store, const struct fid_scan *scan, fid_row_fn take,
                            void *ctx);
    enum fid_status (*find)(struct fid_store *store, const uint8_t *who, size_t size,
                            int64_t *person);
    enum fid_status (*put)(struct fid_store *store, const struct fid_row *row, bool is_new);
    enum fid_status (*remove)(struct fid_store *store, int64_t id); /* FID_NOT_FOUND: no sentence */
    enum fid_status (*remove_all)(struct fid_store *store);
    enum fid_status (*generation)(struct fid_store *store, int64_t *generation);
    enum fid_status (*purge)(struct fid_store *store, bool rewrite);
    enum fid_status (*hold)(struct fid_store *store); /* with FID_CAN_HOLD */
    enum fid_status (*read_raw)(struct fid_store *store, bool journal, uint64_t at, uint8_t *bytes,
                                size_t size, size_t *got); /* with FID_CAN_PROVE */
    enum fid_status (*check)(struct fid_store *store, fid_tell_fn tell, void *ctx);
};

#define FID_STORE_ROW_MOST (65u << 20) /* bytes of a body that are believed */

/* Begin with a new store, which is closed where they fail. *store NULL: nothing is there. */
enum fid_status fid_sqlite_open(const char *path, unsigned flags, struct fid_store **store,
                                struct fid_error *error);
enum fid_status fid_postgres_open(const char *url, unsigned flags, struct fid_store **store,
                                  struct fid_error *error);

enum fid_status fid_store_damaged(const struct fid_store *store); /* FID_CORRUPT */
/* FILLS root and store->root, or FID_CORRUPT: they are none of a root. */
enum fid_status fid_store_take_root(struct fid_store *store, const struct fid_root_columns *columns,
                                    struct fid_root *root);
int64_t fid_root_flags(const struct fid_root *root);

/* Entries of a schema (kind, name, what it is) that were found and were to be there, or NULL for an
 * end, differ: FID_CORRUPT by name. Both are in order: kinds fall, names rise. */
enum fid_status fid_store_tell_entry(const struct fid_store *store, const char *const found[3],
                                     const char *const wanted[3]);

#endif
