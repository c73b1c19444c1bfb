/* select.c - the only place that chooses between instruction sets. */
#include "kernels/cpu.h"
#include "kernels/isa_list.h"
#include "kernels/tables.h"

#include <string.h>

static const struct {
    const struct fid_kernels *table;
    unsigned needs;
} isa_table[] = {
#define ROW(with, level, needs) {&fid_kernels_##level, needs},
    FID_EACH_LEVEL(ROW, )
#undef ROW
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

static const struct {
    fid_sha256_fn take_blocks;
    unsigned needs;
} sha256_table[] = {
#define ROW(with, name, needs) {fid_sha256_##name, needs},
    FID_EACH_SHA256(ROW, )
#undef ROW
};
enum { SHA256_COUNT = sizeof sha256_table / sizeof sha256_table[0] };

fid_sha256_fn fid_sha256_at(size_t i, int *usable)
{
    if (i >= SHA256_COUNT)
        return NULL;
    *usable = (sha256_table[i].needs & ~fid_cpu_features()) == 0;
    return sha256_table[i].take_blocks;
}

fid_sha256_fn fid_sha256_beside(const struct fid_kernels *table)
{
    size_t best = table == &fid_kernels_ref ? 0 : SHA256_COUNT - 1;
    while (sha256_table[best].needs & ~fid_cpu_features())
        best--;
    return sha256_table[best].take_blocks;
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
