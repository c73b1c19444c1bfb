/* select.c - the only place that chooses between instruction sets. */
#include "kernels/cpu.h"
#include "kernels/tables.h"

#include <string.h>

/* One row a level, from the reference upward; `needs` are bits of fid_cpu_features(). */
static const struct {
    const struct fid_kernels *table;
    unsigned needs;
} isa_table[] = {
    {&fid_kernels_ref, 0},
#ifdef FID_HAVE_AVX2
    {&fid_kernels_avx2, FID_CPU_AVX2 | FID_CPU_FMA | FID_CPU_SSE42 | FID_CPU_PCLMUL},
#endif
#ifdef FID_HAVE_AVX512
    {&fid_kernels_avx512,
     FID_CPU_AVX512 | FID_CPU_AVX2 | FID_CPU_FMA | FID_CPU_SSE42 | FID_CPU_PCLMUL},
#endif
#ifdef FID_HAVE_NEON
    {&fid_kernels_neon, FID_CPU_NEON},
    {&fid_kernels_neon_crc, FID_CPU_NEON | FID_CPU_ARM_CRC32},
#endif
#ifdef FID_HAVE_NEON32
    {&fid_kernels_neon32, FID_CPU_NEON | FID_CPU_ARM_VFPV4},
#endif
};
enum { ISA_COUNT = sizeof isa_table / sizeof isa_table[0] };

const struct fid_kernels *fid_kernels_at(size_t i, int *usable)
{
    if (i >= ISA_COUNT)
        return NULL;
    *usable = (isa_table[i].needs & ~fid_cpu_features()) == 0;
    return isa_table[i].table;
}

const struct fid_kernels *fid_kernels_best(void)
{
    const unsigned features = fid_cpu_features();
    size_t best = ISA_COUNT - 1;
    while (isa_table[best].needs & ~features)
        best--;
    return isa_table[best].table;
}

const struct fid_kernels *fid_kernels_named(const char *name)
{
    const struct fid_kernels *table;
    int usable;
    for (size_t i = 0; (table = fid_kernels_at(i, &usable)); i++)
        if (strcmp(table->name, name) == 0)
            return usable ? table : NULL;
    return NULL;
}
