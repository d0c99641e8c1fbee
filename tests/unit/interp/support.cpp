#include "tests/unit/interp/support.hpp"

#include <spdlog/sinks/ostream_sink.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "interp/errors.hpp"
#include "server/http/request_parser.hpp"

namespace baton::interp::test {

namespace {

std::ostringstream& log_text() {
    static std::ostringstream text;
    return text;
}

// Started with the first test that needs it, ended after the last.
struct Python : ::testing::Environment {
    std::string path;
    std::unique_ptr<Runtime> started;

    Python() {
        std::string name = (std::filesystem::temp_directory_path() / "baton-interp-XXXXXX").string();
        if (::mkdtemp(name.data()) == nullptr) std::abort();
        path = name;
    }
    void TearDown() override {
        started.reset();
        std::filesystem::remove_all(path);
    }
};

Python* const python_environment = [] {
    auto* environment = new Python;
    ::testing::AddGlobalTestEnvironment(environment);
    return environment;
}();

}  // namespace

Runtime& runtime() {
    auto& started = python_environment->started;
    if (!started) {
        ::setenv("PYTHONDONTWRITEBYTECODE", "1", 1);
        started = std::make_unique<Runtime>(
            InterpOptions{
                .venv = "", .chdir = "", .path = {python_environment->path}, .switch_interval = 0.004},
            log());
    }
    return *started;
}

const std::string& folder() {
    return python_environment->path;
}

void write_module(const std::string& name, const std::string& source) {
    std::ofstream(folder() + "/" + name + ".py") << source;
    // The import system remembers the folder's files as long as its time stamp is the same.
    const Attach attached(runtime().main_thread());
    const Owned importlib = expect(PyImport_ImportModule("importlib"));
    expect(PyObject_CallMethod(importlib.get(), "invalidate_caches", nullptr));
}

std::string unused_name(const std::string& prefix) {
    static int number = 0;
    return prefix + std::to_string(++number);
}

spdlog::logger& log() {
    static spdlog::logger logger("test", std::make_shared<spdlog::sinks::ostream_sink_mt>(log_text()));
    return logger;
}

std::string logged() {
    std::string text = log_text().str();
    log_text().str("");
    return text;
}

LoadError load_error(const std::string& application, bool factory) {
    LoadResult result = load_application(runtime(), {application, factory});
    if (auto* error = std::get_if<LoadError>(&result)) return *error;
    ADD_FAILURE() << application << " was loaded";
    return {LoadError::Kind::bad_spec, ""};
}

std::unique_ptr<Application> make_application(const std::string& source, const wsgi::WsgiOptions& options) {
    runtime();
    const std::string name = unused_name("served_");
    write_module(name, source);
    LoadResult result = load_application(runtime(), {name + ":application", false});
    if (auto* error = std::get_if<LoadError>(&result)) throw std::runtime_error(error->text);
    return wsgi::make_wsgi(runtime(), std::move(std::get<LoadedApplication>(result)), options, log());
}

std::shared_ptr<dispatch::Peer> Connection::default_peer() {
    auto peer = std::make_shared<dispatch::Peer>();
    peer->remote_address = "192.0.2.7";
    peer->remote_port = "4711";
    peer->server_name = "127.0.0.1";
    peer->server_port = "8000";
    return peer;
}

dispatch::ExchangePtr Connection::exchange(const std::string& head, const std::string& body) {
    const dispatch::ExchangePtr exchange(new dispatch::Exchange(inbox_));
    const http::ParserLimits limits;
    http::RequestParser parser(exchange->request, limits);
    const std::string text = head + "\r\nHost: example.test\r\n\r\n" + body;
    const std::size_t used = parser.parse_head(text);
    EXPECT_EQ(parser.fault(), http::Fault::none) << parser.reason();
    std::string_view rest = std::string_view(text).substr(used);
    while (!parser.done() && !rest.empty()) {
        const std::size_t taken = parser.parse_body(rest, exchange->body.buffered);
        if (taken == 0) break;
        rest.remove_prefix(taken);
    }
    exchange->peer = peer;
    exchange->id = "test-id";
    return exchange;
}

Connection::Answer Connection::serve(Application& application, dispatch::Exchange& exchange) {
    EXPECT_TRUE(exchange.claim(dispatch::now()));
    {
        const Attach attached(runtime().main_thread());
        application.serve(exchange);
    }
    exchange.done({}, dispatch::now());
    EXPECT_TRUE(exchange.finished());
    return answer(exchange);
}

Connection::Answer Connection::serve(Application& application, const std::string& head,
                                     const std::string& body) {
    return serve(application, *exchange(head, body));
}

Connection::Answer Connection::answer(dispatch::Exchange& exchange) {
    inbox_.drain();
    Answer answer{.status = exchange.head.status,
                  .reason = exchange.head.reason,
                  .fields = exchange.head.fields,
                  .body = exchange.start,
                  .complete = (exchange.events() & dispatch::Exchange::kIncomplete) == 0,
                  .had_file = exchange.file.has_value(),
                  .route = exchange.route_name};
    if (exchange.file) {
        std::string bytes(exchange.file->length, '\0');
        const ssize_t got =
            ::pread(exchange.file->fd, bytes.data(), bytes.size(), static_cast<off_t>(exchange.file->offset));
        EXPECT_EQ(got, static_cast<ssize_t>(bytes.size()));
        answer.body += bytes;
    }
    for (std::string part; exchange.pipe().try_take(part) == http::BodyPipe::Read::data && !part.empty();) {
        answer.body += part;
        part.clear();
    }
    return answer;
}

Connection::Answer get(const std::string& source, const std::string& head) {
    const auto application = make_application(source);
    Connection connection;
    return connection.serve(*application, head);
}

}  // namespace baton::interp::test
