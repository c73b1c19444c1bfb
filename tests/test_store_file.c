/* What a store that is a file promises besides (tests/test_store.c has the contract): who may read
 * it, what is refused, where nothing may be written, and that deleted bytes are gone. */
#include "engine/base/memory.h"
#include "engine/store/store.h"
#include "tests/check/check.h"
#include "tests/whole_file.h"

#include <fcntl.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static struct fid_store *open_store(const char *path, unsigned flags)
{
    struct fid_store *store = NULL;
    struct fid_error error = {0};
    enum fid_status status = fid_store_open(path, flags, &store, &error);
    CHECK_THAT(status == FID_OK && store != NULL, "%s: %s", path, error.text);
    if (store == NULL)
        exit(1);
    return store;
}

static void check_refused(const char *path, unsigned flags, enum fid_status wanted,
                          const char *word)
{
    struct fid_store *store = NULL;
    struct fid_error error = {0};
    enum fid_status status = fid_store_open(path, flags, &store, &error);
    CHECK_THAT(status == wanted && store == NULL && strstr(error.text, word) != NULL,
               "%s: %d, wanted %d, %s", path, status, wanted, error.text);
    fid_store_close(&store);
}

/* One row: `size` bytes that are nowhere else. */
static void put_bytes(struct fid_store *store, int64_t id, const char *what, size_t size)
{
    static uint8_t bytes[200000];
    struct fid_error error = {0};
    for (size_t i = 0; i < size; i++)
        bytes[i] = (uint8_t)what[i % strlen(what)];
    const struct fid_row row = {
        .id = id, .person = 1, .generation = 1, .body = bytes, .size = size};
    CHECK(fid_store_begin(store, true, &error) == FID_OK);
    CHECK_THAT(fid_store_put(store, &row, true, &error) == FID_OK, "%s", error.text);
    CHECK(fid_store_commit(store, &error) == FID_OK);
}

static void delete_row(struct fid_store *store, int64_t id)
{
    struct fid_error error = {0};
    CHECK(fid_store_begin(store, true, &error) == FID_OK);
    CHECK(fid_store_delete(store, id, &error) == FID_OK);
    CHECK_THAT(fid_store_commit(store, &error) == FID_OK, "%s", error.text);
}

static bool has_bytes(const uint8_t *bytes, size_t size, const char *what)
{
    return memmem(bytes, size, what, strlen(what)) != NULL;
}

/* By the store's own raw reading. */
static bool store_has(struct fid_store *store, bool journal, const char *what)
{
    static uint8_t bytes[4 << 20];
    size_t size = 0, got = 0;
    struct fid_error error = {0};
    do {
        CHECK_THAT(fid_store_read_raw(store, journal, size, bytes + size,
                                      sizeof bytes - size < 5000 ? sizeof bytes - size : 5000, &got,
                                      &error) == FID_OK,
                   "%s", error.text);
        size += got;
    } while (got > 0);
    return has_bytes(bytes, size, what);
}

static unsigned mode_of(const char *path)
{
    struct stat info;
    CHECK_THAT(stat(path, &info) == 0, "%s is not there", path);
    return info.st_mode & 0777u;
}

static void a_new_file_is_private(void)
{
    char folder[4096], path[4200], wal[4300];
    const mode_t before = umask(0);
    snprintf(folder, sizeof folder, "%s", check_temp_path());
    snprintf(path, sizeof path, "%s/a/gallery.db", folder);
    snprintf(wal, sizeof wal, "%s-wal", path);
    struct fid_store *store = open_store(path, FID_STORE_CREATE);
    put_bytes(store, 1, "something", 100);
    CHECK(mode_of(folder) == 0700 && mode_of(path) == 0600 && mode_of(wal) == 0600);
    fid_store_close(&store);
    CHECK(access(wal, F_OK) != 0); /* a closed gallery is one file */
    umask(before);
    CHECK(chmod(path, 0644) == 0);
    store = open_store(path, FID_STORE_READ);
    CHECK(mode_of(path) == 0644); /* nothing is changed */
    fid_store_close(&store);
    store = open_store(path, 0);
    CHECK(mode_of(path) == 0600);
    fid_store_close(&store);
}

