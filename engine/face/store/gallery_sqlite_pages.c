#include "engine/face/store/gallery_sqlite_pages.h"

#include "engine/base/memory.h"
#include "engine/face/embed/face_crop.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

/* ---- pages ---- */

static unsigned two_bytes(const uint8_t *bytes)
{
    return (unsigned)bytes[0] << 8 | bytes[1];
}

static int64_t four_bytes(const uint8_t *bytes)
{
    return (int64_t)two_bytes(bytes) << 16 | two_bytes(bytes + 2);
}

/* What is behind the file's end is zeros. */
static bool read_page(const struct fid_pages *pages, int64_t number, uint8_t *page)
{
    const bool moved = pages->places != NULL && pages->places[number] != 0;
    sqlite3_file *file = moved ? pages->journal.file : pages->raw.file;
    const sqlite3_int64 at =
        moved ? pages->places[number] : (number - 1) * (sqlite3_int64)pages->size;
    int code = file->pMethods->xRead(file, page, (int)pages->size, at);
    return code == SQLITE_OK || code == SQLITE_IOERR_SHORT_READ;
}

/* The size that the file says its pages have; where it says nothing, the one that galleries are
 * made with. */
static void find_size(const struct fid_store *store, struct fid_pages *pages)
{
    enum { HEADER = 100, MOST = 65536, LEAST = 512 };
    uint8_t header[FID_SEALED_PAGE] = {0};
    pages->size = FID_SEALED_PAGE;
    pages->usable = pages->size - (store->sealed != NULL ? FID_SEAL_EXTRA : 0);
    const int wanted = store->sealed != NULL ? (int)sizeof header : HEADER;
    if (pages->raw.file->pMethods->xRead(pages->raw.file, header, wanted, 0) != SQLITE_OK ||
        memcmp(header, "SQLite format 3", 16) != 0)
        return;
    const size_t size = two_bytes(header + 16) == 1 ? MOST : two_bytes(header + 16);
    if (size < LEAST || (size & (size - 1)) != 0 || (store->sealed != NULL && size != pages->size))
        return;
    pages->size = size;
    pages->usable = size - header[20];
}

/* ---- the journal ---- */

enum { WAL_HEADER = 32, FRAME_HEADER = 24, SALT_AT = 8, SALT = 8, SUM_AT = 16, SUM = 8 };

struct frame {     /* one page in the journal */
    int64_t page;  /* its number; 0: none */
    bool is_whole; /* its sum follows from the one before it */
    bool is_ours;  /* of this round: what is left of the one before lies behind */
    bool is_taken; /* by SQLite, as all before it */
    int64_t pages; /* of the database, where a transaction ends with it; else 0 */
};

struct journal {
    struct fid_pages *pages;
    int64_t count;
    struct frame *frames; /* owned */
    bool big_endian;      /* what is summed; all else is */
    bool is_whole;        /* its beginning */
    uint8_t salt[SALT];   /* of this round */
    uint8_t sum[SUM];     /* of the frame before, as it says */
};

static int64_t place_of(const struct journal *journal, int64_t frame)
{
    return WAL_HEADER + frame * (FRAME_HEADER + (int64_t)journal->pages->size) + FRAME_HEADER;
}

static bool read_journal(const struct journal *journal, void *bytes, size_t size, int64_t at)
{
    sqlite3_file *file = journal->pages->journal.file;
    return file->pMethods->xRead(file, bytes, (int)size, at) == SQLITE_OK;
}

static uint32_t summed_word(const struct journal *journal, const uint8_t *bytes)
{
    const uint8_t turned[4] = {bytes[3], bytes[2], bytes[1], bytes[0]};
    return (uint32_t)four_bytes(journal->big_endian ? bytes : turned);
}

static void add_to_sum(const struct journal *journal, const uint8_t *bytes, size_t size,
                       uint32_t sum[2])
{
    for (size_t i = 0; i + 8 <= size; i += 8) {
        sum[0] += summed_word(journal, bytes + i) + sum[1];
        sum[1] += summed_word(journal, bytes + i + 4) + sum[0];
    }
}

static bool is_sum(const uint32_t sum[2], const uint8_t *bytes)
{
    return sum[0] == (uint32_t)four_bytes(bytes) && sum[1] == (uint32_t)four_bytes(bytes + 4);
}

