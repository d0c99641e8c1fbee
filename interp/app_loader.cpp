#include "interp/app_loader.hpp"

#include <unistd.h>

#include <algorithm>
#include <optional>

#include "interp/app_inspect.hpp"
#include "interp/attach.hpp"
#include "interp/errors.hpp"

namespace baton::interp {

namespace {

using Kind = LoadError::Kind;

struct Target {
    std::string module;
    std::string attribute;  // empty: not given
    bool factory = false;
};

// An identifier path: letters, digits, underscores and what is beyond ASCII, with dots between.
bool is_dotted(std::string_view path) {
    if (path.empty() || path.front() == '.' || path.back() == '.') return false;
    return path.find("..") == path.npos && std::all_of(path.begin(), path.end(), [](char c) {
               const auto u = static_cast<unsigned char>(c);
               return c == '.' || c == '_' || u >= 0x80 || (std::isalnum(u) != 0);
           });
}

std::variant<Target, LoadError> parse(const ApplicationSpec& spec) {
    const std::string& text = spec.application;
    const auto colon = text.find(':');
    Target target{text.substr(0, colon), colon == text.npos ? "" : text.substr(colon + 1), spec.factory};
    if (target.attribute.ends_with("()")) {
        target.attribute.resize(target.attribute.size() - 2);
        target.factory = true;
    }
    const bool file = target.module.find('/') != text.npos || target.module.ends_with(".py");
    const bool named = colon == text.npos || is_dotted(target.attribute);
    if (is_dotted(target.module) && !file && named) return target;
    std::string hint;
    if (file) {
        std::string module = target.module;
        if (module.ends_with(".py")) module.resize(module.size() - 3);
        while (module.starts_with("./")) module.erase(0, 2);
        std::replace(module.begin(), module.end(), '/', '.');
        hint = fmt::format("; that is a file, did you mean '{}:{}'?", module,
                           target.attribute.empty() ? "application" : target.attribute);
    }
    return LoadError{Kind::bad_spec,
                     fmt::format("'{}' is not MODULE:CALLABLE or MODULE:FACTORY(){}", text, hint)};
}

std::string where_python_looks() {
    std::string text;
    char cwd[4096];
    if (::getcwd(cwd, sizeof cwd) != nullptr) text += fmt::format("\n  working directory: {}", cwd);
    PyObject* path = PySys_GetObject("path");
    if (path != nullptr && PyList_Check(path)) {
        const Py_ssize_t shown = std::min<Py_ssize_t>(PyList_GET_SIZE(path), 4);
        for (Py_ssize_t i = 0; i < shown; ++i) {
            text += fmt::format("\n  sys.path[{}]: {}", i, text_of(PyList_GET_ITEM(path, i)));
        }
    }
    return text + "\nIf it is somewhere else, say so with --chdir DIR or --python-path DIR.";
}

// Is it `module` itself, or a package on the way to it, that is missing, and not something that it imports?
bool names_module(const std::string& missing, const std::string& module) {
    return !missing.empty() && (missing == module || module.starts_with(missing + "."));
}

LoadError import_error(const std::string& module) {
    const Owned exception = steal(python::take_raised());
    if (PyErr_GivenExceptionMatches(exception.get(), PyExc_ModuleNotFoundError) != 0) {
        const std::string missing = utf8(attribute(exception, "name"));
        if (names_module(missing, module)) {
            return {Kind::module_not_found, fmt::format("there is no module '{}' ({}){}", module,
                                                        text_of(exception), where_python_looks())};
        }
        return {Kind::import_raised,
                fmt::format("module '{}' was found, but it imports '{}', which is missing\n{}", module,
                            missing, format_exception(exception))};
    }
    const char* what = "raised an exception while it was imported";
    if (PyErr_GivenExceptionMatches(exception.get(), PyExc_SystemExit) != 0) {
        what =
            "called sys.exit() while it was imported (is the code that starts it outside of "
            "`if __name__ == \"__main__\"`?)";
    } else if (PyErr_GivenExceptionMatches(exception.get(), PyExc_SyntaxError) != 0) {
        what = "cannot be compiled";
    }
    return {Kind::import_raised,
            fmt::format("module '{}' {}\n{}", module, what, format_exception(exception))};
}

LoadError attribute_error(Borrowed holder, const std::string& path, const std::string& name) {
    const Owned exception = steal(python::take_raised());
    if (PyErr_GivenExceptionMatches(exception.get(), PyExc_AttributeError) == 0) {
        return {Kind::import_raised,
                fmt::format("looking up '{}' in '{}' raised\n{}", name, path, format_exception(exception))};
    }
    return {Kind::attribute_missing,
            fmt::format("'{}' has no attribute '{}'{}", path, name, suggest_callables(holder, name))};
}

std::variant<Owned, LoadError> find(const Owned& module, Target& target) {
    if (target.attribute.empty()) {
        const Owned usual = attribute(module, "application");
        const Owned other = usual ? Owned() : attribute(module, "app");
        target.attribute = !usual && other ? "app" : "application";
    }
    Owned found = borrow(module);
    std::string path = target.module;
    for (std::size_t start = 0; start <= target.attribute.size();) {
        const std::size_t dot = std::min(target.attribute.find('.', start), target.attribute.size());
        const std::string name = target.attribute.substr(start, dot - start);
        Owned next = steal(PyObject_GetAttrString(found.get(), name.c_str()));
        if (!next) return attribute_error(found, path, name);
        found = std::move(next);
        path += "." + name;
        start = dot + 1;
    }
    return found;
}

std::variant<Owned, LoadError> call_factory(const Owned& factory, const Target& target) {
    const std::string name = fmt::format("{}:{}", target.module, target.attribute);
    if (PyCallable_Check(factory.get()) == 0) {
        return LoadError{Kind::not_callable,
                         fmt::format("the factory '{}' is not callable: it is {}", name, describe(factory))};
    }
    Owned made = steal(PyObject_CallNoArgs(factory.get()));
    if (made) return made;
    return LoadError{Kind::factory_raised,
                     fmt::format("the factory '{}()' raised\n{}", name, take_traceback())};
}

std::string text_of(const Target& target) {
    return fmt::format("{}:{}{}", target.module, target.attribute, target.factory ? "()" : "");
}

constexpr std::string_view calls(Interface interface) {
    return interface == Interface::wsgi ? "application(environ, start_response)"
                                        : "application(scope, receive, send)";
}

// An application of one interface where the other one was asked for.
LoadError wrong_interface(const std::string& name, Shape shape, Interface wish) {
    const char* what = shape == Shape::coroutine         ? "calling it makes a coroutine"
                       : shape == Shape::three_arguments ? "it takes scope, receive and send"
                                                         : "it takes environ and start_response";
    const Interface found = shape == Shape::two_arguments ? Interface::wsgi : Interface::asgi;
    return {Kind::wrong_interface,
            fmt::format("'{}' looks like an application of {} ({}), and {} was asked for, which is called as "
                        "{}. Without --interface it would be served as what it is",
                        name, name_of(found), what, name_of(wish), calls(wish))};
}

LoadError wrong_signature(Borrowed application, const std::string& name, Shape shape,
                          std::optional<Interface> wish) {
    if (shape == Shape::no_arguments) {
        return {Kind::wrong_signature,
                fmt::format("'{}' takes no arguments, so it is no application; if it makes one, add "
                            "--factory, or () to its name with --mount",
                            name)};
    }
    if (shape == Shape::one_argument && wish != Interface::wsgi) {
        return {
            Kind::legacy_asgi,
            fmt::format("'{}' takes one argument, as applications of ASGI 2 do: application(scope). Baton "
                        "speaks ASGI 3, application(scope, receive, send); "
                        "asgiref.compatibility.guarantee_single_callable() makes one of the other",
                        name)};
    }
    const std::string how = wish ? std::string(calls(*wish))
                                 : fmt::format("{} or {}", calls(Interface::wsgi), calls(Interface::asgi));
    return {Kind::wrong_signature,
            fmt::format("'{}' cannot be called as {}: it is {} with the signature {}", name, how,
                        describe(application), signature_text(application))};
}

std::variant<Interface, LoadError> find_interface(Borrowed application, const Target& target,
                                                  std::optional<Interface> wish) {
    const std::string name = text_of(target);
    if (PyCallable_Check(application.get()) == 0) {
        const bool is_module = PyModule_Check(application.get());
        return LoadError{Kind::not_callable,
                         fmt::format("'{}' is not callable: it is {}{}", name, describe(application),
                                     is_module ? suggest_callables(application, "") : "")};
    }
    const Shape shape = shape_of(application);
    switch (shape) {
        case Shape::any:
            return wish.value_or(Interface::wsgi);
        case Shape::two_arguments:
            if (wish == Interface::asgi) return wrong_interface(name, shape, *wish);
            return Interface::wsgi;
        case Shape::coroutine:
        case Shape::three_arguments:
            if (wish == Interface::wsgi) return wrong_interface(name, shape, *wish);
            return Interface::asgi;
        case Shape::no_arguments:
        case Shape::one_argument:
        case Shape::other:
            break;
    }
    return wrong_signature(application, name, shape, wish);
}

LoadResult load_attached(Runtime& runtime, Target target, std::optional<Interface> wish) {
    const Owned name = make_str(target.module);
    Owned module = steal(PyImport_Import(name.get()));
    if (!module) return import_error(target.module);
    runtime.imported();
    // __import__("a.b") with a non-empty fromlist, as PyImport_Import calls it, gives a.b itself.
    auto found = find(module, target);
    if (auto* error = std::get_if<LoadError>(&found)) return std::move(*error);
    Owned application = std::move(std::get<Owned>(found));
    if (target.factory) {
        auto made = call_factory(application, target);
        if (auto* error = std::get_if<LoadError>(&made)) return std::move(*error);
        application = std::move(std::get<Owned>(made));
    }
    auto interface = find_interface(application, target, wish);
    if (auto* error = std::get_if<LoadError>(&interface)) return std::move(*error);
    const auto as = std::get<Interface>(interface);
    std::string description =
        fmt::format("{} application {}, {}", name_of(as), text_of(target), describe(application));
    return LoadedApplication(runtime, application.release(), as, std::move(description));
}

}  // namespace

LoadResult load_application(Runtime& runtime, const ApplicationSpec& spec) {
    auto target = parse(spec);
    if (auto* error = std::get_if<LoadError>(&target)) return std::move(*error);
    const Attach attached(runtime.main_thread());
    return load_attached(runtime, std::move(std::get<Target>(target)), spec.interface);
}

std::string_view name_of(Interface interface) {
    return interface == Interface::wsgi ? "WSGI" : "ASGI";
}

LoadedApplication::LoadedApplication(LoadedApplication&& other) noexcept
    : runtime_(other.runtime_),
      object_(std::exchange(other.object_, nullptr)),
      interface_(other.interface_),
      description_(std::move(other.description_)) {}

LoadedApplication::~LoadedApplication() {
    if (object_ == nullptr) return;
    const Attach attached(runtime_->main_thread());
    Py_DECREF(object_);
}

PyObject* LoadedApplication::release() {
    return std::exchange(object_, nullptr);
}

}  // namespace baton::interp
