/* check.h - the harness of the C tests: a list of named cases, each of which passes, fails or is
 * skipped by name. A test program is one file with one CHECK_MAIN:
 *
 *     static void empty_list(void) { CHECK(list_count(NULL) == 0); }
 *     CHECK_MAIN(CHECK_CASE(empty_list), ...)
 *
 * Output: one line a case, "ok NAME", "FAIL NAME" or "skip NAME: reason", and last
 * "N passed, N failed, N skipped". Exit status 1 if one failed. Arguments choose cases by a part of
 * their names; -s SEED repeats a random run (the seed is printed with each failure). */
#ifndef CHECK_H
#define CHECK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct check_case {
    const char *name;
    void (*run)(void);
};

#define CHECK_CASE(function) \
    {                        \
#function, function  \
    }
#define CHECK_MAIN(...)                                                       \
    int main(int argc, char **argv)                                           \
    {                                                                         \
        static const struct check_case cases[] = {__VA_ARGS__};               \
        return check_main(argc, argv, cases, sizeof cases / sizeof cases[0]); \
    }

int check_main(int argc, char **argv, const struct check_case *cases, size_t count);

/* Marks the running case failed, prints file, line and the message, and goes on. */
void check_fail(const char *file, int line, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* Marks the running case skipped; the caller returns. */
void check_skip(const char *format, ...) __attribute__((format(printf, 1, 2)));
bool check_failed(void); /* has the running case failed? */

/* Are long runs wanted in full (make soak), not a sample? */
bool check_soak(void);

/* Prints a measured figure beside the greatest that is asked for. No case fails for it: it tells of
 * the machine's other work, too. tests/run gathers those that are over. */
void check_figure(const char *name, double value, double asked, const char *unit);

#define CHECK(condition)                                      \
    do {                                                      \
        if (!(condition))                                     \
            check_fail(__FILE__, __LINE__, "%s", #condition); \
    } while (0)
/* With values: CHECK_THAT(got == want, "got %d, want %d", got, want) */
#define CHECK_THAT(condition, ...)                       \
    do {                                                 \
        if (!(condition))                                \
            check_fail(__FILE__, __LINE__, __VA_ARGS__); \
    } while (0)
/* Ends the case at once if it does not hold. */
#define REQUIRE(condition)                                    \
    do {                                                      \
        if (!(condition)) {                                   \
            check_fail(__FILE__, __LINE__, "%s", #condition); \
            return;                                           \
        }                                                     \
    } while (0)

/* Random numbers, the same for the same seed; re-seeded for each case. */
uint32_t check_random(void);
uint32_t check_random_below(uint32_t limit);
float check_random_float(float low, float high);

/* `count` floats that end directly before an inaccessible page (and start at the given alignment
 * where count allows): reading or writing past the end is a crash in the named case. Freed at the
 * end of the case. FACEID_GUARD_SLACK is a number of bytes left between the end and the page, for
 * an emulator that reads what an instruction's mask leaves out (tests/test_boards.py finds out). */
float *check_guarded_floats(size_t count);
void *check_guarded_bytes(size_t bytes);

/* Path of a file in ../shared beside the checkout ($FACEID_SHARED where it is set), or NULL when it
 * is not there. Static buffer of the case. */
const char *check_shared(const char *relative);
/* A fresh temporary folder, removed at the end of the program. */
const char *check_temp_folder(void);
/* A path in it that was not given before. Good for the next seven calls. */
const char *check_temp_path(void);

#endif
