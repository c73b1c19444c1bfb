/* csv.c - writes lines of comma-separated values. */
#include "app/output/csv.h"
#include "app/output/text.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

struct app_csv app_csv_begin(FILE *out)
{
    return (struct app_csv){.out = out};
}

static void put_comma(struct app_csv *csv)
{
    if (csv->not_first)
        fputc(',', csv->out);
    csv->not_first = true;
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

static bool needs_quotes(const char *text)
{
    size_t length = strlen(text);
    return length > 0 && (text[strcspn(text, ",\"\r\n\t")] != '\0' || is_blank(text[0]) ||
                          is_blank(text[length - 1]) || strchr("=+-@", text[0]) != NULL);
}

void app_csv_field(FILE *out, const char *text)
{
    static const char replacement[] = "\xEF\xBF\xBD"; /* U+FFFD */
    uint32_t code;
    size_t bytes;
    if (text == NULL)
        return;
    bool quoted = needs_quotes(text);
    if (quoted)
        fputc('"', out);
    for (; (bytes = app_utf8_next(text, &code)) != 0; text += bytes) {
        bool control = (code < 0x20 && code != '\t' && code != '\r' && code != '\n') ||
                       (code >= 0x7F && code < 0xA0);
        if (code == UINT32_MAX || control)
            fputs(replacement, out);
        else if (code == '"')
            fputs("\"\"", out);
        else
            fwrite(text, 1, bytes, out);
    }
    if (quoted)
        fputc('"', out);
}

void app_csv_text(struct app_csv *csv, const char *text)
{
    put_comma(csv);
    app_csv_field(csv->out, text);
}

void app_csv_whole(struct app_csv *csv, int64_t number)
{
    put_comma(csv);
    fprintf(csv->out, "%" PRId64, number);
}

void app_csv_number(struct app_csv *csv, double number, int decimals)
{
    put_comma(csv);
    if (isfinite(number))
        fprintf(csv->out, "%.*f", decimals, number);
}

void app_csv_line(struct app_csv *csv)
{
    fputc('\n', csv->out);
    fflush(csv->out);
    csv->not_first = false;
}
