/* Whatever page of a gallery is damaged or missing, every face on the others is saved, under its
 * own name or an invented one, and what is lost is told. */
#include "engine/face/gallery/gallery.h"
#include "engine/fid/keeping.h"
#include "engine/face/store/private_file.h"
#include "tests/check/check.h"
#include "tests/whole_file.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { SIZE = 64, PEOPLE = 12, FACES = 9, PAGE = 4096, CROP = 10000, WITH_CROP = 3 };

static const struct fid_store_model model = {"0123456789abcdef0123456789abcdef", "model", SIZE};

static void name_of(size_t person, char name[32])
{
    snprintf(name, 32, "person %zu", person);
}

/* How a crop begins (face_crop.h): a box of 1 x 1 pixels, and a JPEG. */
static const uint8_t crop_head[66] = {'F',  'C',         'R',  '1',         [14] = 0x80,
                                      0x3F, [18] = 0x80, 0x3F, [64] = 0xFF, 0xD8};

/* Numbers that say whose face it is: in the first the person, in the second which face. */
static void enroll(struct fid_gallery *gallery, size_t person)
{
    static uint8_t crop[CROP];
    float vectors[FACES][SIZE];
    struct fid_sample samples[FACES];
    const struct fid_terms terms = {"agreed", "2999-01-01"};
    struct fid_error error = {0};
    char name[32];
    for (size_t i = 0; i < sizeof crop; i++)
        crop[i] = (uint8_t)check_random_below(256);
    memcpy(crop, crop_head, sizeof crop_head);
    for (size_t i = 0; i < FACES; i++) {
        for (size_t p = 0; p < SIZE; p++)
            vectors[i][p] = check_random_float(0.5f, 3);
        vectors[i][0] = (float)person;
        vectors[i][1] = (float)i;
        samples[i] = (struct fid_sample){.embedding = vectors[i], .source = "made up"};
        if (person < WITH_CROP && i == 0)
            samples[i].crop = crop, samples[i].crop_size = sizeof crop;
    }
    name_of(person, name);
    CHECK_THAT(fid_gallery_enroll_with(gallery, name, samples, FACES, false, &terms, NULL,
                                       &error) == FID_OK,
               "%s", error.text);
}

static struct file make_file(const char *path)
{
    struct fid_gallery *gallery;
    struct fid_error error = {0};
    CHECK_THAT(fid_gallery_open_for(path, &model, NULL, FID_GALLERY_CREATE, &gallery, &error) ==
                   FID_OK,
               "%s", error.text);
    for (size_t i = 0; gallery != NULL && i < PEOPLE; i++)
        enroll(gallery, i);
    fid_gallery_close(&gallery);
    return read_whole(path);
}

/* ---- what is there ---- */

struct count {
    size_t faces, people, named;
    bool seen[PEOPLE];
};

static struct count counted;
static char counted_name[FID_NAME_BYTES];

/* A face whose numbers say that it is somebody else's is a wrong name. */
static enum fid_status count_face(void *ctx, const float *embedding, const char *source,
                                  struct fid_error *error)
{
    const size_t person = (size_t)embedding[0];
    char name[32], invented[32];
    (void)ctx;
    (void)source;
    if (person >= PEOPLE)
        return fid_fail(error, FID_CORRUPT, "a face of nobody");
    name_of(person, name);
    snprintf(invented, sizeof invented, "recovered %zu", person + 1);
    CHECK_THAT(strcmp(counted_name, name) == 0 || strcmp(counted_name, invented) == 0,
               "a face of %s is '%s'", name, counted_name);
    counted.named += strcmp(counted_name, name) == 0 && !counted.seen[person];
    counted.people += !counted.seen[person];
    counted.seen[person] = true;
    counted.faces++;
    return FID_OK;
}

