/* test_manifest.c - a manifest agrees with the rows that it counted and with no others: not when
 * one is gone, added, changed, brought back from before or put under another number. */
#include "tests/vault_fixture.h"

#include <stdio.h>

enum { ROWS = 40, SIZE = 24, ROW = SIZE + FID_ROW_EXTRA };

struct table { /* the rows of a small gallery */
    int64_t ids[ROWS + 1];
    uint8_t rows[ROWS + 1][ROW];
    size_t count;
};

static void put(struct table *table, const struct fid_vault *vault, size_t i, int64_t id,
                uint64_t generation)
{
    const struct fid_row_head head = {id, INT64_C(1) << 56, generation, SIZE};
    uint8_t content[SIZE];
    struct fid_error error = {0};
    fill_randomly(content, sizeof content);
    table->ids[i] = id;
    CHECK_THAT(fid_row_seal(vault, &head, content, table->rows[i], &error) == FID_OK, "%s",
               error.text);
}

static void fill(struct table *table, const struct fid_vault *vault)
{
    table->count = ROWS;
    for (size_t i = 0; i < ROWS; i++) {
        const int64_t kind = (int64_t)(1 + i % (FID_KINDS - 1));
        put(table, vault, i, kind << 56 | (int64_t)(i + 1), 1 + i);
    }
}

static struct fid_manifest count(const struct table *table, const struct fid_vault *vault)
{
    struct fid_manifest manifest = {0};
    for (size_t i = 0; i < table->count; i++)
        fid_manifest_count(&manifest, vault, table->ids[i], table->rows[i], ROW, true);
    return manifest;
}

static bool agrees(const struct table *table, const struct fid_vault *vault,
                   const struct fid_manifest *manifest)
{
    const struct fid_manifest counted = count(table, vault);
    return fid_manifest_agrees(&counted, manifest, -1);
}

static void take_out(struct table *table, size_t i)
{
    table->count--;
    table->ids[i] = table->ids[table->count];
    memcpy(table->rows[i], table->rows[table->count], ROW);
}

static void each(void (*run)(const struct fid_vault *vault))
{
    for (int sealed = 0; sealed < VAULT_KINDS; sealed++) {
        struct fid_vault *vault = vault_of(sealed, NULL);
        run(vault);
        fid_vault_close(&vault);
    }
}

/* ---- what agrees ---- */

static void run_order(const struct fid_vault *vault)
{
    static struct table table;
    fill(&table, vault);
    struct fid_manifest manifest = {0}, all = count(&table, vault);
    for (size_t i = ROWS; i-- > 0;)
        fid_manifest_count(&manifest, vault, table.ids[i], table.rows[i], ROW, true);
    CHECK(fid_manifest_agrees(&manifest, &all, -1));
    fid_manifest_count(&manifest, vault, table.ids[7], table.rows[7], ROW, false);
    CHECK(!fid_manifest_agrees(&manifest, &all, -1));
    CHECK(!fid_manifest_agrees(&manifest, &all, (int)FID_ROW_KIND(table.ids[7])));
    CHECK(fid_manifest_agrees(&manifest, &all, (int)FID_ROW_KIND(table.ids[8])));
    take_out(&table, 7);
    CHECK(agrees(&table, vault, &manifest));
    while (table.count > 0) {
        fid_manifest_count(&manifest, vault, table.ids[0], table.rows[0], ROW, false);
        take_out(&table, 0);
    }
    const struct fid_manifest none = {0};
    CHECK(fid_manifest_agrees(&manifest, &none, -1));
}

static void rows_go_in_and_out_in_any_order(void)
{
    each(run_order);
}

static void run_round_trip(const struct fid_vault *vault)
{
    static struct table table;
    uint8_t sealed[FID_MANIFEST_BYTES];
    struct fid_manifest back = {0};
    struct fid_error error = {0};
    fill(&table, vault);
    struct fid_manifest manifest = count(&table, vault);
    manifest.generation = 1234;
    manifest.flags = 3;
    manifest.vector_size = 512;
    memset(manifest.model, 'a', 32);
    strcpy(manifest.model_name, "a model");
    CHECK(fid_manifest_seal(&manifest, vault, sealed, &error) == FID_OK);
    CHECK(fid_manifest_open(&back, vault, sealed, sizeof sealed));
    CHECK(fid_manifest_agrees(&manifest, &back, -1) && back.generation == 1234 && back.flags == 3);
    CHECK(back.vector_size == 512 && strcmp(back.model, manifest.model) == 0);
    CHECK(strcmp(back.model_name, "a model") == 0);
    CHECK(!fid_manifest_open(&back, vault, sealed, sizeof sealed - 1));
    for (size_t bit = 0; bit < 8 * sizeof sealed; bit++) {
        sealed[bit / 8] ^= (uint8_t)(1 << bit % 8);
        CHECK_THAT(!fid_manifest_open(&back, vault, sealed, sizeof sealed), "bit %zu", bit);
        sealed[bit / 8] ^= (uint8_t)(1 << bit % 8);
    }
}

