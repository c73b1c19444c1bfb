/* Sealed galleries: refused by the tag whatever was changed, cut or swapped, and nothing of anybody
 * on the disk in plain. FACEID_SOAK_FLIPS: how many flips (make soak: 10,000). */
#include "engine/base/clock.h"
#include "engine/face/gallery.h"
#include "engine/face/seal.h"
#include "tests/check/check.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#if FID_SODIUM

enum { SIZE = 64, PEOPLE = 5, FACES = 5, PAGE = 4096, WINDOW = 64 };

static const struct fid_store_model model = {"0123456789abcdef0123456789abcdef", "model", SIZE};
static const struct fid_seal_cost cheap = {1, 8};
static const char key[] = "a key of more than thirty-two bytes, for tests";

/* ---- galleries ---- */

static struct fid_secret *secret_of(enum fid_secret_kind kind, const char *text)
{
    struct fid_secret *secret;
    struct fid_error error = {0};
    CHECK_THAT(fid_secret_open(kind, text, strlen(text), &secret, &error) == FID_OK, "%s",
               error.text);
    return secret;
}

static const char *fresh_path(void)
{
    static char paths[8][256];
    static unsigned number;
    char *path = paths[number++ % 8];
    snprintf(path, sizeof paths[0], "%s/%u.db", check_temp_folder(), number);
    return path;
}

static enum fid_status try_open(const char *path, struct fid_secret *secret, unsigned flags,
                                struct fid_gallery **gallery)
{
    struct fid_error error = {0};
    enum fid_status status = fid_gallery_open_for(path, &model, secret, flags, gallery, &error);
    CHECK(status == FID_OK || (*gallery == NULL && error.text[0] != '\0'));
    return status;
}

static void enroll(struct fid_gallery *gallery, const char *name)
{
    float vectors[FACES][SIZE];
    struct fid_sample samples[FACES];
    const struct fid_terms terms = {"agreed in words that nobody else has", "2999-01-01"};
    struct fid_error error = {0};
    for (size_t i = 0; i < FACES; i++) {
        for (size_t p = 0; p < SIZE; p++)
            vectors[i][p] = check_random_float(0.5f, 3);
        samples[i] = (struct fid_sample){.embedding = vectors[i],
                                         .source = "a picture of a telling name.jpg"};
    }
    CHECK_THAT(fid_gallery_enroll_with(gallery, name, samples, FACES, false, &terms, NULL,
                                       &error) == FID_OK,
               "%s", error.text);
}

static void fill(struct fid_gallery *gallery)
{
    char name[] = "Person Number 0";
    for (int i = 0; i < PEOPLE; i++) {
        name[14] = (char)('0' + i);
        enroll(gallery, name);
    }
}

static void make_empty(const char *path)
{
    int file = open(path, O_CREAT | O_TRUNC | O_WRONLY, 0600);
    CHECK(file >= 0);
    close(file);
}

/* The same gallery plain and sealed. */
static void make_pair(const char *plain, const char *sealed, struct fid_secret *secret)
{
    struct fid_gallery *gallery;
    struct fid_error error = {0};
    REQUIRE(try_open(plain, NULL, FID_GALLERY_CREATE, &gallery) == FID_OK);
    fill(gallery);
    make_empty(sealed);
    CHECK_THAT(fid_store_rewrite(gallery->store, sealed, secret, &cheap, &error) == FID_OK, "%s",
               error.text);
    fid_gallery_close(&gallery);
}

static bool same_people(const struct fid_gallery *a, const struct fid_gallery *b)
{
    bool same = a->count == b->count;
    for (size_t i = 0; same && i < a->count; i++) {
        const struct fid_gallery_person *x = &a->people[i], *y = &b->people[i];
        same = strcmp(x->info.name, y->info.name) == 0 &&
               strcmp(x->info.expires, y->info.expires) == 0 &&
               x->info.sample_count == y->info.sample_count && x->vector_count == y->vector_count &&
               memcmp(x->vectors, y->vectors, x->vector_count * SIZE * sizeof(float)) == 0;
    }
    return same;
}

/* ---- files ---- */

struct file {
    unsigned char *bytes;
    size_t size;
};

static struct file read_whole(const char *path)
{
    struct stat info;
    struct file file = {NULL, 0};
    FILE *stream = fopen(path, "rb");
    if (stream == NULL || fstat(fileno(stream), &info) != 0)
        return file;
    file.bytes = malloc((size_t)info.st_size + 1);
    file.size = fread(file.bytes, 1, (size_t)info.st_size, stream);
    fclose(stream);
    return file;
}

static void write_whole(const char *path, const unsigned char *bytes, size_t size)
{
    FILE *stream = fopen(path, "wb");
    REQUIRE(stream != NULL);
    CHECK(fwrite(bytes, 1, size, stream) == size);
    fclose(stream);
    chmod(path, 0600);
}

