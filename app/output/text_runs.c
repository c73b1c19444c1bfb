/* text_runs.c - cuts a line of text into runs by script and direction, in display order. */
#include "app/output/text_runs.h"
#include "app/output/text.h"

#include <string.h>

#define CHARACTERS_MAX 512

/* Scripts by their blocks, in order of characters; characters between them have no script of
 * their own. HarfBuzz needs the tag, and SDL_ttf detects neither script nor direction. */
static const struct block {
    uint32_t first, last;
    char tag[5];
    bool right_to_left;
} blocks[] = {
    {0x0041, 0x005A, "Latn", false}, {0x0061, 0x007A, "Latn", false},
    {0x00AA, 0x00AA, "Latn", false}, {0x00B5, 0x00B5, "Grek", false},
    {0x00BA, 0x00BA, "Latn", false}, {0x00C0, 0x02AF, "Latn", false},
    {0x0370, 0x03FF, "Grek", false}, {0x0400, 0x052F, "Cyrl", false},
    {0x0530, 0x058F, "Armn", false}, {0x0590, 0x05FF, "Hebr", true},
    {0x0600, 0x06FF, "Arab", true},  {0x0700, 0x074F, "Syrc", true},
    {0x0750, 0x077F, "Arab", true},  {0x0780, 0x07BF, "Thaa", true},
    {0x07C0, 0x07FF, "Nkoo", true},  {0x0860, 0x08FF, "Arab", true},
    {0x0900, 0x097F, "Deva", false}, {0x0980, 0x09FF, "Beng", false},
    {0x0A00, 0x0A7F, "Guru", false}, {0x0A80, 0x0AFF, "Gujr", false},
    {0x0B00, 0x0B7F, "Orya", false}, {0x0B80, 0x0BFF, "Taml", false},
    {0x0C00, 0x0C7F, "Telu", false}, {0x0C80, 0x0CFF, "Knda", false},
    {0x0D00, 0x0D7F, "Mlym", false}, {0x0D80, 0x0DFF, "Sinh", false},
    {0x0E00, 0x0E7F, "Thai", false}, {0x0E80, 0x0EFF, "Laoo", false},
    {0x0F00, 0x0FFF, "Tibt", false}, {0x1000, 0x109F, "Mymr", false},
    {0x10A0, 0x10FF, "Geor", false}, {0x1100, 0x11FF, "Hang", false},
    {0x1200, 0x139F, "Ethi", false}, {0x13A0, 0x13FF, "Cher", false},
    {0x1780, 0x17FF, "Khmr", false}, {0x1800, 0x18AF, "Mong", false},
    {0x1C80, 0x1C8F, "Cyrl", false}, {0x1C90, 0x1CBF, "Geor", false},
    {0x1D00, 0x1DBF, "Latn", false}, {0x1E00, 0x1EFF, "Latn", false},
    {0x1F00, 0x1FFF, "Grek", false}, {0x2C60, 0x2C7F, "Latn", false},
    {0x2DE0, 0x2DFF, "Cyrl", false}, {0x3005, 0x3007, "Hani", false},
    {0x3041, 0x309F, "Hira", false}, {0x30A0, 0x30FF, "Kana", false},
    {0x3100, 0x312F, "Bopo", false}, {0x3130, 0x318F, "Hang", false},
    {0x31F0, 0x31FF, "Kana", false}, {0x3400, 0x4DBF, "Hani", false},
    {0x4E00, 0x9FFF, "Hani", false}, {0xA000, 0xA4CF, "Yiii", false},
    {0xA640, 0xA69F, "Cyrl", false}, {0xA720, 0xA7FF, "Latn", false},
    {0xAC00, 0xD7FF, "Hang", false}, {0xF900, 0xFAFF, "Hani", false},
    {0xFB00, 0xFB06, "Latn", false}, {0xFB1D, 0xFB4F, "Hebr", true},
    {0xFB50, 0xFDFF, "Arab", true},  {0xFE70, 0xFEFE, "Arab", true},
    {0xFF21, 0xFF3A, "Latn", false}, {0xFF41, 0xFF5A, "Latn", false},
    {0xFF66, 0xFF9F, "Kana", false}, {0x20000, 0x3FFFF, "Hani", false},
};

static const struct block *block_of(uint32_t code)
{
    for (size_t i = 0; i < sizeof blocks / sizeof blocks[0]; i++)
        if (code >= blocks[i].first && code <= blocks[i].last)
            return &blocks[i];
    return NULL;
}

