/* format.h - the records of a .fid weight file, byte for byte as FORMAT.md states them.
 *
 * Little-endian. Every struct has natural alignment and no padding of the compiler's own, which the
 * assertions below hold it to. */
#ifndef FID_WEIGHTS_FORMAT_H
#define FID_WEIGHTS_FORMAT_H

#include <stdint.h>

#define FID_FILE_MAGIC \
    "\x89"             \
    "FID\r\n\x1a\n"
#define FID_FILE_MAJOR 1
/* The highest that is read: 1 has packed weights, 2 more layer kinds, 3 more types of numbers. */
#define FID_FILE_MINOR      3
#define FID_FILE_ID_BYTES   16
#define FID_FILE_ALIGN      64u   /* sections and tensors */
#define FID_FILE_DATA_ALIGN 4096u /* DATA and PACK, so that they can be mapped by pages */

#define FID_FOURCC(a, b, c, d) \
    ((uint32_t)(a) | (uint32_t)(b) << 8 | (uint32_t)(c) << 16 | (uint32_t)(d) << 24)

enum fid_section { /* place in the section table */
                   FID_SECTION_STRS,
                   FID_SECTION_META,
                   FID_SECTION_MVAL,
                   FID_SECTION_GRPH,
                   FID_SECTION_VALU,
                   FID_SECTION_NODE,
                   FID_SECTION_INDX,
                   FID_SECTION_TENS,
                   FID_SECTION_DATA,
                   FID_SECTION_SUMS, /* from here on in files with packed weights only */
                   FID_SECTION_PLAN,
                   FID_SECTION_STEP,
                   FID_SECTION_PACK,
                   FID_SECTION_COUNT,
                   FID_SECTION_COUNT_1_0 = FID_SECTION_SUMS
};

struct fid_file_header {
    uint8_t magic[8];
    uint16_t major, minor;
    uint32_t section_count;
    uint64_t file_bytes;
    uint8_t model_id[FID_FILE_ID_BYTES];
    uint8_t reserved[20];
    uint32_t crc; /* of bytes 0..59, then the section table */
};
_Static_assert(sizeof(struct fid_file_header) == 64, "header");

struct fid_file_section {
    uint32_t kind; /* FID_FOURCC */
    uint32_t crc;
    uint64_t offset, bytes;
    uint32_t record_bytes;
    uint32_t reserved;
};
_Static_assert(sizeof(struct fid_file_section) == 32, "section");

enum fid_meta_type { FID_META_STRING = 1, FID_META_INT = 2, FID_META_FLOAT = 3 };

struct fid_file_meta {
    uint32_t key;
    uint16_t type; /* enum fid_meta_type */
    uint16_t reserved0;
    uint32_t first, count;
    uint8_t reserved[16];
};
_Static_assert(sizeof(struct fid_file_meta) == 32, "meta");

#define FID_GRAPH_FREE_SIZE 1u

struct fid_file_graph {
    uint32_t name;
    uint32_t first_value, value_count;
    uint32_t first_node, node_count;
    uint32_t first_output, output_count;
    uint32_t h, w, c;
    uint32_t flags;
    uint32_t multiple;
    uint8_t reserved[16];
};
_Static_assert(sizeof(struct fid_file_graph) == 64, "graph");

struct fid_file_value {
    uint32_t name;
    uint32_t quantized; /* 0: f32; else u8, and the tensor of this number less 1 says how */
};
_Static_assert(sizeof(struct fid_file_value) == 8, "value");

enum fid_op_kind {
    FID_OP_CONV = 1,
    FID_OP_MAX_POOL = 2,
    FID_OP_AVERAGE_POOL = 3,
    FID_OP_GLOBAL_AVERAGE_POOL = 4,
    FID_OP_FULLY_CONNECTED = 5,
    FID_OP_ADD = 6,
    FID_OP_MULTIPLY = 7,
    FID_OP_CONCAT = 8,
    FID_OP_ACTIVATION = 9,
    FID_OP_SOFTMAX = 10,
    FID_OP_RESHAPE = 11,
    FID_OP_TRANSPOSE = 12,
    FID_OP_RESIZE_NEAREST = 13,
    FID_OP_AFFINE = 14,
    FID_OP_END_1_1, /* one past the last of versions 1.0 and 1.1 */
    FID_OP_LAYER_NORM = 15,
    FID_OP_L2_NORMALIZE = 16,
    FID_OP_MATMUL = 17,
    FID_OP_RESIZE_BILINEAR = 18,
    FID_OP_SLICE = 19,
    FID_OP_END_1_2, /* one past the last of version 1.2 */
    FID_OP_CONVERT = 20,
    FID_OP_END /* one past the last */
};

