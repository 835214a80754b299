/* The Python side: `decide(operations, events, family, keyed, budget, initial)` → an iterable, one tuple a key; None: left to Python. */
#include "core.h"

static PyObject *numbers(const uint32_t *items, uint32_t count) {
    PyObject *list = PyList_New(count);
    for (uint32_t i = 0; list && i < count; i++) {
        PyObject *number = PyLong_FromUnsignedLong(items[i]);
        if (!number) Py_CLEAR(list);
        if (list) PyList_SET_ITEM(list, i, number);
    }
    return list;
}

static PyObject *states(const Object *object, const Answer *answer, int family) {
    PyObject *list = PyList_New(answer->state_count);
    for (uint32_t i = 0; list && i < answer->state_count; i++) {
        PyObject *state = object_show(object, answer->states[i], family);
        if (!state) Py_CLEAR(list);
        if (list) PyList_SET_ITEM(list, i, state);
    }
    return list;
}

/* (key, method) of a linear one, (key, peak), (key, position, blamed, states, pending), (key, None, position); (key,) is
 * left to Python. */
static PyObject *told(const Object *object, PyObject *key, const Answer *answer, int family) {
    if (answer->outcome == LINEARIZABLE) return Py_BuildValue("(OI)", key, answer->peak);
    if (answer->outcome == OUT_OF_BUDGET) return Py_BuildValue("(OOI)", key, Py_None, answer->position);
    if (answer->outcome == TOO_WIDE) return PyTuple_Pack(1, key);
    if (answer->outcome == NO_MEMORY) return PyErr_NoMemory();
    if (answer->outcome == INTERRUPTED) return NULL;
    PyObject *possible = states(object, answer, family), *pending = numbers(answer->pending, answer->pending_count);
    if (possible && pending)
        return Py_BuildValue("(OIINN)", key, answer->position, answer->blamed, possible, pending);
    Py_XDECREF(possible);
    Py_XDECREF(pending);
    return NULL;
}

/* A new reference; NULL: an exception. */
static PyObject *decide_part(const History *history, const Part *part, int family, long long budget, PyObject *initial) {
    Object object;
    PyObject *answered = NULL;
    int trouble = object_begin(&object, history, part, family, initial);
    if (trouble > 0) answered = PyTuple_Pack(1, part->key);
    if (!trouble) {
        int explained = object.unique ? zones_explain(&object.trial) : 0;
        object.trial.budget = budget;
        if (explained < 0) {
            PyErr_NoMemory();
        } else if (explained) {
            answered = Py_BuildValue("(Os)", part->key, "zones");
        } else {
            Answer answer;
            frontier_decide(&object.trial, &answer);
            answered = told(&object, part->key, &answer, family);
            answer_free(&answer);
        }
    }
    object_free(&object);
    return answered;
}

/* ---- the answers of a history, one key after the other, as they are asked for ---- */

typedef struct {
    PyObject_HEAD
    PyObject *operations; /* a copy, which keeps alive what the history borrows */
    PyObject *initial;
    History history;
    uint32_t next;
    int family;
    long long budget;
} Answers;

static PyObject *answers_next(PyObject *self) {
    Answers *answers = (Answers *)self;
    if (answers->next >= answers->history.count) return NULL;
    const Part *part = &answers->history.parts[answers->next++];
    return decide_part(&answers->history, part, answers->family, answers->budget, answers->initial);
}

static void answers_free(PyObject *self) {
    Answers *answers = (Answers *)self;
    history_free(&answers->history);
    Py_XDECREF(answers->operations);
    Py_XDECREF(answers->initial);
    Py_TYPE(self)->tp_free(self);
}

static PyTypeObject answers_type = {
    PyVarObject_HEAD_INIT(NULL, 0).tp_name = "checkers.linearizability._native.Answers",
    .tp_basicsize = sizeof(Answers),
    .tp_dealloc = answers_free,
    .tp_flags = Py_TPFLAGS_DEFAULT,
    .tp_iter = PyObject_SelfIter,
    .tp_iternext = answers_next,
};

static PyObject *decide(PyObject *module, PyObject *args) {
    PyObject *operations, *events, *initial;
    int family, keyed; /* 2: if operations name keys */
    long long budget;
    if (!PyArg_ParseTuple(args, "OOiiLO", &operations, &events, &family, &keyed, &budget, &initial)) return NULL;
    if (family == REGISTER && keyed != 1 && initial == Py_None && single_writer_explains(operations, events))
        return Py_BuildValue("[(Os)]", Py_None, "single writer");
    if (!PyList_CheckExact(operations)) Py_RETURN_NONE;
    if (keyed == 2) keyed = history_has_keys(operations);
    Answers *answers = PyObject_New(Answers, &answers_type);
    if (!answers) return NULL;
    memset(&answers->history, 0, sizeof answers->history);
    answers->next = 0;
    answers->family = family;
    answers->budget = budget;
    answers->initial = Py_NewRef(initial);
    answers->operations = PyList_GetSlice(operations, 0, PyList_GET_SIZE(operations));
    int trouble = answers->operations ? history_read(&answers->history, answers->operations, events, family, keyed) : -1;
    if (!trouble) return (PyObject *)answers;
    Py_DECREF(answers);
    if (trouble < 0) return NULL;
    Py_RETURN_NONE;
}

static PyObject *bind(PyObject *module, PyObject *args) {
    PyObject *operation, *as_state;
    if (!PyArg_ParseTuple(args, "OO", &operation, &as_state)) return NULL;
    int known = history_bind(operation);
    if (known < 0 || object_bind(as_state)) return NULL;
    return PyBool_FromLong(known);
}

static PyMethodDef methods[] = {
    {"decide", decide, METH_VARARGS, "One answer a key, as it is asked for; None: left to Python."},
    {"bind", bind, METH_VARARGS, "The Operation type and as_state; False: its fields are not where they can be read."},
    {NULL, NULL, 0, NULL},
};

static struct PyModuleDef definition = {PyModuleDef_HEAD_INIT, "_native", NULL, -1, methods, NULL, NULL, NULL, NULL};

PyMODINIT_FUNC PyInit__native(void) {
    if (PyType_Ready(&answers_type)) return NULL;
    PyObject *module = PyModule_Create(&definition);
    if (module && PyModule_AddStringConstant(module, "SOURCE", SOURCE_DIGEST)) Py_CLEAR(module);
    return module;
}
