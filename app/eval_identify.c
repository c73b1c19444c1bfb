/* Open-set identification: a table "role person file" with the roles enroll, known and unknown. The
 * known must be named rightly, the unknown refused. */
#include "app/eval.h"
#include "app/json.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum role { ROLE_ENROLL, ROLE_KNOWN, ROLE_UNKNOWN };

struct entry {
    enum role role;
    char *person;
    float score; /* of a probe: cosine to the nearest person */
    bool right;  /* who is the right one */
};

struct identification {                /* zero-initialise */
    struct app_eval_pictures pictures; /* a reference for each entry */
    struct app_eval_faces faces;
    struct entry *entries;
    size_t count, capacity;
    char **people; /* borrowed from entries */
    float *means;  /* [people][size]: of the normalised embeddings */
    size_t person_count;
};

struct open_set { /* the figures */
    size_t known, unknown, nearest_right, accepted;
    double threshold;
};

static void identification_close(struct identification *id)
{
    app_eval_pictures_close(&id->pictures);
    app_eval_faces_close(&id->faces);
    for (size_t i = 0; i < id->count; i++)
        free(id->entries[i].person);
    free(id->entries);
    free(id->people);
    free(id->means);
}

static bool role_of(const char *word, enum role *role)
{
    static const char *const words[] = {"enroll", "known", "unknown"};
    for (int i = 0; i < 3; i++)
        if (strcmp(word, words[i]) == 0) {
            *role = (enum role)i;
            return true;
        }
    return false;
}

static bool add_entry(struct identification *id, enum role role, const char *person)
{
    if (id->count == id->capacity) {
        size_t capacity = id->capacity == 0 ? 1024 : 2 * id->capacity;
        void *grown = reallocarray(id->entries, capacity, sizeof *id->entries);
        if (grown == NULL)
            return false;
        id->entries = grown;
        id->capacity = capacity;
    }
    char *copy = strdup(person);
    if (copy == NULL)
        return false;
    id->entries[id->count++] = (struct entry){.role = role, .person = copy};
    return true;
}

static enum app_exit read_entries(struct app_eval_table *table, const char *folder,
                                  struct identification *id)
{
    if (!app_eval_table_next(table) || strcmp(table->fields[0], "role") != 0)
        return app_eval_table_fail(table, "the columns \"role person file\" were expected");
    while (app_eval_table_next(table)) {
        enum role role;
        if (table->field_count != 3 || !role_of(table->fields[0], &role))
            return app_eval_table_fail(table, "\"enroll|known|unknown person file\" was expected");
        if (!add_entry(id, role, table->fields[1]) ||
            !app_eval_pictures_add(&id->pictures, folder, table->fields[2]))
            return app_eval_no_memory();
    }
    return app_eval_pictures_number(&id->pictures) ? APP_OK : app_eval_no_memory();
}

static const float *embedding_of(const struct identification *id, size_t entry)
{
    return id->faces.embeddings + id->pictures.index[entry] * id->faces.size;
}

/* Adds the normalised embedding to the person's sum, whose direction is the mean's. */
static void add_to_mean(struct identification *id, size_t person, const float *embedding)
{
    double square = 0.0;
    for (size_t i = 0; i < id->faces.size; i++)
        square += (double)embedding[i] * embedding[i];
    for (size_t i = 0; square > 0.0 && i < id->faces.size; i++)
        id->means[person * id->faces.size + i] += (float)(embedding[i] / sqrt(square));
}

static enum app_exit enroll(struct identification *id)
{
    id->people = calloc(id->count + 1, sizeof *id->people);
    id->means = calloc((id->count + 1) * id->faces.size, sizeof *id->means);
    if (id->people == NULL || id->means == NULL)
        return app_eval_no_memory();
    for (size_t i = 0; i < id->count; i++) {
        if (id->entries[i].role != ROLE_ENROLL)
            continue;
        size_t person = 0;
        while (person < id->person_count && strcmp(id->people[person], id->entries[i].person) != 0)
            person++;
        if (person == id->person_count)
            id->people[id->person_count++] = id->entries[i].person;
        add_to_mean(id, person, embedding_of(id, i));
    }
    return APP_OK;
}

