/* The just-in-time frontier: see frontier.py, whose reductions these are. A configuration is an array of `words`:
 * its state (and ANY), which pending operations are linearized, how many indeterminate ones of each kind are used. */
#include "search.h"

#define SHORTENING 1000000 /* steps more, for the shortest of the prefixes that fail */
#define LOOK_UP ((uint64_t)1 << 22) /* steps between two looks at the keyboard */

/* ---- what is pending ---- */

static void flip_seen(Search *s, Op op, uint32_t slot) {
    if (op.kind == IS) {
        flip(s->at + (size_t)op.a * s->mask_words, slot);
    } else if (op.kind == IS_NOT) {
        flip(s->nots + (size_t)op.a * s->mask_words, slot);
        flip(s->refusals, slot);
    } else if (op.kind == SET) {
        flip(s->blind, slot);
    } else if (op.kind == GROW && s->trapped) {
        flip(s->at + (size_t)DEAD * s->mask_words, slot); /* which nothing leads out of */
    }
}

static void begin(Search *s, uint32_t number) {
    Op op = s->trial->ops[number];
    uint32_t slot = s->free_count ? s->free[--s->free_count] : s->slots++;
    s->slot_of[number] = (int32_t)slot;
    flip_seen(s, op, slot);
    s->refusing += op.kind == IS_NOT;
    if (op.kind >= SET) s->movers[s->mover_count++] = (Mover){op, slot, number};
}

static void end(Search *s, uint32_t number) {
    Op op = s->trial->ops[number];
    uint32_t slot = (uint32_t)s->slot_of[number];
    s->slot_of[number] = -1;
    s->free[s->free_count++] = slot;
    flip_seen(s, op, slot);
    s->refusing -= op.kind == IS_NOT;
    for (uint32_t m = 0; op.kind >= SET && m < s->mover_count; m++)
        if (s->movers[m].number == number) s->movers[m] = s->movers[--s->mover_count];
}

static void lost(Search *s, uint32_t number) {
    Kind *kind = &s->kinds[s->kind_of[number]];
    if (!kind->called++) {
        s->in_use[s->active++] = s->kind_of[number];
        s->blind_kinds += kind->op.kind == SET;
    }
}

/* ---- steps ---- */

static inline State step(Search *s, Op op, State state) {
    if (op.kind == SET) return op.a;
    if (op.kind == SWAP) return state == op.a ? op.b : NOWHERE;
    return texts_grow(s->trial->texts, state, op.a);
}

/* What changes nothing happens at once. */
static inline void eager(const Search *s, uint64_t *config) {
    State state = (State)config[0];
    if (state >= s->trial->states) { /* met in the search: nobody reads or refuses it */
        if (s->refusing)
            for (uint32_t w = 0; w < s->mask_words; w++) config[1 + w] |= s->refusals[w];
        return;
    }
    const uint64_t *at = s->at + (size_t)state * s->mask_words;
    for (uint32_t w = 0; w < s->mask_words; w++) config[1 + w] |= at[w];
    if (!s->refusing) return;
    const uint64_t *nots = s->nots + (size_t)state * s->mask_words;
    for (uint32_t w = 0; w < s->mask_words; w++) config[1 + w] |= s->refusals[w] & ~nots[w];
}

static void keep(Search *s, uint64_t *config, uint32_t returning) {
    int done = has(config + 1, returning);
    if (done) {
        flip(config + 1, returning);
        config[0] = (State)config[0];
    }
    int trouble = set_add(done ? &s->after : &s->late, config, s->words);
    if (trouble == NO_MEMORY) s->error = trouble;
    if (trouble == OUT_OF_BUDGET) s->left = -1;
}

