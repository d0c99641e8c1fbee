// A page of a server's admin address, for the commands that ask a running server.
//
// Threads: any; blocks its caller, at the longest for `timeout`. Lifetime: results own everything; a thread
// may be left behind that looks up a name (resolve.hpp). Cannot: speak TLS, follow redirections, or take more
// bytes than it is told to.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "server/client/trouble.hpp"
#include "server/config/config.hpp"
#include "server/config/parsed.hpp"

namespace baton::client {

inline constexpr std::string_view kDefaultUrl = "http://127.0.0.1:9180";

// http://HOST:PORT, with or without http:// and a slash at the end.
config::Parsed<config::TcpAddress> admin_address(std::string_view url);

struct Body {
    std::string bytes;
};

// What GET `path` (with its query) answers, when that is a 200 of at most `limit` bytes. `timeout` is for all
// of it.
std::variant<Body, Trouble> fetch(std::string_view url, std::string_view path, std::uint64_t limit,
                                  std::chrono::milliseconds timeout);

// The same, piece by piece. `take` says why it cannot take a piece, or nothing; then that is the trouble.
using Take = std::function<std::optional<Trouble>(std::string_view piece)>;
// A field of the answer's, or of the trailer behind it. Empty: there is none.
struct Field {
    std::string_view name;  // a constant
    std::string value{};
};
std::optional<Trouble> fetch_into(const Take& take, std::string_view url, std::string_view path,
                                  std::uint64_t limit, std::chrono::milliseconds timeout,
                                  Field* field = nullptr);

}  // namespace baton::client
