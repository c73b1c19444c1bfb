/* who.c - who is in a picture: a line a face, its box and its name, or "?".
 *
 *     who RECOGNIZER.fid DETECTOR.fid GALLERY PICTURE */
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
    struct fid_face faces[FACES];
    struct fid_label labels[FACES];
    struct fid_rule rule;
    size_t count = 0;
    float *embeddings = NULL;
    if (argc != 5)
        return fprintf(stderr, "who RECOGNIZER DETECTOR GALLERY PICTURE\n"), 2;
    if (fid_runtime_open(&runtime, NULL, &error) ||
        fid_model_open(runtime, argv[1], &recognizer, &error) ||
        fid_model_open(runtime, argv[2], &finder, &error) ||
        fid_detector_open(runtime, finder, NULL, &detector, &error) ||
        fid_embedder_open(runtime, recognizer, 1, &embedder, &error) ||
        fid_gallery_open(argv[3], recognizer, NULL, FID_GALLERY_READ_ONLY, &gallery, &error) ||
        fid_rule_default(recognizer, FID_RULE_COSINE, &rule, &error) ||
        fid_picture_load(argv[4], &picture, &error) ||
        fid_detect(detector, &picture, faces, FACES, &count, &error))
        goto fail;
    error = (struct fid_error){FID_NO_MEMORY, "out of memory"};
    embeddings = calloc((size_t)FACES * fid_embedder_size(embedder), sizeof *embeddings);
    if (embeddings == NULL ||
        fid_embed(embedder, &picture, faces, count, FID_CROP_MODEL, embeddings, &error))
        goto fail;
    fid_label_faces(gallery, &rule, embeddings, count, labels);
    for (size_t i = 0; i < count; i++)
        printf("%.0f,%.0f %.0fx%.0f %s %.3f\n", (double)faces[i].box.x, (double)faces[i].box.y,
               (double)faces[i].box.w, (double)faces[i].box.h,
               labels[i].known ? labels[i].name : "?", (double)labels[i].score);
    error.status = FID_OK;
fail:
    if (error.status != FID_OK)
        fprintf(stderr, "%s\n", error.text);
    free(embeddings);
    fid_picture_free(&picture);
    fid_gallery_close(&gallery);
    fid_embedder_close(&embedder);
    fid_detector_close(&detector);
    fid_model_close(&finder);
    fid_model_close(&recognizer);
    fid_runtime_close(&runtime);
    return error.status != FID_OK;
}
