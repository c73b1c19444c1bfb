/* weight_view.h - what the files of this folder share: the open weight file and the steps of its
 * validation. Only weights/ includes it.
 *
 * The steps run in this order, and each may rely on what the ones before it have checked:
 * frame (header, section table, gaps), checksums of all sections but DATA and PACK, strings,
 * metadata, tensors, graphs with their nodes, the records of packed weights; and, when a caller
 * asks for them, the passes over DATA and PACK. */
#ifndef FID_WEIGHTS_WEIGHT_VIEW_H
#define FID_WEIGHTS_WEIGHT_VIEW_H

#include "weights/weight_file.h"

struct fid_weight_file {
    char *path;           /* owned */
    const uint8_t *bytes; /* the map (owned) or the caller's memory (borrowed) */
    size_t size;
    bool mapped;
    fid_crc32c_fn crc32c;
    const struct fid_file_header *header;
    const struct fid_file_section *sections;
    size_t section_count; /* FID_SECTION_COUNT_1_0 or FID_SECTION_COUNT */
};

#define FID_WEIGHT_ADVICE \
    "get it again with faceid model get, or convert it again with convert/convert.py"

/* The path, or its end where it is too long for a message: *dots is "..." then, "" else. */
const char *fid_weight_shown_path(const char *path, const char **dots);

/* Fills error with "PATH: offset N: reason", N being the place of where in the file; returns
 * status. The beginning of a long path is left out, so that the reason always fits. */
enum fid_status fid_weight_refuse(const struct fid_weight_file *file, struct fid_error *error,
                                  enum fid_status status, const void *where, const char *format,
                                  ...) __attribute__((format(printf, 5, 6)));

/* Takes the pages of [offset, offset + bytes) out of the resident memory;
 * nothing for open_memory. */
void fid_weight_drop_pages(const struct fid_weight_file *file, size_t offset, size_t bytes);

/* First byte of a section, and its number of records. */
const void *fid_weight_records(const struct fid_weight_file *file, enum fid_section section,
                               size_t *count);
bool fid_weight_all_zero(const void *bytes, size_t count);

/* Are the bytes from `at` on, a multiple of 4, numbers of the tensor: finite, scales in their
 * range, bytes above -128? */
bool fid_weight_are_numbers(const struct fid_file_tensor *tensor, size_t at, const void *start,
                            size_t bytes);

/* The rules of a section: its name, the size of a record, the alignment of its start. */
const char *fid_weight_section_name(enum fid_section section);
uint32_t fid_weight_section_record(enum fid_section section);
uint32_t fid_weight_section_align(enum fid_section section);

/* Header, section table and gaps; needs only bytes, size and crc32c and sets the rest. */
enum fid_status fid_weight_check_frame(struct fid_weight_file *file, struct fid_error *error);
/* Checksums of all sections but DATA and PACK. */
enum fid_status fid_weight_check_sums(const struct fid_weight_file *file, struct fid_error *error);
/* Is crc the section's stored checksum? */
enum fid_status fid_weight_compare_sum(const struct fid_weight_file *file, enum fid_section section,
                                       uint32_t crc, struct fid_error *error);
/* Strings, metadata, tensor table, graphs, values and nodes. */
enum fid_status fid_weight_check_structure(const struct fid_weight_file *file,
                                           struct fid_error *error);
/* SUMS, PLAN and STEP, where the file has them. */
enum fid_status fid_weight_check_pack_records(const struct fid_weight_file *file,
                                              struct fid_error *error);

/* Section STRS: begins with the empty string, UTF-8, the last string terminated. */
enum fid_status fid_weight_check_strings(const struct fid_weight_file *file,
                                         struct fid_error *error);
bool fid_weight_is_text(const char *text); /* is it UTF-8? */
/* Does the key of metadata say nothing about the numbers of an embedding? */
bool fid_weight_is_outside_id(const char *key);
/* fid_weight_file_make_id of a file's metadata and other sections; what belongs to the id is read
 * from sections[FID_SECTION_COUNT]. */
struct fid_weight_span {
    const void *bytes;
    size_t size;
};
enum fid_status fid_weight_make_id_of(const struct fid_weight_file *file,
                                      const struct fid_weight_span *sections,
                                      fid_sha256_fn take_blocks, uint8_t id[FID_FILE_ID_BYTES],
                                      struct fid_error *error);
/* META and MVAL. */
enum fid_status fid_weight_check_meta(const struct fid_weight_file *file, struct fid_error *error);
/* A reference to a string must hit the first byte of one; what names the field. */
enum fid_status fid_weight_check_string(const struct fid_weight_file *file, uint64_t reference,
                                        bool may_be_empty, const void *where, const char *what,
                                        struct fid_error *error);
/* Refuses two records of the same name among count of them, each record_bytes long and beginning
 * with its (checked) name; what is the kind of record. */
enum fid_status fid_weight_check_unique(const struct fid_weight_file *file, const void *first,
                                        size_t count, size_t record_bytes, const char *what,
                                        struct fid_error *error);

/* What the check of the graphs has seen so far. */
struct fid_weight_marks {
    uint8_t *tensor;    /* [tensor] 1: used by a node or a value */
    uint8_t *value;     /* [value of the current graph] 1: computed before the current node */
    size_t next_output; /* entry of INDX where the next graph's outputs begin */
    size_t next;        /* ... and the next node's next run */
};

/* A run of INDX must begin at *next, which moves behind it; FILLS *run with its start. where is the
 * record that holds the run, what its name. */
enum fid_status fid_weight_take_run(const struct fid_weight_file *file, size_t *next,
                                    uint32_t first, uint32_t count, const void *where,
                                    const char *what, const uint32_t **run,
                                    struct fid_error *error);
/* One node of the graph whose values marks->value stands for: operator, fields, inputs, tensors,
 * output. Marks what it uses and computes. */
enum fid_status fid_weight_check_node(const struct fid_weight_file *file,
                                      const struct fid_file_graph *graph, size_t node,
                                      struct fid_weight_marks *marks, struct fid_error *error);

#endif
