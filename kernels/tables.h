/* tables.h - the kernel tables and the functions of the reference. Inside kernels/ only.
 *
 * A table is written as the reference's slots first and its own lines after them, so that a slot
 * without a faster kernel keeps the reference and none is ever NULL (see avx2/table_avx2.c). */
#ifndef FID_KERNELS_TABLES_H
#define FID_KERNELS_TABLES_H

#include "kernels/isa_list.h"
#include "kernels/kernels.h"

#define FID_SLOT(name, result, args) result fid_##name##_ref args;
#include "kernels/kernel_list.h"
#undef FID_SLOT

#define FID_DECLARE_TABLE(with, level, needs) extern const struct fid_kernels fid_kernels_##level;
FID_EACH_LEVEL(FID_DECLARE_TABLE, )
#undef FID_DECLARE_TABLE

#define FID_DECLARE_SHA256(with, name, needs) void fid_sha256_##name FID_SHA256_ARGS;
FID_EACH_SHA256(FID_DECLARE_SHA256, )
#undef FID_DECLARE_SHA256
extern const uint32_t fid_sha256_constants[64]; /* of the 64 rounds */

#endif
