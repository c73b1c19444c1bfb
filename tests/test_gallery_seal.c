/* Sealed galleries: the secret alone opens them, and whatever was changed, cut or swapped is
 * refused by the tag. make soak flips 10,000 bits. */
#include "engine/base/clock.h"
#include "tests/seal_fixture.h"

#if FID_SODIUM

/* ---- the secret ---- */

static void only_the_secret_opens(void)
{
    const char *plain = check_temp_path(), *path = check_temp_path();
    struct fid_secret *secret = secret_of(FID_SECRET_KEY_FILE, key);
    struct fid_secret *other =
        secret_of(FID_SECRET_KEY_FILE, "a key of more than thirty-two bytes, for test ");
    struct fid_secret *phrase = secret_of(FID_SECRET_PASSPHRASE, key);
    struct fid_gallery *gallery, *before;
    enum fid_secret_kind kind;
    make_pair(plain, path, secret);
    CHECK(try_open(path, NULL, FID_GALLERY_READ_ONLY, &gallery) == FID_SEALED);
    CHECK(try_open(path, other, FID_GALLERY_READ_ONLY, &gallery) == FID_SEALED);
    CHECK(try_open(path, phrase, FID_GALLERY_READ_ONLY, &gallery) == FID_SEALED);
    CHECK(try_open(plain, secret, FID_GALLERY_READ_ONLY, &gallery) == FID_SEALED);
    CHECK(fid_gallery_secret_kind(path, &kind, NULL) == FID_OK && kind == FID_SECRET_KEY_FILE);
    CHECK(fid_gallery_secret_kind(plain, &kind, NULL) == FID_OK && kind == FID_SECRET_NONE);
    REQUIRE(try_open(plain, NULL, FID_GALLERY_READ_ONLY, &before) == FID_OK);
    REQUIRE(try_open(path, secret, FID_GALLERY_READ_ONLY, &gallery) == FID_OK);
    CHECK(gallery->count == PEOPLE && same_people(before, gallery));
    fid_gallery_close(&gallery);
    fid_gallery_close(&before);
    fid_secret_close(&secret);
    fid_secret_close(&other);
    fid_secret_close(&phrase);
}

static void secrets_have_rules(void)
{
    struct fid_secret *secret;
    static char large[70000];
    CHECK(fid_secret_open(FID_SECRET_PASSPHRASE, "", 0, &secret, NULL) == FID_INVALID);
    CHECK(fid_secret_open(FID_SECRET_NONE, "abc", 3, &secret, NULL) == FID_INVALID);
    CHECK(fid_secret_open((enum fid_secret_kind)7, key, 32, &secret, NULL) == FID_INVALID);
    CHECK(fid_secret_open(FID_SECRET_KEY_FILE, key, 31, &secret, NULL) == FID_INVALID);
    CHECK(fid_secret_open(FID_SECRET_KEY_FILE, large, sizeof large, &secret, NULL) == FID_INVALID);
    CHECK(secret == NULL);
}

static void deriving_takes_its_time(void)
{
    struct fid_secret *secret = secret_of(FID_SECRET_PASSPHRASE, "correct horse battery staple");
    struct fid_secret *again = secret_of(FID_SECRET_PASSPHRASE, "correct horse battery staple");
    struct fid_seal made = {0}, opened = {0};
    struct fid_seal_header header;
    const struct fid_seal_cost usual = {0, 64 * 1024};
    REQUIRE(fid_seal_make(&made, secret, &usual, NULL) == FID_OK);
    uint64_t least = UINT64_MAX;
    for (int i = 0; i < 3; i++) {
        fid_secret_close(&again);
        again = secret_of(FID_SECRET_PASSPHRASE, "correct horse battery staple");
        const uint64_t start = fid_clock_thread_ns();
        CHECK(fid_seal_unlock(&opened, made.header, again, "x", NULL) == FID_OK);
        const uint64_t spent = fid_clock_thread_ns() - start;
        least = spent < least ? spent : least;
        CHECK(memcmp(opened.key, made.key, FID_SEAL_KEY_BYTES) == 0);
        fid_seal_clear(&opened);
    }
    CHECK(fid_seal_header_read(made.header, "x", &header, NULL) == FID_OK);
    printf("Argon2id, %u passes over %u MiB: %.0f ms at least\n", (unsigned)header.passes,
           (unsigned)header.memory_kib / 1024, (double)least * 1e-6);
    CHECK(least >= 250 * UINT64_C(1000000));
    fid_seal_clear(&made);
    fid_secret_close(&secret);
    fid_secret_close(&again);
}

