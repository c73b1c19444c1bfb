/* text.c - decodes UTF-8, and prints text from outside so that it cannot steer the terminal. */
#include "app/output/text.h"

#include <stdbool.h>

size_t app_utf8_next(const char *text, uint32_t *code)
{
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    const unsigned char *bytes = (const unsigned char *)text;
    if (bytes[0] == 0)
        return 0;
    if (bytes[0] < 0x80) {
        *code = bytes[0];
        return 1;
    }
    size_t length = bytes[0] >= 0xF0 ? 4 : bytes[0] >= 0xE0 ? 3 : 2;
    uint32_t value = bytes[0] & (0x7Fu >> length);
    *code = UINT32_MAX;
    if (bytes[0] < 0xC2 || bytes[0] > 0xF4)
        return 1;
    for (size_t i = 1; i < length; i++) {
        if ((bytes[i] & 0xC0u) != 0x80u)
            return 1;
        value = value << 6 | (bytes[i] & 0x3Fu);
    }
    if (value < least[length] || value > 0x10FFFF || (value >= 0xD800 && value <= 0xDFFF))
        return 1;
    *code = value;
    return length;
}

size_t app_utf8_cut(const char *text, size_t most)
{
    uint32_t code;
    size_t end = 0, bytes;
    while ((bytes = app_utf8_next(text + end, &code)) != 0 && end + bytes <= most)
        end += bytes;
    return end;
}

/* Characters that change the direction or the lines of what follows. */
static bool steers(uint32_t code)
{
    return code == 0x061C || (code >= 0x200E && code <= 0x200F) ||
           (code >= 0x2028 && code <= 0x202E) || (code >= 0x2066 && code <= 0x2069);
}

void app_put_visible(FILE *out, const char *text)
{
    uint32_t code;
    size_t bytes;
    for (; (bytes = app_utf8_next(text, &code)) != 0; text += bytes) {
        if (code == '\n')
            fputs("\\n", out);
        else if (code == '\t')
            fputs("\\t", out);
        else if (code == '\\')
            fputs("\\\\", out);
        else if (code == UINT32_MAX || code < 0x20 || code == 0x7F)
            fprintf(out, "\\x%02X", (unsigned char)text[0]);
        else if ((code >= 0x80 && code < 0xA0) || steers(code))
            fprintf(out, "\\u{%X}", (unsigned)code);
        else
            fwrite(text, 1, bytes, out);
    }
}
