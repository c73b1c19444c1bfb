/* ledger.h - the rows of a gallery, opened and proven: store and vault in one. Whoever changes a
 * gallery changes it through here, so that the manifest always agrees with the rows.
 *
 * Fallible functions return what store.h and vault.h name; FID_CORRUPT: a row that is read is not
 * the one that was sealed, or the manifest does not agree. */
#ifndef FID_FACE_LEDGER_H
#define FID_FACE_LEDGER_H

#include "engine/store/store.h"
#include "engine/vault/vault.h"

enum fid_kind { /* of a row; the order is that of ids. What follows from samples comes last */
                FID_KIND_ROOT =
                    0, /* the first and the last number hold gallery id and seal again: FIDk */
                FID_KIND_PERSON = 1,
                FID_KIND_SAMPLE = 2,
                FID_KIND_CONSENT = 3,
                FID_KIND_CROP = 4,
                FID_KIND_COPY = 5,
                FID_KIND_CHANGE = 6,
                FID_KIND_CALIBRATION = 7,
                FID_KIND_STRANGER = 8,
                FID_KIND_TEMPLATE = 9,
};
/* The ids of a kind: FID_FIRST_ID(kind) <= id < FID_FIRST_ID(kind + 1). */
#define FID_FIRST_ID(kind) ((int64_t)(kind) << 56)
#define FID_LAST_ID        INT64_MAX

/* Flags of the root, in the manifest. */
#define FID_ROOT_UNPURGED 1u /* bytes of deleted rows may be in the file */
#define FID_ROOT_COPY     2u /* a copy of fid_gallery_backup */

struct fid_ledger {
    struct fid_store *store;      /* owned */
    struct fid_vault *vault;      /* owned; of the root that was read last */
    struct fid_secret *secret;    /* borrowed; NULL: none */
    struct fid_manifest manifest; /* of the transaction; else as read last. Its flags, model
                                     and (to a higher one) generation may be changed in a
                                     transaction that writes */
    struct fid_manifest as_read;
    int64_t damaged; /* the person of the row that was last found to be so */
    bool writing;
    uint8_t *row, *content; /* room; owned */
    size_t row_room, content_room;
};

/* Numbers of rows; zero-initialise. */
struct fid_ids {
    int64_t *ids; /* owned: fid_free */
    size_t count, room;
};
bool fid_ids_add(struct fid_ids *ids, int64_t id); /* false: no memory */

struct fid_entry {      /* one proven row; valid during the call that gives it */
    int64_t id, person; /* id as stored: with FID_ROW_BEFORE_BIT where it has it */
    uint64_t generation;
    const uint8_t *content;
    size_t size;
    const struct fid_row *stored; /* the row itself, sealed */
};
/* May not call the ledger. */
typedef enum fid_status (*fid_entry_fn)(void *ctx, const struct fid_entry *entry,
                                        struct fid_error *error);

/* Opens where (fid_store_open) with the secret (NULL: a plain gallery). What is new gets its root,
 * sealed at this cost (NULL: the usual). *ledger NULL: FID_STORE_READ, and nothing is there. */
enum fid_status fid_ledger_open(const char *where, unsigned flags, struct fid_secret *secret,
                                const struct fid_seal_cost *cost, struct fid_ledger **ledger,
                                struct fid_error *error);
/* Makes an empty copy of a gallery at where, an empty file: the same id, keys and model, the
 * generation of now. Begins its first transaction, which writes. */
enum fid_status fid_ledger_make_copy(const char *where, const struct fid_ledger *of,
                                     struct fid_ledger **copy, struct fid_error *error);
void fid_ledger_close(struct fid_ledger **ledger);

/* A transaction: reads the root, whose manifest is proven. FID_SEALED: it was protected with
 * another secret meanwhile; FID_CORRUPT: the columns of the root do not agree with the manifest;
 * FID_INVALID: it would write to a copy. */
