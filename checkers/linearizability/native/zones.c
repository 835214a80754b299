/* Zones: see zones.py. */
#include "core.h"

typedef struct {
    int32_t first, last; /* the earliest return and the latest call */
} Zone;

static int overlap(const Zone *zones, const State *order, uint32_t count, Zone *forward) {
    uint32_t forwards = 0;
    for (uint32_t i = 0; i < count; i++) {
        Zone zone = zones[order[i]];
        if (zone.first >= zone.last) continue;
        if (forwards && zone.first < forward[forwards - 1].last) return 1;
        forward[forwards++] = zone;
    }
    for (uint32_t i = 0; i < count && forwards; i++) {
        Zone zone = zones[order[i]];
        if (zone.first < zone.last) continue;
        uint32_t low = 0, high = forwards; /* the last forward one that begins no later */
        while (low < high) {
            uint32_t middle = (low + high) / 2;
            if (forward[middle].first <= zone.last)
                low = middle + 1;
            else
                high = middle;
        }
        if (low && zone.first < forward[low - 1].last) return 1;
    }
    return 0;
}

int zones_explain(const Trial *trial) {
    const int32_t never = -3;
    uint32_t states = trial->states, met = 0;
    Zone *zones = malloc(states * sizeof *zones), *forward = malloc(states * sizeof *forward);
    State *order = malloc(states * sizeof *order);
    int32_t *called = malloc((trial->op_count + 1) * sizeof *called);
    int fine = -1;
    if (!zones || !forward || !order || !called) goto done;
    for (uint32_t s = 0; s < states; s++) zones[s].first = zones[s].last = never;
    zones[trial->initial] = (Zone){-1, -2};
    order[met++] = trial->initial;
    fine = 0;
    for (uint32_t position = 0; position < trial->event_count; position++) {
        int32_t event = trial->events[position];
        if (event >= 0) {
            called[event] = (int32_t)position;
            if (trial->ops[event].kind == SET) zones[trial->ops[event].a].last = (int32_t)position;
            continue;
        }
        State value = trial->ops[~event].a;
        Zone *zone = &zones[value];
        if (zone->last == never) goto done; /* read before anybody wrote it */
        if (zone->first == never) {
            zone->first = (int32_t)position;
            order[met++] = value;
        }
        if (called[~event] > zone->last) zone->last = called[~event];
    }
    fine = !overlap(zones, order, met, forward);
done:
    free(zones);
    free(forward);
    free(order);
    free(called);
    return fine;
}
