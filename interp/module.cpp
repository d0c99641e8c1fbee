#include "interp/module.hpp"

#include <cstring>

#include "interp/errors.hpp"

namespace baton::interp {

namespace {

// No state in C: its types are in the dictionary and in the C++ objects that use them.
PyModuleDef definition = {PyModuleDef_HEAD_INIT,
                          "_baton",
                          "Types of the Baton application server.",
                          0,
                          nullptr,
                          nullptr,
                          nullptr,
                          nullptr,
                          nullptr};

}  // namespace

Module::Module() : module_(expect(PyModule_Create(&definition))) {}

Owned Module::add(PyType_Spec& spec) {
    Owned type = expect(PyType_FromModuleAndSpec(module_.get(), &spec, nullptr));
    const char* dot = std::strrchr(spec.name, '.');
    expect(PyModule_AddObjectRef(module_.get(), dot == nullptr ? spec.name : dot + 1, type.get()));
    return type;
}

}  // namespace baton::interp
