/* name.c - which names people may have, and when two spellings are one name. */
#include "engine/face/gallery/name.h"

#include <stdbool.h>
#include <string.h>
#include <utf8proc.h>

/* Canonical decomposition gives at most 4 characters for one (UAX #15), folding at most 3. */
enum { CODES_MAX = FID_NAME_BYTES * 4 * 3 };
/* Composing shortens a name at most to a third (9 bytes of Hangul jamo to 3). */
enum { LONGEST_INPUT = 3 * FID_NAME_BYTES };

/* Maps name (length bytes of UTF-8) by utf8proc's options into out of out_bytes, zero-terminated.
 * FID_INVALID: not valid UTF-8, or the result is too long. */
static enum fid_status map_name(const char *name, size_t length, utf8proc_option_t options,
                                char *out, size_t out_bytes, struct fid_error *error)
{
    utf8proc_int32_t codes[CODES_MAX + 1]; /* reencode writes the text in its place, with a 0 */
    utf8proc_ssize_t count =
        utf8proc_decompose((const utf8proc_uint8_t *)name, (utf8proc_ssize_t)length, codes,
                           CODES_MAX, options | UTF8PROC_STABLE | UTF8PROC_COMPOSE);
    if (count == UTF8PROC_ERROR_INVALIDUTF8)
        return fid_fail(error, FID_INVALID, "the name is not valid UTF-8");
    if (count < 0 || count > CODES_MAX)
        return fid_fail(error, FID_INVALID, "the name is too long or has characters unknown here");
    utf8proc_ssize_t bytes =
        utf8proc_reencode(codes, count, options | UTF8PROC_STABLE | UTF8PROC_COMPOSE);
    if (bytes < 0 || (size_t)bytes >= out_bytes)
        return fid_fail(error, FID_INVALID, "the name is longer than %zu bytes", out_bytes - 1);
    memcpy(out, codes, (size_t)bytes + 1);
    return FID_OK;
}

/* Letters and symbols that show nothing: Hangul fillers, the empty braille cell. */
static bool is_blank_letter(utf8proc_int32_t code)
{
    return code == 0x115F || code == 0x1160 || code == 0x3164 || code == 0xFFA0 || code == 0x2800;
}

/* Is the character one that no name may have? Of the format characters only the two joiners are
 * allowed, which Persian, Indic scripts and emoji need; so no direction character gets in. */
static bool is_forbidden(utf8proc_int32_t code)
{
    switch (utf8proc_category(code)) {
    case UTF8PROC_CATEGORY_CC:
    case UTF8PROC_CATEGORY_CS:
    case UTF8PROC_CATEGORY_CO:
    case UTF8PROC_CATEGORY_CN:
    case UTF8PROC_CATEGORY_ZL:
    case UTF8PROC_CATEGORY_ZP:
        return true;
    case UTF8PROC_CATEGORY_CF:
        return code != 0x200C && code != 0x200D;
    default:
        return is_blank_letter(code);
    }
}

static bool is_visible(utf8proc_int32_t code)
{
    utf8proc_category_t category = utf8proc_category(code);
    return category != UTF8PROC_CATEGORY_ZS && category != UTF8PROC_CATEGORY_CF &&
           category != UTF8PROC_CATEGORY_MN && category != UTF8PROC_CATEGORY_ME;
}

/* Walks the characters of valid UTF-8: none forbidden, one to be seen, no blank at an end. */
static enum fid_status check_characters(const char *name, struct fid_error *error)
{
    utf8proc_int32_t code = ' ';
    bool seen = false;
    for (const char *at = name; *at != '\0';) {
        at += utf8proc_iterate((const utf8proc_uint8_t *)at, -1, &code);
        if (is_forbidden(code))
            return fid_fail(error, FID_INVALID,
                            "the name has the character U+%04X, which names may not have",
                            (unsigned)code);
        if (!seen && utf8proc_category(code) == UTF8PROC_CATEGORY_ZS)
            return fid_fail(error, FID_INVALID, "the name begins with a blank");
        seen = seen || is_visible(code);
    }
    if (!seen)
        return fid_fail(error, FID_INVALID, "the name has no visible character");
    if (utf8proc_category(code) == UTF8PROC_CATEGORY_ZS)
        return fid_fail(error, FID_INVALID, "the name ends with a blank");
    return FID_OK;
}

enum fid_status fid_name_check(const char *name, char out[FID_NAME_BYTES], struct fid_error *error)
{
    char nfc[FID_NAME_BYTES];
    size_t length = strnlen(name, LONGEST_INPUT);
    if (length == 0)
        return fid_fail(error, FID_INVALID, "the name is empty");
    if (length == LONGEST_INPUT)
        return fid_fail(error, FID_INVALID, "the name is longer than %d bytes", FID_NAME_BYTES - 1);
    enum fid_status status = map_name(name, length, 0, nfc, sizeof nfc, error);
    if (status == FID_OK)
        status = check_characters(nfc, error);
    if (status != FID_OK)
        return status;
    if (strchr(nfc, '/') != NULL)
        return fid_fail(error, FID_INVALID, "a name may not have a '/'");
    if (nfc[0] == '-')
        return fid_fail(error, FID_INVALID, "a name may not begin with '-'");
    if (strcmp(nfc, "?") == 0 || strcmp(nfc, ".") == 0 || strcmp(nfc, "..") == 0)
        return fid_fail(error, FID_INVALID, "'%s' cannot be a name", nfc);
    memcpy(out, nfc, strlen(nfc) + 1);
    return FID_OK;
}

enum fid_status fid_name_key(const char *name, char out[FID_NAME_KEY_BYTES],
                             struct fid_error *error)
{
    return map_name(name, strlen(name), UTF8PROC_CASEFOLD | UTF8PROC_IGNORE, out,
                    FID_NAME_KEY_BYTES, error);
}

bool fid_is_text(const char *text, size_t size)
{
    for (size_t at = 0; at < size;) {
        utf8proc_int32_t code;
        const utf8proc_ssize_t bytes = utf8proc_iterate((const utf8proc_uint8_t *)text + at,
                                                        (utf8proc_ssize_t)(size - at), &code);
        if (bytes <= 0 || code == 0)
            return false;
        at += (size_t)bytes;
    }
    return true;
}
