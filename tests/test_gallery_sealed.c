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
    const char *plain = check_temp_path(), *path = check_temp_path();
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

/* What a lost page or end leaves of a sealed gallery is saved to another sealed one. */
static void saves_what_is_undamaged(void)
{
    const char *plain = check_temp_path(), *path = check_temp_path();
    enum { ROWS_OF_A_PAGE = PAGE / (SIZE * (int)sizeof(float)) };
    struct fid_secret *secret = secret_of(FID_SECRET_KEY_FILE, key);
    struct fid_gallery *saved;
    make_pair(plain, path, secret);
    struct file file = read_whole(path);
    REQUIRE(file.bytes != NULL && file.size > 20 * PAGE);
    for (size_t page = 1; page < file.size / PAGE; page++) {
        const bool cut = page + 1 == file.size / PAGE, model_lost = page == 2;
        struct fid_error error = {0};
        size_t told = 0, people = 0, faces = 0;
        const char *target = beside(path, ".saved");
        unlink(target);
        file.bytes[page * PAGE + 100] ^= 1; /* the whole page is not to be read any more */
        write_whole(path, file.bytes, cut ? page * PAGE : file.size);
        file.bytes[page * PAGE + 100] ^= 1;
        enum fid_status status =
            fid_gallery_salvage(path, secret, NULL, target, count_tale, &told, &people, &error);
        CHECK_THAT((status == FID_OK) != model_lost, "page %zu: %s", page, error.text);
        if (status != FID_OK)
            continue;
        REQUIRE(try_open(target, NULL, FID_GALLERY_READ_ONLY, &saved) == FID_SEALED);
        REQUIRE(try_open(target, secret, FID_GALLERY_READ_ONLY, &saved) == FID_OK);
        for (size_t i = 0; i < saved->count; i++)
            faces += saved->people[i].info.sample_count;
        CHECK_THAT(faces + ROWS_OF_A_PAGE >= PEOPLE * FACES && saved->count == people,
                   "page %zu: %zu faces", page, faces);
        CHECK(faces == PEOPLE * FACES || told > 0);
        fid_gallery_close(&saved);
    }
    free(file.bytes);
    fid_secret_close(&secret);
}

/* Of its journal, too: SQLite takes nothing behind the page that is damaged. */
static void saves_what_the_journal_has(void)
{
    enum { STORED_HEADER = 32 + FID_SEAL_EXTRA, STORED_FRAME = 24 + PAGE + 2 * FID_SEAL_EXTRA };
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
    REQUIRE(wal.bytes != NULL && wal.size > STORED_HEADER + 8 * STORED_FRAME);
    snprintf(journal, sizeof journal, "%s-wal", hurt);
    snprintf(target, sizeof target, "%s.saved", hurt);
    for (size_t at = 3; at < wal.size;
         at += at < STORED_HEADER ? STORED_HEADER : 3 * STORED_FRAME) {
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
        CHECK_THAT(people + 1 >= PEOPLE + 2 && told > 0, "byte %zu: %zu people", at, people);
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
