#include "bench/json_reader.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { DEPTH_LIMIT = 64 };

static void blanks(struct json_reader *reader)
{
    reader->at += strspn(reader->at, " \t\r\n");
}

static bool fault(struct json_reader *reader)
{
    if (reader->fault == NULL)
        reader->fault = reader->at;
    reader->at += strlen(reader->at);
    return false;
}

static bool take(struct json_reader *reader, char c)
{
    blanks(reader);
    if (*reader->at != c)
        return false;
    reader->at++;
    return true;
}

bool json_open(struct json_reader *reader, char bracket)
{
    if (!take(reader, bracket))
        return fault(reader);
    reader->first = true;
    return true;
}

/* Before a member or item: true if there is one more. */
static bool more(struct json_reader *reader, char closing)
{
    const bool first = reader->first;
    reader->first = false;
    if (take(reader, closing))
        return false;
    return first || take(reader, ',') || fault(reader);
}

bool json_member(struct json_reader *reader, char *key, size_t bytes)
{
    if (!more(reader, '}'))
        return false;
    json_text(reader, key, bytes);
    return take(reader, ':') || fault(reader);
}

bool json_item(struct json_reader *reader)
{
    return more(reader, ']') && *reader->at != '\0';
}

double json_number(struct json_reader *reader)
{
    char *end;
    blanks(reader);
    if (strncmp(reader->at, "null", 4) == 0) {
        reader->at += 4;
        return NAN;
    }
    const double number = strtod(reader->at, &end);
    if (end == reader->at || strchr("-0123456789", *reader->at) == NULL) {
        fault(reader);
        return NAN;
    }
    reader->at = end;
    return number;
}

/* Escapes other than those of bench_json_text become '?'. */
void json_text(struct json_reader *reader, char *text, size_t bytes)
{
    size_t length = 0;
    if (!take(reader, '"'))
        fault(reader);
    for (; *reader->at != '\0' && *reader->at != '"'; reader->at++) {
        char c = *reader->at;
        if (c == '\\') {
            c = *++reader->at;
            if (c == '\0')
                break;
            c = strchr("\"\\/", c) != NULL ? c : '?';
        }
        if (length + 1 < bytes)
            text[length++] = c;
    }
    text[length] = '\0';
    if (!take(reader, '"'))
        fault(reader);
}

void json_skip(struct json_reader *reader)
{
    char unread[1];
    blanks(reader);
    if (++reader->depth > DEPTH_LIMIT)
        fault(reader);
    if (*reader->at == '{') {
        json_open(reader, '{');
        while (json_member(reader, unread, sizeof unread))
            json_skip(reader);
    } else if (*reader->at == '[') {
        json_open(reader, '[');
        while (json_item(reader))
            json_skip(reader);
    } else if (*reader->at == '"') {
        json_text(reader, unread, sizeof unread);
    } else if (strncmp(reader->at, "true", 4) == 0) {
        reader->at += 4;
    } else if (strncmp(reader->at, "false", 5) == 0) {
        reader->at += 5;
    } else {
        json_number(reader);
    }
    reader->depth--;
}
