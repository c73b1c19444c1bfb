/* Merging, taking a face out, consent and expiry, and undoing all of that. */
#include "engine/face/gallery/gallery.h"
#include "tests/gallery_fixture.h"

#include <stdio.h>
#include <string.h>

enum { SIZE = 24, SAMPLES = 6 };

static const struct fid_gallery_model model = {"0123456789abcdef0123456789abcdef", "model", SIZE};
static const struct fid_gallery_model no_model;

static void enroll(struct fid_gallery *gallery, const char *name, size_t count, bool replace,
                   const struct fid_terms *terms)
{
    float vectors[SAMPLES][SIZE];
    struct fid_sample samples[SAMPLES];
    struct fid_error error = {0};
    for (size_t i = 0; i < count; i++) {
        for (size_t p = 0; p < SIZE; p++)
            vectors[i][p] = check_random_float(0.5f, 3);
        samples[i] = (struct fid_sample){.embedding = vectors[i], .source = "made up"};
    }
    enum fid_status status =
        fid_gallery_enroll(gallery, name, samples, count, replace, terms, NULL, &error);
    CHECK_THAT(status == FID_OK, "%s", error.text);
}

/* ---- everything that a gallery holds, as text ---- */

struct dump {
    char text[1 << 16];
    size_t length;
};

static void put(struct dump *dump, const void *bytes, size_t size)
{
    CHECK(dump->length + size <= sizeof dump->text);
    if (dump->length + size <= sizeof dump->text)
        memcpy(dump->text + dump->length, bytes, size);
    dump->length += size;
}

static bool put_sample(void *ctx, const struct fid_sample_info *sample)
{
    put(ctx, &sample->id, sizeof sample->id);
    put(ctx, sample->created, strlen(sample->created));
    put(ctx, sample->source, strlen(sample->source));
    return true;
}

static bool put_consent(void *ctx, const char *text, const char *time)
{
    put(ctx, text, strlen(text));
    put(ctx, time, strlen(time));
    return true;
}

static void dump_gallery(struct fid_gallery *gallery, struct dump *dump)
{
    struct fid_error error;
    dump->length = 0;
    for (size_t i = 0; i < gallery->count; i++) {
        const struct fid_gallery_person *person = &gallery->people[i];
        put(dump, &person->info.id, sizeof person->info.id);
        put(dump, person->info.name, strlen(person->info.name));
        put(dump, person->info.expires, strlen(person->info.expires));
        put(dump, person->vectors, (person->info.prototype_count + 1) * SIZE * sizeof(float));
        CHECK(fid_gallery_samples(gallery, person->info.id, put_sample, dump, &error) == FID_OK);
        CHECK(fid_gallery_consents(gallery, person->info.id, put_consent, dump, &error) == FID_OK);
    }
}

static bool same(const struct dump *a, const struct dump *b)
{
    return a->length == b->length && memcmp(a->text, b->text, a->length) == 0;
}

static struct fid_person lookup(struct fid_gallery *gallery, const char *name)
{
    struct fid_person person = {0};
    struct fid_error error;
    fid_gallery_lookup(gallery, name, &person, &error);
    return person;
}

/* ---- cases ---- */

static bool take_first(void *ctx, const struct fid_sample_info *sample)
{
    int64_t *first = ctx;
    *first = *first == 0 ? sample->id : *first;
    return true;
}

enum step { ENROLL_NEW, ENROLL_MORE, REPLACE, RENAME, MERGE, REMOVE, TERMS, STEPS };

static void make_step(struct fid_gallery *gallery, enum step step)
{
    const struct fid_terms terms = {"later words", "2020-01-01"};
    struct fid_error error = {0};
    enum fid_status status = FID_OK;
    int64_t sample = 0;
    switch (step) {
    case ENROLL_NEW:
        enroll(gallery, "eva", 2, false, &terms);
        break;
    case ENROLL_MORE:
        enroll(gallery, "ana", 2, false, &terms);
        break;
    case REPLACE:
        enroll(gallery, "ana", 1, true, &terms);
        break;
    case RENAME:
        status = fid_gallery_rename(gallery, "ana", "zoe", &error);
        break;
    case MERGE:
        status = fid_gallery_merge(gallery, "ana", "bob", &error);
        break;
    case REMOVE:
        fid_gallery_samples(gallery, lookup(gallery, "ana").id, take_first, &sample, &error);
        status = fid_gallery_remove_sample(gallery, "ana", sample, &error);
        break;
    case TERMS:
        status = fid_gallery_set_terms(gallery, "ANA", &terms, &error);
        break;
    case STEPS:
        break;
    }
    CHECK_THAT(status == FID_OK, "step %d: %s", (int)step, error.text);
}

/* Each change taken back leaves every byte as it was, also by a handle without a model, and in what
 * the file holds. */
