/* quantize_write.h - between the parts that write a quantized model: its
 * records, and its numbers. */
#ifndef FID_NN_QUANTIZE_WRITE_H
#define FID_NN_QUANTIZE_WRITE_H

#include "engine/nn/quantize.h"
#include "weights/weight_graph_write.h"

/* Where the numbers of a new tensor come from. */
struct fid_new_numbers {
    uint32_t old;                     /* the file's tensor; of scales: unused */
    const struct fid_counted *scales; /* not NULL: zero point and scales of a value */
    const struct fid_counted *input;  /* of a filter for bytes: the scales of its input */
    const struct fid_file_node *node; /* of a filter */
};

/* The records of the new file, as weight_graph_write.h wants them; all but the counts owned. */
struct fid_new_records {
    struct fid_file_graph *graphs;
    struct fid_file_value *values;
    struct fid_file_node *nodes;
    uint32_t *index;
    struct fid_file_tensor *tensors;
    struct fid_new_numbers *numbers; /* of the tensors */
    char *names;
    size_t value_count, node_count, index_count, tensor_count, names_bytes;
    uint64_t data_bytes;
};

/* FILLS records (to be freed, also after a failure). FID_NO_MEMORY. */
enum fid_status fid_new_records_make(const struct fid_quantizer *quantizer,
                                     struct fid_new_records *records, struct fid_error *error);
void fid_new_records_free(struct fid_new_records *records);

/* FILLS data (zeroed, as long as the tensors say) with the numbers of all tensors. FID_INVALID: a
 * weight that f16 cannot hold. */
enum fid_status fid_new_numbers_fill(const struct fid_quantizer *quantizer,
                                     const struct fid_file_tensor *tensors,
                                     const struct fid_new_numbers *numbers, size_t count,
                                     char *data, struct fid_error *error);

/* Chooses scales and zero points for all values of bytes. FID_NO_MEMORY. */
enum fid_status fid_quantizer_choose(struct fid_quantizer *quantizer, struct fid_error *error);

#endif
