/* A gallery that several machines share on a PostgreSQL server: what one changes the others see
 * within a second, a server that goes leaves everybody known, whoever is killed leaves nothing
 * half, the server never sees a name or a face, and galleries move between server and file. */
#include "tests/gallery_fixture.h"
#include "tests/server_fixture.h"

#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#if FID_SODIUM

enum { SIZE = 192 };

static const struct fid_gallery_model model = {
    .id = "0123456789abcdef0123456789abcdef", .name = "model", .size = SIZE};

static struct fid_secret *secret_of(const char *key)
{
    struct fid_secret *secret = NULL;
    struct fid_error error = {0};
    CHECK_THAT(fid_secret_open(FID_SECRET_KEY_FILE, key, strlen(key), &secret, &error) == FID_OK,
               "%s", error.text);
    return secret;
}
static const char key[] = "a key of more than thirty-two bytes, for tests";

static struct fid_gallery *open_sealed(const char *where, struct fid_secret *secret, unsigned flags)
{
    struct fid_gallery *gallery = NULL;
    struct fid_error error = {0};
    enum fid_status status = fid_gallery_open_for(where, &model, secret, flags, &gallery, &error);
    CHECK_THAT(status == FID_OK, "%s: %s", where, error.text);
    if (gallery == NULL)
        exit(1);
    return gallery;
}

static uint64_t now_ns(void) /* the same in all processes */
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

/* One face that is `name`'s alone. */
static enum fid_status enroll(struct fid_gallery *gallery, const char *name,
                              struct fid_error *error)
{
    float vector[SIZE];
    const struct fid_sample sample = {.embedding = vector, .source = "made up"};
    uint32_t state = 2166136261u;
    for (const char *at = name; *at != '\0'; at++)
        state = (state ^ (uint8_t)*at) * 16777619u;
    for (size_t i = 0; i < SIZE; i++) {
        state = state * 1664525u + 1013904223u;
        vector[i] = (float)(state >> 8) / 16777216.0f - 0.5f;
    }
    return fid_gallery_enroll(gallery, name, &sample, 1, false, NULL, NULL, error);
}

static bool knows(struct fid_gallery *gallery, const char *name)
{
    struct fid_person person;
    for (size_t i = 0; i < fid_gallery_count(gallery); i++) {
        fid_gallery_person(gallery, i, &person);
        if (strcmp(person.name, name) == 0)
            return true;
    }
    return false;
}

static void check_enrolled(struct fid_gallery *gallery, const char *name)
{
    struct fid_error error = {0};
    CHECK_THAT(enroll(gallery, name, &error) == FID_OK, "%s", error.text);
}

static void tell(void *ctx, const char *sentence)
{
    (void)ctx;
    printf("   %s\n", sentence);
}

static void check_is_whole(const char *where, struct fid_secret *secret)
{
    size_t faults = 1;
    struct fid_error error = {0};
    CHECK_THAT(fid_gallery_check(where, secret, tell, NULL, &faults, &error) == FID_OK, "%s",
               error.text);
    CHECK(faults == 0);
}

/* ---- three processes ---- */

/* Enrolls one after the other, and says at what time through the pipe. */
struct note {
    uint64_t time;
    char name[24];
};

static void enroll_in_child(const char *where, struct fid_secret *secret, const char *prefix,
                            int count, int notes)
{
    struct fid_error error = {0};
    struct fid_gallery *gallery = open_sealed(where, secret, 0);
    for (int i = 0; i < count; i++) {
        struct note note = {0};
        snprintf(note.name, sizeof note.name, "%s %d", prefix, i);
        if (enroll(gallery, note.name, &error) != FID_OK)
            _exit(fprintf(stderr, "%s\n", error.text));
        note.time = now_ns(); /* it is committed */
        if (write(notes, &note, sizeof note) != sizeof note)
            _exit(1);
        const struct timespec pause = {0, 20000000};
        nanosleep(&pause, NULL);
    }
    fid_gallery_close(&gallery);
    _exit(0);
}

