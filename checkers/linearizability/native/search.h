/* What a search of the frontier knows: of frontier.c. */
#ifndef SEARCH_H
#define SEARCH_H

#include "configs.h"

#define ANY ((uint64_t)1 << 32) /* a blind step may follow */

typedef struct {
    Op op;
    uint32_t slot, number;
} Mover;

typedef struct {
    Op op;
    uint32_t word, shift, total, called;
    uint64_t field;
} Kind;

typedef struct {
    const Trial *trial;
    uint32_t mask_words, used_words, words;
    uint64_t *at, *nots, *refusals, *blind; /* bits of reads and of refusals by state; of all refusals; of blind steps */
    uint64_t *guards, *from, *to;
    Mover *movers;
    uint32_t mover_count, free_count, slots;
    uint32_t *free;
    int32_t *slot_of; /* operation → its bit, -1: not pending */
    Kind *kinds;
    uint32_t kind_count, active, blind_kinds;
    uint32_t *kind_of, *in_use; /* operation → kind; the kinds that were called */
    uint8_t *doomed;
    int refusing, trapped, foresee, error;
    uint32_t horizon; /* how far ahead it may look, and no farther */
    int64_t left;
    uint64_t looked;
    Set now, after, late;
} Search;

static inline void flip(uint64_t *words, uint32_t slot) { words[slot / 64] ^= (uint64_t)1 << (slot % 64); }

static inline int has(const uint64_t *words, uint32_t slot) { return words[slot / 64] >> (slot % 64) & 1; }

/* Makes room for all that the trial needs; `error` says whether there was any. */
void search_prepare(Search *s);
void search_free(Search *s);

/* Whether the dead state is hopeless at a return: see foresight.py. */
int search_hopeless(Search *s, uint32_t position);

#endif
