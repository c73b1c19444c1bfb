/* Who is to be forgotten: a person's bytes, and where else they are. */
#include "engine/face/store/gallery_sqlite.h"

/* ---- the bytes of a person ---- */

static enum fid_status take_bytes(struct fid_store *store, const char *sql, int64_t person,
                                  fid_store_bytes_fn take, void *ctx, struct fid_error *error)
{
    sqlite3_stmt *statement;
    enum fid_status status = fid_sqlite_prepare(store, sql, &statement, error);
    int code = SQLITE_DONE;
    if (status != FID_OK)
        return status;
    sqlite3_bind_int64(statement, 1, person);
    while (status == FID_OK && (code = sqlite3_step(statement)) == SQLITE_ROW) {
        const void *bytes = sqlite3_column_blob(statement, 0);
        if (bytes != NULL)
            status = take(ctx, bytes, (size_t)sqlite3_column_bytes(statement, 0), error);
    }
    if (status == FID_OK && code != SQLITE_DONE)
        status = fid_sqlite_fail(store, code, "read", error);
    sqlite3_finalize(statement);
    return status;
}

enum fid_status fid_store_each_bytes(struct fid_store *store, int64_t person,
                                     fid_store_bytes_fn take, void *ctx, struct fid_error *error)
{
    static const char *const queries[] = {
        "SELECT data FROM sample WHERE person = ?1", "SELECT data FROM vector WHERE person = ?1",
        "SELECT text FROM consent WHERE person = ?1",
        "SELECT name || name_key || created FROM person WHERE id = ?1", /* as they lie in the row */
    };
    enum fid_status status = FID_OK;
    for (size_t i = 0; status == FID_OK && i < sizeof queries / sizeof queries[0]; i++)
        status = take_bytes(store, queries[i], person, take, ctx, error);
    return status == FID_OK ? fid_sqlite_each_crop_bytes(store, person, take, ctx, error) : status;
}

static enum fid_status has_row(struct fid_store *store, const char *sql, const void *bytes,
                               size_t size, bool *has, struct fid_error *error)
{
    sqlite3_stmt *statement;
    *has = false;
    enum fid_status status = fid_sqlite_prepare(store, sql, &statement, error);
    if (status != FID_OK)
        return status;
    sqlite3_bind_blob(statement, 1, bytes, (int)size, SQLITE_STATIC);
    int code = sqlite3_step(statement);
    *has = code == SQLITE_ROW;
    if (code != SQLITE_ROW && code != SQLITE_DONE)
        status = fid_sqlite_fail(store, code, "read", error);
    sqlite3_finalize(statement);
    return status;
}

enum fid_status fid_store_has_bytes(struct fid_store *store, const void *bytes, size_t size,
                                    bool *has, struct fid_error *error)
{
    return has_row(store,
                   "SELECT 1 FROM sample WHERE data = ?1 UNION ALL "
                   "SELECT 1 FROM sample WHERE instr(crop, ?1) > 0 UNION ALL "
                   "SELECT 1 FROM vector WHERE data = ?1 UNION ALL "
                   "SELECT 1 FROM old_sample WHERE data = ?1 OR instr(crop, ?1) > 0 UNION ALL "
                   "SELECT 1 FROM stranger WHERE data = ?1",
                   bytes, size, has, error);
}

enum fid_status fid_store_has_text(struct fid_store *store, const void *bytes, size_t size,
                                   bool *has, struct fid_error *error)
{
    return has_row(store,
                   "SELECT 1 FROM (SELECT text AS words FROM consent"
                   " UNION ALL SELECT text FROM old_consent"
                   " UNION ALL SELECT name || name_key || created FROM person"
                   " UNION ALL SELECT name || name_key || created FROM old_person"
                   " UNION ALL SELECT source FROM sample"
                   " UNION ALL SELECT source FROM old_sample"
                   " UNION ALL SELECT source FROM stranger"
                   " UNION ALL SELECT path FROM backup)"
                   " WHERE instr(CAST(words AS BLOB), ?1) > 0",
                   bytes, size, has, error);
}