bool app_is_mark(uint32_t code)
{
    static const uint32_t marks[][2] = {
        {0x0300, 0x036F},   {0x0483, 0x0489}, {0x0591, 0x05BD}, {0x05BF, 0x05BF}, {0x05C1, 0x05C7},
        {0x0610, 0x061A},   {0x064B, 0x065F}, {0x0670, 0x0670}, {0x06D6, 0x06DC}, {0x06DF, 0x06E4},
        {0x06E7, 0x06E8},   {0x06EA, 0x06ED}, {0x08D3, 0x08FF}, {0x0900, 0x0903}, {0x093A, 0x094F},
        {0x0E31, 0x0E31},   {0x0E34, 0x0E3A}, {0x0E47, 0x0E4E}, {0x1AB0, 0x1AFF}, {0x1DC0, 0x1DFF},
        {0x200C, 0x200D},   {0x20D0, 0x20FF}, {0x3099, 0x309A}, {0xFE00, 0xFE0F}, {0xFE20, 0xFE2F},
        {0xE0100, 0xE01EF},
    };
    for (size_t i = 0; i < sizeof marks / sizeof marks[0]; i++)
        if (code >= marks[i][0] && code <= marks[i][1])
            return true;
    return false;
}

/* ---- direction ---- */

enum direction {
    LEFT,
    RIGHT,
    NUMBER,
    SEPARATOR,
    NEUTRAL
}; /* written from the left, from the right, ... */

struct character {
    size_t start, bytes;
    enum direction direction;
    int level, font; /* embedding level as in Unicode: even from the left, odd from the right */
    const char *script;
};

static enum direction direction_of(uint32_t code, const struct block *block)
{
    if ((code >= '0' && code <= '9') || (code >= 0x0660 && code <= 0x0669) ||
        (code >= 0x06F0 && code <= 0x06F9))
        return NUMBER;
    if (code == '.' || code == ',' || code == ':' || code == '/')
        return SEPARATOR;
    if (block == NULL)
        return NEUTRAL;
    return block->right_to_left ? RIGHT : LEFT;
}

static enum direction base_direction(const struct character *characters, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (characters[i].direction == LEFT || characters[i].direction == RIGHT)
            return characters[i].direction;
    return LEFT;
}

static bool is_inside_number(const struct character *characters, size_t count, size_t i)
{
    return i > 0 && i + 1 < count && characters[i - 1].direction == NUMBER &&
           characters[i + 1].direction == NUMBER;
}

/* A point within a number belongs to it (rule W4), and numbers after left-to-right letters join
 * them (W7). */
static void settle_numbers(struct character *characters, size_t count, enum direction base)
{
    enum direction last = base;
    for (size_t i = 0; i < count; i++) {
        if (characters[i].direction == SEPARATOR)
            characters[i].direction = is_inside_number(characters, count, i) ? NUMBER : NEUTRAL;
        if (characters[i].direction == NUMBER && last == LEFT)
            characters[i].direction = LEFT;
        else if (characters[i].direction <= RIGHT)
            last = characters[i].direction;
    }
}

/* Blanks and signs take the direction of both neighbors, otherwise that of the line (rules N1, N2).
 */
static void settle_neutrals(struct character *characters, size_t count, enum direction base)
{
    for (size_t i = 0; i < count;) {
        size_t end = i;
        while (end < count && characters[end].direction == NEUTRAL)
            end++;
        enum direction before = i > 0 ? characters[i - 1].direction : base;
        enum direction after = end < count ? characters[end].direction : base;
        before = before == NUMBER ? RIGHT : before;
        after = after == NUMBER ? RIGHT : after;
        for (; i < end; i++)
            characters[i].direction = before == after ? before : base;
        i = end + 1;
    }
}

static void set_levels(struct character *characters, size_t count, enum direction base)
{
    settle_numbers(characters, count, base);
    settle_neutrals(characters, count, base);
    for (size_t i = 0; i < count; i++)
        characters[i].level = characters[i].direction == RIGHT                  ? 1
                              : characters[i].direction == LEFT && base == LEFT ? 0
                                                                                : 2;
}

static void reverse(struct app_run *runs, int *levels, size_t count)
{
    for (size_t i = 0; i < count / 2; i++) {
        struct app_run run = runs[i];
        int level = levels[i];
        runs[i] = runs[count - 1 - i];
        levels[i] = levels[count - 1 - i];
        runs[count - 1 - i] = run;
        levels[count - 1 - i] = level;
    }
}

/* From text order to display order (rule L2). */
static void reorder(struct app_run *runs, int *levels, size_t count)
{
    for (int level = 2; level >= 1; level--)
        for (size_t i = 0; i < count; i++) {
            size_t end = i;
            while (end < count && levels[end] >= level)
                end++;
            reverse(runs + i, levels + i, end - i);
            i = end;
        }
}

/* ---- runs ---- */

static size_t read_characters(const char *text, size_t start, app_font_for font_for, void *context,
                              struct character *characters)
{
    size_t count = 0;
    uint32_t code;
    for (size_t bytes; count < CHARACTERS_MAX && (bytes = app_utf8_next(text + start, &code)) > 0;
         start += bytes) {
        struct character *it = &characters[count], *before = count > 0 ? it - 1 : NULL;
        if (before != NULL && app_is_mark(code)) {
            *it = *before;
            if (code >= 0x200C && code <= 0x200D) { /* joiners need no glyph */
                it->start = start;
                it->bytes = bytes;
                count++;
                continue;
            }
        } else {
            const struct block *block = block_of(code);
            it->direction = direction_of(code, block);
            it->script = block != NULL ? block->tag : before != NULL ? before->script : "Zyyy";
        }
        it->start = start;
        it->bytes = bytes;
        bool joins = before != NULL && (app_is_mark(code) || block_of(code) == NULL);
        it->font = font_for(context, code, joins ? before->font : APP_RUN_NO_FONT);
        count++;
    }
    return count;
}