/* All chains of pending operations that end with the one that returns. */
static void expand(Search *s, uint32_t returning, int no_dead) {
    uint32_t masks = s->mask_words;
    int64_t tried = 0;
    for (uint32_t i = 0; i < s->late.count && tried <= s->left && !s->error; i++) {
        copy(s->from, s->late.items + (size_t)i * s->words, s->words);
        State state = (State)s->from[0];
        int any = (s->from[0] & ANY) != 0;
        s->looked += s->mover_count + s->active;
        if (s->looked > LOOK_UP) {
            s->looked = 0;
            if (PyErr_CheckSignals()) s->error = INTERRUPTED;
        }
        for (uint32_t c = 0; c < s->mover_count + s->active; c++) {
            const Kind *kind = c < s->mover_count ? NULL : &s->kinds[s->in_use[c - s->mover_count]];
            const Op op = kind ? kind->op : s->movers[c].op;
            if ((op.kind == SET && !any) || (!kind && has(s->from + 1, s->movers[c].slot))) continue;
            State target = step(s, op, state);
            if (target == NOWHERE) continue;
            if (kind && (target == state || (s->from[kind->word] >> kind->shift & kind->field) >= kind->called)) continue;
            tried++;
            copy(s->to, s->from, s->words);
            s->to[0] = target | ANY;
            if (kind)
                s->to[kind->word] += (uint64_t)1 << kind->shift;
            else
                flip(s->to + 1, s->movers[c].slot);
            eager(s, s->to);
            if (kind && same(s->to + 1, s->from + 1, masks)) s->to[0] ^= ANY; /* none was taken */
            if (no_dead && target == DEAD) {
                uint64_t left = 0;
                for (uint32_t w = 0; w < masks; w++) left |= s->blind[w] & ~s->to[1 + w];
                if (!left) continue;
            }
            keep(s, s->to, returning);
        }
    }
    s->left -= tried;
}

static void linearize(Search *s, uint32_t number, uint32_t position) {
    uint32_t returning = (uint32_t)s->slot_of[number];
    set_empty(&s->after);
    set_empty(&s->late);
    for (uint32_t i = 0; i < s->now.count; i++) {
        copy(s->to, s->now.items + (size_t)i * s->words, s->words);
        s->to[0] |= ANY;
        eager(s, s->to);
        keep(s, s->to, returning);
    }
    if (s->late.count) expand(s, returning, search_hopeless(s, position));
    if (s->trial->texts && s->trial->texts->failed) s->error = NO_MEMORY;
}

/* ---- one pass ---- */

static void fail(Search *s, Answer *answer, uint32_t blamed, uint32_t position) {
    answer->outcome = NOT_LINEARIZABLE;
    answer->blamed = blamed;
    answer->position = position;
    answer->states = malloc((s->now.count + 1) * sizeof *answer->states);
    answer->pending = malloc((s->trial->op_count + 1) * sizeof *answer->pending);
    if (!answer->states || !answer->pending) {
        answer->outcome = NO_MEMORY;
        return;
    }
    set_sort(&s->now, s->words);
    for (uint32_t i = 0; i < s->now.count; i++) {
        State state = (State)s->now.items[(size_t)i * s->words];
        if (!i || state != answer->states[answer->state_count - 1]) answer->states[answer->state_count++] = state;
    }
    for (uint32_t n = 0; n < s->trial->op_count; n++)
        if (s->slot_of[n] >= 0) answer->pending[answer->pending_count++] = n;
}

static void called(Search *s, uint32_t number) {
    Op op = s->trial->ops[number];
    if (!op.lost)
        begin(s, number);
    else if (op.kind >= SET)
        lost(s, number);
}

/* Begins where the other search, whose trail it is, kept a frontier that this one would have as well. */
static uint32_t resume(Search *s, const Trail *trail, uint32_t length) {
    uint32_t common = trail_common(trail, s, length);
    if (common == STEPS || s->error) return 0;
    set_free(&s->now);
    memset(&s->now, 0, sizeof s->now);
    if (set_copy(&s->now, &trail->kept[common].frontier, s->words)) s->error = NO_MEMORY;
    if (trail->kept[common].left < s->left) s->left = trail->kept[common].left;
    for (uint32_t position = 0; position < trail->kept[common].position; position++) {
        int32_t event = s->trial->events[position];
        if (event >= 0)
            called(s, (uint32_t)event);
        else
            end(s, (uint32_t)~event);
    }
    return trail->kept[common].position;
}

