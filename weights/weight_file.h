/* weight_file.h - a checked, read-only view of a .fid file (FORMAT.md).
 *
 * Opening maps the file and validates its structure: sizes, section table, strings, metadata,
 * graphs, nodes, tensors, and the checksums of all sections but the two large ones. After that
 * every accessor is a plain look-up that cannot fail, and every index, string and slice in the
 * records below is known to be in range. The numbers themselves, in DATA and PACK, are checked by
 * the functions fid_weight_file_check_*, and must not be used before. What a layer
 * computes, and whether its tensors have the right shapes, is not known here (engine/nn checks). */
#ifndef FID_WEIGHTS_WEIGHT_FILE_H
#define FID_WEIGHTS_WEIGHT_FILE_H

#include "engine/base/status.h"
#include "engine/base/thread_pool.h"
#include "weights/format.h"
#include "weights/sha256.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* CRC32C continued over more bytes (kernels.h, slot crc32c): comes from the caller, because the
 * CPU's instruction is ten times as fast as portable code and choosing it is not this folder's
 * work. */
typedef uint32_t (*fid_crc32c_fn)(uint32_t crc, const void *data, size_t bytes);

struct fid_weight_file;

/* Maps path and validates its structure. On failure *file is NULL and error has one sentence with
 * file, offset and reason. FID_NOT_FOUND, FID_IO (not readable, not a regular file), FID_CORRUPT
 * (size, checksum, structure), FID_UNSUPPORTED (version, limits), FID_NO_MEMORY. The file must not
 * change while open. */
enum fid_status fid_weight_file_open(const char *path, fid_crc32c_fn crc32c,
                                     struct fid_weight_file **file, struct fid_error *error);
/* The same over bytes in memory (borrowed; aligned to 64); name stands for the path in messages. */
enum fid_status fid_weight_file_open_memory(const void *bytes, size_t size, const char *name,
                                            fid_crc32c_fn crc32c, struct fid_weight_file **file,
                                            struct fid_error *error);
void fid_weight_file_close(struct fid_weight_file **file);

/* Checks with all workers of the pool: the checksum of DATA, every number finite or in its range,
 * gaps zero. With keep its pages stay resident, because they are used next. FID_CORRUPT,
 * FID_NO_MEMORY. */
enum fid_status fid_weight_file_check_data(const struct fid_weight_file *file,
                                           struct fid_pool *pool, bool keep,
                                           struct fid_error *error);
/* The same for the scales and zero points of the values of bytes alone, without a checksum.
 * FID_CORRUPT, FID_NO_MEMORY. */
enum fid_status fid_weight_file_check_quantized(const struct fid_weight_file *file,
                                                struct fid_error *error);
/* Of a file with packed weights: the checksum of PACK, gaps zero. */
enum fid_status fid_weight_file_check_pack(const struct fid_weight_file *file,
                                           struct fid_pool *pool, bool keep,
                                           struct fid_error *error);
/* Everything that opening has not checked; leaves none of it resident. */
enum fid_status fid_weight_file_check(const struct fid_weight_file *file, struct fid_pool *pool,
                                      struct fid_error *error);
/* Of a file with packed weights: one tensor by its own checksum. */
enum fid_status fid_weight_file_check_tensor(const struct fid_weight_file *file, size_t tensor,
                                             struct fid_error *error);

/* FILLS id with what the file's graph, weights and preprocessing make (FORMAT.md, model_id). Leaves
 * no page of DATA resident. FID_CORRUPT: metadata that could stand for other metadata. */
enum fid_status fid_weight_file_make_id(const struct fid_weight_file *file,
                                        fid_sha256_fn take_blocks, uint8_t id[FID_FILE_ID_BYTES],
                                        struct fid_error *error);
/* FID_CORRUPT where the header has another id than that. */
enum fid_status fid_weight_file_check_id(const struct fid_weight_file *file,
                                         fid_sha256_fn take_blocks, struct fid_error *error);

const char *fid_weight_file_path(const struct fid_weight_file *file);
const struct fid_file_header *fid_weight_file_header(const struct fid_weight_file *file);

/* The string at an offset of STRS. */
const char *fid_weight_file_string(const struct fid_weight_file *file, uint32_t offset);

/* The records of a section and, unless count is NULL, how many there are. */
const struct fid_file_graph *fid_weight_file_graphs(const struct fid_weight_file *file,
                                                    size_t *count);
const struct fid_file_value *fid_weight_file_values(const struct fid_weight_file *file,
                                                    size_t *count);
const struct fid_file_node *fid_weight_file_nodes(const struct fid_weight_file *file,
                                                  size_t *count);
const uint32_t *fid_weight_file_index(const struct fid_weight_file *file, size_t *count);
const struct fid_file_tensor *fid_weight_file_tensors(const struct fid_weight_file *file,
                                                      size_t *count);

/* The values and nodes of a graph, whose counts stand in its record, and the graph-local numbers of
 * the values that are its outputs. */
const struct fid_file_value *fid_file_graph_values(const struct fid_weight_file *file,
                                                   const struct fid_file_graph *graph);
const struct fid_file_node *fid_file_graph_nodes(const struct fid_weight_file *file,
                                                 const struct fid_file_graph *graph);
const uint32_t *fid_file_graph_outputs(const struct fid_weight_file *file,
                                       const struct fid_file_graph *graph);
/* The graph-local numbers of the values that a node reads, and the file's numbers of its tensors.
 */
const uint32_t *fid_file_node_inputs(const struct fid_weight_file *file,
                                     const struct fid_file_node *node);
const uint32_t *fid_file_node_tensors(const struct fid_weight_file *file,
                                      const struct fid_file_node *node);

const struct fid_file_section *fid_weight_file_section(const struct fid_weight_file *file,
                                                       enum fid_section section);

/* Is it a scale of bytes, in 2^-30..2^30? */
bool fid_weight_is_scale(float scale);

/* A tensor's numbers, in place in the map; 64-byte aligned. Of another type than f32: its bytes. */
const float *fid_weight_file_tensor_data(const struct fid_weight_file *file, size_t tensor);

/* Tells the system that the pages of this tensor are not needed any more, after it was packed: they
 * leave the process's resident memory and are read again from the file if touched. */
void fid_weight_file_release_tensor(const struct fid_weight_file *file, size_t tensor);
/* The same for all tensors. */
void fid_weight_file_release_data(const struct fid_weight_file *file);

/* What the packed weights of the file are for; NULL when it has none. */
const struct fid_file_plan *fid_weight_file_plan(const struct fid_weight_file *file);
/* Of a file with packed weights: its steps, and the bytes of one in place; 64-byte aligned. */
const struct fid_file_step *fid_weight_file_steps(const struct fid_weight_file *file,
                                                  size_t *count);
const void *fid_weight_file_packed(const struct fid_weight_file *file, size_t step);

/* Metadata. NULL / false when the key is not there or has another type or fewer values. */
const struct fid_file_meta *fid_weight_file_meta(const struct fid_weight_file *file,
                                                 const char *key);
const char *fid_weight_file_text(const struct fid_weight_file *file, const char *key, size_t i);
bool fid_weight_file_int(const struct fid_weight_file *file, const char *key, size_t i,
                         int64_t *value);
bool fid_weight_file_float(const struct fid_weight_file *file, const char *key, size_t i,
                           double *value); /* takes integers as well */

#endif
