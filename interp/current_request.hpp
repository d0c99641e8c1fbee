// Which request the calling thread has, for whoever reports on the thread without knowing its worker.
//
// Threads: each thread has one of its own and reads nobody else's. Lifetime: the thread's; the Exchange is
// referred to between begins() and ends() only. Cannot: remember requests, but for the last long one: the
// hold of the GIL that it was may end only after it.
#pragma once

#include <atomic>
#include <cstdint>
#include <limits>
#include <string>

#include "interp/gil/request_note.hpp"
#include "interp/gil/trace.hpp"
#include "server/dispatch/exchange.hpp"

namespace baton::interp {

class CurrentRequest {
  public:
    using Nanoseconds = dispatch::Nanoseconds;

    // A request as a report names it.
    struct Mark {
        std::string id;
        std::uint32_t route = 0;  // 0: not known yet
        std::string path;
        Nanoseconds begun = 0;
        Nanoseconds ended = 0;
    };

    // Set once, before there are interpreter threads: requests that took as long are remembered.
    static inline std::atomic<Nanoseconds> long_is{std::numeric_limits<Nanoseconds>::max()};

    // `number`: as in gil::trace::RequestName.
    void begins(const dispatch::Exchange& exchange, Nanoseconds at, std::uint32_t number = 0) {
        exchange_ = &exchange;
        begun_ = at;
        number_ = number;
        gil::note_request(static_cast<gil::Tag>(exchange.route), at,
                          {exchange.id, exchange.request.method(), exchange.request.raw_path()});
        gil::name_request({exchange.id, exchange.request.path(), number});
    }
    void ends(Nanoseconds at) {
        if (at - begun_ >= long_is.load(std::memory_order_relaxed)) last_long_ = mark(at);
        exchange_ = nullptr;
        gil::forget_request();
    }

    // For a timeline that begins in the middle of it; empty when there is none.
    gil::trace::RequestName name() const noexcept {
        if (exchange_ == nullptr) return {};
        return {exchange_->id, exchange_->request.path(), number_};
    }
    bool had_any() const { return begun_ != 0; }
    bool has_one() const { return exchange_ != nullptr; }
    // Of the one that it has, up to now.
    Mark mark(Nanoseconds now) const {
        return {exchange_->id, exchange_->route, std::string(exchange_->request.path()), begun_, now};
    }
    const Mark& last_long() const { return last_long_; }

  private:
    const dispatch::Exchange* exchange_ = nullptr;
    Nanoseconds begun_ = 0;
    std::uint32_t number_ = 0;
    Mark last_long_;
};

inline thread_local CurrentRequest current_request;

}  // namespace baton::interp
