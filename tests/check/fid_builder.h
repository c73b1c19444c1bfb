/* fid_builder.h - makes .fid files in memory, for tests: any graph, any metadata, correct
 * checksums.
 *
 *     struct fid_builder *b = fid_builder_open();
 *     fid_builder_graph(b, "net", 8, 8, 3);
 *     uint32_t tensors[] = {fid_builder_tensor(b, "w", 4, dims, numbers), ...};
 *     uint32_t input = 0;
 *     uint32_t y = fid_builder_node(b, "conv1", &fields, 1, &input, 2, tensors);
 *     fid_builder_output(b, y);
 *     const uint8_t *bytes = fid_builder_finish(b, &size);
 *     fid_builder_close(&b);
 *
 * Nothing is checked here: the point of some tests is a file that breaks the rules. Running out of
 * memory ends the test program. */
#ifndef CHECK_FID_BUILDER_H
#define CHECK_FID_BUILDER_H

#include "weights/format.h"

#include <stddef.h>
#include <stdint.h>

struct fid_builder;

struct fid_builder *fid_builder_open(void);
void fid_builder_close(struct fid_builder **builder);

/* Metadata, in any order; a key that was set before is replaced. The keys that every file needs
 * have values already. */
void fid_builder_text(struct fid_builder *builder, const char *key, const char *text);
void fid_builder_texts(struct fid_builder *builder, const char *key, size_t count,
                       const char *const *texts);
void fid_builder_ints(struct fid_builder *builder, const char *key, size_t count,
                      const int64_t *numbers);
void fid_builder_floats(struct fid_builder *builder, const char *key, size_t count,
                        const double *numbers);

/* Begins a graph of a fixed input size; its value 0 is called "input". What
 * follows belongs to it. */
void fid_builder_graph(struct fid_builder *builder, const char *name, uint32_t h, uint32_t w,
                       uint32_t c);
/* Makes h and w of the current graph free, as multiples. */
void fid_builder_free_size(struct fid_builder *builder, uint32_t multiple);
/* Adds a tensor and returns its number; data: the product of dims floats, copied. */
uint32_t fid_builder_tensor(struct fid_builder *builder, const char *name, uint32_t rank,
                            const uint32_t *dims, const float *data);
/* The same of any type: data is what stands in the file, of s8 dims[0] scales
 * and then the bytes. */
uint32_t fid_builder_typed_tensor(struct fid_builder *builder, const char *name,
                                  enum fid_tensor_type type, uint32_t rank, const uint32_t *dims,
                                  const void *data);
/* Makes a value of the current graph one of bytes; tensor: its zero point and scales. */
void fid_builder_quantize(struct fid_builder *builder, uint32_t value, uint32_t tensor);
/* Adds a node and returns the number of its output, a value of the node's name. Of fields, the
 * name, the lists and the output are filled in here. */
uint32_t fid_builder_node(struct fid_builder *builder, const char *name,
                          const struct fid_file_node *fields, size_t input_count,
                          const uint32_t *inputs, size_t tensor_count, const uint32_t *tensors);
void fid_builder_output(struct fid_builder *builder, uint32_t value);

/* Makes it a file of version 1.1 with packed weights for what the plan says, and appends the step
 * of the graph's next node; bytes may be 0. */
void fid_builder_plan(struct fid_builder *builder, const struct fid_file_plan *plan);
void fid_builder_step(struct fid_builder *builder, const char *method, size_t bytes,
                      const void *packed);

/* The finished file, of the lowest version that has what is in it, aligned to 4096, until the
 * builder is closed. */
uint8_t *fid_builder_finish(struct fid_builder *builder, size_t *size);

/* Writes it to path; 0, or -1 with errno. */
int fid_builder_write(struct fid_builder *builder, const char *path);

/* CRC32C, byte by byte: independent of the kernels. */
uint32_t fid_builder_crc32c(uint32_t crc, const void *data, size_t bytes);
/* Makes all checksums of a file right again after it was changed; sections that do not lie inside
 * it are left out, and so is everything of a file shorter than header and table. */
void fid_builder_seal(uint8_t *bytes, size_t size);
/* Makes the id right again, of a file that opens: after it was sealed. */
void fid_builder_identify(uint8_t *bytes, size_t size);

#endif