/* Where the beginning is damaged, the first frame that can be read tells which round it is. */
static void begin_journal(struct journal *journal)
{
    enum { MAGIC = 0x377f0682, SALT_IN_HEADER = 16, SUM_IN_HEADER = 24 };
    uint8_t header[WAL_HEADER], frame[FRAME_HEADER];
    uint32_t sum[2] = {0, 0};
    bool found = false;
    if (!read_journal(journal, header, sizeof header, 0))
        memset(header, 0, sizeof header);
    journal->big_endian = four_bytes(header) == MAGIC + 1;
    add_to_sum(journal, header, SUM_IN_HEADER, sum);
    journal->is_whole =
        four_bytes(header) - journal->big_endian == MAGIC && is_sum(sum, header + SUM_IN_HEADER);
    memcpy(journal->salt, header + SALT_IN_HEADER, SALT);
    memcpy(journal->sum, header + SUM_IN_HEADER, SUM);
    for (int64_t i = 0; !journal->is_whole && !found && i < journal->count; i++)
        if ((found =
                 read_journal(journal, frame, sizeof frame, place_of(journal, i) - FRAME_HEADER)))
            memcpy(journal->salt, frame + SALT_AT, SALT);
}

/* Each frame's sum goes on from the one before it, so that each can be proven though others are
 * damaged, by the sum that the one before has. */
static void look_at_frame(struct journal *journal, int64_t i, int64_t pages_most)
{
    struct frame *frame = &journal->frames[i];
    uint8_t header[FRAME_HEADER];
    uint32_t sum[2] = {(uint32_t)four_bytes(journal->sum), (uint32_t)four_bytes(journal->sum + 4)};
    const bool follows = i > 0 ? journal->frames[i - 1].is_ours && journal->frames[i - 1].is_whole
                               : journal->is_whole;
    const bool has_header =
        read_journal(journal, header, sizeof header, place_of(journal, i) - FRAME_HEADER);
    *frame = (struct frame){.page = 0};
    memset(journal->sum, 0, SUM);
    if (!has_header)
        return;
    const bool has_salt = memcmp(header + SALT_AT, journal->salt, SALT) == 0;
    if (!has_salt && !follows) { /* left by the round before: as much as a WAL has ever held */
        memcpy(journal->sum, header + SUM_AT, SUM);
        return;
    }
    const bool has_page =
        read_journal(journal, journal->pages->overflow, journal->pages->size, place_of(journal, i));
    add_to_sum(journal, header, SALT_AT, sum);
    add_to_sum(journal, journal->pages->overflow, journal->pages->size, sum);
    frame->is_whole = has_page && is_sum(sum, header + SUM_AT);
    frame->is_ours = has_salt || (frame->is_whole && follows);
    frame->is_taken = has_salt && frame->is_whole &&
                      (i > 0 ? journal->frames[i - 1].is_taken : journal->is_whole);
    frame->pages = four_bytes(header + 4);
    if (has_page && four_bytes(header) <= pages_most)
        frame->page = four_bytes(header);
    memcpy(journal->sum, header + SUM_AT, SUM);
}

/* What was not written to its end does not count. */
static int64_t end_of(const struct journal *journal)
{
    int64_t end = journal->count;
    while (end > 0 && (!journal->frames[end - 1].is_ours || journal->frames[end - 1].pages == 0))
        end--;
    return end;
}

/* The last whole frame of a page has it. A damaged one behind that has rows that no other has, and
 * others that were deleted meanwhile: it counts as one more page. */
static void place_pages(struct journal *journal, int64_t end)
{
    struct fid_pages *pages = journal->pages;
    const struct frame *last = &journal->frames[end - 1];
    for (int64_t i = 0; i < end; i++) {
        const struct frame *frame = &journal->frames[i];
        if (frame->is_ours && frame->is_whole && frame->page > 0)
            pages->places[frame->page] = place_of(journal, i);
        if (frame->is_ours && frame->page > pages->count)
            pages->count = frame->page;
    }
    if (last->is_whole && last->pages <= pages->count) /* a file that has become shorter */
        pages->count = last->pages;
    for (int64_t i = 0; i < end; i++) {
        const struct frame *frame = &journal->frames[i];
        pages->lost += !frame->is_ours || !frame->is_whole;
        if (frame->is_ours && !frame->is_whole && frame->page > 0 && frame->page <= pages->count &&
            pages->places[frame->page] < place_of(journal, i))
            pages->places[++pages->count] = place_of(journal, i);
    }
}

/* Nothing is written behind a transaction before the whole of it is on the disk. So where a frame
 * follows from one that ends a transaction, what was before both has been there, and is damaged; of
 * a transaction that a power cut broke off, or that was taken back, nothing follows from the end.
 * The beginning is on the disk before any frame is written. */
