// What the live page shows: the history, which is always kept, and each second's news for those who look.
//
// Threads: the admin thread. Lifetime: what its constructor is given outlives it; it outlives the streams.
// Cannot: have more than kMostViewers at once, or wait for one that does not read: it is dropped.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "server/admin/readiness.hpp"
#include "server/admin/stream.hpp"
#include "server/history/history.hpp"
#include "server/history/route_rates.hpp"
#include "server/history/slow_book.hpp"
#include "server/metrics/observatory.hpp"

namespace baton::admin {

class Live {
  public:
    static constexpr std::size_t kMostViewers = 16;
    static constexpr std::size_t kMostRoutes = 100;

    Live(metrics::Observatory& observatory, std::function<Readiness()> readiness);

    // To be called once a second. Without viewers it takes a sample, and nothing else.
    void tick();

    // The last 15 minutes, for the start of a page.
    std::string history_json() const;
    // Server-sent events; 503 when there are too many viewers already, or the server drains.
    Reply events();

    std::size_t viewers() const { return viewers_; }

  private:
    class Viewer;
    struct News {
        std::uint64_t number = 0;
        std::string text;
        std::uint64_t slow_version = 0;
        std::string slow;
    };

    void publish(const metrics::Observation& seen);
    std::string now_json(const metrics::Observation& seen) const;
    std::string slow_json(const metrics::Observation& seen) const;
    boost::asio::awaitable<void> show(Sink& sink, std::shared_ptr<Viewer> viewer);

    metrics::Observatory& observatory_;
    const std::function<Readiness()> readiness_;
    history::History history_;
    history::SlowBook slow_;
    history::RouteRates routes_;  // while somebody looks
    std::size_t viewers_ = 0;
    std::shared_ptr<const News> news_ = std::make_shared<News>();
    metrics::Nanoseconds next_ = 0;  // when there will be news
};

}  // namespace baton::admin
