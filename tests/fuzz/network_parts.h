/* network_parts.h - what fuzz_network.c makes its graphs of: choices, and tensors
 * that follow from them. */
#ifndef FUZZ_NETWORK_PARTS_H
#define FUZZ_NETWORK_PARTS_H

#include "engine/nn/tensor.h"
#include "tests/check/fid_builder.h"

#include <stdbool.h>
#include <stdio.h>

enum { LAYERS_MOST = 12, NUMBERS_MOST = 1 << 20 };

/* ---- choices ---- */

struct choices {
    const uint8_t *at, *end;
};

/* The next byte; 0 where there is none. */
static inline uint32_t choose(struct choices *choices)
{
    return choices->at < choices->end ? *choices->at++ : 0;
}

/* 0..count - 1, mostly the first ones. */
static inline uint32_t choose_below(struct choices *choices, uint32_t count)
{
    return choose(choices) % count;
}

/* ---- tensors ---- */

struct drawing {
    struct choices *choices;
    struct fid_builder *builder;
    struct fid_shape shapes[LAYERS_MOST + 2]; /* of the values */
    uint32_t steps[LAYERS_MOST + 2];          /* 0: f32; else the number of their steps, plus one */
    uint32_t count;                           /* values so far */
    uint32_t tensor_count;
    bool told; /* the last value is an output */
};

/* Numbers of both signs, some of them special. */
static inline uint32_t add_tensor(struct drawing *drawing, uint32_t rank, const uint32_t *dims)
{
    static float numbers[NUMBERS_MOST];
    static const float special[] = {0, -0.0f, 1e-40f, 3e38f, -3e38f, 1};
    char name[16];
    size_t count = 1;
    for (uint32_t i = 0; i < rank; i++)
        count *= dims[i];
    count = count < NUMBERS_MOST ? count : NUMBERS_MOST; /* never: see draw_layer */
    const uint32_t seed = choose(drawing->choices);
    for (size_t i = 0; i < count; i++) {
        const uint32_t hash = ((uint32_t)i + 1) * 2654435761u + seed * 40503u;
        numbers[i] = hash >> 24 == 0 ? special[hash % 6] : (float)(hash >> 8) * 0x1p-23f - 1;
    }
    snprintf(name, sizeof name, "t%u", drawing->tensor_count++);
    return fid_builder_tensor(drawing->builder, name, rank, dims, numbers);
}

/* Scales, then numbers of one byte; or numbers of two, most of them near 1. */
static inline void fill_small(enum fid_tensor_type type, uint32_t scales, size_t count,
                              uint32_t seed, void *numbers)
{
    float *scale = numbers;
    int8_t *bytes = (int8_t *)(scale + scales);
    uint16_t *halves = numbers;
    for (uint32_t i = 0; type == FID_TENSOR_S8 && i < scales; i++)
        scale[i] = (i + seed) % 97 == 0 ? 0x1p30f : 0x1p-7f / (float)(1 + (i + seed) % 3);
    for (size_t i = 0; i < count; i++) {
        const uint32_t hash = ((uint32_t)i + 1) * 2654435761u + seed * 40503u;
        if (type == FID_TENSOR_S8)
            bytes[i] = (int8_t)((int)(hash >> 8) % 255 - 127);
        else
            halves[i] = (uint16_t)((hash >> 31 << 15) | 0x3000 | (hash >> 8 & 0xFFF));
    }
}

/* A filter for an input of that type; those of f32 may have any. */
static inline uint32_t add_filter(struct drawing *drawing, bool bytes, uint32_t rank,
                                  const uint32_t *dims)
{
    static float numbers[NUMBERS_MOST];
    char name[16];
    size_t count = 1;
    for (uint32_t i = 0; i < rank; i++)
        count *= dims[i];
    count = count < NUMBERS_MOST ? count : NUMBERS_MOST;
    const uint32_t kind = choose_below(drawing->choices, 8);
    const enum fid_tensor_type type = bytes ? FID_TENSOR_S8 : kind < 3 ? 2 + kind : FID_TENSOR_F32;
    if (type == FID_TENSOR_F32)
        return add_tensor(drawing, rank, dims);
    fill_small(type, dims[0], count, choose(drawing->choices), numbers);
    snprintf(name, sizeof name, "t%u", drawing->tensor_count++);
    return fid_builder_typed_tensor(drawing->builder, name, type, rank, dims, numbers);
}

/* A zero point, and one scale or one for each of c channels; returns its number plus one. */
static inline uint32_t add_steps(struct drawing *drawing, uint32_t c)
{
    static float numbers[NUMBERS_MOST];
    char name[16];
    const bool many = choose_below(drawing->choices, 4) == 0 && c < NUMBERS_MOST;
    const uint32_t dims[] = {many ? 1 + c : 2};
    const uint32_t seed = choose(drawing->choices);
    numbers[0] = (float)seed;
    for (uint32_t i = 1; i < dims[0]; i++)
        numbers[i] = seed % 16 == 0 ? 0x1p-30f : (float)(1 + (i + seed) % 5) * 0x1p-7f;
    snprintf(name, sizeof name, "t%u", drawing->tensor_count++);
    return fid_builder_tensor(drawing->builder, name, 1, dims, numbers) + 1;
}

#endif
