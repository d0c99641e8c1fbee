// Loads all applications that the configuration names.
//
// Threads: main, detached. Lifetime: what it returns ends before the Runtime. Cannot: run them.
#pragma once

#include <string>
#include <variant>
#include <vector>

#include "interp/app_loader.hpp"
#include "interp/runtime.hpp"
#include "server/config/config.hpp"

namespace baton::app {

struct Loaded {
    std::string prefix;  // empty for the application that serves the rest, which is the first
    interp::LoadedApplication application;

    bool wsgi() const { return application.interface() == interp::Interface::wsgi; }
};

// The applications by number, or what is wrong with one of them.
std::variant<std::vector<Loaded>, std::string> load_all(interp::Runtime& runtime,
                                                        const config::Python& python);

// A line for each, such as "/api: ASGI application mysite.api:app, an instance of fastapi.FastAPI".
std::string describe(const std::vector<Loaded>& applications);

}  // namespace baton::app