static const char *beside(const char *path, const char *end)
{
    static char name[300];
    snprintf(name, sizeof name, "%s%s", path, end);
    return name;
}

static void ignore(void *ctx, const char *sentence)
{
    (void)ctx, (void)sentence;
}

static bool is_found(const char *path, struct fid_secret *secret)
{
    size_t faults = 0;
    return fid_gallery_check_sealed(path, secret, ignore, NULL, &faults, NULL) != FID_OK ||
           faults > 0;
}

/* ---- the secret ---- */

static void only_the_secret_opens(void)
{
    const char *plain = fresh_path(), *path = fresh_path();
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
        const uint64_t start = fid_clock_ns();
        CHECK(fid_seal_unlock(&opened, made.header, again, "x", NULL) == FID_OK);
        const uint64_t spent = fid_clock_ns() - start;
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
                 {257, 64 * 1024, FID_UNSUPPORTED},
                 {1, 256 * 1024 + 1, FID_UNSUPPORTED},
                 {UINT32_MAX, 8, FID_UNSUPPORTED},
                 {UINT32_MAX, UINT32_MAX, FID_UNSUPPORTED}};
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
    const char *plain = fresh_path(), *path = fresh_path(), *hurt = fresh_path();
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
    const char *asked = getenv("FACEID_SOAK_FLIPS");
    return asked != NULL ? atoi(asked) : usual;
}

