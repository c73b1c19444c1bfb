/* Names: which are refused, which are kept and in what form, and which are one and the same. */
#include "engine/face/gallery/name.h"
#include "tests/check/check.h"

#include <string.h>

static void hostile_names_are_refused(void)
{
    static const char *const bad[] = {
        "",
        " ",
        "  ",
        "\t",
        "\n",
        "a\nb",
        "a\rb",
        "a\tb",
        "\x01",
        "a\x1b[2Jb",
        "a\x7f",
        "\xC2\x80",
        ("\xC2\x9B"
         "31m"),
        "/",
        "a/b",
        "../../etc/passwd",
        "/etc",
        "./a",
        ".",
        "..",
        "?",
        "-",
        "-rf",
        "--help",
        " ana",
        "ana ",
        ("\xC2\xA0"
         "ana"),
        "ana\xC2\xA0",
        ("\xE3\x80\x80"
         "ana"),
        "\xE2\x80\x83",
        ("\xE2\x80\xAE"
         "ana"),
        ("an\xE2\x80\xAD"
         "a"),
        "a\xE2\x80\x8E",
        "a\xE2\x80\x8F",
        ("\xE2\x81\xA6"
         "a"),
        "a\xE2\x81\xA9",
        ("\xD8\x9C"
         "a"),
        ("a\xE2\x80\xA8"
         "b"),
        ("a\xE2\x80\xA9"
         "b"),
        "\xE2\x80\x8B",
        ("a\xE2\x80\x8B"
         "b"),
        ("\xEF\xBB\xBF"
         "ana"),
        ("a\xC2\xAD"
         "b"),
        "\xE2\x80\x8D",
        "\xE2\x80\x8C",
        "\xCC\x81",
        "\xEF\xB8\x8F",
        "\xFF",
        "\xFE\xFF",
        "a\x80",
        "\xC0\x80",
        "\xC1\xBF",
        "\xE0\x80\x80",
        "\xE0\x9F\xBF",
        "\xF0\x80\x80\x80",
        "\xF0\x8F\xBF\xBF",
        "\xED\xA0\x80",
        "\xED\xBF\xBF",
        "\xF4\x90\x80\x80",
        "\xF5\x80\x80\x80",
        "\xC3",
        "a\xE2\x82",
        "\xF0\x9F\x98",
        "\xEF\xBF\xBE",
        "\xEF\xBF\xBF",
        "\xEE\x80\x80",
        "\xF3\xB0\x80\x80",
        "\xE3\x85\xA4",
        "\xE1\x85\x9F",
        "\xEF\xBE\xA0",
        "\xE2\xA0\x80",
        "\xF3\xA0\x81\xA1",
        ("\xE2\x81\xA0"
         "a"),
        ("\xEF\xBF\xB9"
         "a"),
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        char out[FID_NAME_BYTES] = "untouched";
        struct fid_error error = {0};
        CHECK_THAT(fid_name_check(bad[i], out, &error) == FID_INVALID, "name %zu is allowed", i);
        CHECK_THAT(error.text[0] != '\0' && strchr(error.text, '\n') == NULL, "name %zu: '%s'", i,
                   error.text);
        CHECK(strcmp(out, "untouched") == 0);
    }
    CHECK(sizeof bad / sizeof bad[0] >= 60);
}

static void good_names_stay_as_they_are(void)
{
    static const char *const good[] = {
        "ana",
        "Ana Maria",
        "O'Neill",
        "d'Arc",
        "a-b",
        "a.b",
        ".hidden",
        "...",
        "??",
        "a?",
        "=cmd()",
        "'; DROP TABLE person; --",
        "\"quoted\"",
        "a,b",
        "a\\b",
        "100%",
        "%s%n",
        "$HOME",
        "`id`",
        "Zo\xC3\xA9",
        "\xC4\xB0stanbul",
        "\xD0\x90\xD0\xBD\xD0\xBD\xD0\xB0",
        "\xE5\xBC\xA0\xE4\xBC\x9F",
        "\xD9\x85\xD8\xAD\xD9\x85\xD8\xAF",
        "\xED\x95\x9C",
        "\xF0\x9F\x98\x80",
        "\xF0\x9F\x91\xA9\xE2\x80\x8D\xF0\x9F\x92\xBB",
        "1",
        "a  b",
        "NULL",
        "nan",
        "#12",
    };
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        char out[FID_NAME_BYTES];
        struct fid_error error = {0};
        CHECK_THAT(fid_name_check(good[i], out, &error) == FID_OK, "%s: %s", good[i], error.text);
        CHECK_THAT(strcmp(out, good[i]) == 0, "%s became %s", good[i], out);
    }
}

