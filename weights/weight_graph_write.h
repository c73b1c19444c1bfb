/* weight_graph_write.h - writes a weight file once more, with other graphs and tensors. */
#ifndef FID_WEIGHTS_WEIGHT_GRAPH_WRITE_H
#define FID_WEIGHTS_WEIGHT_GRAPH_WRITE_H

#include "engine/fid/model.h"
#include "weights/weight_file.h"

/* The records as they are to stand in the file. A name is an offset in the STRS of the file that
 * they come from, or fid_weight_new_name(file) and an offset in `names`. */
struct fid_weight_graphs {
    const struct fid_file_graph *graphs;
    const struct fid_file_value *values;
    const struct fid_file_node *nodes;
    const uint32_t *index;
    const struct fid_file_tensor *tensors;
    size_t graph_count, value_count, node_count, index_count, tensor_count;
    const void *data; /* the section DATA, with zeros in the gaps */
    uint64_t data_bytes;
    const char *names; /* further ones, each ended by a zero byte */
    size_t names_bytes;
    bool keep; /* fid_output_keep */
};

/* What the first further name is called by. */
uint32_t fid_weight_new_name(const struct fid_weight_file *file);

/* The tensor, whose type and dims are there, stands behind the one before, which ended at *end:
 * FILLS its offset and bytes, and moves *end behind it. */
void fid_weight_place_tensor(struct fid_file_tensor *tensor, uint64_t *end);

/* Writes these graphs and the metadata of file with these entries (as fid_weight_file_write_meta)
 * to path, as a fid_output, in version 1.3, without packed weights, under the id that they make.
 * The same arguments give the same bytes. Whether the records follow the format, reading the file
 * tells. FID_INVALID, FID_IO, FID_EXISTS, FID_NO_MEMORY, FID_UNSUPPORTED (more than the format
 * takes). */
enum fid_status fid_weight_file_write_graphs(const struct fid_weight_file *file,
                                             const struct fid_weight_graphs *graphs,
                                             const struct fid_model_entry *entries, size_t count,
                                             fid_sha256_fn take_blocks, const char *path,
                                             struct fid_error *error);

#endif
