#include "configs.h"

#define FEW 8 /* so many are searched one by one */
#define MOST_BYTES ((uint64_t)1 << 26) /* of one set; a search has three */

static uint32_t place(const Set *set, const uint64_t *config, uint32_t words) {
    uint64_t hash = 0;
    for (uint32_t w = 0; w < words; w++) hash = mixed(hash ^ config[w]) + w;
    uint32_t slot = hash & (set->slots - 1);
    while (set->table[slot]) {
        const uint64_t *other = set->items + (size_t)(set->table[slot] - 1) * words;
        if (same(other, config, words)) break;
        slot = (slot + 1) & (set->slots - 1);
    }
    return slot;
}

static int widen_table(Set *set, uint32_t words) {
    uint32_t slots = set->slots ? set->slots : 4 * FEW;
    while (slots < 4 * set->count) slots *= 2;
    uint32_t *table = calloc(slots, sizeof *table);
    if (!table) return NO_MEMORY;
    free(set->table);
    set->table = table;
    set->slots = slots;
    for (uint32_t i = 0; i < set->count; i++)
        set->table[place(set, set->items + (size_t)i * words, words)] = i + 1;
    return 0;
}

int set_add(Set *set, const uint64_t *config, uint32_t words) {
    uint32_t slot = 0;
    if (set->count <= FEW) {
        for (uint32_t i = 0; i < set->count; i++)
            if (same(set->items + (size_t)i * words, config, words)) return 0;
    } else {
        slot = place(set, config, words);
        if (set->table[slot]) return 0;
    }
    if (set->count == set->room) {
        uint32_t room = set->room ? 2 * set->room : 2 * FEW;
        if ((uint64_t)room * words * sizeof *config > MOST_BYTES) return OUT_OF_BUDGET;
        uint64_t *items = realloc(set->items, (size_t)room * words * sizeof *config);
        if (!items) return NO_MEMORY;
        set->items = items;
        set->room = room;
    }
    copy(set->items + (size_t)set->count * words, config, words);
    set->count++;
    if (set->count == FEW + 1 || (set->count > FEW && 2 * set->count > set->slots)) return widen_table(set, words);
    if (set->count > FEW) set->table[slot] = set->count;
    return 0;
}

void set_empty(Set *set) {
    if (set->slots) { /* what was wide once is mostly narrow again: clearing its table each time would cost more */
        free(set->table);
        set->table = NULL;
        set->slots = 0;
    }
    set->count = 0;
}

int set_copy(Set *into, const Set *from, uint32_t words) {
    into->items = malloc((size_t)from->count * words * sizeof *into->items);
    if (!into->items) return NO_MEMORY;
    copy(into->items, from->items, from->count * words);
    into->count = into->room = from->count;
    return 0;
}

void set_free(Set *set) {
    free(set->items);
    free(set->table);
}

static uint32_t words_to_compare; /* qsort passes nothing on; nobody else runs meanwhile */

static int by_words(const void *one, const void *other) {
    const uint64_t *a = one, *b = other;
    for (uint32_t w = 0; w < words_to_compare; w++)
        if (a[w] != b[w]) return a[w] < b[w] ? -1 : 1;
    return 0;
}

void set_sort(Set *set, uint32_t words) {
    words_to_compare = words;
    qsort(set->items, set->count, words * sizeof(uint64_t), by_words);
}

/* Counters are compared many at once: with its guards set, `used - less` leaves a guard standing exactly where `used` is
 * not less. */
static int dominates(const uint64_t *less, const uint64_t *used, uint32_t words, const uint64_t *guards) {
    for (uint32_t w = 0; w < words; w++)
        if ((((used[w] | guards[w]) - less[w]) & guards[w]) != guards[w]) return 0;
    return 1;
}

void set_drop_dominated(Set *set, uint32_t grouped, uint32_t words, const uint64_t *guards) {
    uint32_t kept = 0, group = 0;
    set_sort(set, words); /* who uses less comes first */
    for (uint32_t i = 0; i < set->count; i++) {
        const uint64_t *config = set->items + (size_t)i * words;
        if (!same(set->items + (size_t)group * words, config, grouped)) group = kept;
        uint32_t other = group;
        while (other < kept && !dominates(set->items + (size_t)other * words + grouped, config + grouped, words - grouped, guards))
            other++;
        if (other == kept) memmove(set->items + (size_t)kept++ * words, config, words * sizeof *config);
    }
    set->count = kept;
}
