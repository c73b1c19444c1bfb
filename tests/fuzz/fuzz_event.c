/* fuzz_event.c - libFuzzer on the writer of events: with anything in a source or a name, the line
 * is one JSON object (RFC 8259) that reads back as what was written.
 *
 * Built and run by `make fuzz`; seeds/event holds the inputs it starts from (make_seeds
 * writes them). The first bytes are numbers of the event, then the source up to a zero
 * byte, then the name. */
#include "app/output/json.c"
#include "app/live/live_event.c"
#include "app/output/text.c"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t size);

/* ---- a reader of its own: strict, and without the writer's code ---- */

static const char *skip_value(const char *at);

static unsigned hex(const char *at)
{
    unsigned code = 0;
    for (int i = 0; i < 4; i++) {
        const char *digits = "0123456789abcdef", *digit = strchr(digits, at[i]);
        if (at[i] == '\0' || digit == NULL)
            abort();
        code = code << 4 | (unsigned)(digit - digits);
    }
    return code;
}

static size_t put_utf8(unsigned code, char *out)
{
    if (code < 0x80) {
        out[0] = (char)code;
        return 1;
    }
    if (code < 0x800) {
        out[0] = (char)(0xC0 | code >> 6);
        out[1] = (char)(0x80 | (code & 0x3F));
        return 2;
    }
    out[0] = (char)(0xE0 | code >> 12);
    out[1] = (char)(0x80 | (code >> 6 & 0x3F));
    out[2] = (char)(0x80 | (code & 0x3F));
    return 3;
}

/* The string at `at` into out; returns what is behind it. */
static const char *read_string(const char *at, char *out)
{
    if (*at++ != '"')
        abort();
    while (*at != '"') {
        if ((unsigned char)*at < 0x20)
            abort(); /* also the end of the line */
        if (*at != '\\') {
            *out++ = *at++;
        } else if (at[1] == 'u') {
            out += put_utf8(hex(at + 2), out);
            at += 6;
        } else if (at[1] == '"' || at[1] == '\\') {
            *out++ = at[1];
            at += 2;
        } else {
            abort();
        }
    }
    *out = '\0';
    return at + 1;
}

static const char *skip_members(const char *at, char end)
{
    static char key[64];
    if (*at == end)
        return at + 1;
    for (;;) {
        if (end == '}') {
            at = read_string(at, key);
            if (*at++ != ':')
                abort();
        }
        at = skip_value(at);
        if (*at == end)
            return at + 1;
        if (*at++ != ',')
            abort();
    }
}

static const char *skip_value(const char *at)
{
    static char text[1 << 17];
    if (*at == '"')
        return read_string(at, text);
    if (*at == '{')
        return skip_members(at + 1, '}');
    if (*at == '[')
        return skip_members(at + 1, ']');
    for (const char *const *word = (const char *const[]){"true", "false", "null", NULL}; *word;
         word++)
        if (strncmp(at, *word, strlen(*word)) == 0)
            return at + strlen(*word);
    char *end;
    if (strchr("-0123456789", *at) == NULL)
        abort(); /* strtod would take "inf" and "nan" too */
    (void)strtod(at, &end);
    if (end == at)
        abort();
    return end;
}

/* Behind `"key":` at the top of the object; keys are unlike every text of the others. */
static const char *member(const char *line, const char *key)
{
    const char *at = line + 1;
    static char name[64];
    for (;;) {
        at = read_string(at, name);
        if (strcmp(name, key) == 0)
            return at + 1;
        at = skip_value(at + 1);
        if (*at++ != ',')
            abort();
    }
}

/* ---- the writer ---- */

/* What a text reads as: bytes that are no UTF-8 became U+FFFD, each as
 * app_utf8_next counts them. */
static void expected(const char *text, char *out)
{
    uint32_t code;
    for (size_t bytes; (bytes = app_utf8_next(text, &code)) != 0; text += bytes) {
        size_t written = code == UINT32_MAX ? 3 : bytes;
        memcpy(out, code == UINT32_MAX ? "\xEF\xBF\xBD" : text, written);
        out += written;
    }
    *out = '\0';
}

static void check_text(const char *line, const char *key, const char *text)
{
    static char read[1 << 17], wanted[1 << 17];
    read_string(member(line, key), read);
    expected(text, wanted);
    if (strcmp(read, wanted) != 0)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t size)
{
    struct fid_track track = {0};
    float numbers[5];
    if (size < sizeof numbers + 4)
        return 0;
    memcpy(numbers, input, sizeof numbers);
    const uint8_t *flags = input + sizeof numbers, *text = flags + 4;
    char *source = malloc(size + 1), *line = NULL;
    if (source == NULL)
        return 0;
    size_t left = size - sizeof numbers - 4;
    memcpy(source, text, left);
    source[left] = '\0';
    const char *name = strlen(source) < left ? source + strlen(source) + 1 : "";
    snprintf(track.label.name, sizeof track.label.name, "%s", name);
    track.label.known = flags[0] & 1;
    track.label.nearest[0] = flags[0] & 2 ? 'x' : '\0';
    track.label.score = numbers[0];
    track.label.reason = (enum fid_reason)(flags[1] % (FID_REASON_REJECTED + 1));
    track.face.box = (struct fid_box){numbers[1], numbers[2], numbers[3], numbers[4]};
    const struct app_event event = {.kind = (enum app_event_kind)(flags[2] % 3),
                                    .captured_ns = app_now_ns(),
                                    .frame = flags[3],
                                    .source = source,
                                    .track = &track,
                                    .after_ms = (double)numbers[0]};
    size_t bytes = 0;
    FILE *out = open_memstream(&line, &bytes);
    if (out != NULL) {
        app_event_write(out, &event);
        fclose(out);
        if (memchr(line, '\n', bytes) != line + bytes - 1 || strcmp(skip_value(line), "\n") != 0)
            abort();
        check_text(line, "source", source);
        if (track.label.known)
            check_text(line, "name", track.label.name);
    }
    free(line);
    free(source);
    return 0;
}
