/* tile_ref.h - the reference's blocking: small, for compilers without wide registers. */
#ifndef FID_KERNELS_REF_TILE_H
#define FID_KERNELS_REF_TILE_H

enum { FID_REF_MR = 4, FID_REF_NR = 8, FID_REF_CR = 4 };

#endif
