/* products.h - loops of one multiply-add instruction each, for app/bench/peak.c. */
#ifndef APP_PRODUCTS_H
#define APP_PRODUCTS_H

#include <stdbool.h>
#include <stddef.h>

struct app_product_loop {
    const char *name, *unit;
    bool (*here)(void);        /* may this process run it? */
    void (*run)(size_t steps); /* ≥ 1 */
    size_t steps;              /* some milliseconds' worth */
    double operations;         /* of a step */
};

/* Those of the kind of CPU this was compiled for, ended by a NULL name. */
extern const struct app_product_loop app_product_loops[];

/* The loop whose multiply-adds of f32 are as wide as the kernel table's; NULL: not known, or not
 * for this CPU. */
const struct app_product_loop *app_fma_loop(const char *isa);

/* Instructions each of which needs the result before, and the cycles of a step; NULL: none. */
extern void (*const app_clock_loop)(size_t steps);
extern const double app_clock_cycles;

#endif
