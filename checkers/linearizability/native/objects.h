/* One key's operations → effects on numbered states, family by family. 0, 1 or -1 as `object_begin`. */
#ifndef OBJECTS_H
#define OBJECTS_H

#include "core.h"

int register_begin(Object *object, const Raw *raws, PyObject *initial);
int store_begin(Object *object, const Raw *raws, int family);

#endif