/* The events from `position` to `length`. `trail`: where to keep frontiers, or NULL. */
static void pass(Search *s, uint32_t position, uint32_t length, Trail *trail, Answer *answer) {
    const Trial *t = s->trial;
    answer->outcome = LINEARIZABLE;
    answer->peak = 1;
    for (; position < length && !s->error; position++) {
        int32_t event = t->events[position];
        if (event >= 0) {
            called(s, (uint32_t)event);
            continue;
        }
        linearize(s, (uint32_t)~event, position);
        if (s->left < 0) {
            answer->outcome = OUT_OF_BUDGET;
            answer->position = position;
            break;
        }
        if (!s->after.count && !s->error) {
            fail(s, answer, (uint32_t)~event, position);
            break;
        }
        end(s, (uint32_t)~event);
        if (s->after.count > 1 && s->active) set_drop_dominated(&s->after, 1 + s->mask_words, s->words, s->guards);
        if (s->after.count > answer->peak) answer->peak = s->after.count;
        Set before = s->now;
        s->now = s->after;
        s->after = before;
        if (trail) trail_keep(trail, s, position + 1);
    }
    if (s->error) answer->outcome = s->error;
}

/* Judges the first `length` events, foreseeing the first `horizon`: `first`, or with its trail. */
static void search(const Trial *trial, uint32_t length, uint32_t horizon, int first, Trail *trail, Answer *answer) {
    Search s = {.trial = trial, .foresee = trial->texts != NULL, .horizon = horizon};
    memset(answer, 0, sizeof *answer);
    search_prepare(&s);
    if (s.error) {
        answer->outcome = s.error;
    } else if (first) {
        pass(&s, 0, length, s.foresee ? trail : NULL, answer);
        trail->doomed = s.doomed;
        s.doomed = NULL;
    } else {
        pass(&s, resume(&s, trail, length), length, NULL, answer);
    }
    answer->spent = trial->budget - s.left;
    search_free(&s);
}

/* The first failure that a search with less foresight finds, given one with all of it. */
static void shorten(const Trial *trial, Trail *trail, Answer *answer) {
    uint32_t first = answer->position, last = trial->event_count - 1, width = 1; /* the return that fails is among these */
    int64_t left = trial->budget + SHORTENING;
    while (first <= last) {
        uint32_t middle = width - 1 < (last - first) / 2 ? first + width - 1 : first + (last - first) / 2;
        Answer found;
        Trial within = *trial;
        if (left < within.budget) within.budget = left;
        search(&within, middle + 1, middle, 0, trail, &found);
        left -= found.spent;
        if (found.outcome == LINEARIZABLE) {
            first = middle + 1;
            width *= 4;
        } else if (found.outcome == NOT_LINEARIZABLE && found.position < middle) {
            first = found.position > first ? found.position : first;
            last = middle - 1;
        } else if (found.outcome == OUT_OF_BUDGET) {
            return; /* the earlier answer stands */
        } else {
            answer_free(answer);
            *answer = found;
            return;
        }
        answer_free(&found);
    }
}

/* Looking ahead finds a failure before its time: see `decide` in frontier.py. */
void frontier_decide(const Trial *trial, Answer *answer) {
    Trail trail = {0};
    search(trial, trial->event_count, trial->event_count, 1, &trail, answer);
    if (answer->outcome == NOT_LINEARIZABLE && trial->texts) shorten(trial, &trail, answer);
    trail_free(&trail);
}

void answer_free(Answer *answer) {
    free(answer->states);
    free(answer->pending);
    answer->states = answer->pending = NULL;
}
