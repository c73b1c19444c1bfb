/* hook.h - the user's command, run for each event. A few run at a time and the others wait in
 * line; the caller never waits. */
#ifndef APP_HOOK_H
#define APP_HOOK_H

#include "app/app.h"

struct app_hook;

/* The command is split into words at blanks; there is no shell and no quoting. APP_USAGE after a
 * message if there is no such program or more than 64 words. */
enum app_exit app_hook_open(const char *command, struct app_hook **hook);

/* Runs the command in our environment, with these variables ("NAME=value", count of them, copied)
 * added or replaced. Its stdin is empty, its stdout goes to our stderr. */
void app_hook_run(struct app_hook *hook, const char *const *variables, size_t count);

/* Collects commands that have ended and starts waiting ones; to be called often. */
void app_hook_poll(struct app_hook *hook);

/* Gives running and waiting commands two seconds to end, when interrupted APP_LAST_WAIT_MS; then
 * leaves them alone. Takes NULL. */
void app_hook_close(struct app_hook **hook);

#endif