static void manifests_come_back_whole_or_not_at_all(void)
{
    each(run_round_trip);
}

/* A row that is as long as a manifest is none. */
static void run_other_row(const struct fid_vault *vault)
{
    static uint8_t content[FID_MANIFEST_BYTES - FID_ROW_EXTRA], row[FID_MANIFEST_BYTES];
    const struct fid_row_head head = {(INT64_C(1) << 56) + 1, 0, 0, sizeof content};
    struct fid_manifest manifest;
    CHECK(fid_row_seal(vault, &head, content, row, NULL) == FID_OK);
    CHECK(!fid_manifest_open(&manifest, vault, row, sizeof row));
}

static void other_rows_are_no_manifests(void)
{
    each(run_other_row);
}

/* ---- what does not ---- */

static void run_attacks(const struct fid_vault *vault)
{
    static struct table table, hurt, older;
    fill(&table, vault);
    older = table;
    const struct fid_manifest before = count(&table, vault);
    for (size_t i = 0; i < ROWS; i++) /* the same rows, written once more */
        put(&table, vault, i, table.ids[i], 100 + i);
    const struct fid_manifest manifest = count(&table, vault);
    CHECK(agrees(&table, vault, &manifest) && !agrees(&older, vault, &manifest));
    CHECK(!agrees(&table, vault, &before)); /* an old manifest */
    for (size_t i = 0; i < ROWS; i++) {
        const size_t other = (i + 1) % ROWS;
        hurt = table; /* removed */
        take_out(&hurt, i);
        CHECK(!agrees(&hurt, vault, &manifest));
        memcpy(hurt.rows[hurt.count], table.rows[other], ROW); /* and another one doubled */
        hurt.ids[hurt.count++] = table.ids[other];
        CHECK(!agrees(&hurt, vault, &manifest));
        hurt = table; /* brought back from before */
        memcpy(hurt.rows[i], older.rows[i], ROW);
        CHECK(!agrees(&hurt, vault, &manifest));
        hurt = table; /* added: the row from before, as what undo keeps */
        hurt.ids[hurt.count] = table.ids[i] | FID_ROW_BEFORE_BIT;
        memcpy(hurt.rows[hurt.count++], older.rows[i], ROW);
        CHECK(!agrees(&hurt, vault, &manifest));
        hurt = table; /* kept, but as one from before */
        hurt.ids[i] |= FID_ROW_BEFORE_BIT;
        CHECK(!agrees(&hurt, vault, &manifest));
        hurt = table; /* added, of an unknown kind */
        hurt.ids[hurt.count] = INT64_C(0x3f) << 56 | 1;
        memcpy(hurt.rows[hurt.count++], table.rows[i], ROW);
        CHECK(!agrees(&hurt, vault, &manifest));
    }
}

static void attacks_are_found(void)
{
    each(run_attacks);
}

/* Old versions of rows do not add up to the sum of the new ones, whichever are chosen. */
static void run_mixtures(const struct fid_vault *vault)
{
    static struct table table, older, mixed;
    size_t tries = 0;
    fill(&table, vault);
    older = table;
    for (size_t i = 0; i < ROWS; i++)
        put(&table, vault, i, table.ids[i], 100 + i);
    const struct fid_manifest manifest = count(&table, vault);
    for (int i = 0; i < 2000 && !check_failed(); i++) {
        bool any = false;
        mixed = table;
        for (size_t row = 0; row < ROWS; row++)
            if (check_random_below(4) == 0) {
                memcpy(mixed.rows[row], older.rows[row], ROW);
                any = true;
            }
        tries += any;
        CHECK(!any || !agrees(&mixed, vault, &manifest));
    }
    CHECK(tries > 1900);
}

static void mixtures_are_found(void)
{
    each(run_mixtures);
}

CHECK_MAIN(CHECK_CASE(rows_go_in_and_out_in_any_order),
           CHECK_CASE(manifests_come_back_whole_or_not_at_all),
           CHECK_CASE(other_rows_are_no_manifests), CHECK_CASE(attacks_are_found),
           CHECK_CASE(mixtures_are_found))
