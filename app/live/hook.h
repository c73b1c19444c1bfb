/* hook.h - the user's command, run for each event. A few at a time, the others wait in line; the
 * caller never waits. */
#ifndef APP_HOOK_H
#define APP_HOOK_H

#include "app/app.h"

struct app_hook;

/* The command is split into words at blanks; there is no shell and no quoting. APP_USAGE after a
 * sentence when there is no such program, or more than 64 words. */
enum app_exit app_hook_open(const char *command, struct app_hook **hook);

/* Runs the command with these variables ("NAME=value", count of them, copied) in the place of those
 * of their names in our own environment. Its stdin is empty, its stdout goes to our stderr. */
void app_hook_run(struct app_hook *hook, const char *const *variables, size_t count);

/* Collects those that have ended and starts those that wait; to be called often. */
void app_hook_poll(struct app_hook *hook);

/* Gives what runs and waits two seconds to end, or when interrupted APP_LAST_WAIT_MS; then leaves
 * it alone. Takes NULL. */
void app_hook_close(struct app_hook **hook);

#endif
