/* gallery_sqlite_pages.h - the rows on a database's pages, read as SQLite's file format has them
 * (https://www.sqlite.org/fileformat2.html) without anything that says which page belongs to what:
 * of a damaged file that may be gone. Whether a row is what it seems is left to its checksum.
 *
 * A page that was written last into the journal (WAL) is read there. SQLite takes the journal's
 * first damaged page for its end and forgets the rest; here only that page is lost, and the rows on
 * it that are whole are not. */
#ifndef FID_FACE_GALLERY_SQLITE_PAGES_H
#define FID_FACE_GALLERY_SQLITE_PAGES_H

#include "engine/face/store/gallery_sqlite.h"

struct fid_pages { /* zero-initialise */
    struct fid_sqlite_raw raw, journal;
    size_t size, usable;  /* of a page; behind the usable bytes are those of a seal */
    int64_t count;        /* they are numbered from 1; the last ones are damaged journal pages */
    int64_t *places;      /* owned; NULL: no journal. In it: where page i is, 0: in the file */
    size_t lost;          /* pages of the journal that are damaged */
    bool is_cut;          /* SQLite would lose what was committed behind the first of them */
    int64_t cut_at;       /* where that is in the journal's file */
    int64_t number;       /* of the page at hand; 0: none */
    uint8_t *page;        /* owned, as the two below */
    uint8_t *overflow;    /* another page, of a long row */
    uint8_t *payload;     /* of a long row */
    size_t payload_bytes; /* there is room for */
};

#define FID_RECORD_COLUMNS 10 /* of the tables that are looked for, at most */

struct fid_record { /* valid until another page or record is read */
    int64_t rowid;
    size_t count;
    struct fid_column {
        uint64_t type; /* as the file has it: 0 nothing, odd from 13 on a text, even a blob */
        size_t size;   /* in bytes */
        const uint8_t *bytes; /* NULL: on a page that cannot be read */
    } columns[FID_RECORD_COLUMNS];
};

/* The pages of a store's file and journal, sealed or not. FID_IO, FID_NO_MEMORY. */
enum fid_status fid_pages_open(struct fid_store *store, struct fid_pages *pages,
                               struct fid_error *error);
void fid_pages_close(struct fid_pages *pages);

/* FID_CORRUPT: the journal of a store that nobody has opened yet is damaged, and SQLite would lose
 * what was committed behind that when the store is closed again. What was not written to its end,
 * as after a power cut, is no damage, nor is what somebody else writes meanwhile. FID_NO_MEMORY. */
enum fid_status fid_pages_check_journal(struct fid_store *store, struct fid_error *error);

/* Takes a page at hand; returns how many rows it has, 0 where it cannot be read or is none of a
 * table's rows. */
size_t fid_pages_take(struct fid_pages *pages, int64_t number);
/* FILLS record with a row of the page at hand, as far as its other pages can be read; false: it is
 * none. *no_memory: because there is none. */
bool fid_pages_record(struct fid_pages *pages, size_t row, struct fid_record *record,
                      bool *no_memory);

/* What a column has; a missing or unreadable one, or one of another kind, gives false. */
bool fid_record_is_null(const struct fid_record *record, size_t column);
bool fid_record_number(const struct fid_record *record, size_t column, int64_t *number);
/* FILLS out[bytes] with a text, cut where it is too long. */
bool fid_record_text(const struct fid_record *record, size_t column, char *out, size_t bytes);
bool fid_record_blob(const struct fid_record *record, size_t column, const uint8_t **blob,
                     size_t *size);

#endif
