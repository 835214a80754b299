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

#define STEP 4 /* returns between two frontiers that are kept */
#define STEPS 16
#define MOST_KEPT ((size_t)1 << 19) /* words of one that is kept; a wider one is searched for again */

/* The last frontiers of a search, so that another one, which foresees less, need not begin at the beginning. */
typedef struct {
    struct {
        uint32_t position; /* of the next event */
        int64_t left;
        Set frontier;
    } kept[STEPS];
    uint32_t returns, count; /* so far; of all that were kept, the last STEPS are there */
    uint8_t *doomed;         /* what that search foresaw; NULL: it never looked ahead */
} Trail;

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

/* Keeps the frontier before the event at `position`, now and then. */
void trail_keep(Trail *trail, const Search *s, uint32_t position);
/* The place in `kept` of the last frontier that `s` would have as well, up to `length`; STEPS: there is none. */
uint32_t trail_common(const Trail *trail, Search *s, uint32_t length);
void trail_free(Trail *trail);

#endif