size_t app_text_runs(const char *text, app_font_for font_for, void *context, struct app_run *runs,
                     size_t capacity)
{
    struct character characters[CHARACTERS_MAX];
    int levels[CHARACTERS_MAX];
    size_t skipped = strncmp(text, APP_FROM_LEFT, strlen(APP_FROM_LEFT)) == 0 ? 3 : 0, made = 0;
    size_t count = read_characters(text, skipped, font_for, context, characters);
    set_levels(characters, count, skipped > 0 ? LEFT : base_direction(characters, count));
    for (size_t i = 0; i < count; i++) {
        const struct character *it = &characters[i];
        struct app_run *last = made > 0 ? &runs[made - 1] : NULL;
        if (last != NULL && last->font == it->font && levels[made - 1] == it->level &&
            strcmp(last->script, it->script) == 0) {
            last->bytes += it->bytes;
            continue;
        }
        if (made == capacity)
            break;
        runs[made] =
            (struct app_run){it->start, it->bytes, it->font, it->script, it->level % 2 == 1};
        levels[made++] = it->level;
    }
    reorder(runs, levels, made);
    return made;
}

/* ---- without a font ---- */

/* The letters U+0100 to U+017F without their accents. */
static const char latin_base[] =
    "AaAaAaCcCcCcCcDdDdEeEeEeEeEeGgGgGgGgHhHhIiIiIiIiIiIiJjKkkLlLlLlLlLl"
    "NnNnNnnNnOoOoOoOoRrRrRrSsSsSsSsTtTtTtUuUuUuUuUuUuWwYyYZzZzZzs";

/* Letter by letter, as in passports, without marks. */
static const char *const cyrillic[] = {
    /* U+0430 to U+045F */
    "a", "b",  "v",  "g", "d",  "e",  "zh", "z",  "i",  "y",    "k",  "l", "m", "n", "o",  "p",
    "r", "s",  "t",  "u", "f",  "kh", "ts", "ch", "sh", "shch", "",   "y", "",  "e", "yu", "ya",
    "e", "yo", "dj", "g", "ye", "dz", "i",  "yi", "j",  "lj",   "nj", "c", "k", "i", "u",  "dz",
};
static const char *const greek[] = {
    /* U+03B1 to U+03CE */
    "a", "v", "g", "d", "e", "z", "i", "th", "i",  "k", "l", "m", "n", "x", "o",
    "p", "r", "s", "s", "t", "y", "f", "ch", "ps", "o", "i", "y", "o", "y", "o",
};

static bool has_capital(uint32_t code, uint32_t *small)
{
    if ((code >= 0x0410 && code <= 0x042F) || (code >= 0x0391 && code <= 0x03A9))
        *small = code + 0x20;
    else if (code >= 0x0400 && code <= 0x040F)
        *small = code + 0x50;
    else
        return false;
    return true;
}

/* The letter of a script that has a table; NULL: none. */
static const char *letters_of(uint32_t code)
{
    if (code >= 0x0430 && code <= 0x045F)
        return cyrillic[code - 0x0430];
    if (code >= 0x03B1 && code <= 0x03CE)
        return greek[code - 0x03B1];
    static const struct {
        uint32_t code;
        const char *letters;
    } others[] = {{0x0386, "A"}, {0x0388, "E"}, {0x0389, "I"}, {0x038A, "I"}, {0x038C, "O"},
                  {0x038E, "Y"}, {0x038F, "O"}, {0x03AC, "a"}, {0x03AD, "e"}, {0x03AE, "i"},
                  {0x03AF, "i"}, {0x0490, "G"}, {0x0491, "g"}, {0x2019, "'"}, {0x2013, "-"}};
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
        if (others[i].code == code)
            return others[i].letters;
    return NULL;
}

bool app_text_in_latin(const char *text, char *out, size_t bytes)
{
    size_t used = 0, step;
    uint32_t code;
    for (; (step = app_utf8_next(text, &code)) > 0; text += step) {
        char letters[8] = "";
        uint32_t small;
        bool capital = has_capital(code, &small);
        const char *found = letters_of(capital ? small : code);
        if (code < 0x80 || (code >= 0xC0 && code <= 0xFF))
            memcpy(letters, text, step);
        else if (code >= 0x0100 && code <= 0x017F)
            letters[0] = latin_base[code - 0x0100];
        else if (found != NULL)
            strcpy(letters, found);
        else if (!app_is_mark(code))
            return false;
        if (capital && letters[0] >= 'a' && letters[0] <= 'z')
            letters[0] = (char)(letters[0] - 'a' + 'A');
        size_t length = strlen(letters);
        if (used + length >= bytes)
            return false;
        memcpy(out + used, letters, length);
        used += length;
    }
    out[used] = '\0';
    return true;
}
