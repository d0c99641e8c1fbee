#include "interp/wsgi/file_wrapper.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "interp/attach.hpp"
#include "interp/errors.hpp"

namespace baton::interp::wsgi {

namespace {

struct FileWrapperObject {
    PyObject_HEAD PyObject* file;
    Py_ssize_t block;
};

FileWrapperObject* wrapper_of(PyObject* self) {
    return reinterpret_cast<FileWrapperObject*>(self);
}

// CPython's signature asks for writable names.
char file_name[] = "filelike";
char block_name[] = "blksize";
char* argument_names[] = {file_name, block_name, nullptr};

PyObject* create(PyTypeObject* type, PyObject* arguments, PyObject* words) {
    PyObject* file = nullptr;
    Py_ssize_t block = 8192;
    if (PyArg_ParseTupleAndKeywords(arguments, words, "O|n:file_wrapper", argument_names, &file, &block) ==
        0) {
        return nullptr;
    }
    if (block <= 0) {
        PyErr_SetString(PyExc_ValueError, "the block size must be positive");
        return nullptr;
    }
    PyObject* self = type->tp_alloc(type, 0);
    if (self == nullptr) return nullptr;
    wrapper_of(self)->file = Py_NewRef(file);
    wrapper_of(self)->block = block;
    return self;
}

// Py_VISIT counts on these two names.
int traverse(PyObject* self, visitproc visit, void* arg) {
    Py_VISIT(Py_TYPE(self));
    Py_VISIT(wrapper_of(self)->file);
    return 0;
}

int clear(PyObject* self) {
    Py_CLEAR(wrapper_of(self)->file);
    return 0;
}

void dealloc(PyObject* self) {
    PyTypeObject* type = Py_TYPE(self);
    PyObject_GC_UnTrack(self);
    clear(self);
    type->tp_free(self);
    Py_DECREF(type);
}

PyObject* next(PyObject* self) {
    FileWrapperObject* wrapper = wrapper_of(self);
    if (wrapper->file == nullptr) return nullptr;
    Owned block = steal(PyObject_CallMethod(wrapper->file, "read", "(n)", wrapper->block));
    if (!block) return nullptr;
    const int more = PyObject_IsTrue(block.get());
    return more == 1 ? block.release() : nullptr;
}

PyObject* close(PyObject* self, PyObject*) {
    if (wrapper_of(self)->file == nullptr) return Py_NewRef(Py_None);
    const Owned method = attribute(wrapper_of(self)->file, "close");
    return method ? PyObject_CallNoArgs(method.get()) : Py_NewRef(Py_None);
}

PyMethodDef methods[] = {{"close", close, METH_NOARGS, "Closes the file, if it can be closed."},
                         {nullptr, nullptr, 0, nullptr}};
PyType_Slot slots[] = {{Py_tp_new, reinterpret_cast<void*>(create)},
                       {Py_tp_methods, methods},
                       {Py_tp_iter, reinterpret_cast<void*>(PyObject_SelfIter)},
                       {Py_tp_iternext, reinterpret_cast<void*>(next)},
                       {Py_tp_traverse, reinterpret_cast<void*>(traverse)},
                       {Py_tp_clear, reinterpret_cast<void*>(clear)},
                       {Py_tp_dealloc, reinterpret_cast<void*>(dealloc)},
                       {0, nullptr}};
PyType_Spec spec = {"_baton.FileWrapper", sizeof(FileWrapperObject), 0,
                    Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC | Py_TPFLAGS_IMMUTABLETYPE, slots};

bool has_type(Borrowed object, const char* module_name, const char* type_name) {
    const Owned name = steal(PyUnicode_FromString(module_name));
    // Only when it has been imported: otherwise nobody can have made such an object.
    const Owned module = name ? steal(PyImport_GetModule(name.get())) : Owned();
    const Owned type = module ? attribute(module, type_name) : Owned();
    PyErr_Clear();
    return type && reinterpret_cast<PyObject*>(Py_TYPE(object.get())) == type.get();
}

bool is_raw_file(Borrowed file) {
    return has_type(file, "_io", "FileIO");
}

bool is_plain_file(Borrowed file) {
    if (is_raw_file(file)) return true;
    if (has_type(file, "_io", "BufferedReader") || has_type(file, "_io", "BufferedRandom")) {
        const Owned raw = attribute(file, "raw");
        return raw && is_raw_file(raw);
    }
    if (!has_type(file, "tempfile", "_TemporaryFileWrapper")) return false;
    const Owned inner = attribute(file, "file");
    return inner && is_plain_file(inner);
}

// What a method without arguments that returns an integer says; negative when it raises.
long long ask(Borrowed file, const char* method) {
    const Owned answer = steal(PyObject_CallMethod(file.get(), method, nullptr));
    const long long number = answer ? PyLong_AsLongLong(answer.get()) : -1;
    PyErr_Clear();
    return number;
}

bool flush(Borrowed file) {
    const Owned done = steal(PyObject_CallMethod(file.get(), "flush", nullptr));
    PyErr_Clear();
    return static_cast<bool>(done);
}

}  // namespace

Owned make_file_wrapper_type(Module& module) {
    return module.add(spec);
}

std::optional<OpenRegion> region_of(Borrowed file_wrapper) {
    PyObject* inner = wrapper_of(file_wrapper.get())->file;
    if (inner == nullptr) return std::nullopt;
    const Owned file = borrow(inner);
    if (!is_plain_file(file) || !flush(file)) return std::nullopt;
    const auto fd = static_cast<int>(ask(file, "fileno"));
    const long long position = ask(file, "tell");
    if (fd < 0 || position < 0) return std::nullopt;
    const Detach detached;
    struct stat facts{};
    if (::fstat(fd, &facts) != 0 || !S_ISREG(facts.st_mode)) return std::nullopt;
    const int own = ::fcntl(fd, F_DUPFD_CLOEXEC, 0);
    if (own < 0) return std::nullopt;
    const auto offset = static_cast<std::uint64_t>(position);
    const auto size = static_cast<std::uint64_t>(facts.st_size);
    return OpenRegion{own, offset, size > offset ? size - offset : 0};
}

}  // namespace baton::interp::wsgi
