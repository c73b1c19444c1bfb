/* test_row.c - a row opens as what was sealed, or not at all: with any bit changed, and in any other
 * place. The secrets that galleries are sealed with, too. */
#include "engine/base/clock.h"
#include "engine/vault/seal.h"
#include "tests/vault_fixture.h"

#include <stdio.h>

enum { MOST = 300, ROW = MOST + FID_ROW_EXTRA };

static const struct fid_row_head usual = {(INT64_C(2) << 56) + 77, INT64_C(1) << 56, 5, MOST};

static void seal(const struct fid_vault *vault, const struct fid_row_head *head,
                 const uint8_t *content, uint8_t *row)
{
    struct fid_error error = {0};
    CHECK_THAT(fid_row_seal(vault, head, content, row, &error) == FID_OK, "%s", error.text);
}

static bool same_head(const struct fid_row_head *a, const struct fid_row_head *b)
{
    return a->id == b->id && a->person == b->person && a->generation == b->generation &&
           a->size == b->size;
}

static void rows_come_back(void)
{
    uint8_t content[MOST], back[MOST], row[ROW];
    for (int sealed = 0; sealed < VAULT_KINDS; sealed++) {
        struct fid_vault *vault = vault_of(sealed, NULL);
        for (size_t size = 0; size <= MOST; size++) {
            const struct fid_row_head head = {(INT64_C(1) << 56) + (int64_t)size,
                                              INT64_C(0x00ffffffffffffff), UINT64_MAX - size, size};
            struct fid_row_head found, known;
            size_t whole = 0;
            fill_randomly(content, size);
            seal(vault, &head, content, row);
            CHECK(fid_row_open(vault, row, size + FID_ROW_EXTRA, &found, back));
            CHECK(same_head(&head, &found) && memcmp(content, back, size) == 0);
            CHECK(fid_row_recognize(row, FID_ROW_HEAD_BYTES, &known, &whole));
            CHECK(same_head(&head, &known) && whole == size + FID_ROW_EXTRA);
            CHECK(fid_row_open(vault, row, size + FID_ROW_EXTRA, &found, NULL));
            CHECK(!fid_row_open(vault, row, size + FID_ROW_EXTRA - 1, &found, back));
            CHECK(!fid_row_open(vault, row, size + FID_ROW_EXTRA + 1, &found, back));
        }
        fid_vault_close(&vault);
    }
}

/* The row as it was before the last change is the same to the byte. */
static void rows_from_before_are_the_same(void)
{
    uint8_t content[MOST], row[ROW];
    struct fid_row_head before = usual, found;
    struct fid_vault *vault = vault_of(false, NULL);
    before.id |= FID_ROW_BEFORE_BIT;
    fill_randomly(content, MOST);
    seal(vault, &before, content, row);
    CHECK(fid_row_open(vault, row, ROW, &found, content) && found.id == usual.id);
    fid_vault_close(&vault);
}

/* Each bit of the head and many of the rest: 10,000 in all. */
static void flips_are_refused(void)
{
    uint8_t content[MOST], back[MOST], row[ROW];
    struct fid_row_head head;
    for (int sealed = 0; sealed < VAULT_KINDS; sealed++) {
        struct fid_vault *vault = vault_of(sealed, NULL);
        fill_randomly(content, MOST);
        seal(vault, &usual, content, row);
        for (uint32_t i = 0; i < 10000 && !check_failed(); i++) {
            const uint32_t bit =
                i < 8 * FID_ROW_HEAD_BYTES ? i : check_random_below(8 * (uint32_t)ROW);
            row[bit / 8] ^= (uint8_t)(1 << bit % 8);
            CHECK_THAT(!fid_row_open(vault, row, ROW, &head, back), "bit %u of a %s row", bit,
                       sealed ? "sealed" : "plain");
            row[bit / 8] ^= (uint8_t)(1 << bit % 8);
        }
        CHECK(fid_row_open(vault, row, ROW, &head, back) && memcmp(content, back, MOST) == 0);
        fid_vault_close(&vault);
    }
}

/* Nor does a row open in another gallery, or a plain one where rows are sealed, or the other way.
 */
