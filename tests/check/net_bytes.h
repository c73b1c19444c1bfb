/* net_bytes.h - layers of bytes for the small networks of net.h, and filters of 16 and 8 bits. */
#ifndef CHECK_NET_BYTES_H
#define CHECK_NET_BYTES_H

#include "tests/check/net.h"

/* A zero point, chosen at random, and `count` scales near `scale`: a tensor for
 * fid_builder_quantize. */
uint32_t net_steps(struct fid_builder *builder, uint32_t count, float scale);

/* Makes `value` one of bytes with steps of its own, `count` scales near `scale`; returns value. */
uint32_t net_make_bytes(struct fid_builder *builder, uint32_t value, uint32_t count, float scale);

/* A convert of `value`. To bytes: steps is such a tensor. To f32: UINT32_MAX. */
uint32_t net_convert(struct fid_builder *builder, uint32_t value, uint32_t steps);

/* A filter of s8 with random bytes, whose numbers are in about -1..1. */
uint32_t net_filter_s8(struct fid_builder *builder, uint32_t rank, const uint32_t *dims);

/* Adds a filter with random numbers and a bias [dims[0]] to two builders that grow
 * alike: FILLS tensors. The filter is of this type in the first, and of the same numbers
 * in f32 in the second. */
void net_typed_filter(struct fid_builder *const builders[2], enum fid_tensor_type type,
                      uint32_t rank, const uint32_t *dims, uint32_t tensors[2]);

/* The numbers of a binary16 and of the upper half of an f32, by their definitions. */
float net_f16_number(uint16_t bits);
float net_bf16_number(uint16_t bits);

/* net_conv with a filter of s8. */
uint32_t net_conv_s8(struct fid_builder *builder, struct fid_file_node fields, uint32_t activation,
                     uint32_t c_in, uint32_t c_out, size_t input_count, const uint32_t *inputs);

#endif
