/* Python's operations and events → arrays, key by key. */
#include "operation.h"

#include <structmember.h>

Py_ssize_t operation_offsets[OPERATION_FIELDS];
PyTypeObject *operation_type;
static const char *const names[OPERATION_FIELDS] = {"f", "value", "result", "outcome", "key"};

int history_bind(PyObject *operation) {
    if (!PyType_Check(operation)) return 0;
    for (int i = 0; i < OPERATION_FIELDS; i++) {
        PyObject *member = PyObject_GetAttrString(operation, names[i]);
        if (!member) return -1;
        int known = Py_IS_TYPE(member, &PyMemberDescr_Type);
        if (known) {
            PyMemberDef *definition = ((PyMemberDescrObject *)member)->d_member;
            known = definition->type == T_OBJECT_EX || definition->type == T_OBJECT;
            operation_offsets[i] = definition->offset;
        }
        Py_DECREF(member);
        if (!known) return 0;
    }
    operation_type = (PyTypeObject *)operation;
    return 1;
}

/* The letter of an operation of this family, 0 for others. */
static uint8_t letter(PyObject *f, int family) {
    if (family == KV) return is(f, "get", 3) ? 'g' : is(f, "put", 3) ? 'p' : is(f, "append", 6) ? 'a' : 0;
    if (is(f, "read", 4)) return 'r';
    if (family == APPEND) return is(f, "append", 6) ? 'a' : 0;
    if (is(f, "write", 5)) return 'w';
    return family == CAS_REGISTER && is(f, "cas", 3) ? 'c' : 0;
}

/* The key's number, -1 with an exception. */
static int64_t key_number(History *history, PyObject *key) {
    PyObject *number = PyDict_GetItemWithError(history->numbers, key);
    if (number) return PyLong_AsLongLong(number);
    if (PyErr_Occurred() || !(number = PyLong_FromUnsignedLong(history->count))) return -1;
    int trouble = PyDict_SetItem(history->numbers, key, number);
    Py_DECREF(number);
    if (trouble) return -1;
    if (!(history->count & (history->count - 1))) { /* room for twice as many */
        Part *parts = realloc(history->parts, (history->count ? 2 * (size_t)history->count : 1) * sizeof *parts);
        if (!parts) {
            PyErr_NoMemory();
            return -1;
        }
        history->parts = parts;
    }
    history->parts[history->count] = (Part){.key = key};
    return history->count++;
}

static int read_operations(History *history, PyObject *operations, int family, int keyed, Raw *raws) {
    int64_t number = 0;
    if (!keyed && (number = key_number(history, Py_None)) < 0) return -1;
    for (uint32_t n = 0; n < history->op_count; n++) {
        PyObject *operation = PyList_GET_ITEM(operations, n);
        ahead(operations, n, AHEAD);
        if (!Py_IS_TYPE(operation, operation_type)) return 1;
        PyObject *outcome = field(operation, OUTCOME);
        Raw raw = {.f = letter(field(operation, F), family), .value = field(operation, VALUE)};
        raw.result = field(operation, RESULT);
        raw.lost = is(outcome, "info", 4);
        raw.failed = is(outcome, "fail", 4);
        if (!raw.f) return 1;
        if (keyed && (number = key_number(history, field(operation, KEY))) < 0) return -1;
        raw.key = (uint32_t)number;
        raw.place = history->parts[number].op_count++;
        raws[n] = raw;
    }
    return 0;
}

int history_has_keys(PyObject *operations) {
    for (Py_ssize_t n = 0; operation_type && n < PyList_GET_SIZE(operations); n++) {
        PyObject *operation = PyList_GET_ITEM(operations, n);
        ahead(operations, n, AHEAD);
        if (Py_IS_TYPE(operation, operation_type) && field(operation, KEY) != Py_None) return 1;
    }
    return 0;
}

enum { UNCALLED, CALLED, RETURNED };

static int read_events(History *history, PyObject *events, const Raw *raws, int32_t *numbers, uint8_t *seen) {
    Py_ssize_t count = PyList_GET_SIZE(events);
    for (Py_ssize_t i = 0; i < count; i++) {
        PyObject *event = PyList_GET_ITEM(events, i);
        ahead(events, i, AHEAD);
        if (!PyLong_CheckExact(event)) return 1;
        int overflow;
        long number = PyLong_AsLongAndOverflow(event, &overflow);
        long operation = number < 0 ? ~number : number;
        if (overflow || operation >= (long)history->op_count) return 1;
        if (seen[operation] != (number < 0 ? CALLED : UNCALLED) || (number < 0 && raws[operation].lost)) return 1;
        seen[operation]++;
        numbers[i] = (int32_t)number;
        history->parts[raws[operation].key].event_count++;
    }
    return 0;
}

/* Puts what belongs to one key side by side. */
static void sort_out(History *history, const Raw *raws, const int32_t *numbers, uint32_t event_count, uint32_t *next) {
    uint32_t op = 0, event = 0;
    for (uint32_t k = 0; k < history->count; k++) {
        Part *part = &history->parts[k];
        part->first_op = op;
        part->first_event = next[k] = event;
        op += part->op_count;
        event += part->event_count;
    }
    for (uint32_t n = 0; n < history->op_count; n++)
        history->raws[history->parts[raws[n].key].first_op + raws[n].place] = raws[n];
    for (uint32_t i = 0; i < event_count; i++) {
        int32_t number = numbers[i];
        Raw raw = raws[number < 0 ? ~number : number];
        history->events[next[raw.key]++] = number < 0 ? ~(int32_t)raw.place : (int32_t)raw.place;
    }
}

int history_read(History *history, PyObject *operations, PyObject *events, int family, int keyed) {
    memset(history, 0, sizeof *history);
    if (!operation_type || !PyList_CheckExact(operations) || !PyList_CheckExact(events)) return 1;
    size_t op_count = (size_t)PyList_GET_SIZE(operations), event_count = (size_t)PyList_GET_SIZE(events);
    if (op_count > INT32_MAX / 4 || event_count > INT32_MAX / 4) return 1;
    history->op_count = (uint32_t)op_count;
    history->numbers = PyDict_New();
    history->raws = malloc((op_count + 1) * sizeof(Raw));
    history->events = malloc((event_count + 1) * sizeof(int32_t));
    Raw *raws = malloc((op_count + 1) * sizeof *raws);
    int32_t *numbers = malloc((event_count + 1) * sizeof *numbers);
    uint8_t *seen = calloc(op_count + 1, 1);
    uint32_t *next = NULL;
    int trouble = -1;
    if (!history->numbers || !history->raws || !history->events || !raws || !numbers || !seen) goto done;
    if ((trouble = read_operations(history, operations, family, keyed, raws))) goto done;
    if ((trouble = read_events(history, events, raws, numbers, seen))) goto done;
    if (history->count == 1) { /* as they are */
        Raw *sorted = history->raws;
        int32_t *by_key = history->events;
        history->raws = raws;
        history->events = numbers;
        raws = sorted;
        numbers = by_key;
        goto done;
    }
    trouble = -1;
    if (!(next = malloc((history->count + 1) * sizeof *next))) goto done;
    sort_out(history, raws, numbers, (uint32_t)event_count, next);
    trouble = 0;
done:
    if (trouble < 0 && !PyErr_Occurred()) PyErr_NoMemory();
    free(raws);
    free(numbers);
    free(seen);
    free(next);
    return trouble;
}

void history_free(History *history) {
    Py_XDECREF(history->numbers);
    free(history->raws);
    free(history->events);
    free(history->parts);
}
