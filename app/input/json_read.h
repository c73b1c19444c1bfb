/* json_read.h - looks values up in a JSON text (RFC 8259), such as the one that json.h writes. */
#ifndef APP_JSON_READ_H
#define APP_JSON_READ_H

#include <stdbool.h>
#include <stddef.h>

/* The end of the value that the text starts with, including white space before and after it; NULL
 * if it is not well-formed or nested deeper than 16 levels. */
const char *app_json_end(const char *text);

/* The value at a path of members, "halves.threshold", or array indices,
 * "fpir_95.1", in an object that app_json_end has accepted. False if there is no value of that
 * type, or if a text is longer than its room. */
bool app_json_read_number(const char *object, const char *path, double *number);
bool app_json_read_bool(const char *object, const char *path, bool *value);
bool app_json_read_text(const char *object, const char *path, char *text, size_t bytes);

#endif
