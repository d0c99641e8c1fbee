// /trace: a recording of the GIL's timeline, as long as asked for, and then as a file.
//
// Threads: the admin thread. Reading and writing down what was recorded takes a while: that is done on a
// thread of its own, which begins with the first recording, so that other pages are answered meanwhile.
// Lifetime: `source` and `clocks` outlive it, and it outlives what it has answered; stop() comes before the
// end of the io_context of those answers. Cannot: record while a recording is under way or being handed out:
// the memory is there for one.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/thread_pool.hpp>
#include <chrono>
#include <memory>
#include <optional>
#include <string_view>

#include "server/admin/stream.hpp"
#include "server/metrics/thread_clocks.hpp"
#include "server/trace/recording.hpp"

namespace baton::admin {

// The trailer's field: "seconds=4.998; dropped=0". How long the recording became, which nobody knows before,
// and how many changes there was no room for.
inline constexpr std::string_view kTraceTrailer = "Baton-Trace";

class TracePage {
  public:
    // `patience`: how long a client may take to read a recording, from its end on; nobody else can have one
    // meanwhile.
    TracePage(const trace::Source& source, metrics::ThreadClocks& clocks,
              std::chrono::milliseconds patience = std::chrono::minutes(2));
    ~TracePage();
    TracePage(const TracePage&) = delete;
    TracePage& operator=(const TracePage&) = delete;

    Reply answer(std::string_view target);
    // When nobody calls answer() any more. Waits for what is being read.
    void stop();

  private:
    class Recorder;
    struct Choice {
        double seconds = 5.0;
        bool json = false;
    };
    static std::variant<Choice, std::string> choice(std::string_view target);
    boost::asio::awaitable<void> record(Sink& sink, std::shared_ptr<Recorder> recorder, Choice chosen);
    void provide_reader();

    const trace::Source& source_;
    metrics::ThreadClocks& clocks_;
    const std::chrono::milliseconds patience_;
    bool taken_ = false;
    std::optional<boost::asio::thread_pool> reader_;
};

}  // namespace baton::admin
