/* model_check.c - when the numbers of a model are checked: each part before it is first used, and
 * the id, which takes longest, beside everything else. */
#include "engine/nn/model_check.h"

#include "engine/base/memory.h"
#include "engine/nn/packed.h"

#include <pthread.h>

struct fid_model_checks {
    pthread_mutex_t lock;
    bool data, pack; /* found good */

    pthread_mutex_t id_lock;
    enum { UNKNOWN, RUNNING, KNOWN } id; /* the check of the id: RUNNING has a thread */
    pthread_t thread;
    enum fid_status id_status;
    struct fid_error id_error;
};

struct fid_model_checks *fid_model_checks_open(void)
{
    struct fid_model_checks *checks = fid_calloc(1, sizeof *checks);
    if (checks == NULL)
        return NULL;
    pthread_mutex_init(&checks->lock, NULL);
    pthread_mutex_init(&checks->id_lock, NULL);
    return checks;
}

void fid_model_checks_close(struct fid_model_checks **checks)
{
    if (*checks == NULL)
        return;
    if ((*checks)->id == RUNNING)
        pthread_join((*checks)->thread, NULL);
    pthread_mutex_destroy(&(*checks)->id_lock);
    pthread_mutex_destroy(&(*checks)->lock);
    fid_free(*checks);
    *checks = NULL;
}

/* ---- checksums ---- */

typedef enum fid_status (*check_fn)(const struct fid_weight_file *file, struct fid_pool *pool,
                                    bool keep, struct fid_error *error);

static enum fid_status check_once(const struct fid_model *model, bool *good, check_fn check,
                                  struct fid_pool *pool, struct fid_error *error)
{
    enum fid_status status = FID_OK;
    pthread_mutex_lock(&model->checks->lock);
    if (!*good)
        status = check(model->file, pool, true, error);
    *good = status == FID_OK;
    pthread_mutex_unlock(&model->checks->lock);
    return status;
}

enum fid_status fid_model_check_data(const struct fid_model *model, struct fid_pool *pool,
                                     struct fid_error *error)
{
    return check_once(model, &model->checks->data, fid_weight_file_check_data, pool, error);
}

enum fid_status fid_model_check_pack(const struct fid_model *model, struct fid_pool *pool,
                                     struct fid_error *error)
{
    return check_once(model, &model->checks->pack, fid_weight_file_check_pack, pool, error);
}

/* ---- the id ---- */

/* Are the numbers those of the id, and the packed weights that a session here uses those numbers?
 */
static enum fid_status check_id(const struct fid_model *model, struct fid_error *error)
{
    const enum fid_status status =
        fid_weight_file_check_id(model->file, fid_sha256_beside(model->runtime->kernels), error);
    return status == FID_OK ? fid_packed_compare(model, model->runtime->pool, true, error) : status;
}

static void *check_beside(void *ctx)
{
    const struct fid_model *model = ctx;
    model->checks->id_status = check_id(model, &model->checks->id_error);
    return NULL;
}

void fid_model_start_confirm(const struct fid_model *model)
{
    struct fid_model_checks *checks = model->checks;
    pthread_mutex_lock(&checks->id_lock);
    if (checks->id == UNKNOWN && /* otherwise the first caller checks it */
        pthread_create(&checks->thread, NULL, check_beside, (void *)(uintptr_t)model) == 0)
        checks->id = RUNNING;
    pthread_mutex_unlock(&checks->id_lock);
}

enum fid_status fid_model_confirm(const struct fid_model *model, struct fid_error *error)
{
    struct fid_model_checks *checks = model->checks;
    pthread_mutex_lock(&checks->id_lock);
    if (checks->id == RUNNING)
        pthread_join(checks->thread, NULL);
    else if (checks->id == UNKNOWN)
        checks->id_status = check_id(model, &checks->id_error);
    const enum fid_status status = checks->id_status;
    checks->id = status == FID_NO_MEMORY ? UNKNOWN : KNOWN; /* no answer for ever */
    if (status != FID_OK)
        fid_fail(error, status, "%s", checks->id_error.text);
    pthread_mutex_unlock(&checks->id_lock);
    return status;
}

enum fid_status fid_model_verify(struct fid_runtime *runtime, const struct fid_model *model,
                                 struct fid_error *error)
{
    pthread_mutex_lock(&model->checks->lock);
    enum fid_status status = fid_weight_file_check(model->file, runtime->pool, error);
    model->checks->data = model->checks->pack = status == FID_OK;
    pthread_mutex_unlock(&model->checks->lock);
    if (status == FID_OK)
        status = fid_model_confirm(model, error);
    return status == FID_OK ? fid_packed_compare(model, runtime->pool, false, error) : status;
}
