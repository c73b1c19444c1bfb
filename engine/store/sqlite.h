/* sqlite.h - what the files of the SQLite store share: sqlite_base.c runs statements, sqlite_schema.c
 * proves the tables, sqlite_journal.c the WAL, sqlite_care.c purges, checks and reads raw bytes,
 * sqlite.c keeps rows, and sqlite_open.c finds the file and connects. Nobody else includes it. */
#ifndef FID_STORE_SQLITE_H
#define FID_STORE_SQLITE_H

#include "engine/store/kind.h"

#include <sqlite3.h>

struct fid_sqlite_raw { /* a file as SQLite opens it; owned */
    sqlite3_file *file;
    const char *name;
};

struct fid_sqlite {
    struct fid_store base; /* its name is the full path */
    sqlite3 *db;
    struct fid_sqlite_statement { /* prepared once */
        const char *sql;          /* the literal that it was made of */
        sqlite3_stmt *statement;
    } statements[24];
    int64_t fixed_version;              /* of a file where nothing can be written; 0: it can */
    bool is_proven;                     /* the tables: statements may touch them */
    int64_t schema_version;             /* of the tables that are proven */
    int64_t steps, steps_most;          /* thousands of SQLite's, where its work is bounded */
    struct fid_sqlite_raw raw, journal; /* with FID_STORE_RAW */
};

/* Each file knows those above it alone. */

/* ---- sqlite_base.c ---- */

/* Why a file cannot be read or written, as the system has it: not as SQLite would say it. */
const char *fid_sqlite_reason(const char *path, int code);
/* SQLite's complaint as ours; doing completes "the gallery PATH could not be ...". */
enum fid_status fid_sqlite_fail(struct fid_sqlite *store, int code, const char *doing);
enum fid_status fid_sqlite_run(struct fid_sqlite *store, const char *sql, const char *doing);
/* The same, tried again while another process is in the way of what never waits by itself. */
enum fid_status fid_sqlite_insist(struct fid_sqlite *store, const char *sql, const char *doing);
/* sql: a literal. The statement is the store's, and to be finished; code: of its last step. */
enum fid_status fid_sqlite_prepare(struct fid_sqlite *store, const char *sql,
                                   sqlite3_stmt **statement);
enum fid_status fid_sqlite_finish(struct fid_sqlite *store, sqlite3_stmt *statement, int code,
                                  const char *doing);
/* The first number of the first row of a bound statement, or of a literal; 0: there is no row. */
enum fid_status fid_sqlite_first_number(struct fid_sqlite *store, sqlite3_stmt *statement,
                                        int64_t *number);
enum fid_status fid_sqlite_number(struct fid_sqlite *store, const char *sql, int64_t *number);
/* Ends as damage what takes SQLite's machine more than so many thousand steps from now on (0: no
 * matter how many): pages that name each other make a table endless. */
void fid_sqlite_bound(struct fid_sqlite *store, int64_t thousands);
/* Does what lies beside the file stay when it is closed? */
void fid_sqlite_keep_journal(struct fid_sqlite *store, bool keep);
/* Returns SQLite's code; raw is to be closed all the same. */
int fid_sqlite_raw_open(const char *path, int flags, struct fid_sqlite_raw *raw);
void fid_sqlite_close_raw(struct fid_sqlite_raw *raw);

/* ---- sqlite_schema.c ---- */

/* Proves in the running transaction that the tables are ours and nothing else is there. */
enum fid_status fid_sqlite_prove(struct fid_sqlite *store);
/* Proves the tables, or, to write, makes them where there are none. *empty: there are none. Only
 * who makes them waits for those who write. */
enum fid_status fid_sqlite_settle_tables(struct fid_sqlite *store, bool write, bool *empty);

/* ---- sqlite_journal.c, sqlite_care.c ---- */

#define FID_SQLITE_PAGE 65536
/* FID_CORRUPT: SQLite would lose changes that stand behind a damaged frame. */
enum fid_status fid_sqlite_check_journal(struct fid_sqlite *store);

enum fid_status fid_sqlite_open_raw(struct fid_sqlite *store);
enum fid_status fid_sqlite_purge(struct fid_store *store, bool rewrite);
enum fid_status fid_sqlite_hold(struct fid_store *store);
enum fid_status fid_sqlite_read_raw(struct fid_store *store, bool journal, uint64_t at,
                                    uint8_t *bytes, size_t size, size_t *got);
enum fid_status fid_sqlite_check(struct fid_store *store, fid_tell_fn tell, void *ctx);

/* ---- sqlite.c ---- */

extern const struct fid_store_kind fid_sqlite_kind;
/* Tells whether a file that nobody can write is still the same; never 0. */
int64_t fid_sqlite_file_version(const char *path);

#endif
