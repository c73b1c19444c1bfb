/* Whatever block of a gallery's file is damaged or missing, every face outside of it is saved,
 * under its own name or an invented one, and what is lost is told. */
#include "engine/face/keeping/keeping.h"
#include "engine/store/private_file.h"
#include "tests/check/check.h"
#include "tests/whole_file.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { SIZE = 64, PEOPLE = 12, FACES = 9, BLOCK = 4096, CROP = 10000, WITH_CROP = 3 };

static const struct fid_gallery_model model = {"0123456789abcdef0123456789abcdef", "model", SIZE};

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
    CHECK_THAT(fid_gallery_enroll(gallery, name, samples, FACES, false, &terms, NULL, &error) ==
                   FID_OK,
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

/* A face whose numbers say that it is somebody else's is a wrong name. */
static void count_face(const float *embedding, const char *saved_as)
{
    const size_t person = (size_t)embedding[0];
    char name[32];
    CHECK(person < PEOPLE);
    name_of(person, name);
    CHECK_THAT(strcmp(saved_as, name) == 0 || strncmp(saved_as, "recovered ", 10) == 0,
               "a face of %s is '%s'", name, saved_as);
    counted.named += strcmp(saved_as, name) == 0 && !counted.seen[person];
    counted.people += !counted.seen[person];
    counted.seen[person] = true;
    counted.faces++;
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
        struct fid_kept kept = {.with_numbers = true};
        CHECK(fid_ledger_begin(gallery->ledger, false, &error) == FID_OK &&
              fid_kept_read(gallery->ledger, FID_PERSON_ROW(person->id), &kept, &error) == FID_OK);
        fid_ledger_rollback(gallery->ledger);
        for (size_t k = 0; k < kept.count; k++)
            count_face(kept.samples[k].numbers, person->name);
        fid_kept_free(&kept);
    }
    CHECK(gallery == NULL || counted.people == gallery->count);
    fid_gallery_close(&gallery);
    return counted;
}

/* Rows of a kind in the bytes from `at` on: FILLS where the next one is and its size. */
static bool next_row(const struct file *file, enum fid_kind kind, size_t *at, size_t *size)
{
    struct fid_row_head head;
    for (; *at + 4 < file->size; ++*at)
        if (memcmp(file->bytes + *at, "FIDr", 4) == 0 &&
            fid_row_recognize(file->bytes + *at, file->size - *at, &head, size) &&
            FID_ROW_KIND(head.id) == (unsigned)kind && *at + *size <= file->size)
            return true;
    return false;
}

/* Of the faces those whose row is not touched. */
static size_t faces_in(const struct file *whole, const unsigned char *hurt, size_t hurt_size)
{
    size_t faces = 0, size = 1;
    for (size_t at = 0; next_row(whole, FID_KIND_SAMPLE, &at, &size); at += size)
        faces += at + size <= hurt_size && memcmp(whole->bytes + at, hurt + at, size) == 0;
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
    CHECK_THAT(status == FID_OK || status == FID_CORRUPT, "%d: %s", (int)status, error.text);
    return status;
}

/* ---- cases ---- */

/* Of a block that is overwritten, or of all from it on when they are cut off. */
static void try_block(const struct file *file, size_t block, bool cut, unsigned char fill)
{
    char target[300];
    struct told told;
    size_t people = 0, size = cut ? block * BLOCK : file->size;
    unsigned char *hurt = malloc(file->size);
    REQUIRE(hurt != NULL);
    memcpy(hurt, file->bytes, file->size);
    for (size_t i = 0; i < BLOCK; i++)
        hurt[block * BLOCK + i] = fill != 0 ? (unsigned char)check_random_below(256) : 0;
    snprintf(target, sizeof target, "%s/saved.db", check_temp_folder());
    const size_t expected = faces_in(file, hurt, size);
    enum fid_status status = salvage(hurt, size, target, &told, &people);
    const bool has_keys = memmem(hurt, size, "FIDk", 4) != NULL;
    free(hurt);
    if (status != FID_OK) {
        CHECK_THAT(expected == 0 || !has_keys, "block %zu: %zu faces are not saved", block,
                   expected);
        return;
    }
    const struct count saved = count_saved(target);
    CHECK_THAT(saved.faces == expected && saved.people == people,
               "block %zu%s: %zu of %zu faces, %zu and %zu people", block, cut ? " on" : "",
               saved.faces, expected, saved.people, people);
    CHECK_THAT(saved.faces == FACES * PEOPLE || told.sentences > 0, "block %zu: nothing is said",
               block);
    CHECK_THAT(saved.named == saved.people || strstr(told.all, "recovered") != NULL, "%s",
               told.all);
}

