/* test_weight_sha256.c - SHA-256: published vectors, pieces of any length, and what the CPU's own
 * instructions give against the portable code. */
#include "kernels/kernels.h"
#include "tests/check/check.h"
#include "weights/sha256.h"

#include <stdio.h>
#include <string.h>

enum { BYTES_MAX = 5000 };

static void digest_text(fid_sha256_fn take_blocks, const void *data, size_t bytes, size_t split,
                        char text[65])
{
    struct fid_sha256 sum;
    uint8_t digest[32];
    fid_sha256_begin(&sum, take_blocks);
    fid_sha256_add(&sum, data, split);
    fid_sha256_add(&sum, (const uint8_t *)data + split, bytes - split);
    fid_sha256_end(&sum, digest);
    for (size_t i = 0; i < sizeof digest; i++)
        snprintf(text + 2 * i, 3, "%02x", digest[i]);
}

static void published_vectors(void)
{
    static const char *const vectors[][2] = {
        {"", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
        {"abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
        {"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
         "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"},
    };
    static uint8_t letters[1000000]; /* a million times the letter a */
    char text[65];
    int usable;
    memset(letters, 'a', sizeof letters);
    for (size_t k = 0; fid_sha256_at(k, &usable) != NULL; k++) {
        const fid_sha256_fn take = fid_sha256_at(k, &usable);
        for (size_t i = 0; i < sizeof vectors / sizeof vectors[0] && usable; i++) {
            digest_text(take, vectors[i][0], strlen(vectors[i][0]), 0, text);
            CHECK_THAT(strcmp(text, vectors[i][1]) == 0, "%zu of %zu: %s", i, k, text);
        }
        if (usable) {
            digest_text(take, letters, sizeof letters, 12345, text);
            CHECK_THAT(strcmp(text, "cdc76e5c9914fb9281a1c7e284d73e67"
                                    "f1809a48a497200e046d39ccc7112cd0") == 0,
                       "%zu: %s", k, text);
        }
    }
}

/* Beside guard pages: nothing is read behind the end. */
static void the_same_as_the_reference_in_any_pieces(void)
{
    uint8_t *const end = (uint8_t *)check_guarded_bytes(BYTES_MAX) + BYTES_MAX;
    int usable, always;
    for (size_t i = 1; i <= BYTES_MAX; i++)
        end[-(ptrdiff_t)i] = (uint8_t)check_random();
    for (size_t k = 0; fid_sha256_at(k, &usable) != NULL; k++)
        for (size_t round = 0; usable && round < 400 && !check_failed(); round++) {
            char want[65], got[65];
            const size_t bytes = round < 200 ? round : check_random_below(BYTES_MAX + 1);
            const size_t split = check_random_below((uint32_t)bytes + 1);
            digest_text(fid_sha256_at(0, &always), end - bytes, bytes, 0, want);
            digest_text(fid_sha256_at(k, &usable), end - bytes, bytes, split, got);
            CHECK_THAT(strcmp(want, got) == 0, "%zu: %zu bytes, %zu first", k, bytes, split);
        }
}

static void the_reference_table_stays_with_the_reference(void)
{
    int usable;
    CHECK(fid_sha256_beside(fid_kernels_named("ref")) == fid_sha256_at(0, &usable));
    CHECK(fid_sha256_beside(fid_kernels_best()) != NULL);
}

CHECK_MAIN(CHECK_CASE(published_vectors), CHECK_CASE(the_same_as_the_reference_in_any_pieces),
           CHECK_CASE(the_reference_table_stays_with_the_reference))
