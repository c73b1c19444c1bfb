/* json.h - writes JSON (RFC 8259) on one line, always valid UTF-8 and always well-formed numbers.
 *
 *     struct app_json json = app_json_begin(stdout);
 *     app_json_open(&json, NULL, '{');
 *     app_json_text(&json, "name", name);
 *     app_json_open(&json, "box", '[');
 *     app_json_number(&json, NULL, 12.5, 1);
 *     app_json_close(&json, ']');
 *     app_json_close(&json, '}');
 *     app_json_line(&json);
 */
#ifndef APP_JSON_H
#define APP_JSON_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

struct app_json {
    FILE *out;  /* borrowed */
    bool comma; /* before the next member */
};

struct app_json app_json_begin(FILE *out);

/* key: the member's name in an object, NULL in an array and at the top. bracket: '{' or '['. */
void app_json_open(struct app_json *json, const char *key, char bracket);
void app_json_close(struct app_json *json, char bracket); /* '}' or ']' */

/* Invalid bytes of text become U+FFFD; NULL becomes null. */
void app_json_text(struct app_json *json, const char *key, const char *text);
void app_json_whole(struct app_json *json, const char *key, int64_t number);
/* With this many decimals; null if it is not finite. */
void app_json_number(struct app_json *json, const char *key, double number, int decimals);
void app_json_bool(struct app_json *json, const char *key, bool value);

/* Ends the line and sends it, so that a reader of a pipe sees whole objects. */
void app_json_line(struct app_json *json);

#endif