static void what_is_missing_or_foreign_is_told(void)
{
    const char *path = check_temp_path(), *link = check_temp_path();
    unsigned char text[1000];
    struct fid_store *store = (struct fid_store *)&store;
    struct fid_error error = {0};
    CHECK(fid_store_open(path, FID_STORE_READ, &store, &error) == FID_OK && store == NULL);
    CHECK(access(path, F_OK) != 0);
    check_refused(path, 0, FID_NOT_FOUND, path);
    write_whole(path, (const unsigned char *)"", 0);
    check_refused(path, 0, FID_NOT_FOUND, "empty");
    CHECK(fid_store_open(path, FID_STORE_READ, &store, &error) == FID_OK && store == NULL);
    write_whole(path, (const unsigned char *)"cut", 3);
    check_refused(path, 0, FID_CORRUPT, "damaged");
    check_refused(path, FID_STORE_READ, FID_CORRUPT, "damaged");
    check_refused(path, FID_STORE_CREATE, FID_CORRUPT, "damaged");
    CHECK(symlink(path, link) == 0);
    check_refused(link, FID_STORE_CREATE, FID_INVALID, "symbolic link");
    check_refused(check_temp_folder(), FID_STORE_CREATE, FID_INVALID, "not a file");
    write_whole(path, (const unsigned char *)"no database, but text that is too short", 39);
    check_refused(path, FID_STORE_CREATE, FID_CORRUPT, "damaged");
    memset(text, 'x', sizeof text);
    write_whole(path, text, sizeof text);
    check_refused(path, FID_STORE_CREATE, FID_CORRUPT, "no gallery");
    check_refused("x/y/z/gallery.db", 0, FID_NOT_FOUND, "no gallery");
}

static void a_file_that_is_put_in_its_place_is_noticed(void)
{
    char path[4096], other[4096];
    snprintf(path, sizeof path, "%s", check_temp_path());
    snprintf(other, sizeof other, "%s", check_temp_path());
    struct fid_store *store = open_store(path, FID_STORE_CREATE);
    CHECK(!fid_store_is_moved(store));
    CHECK(rename(path, other) == 0);
    CHECK(fid_store_is_moved(store));
    fid_store_close(&store);
}

/* As whom root is not: nobody makes a journal beside it, and nothing is changed. */
static void read_what_may_not_be_written(const char *folder, const char *path)
{
    char journal[4300];
    uint64_t generation;
    struct fid_error error = {0};
    snprintf(journal, sizeof journal, "%s-wal", path);
    CHECK(geteuid() != 0 || (setgid(65534) == 0 && setuid(65534) == 0));
    CHECK(chmod(path, 0400) == 0 && chmod(folder, 0500) == 0);
    struct fid_store *store = open_store(path, FID_STORE_READ);
    CHECK(fid_store_generation(store, &generation, &error) == FID_OK && generation == 0);
    CHECK(access(journal, F_OK) != 0);
    CHECK(fid_store_begin(store, true, &error) == FID_IO);
    fid_store_close(&store);
    check_refused(path, 0, FID_IO, "may not be written");
    CHECK(chmod(folder, 0700) == 0 && chmod(path, 0600) == 0);
}

static void what_may_not_be_written_is_read(void)
{
    char folder[4096], path[4200];
    snprintf(folder, sizeof folder, "%s", check_temp_path());
    snprintf(path, sizeof path, "%s/gallery.db", folder);
    struct fid_store *store = open_store(path, FID_STORE_CREATE);
    put_bytes(store, 1, "something", 100);
    fid_store_close(&store);
    if (geteuid() == 0)
        CHECK(chmod(check_temp_folder(), 0711) == 0 && chown(folder, 65534, 65534) == 0 &&
              chown(path, 65534, 65534) == 0);
    const pid_t child = fork();
    if (child == 0) {
        read_what_may_not_be_written(folder, path);
        _exit(check_failed() ? 1 : 0);
    }
    int status = 1;
    CHECK(waitpid(child, &status, 0) == child && status == 0);
}

