/* weight_meta_write.c - a weight file with other metadata: STRS, META and MVAL are made anew. */
#include "weights/weight_meta_write.h"

#include "weights/weight_draft.h"

enum fid_status fid_weight_file_write_meta(const struct fid_weight_file *file,
                                           const struct fid_model_entry *entries, size_t count,
                                           const char *path, struct fid_error *error)
{
    struct fid_weight_draft draft;
    struct fid_weight_copy copy;
    enum fid_status status =
        fid_weight_draft_make(&draft, file, NULL, 0, entries, count, path, error);
    fid_weight_copy_begin(&copy, file);
    if (status == FID_OK) {
        fid_weight_draft_give(&draft, &copy);
        status = fid_weight_copy_write(&copy, path, error);
    }
    fid_weight_draft_free(&draft);
    return status;
}
