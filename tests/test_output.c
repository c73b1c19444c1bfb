/* Files that take their name when they are whole: what may stand there, who may read them, and that
 * nothing is left of one that does not come to its end. */
#include "engine/base/new_file.h"
#include "engine/fid.h"
#include "tests/check/check.h"

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static char folder[4096], path[4200];

/* A path in a folder of its own. */
static void fresh(void)
{
    static int number;
    snprintf(folder, sizeof folder, "%s/output-%d", check_temp_folder(), number++);
    REQUIRE(mkdir(folder, 0700) == 0);
    snprintf(path, sizeof path, "%s/whole", folder);
}

/* How many files are in it, of any name. */
static int files(void)
{
    int count = -2; /* . and .. */
    DIR *opened = opendir(folder);
    while (opened != NULL && readdir(opened) != NULL)
        count++;
    if (opened != NULL)
        closedir(opened);
    return count;
}

static struct fid_output *begin(enum fid_output_readers readers)
{
    struct fid_output *output;
    struct fid_error error;
    if (fid_output_open(path, readers, &output, &error) != FID_OK) {
        fprintf(stderr, "%s\n", error.text);
        exit(1);
    }
    fputs("text", fid_output_stream(output));
    return output;
}

static unsigned mode_of(void)
{
    struct stat info;
    return lstat(path, &info) == 0 ? (unsigned)info.st_mode & 07777u : 0;
}

static void whole_or_not_at_all(void)
{
    fresh();
    struct fid_output *output = begin(FID_OUTPUT_OWNERS);
    CHECK(access(path, F_OK) != 0 && files() == 1);
    fid_output_close(&output);
    CHECK(output == NULL && files() == 0);
    output = begin(FID_OUTPUT_OWNERS);
    CHECK(fid_output_finish(&output, NULL) == FID_OK && output == NULL && files() == 1);
    output = begin(FID_OUTPUT_OWNERS); /* over the first one */
    CHECK(fid_output_finish(&output, NULL) == FID_OK && files() == 1);
    fid_output_close(&output);
}

static void modes_whatever_the_umask(void)
{
    static const mode_t masks[] = {0, 022, 077};
    for (size_t i = 0; i < sizeof masks / sizeof *masks; i++)
        for (int readers = FID_OUTPUT_OWNERS; readers <= FID_OUTPUT_ANYBODYS; readers++) {
            fresh();
            const mode_t before = umask(masks[i]);
            struct fid_output *output = begin((enum fid_output_readers)readers);
            CHECK(fid_output_finish(&output, NULL) == FID_OK);
            umask(before);
            CHECK(mode_of() == (readers == FID_OUTPUT_OWNERS ? 0600u : 0666u & ~masks[i]));
        }
}

static bool make_folder(void)
{
    return mkdir(path, 0700) == 0;
}

static bool make_pipe(void)
{
    return mkfifo(path, 0600) == 0;
}

static bool make_link(void)
{
    return symlink("behind", path) == 0;
}

static void no_file_is_replaced(void)
{
    static bool (*const make[])(void) = {make_folder, make_pipe, make_link};
    struct stat before, after;
    struct fid_error error;
    struct fid_output *output;
    for (size_t i = 0; i < 2 * sizeof make / sizeof *make; i++) {
        fresh();
        const bool late = i % 2 == 1; /* it comes while the file is written */
        if (late)
            output = begin(FID_OUTPUT_OWNERS);
        REQUIRE(make[i / 2]() && lstat(path, &before) == 0);
        CHECK(fid_output_check(path, &error) == FID_INVALID);
        CHECK((late ? fid_output_finish(&output, &error)
                    : fid_output_open(path, FID_OUTPUT_OWNERS, &output, &error)) == FID_INVALID);
        CHECK_THAT(strstr(error.text, "is not replaced") != NULL, "%s", error.text);
        CHECK(output == NULL && files() == 1 && lstat(path, &after) == 0);
        CHECK(before.st_ino == after.st_ino && before.st_mode == after.st_mode);
    }
}

static void no_path_of_a_file(void)
{
    static const char *const paths[] = {"", "-", "/", "/nowhere/at/all/"};
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++)
        CHECK(fid_output_check(paths[i], NULL) == FID_INVALID);
    CHECK(fid_output_check("/nowhere/at/all", NULL) == FID_OK); /* making it tells */
}

