/* json_read.c - walks the JSON text again for each value and keeps no tree: the texts are small. */
#include "app/input/json_read.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { DEEPEST = 16 };

static const char *skip_space(const char *at)
{
    return at + strspn(at, " \t\r\n");
}

static const char *skip_digits(const char *at)
{
    const size_t digits = strspn(at, "0123456789");
    return digits > 0 ? at + digits : NULL;
}

static const char *skip_number(const char *at)
{
    at += *at == '-';
    at = *at == '0' ? at + 1 : skip_digits(at);
    if (at != NULL && *at == '.')
        at = skip_digits(at + 1);
    if (at != NULL && (*at == 'e' || *at == 'E')) {
        at++;
        at = skip_digits(at + (*at == '+' || *at == '-'));
    }
    return at;
}

/* Writes the character after a backslash as UTF-8; returns its bytes, 0 if it is not valid.
 * Characters above U+FFFF, written as a pair, are not read: nothing here writes them so. */
static size_t unescape(const char *at, char utf8[4], size_t *taken)
{
    static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
    const char *simple = *at != '\0' ? strchr(from, *at) : NULL;
    *taken = 1;
    if (simple != NULL) {
        utf8[0] = to[simple - from];
        return 1;
    }
    if (*at != 'u' || strspn(at + 1, "0123456789abcdefABCDEF") < 4)
        return 0;
    char digits[5] = {at[1], at[2], at[3], at[4]};
    const unsigned code = (unsigned)strtoul(digits, NULL, 16);
    *taken = 5;
    if (code == 0 || (code >= 0xD800 && code <= 0xDFFF))
        return 0;
    if (code < 0x80) {
        utf8[0] = (char)code;
        return 1;
    }
    const size_t more = code < 0x800 ? 1 : 2; /* bytes after the first */
    for (size_t i = more; i > 0; i--)
        utf8[i] = (char)(0x80u | ((code >> (6 * (more - i))) & 0x3Fu));
    utf8[0] = (char)((more == 1 ? 0xC0u : 0xE0u) | code >> (6 * more));
    return more + 1;
}

/* Returns the end of the string that starts at its quotation mark, or NULL. With room (bytes of it)
 * FILLS text; NULL also if it is too small. */
static const char *take_string(const char *at, char *text, size_t bytes)
{
    size_t end = 0;
    if (*at++ != '"')
        return NULL;
    while (*at != '"') {
        char piece[4] = {*at};
        size_t taken = 1, count = 1;
        if ((unsigned char)*at < 0x20)
            return NULL;
        if (*at == '\\')
            count = unescape(++at, piece, &taken);
        if (count == 0 || (text != NULL && end + count >= bytes))
            return NULL;
        if (text != NULL)
            memcpy(text + end, piece, count);
        end += count;
        at += taken;
    }
    if (text != NULL)
        text[end] = '\0';
    return at + 1;
}

/* ---- values ---- */

static const char *skip_value(const char *at, int depth);

/* Returns the end of the object or array that starts at `at`; with wanted (a member's name or an
 * index, in bytes) that member, or NULL if there is none. */
static const char *skip_members(const char *at, int depth, const char *wanted, size_t length)
{
    char key[128], place[32];
    const bool object = *at == '{';
    const char last = object ? '}' : ']';
    const char *member = NULL;
    at = skip_space(at + 1);
    for (size_t i = 0; *at != last || i > 0; i++) {
        snprintf(place, sizeof place, "%zu", i);
        const char *name = object ? key : place;
        key[0] = '\0';
        if (object) {
            const char *end = take_string(at, key, sizeof key); /* a longer key is not wanted */
            at = end != NULL ? end : take_string(at, NULL, 0);
            at = at != NULL ? skip_space(at) : NULL;
            if (at == NULL || *at != ':')
                return NULL;
            at = skip_space(at + 1);
        }
        if (wanted != NULL && strlen(name) == length && memcmp(name, wanted, length) == 0)
            member = at;
        at = skip_value(at, depth + 1);
        if (at == NULL || (*at != ',' && *at != last))
            return NULL;
        if (*at == last)
            break;
        at = skip_space(at + 1);
    }
    return wanted != NULL ? member : at + 1;
}

/* Returns the end of a value and of the white space after it. */
static const char *skip_value(const char *at, int depth)
{
    static const char *const words[] = {"true", "false", "null"};
    if (depth > DEEPEST)
        return NULL;
    if (*at == '{' || *at == '[')
        at = skip_members(at, depth, NULL, 0);
    else if (*at == '"')
        at = take_string(at, NULL, 0);
    else if (*at == '-' || (*at >= '0' && *at <= '9'))
        at = skip_number(at);
    else {
        const char *begin = at;
        at = NULL;
        for (size_t i = 0; i < 3; i++)
            if (strncmp(begin, words[i], strlen(words[i])) == 0)
                at = begin + strlen(words[i]);
    }
    return at != NULL ? skip_space(at) : NULL;
}

const char *app_json_end(const char *text)
{
    return skip_value(skip_space(text), 0);
}

/* The value at the path, or NULL. */
static const char *find(const char *object, const char *path)
{
    const char *at = skip_space(object);
    while (*path != '\0' && at != NULL) {
        const size_t length = strcspn(path, ".");
        at = *at == '{' || *at == '[' ? skip_members(at, 0, path, length) : NULL;
        path += length + (path[length] == '.');
    }
    return at;
}

bool app_json_read_number(const char *object, const char *path, double *number)
{
    const char *at = find(object, path);
    if (at == NULL || skip_number(at) == NULL)
        return false;
    *number = strtod(at, NULL);
    return true;
}

bool app_json_read_bool(const char *object, const char *path, bool *value)
{
    const char *at = find(object, path);
    *value = at != NULL && strncmp(at, "true", 4) == 0;
    return at != NULL && (*value || strncmp(at, "false", 5) == 0);
}

bool app_json_read_text(const char *object, const char *path, char *text, size_t bytes)
{
    const char *at = find(object, path);
    return at != NULL && take_string(at, text, bytes) != NULL;
}