/* What a header may ask for has bounds, which hold before anything is derived. */
static void hostile_headers_are_refused(void)
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
    uint8_t bytes[FID_SEAL_HEADER_BYTES];
    struct fid_seal_header header;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        fid_seal_header_write(bytes, FID_SECRET_PASSPHRASE, cases[i].passes, cases[i].memory_kib);
        CHECK(fid_seal_is_header(bytes, sizeof bytes));
        CHECK_THAT(fid_seal_header_read(bytes, "x", &header, NULL) == cases[i].status, "case %zu",
                   i);
    }
    fid_seal_header_write(bytes, FID_SECRET_NONE, 1, 8);
    CHECK(fid_seal_header_read(bytes, "x", &header, NULL) == FID_CORRUPT);
    fid_seal_header_write(bytes, FID_SECRET_PASSPHRASE, 1, 8);
    bytes[24] = 2; /* the version */
    CHECK(fid_seal_header_read(bytes, "x", &header, NULL) == FID_UNSUPPORTED);
}

/* ---- damage ---- */

static void cuts_are_refused(void)
{
    const char *plain = check_temp_path(), *path = check_temp_path(), *hurt = check_temp_path();
    struct fid_secret *secret = secret_of(FID_SECRET_KEY_FILE, key);
    struct fid_gallery *gallery;
    size_t cuts = 0;
    make_pair(plain, path, secret);
    struct file file = read_whole(path);
    REQUIRE(file.size > 10 * PAGE && file.size % PAGE == 0);
    for (size_t at = 0; at <= file.size; at += PAGE)
        for (int more = -1; more <= 1; more++) {
            const size_t size = more < 0 && at == 0 ? 20 : at + (size_t)more;
            if (size >= file.size)
                continue;
            write_whole(hurt, file.bytes, size);
            CHECK_THAT(try_open(hurt, secret, FID_GALLERY_READ_ONLY, &gallery) != FID_OK,
                       "cut to %zu bytes", size);
            CHECK_THAT(is_found(hurt, secret), "cut to %zu bytes", size);
            fid_gallery_close(&gallery);
            cuts++;
        }
    printf("%zu cuts, each refused\n", cuts);
    free(file.bytes);
    fid_secret_close(&secret);
}

struct counts {
    int refused, found, same, older;
};

/* One try: a file, and perhaps its WAL, with one bit flipped in one of them. */
static void try_flip(const char *hurt, struct fid_secret *secret, const struct fid_gallery *now,
                     const struct fid_gallery *older, struct counts *counts)
{
    struct fid_gallery *gallery;
    if (try_open(hurt, secret, FID_GALLERY_READ_ONLY, &gallery) != FID_OK) {
        counts->refused++;
        return;
    }
    const bool same = same_people(gallery, now);
    fid_gallery_close(&gallery);
    if (!same) { /* of a WAL that ends where it was changed, what is before that counts */
        REQUIRE(older != NULL && try_open(hurt, secret, FID_GALLERY_READ_ONLY, &gallery) == FID_OK);
        CHECK_THAT(same_people(gallery, older), "people who never were");
        fid_gallery_close(&gallery);
        counts->older++;
    } else if (is_found(hurt, secret)) {
        counts->found++;
    } else {
        counts->same++;
    }
}

static int rounds(int usual)
{
    return check_soak() ? 10000 : usual;
}

static void flips_are_refused(void)
{
    const char *plain = check_temp_path(), *path = check_temp_path(), *hurt = check_temp_path();
    struct fid_secret *secret = secret_of(FID_SECRET_KEY_FILE, key);
    struct fid_gallery *now;
    struct counts counts = {0};
    make_pair(plain, path, secret);
    REQUIRE(try_open(path, secret, FID_GALLERY_READ_ONLY, &now) == FID_OK);
    struct file file = read_whole(path);
    const int count = rounds(2000);
    for (int i = 0; i < count && !check_failed(); i++) {
        const uint32_t bit = check_random_below((uint32_t)(8 * file.size));
        file.bytes[bit / 8] ^= (unsigned char)(1 << bit % 8);
        write_whole(hurt, file.bytes, file.size);
        file.bytes[bit / 8] ^= (unsigned char)(1 << bit % 8);
        try_flip(hurt, secret, now, NULL, &counts);
    }
    printf("%d flips: %d refused at opening, %d found by a check, %d on pages nobody reads\n",
           count, counts.refused, counts.found, counts.same);
    CHECK(counts.refused + counts.found > 9 * count / 10);
    fid_gallery_close(&now);
    free(file.bytes);
    fid_secret_close(&secret);
}

