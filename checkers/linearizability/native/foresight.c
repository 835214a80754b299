/* Looking ahead, and going back no farther than that matters: see foresight.py. */
#include "search.h"

static int look_ahead(Search *s) {
    const Trial *t = s->trial;
    uint32_t never = t->event_count + 1, next_blind = never, first_seen = never;
    uint32_t *returns = calloc(t->op_count + 1, sizeof *returns);
    s->doomed = malloc(t->event_count);
    if (!returns || !s->doomed) s->error = NO_MEMORY;
    for (uint32_t position = t->event_count; position-- && !s->error;) {
        s->doomed[position] = first_seen < next_blind;
        int32_t event = t->events[position];
        if (event < 0)
            returns[~event] = position + 1;
        else if (t->ops[event].kind == SET)
            next_blind = position;
        else if (t->ops[event].kind == IS && returns[event] && returns[event] <= s->horizon && returns[event] - 1 < first_seen)
            first_seen = returns[event] - 1;
    }
    free(returns);
    return s->error;
}

int search_hopeless(Search *s, uint32_t position) {
    if (!s->foresee || s->blind_kinds || (!s->doomed && look_ahead(s))) return 0;
    return s->doomed[position];
}

void trail_keep(Trail *trail, const Search *s, uint32_t position) {
    if (trail->returns++ % STEP || (size_t)s->now.count * s->words > MOST_KEPT) return;
    uint32_t place = trail->count % STEPS;
    Set *frontier = &trail->kept[place].frontier;
    set_free(frontier);
    trail->kept[place].position = 0; /* none */
    memset(frontier, 0, sizeof *frontier);
    if (set_copy(frontier, &s->now, s->words)) return; /* then the other one begins earlier */
    trail->kept[place].position = position;
    trail->kept[place].left = s->left;
    trail->count++;
}

uint32_t trail_common(const Trail *trail, Search *s, uint32_t length) {
    uint32_t equal = 0, best = STEPS;
    if (!trail->doomed || look_ahead(s)) return STEPS;
    while (equal < length && trail->doomed[equal] == s->doomed[equal]) equal++;
    for (uint32_t k = 0; k < STEPS && k < trail->count; k++) {
        uint32_t position = trail->kept[k].position;
        if (position && position <= equal && (best == STEPS || position > trail->kept[best].position)) best = k;
    }
    return best;
}

void trail_free(Trail *trail) {
    for (uint32_t k = 0; k < STEPS; k++) set_free(&trail->kept[k].frontier);
    free(trail->doomed);
}
