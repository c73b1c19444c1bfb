/* enroll.c - learns a person from pictures, the main face of each.
 *
 *     enroll RECOGNIZER.fid DETECTOR.fid GALLERY NAME PICTURE... */
#include <fid.h>

#include <stdio.h>
#include <stdlib.h>

enum { FACES = 64 };

int main(int argc, char **argv)
{
    struct fid_error error;
    struct fid_runtime *runtime = NULL;
    struct fid_model *recognizer = NULL, *finder = NULL;
    struct fid_detector *detector = NULL;
    struct fid_embedder *embedder = NULL;
    struct fid_gallery *gallery = NULL;
    struct fid_picture picture = {0};
    float *embedding = NULL;
    if (argc < 6)
        return fprintf(stderr, "enroll RECOGNIZER DETECTOR GALLERY NAME PICTURE...\n"), 2;
    if (fid_runtime_open(&runtime, NULL, &error) ||
        fid_model_open(runtime, argv[1], &recognizer, &error) ||
        fid_model_open(runtime, argv[2], &finder, &error) ||
        fid_detector_open(runtime, finder, NULL, &detector, &error) ||
        fid_embedder_open(runtime, recognizer, 1, &embedder, &error) ||
        fid_gallery_open(argv[3], recognizer, NULL, FID_GALLERY_CREATE, &gallery, &error))
        goto fail;
    error = (struct fid_error){FID_NO_MEMORY, "out of memory"};
    if ((embedding = calloc(fid_embedder_size(embedder), sizeof *embedding)) == NULL)
        goto fail;
    for (int i = 5; i < argc; i++) {
        struct fid_face faces[FACES];
        struct fid_person person;
        size_t count;
        if (fid_picture_load(argv[i], &picture, &error) ||
            fid_detect(detector, &picture, faces, FACES, &count, &error))
            goto fail;
        if (count == 0) {
            fprintf(stderr, "%s has no face\n", argv[i]);
            continue;
        }
        size_t face = fid_main_face(faces, count, picture.width, picture.height);
        struct fid_sample sample = {.embedding = embedding, .source = argv[i]};
        if (fid_embed(embedder, &picture, &faces[face], 1, FID_CROP_MODEL, embedding, &error) ||
            fid_gallery_enroll(gallery, argv[4], &sample, 1, false, NULL, &person, &error))
            goto fail;
        printf("%s: face %zu of %s\n", person.name, person.sample_count, argv[i]);
    }
    error.status = FID_OK;
fail:
    if (error.status != FID_OK)
        fprintf(stderr, "%s\n", error.text);
    free(embedding);
    fid_picture_free(&picture);
    fid_gallery_close(&gallery);
    fid_embedder_close(&embedder);
    fid_detector_close(&detector);
    fid_model_close(&finder);
    fid_model_close(&recognizer);
    fid_runtime_close(&runtime);
    return error.status != FID_OK;
}
