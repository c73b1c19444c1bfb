/* features.c - what the network makes of the faces of a picture: a line a face, its numbers.
 *
 *     features RECOGNIZER.fid DETECTOR.fid PICTURE */
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
    struct fid_picture picture = {0};
    struct fid_face faces[FACES];
    size_t count = 0;
    float *embeddings = NULL;
    if (argc != 4)
        return fprintf(stderr, "features RECOGNIZER DETECTOR PICTURE\n"), 2;
    if (fid_runtime_open(&runtime, NULL, &error) ||
        fid_model_open(runtime, argv[1], &recognizer, &error) ||
        fid_model_open(runtime, argv[2], &finder, &error) ||
        fid_detector_open(runtime, finder, NULL, &detector, &error) ||
        fid_embedder_open(runtime, recognizer, 1, &embedder, &error) ||
        fid_picture_load(argv[3], &picture, &error) ||
        fid_detect(detector, &picture, faces, FACES, &count, &error))
        goto fail;
    size_t size = fid_embedder_size(embedder);
    error = (struct fid_error){FID_NO_MEMORY, "out of memory"};
    if ((embeddings = calloc(FACES * size, sizeof *embeddings)) == NULL ||
        fid_embed(embedder, &picture, faces, count, FID_CROP_MODEL, embeddings, &error))
        goto fail;
    for (size_t i = 0; i < count * size; i++)
        printf("%.9g%c", (double)embeddings[i], (i + 1) % size == 0 ? '\n' : ' ');
    error.status = FID_OK;
fail:
    if (error.status != FID_OK)
        fprintf(stderr, "%s\n", error.text);
    free(embeddings);
    fid_picture_free(&picture);
    fid_embedder_close(&embedder);
    fid_detector_close(&detector);
    fid_model_close(&finder);
    fid_model_close(&recognizer);
    fid_runtime_close(&runtime);
    return error.status != FID_OK;
}