static struct count count_saved(const char *path)
{
    struct fid_gallery *gallery;
    struct fid_error error = {0};
    counted = (struct count){0};
    CHECK_THAT(fid_gallery_open_for(path, &model, NULL, FID_GALLERY_READ_ONLY, &gallery, &error) ==
                   FID_OK,
               "%s", error.text);
    for (size_t i = 0; gallery != NULL && i < gallery->count; i++) {
        const struct fid_person *person = &gallery->people[i].info;
        snprintf(counted_name, sizeof counted_name, "%s", person->name);
        CHECK(fid_store_each_sample(gallery->store, person->id, SIZE, count_face, NULL, &error) ==
              FID_OK);
    }
    CHECK(gallery == NULL || counted.people == gallery->count);
    fid_gallery_close(&gallery);
    return counted;
}

/* Of the faces those whose row begins on an undamaged page of rows; a row without its
 * crop is no longer. */
static size_t faces_on(const struct file *whole, const unsigned char *hurt, size_t hurt_size)
{
    size_t faces = 0;
    for (size_t at = 0; at < hurt_size && at < whole->size; at += PAGE)
        if (memcmp(whole->bytes + at, hurt + at, PAGE) == 0 && whole->bytes[at] == 13)
            for (size_t i = at; i + 7 <= at + PAGE; i++)
                faces += memcmp(whole->bytes + i, "made up", 7) == 0;
    return faces;
}

struct told {
    size_t sentences;
    char last[512], all[4096];
};

static void hear(void *ctx, const char *sentence)
{
    struct told *told = ctx;
    told->sentences++;
    snprintf(told->last, sizeof told->last, "%s", sentence);
    if (strlen(told->all) + strlen(sentence) + 2 < sizeof told->all)
        strcat(strcat(told->all, sentence), "\n");
}

/* The version of the tables, big-endian in the file's header, may be hurt to one that could be. */
static bool seems_newer(const unsigned char *bytes, size_t size)
{
    return size > 64 && bytes[60] == 0 && bytes[61] == 0 && bytes[62] * 256 + bytes[63] > 5 &&
           bytes[62] * 256 + bytes[63] <= 1000;
}

static enum fid_status salvage(const unsigned char *bytes, size_t size, const char *target,
                               struct told *told, size_t *people)
{
    char hurt[300];
    struct fid_error error = {0};
    *told = (struct told){0};
    snprintf(hurt, sizeof hurt, "%s/hurt.db", check_temp_folder());
    write_whole(hurt, bytes, size);
    unlink(target);
    enum fid_status status =
        fid_gallery_salvage(hurt, NULL, NULL, target, hear, told, people, &error);
    CHECK_THAT((status == FID_OK) == (access(target, F_OK) == 0), "a file is left: %s", error.text);
    CHECK((status == FID_OK) == (*people > 0));
    char left[320];
    static const char *const endings[] = {FID_PRIVATE_ENDING, FID_PRIVATE_ENDING "-wal", "-wal"};
    for (size_t i = 0; i < sizeof endings / sizeof *endings; i++) {
        snprintf(left, sizeof left, "%s%s", target, endings[i]);
        CHECK_THAT(access(left, F_OK) != 0, "%s is left", left);
    }
    CHECK_THAT(status == FID_OK || status == FID_CORRUPT ||
                   (status == FID_UNSUPPORTED && seems_newer(bytes, size)),
               "%d: %s", (int)status, error.text);
    return status;
}

/* ---- cases ---- */

/* Of a page that is overwritten, or of all pages from it on when they are cut off. */
static void try_page(const struct file *file, size_t page, bool cut, unsigned char fill)
{
    char target[300];
    struct told told;
    size_t people = 0, size = cut ? page * PAGE : file->size;
    unsigned char *hurt = malloc(file->size);
    REQUIRE(hurt != NULL);
    memcpy(hurt, file->bytes, file->size);
    for (size_t i = 0; i < PAGE; i++)
        hurt[page * PAGE + i] = fill != 0 ? (unsigned char)check_random_below(256) : 0;
    snprintf(target, sizeof target, "%s/saved.db", check_temp_folder());
    const size_t expected = faces_on(file, hurt, size);
    enum fid_status status = salvage(hurt, size, target, &told, &people);
    free(hurt);
    if (status != FID_OK) { /* the second has the model */
        CHECK_THAT(expected == 0 || page <= 1, "page %zu: %zu faces are not saved", page, expected);
        return;
    }
    const struct count saved = count_saved(target);
    CHECK_THAT(saved.faces == expected && saved.people == people,
               "page %zu%s: %zu of %zu faces, %zu and %zu people", page, cut ? " on" : "",
               saved.faces, expected, saved.people, people);
    CHECK_THAT(saved.faces == FACES * PEOPLE || told.sentences > 0, "page %zu: nothing is said",
               page);
    CHECK_THAT(saved.named == saved.people || strstr(told.all, "recovered") != NULL, "%s",
               told.all);
}