static void deleted_bytes_are_gone_after_a_purge(void)
{
    struct fid_store *store = open_store(check_temp_path(), FID_STORE_CREATE);
    struct fid_error error = {0};
    CHECK((fid_store_can(store) & FID_CAN_PROVE) != 0);
    put_bytes(store, 1, "to be kept for good", 5000);
    for (int64_t id = 2; id < 12; id++)
        put_bytes(store, id, "to be forgotten soon", id % 2 == 0 ? 300 : 150000);
    CHECK(store_has(store, true, "to be forgotten soon"));
    CHECK(fid_store_purge(store, false, &error) == FID_OK);
    CHECK(store_has(store, false, "to be forgotten soon"));
    for (int64_t id = 2; id < 12; id++)
        delete_row(store, id);
    CHECK_THAT(fid_store_purge(store, true, &error) == FID_OK, "%s", error.text);
    CHECK(!store_has(store, false, "to be forgotten soon"));
    CHECK(!store_has(store, true, "to be forgotten soon"));
    CHECK(store_has(store, false, "to be kept for good"));
    fid_store_close(&store);
}

static void who_holds_it_is_alone(void)
{
    char path[4096];
    snprintf(path, sizeof path, "%s", check_temp_path());
    struct fid_error error = {0};
    struct fid_store *store = open_store(path, FID_STORE_CREATE), *other = NULL;
    put_bytes(store, 1, "something", 100);
    CHECK((fid_store_can(store) & FID_CAN_HOLD) != 0);
    CHECK_THAT(fid_store_hold(store, &error) == FID_OK, "%s", error.text);
    put_bytes(store, 2, "more", 100);
    pid_t child = fork(); /* locks are a process's */
    if (child == 0)
        _exit(fid_store_open(path, 0, &other, &error) == FID_BUSY ? 0 : 1);
    int status = 1;
    CHECK(waitpid(child, &status, 0) == child && status == 0);
    fid_store_close(&store);
    CHECK(fid_store_not_used(path, &error) == FID_OK);
    store = open_store(path, 0);
    put_bytes(store, 3, "again in use", 100);
    child = fork();
    if (child == 0)
        _exit(fid_store_not_used(path, &error) == FID_BUSY ? 0 : 1);
    CHECK(waitpid(child, &status, 0) == child && status == 0);
    CHECK(fid_store_not_own(store, path, &error) == FID_INVALID);
    CHECK(fid_store_not_own(store, check_temp_folder(), &error) == FID_OK);
    fid_store_close(&store);
}

/* Killed while it has the file open, in any state of it: the bytes can be had. */
static void raw_bytes_are_read_from_a_file_in_any_state(void)
{
    char path[4096];
    snprintf(path, sizeof path, "%s", check_temp_path());
    const pid_t child = fork();
    if (child == 0) {
        struct fid_store *store = open_store(path, FID_STORE_CREATE);
        put_bytes(store, 1, "only in the journal", 3000);
        kill(getpid(), SIGKILL);
    }
    int status = 0;
    CHECK(waitpid(child, &status, 0) == child && WIFSIGNALED(status));
    int file = open(path, O_RDWR | O_CLOEXEC);
    CHECK(pwrite(file, "this is no database", 19, 0) == 19);
    close(file);
    check_refused(path, 0, FID_CORRUPT, "no gallery");
    struct fid_store *store = open_store(path, FID_STORE_READ | FID_STORE_RAW);
    CHECK(store_has(store, false, "this is no database"));
    CHECK(store_has(store, true, "only in the journal"));
    fid_store_close(&store);
}

/* As a kill at any call leaves it: there is nothing yet, and the next one makes it. */
static void a_file_that_was_being_made_is_none_yet(void)
{
    enum { KILLS = 40 };
    for (int i = 0; i < KILLS; i++) {
        char path[4096];
        struct fid_store *store = NULL;
        struct fid_error error = {0};
        snprintf(path, sizeof path, "%s", check_temp_path());
        const pid_t child = fork();
        if (child == 0) {
            store = open_store(path, FID_STORE_CREATE);
            put_bytes(store, 1, "something", 100);
            pause();
        }
        usleep(check_random_below(12000));
        kill(child, SIGKILL);
        int status = 0;
        CHECK(waitpid(child, &status, 0) == child && WIFSIGNALED(status));
        CHECK_THAT(fid_store_open(path, FID_STORE_READ, &store, &error) == FID_OK, "%s",
                   error.text);
        fid_store_close(&store);
        store = open_store(path, FID_STORE_CREATE);
        fid_store_close(&store);
    }
}