static void find_cut(const struct journal *journal)
{
    struct fid_pages *pages = journal->pages;
    int64_t first = 0;
    while (first < journal->count && journal->frames[first].is_taken)
        first++;
    for (int64_t i = first; !pages->is_cut && i < journal->count; i++) {
        const struct frame *frame = &journal->frames[i];
        const bool goes_on = i + 1 < journal->count && frame[1].is_ours && frame[1].is_whole;
        pages->is_cut = frame->is_ours && frame->pages > 0 &&
                        (goes_on || (!journal->is_whole && frame->is_whole));
    }
    pages->cut_at = journal->is_whole ? place_of(journal, first) - FRAME_HEADER : 0;
}

static enum fid_status read_frames(struct journal *journal, struct fid_error *error)
{
    struct fid_pages *pages = journal->pages;
    const int64_t most = pages->count + journal->count; /* each new page is in the journal once */
    journal->frames = fid_calloc((size_t)journal->count, sizeof *journal->frames);
    pages->places = fid_calloc((size_t)(most + journal->count) + 1, sizeof *pages->places);
    if (journal->frames == NULL || pages->places == NULL)
        return fid_fail(error, FID_NO_MEMORY, "no memory for the journal of a gallery");
    begin_journal(journal);
    for (int64_t i = 0; i < journal->count; i++)
        look_at_frame(journal, i, most);
    find_cut(journal);
    const int64_t end = end_of(journal);
    if (end > 0)
        place_pages(journal, end);
    if (pages->lost == 0 && !journal->is_whole)
        pages->lost = (size_t)journal->count;
    return FID_OK;
}

static enum fid_status open_journal(const struct fid_store *store, sqlite3_vfs *vfs,
                                    struct fid_pages *pages, struct fid_error *error)
{
    char path[PATH_MAX + 8];
    struct journal journal = {.pages = pages};
    sqlite3_int64 bytes = 0;
    if (!fid_store_has_journal(store->path))
        return FID_OK;
    snprintf(path, sizeof path, "%s-wal", store->path);
    int code =
        fid_sqlite_open_raw(vfs, path, SQLITE_OPEN_READONLY | SQLITE_OPEN_WAL, &pages->journal);
    if (code == SQLITE_OK)
        code = pages->journal.file->pMethods->xFileSize(pages->journal.file, &bytes);
    if (code != SQLITE_OK)
        return fid_fail(error, FID_IO, "the journal %s could not be read: %s", path,
                        sqlite3_errstr(code));
    if (bytes > WAL_HEADER)
        journal.count = (bytes - WAL_HEADER) / (FRAME_HEADER + (int64_t)pages->size);
    enum fid_status status = journal.count > 0 ? read_frames(&journal, error) : FID_OK;
    if (store->sealed != NULL)
        pages->cut_at = fid_sealed_place(pages->journal.file, pages->cut_at);
    fid_free(journal.frames);
    return status;
}

/* ---- all of them ---- */

enum fid_status fid_pages_open(struct fid_store *store, struct fid_pages *pages,
                               struct fid_error *error)
{
    sqlite3_vfs *vfs = store->sealed != NULL ? &store->sealed->vfs : sqlite3_vfs_find(NULL);
    sqlite3_int64 bytes = 0;
    *pages = (struct fid_pages){0};
    int code = fid_sqlite_open_raw(vfs, store->path, SQLITE_OPEN_READONLY | SQLITE_OPEN_MAIN_DB,
                                   &pages->raw);
    if (code == SQLITE_OK)
        code = pages->raw.file->pMethods->xFileSize(pages->raw.file, &bytes);
    if (code != SQLITE_OK) {
        fid_pages_close(pages);
        return fid_fail(error, FID_IO, "the gallery %s could not be read: %s", store->path,
                        sqlite3_errstr(code));
    }
    find_size(store, pages);
    pages->count = (bytes + (sqlite3_int64)pages->size - 1) / (sqlite3_int64)pages->size;
    pages->page = fid_calloc(pages->size, 1);
    pages->overflow = fid_calloc(pages->size, 1);
    enum fid_status status = FID_OK;
    if (pages->page == NULL || pages->overflow == NULL)
        status = fid_fail(error, FID_NO_MEMORY, "no memory to read the gallery %s", store->path);
    if (status == FID_OK)
        status = open_journal(store, vfs, pages, error);
    if (status != FID_OK)
        fid_pages_close(pages);
    return status;
}

