/* net_reference.h - what the layer kinds compute, in double precision, straight from FORMAT.md. */
#ifndef CHECK_NET_REFERENCE_H
#define CHECK_NET_REFERENCE_H

#include "engine/fid.h"
#include "kernels/winograd.h"
#include "weights/format.h"

/* One number: its value, and how far an f32 computation may be from it. */
struct net_number {
    double value, tolerance;
};

/* What the outputs of a tile of Winograd's method have in common, kept from one to the next: square
 * sums over the channels of its inputs. Begins as {0}. */
struct net_winograd_tile {
    int known, n, y, x; /* the tile's corner on the output */
    double squares[FID_WINOGRAD_ALPHA_MAX * FID_WINOGRAD_ALPHA_MAX];
};

/* A node with its inputs as the engine computed them, and its tensors. */
struct net_node_view {
    const struct fid_file_node *node;
    const struct fid_value *inputs;
    const float *const *tensors;
    const int *ranks;        /* of the tensors */
    struct fid_value output; /* shape and data of the engine */
    int winograd_m;          /* side of the tiles if the engine computed it by Winograd's method */
    struct net_winograd_tile *tile; /* then */
};

/* The number at (n, y, x, j) of the node's output. */
struct net_number net_reference(const struct net_node_view *view, int n, int y, int x, int j);

#endif
