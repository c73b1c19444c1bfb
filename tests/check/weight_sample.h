/* weight_sample.h - a small, valid .fid file with something of everything: two graphs (one of free
 * size), most operators, PReLU, an operator without tensors, metadata of all types. The tests of
 * the reader spoil it, the fuzzer starts from it. */
#ifndef CHECK_WEIGHT_SAMPLE_H
#define CHECK_WEIGHT_SAMPLE_H

#include "tests/check/fid_builder.h"
#include "weights/weight_file.h"

/* What the records of the sample are, by their numbers in the file. */
enum sample_node {
    SAMPLE_CONV,      /* PReLU, three tensors */
    SAMPLE_POOL,      /* max pool */
    SAMPLE_CLAMP,     /* activation */
    SAMPLE_ADD,       /* of pool and clamp */
    SAMPLE_RESHAPE,   /* to vectors of 4 */
    SAMPLE_TRANSPOSE, /* h and w swapped */
    SAMPLE_CONCAT,
    SAMPLE_RESIZE,
    SAMPLE_FC, /* the second graph from here */
    SAMPLE_SOFTMAX,
    SAMPLE_NODES
};
enum sample_tensor { SAMPLE_FILTER, SAMPLE_BIAS, SAMPLE_SLOPE, SAMPLE_FC_FILTER, SAMPLE_FC_BIAS };
#define SAMPLE_FC_INPUTS 300u /* its filter is longer than a block of the search for NaN */

/* A builder with the sample in it: finish it, close it. */
struct fid_builder *weight_sample_open(void);
/* The same with packed weights for its first graph: of the conv, the add and the reshape. */
struct fid_builder *weight_packed_open(void);

/* A file of version 1.3 with one graph and all types: a convert, a convolution of bytes, a max pool
 * that keeps the steps, an average, and fully connected layers with filters of 16 bits. */
enum types_node { TYPES_TO, TYPES_CONV, TYPES_POOL, TYPES_AVERAGE, TYPES_FC, TYPES_HEAD };
enum types_tensor {
    TYPES_STEPS,       /* a zero point and one scale, of the values from the first node */
    TYPES_OTHER_STEPS, /* of convolution and pool */
    TYPES_FILTER,      /* s8, 4 scales and 4 x 3 x 3 x 3 bytes */
    TYPES_BIAS,
    TYPES_FC_FILTER, /* f16, 5 x 4 */
    TYPES_FC_BIAS,
    TYPES_HEAD_FILTER, /* bf16, 3 x 5 */
    TYPES_HEAD_BIAS
};
struct fid_builder *weight_types_open(void);

/* A file in memory: aligned to 64, in a block of its very size, so that ASan sees over-reads. */
struct weight_image {
    uint8_t *bytes; /* freed by the caller */
    size_t size;
};
#define WEIGHT_IMAGE_NAME "sample.fid" /* what the reader calls it in messages */

struct weight_image weight_image_copy(const uint8_t *bytes, size_t size);
struct weight_image weight_sample_image(void);
struct weight_image weight_packed_image(void);
struct weight_image weight_types_image(void);
struct fid_file_section *weight_image_section(struct weight_image image, enum fid_section section);
void *weight_image_records(struct weight_image image, enum fid_section section);
/* Opens the first size bytes and checks all of them. */
enum fid_status weight_image_open(struct weight_image image, size_t size,
                                  struct fid_weight_file **file, struct fid_error *error);

#endif
