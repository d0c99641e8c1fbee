// Names of CPython's structures, for headers that pass pointers to them on without looking inside.
#pragma once

struct _object;
struct _ts;
struct _is;
using PyObject = _object;
using PyThreadState = _ts;
using PyInterpreterState = _is;
