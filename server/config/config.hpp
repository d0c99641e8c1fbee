// Everything that can be chosen, validated, as one constant value.
//
// Threads: built before any thread starts, read by all afterwards.
// Lifetime: main owns it; everybody else keeps a const reference.
// Cannot: change while the server runs.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace baton::config {

struct TcpAddress {
    std::string host;  // an address or a name; IPv6 without brackets
    std::uint16_t port = 0;
    bool operator==(const TcpAddress&) const = default;
};
struct UnixAddress {
    std::string path;
    bool operator==(const UnixAddress&) const = default;
};
struct InheritedSocket {
    int fd = -1;
    bool operator==(const InheritedSocket&) const = default;
};
using BindAddress = std::variant<TcpAddress, UnixAddress, InheritedSocket>;
std::string to_string(const BindAddress& address);

enum class Interface { automatic, wsgi, asgi };
enum class EventLoop { automatic, asyncio, uvloop };
enum class Lifespan { automatic, on, off };
enum class AccessLog { off, common, json, format };
enum class LogLevel { debug, info, warning, error };

struct Tls {
    std::string certificate;          // PEM chain; empty: no TLS
    std::string key;                  // PEM
    std::string client_ca;            // PEM; empty: no client certificates asked for
    std::string min_version = "1.2";  // "1.2" or "1.3"
    bool enabled() const { return !certificate.empty(); }
};

struct Limits {
    std::size_t header_bytes = 64 * 1024;  // request line and fields together
    std::size_t target_bytes = 16 * 1024;  // request target alone
    std::size_t header_fields = 200;
    std::uint64_t body_bytes = 1ULL << 30;
    std::size_t body_buffer_bytes = 256 * 1024;  // larger bodies are streamed to the application
    std::size_t connections = 10'000;
    std::size_t queue = 1'024;  // requests waiting for an interpreter thread
};

// Zero means no limit.
struct Timeouts {
    std::chrono::milliseconds header{
        10'000};  // first byte of a request to the end of its head; also TLS handshakes
    std::chrono::milliseconds body{30'000};        // between two reads of a request body
    std::chrono::milliseconds send{30'000};        // between two writes that the client takes
    std::chrono::milliseconds keep_alive{75'000};  // an idle connection
    std::chrono::milliseconds queue{10'000};       // in the queue
    std::chrono::milliseconds request{0};          // head complete to end of response
    std::chrono::milliseconds drain{30'000};       // in-flight requests after SIGTERM
};

struct WebSocket {
    std::size_t max_message_bytes = 16 * 1024 * 1024;  // larger messages are refused with 1009
    std::chrono::milliseconds ping_interval{20'000};   // zero: no pings
    std::chrono::milliseconds ping_timeout{20'000};    // for the answer to one; zero: no limit
    bool compression = true;                           // permessage-deflate, when the client offers it
};

enum class GilPolicy { latency, cpython };

// Equal: that many. Otherwise the server chooses between the two, inclusive.
struct ThreadBounds {
    unsigned min = 0;
    unsigned max = 0;
    bool operator==(const ThreadBounds&) const = default;
};

// An application that serves the paths below a prefix, beside the one that serves the rest.
struct MountedApplication {
    std::string prefix;       // "/api", without a slash at its end
    std::string application;  // "module:callable"
    bool factory = false;     // call it (without arguments) to get the application
    bool operator==(const MountedApplication&) const = default;
};

struct Python {
    std::string application;  // "module:callable"
    bool factory = false;     // call it (without arguments) to get the application
    std::vector<MountedApplication> mounts;
    Interface interface = Interface::automatic;     // of all applications
    EventLoop event_loop = EventLoop::automatic;    // that runs ASGI applications
    Lifespan lifespan = Lifespan::automatic;        // of ASGI applications
    std::chrono::milliseconds slow_callbacks{100};  // of the event loop, that are logged; zero: none
    std::string chdir;
    std::vector<std::string> path;          // put in front of sys.path, after the working directory
    std::string venv;                       // root of a virtual environment; empty: none
    std::optional<double> switch_interval;  // seconds
    GilPolicy gil_policy = GilPolicy::latency;
    ThreadBounds threads;  // interpreter threads
};

struct Config {
    std::vector<BindAddress> bind;
    std::optional<TcpAddress> admin;
    unsigned io_threads = 1;
    std::vector<std::string> routes;
    bool server_timing = false;
    std::chrono::milliseconds long_holds{0};  // of the GIL, that are logged; zero: none
    Tls tls;
    Limits limits;
    Timeouts timeouts;
    WebSocket web_socket;
    Python python;
    double cpus = 1;  // that the process may use; not an option
    AccessLog access_log = AccessLog::off;
    std::string access_log_format;
    LogLevel log_level = LogLevel::info;
};

}  // namespace baton::config
