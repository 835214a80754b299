/* Room for a search: how many bits and counters its configurations have. */
#include "search.h"

static uint32_t bits_of(uint32_t number) {
    uint32_t bits = 0;
    while (number >> bits) bits++;
    return bits;
}

/* Equal indeterminate operations are one kind; each kind's counter has its field, with a guard above it. */
static void count_kinds(Search *s) {
    const Trial *t = s->trial;
    Map numbers[GROW + 1] = {{0}};
    for (uint32_t n = 0; n < t->op_count; n++) {
        Op op = t->ops[n];
        if (!op.lost || op.kind < SET) continue;
        uint32_t *number = map_at(&numbers[op.kind], (uint64_t)op.a << 32 | op.b);
        if (!number) {
            s->error = NO_MEMORY;
            break;
        }
        if (!*number) {
            s->kinds[s->kind_count] = (Kind){.op = op};
            *number = ++s->kind_count;
        }
        s->kind_of[n] = *number - 1;
        s->kinds[*number - 1].total++;
    }
    uint32_t bit = 0;
    for (uint32_t k = 0; k < s->kind_count; k++) {
        uint32_t width = bits_of(s->kinds[k].total) + 1;
        if (bit % 64 + width > 64) bit += 64 - bit % 64;
        s->kinds[k].word = bit / 64;
        s->kinds[k].shift = bit % 64;
        s->kinds[k].field = ((uint64_t)1 << (width - 1)) - 1;
        bit += width;
    }
    s->used_words = (bit + 63) / 64;
    for (int kind = SET; kind <= GROW; kind++) map_free(&numbers[kind]);
}

static uint32_t most_pending(const Trial *t) {
    uint32_t pending = 0, most = 1;
    for (uint32_t p = 0; p < t->event_count; p++) {
        if (t->events[p] < 0)
            pending--;
        else if (!t->ops[t->events[p]].lost && ++pending > most)
            most = pending;
    }
    return most;
}

void search_prepare(Search *s) {
    const Trial *t = s->trial;
    uint32_t losses = 0, most = most_pending(t);
    s->trapped = t->texts != NULL;
    for (uint32_t n = 0; n < t->op_count; n++) {
        losses += t->ops[n].lost;
        if (t->ops[n].kind == SET) s->trapped = 0;
    }
    s->kinds = malloc((losses + 1) * sizeof *s->kinds);
    s->in_use = malloc((losses + 1) * sizeof *s->in_use);
    s->kind_of = losses ? malloc(t->op_count * sizeof *s->kind_of) : NULL;
    if (!s->kinds || !s->in_use || (losses && !s->kind_of)) goto failed;
    if (losses) count_kinds(s);
    s->mask_words = (most + 63) / 64;
    s->words = 1 + s->mask_words + s->used_words;
    for (uint32_t k = 0; k < s->kind_count; k++) s->kinds[k].word += 1 + s->mask_words;
    if ((uint64_t)t->states * s->mask_words >= (uint64_t)1 << 26) {
        s->error = TOO_WIDE;
        return;
    }
    size_t table = (size_t)t->states * s->mask_words;
    uint64_t *all = calloc(2 * table + 3 * s->mask_words + s->used_words + 2 * s->words, sizeof *all);
    s->at = all;
    s->movers = malloc(most * sizeof *s->movers);
    s->free = malloc(most * sizeof *s->free);
    s->slot_of = malloc((t->op_count + 1) * sizeof *s->slot_of);
    if (!all || !s->movers || !s->free || !s->slot_of) goto failed;
    s->nots = all + table;
    s->refusals = s->nots + table;
    s->blind = s->refusals + s->mask_words;
    s->from = s->blind + s->mask_words;
    s->to = s->from + s->words;
    s->guards = s->to + s->words;
    for (uint32_t n = 0; n < t->op_count; n++) s->slot_of[n] = -1;
    for (uint32_t k = 0; k < s->kind_count; k++)
        s->guards[s->kinds[k].word - 1 - s->mask_words] |= (s->kinds[k].field + 1) << s->kinds[k].shift;
    s->left = t->budget;
    s->from[0] = t->initial;
    if (!set_add(&s->now, s->from, s->words)) return;
failed:
    s->error = NO_MEMORY;
}

void search_free(Search *s) {
    Set *sets[] = {&s->now, &s->after, &s->late};
    for (int i = 0; i < 3; i++) set_free(sets[i]);
    free(s->at);
    free(s->movers);
    free(s->free);
    free(s->slot_of);
    free(s->kinds);
    free(s->in_use);
    free(s->kind_of);
    free(s->doomed);
}
