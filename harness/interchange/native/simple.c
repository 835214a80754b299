/* Operation maps that are written simply: fields whose values are whole numbers, words, texts, and vectors of such. Of
 * other values it finds the end and asks what they mean (`meant`, which remembers). Whatever else there is, is left to
 * edn_text.py, which reads all of EDN: where this one stops, that one goes on. So it may be cautious, and there is
 * nothing in EDN that it alone could read wrong. */
#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include <stdint.h>
#include <string.h>

enum { PROCESS, TYPE, F, VALUE, KEY, TOLD };
enum { MOST_FIELDS = 16, MOST_DEEP = 8, MOST_AT_ONCE = 8192, MOST_DIGITS = 18 };
static const char *const told_names[TOLD] = {"process", "type", "f", "value", "key"};

typedef struct {
    PyObject *text;
    int kind;
    const void *data;
    Py_ssize_t at, length;
    long long line;
    PyObject *known, *meant; /* what a word means: a dict, and who is asked when it is not there */
    PyObject *unread;        /* what that one answers of a word that means nothing */
} Scan;

typedef struct {
    Py_ssize_t from, to;
} Span;

/* What `value` answers beside a new reference. */
static PyObject *const NOT_SIMPLE = NULL;

static inline Py_UCS4 look(const Scan *s) { return s->at < s->length ? PyUnicode_READ(s->kind, s->data, s->at) : 0; }

static inline int blank(Py_UCS4 c) { return c == ' ' || c == '\n' || c == ',' || c == '\t'; }

static inline void skip(Scan *s) {
    for (Py_UCS4 c; blank(c = look(s)); s->at++) s->line += c == '\n';
}

static inline int ends(Py_UCS4 c) { return blank(c) || c == '}' || c == ']' || c == '\0'; }

static inline int is_digit(Py_UCS4 c) { return c >= '0' && c <= '9'; }

/* Of words: what has no meaning to a reader of EDN. Letters beyond ASCII are left to the other one. */
static inline int plain(Py_UCS4 c) {
    return c > ' ' && c < 0x7f && !strchr("[](){}\",;\\#@~`^'", (int)c);
}

/* A whole number, if it is one: 1. 0: it is something else, and nothing was read. */
static int whole(Scan *s, long long *number) {
    Py_ssize_t start = s->at, at = s->at + (look(s) == '-');
    Py_ssize_t first = at;
    long long found = 0;
    for (; at < s->length && is_digit(PyUnicode_READ(s->kind, s->data, at)); at++) {
        if (at - first == MOST_DIGITS) return 0;
        found = 10 * found + (long long)(PyUnicode_READ(s->kind, s->data, at) - '0');
    }
    if (at == first || (at - first > 1 && PyUnicode_READ(s->kind, s->data, first) == '0')) return 0;
    if (at < s->length && !ends(PyUnicode_READ(s->kind, s->data, at))) return 0;
    *number = first > start ? -found : found;
    s->at = at;
    return 1;
}

enum { NO_TEXT, PLAIN_TEXT, ESCAPED_TEXT };

/* A text and what is between its quotes; it begins at one. */
static int quoted(Scan *s, Span *inner) {
    int found = PLAIN_TEXT;
    inner->from = ++s->at;
    for (; s->at < s->length; s->at++) {
        Py_UCS4 c = look(s);
        if (c == '"') {
            inner->to = s->at++;
            return found;
        }
        if (c == '\\') {
            found = ESCAPED_TEXT;
            s->at++;
            c = look(s);
        }
        if (c == '\r') return NO_TEXT;
        s->line += c == '\n';
    }
    return NO_TEXT;
}

/* A collection in any brackets; it begins at one. What stands in it is not looked at. */
static int balanced(Scan *s, Span *span) {
    int depth = 0;
    Span inner;
    span->from = s->at;
    while (s->at < s->length) {
        Py_UCS4 c = look(s);
        if (c == '"') {
            if (!quoted(s, &inner)) return 0;
            continue;
        }
        if (c == ';' || c == '\\' || c == '\r') return 0; /* a comment, a character */
        s->line += c == '\n';
        s->at++;
        depth += c == '{' || c == '(' || c == '[';
        if ((c == '}' || c == ')' || c == ']') && !--depth) {
            span->to = s->at;
            return ends(look(s));
        }
    }
    return 0;
}

static int word(Scan *s, Span *span) {
    span->from = s->at;
    while (s->at < s->length && plain(look(s))) s->at++;
    span->to = s->at;
    return span->to > span->from && (s->at == s->length || ends(look(s)));
}

static PyObject *meaning(Scan *s, Span span) {
    PyObject *said = PyUnicode_Substring(s->text, span.from, span.to);
    if (!said) return NULL;
    PyObject *found = PyDict_GetItemWithError(s->known, said);
    if (found) {
        Py_INCREF(found);
    } else if (!PyErr_Occurred()) {
        found = PyObject_CallOneArg(s->meant, said);
        if (found == s->unread) Py_CLEAR(found);
    }
    Py_DECREF(said);
    return found;
}

static PyObject *value(Scan *s, int depth);

/* The elements up to the bracket; its opening one was read. */
static PyObject *vector(Scan *s, int depth) {
    PyObject *list = depth < MOST_DEEP ? PyList_New(0) : NOT_SIMPLE;
    while (list) {
        skip(s);
        if (look(s) == ']') {
            s->at++;
            break;
        }
        PyObject *element = value(s, depth + 1);
        if (!element || PyList_Append(list, element)) Py_CLEAR(list);
        Py_XDECREF(element);
    }
    if (list && !ends(look(s))) Py_CLEAR(list);
    PyObject *tuple = list ? PyList_AsTuple(list) : NULL;
    Py_XDECREF(list);
    return tuple;
}

