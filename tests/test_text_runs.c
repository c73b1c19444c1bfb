/* Lines of text cut into runs: fonts, scripts, directions, the order on the screen. */
#include "app/output/text.c"
#include "app/output/text_runs.c"
#include "tests/check/check.h"

#include <string.h>

/* Font 0 has Latin, Cyrillic, Hebrew and Arabic; font 1 Han and Latin; none has Thai. */
static int font_of(void *context, uint32_t code, int prefer)
{
    (void)context;
    bool first = code < 0x0E00, second = code < 0x0250 || (code >= 0x3000 && code < 0xA000);
    if ((prefer == 0 && first) || (prefer == 1 && second))
        return prefer;
    return first ? 0 : second ? 1 : APP_RUN_NO_FONT;
}

/* The runs as text: "font script direction [bytes]" each, from the left to the right. */
static const char *runs_of(const char *text)
{
    static char out[512];
    struct app_run runs[16];
    size_t count = app_text_runs(text, font_of, NULL, runs, 16), used = 0;
    out[0] = '\0';
    for (size_t i = 0; i < count; i++)
        used +=
            (size_t)snprintf(out + used, sizeof out - used, "%s%d %s %c [%.*s]", i > 0 ? " | " : "",
                             runs[i].font, runs[i].script, runs[i].right_to_left ? 'R' : 'L',
                             (int)runs[i].bytes, text + runs[i].start);
    return out;
}

static void is(const char *text, const char *expected)
{
    const char *got = runs_of(text);
    CHECK_THAT(strcmp(got, expected) == 0, "'%s' is %s, not %s", text, got, expected);
}

static void one_script_is_one_run(void)
{
    is("Zoë Müller 0.83", "0 Latn L [Zoë Müller 0.83]");
    is("Иван", "0 Cyrl L [Иван]");
    is("陳大文", "1 Hani L [陳大文]");
    is("محمد علي", "0 Arab R [محمد علي]");
    is("דוד", "0 Hebr R [דוד]");
    is("12", "0 Zyyy L [12]");
    is("", "");
}

static void fonts_change_where_they_must(void)
{
    is("Ana 陳 Li", "0 Latn L [Ana ] | 1 Hani L [陳 ] | 0 Latn L [Li]");
    is("e\xCC\x81t\xC3\xA9", "0 Latn L [e\xCC\x81t\xC3\xA9]"); /* an accent stays with its letter */
    is("ก", "-1 Thai L [ก]");
}

static void order_is_that_of_the_screen(void)
{
    /* The line is the first letter's: from the left, and from the right. */
    is("Ana محمد", "0 Latn L [Ana ] | 0 Arab R [محمد]");
    is("محمد Ana", "0 Latn L [Ana] | 0 Arab R [محمد ]");
    /* A number after Arabic stands on its left, after Latin letters it goes on with them. */
    is("محمد 7", "0 Arab L [7] | 0 Arab R [محمد ]");
    is("محمد 0.7", "0 Arab L [0.7] | 0 Arab R [محمد ]");
    is(APP_FROM_LEFT "-0.7 محمد", "0 Zyyy L [-0.7 ] | 0 Arab R [محمد]");
    is("Ana 7", "0 Latn L [Ana 7]");
    /* Two right-to-left parts with one between them. */
    is("שלום Ana محمد", "0 Arab R [محمد] | 0 Latn R [ ] | 0 Latn L [Ana] | 0 Hebr R [שלום ]");
    is("Ana محمد שלום x",
       "0 Latn L [Ana ] | 0 Hebr R [שלום] | 0 Arab R [محمد ] | 0 Hebr L [ ] | 0 Latn L [x]");
}

static void too_much_is_cut(void)
{
    char text[2000];
    memset(text, 'a', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    struct app_run runs[2];
    CHECK(app_text_runs(text, font_of, NULL, runs, 2) == 1 && runs[0].bytes == CHARACTERS_MAX);
    CHECK(app_text_runs("a陳b陳", font_of, NULL, runs, 2) == 2 && runs[1].bytes == 3);
    CHECK(app_text_runs("\xFF\xC3", font_of, NULL, runs, 2) == 1 && runs[0].bytes == 2);
}

static void latin(const char *text, const char *expected)
{
    char out[64] = "";
    bool good = app_text_in_latin(text, out, sizeof out);
    CHECK_THAT(good == (expected != NULL), "'%s' is '%s'", text, out);
    if (good && expected != NULL)
        CHECK_THAT(strcmp(out, expected) == 0, "'%s' is '%s', not '%s'", text, out, expected);
}

static void names_in_latin_letters(void)
{
    latin("Иван Щукарь", "Ivan Shchukar");
    latin("Ёлка", "Yolka");
    latin("Łukasz Dvořák", "Lukasz Dvorák");
    latin("Γιώργος", "Giorgos");
    latin("Zoë", "Zoë"); /* the built-in font has these */
    latin("陳大文", NULL);
    latin("محمد", NULL);
    char small[4];
    CHECK(!app_text_in_latin("Иван", small, sizeof small));
    CHECK(app_text_in_latin("Ива", small, sizeof small) && strcmp(small, "Iva") == 0);
}

static void whole_numbers_have_no_negative_zero(void)
{
    CHECK(app_whole(2.6f) == 3 && app_whole(-2.6f) == -3);
    CHECK(app_whole(-0.3f) == 0 && !signbit(app_whole(-0.3f)));
}

CHECK_MAIN(CHECK_CASE(one_script_is_one_run), CHECK_CASE(fonts_change_where_they_must),
           CHECK_CASE(order_is_that_of_the_screen), CHECK_CASE(too_much_is_cut),
           CHECK_CASE(names_in_latin_letters), CHECK_CASE(whole_numbers_have_no_negative_zero))
