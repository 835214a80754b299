/* One key's operations → effects on numbered states: see registers.py and stores.py. */
#include "core.h"

static PyObject *as_state; /* of registers.py: equal values, and only those, have equal states */

int object_bind(PyObject *function) {
    Py_INCREF(function);
    Py_XSETREF(as_state, function);
    return 0;
}

/* ---- registers ---- */

typedef struct {
    Map whole;       /* small whole numbers → state + 1 */
    PyObject *other; /* as_state(value) → state */
    PyObject *shown;
} Values;

static int new_state(Values *values, PyObject *value, State *state) {
    *state = (State)PyList_GET_SIZE(values->shown);
    return PyList_Append(values->shown, value);
}

static int value_state(Values *values, PyObject *value, State *state) {
    if (PyLong_CheckExact(value)) {
        int overflow;
        long long number = PyLong_AsLongLongAndOverflow(value, &overflow);
        if (!overflow) {
            uint32_t *known = map_at(&values->whole, (uint64_t)number);
            if (!known) {
                PyErr_NoMemory();
                return -1;
            }
            if (*known) {
                *state = *known - 1;
                return 0;
            }
            if (new_state(values, value, state)) return -1;
            *known = *state + 1;
            return 0;
        }
    }
    PyObject *key = PyUnicode_CheckExact(value) ? Py_NewRef(value) : PyObject_CallOneArg(as_state, value);
    if (!key) return -1;
    PyObject *known = PyDict_GetItemWithError(values->other, key);
    int trouble = known ? 0 : -1;
    if (known) {
        *state = (State)PyLong_AsUnsignedLong(known);
    } else if (!PyErr_Occurred() && !new_state(values, key, state)) {
        PyObject *number = PyLong_FromUnsignedLong(*state);
        trouble = number ? PyDict_SetItem(values->other, key, number) : -1;
        Py_XDECREF(number);
    }
    Py_DECREF(key);
    return trouble;
}

static int compile_register(Values *values, const Raw *raw, Op *op, int *plain) {
    op->lost = raw->lost;
    if (raw->f == 'r') {
        op->kind = raw->lost ? IGNORED : IS;
        return raw->lost ? 0 : value_state(values, raw->result, &op->a);
    }
    if (raw->f == 'w') {
        op->kind = SET;
        return value_state(values, raw->value, &op->a);
    }
    *plain = 0;
    PyObject *pair = raw->value;
    if (!(PyTuple_CheckExact(pair) || PyList_CheckExact(pair)) || PySequence_Fast_GET_SIZE(pair) != 2) return 1;
    State before, after;
    if (value_state(values, PySequence_Fast_GET_ITEM(pair, 0), &before)) return -1;
    if (value_state(values, PySequence_Fast_GET_ITEM(pair, 1), &after)) return -1;
    *op = (Op){.kind = SWAP, .lost = raw->lost, .a = before, .b = after};
    if (raw->failed)
        op->kind = IS_NOT;
    else if (before == after)
        op->kind = raw->lost ? IGNORED : IS;
    return 0;
}

/* Zones need that every value is written once at most, and nil never. */
static int is_unique(const Trial *trial) {
    uint8_t *written = calloc(trial->states, 1);
    int unique = written != NULL;
    for (uint32_t n = 0; unique && n < trial->op_count; n++) {
        Op op = trial->ops[n];
        if (op.kind == SET) unique = op.a != trial->initial && !written[op.a]++;
    }
    free(written);
    return unique;
}

static int begin_register(Object *object, const Raw *raws) {
    Trial *trial = &object->trial;
    Values values = {.other = PyDict_New(), .shown = object->shown = PyList_New(0)};
    int trouble = values.other && values.shown ? value_state(&values, Py_None, &trial->initial) : -1, plain = 1;
    for (uint32_t n = 0; !trouble && n < trial->op_count; n++)
        trouble = compile_register(&values, &raws[n], &trial->ops[n], &plain);
    if (!trouble) {
        trial->states = (uint32_t)PyList_GET_SIZE(values.shown);
        object->unique = plain && is_unique(trial);
    }
    Py_XDECREF(values.other);
    map_free(&values.whole);
    return trouble;
}

/* ---- texts, and lists as texts of four-byte elements ---- */

