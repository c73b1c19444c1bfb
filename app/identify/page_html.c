/* page_html.c - the report page's style sheet, its escapes and its pictures as data: URLs. */
#include "app/identify/page_html.h"
#include "app/output/text.h"

#include <stdlib.h>
#include <string.h>

void app_html_begin(FILE *out)
{
    fputs(
        "<!DOCTYPE html>\n"
        "<html lang=\"en\">\n"
        "<head>\n"
        "<meta charset=\"utf-8\">\n"
        /* Even if a name contains HTML, this page loads nothing and runs nothing. */
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; "
        "img-src data:; style-src 'unsafe-inline'\">\n"
        "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
        "<meta name=\"generator\" content=\"faceid " FID_VERSION "\">\n"
        "<title>faceid: who is in these pictures</title>\n"
        "<style>\n"
        ":root{color-scheme:light dark;--ink:#1c2126;--soft:#5d6872;--line:#d9dee3;--paper:#fff;"
        "--card:#f6f8f9;--known:#1e9e57;--other:#7b868f}\n"
        "@media(prefers-color-scheme:dark){:root{--ink:#e6eaed;--soft:#9aa5ae;--line:#343c43;"
        "--paper:#15191c;--card:#1d2226;--known:#35c274;--other:#8d99a3}}\n"
        "body{margin:0 auto;max-width:62rem;padding:1.5rem 1rem 4rem;background:var(--paper);"
        "color:var(--ink);font:15px/1.5 system-ui,sans-serif}\n"
        "h1{font-size:1.5rem;margin:0 0 .2rem}h2{font-size:1.05rem;margin:0}\n"
        "p{margin:.3rem 0}.soft{color:var(--soft)}a{color:inherit}\n"
        ".counts{display:flex;flex-wrap:wrap;gap:.6rem;margin:1.1rem 0}\n"
        ".counts div{background:var(--card);border:1px solid var(--line);border-radius:.5rem;"
        "padding:.5rem .9rem;min-width:6rem}\n"
        ".counts b{display:block;font-size:1.45rem;line-height:1.2}\n"
        "table{border-collapse:collapse;width:100%;margin:.7rem 0 0;font-size:.93rem}\n"
        "th{text-align:left;font-weight:600;color:var(--soft)}\n"
        "th,td{border-bottom:1px solid var(--line);padding:.35rem .6rem .35rem 0;"
        "vertical-align:middle}\n"
        "td.n{font-variant-numeric:tabular-nums;white-space:nowrap}"
        "td.b{overflow-wrap:anywhere;min-width:6rem}\n"
        "section{margin-top:2.2rem;border-top:1px solid var(--line);padding-top:1rem}\n"
        ".shot{position:relative;display:inline-block;margin:.6rem 0 0;max-width:100%}\n"
        ".shot>img{display:block;max-width:100%;max-height:40rem;width:auto;height:auto;"
        "border-radius:.3rem}\n"
        ".long{overflow:auto;max-height:44rem}"
        ".long .shot,.long .shot>img{max-width:none;max-height:none}\n"
        ".face{position:absolute;box-sizing:border-box;border:2px solid var(--other);"
        "border-radius:2px}\n"
        ".face i{position:absolute;left:-2px;bottom:100%;font:600 .8rem/1.35 system-ui,sans-serif;"
        "background:var(--other);color:#fff;padding:0 .35em;white-space:nowrap;border-radius:2px}\n"
        ".face.low i{bottom:auto;top:0}.face.right i{left:auto;right:-2px}\n"
        ".known{border-color:var(--known)}.known i{background:var(--known)}\n"
        ".crop{display:block;width:4rem;height:4rem;border-radius:.3rem}\n"
        ".who{font-weight:600;overflow-wrap:anywhere;min-width:6.5rem}.who.no{color:var(--soft)}\n"
        "@media print{section{break-inside:avoid}}\n"
        "</style>\n"
        "</head>\n"
        "<body>\n",
        out);
}

static void put_escaped(FILE *out, const char *text, size_t bytes)
{
    for (size_t i = 0; i < bytes; i++)
        switch (text[i]) {
        case '&':
            fputs("&amp;", out);
            break;
        case '<':
            fputs("&lt;", out);
            break;
        case '>':
            fputs("&gt;", out);
            break;
        case '"':
            fputs("&quot;", out);
            break;
        case '\'':
            fputs("&#39;", out);
            break;
        default:
            fputc(text[i], out);
        }
}

void app_html_text(FILE *out, const char *text)
{
    char *visible = NULL;
    size_t size = 0;
    FILE *stream = text != NULL ? open_memstream(&visible, &size) : NULL;
    if (stream == NULL)
        return;
    app_put_visible(stream, text);
    if (fclose(stream) == 0)
        put_escaped(out, visible, size);
    free(visible);
}

static void put_base64(FILE *out, const uint8_t *bytes, size_t size)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    for (size_t i = 0; i < size; i += 3) {
        uint32_t word = (uint32_t)bytes[i] << 16;
        word |= i + 1 < size ? (uint32_t)bytes[i + 1] << 8 : 0;
        word |= i + 2 < size ? bytes[i + 2] : 0u;
        const char text[4] = {digits[word >> 18], digits[word >> 12 & 63],
                              i + 1 < size ? digits[word >> 6 & 63] : '=',
                              i + 2 < size ? digits[word & 63] : '='};
        fwrite(text, 1, sizeof text, out);
    }
}

enum fid_status app_html_picture(FILE *out, const struct fid_picture *picture, int quality,
                                 struct fid_error *error)
{
    struct fid_bytes jpeg = {0};
    enum fid_status status = fid_picture_encode(picture, quality, &jpeg, error);
    if (status == FID_OK) {
        fputs("data:image/jpeg;base64,", out);
        put_base64(out, jpeg.data, jpeg.size);
    }
    fid_bytes_free(&jpeg);
    return status;
}