enum fid_status fid_store_delete_strangers_of(struct fid_store *store, int64_t person,
                                              struct fid_error *error)
{
    return fid_sqlite_change_person(
        store, "DELETE FROM stranger WHERE data IN (SELECT data FROM sample WHERE person = ?1)",
        person, error);
}

/* ---- another file's people who are this one ---- */

/* All in memory, of the connection alone. ?1 is the person here, ?2 the key. */
static const char tables_sql[] =
    "CREATE TEMP TABLE mine(face BLOB);"
    "CREATE TEMP TABLE suspect(id INTEGER PRIMARY KEY, has_mine, is_me, is_named, is_other,"
    " is_like_other, is_whole)";
static const char drop_sql[] = "DROP TABLE temp.mine; DROP TABLE temp.suspect;"
                               "DETACH DATABASE living";

#define HERE_SQL                                                    \
    "here(person, face) AS (SELECT person, data FROM living.sample" \
    " UNION ALL SELECT person, crop FROM living.sample WHERE length(crop) > 0)"
#define COPIED_SQL                                                  \
    "copied(person, face) AS (SELECT person, data FROM main.sample" \
    " UNION ALL SELECT person, crop FROM main.sample WHERE length(crop) > 0)"

/* Faces that nobody else has here. */
static const char mine_sql[] =
    "WITH " HERE_SQL
    " INSERT INTO temp.mine SELECT face FROM here WHERE person = ?1 EXCEPT SELECT face FROM here"
    " WHERE person <> ?1 AND face IN (SELECT face FROM here WHERE person = ?1)";

/* A number alone says nothing: after a restore it may have been given again. */
static const char suspect_sql[] =
    "WITH " COPIED_SQL ","
    " me(id, created) AS (SELECT id, created FROM living.person WHERE id = ?1),"
    " other(id, created) AS (SELECT id, created FROM living.person WHERE id <> ?1),"
    " judged(id, has_mine, is_me, is_named, is_other) AS (SELECT id,"
    "  id IN (SELECT person FROM copied WHERE face IN (SELECT face FROM temp.mine)),"
    "  (id, created) IN me, name_key = ?2, (id, created) IN other FROM main.person)"
    " INSERT INTO temp.suspect SELECT *, 0, 0 FROM judged WHERE has_mine OR is_me OR is_named";

static const char like_other_sql[] =
    "WITH " HERE_SQL "," COPIED_SQL
    " UPDATE temp.suspect SET is_like_other = EXISTS (SELECT 1 FROM here WHERE person <> ?1"
    "  AND face IN (SELECT face FROM copied WHERE copied.person = suspect.id))";

/* Is it the person, or somebody who has faces of theirs? */
static const char whole_sql[] =
    "UPDATE temp.suspect SET is_whole = (is_named AND is_me) OR (NOT is_other AND"
    " ((has_mine AND (is_named OR is_me)) OR NOT is_like_other))";

static const char people_sql[] =
    "DELETE FROM main.person WHERE id IN (SELECT id FROM temp.suspect WHERE is_whole)";

static const char faces_sql[] =
    "DELETE FROM main.sample WHERE person IN (SELECT id FROM temp.suspect)"
    " AND (data IN (SELECT face FROM temp.mine)"
    "  OR (length(crop) > 0 AND crop IN (SELECT face FROM temp.mine)))";

static const char strangers_sql[] =
    "DELETE FROM main.stranger WHERE data IN (SELECT face FROM temp.mine) OR data IN"
    " (SELECT data FROM main.sample WHERE person IN (SELECT id FROM temp.suspect WHERE is_whole))";