void fid_pages_close(struct fid_pages *pages)
{
    fid_sqlite_close_raw(&pages->raw);
    fid_sqlite_close_raw(&pages->journal);
    fid_free(pages->places);
    fid_free(pages->page);
    fid_free(pages->overflow);
    fid_free(pages->payload);
    *pages = (struct fid_pages){0};
}

/* ---- is the journal whole? ---- */

static bool is_same(const struct stat *a, const struct stat *b)
{
    return a->st_ino == b->st_ino && a->st_size == b->st_size &&
           a->st_mtim.tv_sec == b->st_mtim.tv_sec && a->st_mtim.tv_nsec == b->st_mtim.tv_nsec;
}

static enum fid_status look_for_cut(struct fid_store *store, bool *is_cut, int64_t *at,
                                    struct fid_error *error)
{
    struct fid_pages pages;
    enum fid_status status = fid_pages_open(store, &pages, error);
    *is_cut = status == FID_OK && pages.is_cut;
    *at = *is_cut ? pages.cut_at : 0;
    if (status == FID_OK)
        fid_pages_close(&pages);
    return status == FID_NO_MEMORY ? status : FID_OK; /* what cannot be read, opening it tells */
}

/* While somebody writes, what is read first may be older than what is read last: a cut is believed
 * where nothing was written from a while before the looking until it was over. */
enum fid_status fid_pages_check_journal(struct fid_store *store, struct fid_error *error)
{
    enum { PAUSE_MS = 50, ATTEMPTS = 100 };
    char path[PATH_MAX + 8];
    struct stat earlier = {0}, before, after;
    bool is_cut = fid_store_has_journal(store->path);
    int64_t at = 0;
    enum fid_status status = FID_OK;
    snprintf(path, sizeof path, "%s-wal", store->path);
    for (int i = 0; status == FID_OK && is_cut && i < ATTEMPTS; i++) {
        const bool is_there = stat(path, &before) == 0;
        status = look_for_cut(store, &is_cut, &at, error);
        if (is_cut && is_there && is_same(&earlier, &before) && stat(path, &after) == 0 &&
            is_same(&before, &after))
            return fid_fail(error, FID_CORRUPT,
                            "the gallery %s is damaged: its journal %s is from byte %lld on, and "
                            "what was changed after that would be lost: " FID_STORE_WAY_BACK,
                            store->path, path, (long long)at);
        earlier = before;
        if (is_cut)
            sqlite3_sleep(PAUSE_MS);
    }
    return status;
}

/* ---- rows ---- */

enum { ROWS_AT = 8 }; /* where each row is, two bytes for one, in a page of rows */

size_t fid_pages_take(struct fid_pages *pages, int64_t number)
{
    enum { TABLE_LEAF = 13, COUNT_AT = 3 };
    if (pages->number != number && !read_page(pages, number, pages->page)) {
        pages->number = 0;
        return 0;
    }
    pages->number = number;
    if (pages->page[0] != TABLE_LEAF)
        return 0;
    const size_t count = two_bytes(pages->page + COUNT_AT), most = (pages->usable - ROWS_AT) / 2;
    return count < most ? count : most;
}

/* ---- a row's bytes ---- */

struct reader {
    const uint8_t *at, *end;
};

/* Seven bits a byte and a flag that more follow; of the ninth byte all eight. */
static bool read_varint(struct reader *reader, uint64_t *number)
{
    *number = 0;
    for (int i = 0; reader->at < reader->end; i++) {
        const uint8_t byte = *reader->at++;
        if (i == 8) {
            *number = *number << 8 | byte;
            return true;
        }
        *number = *number << 7 | (byte & 0x7F);
        if ((byte & 0x80) == 0)
            return true;
    }
    return false;
}

static bool has_room(struct fid_pages *pages, size_t bytes, bool *no_memory)
{
    if (bytes <= pages->payload_bytes)
        return true;
    fid_free(pages->payload);
    pages->payload = fid_calloc(bytes, 1);
    pages->payload_bytes = pages->payload != NULL ? bytes : 0;
    *no_memory = pages->payload == NULL;
    return pages->payload != NULL;
}

/* Of a long row a part stands on the page, and behind it the number of the page that goes on, which
 * has the number of the next one before its part. */
