/* Texts, and lists as texts of four-byte elements: see stores.py. */
#include "objects.h"

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

int store_begin(Object *object, const Raw *raws, int family) {
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
