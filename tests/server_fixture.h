/* server_fixture.h - a PostgreSQL server of a C test's own (tests/server.py), which starts at the
 * first wish and ends with the test. */
#ifndef TESTS_SERVER_FIXTURE_H
#define TESTS_SERVER_FIXTURE_H

#include "tests/check/check.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#if FID_POSTGRES
#define SERVER_IS_BUILT true
#else
#define SERVER_IS_BUILT false
#endif

static struct {
    FILE *to, *from;
    char url[256];
    bool was_started;
} server_;

/* Makes the server do that; FILLS answer[bytes] with what it says (NULL: "ok" is all). */
static inline void server_do(const char *what, char *answer, size_t bytes)
{
    char line[4096];
    fprintf(server_.to, "%s\n", what);
    fflush(server_.to);
    CHECK_THAT(fgets(line, sizeof line, server_.from) != NULL && strncmp(line, "ok", 2) == 0,
               "the server could not do: %s", what);
    line[strcspn(line, "\n")] = '\0';
    if (answer != NULL)
        snprintf(answer, bytes, "%.*s", (int)bytes - 1, line[2] == ' ' ? line + 3 : "");
}

/* The address, NULL: without FID_POSTGRES or the server's programs there is none. */
static inline const char *server_url(void)
{
    int to[2], from[2];
    if (SERVER_IS_BUILT && !server_.was_started && pipe(to) == 0 && pipe(from) == 0) {
        if (fork() == 0) {
            dup2(to[0], STDIN_FILENO);
            dup2(from[1], STDOUT_FILENO);
            close(to[0]), close(to[1]), close(from[0]), close(from[1]);
            execl("/usr/bin/python3", "python3", "tests/server.py", (char *)NULL);
            _exit(127);
        }
        close(to[0]), close(from[1]);
        server_.to = fdopen(to[1], "w");
        server_.from = fdopen(from[0], "r");
        if (fgets(server_.url, sizeof server_.url, server_.from) == NULL)
            server_.url[0] = '\0';
        server_.url[strcspn(server_.url, "\n")] = '\0';
        if (strncmp(server_.url, "postgresql:", 11) != 0)
            server_.url[0] = '\0';
    }
    server_.was_started = true;
    return server_.url[0] != '\0' ? server_.url : NULL;
}

/* FILLS where[400] with a gallery that no other case has. */
static inline bool new_gallery(const char *name, char where[400])
{
    if (server_url() == NULL)
        check_skip("there is no PostgreSQL server");
    else
        snprintf(where, 400, "%s&gallery=%s", server_url(), name);
    return server_url() != NULL;
}

#endif
