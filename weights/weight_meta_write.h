/* weight_meta_write.h - writes a weight file once more, with other metadata. */
#ifndef FID_WEIGHTS_WEIGHT_META_WRITE_H
#define FID_WEIGHTS_WEIGHT_META_WRITE_H

#include "engine/fid/model.h"
#include "weights/weight_file.h"

/* Writes file to path, as a fid_output, with these entries in place of the ones of the same key, or
 * beside the others. Packed weights stay. Every key is outside of the model's id (FORMAT.md), so
 * that the id stays. The numbers of file have been checked. The same arguments give the same bytes,
 * and writing the result once more the same ones again. FID_INVALID: a key of the id, a number that
 * is not finite, a text that is not UTF-8, or as fid_output_check; FID_IO, FID_NO_MEMORY,
 * FID_UNSUPPORTED (more than the format takes). */
enum fid_status fid_weight_file_write_meta(const struct fid_weight_file *file,
                                           const struct fid_model_entry *entries, size_t count,
                                           const char *path, struct fid_error *error);

#endif