/* Files as a power cut leaves them: the newest changes in the WAL alone. */
static void flips_of_a_wal_are_refused(void)
{
    const char *plain = check_temp_path(), *path = check_temp_path(), *hurt = check_temp_path();
    struct fid_secret *secret = secret_of(FID_SECRET_KEY_FILE, key);
    struct fid_gallery *now, *older;
    struct counts counts = {0};
    make_pair(plain, path, secret);
    REQUIRE(try_open(path, secret, FID_GALLERY_READ_ONLY, &older) == FID_OK);
    REQUIRE(try_open(path, secret, 0, &now) == FID_OK);
    enroll(now, "the last one");
    struct file file = read_whole(path), wal = read_whole(beside(path, "-wal"));
    REQUIRE(wal.size > 5 * PAGE);
    const int count = rounds(1000);
    for (int i = 0; i < count && !check_failed(); i++) {
        const uint32_t bit = check_random_below((uint32_t)(8 * wal.size));
        const size_t size = i % 10 == 9 ? bit / 8 : wal.size; /* a cut now and then */
        wal.bytes[bit / 8] ^= (unsigned char)(1 << bit % 8);
        write_whole(hurt, file.bytes, file.size);
        write_whole(beside(hurt, "-wal"), wal.bytes, size);
        wal.bytes[bit / 8] ^= (unsigned char)(1 << bit % 8);
        unlink(beside(hurt, "-shm"));
        try_flip(hurt, secret, now, older, &counts);
    }
    printf("%d flips and cuts of a WAL: %d refused, %d found, %d as before its last change, %d "
           "without effect\n",
           count, counts.refused, counts.found, counts.older, counts.same);
    CHECK(counts.older > 0);
    write_whole(hurt, file.bytes, file.size); /* and whole, it is the newest state */
    write_whole(beside(hurt, "-wal"), wal.bytes, wal.size);
    unlink(beside(hurt, "-shm"));
    counts = (struct counts){0};
    try_flip(hurt, secret, now, NULL, &counts);
    CHECK(counts.same == 1);
    fid_gallery_close(&now);
    fid_gallery_close(&older);
    free(file.bytes);
    free(wal.bytes);
    fid_secret_close(&secret);
}

/* A page is bound to its place and to its gallery. */
static void swapped_pages_are_found(void)
{
    const char *plain = check_temp_path(), *path = check_temp_path(), *hurt = check_temp_path();
    const char *plain2 = check_temp_path(), *path2 = check_temp_path();
    struct fid_secret *secret = secret_of(FID_SECRET_KEY_FILE, key);
    size_t swaps = 0;
    make_pair(plain, path, secret);
    make_pair(plain2, path2, secret);
    struct file file = read_whole(path), other = read_whole(path2);
    REQUIRE(file.size == other.size);
    unsigned char *swapped = malloc(file.size);
    for (size_t a = PAGE; a < file.size; a += PAGE) {
        const size_t b = a + PAGE < file.size ? a + PAGE : PAGE;
        memcpy(swapped, file.bytes, file.size);
        memcpy(swapped + a, file.bytes + b, PAGE);
        memcpy(swapped + b, file.bytes + a, PAGE);
        write_whole(hurt, swapped, file.size);
        swaps += is_found(hurt, secret);
        memcpy(swapped, file.bytes, file.size);
        memcpy(swapped + a, other.bytes + a, PAGE);
        write_whole(hurt, swapped, file.size);
        swaps += is_found(hurt, secret);
    }
    CHECK_THAT(swaps == 2 * (file.size / PAGE - 1), "%zu of %zu", swaps,
               2 * (file.size / PAGE - 1));
    free(swapped);
    free(file.bytes);
    free(other.bytes);
    fid_secret_close(&secret);
}

CHECK_MAIN(CHECK_CASE(only_the_secret_opens), CHECK_CASE(secrets_have_rules),
           CHECK_CASE(deriving_takes_its_time), CHECK_CASE(hostile_headers_are_refused),
           CHECK_CASE(cuts_are_refused), CHECK_CASE(flips_are_refused),
           CHECK_CASE(flips_of_a_wal_are_refused), CHECK_CASE(swapped_pages_are_found))

#else

static void sealed_galleries(void)
{
    check_skip("built without libsodium");
}

CHECK_MAIN(CHECK_CASE(sealed_galleries))

#endif