enum fid_status fid_ledger_begin(struct fid_ledger *ledger, bool write, struct fid_error *error);
/* One that writes, to a copy as well. */
enum fid_status fid_ledger_begin_copy(struct fid_ledger *ledger, struct fid_error *error);
/* What was changed gets the next generation. */
enum fid_status fid_ledger_commit(struct fid_ledger *ledger, struct fid_error *error);
void fid_ledger_rollback(struct fid_ledger *ledger);
/* The one that rows written now get. */
uint64_t fid_ledger_next_generation(const struct fid_ledger *ledger);
/* In a transaction that writes: from now on rows are sealed with the keys of this vault, which the
 * ledger owns then, and the manifest is that of no rows. FILLS *before with the old one, to be
 * closed: every row has to be read from the store with it and put again. */
enum fid_status fid_ledger_rekey(struct fid_ledger *ledger, struct fid_vault *vault,
                                 struct fid_vault **before, struct fid_error *error);

/* Reading. */
enum fid_status fid_ledger_scan(struct fid_ledger *ledger, int64_t first, int64_t last,
                                uint64_t since, fid_entry_fn take, void *ctx,
                                struct fid_error *error);
/* The same for many rows, opened by several threads, which all call take (whose sentences are not
 * told: any failure but FID_CORRUPT is FID_NO_MEMORY). who is not given. */
enum fid_status fid_ledger_scan_wide(struct fid_ledger *ledger, int64_t first, int64_t last,
                                     fid_entry_fn take, void *ctx, struct fid_error *error);
/* Without rows from before the last change. */
enum fid_status fid_ledger_scan_person(struct fid_ledger *ledger, int64_t person, fid_entry_fn take,
                                       void *ctx, struct fid_error *error);
enum fid_status fid_ledger_get(struct fid_ledger *ledger, int64_t id, fid_entry_fn take, void *ctx,
                               struct fid_error *error);
/* The same without a callback: the content is valid until the next reading. entry->stored is NULL.
 */
enum fid_status fid_ledger_read(struct fid_ledger *ledger, int64_t id, struct fid_entry *entry,
                                struct fid_error *error);
/* ADDS the numbers of a person's rows, but those from before the last change. */
enum fid_status fid_ledger_list_person(struct fid_ledger *ledger, int64_t person,
                                       struct fid_ids *ids, struct fid_error *error);
/* The person of this name's key; *person 0: nobody. */
enum fid_status fid_ledger_find(struct fid_ledger *ledger, const char *key, int64_t *person,
                                struct fid_error *error);

/* Writing, in a transaction that writes. */
/* FILLS *id with a number that no row has: of the kind and the person (kind PERSON: person 0, a new
 * one). */
enum fid_status fid_ledger_draw(struct fid_ledger *ledger, enum fid_kind kind, int64_t person,
                                int64_t *id, struct fid_error *error);
/* key: of a person's name, NULL else. Replaces a row of that id. FID_EXISTS: another has the key.
 */
enum fid_status fid_ledger_put(struct fid_ledger *ledger, int64_t id, int64_t person,
                               const char *key, const void *content, size_t size,
                               struct fid_error *error);
/* A row as it is, under this id: for a copy, or to keep it as it was before (its who is left out
 * then). It has to be this gallery's. */
enum fid_status fid_ledger_put_sealed(struct fid_ledger *ledger, int64_t id,
                                      const struct fid_row *row, struct fid_error *error);
/* Keeps a row as it is now under its number with FID_ROW_BEFORE_BIT, unless one is kept there
 * already. *there: there is, or was, a row. */
enum fid_status fid_ledger_keep_before(struct fid_ledger *ledger, int64_t id, bool *there,
                                       struct fid_error *error);
/* FID_NOT_FOUND. */
enum fid_status fid_ledger_delete(struct fid_ledger *ledger, int64_t id, struct fid_error *error);
/* All rows of a range of ids (FILLS *count, may be NULL); of a person, but those from before the
 * last change. */
enum fid_status fid_ledger_delete_range(struct fid_ledger *ledger, int64_t first, int64_t last,
                                        size_t *count, struct fid_error *error);
enum fid_status fid_ledger_delete_person(struct fid_ledger *ledger, int64_t person,
                                         struct fid_error *error);
enum fid_status fid_ledger_delete_all(struct fid_ledger *ledger, struct fid_error *error);

#endif