static void saves_every_face_on_other_pages(void)
{
    struct file file = make_file(check_temp_path());
    REQUIRE(file.bytes != NULL && file.size % PAGE == 0 && file.size > 20 * PAGE);
    for (size_t page = 0; page < file.size / PAGE && !check_failed(); page++) {
        try_page(&file, page, false, 0);
        try_page(&file, page, false, 1);
        if (page > 0)
            try_page(&file, page, true, 0);
    }
    free(file.bytes);
}

/* Bytes here and there: what is saved has the right name, and what is lost is told. */
static void no_damage_makes_a_wrong_name(void)
{
    enum { ROUNDS = 150, PLACES_MOST = 6, BYTES_MOST = 600 };
    struct file file = make_file(check_temp_path());
    const char *target = check_temp_path();
    REQUIRE(file.bytes != NULL);
    unsigned char *hurt = malloc(file.size);
    for (int round = 0; round < ROUNDS && !check_failed(); round++) {
        struct told told;
        size_t people = 0;
        memcpy(hurt, file.bytes, file.size);
        for (uint32_t places = 1 + check_random_below(PLACES_MOST); places > 0; places--) {
            const uint32_t bytes = 1 + check_random_below(BYTES_MOST);
            const uint32_t at = check_random_below((uint32_t)file.size - bytes);
            for (uint32_t i = 0; i < bytes; i++)
                hurt[at + i] = (unsigned char)check_random_below(256);
        }
        if (salvage(hurt, file.size, target, &told, &people) != FID_OK)
            continue;
        const struct count saved = count_saved(target);
        CHECK_THAT(saved.people == people && (saved.faces == PEOPLE * FACES || told.sentences > 0),
                   "%zu faces, and nothing is said", saved.faces);
    }
    free(hurt);
    free(file.bytes);
}

/* A bit of a name, and one of each page of a crop. */
static void tells_what_is_lost(void)
{
    struct file file = make_file(check_temp_path());
    const char *target = check_temp_path();
    char name[32];
    struct told told;
    size_t people = 0;
    name_of(PEOPLE - 1, name);
    CHECK(salvage(file.bytes, file.size, target, &told, &people) == FID_OK);
    CHECK_THAT(people == PEOPLE && told.sentences == 0, "%s", told.all);
    unsigned char *at = memmem(file.bytes + PAGE, file.size - PAGE, name, strlen(name));
    REQUIRE(at != NULL);
    *at = 'P'; /* the rest of the page is as it was */
    CHECK(salvage(file.bytes, file.size, target, &told, &people) == FID_OK);
    CHECK_THAT(people == PEOPLE && told.sentences == 1 && strstr(told.last, "recovered 12") != NULL,
               "%s", told.all);
    const struct count saved = count_saved(target);
    CHECK(saved.named == PEOPLE - 1 && saved.faces == PEOPLE * FACES);
    *at = 'p';
    /* What begins with the number of another page, or with none, has more of a long row. */
    size_t crops = 0;
    for (size_t page = 1; page < file.size / PAGE; page++) {
        unsigned char *first = file.bytes + page * PAGE;
        if (first[0] != 0)
            continue;
        first[2000] ^= 1;
        CHECK(salvage(file.bytes, file.size, target, &told, &people) == FID_OK);
        CHECK_THAT(people == PEOPLE &&
                       (told.sentences == 0 || strcmp(told.last, "lost: 1 kept crop") == 0),
                   "%s", told.all);
        crops += told.sentences;
        first[2000] ^= 1;
    }
    CHECK_THAT(crops >= WITH_CROP, "%zu crops' pages", crops);
    free(file.bytes);
}

