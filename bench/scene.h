/* scene.h - what bench_pipeline works on: pictures, a folder that goes away, made-up people. */
#ifndef BENCH_SCENE_H
#define BENCH_SCENE_H

#include "engine/fid.h"

/* Makes a temporary folder that is removed with all in it when the program ends; bench_fail
 * otherwise. The path is static. */
const char *scene_folder(void);

/* Writes a JPEG of width × height without a face in it; FILLS path. */
void scene_made_up_picture(int width, int height, char *path, size_t bytes);

/* The bytes of a file; the caller frees them. bench_fail when it cannot be read. */
void *scene_file(const char *path, size_t *size);

/* FILLS fitted with the picture, scaled to fit into width × height, the rest grey. */
void scene_fit(const struct fid_picture *picture, int width, int height,
               struct fid_picture *fitted);

/* A face in the middle of the picture, for where a detector finds none. */
struct fid_face scene_made_up_face(const struct fid_picture *picture);

/* A gallery of `people` made-up persons for the model, in the temporary folder. */
struct fid_gallery *scene_gallery(const struct fid_model *model, size_t embedding_size, int people);

#endif