static void undoes_each_change(void)
{
    static struct dump before, changed, after;
    const struct fid_terms terms = {"words", "2999-12-31"};
    struct fid_error error = {0};
    struct fid_change undone;
    for (enum step step = 0; step < STEPS; step++) {
        const char *path = fresh_path();
        struct fid_gallery *gallery = open_gallery(path, &model, FID_GALLERY_CREATE);
        REQUIRE(gallery != NULL);
        enroll(gallery, "ana", 4, false, &terms);
        enroll(gallery, "bob", 3, false, NULL);
        dump_gallery(gallery, &before);
        make_step(gallery, step);
        dump_gallery(gallery, &changed);
        CHECK_THAT(!same(&before, &changed), "step %d changes nothing", (int)step);
        struct fid_gallery *other = open_gallery(path, &no_model, FID_GALLERY_CREATE);
        REQUIRE(other != NULL);
        CHECK_THAT(fid_gallery_undo(other, &undone, &error) == FID_OK, "%s", error.text);
        CHECK(undone.verb[0] != '\0' && strlen(undone.time) == 20);
        CHECK(fid_gallery_undo(other, &undone, &error) == FID_NOT_FOUND);
        fid_gallery_close(&other);
        CHECK(fid_gallery_refresh(gallery, NULL, &error) == FID_OK);
        dump_gallery(gallery, &after);
        CHECK_THAT(same(&before, &after), "step %d is not undone", (int)step);
        fid_gallery_close(&gallery);
        gallery = open_gallery(path, &model, FID_GALLERY_CREATE);
        dump_gallery(gallery, &after);
        CHECK(same(&before, &after));
        fid_gallery_close(&gallery);
    }
}

/* Whoever does not ask what was undone or agreed is spared it. */
static void nothing_may_be_asked(void)
{
    struct fid_error error = {0};
    struct fid_gallery *gallery = open_gallery(fresh_path(), &model, FID_GALLERY_CREATE);
    REQUIRE(gallery != NULL);
    enroll(gallery, "ana", 2, false, NULL);
    CHECK(fid_gallery_undo(gallery, NULL, &error) == FID_OK && fid_gallery_count(gallery) == 0);
    CHECK(fid_gallery_undo(gallery, NULL, &error) == FID_NOT_FOUND);
    CHECK(fid_terms_check(NULL, &error) == FID_OK);
    fid_gallery_close(&gallery);
}

static void forgetting_is_final(void)
{
    struct fid_error error = {0};
    struct fid_change undone;
    struct fid_gallery *gallery = open_gallery(fresh_path(), &model, FID_GALLERY_CREATE);
    REQUIRE(gallery != NULL);
    CHECK(fid_gallery_undo(gallery, &undone, &error) == FID_NOT_FOUND);
    enroll(gallery, "ana", 2, false, NULL);
    enroll(gallery, "bob", 2, false, NULL);
    CHECK(fid_gallery_merge(gallery, "ana", "bob", &error) == FID_OK);
    CHECK(fid_gallery_forget(gallery, "bob", NULL, &error) == FID_OK);
    CHECK(fid_gallery_undo(gallery, &undone, &error) == FID_INVALID);
    CHECK_THAT(strstr(error.text, "final") != NULL, "%s", error.text);
    CHECK(fid_gallery_count(gallery) == 0);
    fid_gallery_close(&gallery);
}

static void merges(void)
{
    const struct fid_terms early = {"first", "2030-05-01"}, late = {"second", "2031-05-01"};
    struct fid_error error = {0};
    struct dump consents = {.length = 0};
    struct fid_gallery *gallery = open_gallery(fresh_path(), &model, FID_GALLERY_CREATE);
    REQUIRE(gallery != NULL);
    enroll(gallery, "ana", 2, false, &early);
    enroll(gallery, "bob", 3, false, &late);
    CHECK(fid_gallery_merge(gallery, "ana", "ANA", &error) == FID_INVALID);
    CHECK(fid_gallery_merge(gallery, "ana", "eva", &error) == FID_NOT_FOUND);
    CHECK(fid_gallery_merge(gallery, "ana", "bob", &error) == FID_OK);
    struct fid_person bob = lookup(gallery, "bob");
    CHECK(fid_gallery_count(gallery) == 1 && bob.sample_count == 5);
    CHECK_THAT(strcmp(bob.expires, "2030-05-01") == 0, "expires %s", bob.expires);
    CHECK(fid_gallery_consents(gallery, bob.id, put_consent, &consents, &error) == FID_OK);
    CHECK(memmem(consents.text, consents.length, "first", 5) != NULL);
    CHECK(memmem(consents.text, consents.length, "second", 6) != NULL);
    fid_gallery_close(&gallery);
}

static void removes_one_face(void)
{
    struct fid_error error = {0};
    int64_t sample = 0;
    struct fid_gallery *gallery = open_gallery(fresh_path(), &model, FID_GALLERY_CREATE);
    REQUIRE(gallery != NULL);
    enroll(gallery, "ana", 2, false, NULL);
    enroll(gallery, "bob", 2, false, NULL);
    CHECK(fid_gallery_samples(gallery, lookup(gallery, "bob").id, take_first, &sample, &error) ==
          FID_OK);
    CHECK(fid_gallery_remove_sample(gallery, "ana", sample, &error) == FID_NOT_FOUND);
    CHECK(fid_gallery_remove_sample(gallery, "bob", sample, &error) == FID_OK);
    CHECK(lookup(gallery, "bob").sample_count == 1);
    sample = 0;
    fid_gallery_samples(gallery, lookup(gallery, "bob").id, take_first, &sample, &error);
    CHECK(fid_gallery_remove_sample(gallery, "bob", sample, &error) == FID_INVALID);
    CHECK(lookup(gallery, "bob").sample_count == 1);
    fid_gallery_close(&gallery);
}

