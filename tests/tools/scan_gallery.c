/* scan_gallery.c - times looking people up in a gallery of made-up ones: PEOPLE PROTOTYPES SIZE
 * [LOOKUPS [FILE [KEY [hold]]]]. With FILE the gallery is written there (if it is not there yet),
 * and opening is timed too, also of one that is sealed with the key file KEY; with hold it stays
 * open until stdin ends. People are like the real ones of a network: what all faces have in common,
 * what is a person's, and what is a picture's. */
#include "engine/face/gallery/gallery.h"
#include "kernels/kernels.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static struct fid_gallery_model model = {"0123456789abcdef0123456789abcdef", "made up", 0};
static uint64_t state = 88172645463325252u;

static double seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

/* About normal: a sum of four. */
static float noise(void)
{
    int32_t sum = 0;
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    for (unsigned i = 0; i < 4; i++)
        sum += (int32_t)(state >> (16 * i) & 0xFFFF) - 0x8000;
    return (float)sum * (1.0f / 37837);
}

static void blend(float *out, const float *base, float weight, size_t size)
{
    for (size_t i = 0; i < size; i++)
        out[i] = base[i] + weight * noise();
}

static void normalize(float *vector, size_t size)
{
    double sum = 0;
    for (size_t i = 0; i < size; i++)
        sum += (double)vector[i] * (double)vector[i];
    for (size_t i = 0; i < size; i++)
        vector[i] = (float)(vector[i] / sqrt(sum));
}

/* Writes people with their vectors and one face each, in one transaction for all. */
static enum fid_status write_people(struct fid_edit *edit, size_t people, size_t prototypes,
                                    float *common, struct fid_error *error)
{
    const size_t size = model.size;
    float *own = common + size, *all = own + size;
    enum fid_status status = FID_OK;
    for (size_t i = 0; status == FID_OK && i < people; i++) {
        struct fid_person_record person = {.created = "2026-11-23T22:10:05Z"};
        struct fid_template_record template = {.prototypes = (uint32_t)prototypes,
                                               .size = (uint32_t)size,
                                               .samples = 1,
                                               .numbers = (const uint8_t *)all};
        const struct fid_sample sample = {.embedding = all, .source = "made up"};
        int64_t id;
        snprintf(person.name, sizeof person.name, "person %07zu", i);
        memcpy(template.model, model.id, sizeof template.model);
        blend(own, common, 1, size);
        for (size_t k = 0; k < prototypes + 1; k++) {
            blend(all + k * size, own, 0.5f, size);
            if (k < prototypes)
                normalize(all + k * size, size);
        }
        status = fid_ledger_draw(edit->ledger, FID_KIND_PERSON, 0, &id, error);
        if (status == FID_OK)
            status = fid_edit_put_person(edit, id, &person, error);
        if (status == FID_OK)
            status = fid_edit_add_sample(edit, id, 0, &sample, NULL, error);
        fid_record_write_template(&edit->writer, &template);
        if (status == FID_OK)
            status = fid_ledger_put(edit->ledger, FID_SIBLING_ID(FID_KIND_TEMPLATE, id), id, NULL,
                                    edit->writer.bytes, edit->writer.size, error);
    }
    return status;
}

static int make_file(const char *path, struct fid_secret *secret, size_t people, size_t prototypes)
{
    struct fid_edit edit = {.ledger = NULL};
    struct fid_error error = {0};
    float *common = calloc((3 + prototypes) * model.size, sizeof *common);
    if (common == NULL)
        return fprintf(stderr, "no memory for vectors\n");
    blend(common, common, 0.7f, model.size);
    enum fid_status status =
        fid_ledger_open(path, FID_STORE_CREATE, secret, NULL, &edit.ledger, &error);
    if (status == FID_OK)
        status = fid_ledger_begin(edit.ledger, true, &error);
    if (status == FID_OK) {
        struct fid_manifest *manifest = &edit.ledger->manifest;
        memcpy(manifest->model, model.id, sizeof manifest->model);
        memcpy(manifest->model_name, model.name, sizeof manifest->model_name);
        manifest->vector_size = (uint32_t)model.size;
        status = write_people(&edit, people, prototypes, common, &error);
    }
    if (status == FID_OK)
        status = fid_ledger_commit(edit.ledger, &error);
    fid_ledger_close(&edit.ledger);
    fid_edit_free(&edit);
    free(common);
    return status == FID_OK ? 0 : fprintf(stderr, "%s\n", error.text);
}

/* The same people in memory alone. */
static void make_people(struct fid_gallery *gallery, size_t people, size_t prototypes)
{
    size_t size = model.size;
    float *common = calloc(2 * size, sizeof *common), *own = common + size;
    *gallery = (struct fid_gallery){.kernels = fid_kernels_best(), .model = model, .count = people};
    gallery->people = calloc(people, sizeof *gallery->people);
    blend(common, common, 0.7f, size);
    for (size_t i = 0; i < people; i++) {
        struct fid_gallery_person *person = &gallery->people[i];
        snprintf(person->info.name, sizeof person->info.name, "person %07zu", i);
        person->info.id = (int64_t)i + 1;
        person->info.prototype_count = prototypes;
        person->vectors = malloc(prototypes * size * sizeof(float));
        blend(own, common, 1, size);
        for (size_t k = 0; k < prototypes; k++) {
            blend(person->vectors + k * size, own, 0.5f, size);
            normalize(person->vectors + k * size, size);
        }
    }
    free(common);
}

