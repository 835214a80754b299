/* One key's operations → effects on numbered states: see registers.py and stores.py. */
#include "objects.h"

int object_begin(Object *object, const History *history, const Part *part, int family, PyObject *initial) {
    memset(object, 0, sizeof *object);
    const Raw *raws = history->raws + part->first_op;
    object->trial.ops = calloc(part->op_count + 1, sizeof *object->trial.ops);
    object->trial.op_count = part->op_count;
    object->trial.events = history->events + part->first_event;
    object->trial.event_count = part->event_count;
    int trouble = -1;
    if (object->trial.ops)
        trouble = family <= CAS_REGISTER ? register_begin(object, raws, initial) : store_begin(object, raws, family);
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
