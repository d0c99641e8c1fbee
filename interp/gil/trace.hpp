// The GIL's timeline: what every thread did, from one moment to another, exactly as the books have it.
//
// Threads: start(), stop() and abandon() from any, one recording at a time; name_request() for the calling
// thread. Lifetime: a Recording owns everything; the memory it is read from (32 MiB at most, 16 bytes for a
// change) is there from start() to stop(). Cannot: tell of a process that is forked meanwhile, which records
// nothing, or of what no longer fits: then it ends early and says so.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "interp/gil/ledger.hpp"
#include "interp/gil/tags.hpp"
#include "interp/gil/trace_log.hpp"

namespace baton::gil {

// Times in nanoseconds of CLOCK_MONOTONIC.
struct TraceSlice {
    std::int64_t begin = 0;
    std::int64_t end = 0;
    std::uint32_t request = 0;  // number in Trace::requests; 0: none's
    Doing doing = Doing::off_gil;
    bool forced = false;  // a hold that ended because another thread asked
};

struct TraceRequest {
    Tag route = kOther;
    std::uint8_t id_size = 0;  // 0 when nothing happened in it meanwhile: then nobody has said who it is
    std::uint8_t path_size = 0;
    std::uint32_t at = 0;      // in Trace::text: the id, and behind it the path's first 64 bytes
    std::uint32_t number = 0;  // as in trace::RequestName
};

// A thread on one GIL. Its slices do not overlap and are in order; between them it is off the GIL and has no
// request.
struct TraceTrack {
    std::size_t gil = 0;  // Snapshot::entry
    int thread_id = 0;
    std::string name;
    std::vector<TraceSlice> slices;
};

struct Trace {
    std::int64_t begin = 0;
    std::int64_t end = 0;       // where the memory was full, when it was
    std::uint64_t dropped = 0;  // changes that did not fit
    std::vector<TraceTrack> tracks;
    std::vector<TraceRequest> requests;  // the first is nobody's
    std::string text;

    std::string_view id(const TraceRequest& request) const {
        return std::string_view(text).substr(request.at, request.id_size);
    }
    std::string_view path(const TraceRequest& request) const {
        return std::string_view(text).substr(request.at + request.id_size, request.path_size);
    }
};

enum class TraceStart : std::uint8_t { begun, busy, no_books, no_memory };
TraceStart start_trace();
// Only after start_trace() has begun one.
Trace stop_trace();
void abandon_trace() noexcept;

// The request for which begin_request() was called last on this thread.
void name_request_now(const trace::RequestName& name) noexcept;
inline void name_request(const trace::RequestName& name) noexcept {
    if (trace::on()) [[unlikely]]
        name_request_now(name);
}

}  // namespace baton::gil