static bool read_long(struct fid_pages *pages, struct reader *row, size_t size, bool *no_memory)
{
    const size_t least = (pages->usable - 12) * 32 / 255 - 23, part = pages->usable - 4;
    size_t have = least + (size - least) % part;
    if (have > pages->usable - 35)
        have = least;
    if ((size_t)(row->end - row->at) < have + 4 || !has_room(pages, size, no_memory))
        return false;
    memcpy(pages->payload, row->at, have);
    int64_t next = four_bytes(row->at + have);
    while (have < size && next > 1 && next <= pages->count &&
           read_page(pages, next, pages->overflow)) {
        const size_t taken = size - have < part ? size - have : part;
        memcpy(pages->payload + have, pages->overflow + 4, taken);
        have += taken;
        next = four_bytes(pages->overflow);
    }
    *row = (struct reader){pages->payload, pages->payload + have};
    return true;
}

/* ---- its columns ---- */

static size_t size_of(uint64_t type)
{
    static const size_t sizes[] = {0, 1, 2, 3, 4, 6, 8, 8, 0, 0};
    return type < 12 ? sizes[type % 10] : (size_t)((type - 12) / 2);
}

/* A header says what the columns are, and the columns follow; both have to make up the row. */
static bool split(const struct reader *row, size_t size, struct fid_record *record)
{
    struct reader header = *row;
    uint64_t header_bytes, type;
    if (!read_varint(&header, &header_bytes) || header_bytes > (size_t)(row->end - row->at))
        return false;
    size_t at = (size_t)header_bytes;
    const size_t have = (size_t)(row->end - row->at);
    header.end = row->at + header_bytes;
    for (record->count = 0; header.at < header.end; record->count++) {
        if (record->count == FID_RECORD_COLUMNS || !read_varint(&header, &type) || type == 10 ||
            type == 11 || size_of(type) > size - at)
            return false;
        const struct fid_column column = {type, size_of(type),
                                          at + size_of(type) <= have ? row->at + at : NULL};
        record->columns[record->count] = column;
        at += column.size;
    }
    return at == size;
}

bool fid_pages_record(struct fid_pages *pages, size_t row, struct fid_record *record,
                      bool *no_memory)
{
    enum { MOST = FID_FACE_CROP_MOST + 4 * FID_SQLITE_VECTOR_MOST + 65536, LEAST = 4 };
    const size_t at = two_bytes(pages->page + ROWS_AT + 2 * row);
    uint64_t size, rowid;
    struct reader reader = {pages->page + at, pages->page + pages->usable};
    *no_memory = false;
    if (at < ROWS_AT || at >= pages->usable || !read_varint(&reader, &size) ||
        !read_varint(&reader, &rowid) || size < LEAST || size > MOST ||
        size > (uint64_t)pages->count * pages->usable) /* pages that name each other */
        return false;
    record->rowid = (int64_t)rowid;
    const bool is_long = size > pages->usable - 35;
    if (is_long ? !read_long(pages, &reader, (size_t)size, no_memory)
                : size > (size_t)(reader.end - reader.at))
        return false;
    if (!is_long)
        reader.end = reader.at + size;
    return split(&reader, (size_t)size, record);
}

bool fid_record_is_null(const struct fid_record *record, size_t column)
{
    return column < record->count && record->columns[column].type == 0;
}

bool fid_record_number(const struct fid_record *record, size_t column, int64_t *number)
{
    const struct fid_column *of = &record->columns[column];
    if (column >= record->count || of->bytes == NULL || of->type < 1 || of->type == 7 ||
        of->type > 9)
        return false;
    uint64_t bits = of->size > 0 && (of->bytes[0] & 0x80) != 0 ? UINT64_MAX : 0;
    for (size_t i = 0; i < of->size; i++)
        bits = bits << 8 | of->bytes[i];
    *number = of->type >= 8 ? (int64_t)of->type - 8 : (int64_t)bits; /* 8 is a zero, 9 a one */
    return true;
}

bool fid_record_text(const struct fid_record *record, size_t column, char *out, size_t bytes)
{
    const struct fid_column *of = &record->columns[column];
    out[0] = '\0';
    if (column >= record->count || of->bytes == NULL || of->type < 13 || of->type % 2 == 0)
        return false;
    const size_t length = strnlen((const char *)of->bytes, of->size < bytes ? of->size : bytes - 1);
    memcpy(out, of->bytes, length);
    out[length] = '\0';
    return true;
}

bool fid_record_blob(const struct fid_record *record, size_t column, const uint8_t **blob,
                     size_t *size)
{
    const struct fid_column *of = &record->columns[column];
    if (column >= record->count || of->bytes == NULL || of->type < 12 || of->type % 2 != 0)
        return false;
    *blob = of->bytes;
    *size = of->size;
    return true;
}
