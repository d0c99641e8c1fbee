// A WSGI application (PEP 3333) as an Application.
//
// Threads: made and destroyed by main, detached. Lifetime: ends before the Runtime.
// Cannot: speak ASGI.
#pragma once

#include <spdlog/logger.h>

#include <memory>
#include <string>

#include "interp/app_loader.hpp"
#include "interp/application.hpp"

namespace baton::interp::wsgi {

struct WsgiOptions {
    bool multithread = true;         // more than one interpreter thread
    bool multiprocess = false;       // more than one process serves the same application
    std::string software = "baton";  // SERVER_SOFTWARE
    std::string prefix{};            // what all paths begin with: SCRIPT_NAME; the rest is PATH_INFO
};

// Throws PythonError when Python refuses to make the types and tables, which no healthy one does.
std::unique_ptr<Application> make_wsgi(Runtime& runtime, LoadedApplication application,
                                       const WsgiOptions& options, spdlog::logger& log);

}  // namespace baton::interp::wsgi
