// Python in the test process, applications written on the spot, and a connection without a socket.
#pragma once

#include <gtest/gtest.h>
#include <spdlog/logger.h>

#include <memory>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include "interp/attach.hpp"
#include "interp/interpreter.hpp"
#include "server/dispatch/exchange.hpp"
#include "server/dispatch/inbox.hpp"

namespace baton::interp::test {

// The one interpreter of the test process.
Runtime& runtime();
// A folder on sys.path.
const std::string& folder();
// Writes folder()/name.py.
void write_module(const std::string& name, const std::string& source);
std::string unused_name(const std::string& prefix);

// What was logged since the last call.
spdlog::logger& log();
std::string logged();

LoadError load_error(const std::string& application, bool factory = false);

// The WSGI application that `source` calls `application`.
std::unique_ptr<Application> make_application(const std::string& source,
                                              const wsgi::WsgiOptions& options = {});

// The I/O thread's side of Exchanges.
class Connection {
  public:
    Connection() : inbox_([] {}) {}

    // `head` without the empty line that ends it; a Host field is added.
    dispatch::ExchangePtr exchange(const std::string& head, const std::string& body = "");

    struct Answer {
        int status = 0;
        std::string reason;
        std::string fields;
        std::string body;  // everything, the file's bytes included
        bool complete = false;
        bool had_file = false;
        std::string route;
    };
    // Serves on the calling thread. The pipe must be large enough for what comes behind the first block.
    Answer serve(Application& application, dispatch::Exchange& exchange);
    Answer serve(Application& application, const std::string& head, const std::string& body = "");
    Answer answer(dispatch::Exchange& exchange);

    dispatch::Inbox& inbox() { return inbox_; }
    std::shared_ptr<dispatch::Peer> peer = default_peer();

  private:
    static std::shared_ptr<dispatch::Peer> default_peer();

    dispatch::Inbox inbox_;
};

// GET / of an application that is given as source.
Connection::Answer get(const std::string& source, const std::string& head = "GET / HTTP/1.1");

}  // namespace baton::interp::test
