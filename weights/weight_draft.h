/* weight_draft.h - the strings and metadata of a weight file as another file is to have them: with
 * other entries, and further names. Only weights/ includes it. */
#ifndef FID_WEIGHTS_WEIGHT_DRAFT_H
#define FID_WEIGHTS_WEIGHT_DRAFT_H

#include "engine/fid/model.h"
#include "weights/weight_copy.h"

struct fid_weight_draft { /* the sections STRS, META and MVAL as they become; owned */
    char *text;
    struct fid_file_meta *meta;
    uint64_t *values;
    size_t text_bytes, meta_count, value_count;
    uint64_t last; /* in text: what begins behind it is metadata's alone */
};

/* Where in STRS names can be added: behind all names of graphs, values, nodes and tensors. */
uint32_t fid_weight_draft_end(const struct fid_weight_file *file);

/* FILLS draft (to be freed, also after a failure) with the file's sections, further names (each
 * ended by a zero byte) at fid_weight_draft_end, and the entries in place of those of the same key
 * or beside the others. FID_INVALID: an entry that is none, or of the model's id; FID_UNSUPPORTED:
 * more than the format takes; FID_NO_MEMORY. path is what messages name. */
enum fid_status fid_weight_draft_make(struct fid_weight_draft *draft,
                                      const struct fid_weight_file *file, const char *names,
                                      size_t names_bytes, const struct fid_model_entry *entries,
                                      size_t count, const char *path, struct fid_error *error);
/* The copy takes the three sections (borrowed). */
void fid_weight_draft_give(const struct fid_weight_draft *draft, struct fid_weight_copy *copy);
void fid_weight_draft_free(struct fid_weight_draft *draft);

#endif