static void saves_every_face_in_other_blocks(void)
{
    struct file file = make_file(check_temp_path());
    REQUIRE(file.bytes != NULL && file.size % BLOCK == 0 && file.size > 20 * BLOCK);
    for (size_t block = 0; block < file.size / BLOCK && !check_failed(); block++) {
        try_block(&file, block, false, 0);
        try_block(&file, block, false, 1);
        if (block > 0 && block % 4 == 0)
            try_block(&file, block, true, 0);
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

/* Where the content of a person's row has this name; not the key that it is found by. */
static unsigned char *name_in(const struct file *file, const char *name)
{
    size_t size = 1;
    for (size_t at = 0; next_row(file, FID_KIND_PERSON, &at, &size); at += size) {
        unsigned char *found = memmem(file->bytes + at, size, name, strlen(name));
        if (found != NULL)
            return found;
    }
    return NULL;
}

/* A bit of a name, and one of each crop. */
static void tells_what_is_lost(void)
{
    struct file file = make_file(check_temp_path());
    const char *target = check_temp_path();
    char name[32];
    struct told told;
    size_t people = 0, crops = 0, size = 1;
    name_of(PEOPLE - 1, name);
    CHECK(salvage(file.bytes, file.size, target, &told, &people) == FID_OK);
    CHECK_THAT(people == PEOPLE && told.sentences == 0, "%s", told.all);
    unsigned char *at = name_in(&file, name);
    REQUIRE(at != NULL);
    *at = 'P';
    CHECK(salvage(file.bytes, file.size, target, &told, &people) == FID_OK);
    CHECK_THAT(people == PEOPLE && told.sentences == 1 && strstr(told.last, "recovered 1") != NULL,
               "%s", told.all);
    const struct count saved = count_saved(target);
    CHECK(saved.named == PEOPLE - 1 && saved.faces == PEOPLE * FACES);
    *at = 'p';
    for (size_t i = 0; next_row(&file, FID_KIND_CROP, &i, &size); i += size) {
        file.bytes[i + size / 2] ^= 1;
        CHECK(salvage(file.bytes, file.size, target, &told, &people) == FID_OK);
        CHECK_THAT(people == PEOPLE && strcmp(told.last, "lost: 1 kept crop") == 0, "%s", told.all);
        file.bytes[i + size / 2] ^= 1;
        crops++;
    }
    CHECK_THAT(crops == WITH_CROP, "%zu crops", crops);
    free(file.bytes);
}

/* Whose faces are all lost is told by name, the last ones of many. */
static void names_who_is_lost(void)
{
    struct file file = make_file(check_temp_path());
    const char *target = check_temp_path();
    char name[40];
    struct told told;
    size_t people = 0;
    REQUIRE(file.bytes != NULL);
    for (size_t lost = 1; lost < PEOPLE; lost++) {
        size_t size = 1;
        for (size_t at = 0; next_row(&file, FID_KIND_SAMPLE, &at, &size); at += size) {
            float numbers[2];
            unsigned char *vector =
                file.bytes + at + size - FID_ROW_TAG_BYTES - SIZE * sizeof(float);
            memcpy(numbers, vector, sizeof numbers);
            if (numbers[0] == (float)lost)
                vector[20] ^= 1;
        }
        CHECK(salvage(file.bytes, file.size, target, &told, &people) == FID_OK);
        CHECK_THAT(people == PEOPLE - lost && strstr(told.all, "no face is left of ") != NULL, "%s",
                   told.all);
        for (size_t i = 1; i < PEOPLE; i++) {
            snprintf(name, sizeof name, "'person %zu'", i);
            CHECK_THAT((strstr(told.all, name) != NULL) == (i <= lost && i + 10 > lost), "%s in %s",
                       name, told.all);
        }
    }
    CHECK_THAT(strstr(told.all, "'person 2' and 1 more") != NULL, "%s", told.all);
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
    CHECK(fid_gallery_rename(gallery, "person 3", "Recovered 1", &error) == FID_OK);
    fid_gallery_close(&gallery);
    struct file file = read_whole(path);
    unsigned char *at = name_in(&file, "person 1");
    REQUIRE(at != NULL);
    *at = 'P';
    CHECK(salvage(file.bytes, file.size, target, &told, &people) == FID_OK);
    CHECK_THAT(people == PEOPLE && strstr(told.all, "recovered 2") != NULL, "%s", told.all);
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
    CHECK(fid_gallery_forget(gallery, "person 5", NULL, &error) == FID_OK);
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
    CHECK(pair.file.bytes != NULL && pair.journal.size > 1 << 18);
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

/* Of the journal no more is lost than what is hurt: SQLite takes nothing behind it. */
static void takes_what_the_journal_has(void)
{
    struct pair pair = make_pair(check_temp_path());
    struct told told;
    struct count saved = salvage_pair(&pair, &told);
    CHECK_THAT(saved.faces == PEOPLE * FACES && told.sentences == 0, "%s", told.all);
    size_t lost_most = 0;
    for (size_t at = 3; at < pair.journal.size && !check_failed();
         at += at < 24 ? 5 : pair.journal.size / 40) {
        pair.journal.bytes[at] ^= 4;
        saved = salvage_pair(&pair, &told);
        pair.journal.bytes[at] ^= 4;
        const size_t lost = PEOPLE * FACES - saved.faces;
        lost_most = lost > lost_most ? lost : lost_most;
        CHECK_THAT(lost <= 1 && (lost == 0 || told.sentences > 0), "byte %zu: %s", at, told.all);
    }
    printf("at most %zu of %d faces are lost with a bit of the journal\n", lost_most,
           PEOPLE * FACES);
    memset(pair.journal.bytes, 0xA5, pair.journal.size);
    saved = salvage_pair(&pair, &told);
    CHECK_THAT(saved.named == PEOPLE / 2 && saved.people == PEOPLE / 2, "%s", told.all);
    free(pair.file.bytes);
    free(pair.journal.bytes);
}

static void no_damaged_journal_makes_a_wrong_name(void)
{
    enum { ROUNDS = 40, PLACES_MOST = 8, BYTES_MOST = 3000 };
    struct pair pair = make_pair(check_temp_path());
    struct pair hurt = {pair.file, {malloc(pair.journal.size), pair.journal.size}};
    struct told told;
    for (int round = 0; round < ROUNDS && !check_failed(); round++) {
        memcpy(hurt.journal.bytes, pair.journal.bytes, pair.journal.size);
        for (uint32_t places = 1 + check_random_below(PLACES_MOST); places > 0; places--) {
            const size_t bytes = 1 + check_random_below(BYTES_MOST);
            const size_t at = check_random_below((uint32_t)(pair.journal.size - bytes));
            for (size_t i = 0; i < bytes; i++)
                hurt.journal.bytes[at + i] = (unsigned char)check_random_below(256);
        }
        const struct count saved = salvage_pair(&hurt, &told);
        CHECK_THAT(saved.faces == PEOPLE * FACES || told.sentences > 0, "%zu faces: %s",
                   saved.faces, told.all);
    }
    free(pair.file.bytes);
    free(pair.journal.bytes);
    free(hurt.journal.bytes);
}

/* The manifest knows that a face which was taken out is one too many, and that is told. */
static void tells_who_may_be_back(void)
{
    const char *path = check_temp_path(), *target = check_temp_path();
    struct fid_gallery *gallery;
    struct fid_error error = {0};
    struct told told = {0};
    struct fid_kept kept = {0};
    size_t people = 0;
    free(make_file(path).bytes);
    REQUIRE(fid_gallery_open_for(path, &model, NULL, 0, &gallery, NULL) == FID_OK);
    CHECK(fid_ledger_begin(gallery->ledger, false, NULL) == FID_OK &&
          fid_kept_read(gallery->ledger, FID_PERSON_ROW(gallery->people[0].info.id), &kept, NULL) ==
              FID_OK);
    fid_ledger_rollback(gallery->ledger);
    CHECK_THAT(fid_gallery_remove_sample(gallery, gallery->people[0].info.name,
                                         kept.samples[0].id & 0xFFFFFFFF, &error) == FID_OK,
               "%s", error.text);
    fid_kept_free(&kept);
    CHECK(fid_gallery_salvage(path, NULL, NULL, target, hear, &told, &people, &error) == FID_OK);
    fid_gallery_close(&gallery);
    const struct count saved = count_saved(target); /* what undo would bring back is no face */
    CHECK_THAT(saved.faces == PEOPLE * FACES - 1 ||
                   strstr(told.all, "more than there were: 1 face") != NULL,
               "%zu faces: %s", saved.faces, told.all);
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

CHECK_MAIN(CHECK_CASE(saves_every_face_in_other_blocks), CHECK_CASE(no_damage_makes_a_wrong_name),
           CHECK_CASE(tells_what_is_lost), CHECK_CASE(names_who_is_lost),
           CHECK_CASE(invents_no_name_twice), CHECK_CASE(saves_nothing_of_before),
           CHECK_CASE(tells_who_may_be_back), CHECK_CASE(takes_what_the_journal_has),
           CHECK_CASE(no_damaged_journal_makes_a_wrong_name), CHECK_CASE(leaves_no_empty_gallery))