/* Whose faces are all lost is told by name, the first ones of many. */
static void names_who_is_lost(void)
{
    struct file file = make_file(check_temp_path());
    const char *target = check_temp_path();
    char name[40];
    struct told told;
    size_t people = 0;
    REQUIRE(file.bytes != NULL);
    for (size_t lost = 1; lost < PEOPLE; lost++) {
        for (size_t at = PAGE; at + SIZE * sizeof(float) < file.size; at++) {
            float numbers[2];
            memcpy(numbers, file.bytes + at, sizeof numbers);
            if (numbers[0] == (float)lost && numbers[1] >= 0 && numbers[1] < FACES &&
                numbers[1] == (float)(int)numbers[1] &&
                memcmp(file.bytes + at - 7, "made up", 7) == 0)
                file.bytes[at + 20] ^= 1;
        }
        CHECK(salvage(file.bytes, file.size, target, &told, &people) == FID_OK);
        CHECK_THAT(people == PEOPLE - lost && strstr(told.all, "no face is left of ") != NULL, "%s",
                   told.all);
        for (size_t i = 1; i < PEOPLE; i++) {
            snprintf(name, sizeof name, "'person %zu'", i);
            CHECK_THAT((strstr(told.all, name) != NULL) == (i <= lost && i <= 10), "%s in %s", name,
                       told.all);
        }
    }
    CHECK_THAT(strstr(told.all, "'person 10' and 1 more: ") != NULL, "%s", told.all);
    free(file.bytes);
}

/* A name that is invented is nobody's already. */
static void invents_no_name_twice(void)
{
    const char *path = check_temp_path(), *target = check_temp_path();
    struct fid_gallery *gallery;
    struct fid_error error = {0};
    struct told told;
    size_t people = 0;
    free(make_file(path).bytes);
    REQUIRE(fid_gallery_open_for(path, &model, NULL, 0, &gallery, NULL) == FID_OK);
    CHECK(fid_gallery_rename(gallery, "person 3", "Recovered 2", &error) == FID_OK);
    fid_gallery_close(&gallery);
    struct file file = read_whole(path);
    unsigned char *at = memmem(file.bytes + PAGE, file.size - PAGE, "person 1person", 14);
    REQUIRE(at != NULL);
    *at = 'P';
    CHECK(salvage(file.bytes, file.size, target, &told, &people) == FID_OK);
    CHECK_THAT(people == PEOPLE && strstr(told.all, "recovered 2 (2)") != NULL, "%s", told.all);
    free(file.bytes);
}

/* Who was renamed or forgotten does not come back, out of the history or a
 * page that stood still. */
static void saves_nothing_of_before(void)
{
    const char *path = check_temp_path(), *target = check_temp_path();
    struct fid_gallery *gallery;
    struct fid_error error = {0};
    struct told told;
    size_t people = 0;
    free(make_file(path).bytes);
    REQUIRE(fid_gallery_open_for(path, &model, NULL, 0, &gallery, NULL) == FID_OK);
    CHECK(fid_gallery_forget(gallery, "person 5", &error) == FID_OK);
    CHECK(fid_gallery_rename(gallery, "person 4", "somebody", &error) == FID_OK);
    /* both are in the journal alone while the gallery is open */
    CHECK_THAT(fid_gallery_salvage(path, NULL, NULL, target, hear, &told, &people, &error) ==
                   FID_OK,
               "%s", error.text);
    fid_gallery_close(&gallery);
    REQUIRE(fid_gallery_open_for(target, &model, NULL, 0, &gallery, NULL) == FID_OK);
    CHECK(gallery->count == PEOPLE - 1 && people == PEOPLE - 1);
    for (size_t i = 0; i < gallery->count; i++)
        CHECK(strcmp(gallery->people[i].info.name, "person 4") != 0 &&
              strcmp(gallery->people[i].info.name, "person 5") != 0);
    fid_gallery_close(&gallery);
}

/* ---- with a journal ---- */