/* Faces of people and, each second one, of strangers; least and mean time. */
static void look_up(const struct fid_gallery *gallery, const float *faces, size_t count,
                    const char *how, struct fid_label *labels)
{
    const struct fid_rule rule = {FID_RULE_COSINE, 0.6f, 0.5f, 0.05f};
    double least = INFINITY, sum = 0;
    size_t known = 0;
    for (size_t i = 0; i < count; i++) {
        double start = seconds();
        fid_label_faces(gallery, &rule, faces + i * model.size, 1, &labels[i]);
        double spent = seconds() - start;
        least = spent < least ? spent : least;
        sum += spent;
        known += labels[i].known;
    }
    printf("%s: %.3f ms a face (least %.3f), %zu of %zu known\n", how, 1e3 * sum / (double)count,
           1e3 * least, known, count);
}

/* The codes alone, one after the other: as fast as a look-up could be. */
static void scan_codes(const struct fid_gallery *gallery, size_t rounds)
{
    const struct fid_codes *codes = &gallery->codes;
    double least = INFINITY;
    int32_t sum = 0;
    for (size_t i = 0; i < rounds && codes->count > 0; i++) {
        double start = seconds();
        for (size_t v = 0; v < codes->count; v++)
            sum ^= gallery->kernels->dot_s8(model.size, codes->codes + i % 7 * model.size,
                                            codes->codes + v * model.size);
        double spent = seconds() - start;
        least = spent < least ? spent : least;
    }
    printf("codes alone: least %.3f ms (%d)\n", 1e3 * least, sum & 1);
}

static struct fid_secret *read_secret(const char *path)
{
    char bytes[4096];
    struct fid_secret *secret = NULL;
    FILE *file = fopen(path, "rb");
    const size_t size = file != NULL ? fread(bytes, 1, sizeof bytes, file) : 0;
    if (file != NULL)
        fclose(file);
    fid_secret_open(FID_SECRET_KEY_FILE, bytes, size, &secret, NULL);
    return secret;
}

int main(int argc, char **argv)
{
    if (argc < 4)
        return fprintf(stderr, "usage: scan_gallery PEOPLE PROTOTYPES SIZE [LOOKUPS [FILE]]\n");
    size_t people = (size_t)atol(argv[1]), prototypes = (size_t)atol(argv[2]);
    size_t lookups = argc > 4 ? (size_t)atol(argv[4]) : 50;
    model.size = (size_t)atol(argv[3]);
    struct fid_gallery made, *gallery = &made;
    struct fid_error error = {0};
    if (argc > 5) {
        struct fid_secret *secret = argc > 6 ? read_secret(argv[6]) : NULL;
        if (access(argv[5], F_OK) != 0 && make_file(argv[5], secret, people, prototypes) != 0)
            return 1;
        double start = seconds();
        if (fid_gallery_open_for(argv[5], &model, secret, FID_GALLERY_READ_ONLY, &gallery,
                                 &error) != FID_OK)
            return fprintf(stderr, "%s\n", error.text);
        printf("open: %.3f s\n", seconds() - start);
        fflush(stdout);
        if (argc > 7)
            return getchar() == EOF;
        fid_gallery_close(&gallery);
        start = seconds();
        if (fid_gallery_open_for(argv[5], &model, secret, FID_GALLERY_READ_ONLY, &gallery,
                                 &error) != FID_OK)
            return fprintf(stderr, "%s\n", error.text);
        printf("open again: %.3f s\n", seconds() - start);
    } else {
        make_people(gallery, people, prototypes);
        double start = seconds();
        fid_gallery_encode(gallery);
        printf("encode: %.3f s\n", seconds() - start);
    }
    float *faces = malloc(lookups * model.size * sizeof *faces);
    struct fid_label *labels = calloc(2 * lookups, sizeof *labels);
    for (size_t i = 0; i < lookups; i++) {
        const float *of = gallery->people[i * 7919 % gallery->count].vectors;
        blend(faces + i * model.size, of, (i % 2 ? 3.0f : 0.5f) / sqrtf((float)model.size),
              model.size);
    }
    look_up(gallery, faces, lookups, "by codes", labels);
    scan_codes(gallery, lookups);
    look_up(gallery, faces, lookups, "by codes", labels);
    scan_codes(gallery, lookups);
    fid_codes_free(&gallery->codes); /* nobody is left out then */
    look_up(gallery, faces, lookups, "in full", labels + lookups);
    bool same = memcmp(labels, labels + lookups, lookups * sizeof *labels) == 0;
    printf("labels: %s\n", same ? "the same bits" : "DIFFERENT");
    return same ? 0 : 1;
}
