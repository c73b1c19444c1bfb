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

static struct fid_store_model model = {"0123456789abcdef0123456789abcdef", "made up", 0};
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

/* Writes people by the store, one transaction for all. */
static int make_file(const char *path, size_t people, size_t prototypes)
{
    struct fid_store *store;
    struct fid_error error = {0};
    size_t size = model.size;
    float *common = calloc(3 * size, sizeof *common);
    if (common == NULL)
        return fprintf(stderr, "no memory for three vectors\n");
    float *own = common + size, *one = own + size;
    if (fid_store_open(path, FID_GALLERY_CREATE, NULL, &store, &error) != FID_OK ||
        fid_store_begin(store, true, &error) != FID_OK ||
        fid_store_write_model(store, &model, &error) != FID_OK)
        return fprintf(stderr, "%s\n", error.text);
    blend(common, common, 0.7f, size);
    for (size_t i = 0; i < people; i++) {
        char name[32];
        int64_t id;
        snprintf(name, sizeof name, "person %07zu", i);
        if (fid_store_add_person(store, name, name, &id, &error) != FID_OK)
            return fprintf(stderr, "%s\n", error.text);
        blend(own, common, 1, size);
        for (size_t k = 0; k < prototypes + 1; k++) {
            blend(one, own, 0.5f, size);
            if (k < prototypes)
                normalize(one, size);
            enum fid_vector_kind kind = k == 0           ? FID_VECTOR_MEAN
                                        : k < prototypes ? FID_VECTOR_PROTOTYPE
                                                         : FID_VECTOR_RAW_MEAN;
            if (fid_store_add_vector(store, id, kind, k, one, size, &error) != FID_OK)
                return fprintf(stderr, "%s\n", error.text);
            if (k < prototypes &&
                fid_store_add_sample(store, id, one, size, "made up", NULL, &error) != FID_OK)
                return fprintf(stderr, "%s\n", error.text);
        }
    }
    if (fid_store_commit(store, &error) != FID_OK)
        return fprintf(stderr, "%s\n", error.text);
    fid_store_close(&store);
    free(common);
    return 0;
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
        if (access(argv[5], F_OK) != 0 && make_file(argv[5], people, prototypes) != 0)
            return 1;
        double start = seconds();
        struct fid_secret *secret = argc > 6 ? read_secret(argv[6]) : NULL;
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
    struct fid_codes **codes = calloc(gallery->count, sizeof(void *));
    for (size_t i = 0; i < gallery->count; i++) {
        codes[i] = gallery->people[i].codes;
        gallery->people[i].codes = NULL; /* nobody is left out then */
    }
    look_up(gallery, faces, lookups, "in full", labels + lookups);
    bool same = memcmp(labels, labels + lookups, lookups * sizeof *labels) == 0;
    printf("labels: %s\n", same ? "the same bits" : "DIFFERENT");
    return same ? 0 : 1;
}
