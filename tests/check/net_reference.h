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

/* The number at (n, y, x, j) of the node's output; the byte where that is of bytes. A node that
 * reads or writes bytes is computed in whole numbers and by the roundings that quantized.c and
 * struct fid_post_s8 state: its tolerance is 0, save for a curve's own. */
struct net_number net_reference(const struct net_node_view *view, int n, int y, int x, int j);

/* The same for a node that calculates with bytes: conv, fully_connected, add, global_average_pool,
 * convert. net_bytes_reference.c. */
struct net_number net_bytes_reference(const struct net_node_view *view, int n, int y, int x, int j);

/* What both have in common: a number of a value, bytes as they are; the place on the input of tap t
 * of output o along one axis; the padding in front; the activations behind PReLU. */
float net_at(const struct fid_value *v, int n, int y, int x, int j);
int net_tap_place(int o, int t, int stride, int dilation, int before);
void net_pads_of(const struct net_node_view *view, int *top, int *left);
struct net_number net_on_curve(unsigned activation, struct net_number sum);

#endif
