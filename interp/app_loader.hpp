// "module:attribute" -> the application, or a value that says what is wrong in words that help.
//
// Threads: main, detached; attaches by itself.
// Lifetime: a LoadedApplication ends before its Runtime, on main.
// Cannot: stop the application's module from doing whatever it does at import.
#pragma once

#include <string>
#include <variant>

#include "interp/runtime.hpp"

namespace baton::interp {

struct ApplicationSpec {
    std::string application;  // "module:attribute.path" or "module:factory()"; "module" alone: its
                              // `application` or `app`
    bool factory = false;     // call it (without arguments) to get the application
};

struct LoadError {
    enum class Kind {
        bad_spec,
        module_not_found,
        attribute_missing,
        not_callable,
        wrong_signature,  // takes neither (environ, start_response) nor anything else we know
        import_raised,
        factory_raised,
        looks_like_asgi,
    };
    Kind kind;
    std::string text;  // may have several lines
};

// A callable that looks like a WSGI application.
class LoadedApplication {
  public:
    LoadedApplication(Runtime& runtime, PyObject* stolen, std::string description)
        : runtime_(&runtime), object_(stolen), description_(std::move(description)) {}
    LoadedApplication(LoadedApplication&& other) noexcept;
    LoadedApplication& operator=(LoadedApplication&&) = delete;
    ~LoadedApplication();

    // "WSGI application, function hello in module handlers.lab"
    const std::string& description() const { return description_; }
    // The reference goes to the caller, who must be attached.
    PyObject* release();

  private:
    Runtime* runtime_;
    PyObject* object_;
    std::string description_;
};

using LoadResult = std::variant<LoadedApplication, LoadError>;
LoadResult load_application(Runtime& runtime, const ApplicationSpec& spec);

}  // namespace baton::interp
