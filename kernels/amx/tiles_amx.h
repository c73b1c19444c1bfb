/* tiles_amx.h - the instructions for tiles: Intel SDM volume 1, chapter 18. All eight tiles have 16
 * rows of 64 bytes. In assembly, since gcc's intrinsics do not say which memory they read. */
#ifndef FID_KERNELS_TILES_AMX_H
#define FID_KERNELS_TILES_AMX_H

#include <stddef.h>
#include <stdint.h>

enum { TILE_ROWS = 16, TILE_BYTES = 64, TILES = 8 };

/* What LDTILECFG reads. */
struct tile_shapes {
    uint8_t palette, start_row, reserved[14];
    uint16_t row_bytes[16];
    uint8_t rows[16];
};
_Static_assert(sizeof(struct tile_shapes) == 64, "tile shapes");

/* Tiles may be used from here to tiles_end, which gives the registers back: a thread that keeps
 * them is slower to switch. */
static inline void tiles_begin(void)
{
    static const struct tile_shapes shapes = {.palette = 1,
                                              .row_bytes = {TILE_BYTES, TILE_BYTES, TILE_BYTES,
                                                            TILE_BYTES, TILE_BYTES, TILE_BYTES,
                                                            TILE_BYTES, TILE_BYTES},
                                              .rows = {TILE_ROWS, TILE_ROWS, TILE_ROWS, TILE_ROWS,
                                                       TILE_ROWS, TILE_ROWS, TILE_ROWS, TILE_ROWS}};
    __asm__ volatile("ldtilecfg %0" ::"m"(shapes));
}

static inline void tiles_end(void)
{
    __asm__ volatile("tilerelease");
}

/* Tile `number`, a constant, from or to rows that are `stride` bytes apart. */
#define LOAD_TILE(number, p, stride)                                                         \
    __asm__ volatile("tileloadd (%0,%1,1), %%tmm" #number ::"r"(p), "r"((ptrdiff_t)(stride)) \
                     : "memory")
#define STORE_TILE(number, p, stride)                                                            \
    __asm__ volatile("tilestored %%tmm" #number ", (%0,%1,1)" ::"r"(p), "r"((ptrdiff_t)(stride)) \
                     : "memory")
/* Tile `sums` += `bytes` (unsigned) · `weights` (signed, in groups of four). */
#define DOT_TILES(sums, bytes, weights) \
    __asm__ volatile("tdpbusd %tmm" #weights ", %tmm" #bytes ", %tmm" #sums)

#endif