typedef struct {
    Map whole;       /* small whole numbers → their code */
    PyObject *words; /* texts → their code */
    uint32_t codes;
    char *next; /* where the next list's bytes go */
} Elements;

static int element(Elements *elements, PyObject *value) {
    uint32_t code = elements->codes + 1;
    if (PyLong_CheckExact(value) && !PyDict_GET_SIZE(elements->words)) {
        int overflow;
        long long number = PyLong_AsLongLongAndOverflow(value, &overflow);
        if (overflow) return 1;
        uint32_t *known = map_at(&elements->whole, (uint64_t)number);
        if (!known) return -1;
        if (!*known) *known = elements->codes = code;
        code = *known;
    } else if (PyUnicode_CheckExact(value) && !elements->whole.count) {
        PyObject *known = PyDict_GetItemWithError(elements->words, value);
        if (known) {
            code = (uint32_t)PyLong_AsUnsignedLong(known);
        } else {
            PyObject *number = PyErr_Occurred() ? NULL : PyLong_FromUnsignedLong(elements->codes = code);
            int trouble = number ? PyDict_SetItem(elements->words, value, number) : -1;
            Py_XDECREF(number);
            if (trouble) return -1;
        }
    } else {
        return 1; /* mixed: whether those can be sorted is Python's to say */
    }
    memcpy(elements->next, &code, sizeof code);
    elements->next += sizeof code;
    return 0;
}

static int list_text(Elements *elements, PyObject *list, Text *text) {
    text->at = elements->next;
    Py_ssize_t length = list == Py_None ? 0 : PySequence_Fast_GET_SIZE(list);
    for (Py_ssize_t i = 0; i < length; i++) {
        int trouble = element(elements, PySequence_Fast_GET_ITEM(list, i));
        if (trouble) return trouble;
    }
    text->length = (uint32_t)(4 * length);
    return 0;
}

static int plain_text(PyObject *value, Text *text) {
    if (!PyUnicode_CheckExact(value)) return 1;
    Py_ssize_t length;
    text->at = PyUnicode_AsUTF8AndSize(value, &length);
    if (!text->at) { /* half of a surrogate pair */
        PyErr_Clear();
        return 1;
    }
    if (length > INT32_MAX / 4) return 1;
    text->length = (uint32_t)length;
    return 0;
}

static int is_list(PyObject *value) { return value == Py_None || PyTuple_CheckExact(value) || PyList_CheckExact(value); }

/* Room for all lists' bytes. */
static int begin_lists(Object *object, const Raw *raws, Elements *elements) {
    size_t count = object->trial.op_count;
    for (uint32_t n = 0; n < object->trial.op_count; n++)
        if (raws[n].f == 'r') {
            if (!is_list(raws[n].result)) return 1;
            if (raws[n].result != Py_None) count += (size_t)PySequence_Fast_GET_SIZE(raws[n].result);
        }
    if (count > INT32_MAX / 8) return 1;
    object->bytes = elements->next = malloc(4 * count + 1);
    elements->words = PyDict_New();
    return object->bytes && elements->words ? 0 : -1;
}

static int text_of(const Raw *raw, int family, Elements *elements, Text *text) {
    int reads = raw->f == 'r' || raw->f == 'g';
    PyObject *said = reads ? raw->result : raw->value;
    if (family == APPEND) return reads ? list_text(elements, said, text) : (text->at = elements->next, text->length = 4, element(elements, said));
    if (reads && said == Py_None) return (text->at = "", text->length = 0), 0;
    return plain_text(said, text);
}

/* Equal tails get equal numbers, so that what they do is looked up together and lost ones are one kind. */
static int number_tails(Object *object, Text *tails, uint32_t count) {
    Map chains = {0};
    uint32_t *next = malloc((count + 1) * sizeof *next), distinct = 0;
    int trouble = next ? 0 : -1;
    for (uint32_t i = 0; i < count && !trouble; i++) {
        uint64_t hash = tails[i].length;
        for (uint32_t b = 0; b < tails[i].length; b++) hash = (hash ^ (uint8_t)tails[i].at[b]) * 0x100000001b3u;
        uint32_t *first = map_at(&chains, hash), at;
        if (!first) {
            trouble = -1;
            break;
        }
        for (at = *first; at; at = next[at - 1])
            if (tails[at - 1].length == tails[i].length && !memcmp(tails[at - 1].at, tails[i].at, tails[i].length)) break;
        uint32_t number = tails[i].number;
        if (!at) {
            tails[distinct] = tails[i];
            next[distinct] = *first;
            at = *first = ++distinct;
        }
        object->trial.ops[number].a = at - 1;
    }
    free(next);
    map_free(&chains);
    return trouble;
}

