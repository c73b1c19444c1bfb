/* winograd.c - the matrices of winograd.h written out. */
#include "kernels/winograd.h"

#define A1 FID_WINOGRAD_A
#define A2 FID_WINOGRAD_AA
#define A3 FID_WINOGRAD_AAA
#define B1 FID_WINOGRAD_B
#define B2 FID_WINOGRAD_BB
#define B3 FID_WINOGRAD_BBB

/* Row of G for the point x of the pair ±x whose square is xx; yy is the other pair's. */
#define POINT(x, xx, yy)                                                                 \
    {                                                                                    \
        (float)(0.5 / ((double)(xx) * ((double)(xx) - (double)(yy)))),                   \
            (float)(0.5 * (double)(x) / ((double)(xx) * ((double)(xx) - (double)(yy)))), \
            (float)(0.5 / ((double)(xx) - (double)(yy)))                                 \
    }

static const struct fid_winograd_matrices f2 = {
    .bt = {{1, 0, -1, 0}, {0, 1, 1, 0}, {0, -1, 1, 0}, {0, 1, 0, -1}},
    .g = {{1, 0, 0}, {0.5f, 0.5f, 0.5f}, {0.5f, -0.5f, 0.5f}, {0, 0, 1}},
    .at = {{1, 1, 1, 0}, {0, 1, -1, -1}},
};

static const struct fid_winograd_matrices f4 = {
    .bt = {{A2 * B2, 0, -A2 - B2, 0, 1, 0},
           {0, -A1 *B2, -B2, A1, 1, 0},
           {0, A1 *B2, -B2, -A1, 1, 0},
           {0, -B1 *A2, -A2, B1, 1, 0},
           {0, B1 *A2, -A2, -B1, 1, 0},
           {0, A2 *B2, 0, -A2 - B2, 0, 1}},
    .g = {{(float)(1 / ((double)A2 * (double)B2)), 0, 0},
          POINT(A1, A2, B2),
          POINT(-A1, A2, B2),
          POINT(B1, B2, A2),
          POINT(-B1, B2, A2),
          {0, 0, 1}},
    .at = {{1, 1, 1, 1, 1, 0},
           {0, A1, -A1, B1, -B1, 0},
           {0, A2, A2, B2, B2, 0},
           {0, A3, -A3, B3, -B3, 1}},
};

const struct fid_winograd_matrices *fid_winograd_matrices(unsigned long m)
{
    return m == 2 ? &f2 : &f4;
}