static void rows_of_others_are_refused(void)
{
    uint8_t content[MOST], back[MOST], row[ROW];
    struct fid_row_head head;
    fill_randomly(content, MOST);
    for (int sealed = 0; sealed < VAULT_KINDS; sealed++) {
        struct fid_vault *vault = vault_of(sealed, NULL), *other = vault_of(sealed, NULL);
        seal(vault, &usual, content, row);
        CHECK(memcmp(fid_vault_gallery(vault), fid_vault_gallery(other), FID_GALLERY_ID_BYTES));
        CHECK(!fid_row_open(other, row, ROW, &head, back));
        fid_vault_close(&other);
        other = vault_of(sealed, fid_vault_gallery(vault)); /* the same, under another key */
        CHECK(fid_row_open(other, row, ROW, &head, back) == !sealed);
        fid_vault_close(&other);
        if (VAULT_KINDS == 2) {
            other = vault_of(!sealed, fid_vault_gallery(vault));
            CHECK(!fid_row_open(other, row, ROW, &head, back));
            fid_vault_close(&other);
        }
        fid_vault_close(&vault);
    }
}

#if FID_SODIUM

/* Nothing that is sealed stands in the row, and no row is like another. */
static void sealed_rows_say_nothing(void)
{
    uint8_t content[MOST], first[ROW], second[ROW];
    struct fid_vault *vault = vault_of(true, NULL);
    memset(content, 'a', sizeof content);
    seal(vault, &usual, content, first);
    seal(vault, &usual, content, second);
    for (size_t i = FID_ROW_HEAD_BYTES; i + 8 <= ROW; i++)
        CHECK(memcmp(first + i, content, 8) != 0 && memcmp(first + i, second + i, 8) != 0);
    CHECK(memcmp(first, second, 36) == 0 && memcmp(first + 36, second + 36, 24) != 0);
    fid_vault_close(&vault);
}

static void names_are_found_by_a_keyed_hash(void)
{
    struct fid_vault *vault = vault_of(true, NULL), *other = vault_of(true, NULL);
    uint8_t ana[FID_WHO_BYTES], again[FID_WHO_BYTES], bea[FID_WHO_BYTES], plain[3];
    size_t size = 0;
    fid_vault_who(vault, "ana", ana, &size);
    CHECK(size == FID_WHO_BYTES);
    fid_vault_who(vault, "ana", again, &size);
    CHECK(memcmp(ana, again, sizeof ana) == 0);
    fid_vault_who(vault, "bea", bea, &size);
    CHECK(memcmp(ana, bea, sizeof ana) != 0);
    fid_vault_who(other, "ana", again, &size);
    CHECK(memcmp(ana, again, sizeof ana) != 0);
    fid_vault_close(&vault);
    fid_vault_close(&other);
    vault = vault_of(false, NULL);
    fid_vault_who(vault, "ana", plain, &size);
    CHECK(size == 3 && memcmp(plain, "ana", 3) == 0);
    fid_vault_close(&vault);
}

/* ---- secrets ---- */

static enum fid_status unlock(const struct fid_vault *vault, struct fid_secret *secret,
                              struct fid_vault **opened)
{
    size_t size;
    const uint8_t *bytes = fid_vault_seal(vault, &size);
    struct fid_error error = {0};
    const enum fid_status status =
        fid_vault_unlock(fid_vault_gallery(vault), bytes, size, secret, "x", opened, &error);
    CHECK(status == FID_OK ? *opened != NULL : *opened == NULL && error.text[0] != '\0');
    return status;
}

