/* products.h - loops of one multiply-add instruction each, for app/bench/peak.c. */
#ifndef APP_PRODUCTS_H
#define APP_PRODUCTS_H

#include <stdbool.h>
#include <stddef.h>

struct app_product_loop {
    const char *name, *unit;
    bool (*here)(void);        /* may this process run it? */
    void (*run)(size_t steps); /* ≥ 1 */
    size_t steps;              /* for a few milliseconds */
    double operations;         /* of a step */
};

/* The loops for the architecture this was compiled for, ended by a NULL name. */
extern const struct app_product_loop app_product_loops[];

/* The loop whose f32 multiply-adds are as wide as the kernel table's; NULL: unknown, or not for
 * this CPU. */
const struct app_product_loop *app_fma_loop(const char *isa);

/* A chain of dependent instructions, and the cycles of a step; NULL: none. */
extern void (*const app_clock_loop)(size_t steps);
extern const double app_clock_cycles;

#endif
