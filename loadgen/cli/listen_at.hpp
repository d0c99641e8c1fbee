// HOST:PORT of a flag as an address to listen at.
//
// Threads: one. Lifetime: none. Cannot: be asked twice for the same name and promise the same answer.
#pragma once

#include <boost/asio/ip/tcp.hpp>
#include <string>

#include "loadgen/plan/fault.hpp"

namespace loadgen::cli {

// `flag` is for the complaint: "--listen".
plan::Parsed<boost::asio::ip::tcp::endpoint> listen_at(const std::string& flag, const std::string& text);

}  // namespace loadgen::cli
