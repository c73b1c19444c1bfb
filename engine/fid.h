/* fid.h - libfaceid: find faces in pictures, turn them into numbers, tell who they are.
 *
 * The life of a program that identifies:
 *
 *     struct fid_error error;
 *     fid_runtime_open(&runtime, NULL, &error);
 *     fid_model_open(runtime, "yunet.fid", &detector_model, &error);
 *     fid_model_open(runtime, "mobilefacenet.fid", &recognizer_model, &error);
 *     fid_detector_open(runtime, detector_model, NULL, &detector, &error);
 *     fid_embedder_open(runtime, recognizer_model, 1, &embedder, &error);
 *     fid_gallery_open("gallery.db", recognizer_model, FID_GALLERY_CREATE, &gallery, &error);
 *     fid_rule_default(recognizer_model, FID_RULE_COSINE, &rule, &error);
 *     fid_picture_load("party.jpg", &picture, &error);
 *     fid_detect(detector, &picture, faces, 64, &count, &error);
 *     fid_embed(embedder, &picture, faces, count, FID_CROP_MODEL, embeddings, &error);
 *     fid_label_faces(gallery, &rule, embeddings, count, labels);
 *
 * Each part of the library has a header in fid/, which can be included alone; this one has them
 * all. Whole programs stand in engine/examples; `pkg-config --cflags --libs faceid` gives what they
 * are built with.
 *
 * The library never prints, never exits, reads no environment, sets no signal handler and keeps no
 * mutable globals but the allocation counter of the tests.
 *
 * Threads: a runtime and a model may be shared by any number of threads; every other object
 * (session, detector, embedder, picture, frame, gallery, tracker) is for one thread at a time,
 * which may be another one from call to call. Threads that want to work at once open a detector and
 * an embedder each, over the same runtime and models; a gallery of one file may be open in several
 * threads and processes. Calls that share a runtime with threads take turns on its thread pool. No
 * function may be called from a signal handler. fid_log_fn is called by the thread that called the
 * library.
 *
 * Ownership words: a function BORROWS a pointer (the caller keeps it alive for the object's life
 * or, for a plain call, for the call), OWNS it (the object frees it), or FILLS caller's memory.
 * Every *_close takes the address of a pointer, which may be NULL (the address may not) or point to
 * a half-built object, and sets the pointer to NULL. After a failed *_open the pointer is NULL.
 *
 * What fails says why in *error, which counts only then: a success leaves in it whatever was there.
 * error may be NULL.
 *
 * Until version 1 the SONAME has the minor version too: a program is built anew for each. */
#ifndef FID_H
#define FID_H

#include "fid/status.h"
#include "fid/runtime.h"
#include "fid/model.h"
#include "fid/picture.h"
#include "fid/face.h"
#include "fid/secret.h"
#include "fid/gallery.h"
#include "fid/keeping.h"
#include "fid/track.h"
#include "fid/evaluate.h"

#define FID_VERSION "0.1.0"

#endif
