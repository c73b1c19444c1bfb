/* That the two tables on a server are ours, and nothing hangs on them. */
#include "engine/store/postgres.h"

#if FID_POSTGRES

#include <string.h>

static const char make_sql[] =
    "BEGIN; CREATE SCHEMA IF NOT EXISTS @;"
    "CREATE TABLE @.root(id int PRIMARY KEY CHECK(id = 1), format int NOT NULL,"
    " gallery bytea NOT NULL, generation bigint NOT NULL, seal bytea NOT NULL,"
    " manifest bytea NOT NULL, flags int NOT NULL);"
    "CREATE TABLE @.record(id bigint PRIMARY KEY, person bigint NOT NULL,"
    " generation bigint NOT NULL, who bytea UNIQUE, body bytea NOT NULL);"
    "ALTER TABLE @.record ALTER body SET STORAGE EXTERNAL;"
    "CREATE INDEX record_person ON @.record(person);"
    "CREATE INDEX record_generation ON @.record(generation); COMMIT";

/* All that is part of the two tables, or hangs on them: kind, name, what it is. */
static const char entries_sql[] =
    "WITH t AS (SELECT c.* FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
    " WHERE n.nspname = convert_from($1, 'UTF8') AND c.relname IN ('root', 'record')),"
    " e(kind, name, what) AS (SELECT 'table', relname::text, relkind::text ||"
    " relpersistence::text || relrowsecurity::int || relforcerowsecurity::int ||"
    " relispartition::int FROM t "
    "UNION ALL SELECT 'trigger', tgname::text, '' FROM pg_trigger JOIN t ON tgrelid = t.oid "
    "UNION ALL SELECT 'rule', rulename::text, '' FROM pg_rewrite JOIN t ON ev_class = t.oid "
    "UNION ALL SELECT 'policy', polname::text, '' FROM pg_policy JOIN t ON polrelid = t.oid "
    "UNION ALL SELECT 'child', c.relname::text, '' FROM pg_inherits JOIN pg_class c"
    " ON c.oid = inhrelid JOIN t ON t.oid IN (inhrelid, inhparent) "
    "UNION ALL SELECT 'constraint', conname::text, pg_get_constraintdef(c.oid)"
    " FROM pg_constraint c JOIN t ON conrelid = t.oid WHERE contype <> 'n' "
    "UNION ALL SELECT 'index', i.relname::text, amname || ' ' || indkey::text || ' ' ||"
    " indisunique::int || indisvalid::int || (indpred IS NULL)::int || (indexprs IS NULL)::int"
    " FROM pg_index x JOIN t ON indrelid = t.oid JOIN pg_class i ON i.oid = indexrelid"
    " JOIN pg_am m ON m.oid = i.relam "
    "UNION ALL SELECT 'column', relname || '.' || attname, format_type(atttypid, atttypmod) ||"
    " ' ' || attnotnull::int || atthasdef::int || attidentity::text || attgenerated::text"
    " FROM pg_attribute JOIN t ON attrelid = t.oid WHERE attnum > 0 AND NOT attisdropped)"
    "SELECT * FROM e ORDER BY kind COLLATE \"C\" DESC, name COLLATE \"C\"";
/* The same of our own tables. */
static const char *const entries[][3] = {
    {"table", "record", "rp000"},
    {"table", "root", "rp000"},
    {"index", "record_generation", "btree 3 0111"},
    {"index", "record_person", "btree 2 0111"},
    {"index", "record_pkey", "btree 1 1111"},
    {"index", "record_who_key", "btree 4 1111"},
    {"index", "root_pkey", "btree 1 1111"},
    {"constraint", "record_pkey", "PRIMARY KEY (id)"},
    {"constraint", "record_who_key", "UNIQUE (who)"},
    {"constraint", "root_id_check", "CHECK ((id = 1))"},
    {"constraint", "root_pkey", "PRIMARY KEY (id)"},
    {"column", "record.body", "bytea 10"},
    {"column", "record.generation", "bigint 10"},
    {"column", "record.id", "bigint 10"},
    {"column", "record.person", "bigint 10"},
    {"column", "record.who", "bytea 00"},
    {"column", "root.flags", "integer 10"},
    {"column", "root.format", "integer 10"},
    {"column", "root.gallery", "bytea 10"},
    {"column", "root.generation", "bigint 10"},
    {"column", "root.id", "integer 10"},
    {"column", "root.manifest", "bytea 10"},
    {"column", "root.seal", "bytea 10"},
};
enum { ENTRIES = sizeof entries / sizeof entries[0] };

enum fid_status fid_postgres_prove(struct fid_postgres *store, bool *empty)
{
    const struct fid_libpq *pq = &store->pq;
    struct fid_pg_parameters schema = {0};
    PGresult *rows;
    fid_pg_add_bytes(&schema, store->schema, strlen(store->schema));
    enum fid_status status = fid_postgres_query(store, entries_sql, &schema, FID_PG_FOREVER, &rows);
    const int count = status == FID_OK ? pq->PQntuples(rows) : 0;
    *empty = status == FID_OK && count == 0;
    for (int i = 0; status == FID_OK && !*empty && (i < count || i < ENTRIES); i++) {
        const char *const *wanted = i < ENTRIES ? entries[i] : NULL;
        const char *found[3];
        bool same = i < count && wanted != NULL;
        for (int k = 0; i < count && k < 3; k++) {
            found[k] = pq->PQgetvalue(rows, i, k);
            found[k] = found[k] != NULL ? found[k] : ""; /* fewer columns than were asked for */
            same = same && strcmp(found[k], wanted[k]) == 0;
        }
        if (!same)
            status = fid_store_tell_entry(&store->base, i < count ? found : NULL, wanted);
    }
    pq->PQclear(rows);
    return status;
}

/* Whoever else makes them at once may be faster. */
enum fid_status fid_postgres_settle_tables(struct fid_postgres *store, bool *empty)
{
    enum fid_status made, status = fid_postgres_prove(store, empty);
    if (status != FID_OK || !*empty || (store->base.flags & FID_STORE_CREATE) == 0)
        return status;
    made = fid_postgres_run(store, make_sql, "made");
    if (made != FID_OK)
        fid_postgres_run(store, "ROLLBACK", "closed");
    status = fid_postgres_prove(store, empty);
    return status == FID_OK && *empty ? made : status;
}

#endif
