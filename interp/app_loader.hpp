// "module:attribute" -> the application, or a value that says what is wrong in words that help.
//
// Threads: main, detached; attaches by itself.
// Lifetime: a LoadedApplication ends before its Runtime, on main.
// Cannot: stop the application's module from doing whatever it does at import.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "interp/runtime.hpp"

namespace baton::interp {

enum class Interface { wsgi, asgi };
std::string_view name_of(Interface interface);  // "WSGI"

struct ApplicationSpec {
    std::string application;  // "module:attribute.path" or "module:factory()"; "module" alone: its
                              // `application` or `app`
    bool factory = false;     // call it (without arguments) to get the application
    std::optional<Interface> interface{};  // how it is to be called; nothing: found out by inspection
};

struct LoadError {
    enum class Kind {
        bad_spec,
        module_not_found,
        attribute_missing,
        not_callable,
        wrong_signature,  // takes neither (environ, start_response) nor (scope, receive, send)
        import_raised,
        factory_raised,
        wrong_interface,  // it is of the other interface than the one asked for
        legacy_asgi,      // ASGI 2: application(scope)(receive, send)
    };
    Kind kind;
    std::string text;  // may have several lines
};

// A callable that looks like an application of its interface.
class LoadedApplication {
  public:
    LoadedApplication(Runtime& runtime, PyObject* stolen, Interface interface, std::string description)
        : runtime_(&runtime), object_(stolen), interface_(interface), description_(std::move(description)) {}
    LoadedApplication(LoadedApplication&& other) noexcept;
    LoadedApplication& operator=(LoadedApplication&&) = delete;
    ~LoadedApplication();

    Interface interface() const { return interface_; }
    // "WSGI application handlers.lab:hello, function hello"
    const std::string& description() const { return description_; }
    // The reference goes to the caller, who must be attached.
    PyObject* release();

  private:
    Runtime* runtime_;
    PyObject* object_;
    Interface interface_;
    std::string description_;
};

using LoadResult = std::variant<LoadedApplication, LoadError>;
LoadResult load_application(Runtime& runtime, const ApplicationSpec& spec);

}  // namespace baton::interp
