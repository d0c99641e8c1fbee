// From what an account's owner wrote down to slices.
//
// Threads: whoever stops a recording, after it. Lifetime: refers to the Trace that it fills, and to the
// recording's memory, while it reads. Cannot: read a log that is still being written.
#pragma once

#include <cstdint>
#include <optional>

#include "interp/gil/account.hpp"
#include "interp/gil/trace.hpp"

namespace baton::gil::trace {

// What an account said when the recording began.
struct Before {
    const Account* account = nullptr;
    int thread_id = 0;
    Tag tag = kOtherThreads;
    State state = State::kOff;
    std::int64_t since = 0;
};

class Reader {
  public:
    explicit Reader(Trace& into) : out_(into) {}

    // Adds the account's threads. `before` may be null: it had no owner.
    void read(const Account& account, std::uint32_t recording, const Before* before);

  private:
    void read_log(const Chunk* chunk, const Before* before);
    // Returns how many slots it took.
    std::size_t apply(const Slot& slot, const Before* before);
    void attached(const Slot& slot, const Before* before);
    void silent(const Account& account, const Before& before);
    void change(State to, std::int64_t at, bool forced = false);
    void request_begins(Tag route, std::int64_t at);
    void name_request(const Slot& slot);
    void no_request();
    void finish_track();

    Trace& out_;
    TraceTrack track_;
    Tag name_ = kOtherThreads;  // when a thread has none of its own any more
    State state_ = State::kOff;
    std::int64_t since_ = 0;
    std::uint32_t request_ = 0;
    bool awaiting_ = false;
    std::size_t awaited_from_ = 0;  // slices that are the next request's
};

}  // namespace baton::gil::trace
