/* How Python's operations are read in place. `history_bind` finds where their fields are. */
#ifndef OPERATION_H
#define OPERATION_H

#include "core.h"

enum { F, VALUE, RESULT, OUTCOME, KEY, OPERATION_FIELDS };
extern Py_ssize_t operation_offsets[OPERATION_FIELDS];
extern PyTypeObject *operation_type; /* NULL: not bound */

static inline PyObject *field(PyObject *operation, int which) {
    PyObject *found = *(PyObject **)((char *)operation + operation_offsets[which]);
    return found ? found : Py_None;
}

static inline int is(PyObject *text, const char *said, Py_ssize_t length) {
    return PyUnicode_CheckExact(text) && PyUnicode_IS_COMPACT_ASCII(text) && PyUnicode_GET_LENGTH(text) == length &&
           !memcmp(PyUnicode_DATA(text), said, (size_t)length);
}

#define AHEAD 12

/* What a list holds is scattered: it is asked for before it is needed. */
static inline void ahead(PyObject *list, Py_ssize_t at, Py_ssize_t by) {
#ifdef __GNUC__
    if (at + by < PyList_GET_SIZE(list)) {
        const char *item = (const char *)PyList_GET_ITEM(list, at + by);
        __builtin_prefetch(item);
        __builtin_prefetch(item + 64);
    }
#endif
}

#endif