enum fid_activation {
    FID_ACT_NONE,
    FID_ACT_CLAMP,
    FID_ACT_PRELU,
    FID_ACT_SIGMOID,
    FID_ACT_END_1_1, /* one past the last of versions 1.0 and 1.1 */
    FID_ACT_TANH = FID_ACT_END_1_1,
    FID_ACT_GELU,
    FID_ACT_HARD_SWISH,
    FID_ACT_EXP,
    FID_ACT_RECIPROCAL,
    FID_ACT_END
};

/* Where the middle of a pixel lies when a picture is resized. */
enum fid_resize_mode {
    FID_RESIZE_HALF_PIXEL,
    FID_RESIZE_ALIGN_CORNERS,
    FID_RESIZE_ASYMMETRIC,
    FID_RESIZE_END
};

enum fid_pad_mode { FID_PAD_EXPLICIT, FID_PAD_EXPLICIT_CEIL, FID_PAD_SAME, FID_PAD_END };

struct fid_file_node {
    uint32_t name;
    uint16_t op;         /* enum fid_op_kind */
    uint16_t activation; /* enum fid_activation */
    uint32_t first_input, input_count;
    uint32_t first_tensor, tensor_count;
    uint32_t output;
    float act_min, act_max;
    int32_t kernel_h, kernel_w, stride_h, stride_w;
    int32_t pad_top, pad_left, pad_bottom, pad_right;
    int32_t dilation_h, dilation_w, groups;
    int32_t pad_mode; /* enum fid_pad_mode */
    int32_t axis;
    int32_t scale;
    int32_t shape[4];
    float epsilon;
    int32_t mode; /* enum fid_resize_mode */
    uint8_t reserved[44];
};
_Static_assert(sizeof(struct fid_file_node) == 160, "node");

enum fid_tensor_type {
    FID_TENSOR_F32 = 1,
    FID_TENSOR_F16 = 2,  /* IEEE 754 binary16 */
    FID_TENSOR_BF16 = 3, /* the upper half of an f32 */
    FID_TENSOR_S8 = 4,   /* dims[0] scales in f32, then the bytes */
    FID_TENSOR_END
};

struct fid_file_tensor {
    uint32_t name;
    uint16_t type; /* enum fid_tensor_type */
    uint16_t rank;
    uint32_t dims[4];
    uint64_t offset, bytes;
    uint8_t reserved[24];
};
_Static_assert(sizeof(struct fid_file_tensor) == 64, "tensor");

/* Bytes of a number of a (valid) type. */
static inline uint64_t fid_file_number_bytes(unsigned type)
{
    return type == FID_TENSOR_F32 ? 4 : type == FID_TENSOR_S8 ? 1 : 2;
}

/* Numbers of a (valid) tensor: at most 2^30. */
static inline uint64_t fid_file_tensor_count(const struct fid_file_tensor *tensor)
{
    uint64_t count = 1;
    for (uint32_t d = 0; d < tensor->rank; d++)
        count *= tensor->dims[d];
    return count;
}

/* ---- version 1.1: weights packed for one set of kernels ---- */

#define FID_PLAN_NAME_BYTES 32

struct fid_file_plan { /* one record: what the weights are packed for */
    uint32_t graph, h, w;
    uint32_t pack_version; /* FID_PACK_VERSION of kernels.h */
    char kernels[FID_PLAN_NAME_BYTES];
    uint8_t reserved[16];
};
_Static_assert(sizeof(struct fid_file_plan) == 64, "plan");

struct fid_file_step { /* one for each node of the graph */
    char method[FID_PLAN_NAME_BYTES];
    uint64_t offset, bytes; /* in PACK */
    uint8_t reserved[16];
};
_Static_assert(sizeof(struct fid_file_step) == 64, "step");

/* ---- limits, as FORMAT.md has them ---- */

enum {
    FID_LIMIT_GRAPHS = 64,
    FID_LIMIT_RECORDS = 65536, /* values, nodes, tensors */
    FID_LIMIT_INDEX = 1048576, /* INDX and MVAL */
    FID_LIMIT_META = 4096,
    FID_LIMIT_STRING_BYTES = 16 << 20,
    FID_LIMIT_DIM = 1 << 24,
    FID_LIMIT_TENSOR_BYTES = 1 << 30,
    FID_LIMIT_KERNEL = 255,
    FID_LIMIT_STRIDE = 16,
    FID_LIMIT_PAD = 255,
    FID_LIMIT_DILATION = 16,
    FID_LIMIT_SCALE = 16,
    FID_LIMIT_S8_SUM = 32768,     /* products of bytes in a sum */
    FID_LIMIT_U8_PIXELS = 8388607 /* bytes in the sum of an average */
};
/* Of quantized values and tensors of s8, either way. */
#define FID_LIMIT_S8_SCALE   0x1p30f
#define FID_LIMIT_FILE_BYTES ((uint64_t)4 << 30)
/* Of a graph: numbers that one picture makes it read. */
#define FID_LIMIT_WORK ((uint64_t)1 << 42)

#endif