/* A file put under the temporary name by another program is neither followed nor written. */
static void temporary_names_are_ones_own(void)
{
    char temporary[4300], behind[4300];
    struct stat info;
    fresh();
    snprintf(behind, sizeof behind, "%s/behind", folder);
    snprintf(temporary, sizeof temporary, "%s.%ld-0.tmp", path, (long)getpid());
    REQUIRE(symlink(behind, temporary) == 0);
    struct fid_output *output = begin(FID_OUTPUT_OWNERS);
    CHECK(fid_output_finish(&output, NULL) == FID_OK && lstat(path, &info) == 0);
    CHECK(S_ISREG(info.st_mode) && access(behind, F_OK) != 0);
    CHECK(lstat(temporary, &info) == 0 && S_ISLNK(info.st_mode));
}

/* Another file under the temporary name does not become it. */
static void a_file_that_was_taken_away(void)
{
    char temporary[4300];
    fresh();
    struct fid_output *output = begin(FID_OUTPUT_OWNERS);
    snprintf(temporary, sizeof temporary, "%s.%ld-0.tmp", path, (long)getpid());
    REQUIRE(unlink(temporary) == 0);
    FILE *other = fopen(temporary, "w");
    REQUIRE(other != NULL && fclose(other) == 0);
    CHECK(fid_output_finish(&output, NULL) == FID_BUSY && access(path, F_OK) != 0);
    CHECK(files() == 1);
}

/* A child is killed while it writes. */
static void what_a_killed_process_left(void)
{
    fresh();
    const pid_t child = fork();
    if (child == 0) {
        begin(FID_OUTPUT_OWNERS);
        raise(SIGKILL);
    }
    REQUIRE(child > 0 && waitpid(child, NULL, 0) == child && files() == 1);
    char other[4300];
    static const char *const kept[] = {".1-.tmp", ".1-1.tmp~", ".x-1.tmp", "r.1-1.tmp"};
    for (size_t i = 0; i < sizeof kept / sizeof *kept; i++) {
        snprintf(other, sizeof other, "%s%s", path, kept[i]);
        REQUIRE(close(open(other, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600)) == 0);
    }
    snprintf(other, sizeof other, "%s.1-1.tmp", path);
    REQUIRE(mkdir(other, 0700) == 0);
    struct fid_output *output = begin(FID_OUTPUT_OWNERS); /* which is held */
    REQUIRE(files() == 7);
    fid_new_file_sweep(path);
    CHECK(files() == 6);
    CHECK(fid_output_finish(&output, NULL) == FID_OK && files() == 6);
    fid_new_file_sweep("/nowhere/at/all");
    REQUIRE(chdir(folder) == 0); /* a path without a folder */
    CHECK(close(open("bare.12-0.tmp", O_WRONLY | O_CREAT | O_CLOEXEC, 0600)) == 0 && files() == 7);
    fid_new_file_sweep("bare");
    CHECK(files() == 6 && chdir("/") == 0);
}

static void never_a_standard_descriptor(void)
{
    fresh();
    const int kept = fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 10);
    close(STDIN_FILENO);
    struct fid_output *output = begin(FID_OUTPUT_OWNERS);
    const int taken = fcntl(STDIN_FILENO, F_GETFD), used = fileno(fid_output_stream(output));
    CHECK(taken < 0 && used > STDERR_FILENO && (fcntl(used, F_GETFD) & FD_CLOEXEC) != 0);
    fid_output_close(&output);
    if (kept >= 0) {
        CHECK(dup2(kept, STDIN_FILENO) == STDIN_FILENO);
        close(kept);
    }
}

CHECK_MAIN(CHECK_CASE(whole_or_not_at_all), CHECK_CASE(modes_whatever_the_umask),
           CHECK_CASE(no_file_is_replaced), CHECK_CASE(no_path_of_a_file),
           CHECK_CASE(temporary_names_are_ones_own), CHECK_CASE(a_file_that_was_taken_away),
           CHECK_CASE(what_a_killed_process_left), CHECK_CASE(never_a_standard_descriptor))
