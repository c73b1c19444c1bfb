/* quantize_graph.h - which steps of a graph compute in bytes, and which values are wanted as bytes,
 * as f32, or as both. */
#ifndef FID_NN_QUANTIZE_GRAPH_H
#define FID_NN_QUANTIZE_GRAPH_H

#include "engine/nn/model.h"

struct fid_byte_value {
    bool native;    /* its step writes bytes */
    bool as_bytes;  /* a step reads it as bytes, ... */
    bool as_f32;    /* or f32 */
    bool channels;  /* depthwise steps alone read its bytes: a scale for each channel */
    bool moved;     /* the numbers of another value of the same group, in other places */
    uint32_t group; /* the value whose scale and zero point it has */
};

struct fid_byte_graph {
    const struct fid_weight_file *file; /* borrowed */
    const struct fid_file_graph *graph; /* borrowed */
    bool *steps;                        /* owned: of the nodes, those that read bytes */
    bool *kept;                         /* owned: of the nodes, those that stay as they are */
    struct fid_byte_value *values;      /* owned: graph-local numbers */
};

/* Decides. Of the options: which steps are left as they are. FID_NO_MEMORY. */
enum fid_status fid_byte_graph_open(struct fid_byte_graph *graph,
                                    const struct fid_weight_file *file,
                                    const struct fid_file_graph *record,
                                    const struct fid_quantize_options *options,
                                    struct fid_error *error);
void fid_byte_graph_close(struct fid_byte_graph *graph); /* takes a zeroed one */

const struct fid_file_node *fid_byte_graph_node(const struct fid_byte_graph *graph, size_t i);
/* Tensor i of the node: its record and, in *number, which one of the file it is. */
const struct fid_file_tensor *fid_byte_graph_tensor(const struct fid_byte_graph *graph,
                                                    const struct fid_file_node *node, size_t i,
                                                    uint32_t *number);
/* Does each channel of this convolution keep to itself? */
bool fid_byte_graph_is_depthwise(const struct fid_byte_graph *graph,
                                 const struct fid_file_node *node);
/* How many values are there in both types. */
size_t fid_byte_graph_converts(const struct fid_byte_graph *graph);

#endif
