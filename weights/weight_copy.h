/* weight_copy.h - writes a weight file again, with some of its sections replaced. No file
 * outside weights/ includes it. */
#ifndef FID_WEIGHTS_WEIGHT_COPY_H
#define FID_WEIGHTS_WEIGHT_COPY_H

#include "weights/weight_view.h"

#include <stdio.h>

struct fid_weight_part {
    const void *bytes; /* borrowed; NULL: fid_weight_copy.write writes them */
    uint64_t size;
    uint32_t crc;
};

struct fid_weight_copy {
    const struct fid_weight_file *file; /* borrowed */
    struct fid_file_header header;      /* its version and id as they are to be */
    size_t section_count;               /* FID_SECTION_COUNT_1_0, or FID_SECTION_COUNT */
    struct fid_weight_part parts[FID_SECTION_COUNT];
    void (*write)(FILE *out, const void *ctx); /* errors of the stream are seen at its end */
    const void *ctx;
    bool keep; /* fid_output_keep */
};

/* FILLS copy with all sections of file as they are. */
void fid_weight_copy_begin(struct fid_weight_copy *copy, const struct fid_weight_file *file);
/* These bytes (borrowed) are the section from now on. */
void fid_weight_copy_give(struct fid_weight_copy *copy, enum fid_section section, const void *bytes,
                          uint64_t size);
/* Writes the file as a fid_output. The same parts and header give the same bytes.
 * FID_IO, FID_NO_MEMORY, FID_INVALID (as fid_output_check), FID_EXISTS (with keep),
 * FID_UNSUPPORTED (more than the format takes). */
enum fid_status fid_weight_copy_write(const struct fid_weight_copy *copy, const char *path,
                                      struct fid_error *error);

#endif
