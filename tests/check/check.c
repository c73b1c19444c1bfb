/* check.c - runs the cases of a C test program, with a seed that can be repeated. */
#include "tests/check/check.h"

#include <ftw.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

enum state { STATE_OK, STATE_FAILED, STATE_SKIPPED };

static const char *case_name = "(none)";
static enum state case_state;
static uint64_t seed, random_state;
static char temp_folder[64];

#define GUARDED_MAX 4096
static struct {
    void *map;
    size_t bytes;
} guarded[GUARDED_MAX];
static size_t guarded_count;

uint32_t check_random(void)
{ /* splitmix64, the upper half */
    uint64_t z = (random_state += 0x9E3779B97F4A7C15u);
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
    return (uint32_t)((z ^ (z >> 31)) >> 32);
}

uint32_t check_random_below(uint32_t limit)
{
    return (uint32_t)(((uint64_t)check_random() * limit) >> 32);
}

float check_random_float(float low, float high)
{
    return low + (high - low) * ((float)(check_random() >> 8) * 0x1p-24f);
}

void check_fail(const char *file, int line, const char *format, ...)
{
    case_state = STATE_FAILED;
    printf("   %s:%d: ", file, line);
    va_list args;
    va_start(args, format);
    vprintf(format, args);
    va_end(args);
    printf("\n");
}

void check_skip(const char *format, ...)
{
    if (case_state == STATE_FAILED)
        return;
    case_state = STATE_SKIPPED;
    printf("skip %s: ", case_name);
    va_list args;
    va_start(args, format);
    vprintf(format, args);
    va_end(args);
    printf("\n");
}

bool check_failed(void)
{
    return case_state == STATE_FAILED;
}

bool check_soak(void)
{
    return getenv("FACEID_SOAK") != NULL;
}

void check_figure(const char *name, double value, double asked, const char *unit)
{
    printf("   figure %s: %.6g %s, asked at most %g%s\n", name, value, unit, asked,
           value > asked ? " OVER" : "");
}

static size_t guard_slack(void)
{
    const char *bytes = getenv("FACEID_GUARD_SLACK");
    return bytes != NULL ? strtoul(bytes, NULL, 10) : 0;
}

void *check_guarded_bytes(size_t bytes)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    bytes += guard_slack();
    size_t body = (bytes + page - 1) / page * page;
    if (body == 0)
        body = page;
    char *map =
        mmap(NULL, body + 2 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (map == MAP_FAILED || guarded_count == GUARDED_MAX) {
        fprintf(stderr, "check: no memory for a guarded block\n");
        exit(2);
    }
    mprotect(map, page, PROT_NONE);
    mprotect(map + page + body, page, PROT_NONE);
    guarded[guarded_count].map = map;
    guarded[guarded_count++].bytes = body + 2 * page;
    return map + page + body - bytes;
}

float *check_guarded_floats(size_t count)
{
    return check_guarded_bytes(count * sizeof(float));
}

static void free_guarded(void)
{
    while (guarded_count > 0) {
        guarded_count--;
        munmap(guarded[guarded_count].map, guarded[guarded_count].bytes);
    }
}

const char *check_shared(const char *relative)
{
    static char path[8][4096];
    static unsigned next;
    char *out = path[next++ % 8];
    const char *base = getenv("FACEID_SHARED");
    snprintf(out, sizeof path[0], "%s/%s", base != NULL ? base : "../shared", relative);
    return access(out, R_OK) == 0 ? out : NULL;
}

static int remove_entry(const char *path, const struct stat *info, int kind, struct FTW *ftw)
{
    (void)info, (void)kind, (void)ftw;
    return remove(path);
}

static void remove_temp_folder(void)
{
    if (temp_folder[0] != '\0')
        nftw(temp_folder, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
}

const char *check_temp_folder(void)
{
    if (temp_folder[0] == '\0') {
        strcpy(temp_folder, "/tmp/faceid-test-XXXXXX");
        if (mkdtemp(temp_folder) == NULL) {
            perror(temp_folder);
            exit(2);
        }
        atexit(remove_temp_folder);
    }
    return temp_folder;
}

const char *check_temp_path(void)
{
    static char paths[8][sizeof temp_folder + 16];
    static unsigned number;
    char *path = paths[number++ % 8];
    snprintf(path, sizeof paths[0], "%s/%u.db", check_temp_folder(), number);
    return path;
}

static void on_crash(int number)
{ /* only async-signal-safe calls */
    static const char text[] = "FAIL ";
    (void)!write(1, text, sizeof text - 1);
    (void)!write(1, case_name, strlen(case_name));
    (void)!write(1, ": crashed\n", 10);
    signal(number, SIG_DFL);
    raise(number);
}

static bool chosen(const char *name, char **words, int word_count)
{
    for (int i = 0; i < word_count; i++)
        if (strstr(name, words[i]) != NULL)
            return true;
    return word_count == 0;
}

int check_main(int argc, char **argv, const struct check_case *cases, size_t count)
{
    setvbuf(stdout, NULL, _IOLBF, 0);
    seed = (uint64_t)time(NULL);
    if (argc > 2 && strcmp(argv[1], "-s") == 0) {
        seed = strtoull(argv[2], NULL, 0);
        argc -= 2;
        argv += 2;
    }
    signal(SIGSEGV, on_crash);
    signal(SIGBUS, on_crash);
    signal(SIGILL, on_crash);
    signal(SIGFPE, on_crash);
    signal(SIGABRT, on_crash);
    int tally[3] = {0, 0, 0};
    for (size_t i = 0; i < count; i++) {
        if (!chosen(cases[i].name, argv + 1, argc - 1))
            continue;
        case_name = cases[i].name;
        case_state = STATE_OK;
        random_state = seed;
        cases[i].run();
        free_guarded();
        if (case_state == STATE_OK)
            printf("ok %s\n", case_name);
        if (case_state == STATE_FAILED)
            printf("FAIL %s (repeat with -s %llu)\n", case_name, (unsigned long long)seed);
        tally[case_state]++;
    }
    printf("%d passed, %d failed, %d skipped\n", tally[STATE_OK], tally[STATE_FAILED],
           tally[STATE_SKIPPED]);
    return tally[STATE_FAILED] > 0;
}