/* A process that was killed leaves a journal. One in which something before the end is damaged
 * would lose what was committed after that; one that only lacks its end is as a kill leaves it. */
static void a_damaged_journal_is_told(void)
{
    enum { ROWS = 5, PLACES = 40 };
    char path[4096], wal[4200];
    snprintf(path, sizeof path, "%s", check_temp_path());
    snprintf(wal, sizeof wal, "%s-wal", path);
    const pid_t child = fork();
    if (child == 0) {
        struct fid_store *store = open_store(path, FID_STORE_CREATE);
        for (int64_t id = 1; id <= ROWS; id++)
            put_bytes(store, id, "only in the journal", 3000);
        kill(getpid(), SIGKILL);
    }
    int status = 0;
    CHECK(waitpid(child, &status, 0) == child && WIFSIGNALED(status));
    struct file journal = read_whole(wal), file = read_whole(path);
    REQUIRE(journal.size > 300000 && file.size > 0);
    for (int i = 0; i < PLACES; i++) {
        const size_t at = check_random_below((uint32_t)journal.size / 2);
        journal.bytes[at] ^= 1;
        write_whole(wal, journal.bytes, journal.size);
        check_refused(path, i % 2 == 0 ? 0 : FID_STORE_READ, FID_CORRUPT, "its journal");
        journal.bytes[at] ^= 1;
        struct file after = read_whole(wal);
        CHECK(after.size == journal.size); /* it stays for salvage */
        free(after.bytes);
    }
    for (int i = 0; i < PLACES / 4; i++) {
        write_whole(wal, journal.bytes, journal.size - check_random_below(100000));
        write_whole(path, file.bytes, file.size);
        struct fid_store *store = open_store(path, 0);
        fid_store_close(&store);
    }
    free(journal.bytes);
    free(file.bytes);
}

static void count_fault(void *ctx, const char *sentence)
{
    (void)sentence;
    ++*(size_t *)ctx;
}

static void faults_of_the_structure_are_told(void)
{
    char path[4096];
    size_t faults = 0;
    struct fid_error error = {0};
    snprintf(path, sizeof path, "%s", check_temp_path());
    struct fid_store *store = open_store(path, FID_STORE_CREATE);
    for (int64_t id = 1; id < 40; id++)
        put_bytes(store, id, "a row among others", 20000);
    CHECK(fid_store_check(store, count_fault, &faults, &error) == FID_OK && faults == 0);
    fid_store_close(&store);
    int file = open(path, O_RDWR | O_CLOEXEC);
    static const uint8_t noise[300];
    CHECK(pwrite(file, noise, sizeof noise, 65536 * 6) == sizeof noise);
    close(file);
    store = open_store(path, FID_STORE_READ);
    CHECK_THAT(fid_store_check(store, count_fault, &faults, &error) == FID_OK, "%s", error.text);
    CHECK(faults > 0);
    fid_store_close(&store);
}

static void pages_are_large(void)
{
    char path[4096];
    uint8_t head[20];
    snprintf(path, sizeof path, "%s", check_temp_path());
    struct fid_store *store = open_store(path, FID_STORE_CREATE);
    put_bytes(store, 1, "one piece", 60000);
    fid_store_close(&store);
    int file = open(path, O_RDONLY | O_CLOEXEC);
    CHECK(read(file, head, sizeof head) == sizeof head);
    CHECK(head[16] == 0 && head[17] == 1); /* 65536 */
    close(file);
}

CHECK_MAIN(CHECK_CASE(a_new_file_is_private), CHECK_CASE(what_is_missing_or_foreign_is_told),
           CHECK_CASE(a_file_that_is_put_in_its_place_is_noticed),
           CHECK_CASE(what_may_not_be_written_is_read),
           CHECK_CASE(deleted_bytes_are_gone_after_a_purge), CHECK_CASE(who_holds_it_is_alone),
           CHECK_CASE(raw_bytes_are_read_from_a_file_in_any_state),
           CHECK_CASE(a_file_that_was_being_made_is_none_yet),
           CHECK_CASE(a_damaged_journal_is_told), CHECK_CASE(faults_of_the_structure_are_told),
           CHECK_CASE(pages_are_large))
