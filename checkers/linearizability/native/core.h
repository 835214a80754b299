/* The compiled engine of `checkers.linearizability`: the same methods as its Python modules, which document them and
 * are what it falls back to. Answers are equal; tests/checkers/linearizability/test_engines_agree.py compares them. */
#ifndef CORE_H
#define CORE_H

#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

typedef uint32_t State;

#define DEAD ((State)0)            /* of texts: a value that no read continues */
#define NOWHERE ((State)0xffffffff) /* the step is illegal */

/* ---- a map of whole numbers; 0 is never a value, it means "absent" ---- */

typedef struct {
    uint64_t *keys;
    uint32_t *values;
    uint32_t slots, count;
} Map;

uint32_t *map_at(Map *map, uint64_t key); /* where its value stands, which the caller sets if it is 0; NULL: no memory */
void map_free(Map *map);

static inline uint64_t mixed(uint64_t x) {
    x ^= x >> 32;
    x *= 0x9e3779b97f4a7c15u;
    return x ^ (x >> 29);
}

/* ---- texts by what reads saw of them ---- */

typedef struct {
    const char *at;
    uint32_t length; /* bytes */
    uint32_t number; /* of the operation that read it */
} Text;

typedef struct {
    Text *reads; /* sorted and distinct */
    uint32_t count;
    uint32_t *low, *length; /* state → the first read that continues it, and how long it is itself */
    uint32_t states, room;
    Map numbers; /* (low, length) → state */
    Map steps;   /* (state, tail) → state + 1 */
    Text *tails;
    int failed; /* out of memory */
} Texts;

int texts_begin(Texts *texts, Text *reads, uint32_t count, State *state_of); /* -1: no memory */
State texts_number(Texts *texts, const char *at, uint32_t length);
State texts_grow(Texts *texts, State state, uint32_t tail);
void texts_free(Texts *texts);

/* ---- a whole history as it was given, and its parts by key ---- */

enum { REGISTER, CAS_REGISTER, KV, APPEND }; /* families of models */

typedef struct {
    uint8_t f, lost, failed;  /* f: the first letter */
    uint32_t key, place;      /* its key's number, and its own number among the operations of that key */
    PyObject *value, *result; /* borrowed */
} Raw;

typedef struct {
    PyObject *key; /* borrowed */
    uint32_t op_count, event_count;
    uint32_t first_op, first_event;
} Part;

typedef struct {
    Raw *raws;         /* all keys' one after the other */
    int32_t *events;   /* the same */
    Part *parts;
    uint32_t count, op_count;
    PyObject *numbers; /* key → its number */
} History;

/* 0: read; 1: it is left to Python (an unknown operation, odd types, events that are no history); -1: an exception is set */
int history_read(History *history, PyObject *operations, PyObject *events, int family, int keyed);
int history_has_keys(PyObject *operations); /* does any name one? */
void history_free(History *history);
int history_bind(PyObject *operation); /* where an Operation's fields are */

/* ---- one object's trial ---- */

enum { IGNORED, IS, IS_NOT, SET, SWAP, GROW };

typedef struct {
    uint8_t kind, lost; /* lost: indeterminate */
    State a, b;         /* IS, IS_NOT, SET: a; SWAP: a to b; GROW: a is a tail's number */
} Op;

typedef struct {
    Op *ops;
    int32_t *events;
    uint32_t op_count, event_count;
    State initial;
    uint32_t states; /* known before the search */
    Texts *texts;    /* NULL: a register, which has no dead state */
    int64_t budget;
} Trial;

enum { LINEARIZABLE, NOT_LINEARIZABLE, OUT_OF_BUDGET, NO_MEMORY, INTERRUPTED, TOO_WIDE };

typedef struct {
    int outcome;
    uint32_t position, blamed, peak;
    State *states; /* those possible before, sorted */
    uint32_t *pending;
    uint32_t state_count, pending_count;
    int64_t spent; /* steps */
} Answer;

/* Compiles a part. 0, 1 or -1 as above. `shown` is what states are to a reader: of a register a list by state. */
typedef struct {
    Trial trial;
    Texts texts;
    PyObject *shown;
    PyObject **origins; /* of texts: the values that were read, by operation */
    char *bytes;        /* of lists */
    int unique;         /* a register of which zones can tell */
} Object;

/* `initial`: what a register holds at first. */
int object_begin(Object *object, const History *history, const Part *part, int family, PyObject *initial);
PyObject *object_show(const Object *object, State state, int family);
void object_free(Object *object);
int object_bind(PyObject *as_state);

void frontier_decide(const Trial *trial, Answer *answer);
void answer_free(Answer *answer);

/* For a register: 1 one writer counts up, and it is linearizable; 0 others must say. */
int single_writer_explains(PyObject *operations, PyObject *events);

/* For registers whose written values are unique: 1 linearizable, 0 not, -1 no memory. */
int zones_explain(const Trial *trial);

#endif
