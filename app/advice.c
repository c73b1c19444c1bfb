/* advice.c - one table of what to do when a gallery fails, by verb and status. */
#include "app/advice.h"

#include <string.h>

static const struct {
    const char *verb; /* NULL: any that is not named before */
    enum fid_status status;
    const char *text; /* NULL: none */
} table[] = {
    {"check --salvage", FID_CORRUPT,
     "--model FILE names the model of the faces where the gallery does not say it any more"},
    {"check --salvage", FID_MISMATCH, "name the model of the faces, or leave --model out"},
    {"forget a person", FID_CORRUPT, "faceid check tells whether the gallery itself is damaged"},
    {"forget a person", FID_SEALED,
     "give that copy the gallery's secret (faceid protect --gallery COPY), or remove it"},
    {"restore", FID_CORRUPT, "faceid check --gallery COPY tells what is wrong with a copy"},
    {NULL, FID_CORRUPT,
     "put a copy in its place (faceid restore COPY), or save the rest (faceid check --salvage "
     "FILE)"},
    {"import", FID_MISMATCH, "take the people into a gallery of their model"},
    {NULL, FID_MISMATCH,
     "choose that model (--model FILE), go over to this one (faceid reembed), or enroll again"},
    {NULL, FID_SEALED,
     "a sealed gallery opens with its --key-file FILE or --passphrase-file FILE, or asks for its "
     "passphrase on a terminal"},
    {NULL, FID_BUSY, "try again when the other process is done"},
    {NULL, FID_UNREACHABLE,
     "does the server run, and does it let you in? PGPASSFILE and sslmode count as with psql"},
};

static const char *current = "";

void app_advise_for(const char *name)
{
    current = name;
}

const char *app_advice(enum fid_status status)
{
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++)
        if (table[i].status == status &&
            (table[i].verb == NULL || strcmp(table[i].verb, current) == 0))
            return table[i].text;
    return NULL;
}