static int compare_times(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static void two_enroll_and_one_sees_it_within_a_second(void)
{
    enum { WRITERS = 2, EACH = 50, CHANGES = WRITERS * EACH };
    static double waited[CHANGES]; /* ms */
    char where[400];
    int notes[2], heard = 0;
    struct fid_error error = {0};
    pid_t child[WRITERS];
    if (!new_gallery("three", where))
        return;
    struct fid_secret *secret = secret_of(key);
    struct fid_gallery *live = open_sealed(where, secret, FID_GALLERY_CREATE);
    fid_gallery_close(&live);
    live = open_sealed(where, secret, FID_GALLERY_READ_ONLY);
    CHECK(pipe(notes) == 0);
    for (int i = 0; i < WRITERS; i++)
        if ((child[i] = fork()) == 0)
            enroll_in_child(where, secret, i == 0 ? "ana" : "bob", EACH, notes[1]);
    close(notes[1]);
    struct note note = {0};
    while (heard < CHANGES && read(notes[0], &note, sizeof note) == sizeof note) {
        while (!knows(live, note.name) && now_ns() - note.time < 5000000000u) {
            struct pollfd waits = {.fd = fid_gallery_wait_fd(live), .events = POLLIN};
            poll(&waits, 1, 1000); /* as the window looks each second besides */
            CHECK_THAT(fid_gallery_refresh(live, NULL, &error) == FID_OK, "%s", error.text);
        }
        const uint64_t now = now_ns();
        waited[heard++] = now > note.time ? (double)(now - note.time) / 1e6 : 0;
    }
    for (int i = 0; i < WRITERS; i++) {
        int status = 1;
        CHECK(waitpid(child[i], &status, 0) == child[i] && status == 0);
    }
    CHECK_THAT(heard == CHANGES, "%d changes", heard);
    qsort(waited, CHANGES, sizeof waited[0], compare_times);
    printf("   a change is seen after %.1f ms (median), %.1f ms (worst of %d)\n",
           waited[CHANGES / 2], waited[CHANGES - 1], CHANGES);
    check_figure("change seen, worst of 100", waited[CHANGES - 1], 1000, "ms");
    CHECK(waited[CHANGES / 2] < 1000);
    CHECK(fid_gallery_count(live) == CHANGES && fid_gallery_generation(live) >= (uint64_t)CHANGES);
    close(notes[0]);
    fid_gallery_close(&live);
    check_is_whole(where, secret);
    fid_secret_close(&secret);
}

/* ---- a server that goes, writers that are killed ---- */

static void known_people_stay_known_while_the_server_is_away(void)
{
    enum { TRIES = 200 };
    char where[400];
    bool changed = false;
    struct fid_error error = {0};
    if (!new_gallery("away", where))
        return;
    struct fid_secret *secret = secret_of(key);
    struct fid_gallery *writer = open_sealed(where, secret, FID_GALLERY_CREATE);
    check_enrolled(writer, "ana");
    struct fid_gallery *live = open_sealed(where, secret, FID_GALLERY_READ_ONLY);
    server_do("stop", NULL, 0);
    for (int i = 0; i < 3; i++) {
        CHECK_THAT(fid_gallery_refresh(live, &changed, &error) == FID_UNREACHABLE, "%s",
                   error.text);
        CHECK(!changed && knows(live, "ana") && fid_gallery_count(live) == 1);
    }
    CHECK(enroll(writer, "bob", &error) == FID_UNREACHABLE);
    CHECK(!knows(writer, "bob"));
    server_do("start", NULL, 0);
    fid_gallery_close(&writer);
    writer = open_sealed(where, secret, 0);
    CHECK(knows(writer, "ana") && fid_gallery_count(writer) == 1);
    check_enrolled(writer, "cy");
    for (int i = 0; i < TRIES && !knows(live, "cy"); i++) {
        const struct timespec pause = {0, 50000000};
        fid_gallery_refresh(live, NULL, NULL);
        CHECK(knows(live, "ana"));
        nanosleep(&pause, NULL);
    }
    CHECK(knows(live, "cy") && fid_gallery_refresh(live, NULL, &error) == FID_OK);
    fid_gallery_close(&live);
    fid_gallery_close(&writer);
    check_is_whole(where, secret);
    fid_secret_close(&secret);
}

static void who_is_killed_while_enrolling_leaves_nothing_half(void)
{
    enum { KILLS = 20 };
    char where[400], name[24];
    if (!new_gallery("killed", where))
        return;
    struct fid_secret *secret = secret_of(key);
    struct fid_gallery *gallery = open_sealed(where, secret, FID_GALLERY_CREATE);
    fid_gallery_close(&gallery);
    for (int i = 0; i < KILLS; i++) {
        struct fid_error error = {0};
        int begun[2];
        CHECK(pipe(begun) == 0);
        const pid_t child = fork();
        if (child == 0) {
            struct fid_gallery *own = open_sealed(where, secret, 0);
            for (int k = 0;; k++) {
                snprintf(name, sizeof name, "%d of %d", k, i);
                if (enroll(own, name, &error) != FID_OK || write(begun[1], "", 1) != 1)
                    _exit(1);
            }
        }
        CHECK(read(begun[0], name, 1) == 1);
        close(begun[0]), close(begun[1]);
        const struct timespec pause = {0, (long)check_random_below(30000) * 1000};
        nanosleep(&pause, NULL);
        kill(child, SIGKILL);
        int status;
        CHECK(waitpid(child, &status, 0) == child && WIFSIGNALED(status));
        check_is_whole(where, secret);
    }
    gallery = open_sealed(where, secret, 0);
    printf("   %zu people after %d kills\n", fid_gallery_count(gallery), KILLS);
    CHECK(fid_gallery_count(gallery) >= KILLS); /* they were killed while they wrote */
    check_enrolled(gallery, "the last one");
    fid_gallery_close(&gallery);
    fid_secret_close(&secret);
}

/* ---- what the server sees ---- */

static void the_server_never_sees_a_name(void)
{
    char where[400], answer[100];
    if (!new_gallery("seen", where))
        return;
    struct fid_secret *secret = secret_of(key);
    struct fid_gallery *gallery = open_sealed(where, secret, FID_GALLERY_CREATE);
    check_enrolled(gallery, "a telling name");
    fid_gallery_close(&gallery);
    snprintf(answer, sizeof answer, "%s&gallery=plainly", server_url());
    gallery = open_sealed(answer, NULL, FID_GALLERY_CREATE | FID_GALLERY_PLAIN_SERVER);
    check_enrolled(gallery, "a telling name");
    fid_gallery_close(&gallery);
    static const char count[] = "sql SELECT count(*) FROM %s.record WHERE position('telling'::bytea"
                                " IN body) > 0 OR position('made up'::bytea IN body) > 0";
    char sql[300];
    snprintf(sql, sizeof sql, count, "plainly");
    server_do(sql, answer, sizeof answer);
    CHECK_THAT(atoi(answer) >= 2, "%s", answer); /* the question finds what is there */
    snprintf(sql, sizeof sql, count, "seen");
    server_do(sql, answer, sizeof answer);
    CHECK_THAT(strcmp(answer, "0") == 0, "%s", answer);
    fid_secret_close(&secret);
}

static void a_server_gets_no_plain_gallery_unasked(void)
{
    char where[400];
    struct fid_gallery *gallery = NULL;
    struct fid_error error = {0};
    if (!new_gallery("plain", where))
        return;
    CHECK(fid_gallery_open_for(where, &model, NULL, FID_GALLERY_CREATE, &gallery, &error) ==
              FID_SEALED &&
          gallery == NULL);
    CHECK(strstr(error.text, "sealed") != NULL);
}

/* By its owner, between two looks: rows that are taken away, changed or brought back are found. */
static void a_hostile_server_is_noticed(void)
{
    static const char *const changes[] = {
        "DELETE FROM %s.record WHERE id >> 56 = 1 AND id IN (SELECT max(id) FROM %s.record WHERE"
        " id >> 56 = 1)",
        "UPDATE %s.record SET body = set_byte(body, 70, get_byte(body, 70) # 1) WHERE id IN"
        " (SELECT max(id) FROM %s.record WHERE id >> 56 = 9)",
        "UPDATE %s.root SET generation = generation + 1 WHERE EXISTS (SELECT 1 FROM %s.record)",
    };
    char where[400], name[20], statement[300], sql[400];
    struct fid_error error = {0};
    if (!new_gallery("unused", where))
        return;
    struct fid_secret *secret = secret_of(key);
    for (size_t i = 0; i < sizeof changes / sizeof changes[0]; i++) {
        struct fid_gallery *other = NULL;
        snprintf(name, sizeof name, "hostile%zu", i);
        new_gallery(name, where);
        struct fid_gallery *gallery = open_sealed(where, secret, FID_GALLERY_CREATE);
        check_enrolled(gallery, "ana");
        check_enrolled(gallery, "bob");
        snprintf(statement, sizeof statement, changes[i], name, name);
        snprintf(sql, sizeof sql, "sql %s", statement);
        server_do(sql, NULL, 0);
        CHECK_THAT(fid_gallery_open_for(where, &model, secret, 0, &other, &error) == FID_CORRUPT,
                   "%s: %s", changes[i], error.text);
        CHECK(knows(gallery, "ana") && knows(gallery, "bob"));
        fid_gallery_close(&gallery);
    }
    fid_secret_close(&secret);
}

/* ---- between server and file ---- */

static void galleries_move_between_server_and_file(void)
{
    char where[400], copy[320], file[300];
    struct fid_error error = {0};
    struct fid_restored restored;
    if (!new_gallery("moves", where))
        return;
    snprintf(file, sizeof file, "%s", fresh_path());
    struct fid_secret *secret = secret_of(key);
    struct fid_gallery *gallery = open_sealed(where, secret, FID_GALLERY_CREATE);
    check_enrolled(gallery, "ana");
    check_enrolled(gallery, "bob");
    struct fid_gallery *made = open_sealed(file, secret, FID_GALLERY_CREATE);
    fid_gallery_close(&made);
    snprintf(copy, sizeof copy, "%s.copy", file);
    CHECK_THAT(fid_gallery_backup(gallery, copy, false, &error) == FID_OK, "%s", error.text);
    made = open_sealed(copy, secret, FID_GALLERY_READ_ONLY);
    CHECK(knows(made, "ana") && knows(made, "bob"));
    fid_gallery_close(&made);
    CHECK_THAT(fid_gallery_restore(file, secret, copy, &restored, &error) == FID_OK, "%s",
               error.text);
    made = open_sealed(file, secret, 0);
    CHECK(knows(made, "ana") && knows(made, "bob"));
    check_enrolled(made, "cy");
    CHECK_THAT(fid_gallery_backup(made, copy, true, &error) == FID_OK, "%s", error.text);
    fid_gallery_close(&made);
    CHECK_THAT(fid_gallery_restore(where, secret, copy, &restored, &error) == FID_OK, "%s",
               error.text);
    CHECK_THAT(fid_gallery_refresh(gallery, NULL, &error) == FID_OK, "%s", error.text);
    CHECK(knows(gallery, "cy") && fid_gallery_count(gallery) == 3);
    fid_gallery_close(&gallery);
    check_is_whole(where, secret);
    fid_secret_close(&secret);
}

static void who_is_forgotten_is_gone_from_the_server(void)
{
    char where[400], answer[100];
    struct fid_error error = {0};
    struct fid_forgotten forgotten = {0};
    if (!new_gallery("forgets", where))
        return;
    struct fid_secret *secret = secret_of(key);
    struct fid_gallery *gallery = open_sealed(where, secret, FID_GALLERY_CREATE);
    check_enrolled(gallery, "ana");
    server_do("sql SELECT count(*) FROM forgets.record", answer, sizeof answer);
    const int one = atoi(answer);
    check_enrolled(gallery, "bob");
    CHECK_THAT(fid_gallery_forget(gallery, "bob", &forgotten, &error) == FID_OK, "%s", error.text);
    CHECK(!forgotten.proven); /* the server's log may keep it */
    CHECK(!knows(gallery, "bob") && knows(gallery, "ana"));
    server_do("sql SELECT count(*) FROM forgets.record", answer, sizeof answer);
    CHECK_THAT(atoi(answer) <= one, "%s rows, %d before", answer, one);
    fid_gallery_close(&gallery);
    check_is_whole(where, secret);
    fid_secret_close(&secret);
}

CHECK_MAIN(CHECK_CASE(two_enroll_and_one_sees_it_within_a_second),
           CHECK_CASE(known_people_stay_known_while_the_server_is_away),
           CHECK_CASE(who_is_killed_while_enrolling_leaves_nothing_half),
           CHECK_CASE(the_server_never_sees_a_name),
           CHECK_CASE(a_server_gets_no_plain_gallery_unasked),
           CHECK_CASE(a_hostile_server_is_noticed),
           CHECK_CASE(galleries_move_between_server_and_file),
           CHECK_CASE(who_is_forgotten_is_gone_from_the_server))

#else

static void everything(void)
{
    check_skip("built without libsodium");
}
CHECK_MAIN(CHECK_CASE(everything))

#endif
