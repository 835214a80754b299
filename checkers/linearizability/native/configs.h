/* Sets of configurations, each an array of so many words, the first its state. */
#ifndef CONFIGS_H
#define CONFIGS_H

#include "core.h"

typedef struct {
    uint64_t *items;
    uint32_t count, room, slots;
    uint32_t *table; /* 1 + index into items; once there are more than a few */
} Set;

static inline void copy(uint64_t *into, const uint64_t *from, uint32_t words) {
    for (uint32_t w = 0; w < words; w++) into[w] = from[w];
}

static inline int same(const uint64_t *one, const uint64_t *other, uint32_t words) {
    uint32_t w = 0;
    while (w < words && one[w] == other[w]) w++;
    return w == words;
}

int set_add(Set *set, const uint64_t *config, uint32_t words); /* 0, NO_MEMORY, or OUT_OF_BUDGET: it grows too large */
void set_empty(Set *set);
int set_copy(Set *into, const Set *from, uint32_t words); /* into an empty one that is only read; 0 or NO_MEMORY */
void set_free(Set *set);

/* From here on the set is only read. */
void set_sort(Set *set, uint32_t words);
/* Of equal state and mask, the first `grouped` words, those stay than whom nobody has used less. */
void set_drop_dominated(Set *set, uint32_t grouped, uint32_t words, const uint64_t *guards);

#endif
