#include "loadgen/cli/listen_at.hpp"

#include <fmt/format.h>

#include <boost/asio/io_context.hpp>

#include "loadgen/cli/fleet_flags.hpp"

namespace loadgen::cli {

using boost::asio::ip::tcp;

plan::Parsed<tcp::endpoint> listen_at(const std::string& flag, const std::string& text) {
    const plan::Parsed<HostPort> parsed = parse_host_port(text);
    if (!parsed) return plan::Fault{flag + ": " + parsed.why()};
    boost::asio::io_context io;
    boost::system::error_code error;
    const auto found = tcp::resolver(io).resolve(parsed->host, parsed->port, tcp::resolver::passive, error);
    if (error || found.empty()) return plan::Fault{fmt::format("{}: {}: {}", flag, text, error.message())};
    return found.begin()->endpoint();
}

}  // namespace loadgen::cli
