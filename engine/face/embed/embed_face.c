/* embed_face.c - runs the recognizer on aligned faces, in batches, and normalizes the vectors. */
#include "engine/face/embed/align_face.h"
#include "engine/face/network/model_card.h"
#include "engine/face/network/network_input.h"

#include "engine/base/memory.h"

#include <math.h>
#include <string.h>

struct fid_embedder {
    struct fid_recognizer_card card;
    const struct fid_model *model; /* borrowed */
    struct fid_session *session;   /* owned */
    struct fid_value input, output;
    size_t size; /* numbers in an embedding */
    int batch;
    struct fid_picture aligned; /* the crop at work */
    struct fid_input_watch watch;
};

/* Of an embedding; the largest in use has 4,096. */
enum { MOST_NUMBERS = 65536 };

static enum fid_status find_values(struct fid_embedder *embedder, const struct fid_model *model,
                                   struct fid_error *error)
{
    struct fid_model_info info;
    fid_model_info(model, &info);
    fid_session_input(embedder->session, &embedder->input);
    if (!fid_session_output(embedder->session, embedder->card.output, &embedder->output))
        return fid_fail(error, FID_INVALID, "%s: 'embed.output' is '%s', which is no output",
                        info.path, embedder->card.output);
    const struct fid_value *output = &embedder->output;
    embedder->size = (size_t)output->h * (size_t)output->w * (size_t)output->c;
    if (embedder->size > MOST_NUMBERS)
        return fid_fail(error, FID_UNSUPPORTED,
                        "%s: an embedding of %zu numbers is too large (at most %d)", info.path,
                        embedder->size, MOST_NUMBERS);
    return FID_OK;
}

enum fid_status fid_embedder_open(struct fid_runtime *runtime, const struct fid_model *model,
                                  int batch, struct fid_embedder **embedder,
                                  struct fid_error *error)
{
    *embedder = NULL;
    if (batch < 1)
        return fid_fail(error, FID_INVALID, "a batch of %d faces", batch);
    struct fid_recognizer_card card;
    enum fid_status status = fid_recognizer_card_read(model, &card, error);
    if (status != FID_OK)
        return status;
    struct fid_embedder *opened = fid_calloc(1, sizeof *opened);
    if (opened == NULL)
        return fid_fail(error, FID_NO_MEMORY, "no memory for an embedder");
    opened->card = card;
    opened->batch = batch;
    opened->model = model;
    fid_model_start_confirm(model);
    status = fid_session_open(runtime, model, NULL, batch, 0, 0, NULL, &opened->session, error);
    if (status == FID_OK)
        status = find_values(opened, model, error);
    if (status != FID_OK)
        fid_embedder_close(&opened);
    *embedder = opened;
    return status;
}

void fid_embedder_close(struct fid_embedder **embedder)
{
    if (*embedder == NULL)
        return;
    fid_session_close(&(*embedder)->session);
    fid_picture_free(&(*embedder)->aligned);
    fid_free(*embedder);
    *embedder = NULL;
}

enum fid_status fid_embedder_check(const struct fid_embedder *embedder,
                                   const struct fid_detector *detector, struct fid_error *error)
{
    struct fid_model_info info;
    fid_model_info(embedder->model, &info);
    if (embedder->card.align != FID_ALIGN_LANDMARKS5 || fid_detector_has_landmarks(detector))
        return FID_OK;
    return fid_fail(error, FID_INVALID,
                    "%s aligns faces by their landmarks, and this detector gives none: choose a "
                    "detector with landmarks, or a recognizer that crops by the box",
                    info.path);
}

void fid_embedder_watch(struct fid_embedder *embedder, fid_input_fn watch, void *ctx)
{
    embedder->watch = (struct fid_input_watch){watch, ctx};
}

size_t fid_embedder_size(const struct fid_embedder *embedder)
{
    return embedder->size;
}

struct fid_session *fid_embedder_session(struct fid_embedder *embedder)
{
    return embedder->session;
}

enum fid_status fid_align_face(const struct fid_embedder *embedder,
                               const struct fid_picture *picture, const struct fid_face *face,
                               enum fid_crop crop, struct fid_picture *aligned,
                               struct fid_error *error)
{
    return fid_align(&embedder->card, picture, face, crop, aligned, error);
}

/* One batch of n ≤ embedder->batch faces. */
static enum fid_status embed_batch(struct fid_embedder *embedder, const struct fid_picture *picture,
                                   const struct fid_face *faces, int n, enum fid_crop crop,
                                   float *embeddings, struct fid_error *error)
{
    const struct fid_value *input = &embedder->input;
    size_t input_size = (size_t)input->h * (size_t)input->w * (size_t)input->c;
    for (int i = 0; i < n; i++) {
        enum fid_status status =
            fid_align(&embedder->card, picture, &faces[i], crop, &embedder->aligned, error);
        if (status != FID_OK)
            return status;
        fid_network_input_fill(&embedder->card.input, &embedder->aligned, 0, 0,
                               input->data + (size_t)i * input_size, input->h, input->w);
    }
    enum fid_status status = fid_input_watch_tell(&embedder->watch, NULL, input, n, error);
    if (status != FID_OK)
        return status;
    fid_session_run(embedder->session, n);
    /* No embedding leaves here, and so no name is given, before the model is known to be its id's.
     */
    status = fid_model_confirm(embedder->model, error);
    if (status != FID_OK)
        return status;
    memcpy(embeddings, embedder->output.data, (size_t)n * embedder->size * sizeof *embeddings);
    return FID_OK;
}

enum fid_status fid_embed(struct fid_embedder *embedder, const struct fid_picture *picture,
                          const struct fid_face *faces, size_t count, enum fid_crop crop,
                          float *embeddings, struct fid_error *error)
{
    size_t batch = (size_t)embedder->batch;
    for (size_t i = 0; i < count; i += batch) {
        size_t n = count - i < batch ? count - i : batch;
        enum fid_status status = embed_batch(embedder, picture, faces + i, (int)n, crop,
                                             embeddings + i * embedder->size, error);
        if (status != FID_OK)
            return status;
    }
    return FID_OK;
}

float fid_cosine(const float *a, const float *b, size_t size)
{
    double product = 0.0, square_a = 0.0, square_b = 0.0;
    for (size_t i = 0; i < size; i++) {
        product += (double)a[i] * b[i];
        square_a += (double)a[i] * a[i];
        square_b += (double)b[i] * b[i];
    }
    double cosine = product / (sqrt(square_a) * sqrt(square_b));
    if (!isfinite(cosine)) /* a zero vector or a number that is not finite */
        return 0.0f;
    return (float)fmax(-1.0, fmin(1.0, cosine));
}
