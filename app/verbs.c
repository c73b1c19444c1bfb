/* verbs.c - the table of verbs. */
#include "app/options.h"

#include <string.h>

#define APP_VERB(name) extern const struct app_verb app_verb_##name;
#include "app/verb_table.h"
#undef APP_VERB

static const struct app_verb *const verbs[] = {
#define APP_VERB(name) &app_verb_##name,
#include "app/verb_table.h"
#undef APP_VERB
};

const struct app_verb *app_verb_at(size_t i)
{
    return i < sizeof verbs / sizeof verbs[0] ? verbs[i] : NULL;
}

const struct app_verb *app_verb_find(const char *name)
{
    const struct app_verb *verb;
    for (size_t i = 0; (verb = app_verb_at(i)) != NULL; i++)
        if (strcmp(verb->name, name) == 0)
            return verb;
    return NULL;
}
