/* winograd.h - the numbers of Winograd's minimal filtering F(m × m, 3 × 3), m = 2 and 4. Inside
 * kernels/ and tests only.
 *
 * An m × m tile of outputs needs a tile of α × α inputs d, α = m + 2, and a filter g:
 *     Y = Aᵀ [ (G g Gᵀ) ⊙ (Bᵀ d B) ] A
 * (A. Lavin, S. Gray: Fast Algorithms for Convolutional Neural Networks, CVPR 2016; the matrices
 * follow from the points by S. Winograd: Arithmetic Complexity of Computations, 1980). F(2)
 * interpolates at 0, ±1 and infinity; F(4) at 0, ±a, ±b and infinity. With a = 5/8 and b = 3/2 its
 * root mean square error is 1.1e-6 of the output (256 channels), with the usual 1 and 2 it is
 * 2.7e-6, with √½ and √2 1.3e-6; and all coefficients of A and B are exact in f32. */
#ifndef FID_KERNELS_WINOGRAD_H
#define FID_KERNELS_WINOGRAD_H

#define FID_WINOGRAD_A   0.625f
#define FID_WINOGRAD_B   1.5f
#define FID_WINOGRAD_AA  (FID_WINOGRAD_A * FID_WINOGRAD_A)
#define FID_WINOGRAD_BB  (FID_WINOGRAD_B * FID_WINOGRAD_B)
#define FID_WINOGRAD_AAA (FID_WINOGRAD_AA * FID_WINOGRAD_A)
#define FID_WINOGRAD_BBB (FID_WINOGRAD_BB * FID_WINOGRAD_B)

enum { FID_WINOGRAD_M_MAX = 4, FID_WINOGRAD_ALPHA_MAX = 6 };

/* Rows of α numbers (G: of 3); those past the size in use are zero. */
struct fid_winograd_matrices {
    float bt[FID_WINOGRAD_ALPHA_MAX][FID_WINOGRAD_ALPHA_MAX];
    float g[FID_WINOGRAD_ALPHA_MAX][3];
    float at[FID_WINOGRAD_M_MAX][FID_WINOGRAD_ALPHA_MAX];
};

/* m = 2 or 4. */
const struct fid_winograd_matrices *fid_winograd_matrices(unsigned long m);

#endif