static void only_the_secret_unlocks(void)
{
    struct fid_secret *right = secret_of(FID_SECRET_KEY_FILE, a_key);
    struct fid_secret *other =
        secret_of(FID_SECRET_KEY_FILE, "a key of more than thirty-two bytes, for test ");
    struct fid_secret *phrase = secret_of(FID_SECRET_PASSPHRASE, a_key);
    struct fid_vault *sealed = vault_of(true, NULL), *plain = vault_of(false, NULL), *opened;
    uint8_t content[MOST] = {0}, row[ROW];
    enum fid_secret_kind kind;
    struct fid_row_head head;
    size_t size;
    CHECK(unlock(sealed, NULL, &opened) == FID_SEALED);
    CHECK(unlock(sealed, other, &opened) == FID_SEALED);
    CHECK(unlock(sealed, phrase, &opened) == FID_SEALED);
    CHECK(unlock(plain, right, &opened) == FID_SEALED);
    CHECK(unlock(plain, NULL, &opened) == FID_OK && !fid_vault_is_sealed(opened));
    fid_vault_close(&opened);
    seal(sealed, &usual, content, row);
    for (int i = 0; i < 2; i++) { /* the second time the secret remembers */
        REQUIRE(unlock(sealed, right, &opened) == FID_OK);
        CHECK(fid_vault_is_sealed(opened) && fid_row_open(opened, row, ROW, &head, content));
        fid_vault_close(&opened);
    }
    const uint8_t *bytes = fid_vault_seal(sealed, &size);
    CHECK(fid_vault_secret_kind(bytes, size, "x", &kind, NULL) == FID_OK);
    CHECK(kind == FID_SECRET_KEY_FILE);
    CHECK(fid_vault_secret_kind(bytes, size - 1, "x", &kind, NULL) == FID_CORRUPT);
    CHECK(fid_vault_secret_kind(NULL, 0, "x", &kind, NULL) == FID_OK && kind == FID_SECRET_NONE);
    fid_vault_close(&sealed);
    fid_vault_close(&plain);
    fid_secret_close(&right);
    fid_secret_close(&other);
    fid_secret_close(&phrase);
}

/* Each bit of a seal counts, but those that would ask for more work than a test has time for. */
static void flips_of_a_seal_are_refused(void)
{
    struct fid_secret *right = secret_of(FID_SECRET_KEY_FILE, a_key);
    struct fid_vault *vault = vault_of(true, NULL), *opened;
    uint8_t changed[FID_SEAL_BYTES];
    size_t size;
    memcpy(changed, fid_vault_seal(vault, &size), FID_SEAL_BYTES);
    for (size_t bit = 0; bit < 8 * FID_SEAL_BYTES; bit++) {
        if (bit >= 8 * 32 && bit < 8 * FID_SEAL_SALT_AT && bit % 32 > 4)
            continue;
        changed[bit / 8] ^= (uint8_t)(1 << bit % 8);
        CHECK_THAT(fid_vault_unlock(fid_vault_gallery(vault), changed, FID_SEAL_BYTES, right, "x",
                                    &opened, NULL) != FID_OK,
                   "bit %zu", bit);
        fid_vault_close(&opened);
        changed[bit / 8] ^= (uint8_t)(1 << bit % 8);
    }
    CHECK(fid_vault_unlock(fid_vault_gallery(vault), changed, FID_SEAL_BYTES, right, "x", &opened,
                           NULL) == FID_OK);
    fid_vault_close(&opened);
    fid_vault_close(&vault);
    fid_secret_close(&right);
}

static void secrets_have_rules(void)
{
    struct fid_secret *secret;
    static char large[70000];
    CHECK(fid_secret_open(FID_SECRET_PASSPHRASE, "", 0, &secret, NULL) == FID_INVALID);
    CHECK(fid_secret_open(FID_SECRET_NONE, "abc", 3, &secret, NULL) == FID_INVALID);
    CHECK(fid_secret_open((enum fid_secret_kind)7, a_key, 32, &secret, NULL) == FID_INVALID);
    CHECK(fid_secret_open(FID_SECRET_KEY_FILE, a_key, 31, &secret, NULL) == FID_INVALID);
    CHECK(fid_secret_open(FID_SECRET_KEY_FILE, large, sizeof large, &secret, NULL) == FID_INVALID);
    CHECK(secret == NULL);
}