struct pair { /* a gallery as a killed process leaves it: half of the people are in its journal */
    struct file file, journal;
};

static struct pair make_pair(const char *path)
{
    struct pair pair = {{NULL, 0}, {NULL, 0}};
    struct fid_gallery *gallery;
    char journal[300];
    snprintf(journal, sizeof journal, "%s-wal", path);
    for (size_t half = 0; half < 2; half++) {
        CHECK(fid_gallery_open_for(path, &model, NULL, FID_GALLERY_CREATE, &gallery, NULL) ==
              FID_OK);
        for (size_t i = 0; gallery != NULL && i < PEOPLE / 2; i++)
            enroll(gallery, half * (PEOPLE / 2) + i);
        if (half == 1)
            pair = (struct pair){read_whole(path), read_whole(journal)};
        fid_gallery_close(&gallery);
    }
    CHECK(pair.file.bytes != NULL && pair.journal.size > 32 + 10 * (24 + PAGE));
    return pair;
}

static bool is_still(const char *path, const struct file *file)
{
    struct file now = read_whole(path);
    const bool same = now.bytes != NULL && now.size == file->size &&
                      memcmp(now.bytes, file->bytes, file->size) == 0;
    free(now.bytes);
    return same;
}

/* Beside it nobody's index lies. FILLS the paths. */
static void put_pair(const struct pair *pair, char hurt[300], char journal[310])
{
    char shared[310];
    snprintf(hurt, 300, "%s/pair.db", check_temp_folder());
    snprintf(journal, 310, "%s-wal", hurt);
    snprintf(shared, sizeof shared, "%s-shm", hurt);
    write_whole(hurt, pair->file.bytes, pair->file.size);
    write_whole(journal, pair->journal.bytes, pair->journal.size);
    unlink(shared);
}

/* FILLS told; neither the file nor its journal is changed. */
static struct count salvage_pair(const struct pair *pair, struct told *told)
{
    char hurt[300], journal[310];
    const char *target = check_temp_path();
    struct fid_error error = {0};
    size_t people = 0;
    put_pair(pair, hurt, journal);
    *told = (struct told){0};
    CHECK_THAT(fid_gallery_salvage(hurt, NULL, NULL, target, hear, told, &people, &error) == FID_OK,
               "%s", error.text);
    CHECK(is_still(hurt, &pair->file) && is_still(journal, &pair->journal));
    const struct count saved = count_saved(target);
    CHECK(saved.people == people);
    unlink(target);
    return saved;
}

/* Of the journal no more is lost than the page that is hurt: SQLite takes nothing behind it. */
static void takes_what_the_journal_has(void)
{
    enum { FRAME = 24 + PAGE, HEADER = 32 };
    struct pair pair = make_pair(check_temp_path());
    struct told told;
    struct count saved = salvage_pair(&pair, &told);
    CHECK_THAT(saved.faces == PEOPLE * FACES && told.sentences == 0, "%s", told.all);
    const size_t at[] = {3, 4, 10, 20, 24 + 3000}; /* of a frame: page, size, round, sum, content */
    size_t lost_most = 0;
    for (size_t i = 0; i < pair.journal.size / FRAME && !check_failed(); i++)
        for (size_t k = i % 7 == 0 ? 0 : 4; k < sizeof at / sizeof at[0]; k++) {
            pair.journal.bytes[HEADER + i * FRAME + at[k]] ^= 4;
            saved = salvage_pair(&pair, &told);
            pair.journal.bytes[HEADER + i * FRAME + at[k]] ^= 4;
            const size_t lost = PEOPLE * FACES - saved.faces;
            lost_most = lost > lost_most ? lost : lost_most;
            CHECK_THAT(at[k] == 10 || strstr(told.all, "of the journal") != NULL,
                       "frame %zu, byte %zu: %s", i, at[k], told.all);
            CHECK_THAT(lost <= 16 && (lost == 0 || told.sentences > 1), "frame %zu, byte %zu: %s",
                       i, at[k], told.all);
        }
    for (size_t i = 0; i < HEADER; i += 5) { /* its beginning */
        pair.journal.bytes[i] ^= 4;
        saved = salvage_pair(&pair, &told);
        pair.journal.bytes[i] ^= 4;
        CHECK_THAT(saved.faces == PEOPLE * FACES, "byte %zu: %zu faces: %s", i, saved.faces,
                   told.all);
    }
    printf("at most %zu of %d faces are lost with one of %zu frames\n", lost_most, PEOPLE * FACES,
           pair.journal.size / FRAME);
    memset(pair.journal.bytes, 0xA5, pair.journal.size);
    saved = salvage_pair(&pair, &told);
    CHECK_THAT(saved.named == PEOPLE / 2 && strstr(told.all, "of the journal") != NULL, "%s",
               told.all);
    free(pair.file.bytes);
    free(pair.journal.bytes);
}

