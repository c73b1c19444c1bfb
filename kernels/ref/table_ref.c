/* table_ref.c - the reference: every slot, portable C. */
#include "kernels/ref/tile_ref.h"
#include "kernels/tables.h"

const struct fid_kernels fid_kernels_ref = {
    .name = "ref",
    .tile = {.gemm_mr = FID_REF_MR,
             .gemm_nr = FID_REF_NR,
             .depthwise_cr = FID_REF_CR,
             FID_REF_GEMM_S8_TILE,
             FID_REF_DEPTHWISE_S8_TILE},
#define FID_SLOT(slot, result, args) .slot = fid_##slot##_ref,
#include "kernels/kernel_list.h"
#undef FID_SLOT
};