static void deriving_takes_its_time(void)
{
    struct fid_secret *secret = secret_of(FID_SECRET_PASSPHRASE, "correct horse battery staple");
    struct fid_vault *made = NULL, *opened;
    struct fid_seal_header header;
    uint64_t least = UINT64_MAX;
    size_t size;
    REQUIRE(fid_vault_make(NULL, secret, NULL, &made, NULL) == FID_OK);
    for (int i = 0; i < 3; i++) {
        fid_secret_close(&secret);
        secret = secret_of(FID_SECRET_PASSPHRASE, "correct horse battery staple");
        const uint64_t start = fid_clock_thread_ns();
        CHECK(unlock(made, secret, &opened) == FID_OK);
        const uint64_t spent = fid_clock_thread_ns() - start;
        least = spent < least ? spent : least;
        fid_vault_close(&opened);
    }
    CHECK(fid_seal_read(fid_vault_seal(made, &size), FID_SEAL_BYTES, "x", &header, NULL) == FID_OK);
    printf("Argon2id, %u passes over %u MiB: %.0f ms at least\n", (unsigned)header.passes,
           (unsigned)header.memory_kib / 1024, (double)least * 1e-6);
    CHECK(least >= 250 * UINT64_C(1000000));
    fid_vault_close(&made);
    fid_secret_close(&secret);
}

/* What a seal may ask for has bounds, which hold before anything is derived. */
static void hostile_seals_are_refused(void)
{
    static const struct {
        uint32_t passes, memory_kib;
        enum fid_status status;
    } cases[] = {{1, 8, FID_OK},
                 {0, 8, FID_CORRUPT},
                 {1, 0, FID_CORRUPT},
                 {1, 7, FID_CORRUPT},
                 {256, 64 * 1024, FID_OK},
                 {257, 64 * 1024, FID_CORRUPT},
                 {1, 256 * 1024 + 1, FID_CORRUPT},
                 {UINT32_MAX, 8, FID_CORRUPT},
                 {UINT32_MAX, UINT32_MAX, FID_CORRUPT}};
    uint8_t bytes[FID_SEAL_BYTES];
    struct fid_seal_header header;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        header =
            (struct fid_seal_header){FID_SECRET_PASSPHRASE, cases[i].passes, cases[i].memory_kib};
        fid_seal_write(bytes, &header);
        CHECK_THAT(fid_seal_read(bytes, sizeof bytes, "x", &header, NULL) == cases[i].status,
                   "case %zu", i);
    }
    header = (struct fid_seal_header){FID_SECRET_NONE, 1, 8};
    fid_seal_write(bytes, &header);
    CHECK(fid_seal_read(bytes, sizeof bytes, "x", &header, NULL) == FID_CORRUPT);
    header = (struct fid_seal_header){FID_SECRET_PASSPHRASE, 1, 8};
    fid_seal_write(bytes, &header);
    bytes[24] = 2; /* the version */
    CHECK(fid_seal_read(bytes, sizeof bytes, "x", &header, NULL) == FID_UNSUPPORTED);
}

CHECK_MAIN(CHECK_CASE(rows_come_back), CHECK_CASE(rows_from_before_are_the_same),
           CHECK_CASE(flips_are_refused), CHECK_CASE(rows_of_others_are_refused),
           CHECK_CASE(sealed_rows_say_nothing), CHECK_CASE(names_are_found_by_a_keyed_hash),
           CHECK_CASE(only_the_secret_unlocks), CHECK_CASE(flips_of_a_seal_are_refused),
           CHECK_CASE(secrets_have_rules), CHECK_CASE(deriving_takes_its_time),
           CHECK_CASE(hostile_seals_are_refused))

#else

static void sealing_is_refused(void)
{
    struct fid_secret *secret;
    struct fid_vault *vault;
    const struct fid_seal_header header = {FID_SECRET_PASSPHRASE, 1, 8};
    uint8_t gallery[FID_GALLERY_ID_BYTES] = {1}, bytes[FID_SEAL_BYTES];
    CHECK(fid_secret_open(FID_SECRET_KEY_FILE, a_key, sizeof a_key, &secret, NULL) ==
          FID_UNSUPPORTED);
    fid_seal_write(bytes, &header);
    CHECK(fid_vault_unlock(gallery, bytes, sizeof bytes, NULL, "x", &vault, NULL) ==
          FID_UNSUPPORTED);
}

CHECK_MAIN(CHECK_CASE(rows_come_back), CHECK_CASE(rows_from_before_are_the_same),
           CHECK_CASE(flips_are_refused), CHECK_CASE(rows_of_others_are_refused),
           CHECK_CASE(sealing_is_refused))

#endif
