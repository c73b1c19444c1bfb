/* What lives in a sealed gallery: nothing of anybody stands on the disk in plain, and it is
 * changed, copied, sealed anew and read by several as any other. */
#include "tests/seal_fixture.h"

#if FID_SODIUM

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

static void look_for_windows(struct search *search, const void *bytes, size_t size)
{
    const char *start = bytes;
    for (size_t at = 0; at + WINDOW <= size; at += WINDOW)
        look_for(search, start + at, WINDOW);
}

static void look_for_faces(struct search *search, struct fid_gallery *gallery, int64_t person)
{
    struct fid_kept kept = {.with_numbers = true};
    CHECK(fid_ledger_begin(gallery->ledger, false, NULL) == FID_OK);
    CHECK(fid_kept_read(gallery->ledger, FID_PERSON_ROW(person), &kept, NULL) == FID_OK);
    fid_ledger_rollback(gallery->ledger);
    for (size_t i = 0; i < kept.count; i++)
        look_for_windows(search, kept.samples[i].numbers, SIZE * sizeof(float));
    fid_kept_free(&kept);
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
        look_for_faces(&search, gallery, person->info.id);
        look_for_windows(&search, person->vectors, SIZE * sizeof(float));
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

static void nothing_is_on_the_disk_in_plain(void)
{
    const char *plain = check_temp_path(), *path = check_temp_path();
    struct fid_secret *secret = secret_of(FID_SECRET_KEY_FILE, key);
    make_pair(plain, path, secret);
    search_both(plain, path, secret, change_in_wal, "a WAL and a copy");
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
    const char *plain = check_temp_path(), *path = check_temp_path();
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
    CHECK_THAT(fid_gallery_forget(one, "person number 4", &forgotten, &error) == FID_OK, "%s",
               error.text);
    CHECK(forgotten.proven && forgotten.backups == 2 && forgotten.files == 6 &&
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
    const char *plain = check_temp_path(), *path = check_temp_path();
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

/* What a lost block or end leaves of a sealed gallery is saved to another sealed one. */
static void saves_what_is_undamaged(void)
{
    const char *plain = check_temp_path(), *path = check_temp_path();
    enum { BLOCK = 4096 };
    struct fid_secret *secret = secret_of(FID_SECRET_KEY_FILE, key);
    struct fid_gallery *saved;
    size_t lost_most = 0, none = 0;
    make_pair(plain, path, secret);
    struct file file = read_whole(path);
    REQUIRE(file.bytes != NULL && file.size > 20 * BLOCK);
    unsigned char *hurt = malloc(file.size);
    for (size_t block = 0; block < file.size / BLOCK; block++) {
        struct fid_error error = {0};
        size_t told = 0, people = 0, faces = 0;
        const char *target = beside(path, ".saved");
        unlink(target);
        memcpy(hurt, file.bytes, file.size);
        memset(hurt + block * BLOCK, 0xA5, BLOCK);
        write_whole(path, hurt, file.size);
        enum fid_status status =
            fid_gallery_salvage(path, secret, NULL, target, count_tale, &told, &people, &error);
        if (status != FID_OK) {
            none++;
            continue;
        }
        REQUIRE(try_open(target, NULL, FID_GALLERY_READ_ONLY, &saved) == FID_SEALED);
        REQUIRE(try_open(target, secret, FID_GALLERY_READ_ONLY, &saved) == FID_OK);
        for (size_t i = 0; i < saved->count; i++)
            faces += saved->people[i].info.sample_count;
        CHECK(saved->count == people && (faces == PEOPLE * FACES || told > 0));
        lost_most = PEOPLE * FACES - faces > lost_most ? PEOPLE * FACES - faces : lost_most;
        fid_gallery_close(&saved);
    }
    printf("at most %zu of %d faces are lost with a block\n", lost_most, PEOPLE * FACES);
    CHECK_THAT(none == 0 && lost_most <= 1 + BLOCK / (SIZE * sizeof(float)),
               "%zu lost, %zu times all", lost_most, none);
    free(hurt);
    free(file.bytes);
    fid_secret_close(&secret);
}

/* Of its journal, too: SQLite takes nothing behind the page that is damaged. */
static void saves_what_the_journal_has(void)
{
    const char *plain = check_temp_path(), *path = check_temp_path(), *hurt = check_temp_path();
    struct fid_secret *secret = secret_of(FID_SECRET_KEY_FILE, key);
    struct fid_gallery *gallery;
    char journal[300], target[300];
    make_pair(plain, path, secret);
    snprintf(journal, sizeof journal, "%s-wal", path);
    REQUIRE(try_open(path, secret, 0, &gallery) == FID_OK);
    enroll(gallery, "somebody");
    enroll(gallery, "somebody else");
    const struct file file = read_whole(path), wal = read_whole(journal);
    fid_gallery_close(&gallery);
    REQUIRE(wal.bytes != NULL && wal.size > 1 << 16);
    snprintf(journal, sizeof journal, "%s-wal", hurt);
    snprintf(target, sizeof target, "%s.saved", hurt);
    for (size_t at = 3; at < wal.size; at += wal.size / 50) {
        struct fid_error error = {0};
        size_t told = 0, people = 0;
        unlink(target);
        write_whole(hurt, file.bytes, file.size);
        wal.bytes[at] ^= 1;
        write_whole(journal, wal.bytes, wal.size);
        CHECK_THAT(fid_gallery_salvage(hurt, secret, NULL, target, count_tale, &told, &people,
                                       &error) == FID_OK,
                   "byte %zu: %s", at, error.text);
        const struct file after = read_whole(journal);
        CHECK(after.size == wal.size && memcmp(after.bytes, wal.bytes, wal.size) == 0);
        wal.bytes[at] ^= 1;
        CHECK_THAT(people == PEOPLE + 2, "byte %zu: %zu people", at, people);
        free(after.bytes);
    }
    free(file.bytes);
    free(wal.bytes);
    fid_secret_close(&secret);
}

/* A reader of a file that has no WAL keeps nobody from replacing it, and goes on with the new one.
 */
static void readers_follow_a_new_file(void)
{
    const char *plain = check_temp_path(), *path = check_temp_path(), *plain2 = check_temp_path(),
               *path2 = check_temp_path();
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

CHECK_MAIN(CHECK_CASE(nothing_is_on_the_disk_in_plain), CHECK_CASE(is_made_sealed),
           CHECK_CASE(changes_are_seen_and_forgetting_reaches_copies),
           CHECK_CASE(sealing_waits_for_nobody_and_opens_again),
           CHECK_CASE(readers_follow_a_new_file), CHECK_CASE(saves_what_is_undamaged),
           CHECK_CASE(saves_what_the_journal_has))

#else

static void sealed_galleries(void)
{
    check_skip("built without libsodium");
}

CHECK_MAIN(CHECK_CASE(sealed_galleries))

#endif
