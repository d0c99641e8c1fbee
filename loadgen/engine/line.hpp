// What all channels of one worker share, and how a socket is made ready.
//
// Threads: the worker's. Lifetime: references to what outlives the channels. Cannot: own anything.
#pragma once

#include <boost/asio/io_context.hpp>
#include <vector>

#include "loadgen/engine/channel.hpp"
#include "loadgen/engine/prepared.hpp"
#include "loadgen/engine/targets.hpp"

namespace loadgen::engine {

struct Line {
    boost::asio::io_context& io;
    Targets& targets;
    const std::vector<Prepared>& prepared;
    Owner& owner;
};

// Opens the socket for this place; a slow reader gets a small window, or the kernel would read for it.
void open_socket(Socket& socket, const Place& place, const plan::Pace& pace,
                 boost::system::error_code& error);

// Why there is no connection: this machine has no more ports, descriptors or memory, or no way there; or
// else the target does not have it.
result::Failure no_connection(const boost::system::error_code& error) noexcept;

// A target that closes an idle connection while a request is on its way answers at once, with a reset. What
// breaks later had been in work, and to send it again would hide that.
constexpr Nanoseconds kStale = std::chrono::milliseconds(50);

// A slow client moves its bytes in twenty pieces a second.
constexpr Nanoseconds kBeat = std::chrono::milliseconds(50);
constexpr std::size_t piece_of(std::uint64_t bytes_per_second) noexcept {
    return bytes_per_second / 20 + (bytes_per_second < 20 ? 1 : 0);
}
// Below twenty bytes a second the pieces are single bytes, further apart.
constexpr Nanoseconds beat_of(std::uint64_t bytes_per_second) noexcept {
    return bytes_per_second < 20 ? Nanoseconds(1'000'000'000 / bytes_per_second) : kBeat;
}

}  // namespace loadgen::engine
