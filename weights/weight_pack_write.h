/* weight_pack_write.h - writes a weight file once more, with packed weights behind it. */
#ifndef FID_WEIGHTS_WEIGHT_PACK_WRITE_H
#define FID_WEIGHTS_WEIGHT_PACK_WRITE_H

#include "weights/weight_file.h"

struct fid_packed_weights {
    struct fid_file_plan plan;
    const struct fid_file_step *steps; /* [step_count], offsets as FORMAT.md wants them */
    const void *const *packed;         /* [step_count], steps[i].bytes each; NULL for none */
    size_t step_count;
};

/* Writes all sections of file as they are, its packed weights left out, and the given ones behind
 * them, as version 1.1; as a fid_output. The numbers of file have been checked. The same arguments
 * give the same bytes. FID_IO, FID_NO_MEMORY, FID_INVALID (as fid_output_check), FID_UNSUPPORTED
 * (larger than the format takes). */
enum fid_status fid_weight_file_write_packed(const struct fid_weight_file *file,
                                             const struct fid_packed_weights *weights,
                                             const char *path, struct fid_error *error);

#endif