/* A merge had brought them along. */
static const char consents_sql[] =
    "DELETE FROM main.consent WHERE person IN (SELECT id FROM temp.suspect WHERE has_mine)"
    " AND text IN (SELECT text FROM living.consent WHERE person = ?1 EXCEPT"
    "  SELECT text FROM living.consent WHERE person <> ?1)";

static const char faceless_sql[] =
    "DELETE FROM main.person WHERE id IN (SELECT id FROM temp.suspect WHERE has_mine)"
    " AND NOT EXISTS (SELECT 1 FROM main.sample WHERE sample.person = person.id)";

/* The last change tells of the person: with one row of it, all of it goes. */
static const char old_people_sql[] =
    "DELETE FROM main.old_person WHERE name_key = ?2"
    " OR (id, created) IN (SELECT id, created FROM living.person WHERE id = ?1)";
static const char old_faces_sql[] =
    "DELETE FROM main.old_sample WHERE data IN (SELECT face FROM temp.mine)"
    " OR (length(crop) > 0 AND crop IN (SELECT face FROM temp.mine))";

static const char *const find_sql[] = {mine_sql, suspect_sql, like_other_sql, whole_sql};
static const char *const delete_sql[] = {strangers_sql, people_sql,     faces_sql,    consents_sql,
                                         faceless_sql,  old_people_sql, old_faces_sql};

/* ---- are they gone? ---- */

/* Rows of who was deleted, or of the key ?2 where nobody may have it; read in full, since an index
 * that is damaged hides rows from the deletion. */
#define LEFT_SQL(gone, others)                                                              \
    "WITH gone(id) AS (" gone "), others(id) AS (" others ")"                               \
    " SELECT 'person' FROM main.person NOT INDEXED WHERE +id IN gone"                       \
    "  OR (+name_key = ?2 AND id NOT IN others)"                                            \
    " UNION ALL SELECT 'sample' FROM main.sample NOT INDEXED WHERE +person IN gone"         \
    " UNION ALL SELECT 'vector' FROM main.vector NOT INDEXED WHERE +person IN gone"         \
    " UNION ALL SELECT 'consent' FROM main.consent NOT INDEXED WHERE +person IN gone"       \
    " UNION ALL SELECT 'changed' FROM main.changed WHERE +person IN gone"                   \
    " UNION ALL SELECT 'old_person' FROM main.old_person WHERE id IN gone OR name_key = ?2" \
    " UNION ALL SELECT 'old_sample' FROM main.old_sample WHERE person IN gone"              \
    " UNION ALL SELECT 'old_consent' FROM main.old_consent WHERE person IN gone LIMIT 1"

static const char left_here_sql[] = LEFT_SQL("SELECT ?1", "SELECT 0 WHERE 0");
static const char left_in_copy_sql[] = LEFT_SQL("SELECT id FROM temp.suspect WHERE is_whole",
                                                "SELECT id FROM temp.suspect WHERE NOT is_whole");

/* FID_CORRUPT: a row is left. */
static enum fid_status prove_gone(struct fid_store *store, const char *sql, int64_t person,
                                  const char *key, struct fid_error *error)
{
    sqlite3_stmt *statement;
    enum fid_status status = fid_sqlite_prepare(store, sql, &statement, error);
    if (status != FID_OK)
        return status;
    sqlite3_bind_int64(statement, 1, person);
    sqlite3_bind_text(statement, 2, key, -1, SQLITE_STATIC);
    const int code = sqlite3_step(statement);
    if (code == SQLITE_ROW)
        status = fid_fail(error, FID_CORRUPT,
                          "the table '%s' of %s still has a row of theirs after it was deleted, so "
                          "that file is damaged: " FID_STORE_WAY_BACK,
                          (const char *)sqlite3_column_text(statement, 0), store->path);
    else if (code != SQLITE_DONE)
        status = fid_sqlite_fail(store, code, "read", error);
    sqlite3_finalize(statement);
    return status;
}

