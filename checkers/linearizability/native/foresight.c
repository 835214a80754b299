/* Whether the dead state is hopeless at a return: see foresight.py. */
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