/* Who is past the last day is kept, but not named; a later enrollment can give another day. */
static void expired_people_are_not_named(void)
{
    const struct fid_rule rule = {FID_RULE_COSINE, 0.5f, 0.4f, 0};
    char today[FID_DATE_BYTES];
    struct fid_label label;
    fid_today(today);
    const struct {
        const char *day;
        bool named;
    } days[] = {{"2020-02-29", false}, {"", true}, {today, true}, {"2999-12-31", true}};
    struct fid_gallery *gallery = open_gallery(fresh_path(), &model, FID_GALLERY_CREATE);
    REQUIRE(gallery != NULL);
    for (size_t i = 0; i < sizeof days / sizeof days[0]; i++) {
        const struct fid_terms terms = {NULL, days[i].day};
        enroll(gallery, "ana", 2, false, &terms);
        fid_label_faces(gallery, &rule, gallery->people[0].vectors, 1, &label);
        CHECK_THAT(label.known == days[i].named, "until '%s'", days[i].day);
        CHECK(lookup(gallery, "ana").expired == !days[i].named);
    }
    fid_gallery_close(&gallery);
}

/* Faces and the terms that are not given stay. */
static void gives_other_terms(void)
{
    const struct fid_terms first = {"first", "2030-05-01"}, day = {NULL, "2031-05-01"},
                           no_end = {NULL, ""}, words = {"second", NULL}, bad = {NULL, "soon"};
    struct dump consents = {.length = 0};
    struct fid_error error = {0};
    struct fid_gallery *gallery = open_gallery(fresh_path(), &model, FID_GALLERY_CREATE);
    REQUIRE(gallery != NULL);
    enroll(gallery, "ana", 2, false, &first);
    CHECK(fid_gallery_set_terms(gallery, "ana", &day, &error) == FID_OK);
    CHECK(strcmp(lookup(gallery, "ana").expires, "2031-05-01") == 0);
    CHECK(fid_gallery_set_terms(gallery, "ana", &words, &error) == FID_OK);
    CHECK(strcmp(lookup(gallery, "ana").expires, "2031-05-01") == 0);
    CHECK(fid_gallery_set_terms(gallery, "ana", &bad, &error) == FID_INVALID);
    CHECK(fid_gallery_set_terms(gallery, "eva", &day, &error) == FID_NOT_FOUND);
    CHECK(fid_gallery_set_terms(gallery, "ana", &no_end, &error) == FID_OK);
    const struct fid_person ana = lookup(gallery, "ana");
    CHECK(ana.expires[0] == '\0' && ana.sample_count == 2 && fid_gallery_count(gallery) == 1);
    CHECK(fid_gallery_consents(gallery, ana.id, put_consent, &consents, &error) == FID_OK);
    CHECK(memmem(consents.text, consents.length, "first", 5) != NULL);
    CHECK(memmem(consents.text, consents.length, "second", 6) != NULL);
    fid_gallery_close(&gallery);
}

static void refuses_bad_terms(void)
{
    static char longer[FID_CONSENT_BYTES + 1];
    memset(longer, 'a', FID_CONSENT_BYTES);
    const struct fid_terms bad[] = {
        {"", NULL},          {longer, NULL},        {"a\xFF", NULL},      {"\xC0\x80", NULL},
        {NULL, "tomorrow"},  {NULL, "2026-13-01"},  {NULL, "2026-02-29"}, {NULL, "2026-2-1"},
        {NULL, "2026-01-1"}, {NULL, "2026-01-011"}, {NULL, "-026-01-01"}, {NULL, "2026-00-10"},
    };
    const struct fid_terms good[] = {{"x", NULL}, {NULL, "2028-02-29"}, {"a\nb", ""}};
    struct fid_error error;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        CHECK_THAT(fid_terms_check(&bad[i], &error) == FID_INVALID, "terms %zu", i);
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++)
        CHECK_THAT(fid_terms_check(&good[i], &error) == FID_OK, "good terms %zu", i);
    longer[FID_CONSENT_BYTES - 1] = '\0';
    CHECK(fid_terms_check(&(struct fid_terms){longer, NULL}, &error) == FID_OK);
}

CHECK_MAIN(CHECK_CASE(undoes_each_change), CHECK_CASE(nothing_may_be_asked),
           CHECK_CASE(forgetting_is_final), CHECK_CASE(merges), CHECK_CASE(removes_one_face),
           CHECK_CASE(expired_people_are_not_named), CHECK_CASE(gives_other_terms),
           CHECK_CASE(refuses_bad_terms))
