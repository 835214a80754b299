/* One writer that counts: see single_writer.py. Operations are read where they are, and nothing is kept but the calls. */
#include "operation.h"

enum { UNCALLED = -2, RETURNED = -1 }; /* else: what was complete when it was called */

typedef struct {
    PyObject *operations;
    Py_ssize_t calls;
    int64_t *lowest;
    int64_t base, complete, called; /* versions: before the first write; the greatest known to be there; the last called */
    int writing;
} Count;

/* A whole number above 0, else 0. */
static inline int64_t version(PyObject *value) {
    int overflow;
    if (!PyLong_CheckExact(value)) return 0;
    int64_t found = PyLong_AsLongLongAndOverflow(value, &overflow);
    return overflow || found < 0 || found > INT64_MAX / 2 ? 0 : found;
}

static int call(Count *count, Py_ssize_t number) {
    PyObject *operation = PyList_GET_ITEM(count->operations, number);
    if (!Py_IS_TYPE(operation, operation_type) || count->lowest[number] != UNCALLED) return 0;
    if (field(operation, KEY) != Py_None) return 0;
    count->calls++;
    count->lowest[number] = count->complete;
    PyObject *f = field(operation, F);
    if (is(field(operation, OUTCOME), "fail", 4)) return 0;
    if (is(f, "read", 4)) return 1;
    int64_t written = version(field(operation, VALUE));
    if (!is(f, "write", 5) || !written || count->writing) return 0;
    if (!count->called) count->base = count->complete = written - 1;
    else if (written != count->called + 1) return 0;
    count->called = written;
    count->writing = is(field(operation, OUTCOME), "ok", 2);
    return 1;
}

static int returns(Count *count, Py_ssize_t number) {
    PyObject *operation = PyList_GET_ITEM(count->operations, number);
    int64_t low = count->lowest[number];
    if (low < 0 || !is(field(operation, OUTCOME), "ok", 2)) return 0;
    count->lowest[number] = RETURNED;
    if (is(field(operation, F), "write", 5)) {
        count->writing = 0;
        count->complete = count->called;
        return 1;
    }
    PyObject *result = field(operation, RESULT);
    int64_t found = result == Py_None ? count->base : version(result);
    if (found < low || found > count->called || (result != Py_None && found <= count->base)) return 0;
    if (found > count->complete) count->complete = found;
    return 1;
}

int single_writer_explains(PyObject *operations, PyObject *events) {
    if (!operation_type || !PyList_CheckExact(operations) || !PyList_CheckExact(events)) return 0;
    Py_ssize_t op_count = PyList_GET_SIZE(operations), event_count = PyList_GET_SIZE(events), i;
    Count count = {.operations = operations, .lowest = malloc(((size_t)op_count + 1) * sizeof(int64_t))};
    if (!count.lowest) return 0; /* what others make of it */
    for (Py_ssize_t n = 0; n < op_count; n++) count.lowest[n] = UNCALLED;
    for (i = 0; i < event_count; i++) {
        PyObject *event = PyList_GET_ITEM(events, i);
        ahead(events, i, AHEAD);
        if (!PyLong_CheckExact(event)) break;
        int overflow;
        int64_t number = PyLong_AsLongLongAndOverflow(event, &overflow);
        if (overflow || number >= op_count || ~number >= op_count) break;
        if (number >= 0) ahead(operations, number, AHEAD);
        if (!(number >= 0 ? call(&count, number) : returns(&count, ~number))) break;
    }
    free(count.lowest);
    return i == event_count && count.calls == op_count;
}
