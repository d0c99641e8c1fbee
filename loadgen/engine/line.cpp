#include "loadgen/engine/line.hpp"

#include <algorithm>
#include <array>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/socket_base.hpp>
#include <cerrno>

namespace loadgen::engine {

namespace {

constexpr int kSlowWindow = 4096;
constexpr std::array kOwn{EADDRNOTAVAIL, EADDRINUSE, EMFILE, ENFILE, ENOBUFS, ENOMEM, ENETDOWN, ENETUNREACH};

}  // namespace

result::Failure no_connection(const boost::system::error_code& error) noexcept {
    const bool own = error.category() == boost::system::system_category() &&
                     std::find(kOwn.begin(), kOwn.end(), error.value()) != kOwn.end();
    return own ? result::Failure::local : result::Failure::refused;
}

void open_socket(Socket& socket, const Place& place, const plan::Pace& pace,
                 boost::system::error_code& error) {
    socket.open(place.address.protocol(), error);
    if (error) return;
    boost::system::error_code ignored;
    if (place.target->unix_socket.empty()) socket.set_option(boost::asio::ip::tcp::no_delay(true), ignored);
    // Before it connects: the window is agreed on then.
    if (pace.receive > 0)
        socket.set_option(boost::asio::socket_base::receive_buffer_size(kSlowWindow), ignored);
    socket.non_blocking(true, ignored);
}

}  // namespace loadgen::engine