/* Whatever bytes of it are hurt, also those that say which page a frame is. */
static void no_damaged_journal_makes_a_wrong_name(void)
{
    enum { ROUNDS = 40, PLACES_MOST = 8, FRAME = 24 + PAGE, HEADER = 32 };
    struct pair pair = make_pair(check_temp_path());
    struct pair hurt = {pair.file, {malloc(pair.journal.size), pair.journal.size}};
    struct told told;
    for (int round = 0; round < ROUNDS && !check_failed(); round++) {
        memcpy(hurt.journal.bytes, pair.journal.bytes, pair.journal.size);
        for (uint32_t places = 1 + check_random_below(PLACES_MOST); places > 0; places--) {
            const size_t frame = check_random_below((uint32_t)(pair.journal.size / FRAME));
            const size_t bytes = 1 + check_random_below(40);
            const size_t at =
                HEADER + frame * FRAME + check_random_below(round % 2 ? 24 : PAGE - 40);
            for (size_t i = 0; i < bytes; i++)
                hurt.journal.bytes[at + i] = (unsigned char)check_random_below(256);
        }
        const struct count saved = salvage_pair(&hurt, &told);
        CHECK_THAT(saved.faces == PEOPLE * FACES || strstr(told.all, "of the journal") != NULL,
                   "%zu faces: %s", saved.faces, told.all);
    }
    free(pair.file.bytes);
    free(pair.journal.bytes);
    free(hurt.journal.bytes);
}

/* What was not finished when the process was killed, and the round before, are not taken. */
static void takes_no_half_change(void)
{
    enum { FRAME = 24 + PAGE, HEADER = 32 };
    struct pair pair = make_pair(check_temp_path());
    struct told told;
    size_t fewer = 0;
    for (size_t frames = pair.journal.size / FRAME; frames > 0; frames -= frames > 3 ? 3 : 1) {
        pair.journal.size = HEADER + frames * FRAME;
        const struct count saved = salvage_pair(&pair, &told);
        CHECK_THAT(saved.named == saved.people && saved.faces == saved.people * FACES &&
                       told.sentences == 0,
                   "%zu frames: %zu faces of %zu people: %s", frames, saved.faces, saved.people,
                   told.all);
        fewer = PEOPLE - saved.people;
    }
    CHECK(fewer == PEOPLE / 2);
    free(pair.file.bytes);
    free(pair.journal.bytes);
}

/* How a check of the pair ends, FID_OK also with faults. Where it is refused, so is any other
 * opening, and nothing is changed. */
static enum fid_status check_pair(const struct pair *pair, size_t *faults, struct fid_error *error)
{
    char hurt[300], journal[310];
    struct fid_gallery *gallery;
    struct told told = {0};
    put_pair(pair, hurt, journal);
    *error = (struct fid_error){0};
    enum fid_status status = fid_gallery_check(hurt, NULL, hear, &told, faults, error);
    if (status == FID_OK)
        return status;
    CHECK(strstr(error->text, journal) != NULL && strstr(error->text, "--salvage") != NULL);
    for (unsigned flags = 0; flags <= FID_GALLERY_READ_ONLY; flags += FID_GALLERY_READ_ONLY)
        CHECK(fid_gallery_open_for(hurt, &model, NULL, flags, &gallery, NULL) == FID_CORRUPT);
    CHECK(is_still(hurt, &pair->file) && is_still(journal, &pair->journal));
    return status;
}

