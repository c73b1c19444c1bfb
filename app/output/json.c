/* json.c - writes JSON objects on one line. */
#include "app/output/json.h"
#include "app/output/text.h"

#include <inttypes.h>
#include <math.h>

struct app_json app_json_begin(FILE *out)
{
    return (struct app_json){.out = out};
}

static void put_string(FILE *out, const char *text)
{
    uint32_t code;
    size_t bytes;
    fputc('"', out);
    for (; (bytes = app_utf8_next(text, &code)) != 0; text += bytes) {
        if (code == '"' || code == '\\')
            fprintf(out, "\\%c", (int)code);
        else if (code == UINT32_MAX)
            fputs("\\ufffd", out);
        else if (code < 0x20 || (code >= 0x7F && code < 0xA0) || code == 0x2028 || code == 0x2029)
            fprintf(out, "\\u%04x", (unsigned)code);
        else
            fwrite(text, 1, bytes, out);
    }
    fputc('"', out);
}

static void put_key(struct app_json *json, const char *key)
{
    if (json->comma)
        fputc(',', json->out);
    json->comma = true;
    if (key != NULL) {
        put_string(json->out, key);
        fputc(':', json->out);
    }
}

void app_json_open(struct app_json *json, const char *key, char bracket)
{
    put_key(json, key);
    fputc(bracket, json->out);
    json->comma = false;
}

void app_json_close(struct app_json *json, char bracket)
{
    fputc(bracket, json->out);
    json->comma = true;
}

void app_json_text(struct app_json *json, const char *key, const char *text)
{
    put_key(json, key);
    if (text != NULL)
        put_string(json->out, text);
    else
        fputs("null", json->out);
}

void app_json_whole(struct app_json *json, const char *key, int64_t number)
{
    put_key(json, key);
    fprintf(json->out, "%" PRId64, number);
}

void app_json_number(struct app_json *json, const char *key, double number, int decimals)
{
    put_key(json, key);
    if (isfinite(number))
        fprintf(json->out, "%.*f", decimals, number);
    else
        fputs("null", json->out);
}

void app_json_bool(struct app_json *json, const char *key, bool value)
{
    put_key(json, key);
    fputs(value ? "true" : "false", json->out);
}

void app_json_line(struct app_json *json)
{
    fputc('\n', json->out);
    fflush(json->out);
    json->comma = false;
}