static void flips_are_refused(void)
{
    const char *plain = fresh_path(), *path = fresh_path(), *hurt = fresh_path();
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
    const char *plain = fresh_path(), *path = fresh_path(), *hurt = fresh_path();
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
    const char *plain = fresh_path(), *path = fresh_path(), *hurt = fresh_path();
    const char *plain2 = fresh_path(), *path2 = fresh_path();
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

/* ---- nothing in plain ---- */

struct search {
    struct file files[5];
    size_t hits, sought;
};

static void look_for(struct search *search, const void *bytes, size_t size)
{
    search->sought++;
    for (size_t i = 0; i < 5; i++)
        if (search->files[i].bytes != NULL)
            search->hits +=
                memmem(search->files[i].bytes, search->files[i].size, bytes, size) != NULL;
}

static enum fid_status take_bytes(void *ctx, const void *bytes, size_t size,
                                  struct fid_error *error)
{
    const char *start = bytes;
    (void)error;
    for (size_t at = 0; at + WINDOW <= size; at += WINDOW)
        look_for(ctx, start + at, WINDOW);
    return FID_OK;
}

/* Windows of all that is anybody's, in the file, its journals and a copy, as they are now. */
static struct search search_disk(struct fid_gallery *gallery, const char *path, const char *copy)
{
    struct search search = {.hits = 0};
    search.files[0] = read_whole(path);
    search.files[1] = read_whole(beside(path, "-wal"));
    search.files[2] = read_whole(beside(path, "-shm"));
    search.files[3] = read_whole(beside(path, "-journal"));
    search.files[4] = read_whole(copy);
    for (size_t i = 0; i < gallery->count; i++) {
        const struct fid_gallery_person *person = &gallery->people[i];
        CHECK(fid_store_each_bytes(gallery->store, person->info.id, take_bytes, &search, NULL) ==
              FID_OK);
        look_for(&search, person->info.name, strlen(person->info.name));
        look_for(&search, person->key, strlen(person->key));
    }
    look_for(&search, "telling name", 12);
    look_for(&search, "in words that", 13);
    for (size_t i = 0; i < 5; i++)
        free(search.files[i].bytes);
    return search;
}

static void search_both(const char *plain, const char *path, struct fid_secret *secret,
                        void (*change)(struct fid_gallery *gallery), const char *what)
{
    struct fid_gallery *open, *sealed;
    char copy[300], sealed_copy[300];
    snprintf(copy, sizeof copy, "%s.copy", plain);
    snprintf(sealed_copy, sizeof sealed_copy, "%s.copy", path);
    REQUIRE(try_open(plain, NULL, 0, &open) == FID_OK);
    REQUIRE(try_open(path, secret, 0, &sealed) == FID_OK);
    change(open);
    change(sealed);
    const struct search in_plain = search_disk(open, plain, copy);
    const struct search in_sealed = search_disk(sealed, path, sealed_copy);
    printf("%s: %zu windows sought, %zu found in the plain files, %zu in the sealed ones\n", what,
           in_sealed.sought, in_plain.hits, in_sealed.hits);
    CHECK(in_plain.hits > in_plain.sought && in_sealed.hits == 0 && in_sealed.sought > 100);
    fid_store_rollback(open->store);
    fid_store_rollback(sealed->store);
    fid_gallery_close(&open);
    fid_gallery_close(&sealed);
}

static void change_in_wal(struct fid_gallery *gallery)
{
    char copy[300];
    enroll(gallery, "Somebody Else");
    CHECK(fid_gallery_rename(gallery, "Person Number 1", "Renamed Person", NULL) == FID_OK);
    CHECK(fid_gallery_merge(gallery, "Person Number 2", "Person Number 3", NULL) == FID_OK);
    snprintf(copy, sizeof copy, "%s.copy", gallery->path);
    CHECK(fid_gallery_backup(gallery, copy, false, NULL) == FID_OK);
}

/* As when a gallery is put on a file system of its own: the journal has pages as they were. */
static void change_in_journal(struct fid_gallery *gallery)
{
    struct stat info;
    CHECK(fid_store_hold(gallery->store, NULL) == FID_OK);
    CHECK(fid_store_begin(gallery->store, true, NULL) == FID_OK);
    for (size_t i = 0; i < gallery->count; i++)
        CHECK(fid_store_set_expires(gallery->store, gallery->people[i].info.id, "2998-01-01",
                                    NULL) == FID_OK);
    CHECK(fid_store_begin_change(gallery->store, "forget", NULL) == FID_OK);
    CHECK(fid_store_delete_person(gallery->store, gallery->people[0].info.id, NULL) == FID_OK);
    CHECK(stat(beside(gallery->path, "-journal"), &info) == 0 && info.st_size > PAGE);
}

static void nothing_is_on_the_disk_in_plain(void)
{
    const char *plain = fresh_path(), *path = fresh_path();
    struct fid_secret *secret = secret_of(FID_SECRET_KEY_FILE, key);
    make_pair(plain, path, secret);
    search_both(plain, path, secret, change_in_wal, "a WAL and a copy");
    search_both(plain, path, secret, change_in_journal, "a journal");
    fid_secret_close(&secret);
}

/* ---- the same gallery, as any other ---- */

static void is_made_sealed(void)
{
    char path[300];
    struct fid_secret *secret = secret_of(FID_SECRET_PASSPHRASE, "a passphrase");
    struct fid_gallery *gallery;
    enum fid_secret_kind kind;
    snprintf(path, sizeof path, "%s/new folder/%%41?x#.db", check_temp_folder());
    REQUIRE(try_open(path, secret, FID_GALLERY_READ_ONLY, &gallery) == FID_OK);
    CHECK(gallery->count == 0 && access(path, F_OK) != 0);
    fid_gallery_close(&gallery);
    REQUIRE(try_open(path, secret, FID_GALLERY_CREATE, &gallery) == FID_OK);
    fill(gallery);
    fid_gallery_close(&gallery);
    CHECK(fid_gallery_secret_kind(path, &kind, NULL) == FID_OK && kind == FID_SECRET_PASSPHRASE);
    CHECK(!is_found(path, secret));
    REQUIRE(try_open(path, secret, FID_GALLERY_READ_ONLY, &gallery) == FID_OK);
    CHECK(gallery->count == PEOPLE);
    fid_gallery_close(&gallery);
    fid_secret_close(&secret);
}

static void changes_are_seen_and_forgetting_reaches_copies(void)
{
    const char *plain = fresh_path(), *path = fresh_path();
    struct fid_secret *secret = secret_of(FID_SECRET_KEY_FILE, key);
    struct fid_gallery *one, *two;
    struct fid_forgotten forgotten;
    struct fid_error error = {0};
    bool changed = false;
    make_pair(plain, path, secret);
    char copy[300], second[300];
    snprintf(copy, sizeof copy, "%s.copy", path);
    snprintf(second, sizeof second, "%s.plain copy?%%41", path);
    REQUIRE(try_open(path, secret, 0, &one) == FID_OK);
    REQUIRE(try_open(path, secret, FID_GALLERY_READ_ONLY, &two) == FID_OK);
    CHECK(fid_gallery_backup(one, copy, false, NULL) == FID_OK);
    CHECK(fid_gallery_backup(one, second, false, NULL) == FID_OK);
    struct file file = read_whole(plain); /* a copy from before it was sealed */
    write_whole(second, file.bytes, file.size);
    free(file.bytes);
    CHECK_THAT(fid_gallery_forget_proven(one, "person number 4", &forgotten, &error) == FID_OK,
               "%s", error.text);
    CHECK(forgotten.backups == 2 && forgotten.files == 6 &&
          forgotten.bytes_sought > FACES * SIZE * sizeof(float));
    CHECK(fid_gallery_refresh(two, &changed, NULL) == FID_OK && changed &&
          two->count == PEOPLE - 1);
    fid_gallery_close(&one);
    fid_gallery_close(&two);
    REQUIRE(try_open(copy, secret, FID_GALLERY_READ_ONLY, &two) == FID_OK);
    CHECK(two->count == PEOPLE - 1);
    fid_gallery_close(&two);
    REQUIRE(try_open(second, NULL, FID_GALLERY_READ_ONLY, &two) == FID_OK);
    CHECK(two->count == PEOPLE - 1);
    fid_gallery_close(&two);
    fid_secret_close(&secret);
}

static void count_tale(void *ctx, const char *sentence)
{
    (void)sentence;
    ++*(size_t *)ctx;
}

static void sealing_waits_for_nobody_and_opens_again(void)
{
    const char *plain = fresh_path(), *path = fresh_path();
    struct fid_secret *secret = secret_of(FID_SECRET_KEY_FILE, key);
    struct fid_secret *next = secret_of(FID_SECRET_PASSPHRASE, "another");
    struct fid_gallery *before, *after;
    struct fid_error error = {0};
    size_t told = 0;
    make_pair(plain, path, secret);
    REQUIRE(try_open(plain, NULL, FID_GALLERY_READ_ONLY, &before) == FID_OK);
    CHECK(fid_gallery_protect(path, NULL, next, count_tale, &told, &error) == FID_SEALED);
    CHECK(fid_gallery_protect(plain, NULL, NULL, count_tale, &told, &error) == FID_INVALID);
    CHECK(fid_gallery_protect(path, secret, next, count_tale, &told, &error) == FID_OK);
    CHECK(try_open(path, secret, 0, &after) == FID_SEALED);
    REQUIRE(try_open(path, next, 0, &after) == FID_OK);
    CHECK(same_people(before, after));
    CHECK(fid_gallery_backup(after, beside(path, ".copy"), false, NULL) == FID_OK);
    CHECK(fid_gallery_protect(path, next, NULL, count_tale, &told, &error) == FID_BUSY);
    fid_gallery_close(&after);
    REQUIRE(try_open(path, next, FID_GALLERY_READ_ONLY, &after) == FID_OK);
    CHECK(fid_gallery_protect(path, next, NULL, count_tale, &told, &error) == FID_BUSY);
    fid_gallery_close(&after);
    told = 0;
    CHECK_THAT(fid_gallery_protect(path, next, NULL, count_tale, &told, &error) == FID_OK, "%s",
               error.text);
    CHECK(told == 1);
    REQUIRE(try_open(path, NULL, 0, &after) == FID_OK);
    CHECK(same_people(before, after) && !is_found(path, NULL));
    fid_gallery_close(&after);
    fid_gallery_close(&before);
    fid_secret_close(&secret);
    fid_secret_close(&next);
}

/* A reader of a file that has no WAL keeps nobody from replacing it, and goes on with the new one.
 */
static void readers_follow_a_new_file(void)
{
    const char *plain = fresh_path(), *path = fresh_path(), *plain2 = fresh_path(),
               *path2 = fresh_path();
    struct fid_secret *secret = secret_of(FID_SECRET_KEY_FILE, key);
    struct fid_gallery *reader, *other;
    bool changed = false;
    make_pair(plain, path, secret);
    make_pair(plain2, path2, secret);
    REQUIRE(try_open(plain2, NULL, FID_GALLERY_READ_ONLY, &other) == FID_OK);
    REQUIRE(try_open(path, secret, FID_GALLERY_READ_ONLY, &reader) == FID_OK);
    CHECK(!same_people(reader, other) && rename(path2, path) == 0);
    CHECK(fid_gallery_refresh(reader, &changed, NULL) == FID_OK && changed);
    CHECK(same_people(reader, other));
    CHECK(rename(plain2, path) == 0); /* a plain one in its place */
    CHECK(fid_gallery_refresh(reader, &changed, NULL) == FID_SEALED && reader->count == PEOPLE);
    fid_gallery_close(&reader);
    fid_gallery_close(&other);
    fid_secret_close(&secret);
}

CHECK_MAIN(CHECK_CASE(only_the_secret_opens), CHECK_CASE(secrets_have_rules),
           CHECK_CASE(deriving_takes_its_time), CHECK_CASE(hostile_headers_are_refused),
           CHECK_CASE(cuts_are_refused), CHECK_CASE(flips_are_refused),
           CHECK_CASE(flips_of_a_wal_are_refused), CHECK_CASE(swapped_pages_are_found),
           CHECK_CASE(nothing_is_on_the_disk_in_plain), CHECK_CASE(is_made_sealed),
           CHECK_CASE(changes_are_seen_and_forgetting_reaches_copies),
           CHECK_CASE(sealing_waits_for_nobody_and_opens_again),
           CHECK_CASE(readers_follow_a_new_file))

#else

static void sealed_galleries(void)
{
    check_skip("built without libsodium");
}

CHECK_MAIN(CHECK_CASE(sealed_galleries))

#endif
