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

/* The filter and bias [dims[0]] in tensors[0..1], the filter of this type with random numbers. With
 * `wide` the filter holds the same numbers as f32: two builders that draw the same random numbers
 * make networks that mean the same. */
void net_typed_filter(struct fid_builder *builder, enum fid_tensor_type type, bool wide,
                      uint32_t rank, const uint32_t *dims, uint32_t tensors[2]);

/* The number of a binary16, by its definition. */
float net_f16_number(uint16_t bits);

/* net_conv with a filter of s8. */
uint32_t net_conv_s8(struct fid_builder *builder, struct fid_file_node fields, uint32_t activation,
                     uint32_t c_in, uint32_t c_out, size_t input_count, const uint32_t *inputs);

#endif
