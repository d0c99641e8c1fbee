// One connection to a target, and the request that is on it. HTTP and WebSocket have one each.
//
// Threads: the worker's. Lifetime: counted; operations in flight hold a reference, so the worker may let go
// of a channel at any time. Cannot: hold two requests at once (no pipelining: browsers and proxies do not
// either).
#pragma once

#include <boost/smart_ptr/intrusive_ptr.hpp>
#include <boost/smart_ptr/intrusive_ref_counter.hpp>
#include <cstddef>

#include "loadgen/engine/job.hpp"

namespace loadgen::engine {

class Channel;

// Who is told how requests end: the worker.
class Owner {
  public:
    // A connection that took so long to open, TLS and upgrade included.
    virtual void opened(Nanoseconds took) = 0;
    // After this call the channel is idle, or, when `open` is false, at its end.
    virtual void ended(Channel& channel, const Ended& ended, bool open) = 0;
    // An idle channel has been closed by the target.
    virtual void closed(Channel& channel) = 0;

  protected:
    ~Owner() = default;
};

class Channel : public boost::intrusive_ref_counter<Channel, boost::thread_unsafe_counter> {
  public:
    explicit Channel(std::size_t pool) : pool_(pool) {}
    virtual ~Channel() = default;
    Channel(const Channel&) = delete;
    Channel& operator=(const Channel&) = delete;

    // On a new channel it connects first.
    virtual void start(const Job& job) = 0;
    // Gives up: the request in hand ends with this failure (Owner::ended), an idle channel just ends.
    virtual void abort(result::Failure failure) = 0;

    const Job& job() const noexcept { return job_; }
    // The connections it may stand in for: those of the same target, protocol and pace.
    std::size_t pool() const noexcept { return pool_; }

    // Where it stands in the worker's list of channels with a request.
    std::size_t position = 0;

  protected:
    Job job_;

  private:
    std::size_t pool_;
};

using ChannelPtr = boost::intrusive_ptr<Channel>;

}  // namespace loadgen::engine
