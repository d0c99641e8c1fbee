// Publishes one run at an address of its own: zeros before it, its figures while it runs, the last ones
// behind it.
//
// Threads: begin() and end() by the one that runs; scrapes come on the listener's. Lifetime: the plan
// outlives it; the collector lives between begin() and end(). Cannot: publish two runs.
#pragma once

#include <boost/asio/ip/tcp.hpp>
#include <mutex>
#include <string>

#include "loadgen/metrics/listener.hpp"
#include "loadgen/plan/plan.hpp"
#include "loadgen/result/collector.hpp"

namespace loadgen::metrics {

class Publisher {
  public:
    // Throws as Listener does.
    Publisher(const plan::Plan& plan, const boost::asio::ip::tcp::endpoint& at);

    void begin(const result::Collector& collector);
    void end();
    std::string url() const { return listener_.url(); }

  private:
    std::string text() const;

    const plan::Plan& plan_;
    mutable std::mutex mutex_;  // held while a text is made, so that end() waits for it
    const result::Collector* collector_ = nullptr;
    result::Collector::Progress last_;
    bool over_ = false;
    Listener listener_;  // the last: its thread uses the others
};

}  // namespace loadgen::metrics
