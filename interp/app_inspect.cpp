#include "interp/app_inspect.hpp"

#include <spdlog/fmt/fmt.h>
#include <spdlog/fmt/ranges.h>

#include <algorithm>
#include <vector>

#include "interp/errors.hpp"

namespace baton::interp {

namespace {

Owned inspect() {
    Owned module = steal(PyImport_ImportModule("inspect"));
    if (!module) PyErr_Clear();
    return module;
}

bool is_coroutine_function(const Owned& inspect, Borrowed callable) {
    const Owned answer =
        steal(PyObject_CallMethod(inspect.get(), "iscoroutinefunction", "(O)", callable.get()));
    if (!answer) PyErr_Clear();
    return answer && PyObject_IsTrue(answer.get()) == 1;
}

// An instance whose class has an `async def __call__`, such as Django's ASGIHandler or Starlette.
bool has_coroutine_call(const Owned& inspect, Borrowed callable) {
    if (PyType_Check(callable.get())) return false;
    const Owned call = attribute(callable, "__call__");
    return call && is_coroutine_function(inspect, call);
}

bool accepts(const Owned& signature, int count) {
    const Owned bind = attribute(signature, "bind");
    const Owned arguments = steal(PyTuple_New(count));
    if (!bind || !arguments) return false;
    for (Py_ssize_t i = 0; i < count; ++i) PyTuple_SET_ITEM(arguments.get(), i, Py_NewRef(Py_None));
    const Owned bound = steal(PyObject_CallObject(bind.get(), arguments.get()));
    if (!bound) PyErr_Clear();
    return static_cast<bool>(bound);
}

Owned signature_of(Borrowed callable) {
    const Owned module = inspect();
    Owned signature =
        module ? steal(PyObject_CallMethod(module.get(), "signature", "(O)", callable.get())) : Owned();
    if (!signature) PyErr_Clear();
    return signature;
}

std::vector<std::string> callables_in(Borrowed holder) {
    std::vector<std::string> names;
    const Owned all = steal(PyObject_Dir(holder.get()));
    if (!all) {
        PyErr_Clear();
        return names;
    }
    for (Py_ssize_t i = 0; i < PyList_GET_SIZE(all.get()); ++i) {
        std::string name = utf8(PyList_GET_ITEM(all.get(), i));
        if (name.empty() || name.front() == '_') continue;
        const Owned value = attribute(holder, name.c_str());
        if (value && PyCallable_Check(value.get()) != 0) names.push_back(std::move(name));
    }
    return names;
}

std::string closest(const std::string& name, const std::vector<std::string>& names) {
    const Owned difflib = steal(PyImport_ImportModule("difflib"));
    const Owned choices = steal(PyList_New(0));
    if (difflib && choices) {
        for (const std::string& choice : names) {
            const Owned text = make_str(choice);
            if (PyList_Append(choices.get(), text.get()) < 0) break;
        }
        const Owned close = steal(
            PyObject_CallMethod(difflib.get(), "get_close_matches", "(sOi)", name.c_str(), choices.get(), 1));
        if (close && PyList_Check(close.get()) && PyList_GET_SIZE(close.get()) > 0) {
            return utf8(PyList_GET_ITEM(close.get(), 0));
        }
    }
    PyErr_Clear();
    return "";
}

}  // namespace

Shape shape_of(Borrowed callable) {
    const Owned module = inspect();
    if (!module) return Shape::any;
    const bool coroutine = is_coroutine_function(module, callable) || has_coroutine_call(module, callable);
    const Owned signature = signature_of(callable);
    if (!signature) return coroutine ? Shape::coroutine : Shape::any;
    const bool three = accepts(signature, 3);
    if (coroutine && three) return Shape::coroutine;
    if (!coroutine && accepts(signature, 2)) return three ? Shape::any : Shape::two_arguments;
    if (three) return Shape::three_arguments;
    if (accepts(signature, 0)) return Shape::no_arguments;
    return accepts(signature, 1) ? Shape::one_argument : Shape::other;
}

std::string describe(Borrowed object) {
    const bool is_class = PyType_Check(object.get());
    if (PyFunction_Check(object.get()))
        return fmt::format("function {}", utf8(attribute(object, "__qualname__")));
    if (PyModule_Check(object.get())) return fmt::format("module {}", utf8(attribute(object, "__name__")));
    PyObject* type = is_class ? object.get() : reinterpret_cast<PyObject*>(Py_TYPE(object.get()));
    const std::string module = utf8(attribute(type, "__module__"));
    const std::string name = utf8(attribute(type, "__qualname__"));
    const std::string full = module.empty() || module == "builtins" ? name : module + "." + name;
    return fmt::format("{} {}", is_class ? "class" : "an instance of", full);
}

std::string signature_text(Borrowed callable) {
    const Owned signature = signature_of(callable);
    return signature ? text_of(signature) : "(?)";
}

std::string suggest_callables(Borrowed holder, const std::string& name) {
    std::vector<std::string> names = callables_in(holder);
    if (names.empty()) return "";
    std::string text;
    if (const std::string close = name.empty() ? "" : closest(name, names); !close.empty()) {
        text = fmt::format("; did you mean '{}'?", close);
    }
    const std::size_t shown = std::min<std::size_t>(names.size(), 12);
    const std::string more = names.size() > shown ? ", ..." : "";
    names.resize(shown);
    return text + fmt::format("\nCallables there: {}{}", fmt::join(names, ", "), more);
}

}  // namespace baton::interp