static void composed_form_is_stored(void)
{
    char out[FID_NAME_BYTES];
    CHECK(fid_name_check("Zoe\xCC\x81", out, NULL) == FID_OK);
    CHECK(strcmp(out, "Zo\xC3\xA9") == 0);
    CHECK(fid_name_check("\xE1\x84\x92\xE1\x85\xA1\xE1\x86\xAB", out, NULL) == FID_OK); /* jamo */
    CHECK(strcmp(out, "\xED\x95\x9C") == 0);
}

static void length_is_counted_in_bytes(void)
{
    char name[2000], out[FID_NAME_BYTES];
    for (size_t length = 1; length < sizeof name; length++) {
        memset(name, 'a', length);
        name[length] = '\0';
        CHECK((fid_name_check(name, out, NULL) == FID_OK) == (length < FID_NAME_BYTES));
    }
    name[0] = '\0';
    for (int i = 0; i < 42; i++) /* 378 bytes that compose to 126 */
        strcat(name, "\xE1\x84\x92\xE1\x85\xA1\xE1\x86\xAB");
    CHECK(fid_name_check(name, out, NULL) == FID_OK && strlen(out) == 126);
}

static void keys_fold(void)
{
    static const char *const pairs[][2] = {
        {"Alex", "alex"},
        {"STRASSE", "stra\xC3\x9F"
                    "e"},
        {"\xCE\xA3", "\xCF\x82"},     /* capital and final sigma */
        {"ZO\xC3\x89", "zo\xC3\xA9"}, /* É, é */
        {"a\xE2\x80\x8D"
         "b",
         "ab"}, /* an invisible joiner */
    };
    char a[FID_NAME_KEY_BYTES], b[FID_NAME_KEY_BYTES];
    for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++) {
        CHECK(fid_name_key(pairs[i][0], a, NULL) == FID_OK);
        CHECK(fid_name_key(pairs[i][1], b, NULL) == FID_OK);
        CHECK_THAT(strcmp(a, b) == 0, "pair %zu: %s, %s", i, a, b);
    }
    CHECK(fid_name_key("ana", a, NULL) == FID_OK && fid_name_key("anna", b, NULL) == FID_OK);
    CHECK(strcmp(a, b) != 0);
    char longest[FID_NAME_BYTES] = ""; /* 64 times a character that folds to two */
    for (int i = 0; i < 64; i++)
        strcat(longest, "\xC4\xB0");
    CHECK(fid_name_key(longest, a, NULL) == FID_OK);
}

static void random_bytes_never_crash(void)
{
    for (int round = 0; round < 200000; round++) {
        char name[160], out[FID_NAME_BYTES], again[FID_NAME_BYTES], key[FID_NAME_KEY_BYTES];
        size_t length = check_random_below(sizeof name - 1);
        for (size_t i = 0; i < length; i++)
            name[i] = (char)(1 + check_random_below(255));
        name[length] = '\0';
        if (fid_name_check(name, out, NULL) != FID_OK)
            continue;
        CHECK(fid_name_check(out, again, NULL) == FID_OK && strcmp(out, again) == 0);
        CHECK(fid_name_key(out, key, NULL) == FID_OK);
    }
}

CHECK_MAIN(CHECK_CASE(hostile_names_are_refused), CHECK_CASE(good_names_stay_as_they_are),
           CHECK_CASE(composed_form_is_stored), CHECK_CASE(length_is_counted_in_bytes),
           CHECK_CASE(keys_fold), CHECK_CASE(random_bytes_never_crash))