/* Without a face a probe is like nobody. */
static void probe(const struct identification *id, size_t i)
{
    struct entry *entry = &id->entries[i];
    entry->score = -1.0f;
    for (size_t person = 0; id->faces.found[id->pictures.index[i]] && person < id->person_count;
         person++) {
        float score =
            fid_cosine(embedding_of(id, i), id->means + person * id->faces.size, id->faces.size);
        if (score > entry->score) {
            entry->score = score;
            entry->right = strcmp(id->people[person], entry->person) == 0;
        }
    }
}

static int by_falling_number(const void *first, const void *second)
{
    float a = *(const float *)first, b = *(const float *)second;
    return (a < b) - (a > b);
}

/* The lowest threshold (exclusive) that at most 1 % of the unknown exceed: the score of the next
 * one. */
static enum app_exit choose_threshold(const struct identification *id, struct open_set *set)
{
    float *scores = calloc(id->count + 1, sizeof *scores);
    if (scores == NULL)
        return app_eval_no_memory();
    for (size_t i = 0; i < id->count; i++)
        if (id->entries[i].role == ROLE_UNKNOWN)
            scores[set->unknown++] = id->entries[i].score;
    if (set->unknown > 0)
        qsort(scores, set->unknown, sizeof *scores, by_falling_number);
    set->threshold = (double)scores[set->unknown / 100];
    free(scores);
    return APP_OK;
}

static void print_result(const struct app *app, const struct identification *id,
                         const struct open_set *set)
{
    double known = (double)set->known;
    if (!app_option_flag(app, "json")) {
        printf("people     %zu; pictures without a face: %zu\n", id->person_count,
               id->faces.missed);
        printf("rank 1     %.2f %% of %zu known\n", 100.0 * (double)set->nearest_right / known,
               set->known);
        printf("TPIR       %.2f %% at FPIR 1 %% of %zu unknown, above cosine %.3f\n",
               100.0 * (double)set->accepted / known, set->unknown, set->threshold);
        return;
    }
    struct app_json json = app_json_begin(stdout);
    app_json_open(&json, NULL, '{');
    app_json_whole(&json, "v", 1);
    app_json_whole(&json, "people", (int64_t)id->person_count);
    app_json_whole(&json, "known", (int64_t)set->known);
    app_json_whole(&json, "unknown", (int64_t)set->unknown);
    app_json_whole(&json, "missed", (int64_t)id->faces.missed);
    app_json_number(&json, "rank_1", (double)set->nearest_right / known, 6);
    app_json_number(&json, "tpir_at_fpir_1e-2", (double)set->accepted / known, 6);
    app_json_number(&json, "threshold", set->threshold, 6);
    app_json_close(&json, '}');
    app_json_line(&json);
}

static enum app_exit measure(struct app *app, struct identification *id)
{
    enum app_exit code = app_eval_embed(app, &id->pictures, &id->faces);
    if (code == APP_OK)
        code = enroll(id);
    if (code != APP_OK)
        return code;
    struct open_set set = {0};
    for (size_t i = 0; i < id->count; i++)
        if (id->entries[i].role != ROLE_ENROLL)
            probe(id, i);
    code = choose_threshold(id, &set);
    for (size_t i = 0; code == APP_OK && i < id->count; i++) {
        const struct entry *entry = &id->entries[i];
        if (entry->role != ROLE_KNOWN)
            continue;
        set.known++;
        set.nearest_right += entry->right;
        set.accepted += entry->right && (double)entry->score > set.threshold;
    }
    if (code != APP_OK)
        return code;
    if (set.known == 0 || set.unknown == 0) {
        app_warn("the table needs pictures of known and of unknown people");
        return APP_INPUT;
    }
    print_result(app, id, &set);
    return APP_OK;
}

enum app_exit app_eval_identify(struct app *app, const char *table_path)
{
    char images[4096];
    struct identification id = {0};
    struct app_eval_table table;
    enum app_exit code = app_eval_table_open(&table, table_path);
    if (code == APP_OK)
        code = app_eval_image_folder(table_path, app_option_text(app, "images", NULL), images,
                                     sizeof images);
    if (code == APP_OK)
        code = read_entries(&table, images, &id);
    app_eval_table_close(&table);
    if (code == APP_OK)
        code = measure(app, &id);
    identification_close(&id);
    return code;
}