enum fid_status fid_store_prove_gone(struct fid_store *store, int64_t person, const char *key,
                                     struct fid_error *error)
{
    return prove_gone(store, left_here_sql, person, key, error);
}

/* ---- deleting them ---- */

/* ?1 and ?2 as above. */
static enum fid_status run_each(struct fid_store *store, const char *const *sql, size_t count,
                                int64_t person, const char *key, struct fid_error *error)
{
    enum fid_status status = FID_OK;
    for (size_t i = 0; status == FID_OK && i < count; i++) {
        sqlite3_stmt *statement;
        status = fid_sqlite_prepare(store, sql[i], &statement, error);
        if (status != FID_OK)
            return status;
        sqlite3_bind_int64(statement, 1, person);
        sqlite3_bind_text(statement, 2, key, -1, SQLITE_STATIC);
        status = fid_sqlite_finish(store, statement, error);
    }
    return status;
}

static enum fid_status each_loser(struct fid_store *store, fid_store_lost_fn lost,
                                  struct fid_error *error)
{
    sqlite3_stmt *statement;
    enum fid_status status = fid_sqlite_prepare(
        store, "SELECT id FROM temp.suspect WHERE has_mine AND id IN (SELECT id FROM main.person)",
        &statement, error);
    int code = SQLITE_DONE;
    if (status != FID_OK)
        return status;
    while (status == FID_OK && (code = sqlite3_step(statement)) == SQLITE_ROW)
        status = lost(store, sqlite3_column_int64(statement, 0), error);
    if (status == FID_OK && code != SQLITE_DONE)
        status = fid_sqlite_fail(store, code, "read", error);
    sqlite3_finalize(statement);
    return status;
}

/* In a transaction, whose first statement has locked the copy: nothing read before is out of date.
 */
static enum fid_status delete_alike(struct fid_store *store, int64_t person, const char *key,
                                    fid_store_lost_fn lost, bool *changed, struct fid_error *error)
{
    enum fid_status status = fid_store_note_unpurged(store, error);
    if (status == FID_OK)
        status = run_each(store, find_sql, sizeof find_sql / sizeof *find_sql, person, key, error);
    const int before = sqlite3_total_changes(store->db);
    if (status == FID_OK)
        status =
            run_each(store, delete_sql, sizeof delete_sql / sizeof *delete_sql, person, key, error);
    *changed = sqlite3_total_changes(store->db) > before;
    if (status == FID_OK)
        status = each_loser(store, lost, error);
    if (status == FID_OK && *changed)
        status = fid_store_begin_change(store, "forget", error);
    return status == FID_OK ? prove_gone(store, left_in_copy_sql, person, key, error) : status;
}

enum fid_status fid_store_delete_alike(struct fid_store *store, const struct fid_store *of,
                                       int64_t person, const char *key, fid_store_lost_fn lost,
                                       bool *changed, struct fid_error *error)
{
    sqlite3_stmt *statement = NULL;
    char uri[FID_SQLITE_URI_BYTES];
    *changed = false;
    enum fid_status status =
        fid_sqlite_prepare(store, "ATTACH DATABASE ?1 AS living", &statement, error);
    if (status != FID_OK)
        return status;
    fid_sqlite_uri(of->path, of->sealed, "", uri);
    sqlite3_bind_text(statement, 1, uri, -1, SQLITE_STATIC);
    status = fid_sqlite_finish(store, statement, error);
    if (status == FID_OK)
        status = fid_sqlite_run(store, tables_sql, error);
    if (status == FID_OK)
        status = fid_store_begin(store, false, error);
    if (status == FID_OK)
        status = delete_alike(store, person, key, lost, changed, error);
    if (status == FID_OK && *changed)
        status = fid_store_commit(store, error);
    fid_store_rollback(store);
    enum fid_status dropped = fid_sqlite_run(store, drop_sql, status == FID_OK ? error : NULL);
    return status == FID_OK ? dropped : status;
}