/* A new reference. NULL: it is not simple, or an exception is set. */
static PyObject *value(Scan *s, int depth) {
    Py_UCS4 c = look(s);
    long long number;
    Span span;
    if (c == '[') {
        s->at++;
        return vector(s, depth);
    }
    if (c == '"') {
        int found = quoted(s, &span);
        if (!found || !ends(look(s))) return NOT_SIMPLE;
        if (found == PLAIN_TEXT) return PyUnicode_Substring(s->text, span.from, span.to);
        return meaning(s, (Span){span.from - 1, span.to + 1});
    }
    if (c == '{' || c == '(') return balanced(s, &span) ? meaning(s, span) : NOT_SIMPLE;
    if ((is_digit(c) || c == '-') && whole(s, &number)) return PyLong_FromLongLong(number);
    return word(s, &span) ? meaning(s, span) : NOT_SIMPLE;
}

/* Nobody wants to know it: 1, it was passed over. */
static int pass_over(Scan *s) {
    long long number;
    if (whole(s, &number)) return 1;
    PyObject *found = value(s, 0);
    Py_XDECREF(found);
    return found != NULL;
}

static int is_name(const Scan *s, Span span, const char *name) {
    Py_ssize_t length = (Py_ssize_t)strlen(name);
    if (span.to - span.from != length) return 0;
    for (Py_ssize_t i = 0; i < length; i++)
        if (PyUnicode_READ(s->kind, s->data, span.from + i) != (Py_UCS4)name[i]) return 0;
    return 1;
}

static int same(const Scan *s, Span one, Span other) {
    if (one.to - one.from != other.to - other.from) return 0;
    for (Py_ssize_t i = 0; i < one.to - one.from; i++)
        if (PyUnicode_READ(s->kind, s->data, one.from + i) != PyUnicode_READ(s->kind, s->data, other.from + i)) return 0;
    return 1;
}

/* One field, whose name begins here: 1, it was read. */
static int read_field(Scan *s, Span *names, int count, PyObject **told) {
    Span *name = &names[count];
    if (count == MOST_FIELDS || look(s) != ':') return 0;
    s->at++;
    if (!word(s, name)) return 0;
    for (int n = 0; n < count; n++)
        if (same(s, names[n], *name)) return 0;
    Py_UCS4 first = PyUnicode_READ(s->kind, s->data, name->from);
    if (!((first >= 'a' && first <= 'z') || (first >= 'A' && first <= 'Z'))) return 0;
    Py_UCS4 last = PyUnicode_READ(s->kind, s->data, name->to - 1);
    if (last == ':' || last == '/') return 0;
    skip(s);
    for (int which = 0; which < TOLD; which++)
        if (is_name(s, *name, told_names[which])) return (told[which] = value(s, 0)) != NULL;
    return pass_over(s);
}

/* The fields of a map, whose bracket was read: a tuple; NULL: it is not simple, or an exception is set. */
static PyObject *operation(Scan *s, long long line) {
    PyObject *told[TOLD] = {NULL}, *found = NULL;
    Span names[MOST_FIELDS + 1];
    int count = 0, fine = 1;
    while (skip(s), fine && look(s) != '}') fine = read_field(s, names, count++, told);
    if (fine && ++s->at) {
        PyObject *number = PyLong_FromLongLong(line);
        found = number ? PyTuple_New(1 + TOLD) : NULL;
        if (found) {
            PyTuple_SET_ITEM(found, 0, number);
            for (int n = 0; n < TOLD; n++) PyTuple_SET_ITEM(found, n + 1, told[n] ? told[n] : Py_NewRef(Py_None));
            return found;
        }
        Py_XDECREF(number);
    }
    for (int n = 0; n < TOLD; n++) Py_XDECREF(told[n]);
    return NULL;
}

/* (text, place, line, known, meant, unread) → ([(line, process, type, f, value, key), …], place, line): as many as are
 * simple, and where the first begins that is not; its line is of that place. */
static PyObject *operations(PyObject *module, PyObject *args) {
    Scan s;
    if (!PyArg_ParseTuple(args, "UnLO!OO", &s.text, &s.at, &s.line, &PyDict_Type, &s.known, &s.meant, &s.unread)) return NULL;
    s.kind = PyUnicode_KIND(s.text);
    s.data = PyUnicode_DATA(s.text);
    s.length = PyUnicode_GET_LENGTH(s.text);
    PyObject *list = s.at >= 0 && s.at <= s.length ? PyList_New(0) : PyErr_Format(PyExc_ValueError, "no such place");
    while (list && PyList_GET_SIZE(list) < MOST_AT_ONCE) {
        skip(&s);
        Py_ssize_t began = s.at;
        long long line = s.line;
        PyObject *one = NULL;
        if (look(&s) == '{') {
            s.at++;
            one = operation(&s, line);
        }
        if (!one || PyList_Append(list, one)) {
            s.at = began;
            s.line = line;
            if (PyErr_Occurred()) Py_CLEAR(list);
            Py_XDECREF(one);
            break;
        }
        Py_DECREF(one);
    }
    return list ? Py_BuildValue("(NnL)", list, s.at, s.line) : NULL;
}

static PyMethodDef methods[] = {
    {"operations", operations, METH_VARARGS, "Operation maps that are written simply."},
    {NULL, NULL, 0, NULL},
};

static struct PyModuleDef definition = {PyModuleDef_HEAD_INIT, "_native", NULL, -1, methods, NULL, NULL, NULL, NULL};

PyMODINIT_FUNC PyInit__native(void) {
    PyObject *module = PyModule_Create(&definition);
    if (module && PyModule_AddStringConstant(module, "SOURCE", SOURCE_DIGEST)) Py_CLEAR(module);
    return module;
}
