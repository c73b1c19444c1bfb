/* net.h - small networks for tests: built, opened, filled, run, and every value of them compared
 * with the definitions of FORMAT.md in double precision.
 *
 *     struct fid_builder *b = fid_builder_open();
 *     fid_builder_graph(b, "net", 8, 8, 3); ... net_conv(b, ...); fid_builder_output(b, y);
 *     struct net net;
 *     if (net_open(&net, b, &options, n, true, &error) == FID_OK) { net_run(&net);
 * net_verify(&net); } net_close(&net);
 */
#ifndef CHECK_NET_H
#define CHECK_NET_H

#include "engine/fid.h"
#include "tests/check/fid_builder.h"

#include <stdbool.h>

struct net {
    struct fid_runtime *runtime;
    struct fid_model *model;
    struct fid_session *session;
};

/* Writes the builder's file, opens model and session of its first graph at the file's size. */
enum fid_status net_open(struct net *net, struct fid_builder *builder,
                         const struct fid_options *options, int n, bool keep_values,
                         struct fid_error *error);
/* The same for a file that is there. */
enum fid_status net_open_file(struct net *net, const char *path, const struct fid_options *options,
                              int n, bool keep_values, struct fid_error *error);
void net_close(struct net *net);

/* Fills the input with numbers in -1..1 that depend on nothing but their place. */
void net_fill(struct net *net);
/* Fills, runs all n. */
void net_run(struct net *net);

/* Fails the running case where a value of a keep_values session that has run differs from its
 * node's definition, computed in double precision from the node's own inputs, by more than the
 * computed tolerance, which is 0 where it calculates with bytes; names the node. Filters have to be
 * of f32 where the inputs are. */
void net_verify(const struct net *net);
/* Do the outputs have the same bits? The first `n` pictures of both are compared. */
bool net_same_bits(const struct net *a, const struct net *b, int n);

/* A tensor of random numbers in -1..1. */
uint32_t net_random_tensor(struct fid_builder *builder, uint32_t rank, const uint32_t *dims);

/* A node with `activation` (its slope of c numbers is made where it needs one): fields as given,
 * tensors[tensor_count] and room for one more. */
uint32_t net_node(struct fid_builder *builder, struct fid_file_node fields, uint32_t activation,
                  uint32_t c, size_t input_count, const uint32_t *inputs, size_t tensor_count,
                  uint32_t *tensors);

/* A convolution with a random filter and bias; fields: kernel, stride, pad, dilation, groups. */
uint32_t net_conv(struct fid_builder *builder, struct fid_file_node fields, uint32_t activation,
                  uint32_t c_in, uint32_t c_out, size_t input_count, const uint32_t *inputs);

/* Output size of one axis of a window as FORMAT.md states it; 0 if the kernel does not fit.
 * *before: the padding in front. */
int net_window_size(int in, int kernel, int stride, int dilation, int pad_before, int pad_after,
                    int pad_mode, int *before);

#endif