/* SQLite would bring in what is before the damage, and remove the rest; what a power cut leaves of
 * the last change is none. */
static void leaves_a_damaged_journal_as_it_is(void)
{
    enum { FRAME = 24 + PAGE, HEADER = 32, PAGES_AT = 4 };
    struct pair pair = make_pair(check_temp_path());
    unsigned char *const journal = pair.journal.bytes;
    const size_t whole = pair.journal.size, frames = whole / FRAME;
    const size_t at[] = {24 + 3000, 10, 20}; /* of a frame: content, round, sum */
    struct fid_error error;
    size_t faults, last = frames - 1;
    char text[32];
    while (last > 0 && memcmp(journal + HEADER + (last - 1) * FRAME + PAGES_AT, "\0\0\0\0", 4) == 0)
        last--; /* the first frame of the last change */
    REQUIRE(last > 20 && last < frames - 2);
    CHECK(check_pair(&pair, &faults, &error) == FID_OK && faults == 0);
    for (size_t i = 0; i < frames && !check_failed();
         i += i + 4 < last ? 4 : 1) /* each that is refused takes a while */
        for (size_t k = 0; k < (i + 1 == last ? 1 : sizeof at / sizeof at[0]); k++) {
            journal[HEADER + i * FRAME + at[k]] ^= 4;
            const enum fid_status status = check_pair(&pair, &faults, &error);
            journal[HEADER + i * FRAME + at[k]] ^= 4;
            snprintf(text, sizeof text, "byte %zu ", HEADER + i * FRAME);
            CHECK_THAT(i < last ? status == FID_CORRUPT && strstr(error.text, text) != NULL
                                : status == FID_OK && faults == 0,
                       "frame %zu of %zu, byte %zu: %d %s", i, frames, at[k], (int)status,
                       error.text);
        }
    for (size_t i = 0; i < HEADER; i += 5) { /* its beginning */
        journal[i] ^= 4;
        CHECK(check_pair(&pair, &faults, &error) == FID_CORRUPT);
        CHECK_THAT(strstr(error.text, "byte 0 ") != NULL, "%s", error.text);
        journal[i] ^= 4;
    }
    for (pair.journal.size = whole; pair.journal.size > 2 * PAGE; pair.journal.size -= 1500)
        CHECK(check_pair(&pair, &faults, &error) == FID_OK && faults == 0);
    free(pair.file.bytes);
    free(pair.journal.bytes);
}

static void leaves_no_empty_gallery(void)
{
    const char *path = check_temp_path(), *target = check_temp_path();
    struct fid_gallery *gallery;
    struct fid_error error = {0};
    struct told told = {0};
    size_t people = 0;
    REQUIRE(fid_gallery_open_for(path, &model, NULL, FID_GALLERY_CREATE, &gallery, NULL) == FID_OK);
    fid_gallery_close(&gallery);
    CHECK(fid_gallery_salvage(path, NULL, NULL, target, hear, &told, &people, &error) ==
          FID_CORRUPT);
    CHECK(access(target, F_OK) != 0);
    write_whole(path, (const unsigned char *)"no database", 11);
    CHECK(fid_gallery_salvage(path, NULL, NULL, target, hear, &told, &people, &error) ==
          FID_CORRUPT);
    CHECK_THAT(strstr(error.text, path) != NULL && access(target, F_OK) != 0, "%s", error.text);
}

CHECK_MAIN(CHECK_CASE(saves_every_face_on_other_pages), CHECK_CASE(no_damage_makes_a_wrong_name),
           CHECK_CASE(tells_what_is_lost), CHECK_CASE(names_who_is_lost),
           CHECK_CASE(invents_no_name_twice), CHECK_CASE(saves_nothing_of_before),
           CHECK_CASE(takes_what_the_journal_has),
           CHECK_CASE(no_damaged_journal_makes_a_wrong_name), CHECK_CASE(takes_no_half_change),
           CHECK_CASE(leaves_a_damaged_journal_as_it_is), CHECK_CASE(leaves_no_empty_gallery))
