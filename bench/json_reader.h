/* json_reader.h - reads JSON front to back; the caller says what it expects next.
 *
 *     json_open(&reader, '{');
 *     while (json_member(&reader, key, sizeof key))
 *         if (strcmp(key, "batch") == 0) batch = json_number(&reader);
 *         else json_skip(&reader);
 *
 * After a fault everything returns nothing, so that loops end; `fault` is then where it was. */
#ifndef BENCH_JSON_READER_H
#define BENCH_JSON_READER_H

#include <stdbool.h>
#include <stddef.h>

struct json_reader {
    const char *at;    /* zero-terminated text */
    const char *fault; /* NULL: none so far */
    bool first;        /* of the members or items just opened */
    int depth;
};

bool json_open(struct json_reader *reader, char bracket); /* '{' or '[' */
/* The next member's name, cut to fit; false behind the last one, whose bracket is consumed. */
bool json_member(struct json_reader *reader, char *key, size_t bytes);
bool json_item(struct json_reader *reader);                           /* the same for an array */
double json_number(struct json_reader *reader);                       /* NAN for null */
void json_text(struct json_reader *reader, char *text, size_t bytes); /* cut to fit */
void json_skip(struct json_reader *reader);                           /* one value of any kind */

#endif
