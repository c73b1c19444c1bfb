/* net_reference.h - what the layer kinds compute, in double precision, straight from FORMAT.md. */
#ifndef CHECK_NET_REFERENCE_H
#define CHECK_NET_REFERENCE_H

#include "engine/fid.h"
#include "weights/format.h"

/* One number: its value, and how far an f32 computation may be from it. */
struct net_number {
    double value, tolerance;
};

/* A node with its inputs as the engine computed them, and its tensors. */
struct net_node_view {
    const struct fid_file_node *node;
    const struct fid_value *inputs;
    const float *const *tensors;
    struct fid_value output; /* shape and data of the engine */
    int winograd_m;          /* side of the tiles if the engine computed it by Winograd's method */
};

/* The number at (n, y, x, j) of the node's output. */
struct net_number net_reference(const struct net_node_view *view, int n, int y, int x, int j);

#endif
