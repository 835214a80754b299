/* Registers: see registers.py. */
#include "objects.h"

static PyObject *as_state; /* of registers.py: equal values, and only those, have equal states */

int object_bind(PyObject *function) {
    Py_INCREF(function);
    Py_XSETREF(as_state, function);
    return 0;
}

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

/* Zones need that every value is written once at most, and the first one never. */
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

int register_begin(Object *object, const Raw *raws, PyObject *initial) {
    Trial *trial = &object->trial;
    Values values = {.other = PyDict_New(), .shown = object->shown = PyList_New(0)};
    int trouble = values.other && values.shown ? value_state(&values, initial, &trial->initial) : -1, plain = 1;
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
