// The requests of a plan as bytes, made once: what goes out for an endpoint is the same each time.
//
// Threads: const, so any. Lifetime: as long as the workers. Cannot: vary from request to request.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "loadgen/plan/plan.hpp"

namespace loadgen::engine {

struct Prepared {
    const plan::Endpoint* endpoint = nullptr;
    std::string head;       // request line and fields, with the empty line
    std::string body;       // as it goes out, chunks included
    std::size_t pool = 0;   // requests of one pool can share connections
    std::size_t where = 0;  // which of Targets
};

std::vector<Prepared> prepare(const plan::Plan& plan);

// A request that may be sent a second time when an idle connection turns out to be closed (RFC 9110, 9.2.2).
bool idempotent(const plan::Endpoint& endpoint) noexcept;

}  // namespace loadgen::engine
