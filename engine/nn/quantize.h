/* quantize.h - a model at work to be quantized: what was counted, and the scales that follow. */
#ifndef FID_NN_QUANTIZE_H
#define FID_NN_QUANTIZE_H

#include "engine/nn/quantize_graph.h"
#include "engine/nn/quantize_histogram.h"

struct fid_counted { /* of the values of a group */
    size_t count;    /* of histograms: 0 before the first input, 1, or one for each channel */
    struct fid_histogram *histograms; /* owned; of the group's first value */
    int zero;
    float *scales; /* owned; [count], once they are chosen */
};

struct fid_quantizer_graph {
    struct fid_byte_graph types;
    bool fed;
    struct fid_session *session; /* owned: of the size that was fed last; NULL: none yet */
    int h, w;
    struct fid_counted *values; /* owned; graph-local numbers */
};

struct fid_quantizer {
    struct fid_runtime *runtime;   /* borrowed */
    const struct fid_model *model; /* borrowed */
    enum fid_quantize_to to;
    bool keep_output;
    struct fid_quantizer_graph *graphs; /* owned */
    size_t graph_count;
};

/* Does the node get a filter of another type? In bytes, that is where it computes in bytes. */
bool fid_quantizer_changes(const struct fid_quantizer *quantizer,
                           const struct fid_quantizer_graph *graph, size_t node);

/* The scale of channel i of a value of bytes. */
static inline float fid_counted_scale(const struct fid_counted *counted, size_t i)
{
    return counted->scales[counted->count > 1 ? i : 0];
}

#endif