static int begin_texts(Object *object, const Raw *raws, int family) {
    Trial *trial = &object->trial;
    Elements elements = {0};
    uint32_t read_count = 0, tail_count = 0, count = trial->op_count;
    Text *reads = malloc((count + 1) * sizeof *reads), *tails = malloc((count + 1) * sizeof *tails), *puts = NULL;
    State *states = malloc((count + 1) * sizeof *states);
    object->origins = malloc((count + 1) * sizeof *object->origins);
    object->texts.reads = reads;
    object->texts.tails = tails;
    int trouble = reads && tails && states && object->origins ? 0 : -1;
    if (!trouble && family == APPEND) trouble = begin_lists(object, raws, &elements);
    if (!trouble && !(puts = malloc((count + 1) * sizeof *puts))) trouble = -1;
    for (uint32_t n = 0; n < count && !trouble; n++) {
        const Raw *raw = &raws[n];
        Op *op = &trial->ops[n];
        int says = raw->f == 'r' || raw->f == 'g';
        if (raw->failed) trouble = 1;
        *op = (Op){.kind = raw->f == 'p' ? SET : raw->f == 'a' ? GROW : IS, .lost = raw->lost};
        if (says && raw->lost) op->kind = IGNORED;
        if (trouble || op->kind == IGNORED) continue;
        Text *text = says ? &reads[read_count++] : raw->f == 'a' ? &tails[tail_count++] : &puts[n];
        text->number = n;
        object->origins[n] = says ? raw->result : raw->value;
        trouble = text_of(raw, family, &elements, text);
    }
    if (!trouble) trouble = texts_begin(&object->texts, reads, read_count, states);
    if (!trouble) trouble = number_tails(object, tails, tail_count);
    for (uint32_t n = 0; n < count && !trouble; n++) {
        Op *op = &trial->ops[n];
        if (op->kind == SET) op->a = texts_number(&object->texts, puts[n].at, puts[n].length);
        if (op->kind == IS) op->a = states[n];
    }
    if (!trouble) {
        trial->initial = texts_number(&object->texts, "", 0);
        trial->states = object->texts.states;
        trial->texts = &object->texts;
        if (object->texts.failed) trouble = -1;
    }
    free(puts);
    free(states);
    Py_XDECREF(elements.words);
    map_free(&elements.whole);
    return trouble;
}

/* ---- */

int object_begin(Object *object, const History *history, const Part *part, int family) {
    memset(object, 0, sizeof *object);
    const Raw *raws = history->raws + part->first_op;
    object->trial.ops = calloc(part->op_count + 1, sizeof *object->trial.ops);
    object->trial.op_count = part->op_count;
    object->trial.events = history->events + part->first_event;
    object->trial.event_count = part->event_count;
    int trouble = -1;
    if (object->trial.ops)
        trouble = family <= CAS_REGISTER ? begin_register(object, raws) : begin_texts(object, raws, family);
    if (trouble < 0 && !PyErr_Occurred()) PyErr_NoMemory();
    return trouble;
}

/* A register's state; of texts the value, None for the dead one. */
PyObject *object_show(const Object *object, State state, int family) {
    if (family <= CAS_REGISTER) return Py_NewRef(PyList_GET_ITEM(object->shown, state));
    if (state == DEAD) return Py_NewRef(Py_None);
    const Text read = object->texts.reads[object->texts.low[state]];
    uint32_t length = object->texts.length[state];
    if (family == KV) return PyUnicode_DecodeUTF8(read.at, length, "strict");
    PyObject *list = object->origins[read.number];
    return list == Py_None ? PyList_New(0) : PySequence_GetSlice(list, 0, length / 4);
}

void object_free(Object *object) {
    free(object->trial.ops);
    free(object->origins);
    free(object->bytes);
    texts_free(&object->texts);
    Py_XDECREF(object->shown);
}
