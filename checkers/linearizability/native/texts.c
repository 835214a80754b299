/* States of texts that grow: see `_Prefixes` in stores.py. A state is the first of the sorted reads that continues it,
 * and its length; nothing is ever put together. */
#include "core.h"

uint32_t *map_at(Map *map, uint64_t key) {
    if (2 * map->count >= map->slots) {
        Map wider = {NULL, NULL, map->slots ? 4 * map->slots : 64, map->count};
        wider.keys = malloc(wider.slots * sizeof *wider.keys);
        wider.values = calloc(wider.slots, sizeof *wider.values);
        if (!wider.keys || !wider.values || wider.slots < map->slots) {
            map_free(&wider);
            return NULL;
        }
        for (uint32_t i = 0; i < map->slots; i++) {
            if (map->values[i]) {
                uint32_t slot = mixed(map->keys[i]) & (wider.slots - 1);
                while (wider.values[slot]) slot = (slot + 1) & (wider.slots - 1);
                wider.keys[slot] = map->keys[i];
                wider.values[slot] = map->values[i];
            }
        }
        map_free(map);
        *map = wider;
    }
    uint32_t slot = mixed(key) & (map->slots - 1);
    while (map->values[slot]) {
        if (map->keys[slot] == key) return &map->values[slot];
        slot = (slot + 1) & (map->slots - 1);
    }
    map->keys[slot] = key;
    map->count++;
    return &map->values[slot];
}

void map_free(Map *map) {
    free(map->keys);
    free(map->values);
    memset(map, 0, sizeof *map);
}

static int in_order(const void *one, const void *other) {
    const Text *a = one, *b = other;
    int found = memcmp(a->at, b->at, a->length < b->length ? a->length : b->length);
    return found ? found : (a->length > b->length) - (a->length < b->length);
}

static State state_of(Texts *texts, uint32_t low, uint32_t length) {
    uint32_t *number = map_at(&texts->numbers, (uint64_t)low << 32 | length);
    if (!number) goto failed;
    if (*number) return *number;
    if (texts->states >= texts->room) {
        uint32_t room = 2 * texts->room + 64;
        uint32_t *lows = realloc(texts->low, room * sizeof *lows);
        if (lows) texts->low = lows;
        uint32_t *lengths = realloc(texts->length, room * sizeof *lengths);
        if (lengths) texts->length = lengths;
        if (!lows || !lengths) goto failed;
        texts->room = room;
    }
    *number = texts->states++;
    texts->low[*number] = low;
    texts->length[*number] = length;
    return *number;
failed:
    texts->failed = 1;
    return DEAD;
}

int texts_begin(Texts *texts, Text *reads, uint32_t count, State *states) {
    qsort(reads, count, sizeof *reads, in_order);
    texts->reads = reads;
    texts->states = 1; /* after the dead one */
    for (uint32_t i = 0; i < count; i++) {
        uint32_t number = reads[i].number;
        if (!texts->count || in_order(&reads[texts->count - 1], &reads[i])) reads[texts->count++] = reads[i];
        states[number] = state_of(texts, texts->count - 1, reads[texts->count - 1].length);
    }
    return texts->failed ? -1 : 0;
}

/* The state of `base` and then `tail`, given that no read before `low` continues `base`. */
static State found(Texts *texts, uint32_t low, Text base, Text tail) {
    uint32_t high = texts->count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        Text read = texts->reads[middle];
        uint32_t most = read.length < base.length ? read.length : base.length;
        int order = memcmp(read.at, base.at, most);
        if (!order) {
            uint32_t rest = read.length - most;
            order = most < base.length ? -1 : memcmp(read.at + most, tail.at, rest < tail.length ? rest : tail.length);
            if (!order) order = rest < tail.length ? -1 : 0;
        }
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    if (low == texts->count) return DEAD;
    Text read = texts->reads[low];
    int continues = read.length >= base.length + tail.length && !memcmp(read.at, base.at, base.length) &&
                    !memcmp(read.at + base.length, tail.at, tail.length);
    return continues ? state_of(texts, low, base.length + tail.length) : DEAD;
}

State texts_number(Texts *texts, const char *at, uint32_t length) {
    Text nothing = {at, 0, 0}, whole = {at, length, 0};
    return found(texts, 0, nothing, whole);
}

State texts_grow(Texts *texts, State state, uint32_t tail_number) {
    if (state == DEAD) return DEAD;
    uint32_t *known = map_at(&texts->steps, (uint64_t)state << 32 | tail_number);
    if (!known) {
        texts->failed = 1;
        return DEAD;
    }
    if (!*known) {
        Text tail = texts->tails[tail_number], base = texts->reads[texts->low[state]];
        uint32_t rest = base.length - texts->length[state];
        base.length = texts->length[state];
        if (rest >= tail.length && !memcmp(base.at + base.length, tail.at, tail.length))
            *known = 1 + state_of(texts, texts->low[state], base.length + tail.length); /* the usual case */
        else
            *known = 1 + found(texts, texts->low[state], base, tail);
    }
    return *known - 1;
}

void texts_free(Texts *texts) {
    free(texts->reads);
    free(texts->low);
    free(texts->length);
    free(texts->tails);
    map_free(&texts->numbers);
    map_free(&texts->steps);
}
