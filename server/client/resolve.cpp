#include "server/client/resolve.hpp"

#include <fmt/format.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/address.hpp>
#include <boost/system/system_error.hpp>
#include <future>
#include <thread>
#include <utility>

namespace baton::client {

namespace asio = boost::asio;
using asio::ip::tcp;

Endpoints ask_system(const std::string& host, std::uint16_t port) {
    asio::io_context io{1};
    Endpoints endpoints;
    for (const auto& entry : tcp::resolver(io).resolve(host, std::to_string(port)))
        endpoints.push_back(entry.endpoint());
    return endpoints;
}

std::variant<Endpoints, Trouble> resolve(const config::TcpAddress& address, Deadline deadline,
                                         const Lookup& lookup) {
    boost::system::error_code no_number;
    const asio::ip::address number = asio::ip::make_address(address.host, no_number);
    if (!no_number) return Endpoints{{number, address.port}};

    std::packaged_task<Endpoints()> task(
        [lookup, host = address.host, port = address.port] { return lookup(host, port); });
    std::future<Endpoints> found = task.get_future();
    std::thread(std::move(task)).detach();
    if (found.wait_until(deadline) != std::future_status::ready)
        return Trouble{fmt::format("{}: looking up the name took too long", address.host)};
    try {
        return found.get();
    } catch (const boost::system::system_error& error) {
        return Trouble{fmt::format("{}: {}", address.host, error.code().message())};
    }
}

}  // namespace baton::client
