#include "server/admin/trace_page.hpp"

#include <fmt/format.h>
#include <pthread.h>

#include <array>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <charconv>
#include <ctime>
#include <functional>
#include <string>

#include "server/admin/query.hpp"
#include "server/trace/json.hpp"
#include "server/trace/perfetto.hpp"
#include "server/trace/pieces.hpp"

namespace baton::admin {

namespace {

namespace asio = boost::asio;

// Before a recording, where they say nothing: a space, and a packet without fields.
constexpr std::string_view kNoJson = " ";
constexpr std::string_view kNoPacket("\x0A\x00", 2);

constexpr double kShortest = 0.01;
constexpr double kLongest = 60.0;

std::optional<double> seconds(std::string_view text) {
    double value = 0.0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
    if (!(value >= kShortest && value <= kLongest)) return std::nullopt;  // nor is it NaN
    return value;
}

std::string disposition(bool json) {
    std::array<char, 32> at{};
    const std::time_t now = std::time(nullptr);
    std::tm parts{};
    gmtime_r(&now, &parts);
    std::strftime(at.data(), at.size(), "%Y%m%d-%H%M%S", &parts);
    return "attachment; filename=\"baton-gil-" + std::string(at.data()) + (json ? ".json\"" : ".pftrace\"");
}

std::string summary_of(const trace::Recording& recording) {
    return fmt::format("seconds={:.6f}; dropped={}",
                       static_cast<double>(recording.end - recording.begin) / 1e9, recording.dropped);
}

// What `make` returns, made on a thread of the pool. It is called by reference: it has to be there meanwhile.
asio::awaitable<std::string> on_thread_of(asio::thread_pool& pool, const std::function<std::string()>& make) {
    const auto call = [job = &make]() -> asio::awaitable<std::string> { co_return (*job)(); };
    co_return co_await asio::co_spawn(pool, call, asio::use_awaitable);
}

}  // namespace

// A recording from its beginning until it has been handed out, or nobody wants it any more.
class TracePage::Recorder {
  public:
    explicit Recorder(TracePage& page) : page_(page) {}
    ~Recorder() {
        if (running_) page_.source_.abandon();
        release();
    }
    Recorder(const Recorder&) = delete;
    Recorder& operator=(const Recorder&) = delete;

    trace::Source::Start start() {
        if (page_.taken_) return trace::Source::Start::busy;
        trace::Source::Start start(trace::Source::Start::impossible, "nobody can record it");
        if (page_.source_.start) start = page_.source_.start();
        running_ = taking_ = page_.taken_ = start.outcome == trace::Source::Start::begun;
        return start;
    }
    trace::Recording stop() {
        running_ = false;
        return page_.source_.stop();
    }
    // The next may begin.
    void release() {
        if (std::exchange(taking_, false)) page_.taken_ = false;
    }

  private:
    TracePage& page_;
    bool running_ = false;
    bool taking_ = false;
};

TracePage::TracePage(const trace::Source& source, metrics::ThreadClocks& clocks,
                     std::chrono::milliseconds patience)
    : source_(source), clocks_(clocks), patience_(patience) {}

TracePage::~TracePage() {
    stop();
}

void TracePage::stop() {
    if (!reader_) return;
    asio::post(*reader_, [this] { clocks_.leave(); });
    // Not stopped: what is queued there, and waits for its end, must not be left to later.
    reader_->join();
    reader_.reset();
}

// The thread inherits that all signals are blocked.
void TracePage::provide_reader() {
    if (reader_) return;
    reader_.emplace(1);
    asio::post(*reader_, [this] {
        pthread_setname_np(pthread_self(), "baton-trace");
        clocks_.enter(metrics::Role::admin);
    });
}

// What is asked for, or what is wrong with it.
std::variant<TracePage::Choice, std::string> TracePage::choice(std::string_view target) {
    Choice chosen;
    const Query query(target);
    for (const auto& [name, value] : query.all()) {
        if (name == "seconds") {
            const std::optional<double> read = seconds(value);
            if (!read) return "seconds must be a number from 0.01 to 60\n";
            chosen.seconds = *read;
        } else if (name == "format") {
            if (value != "perfetto" && value != "json") return "format must be perfetto or json\n";
            chosen.json = value == "json";
        } else {
            return "there is no such parameter; there are seconds and format\n";
        }
    }
    return chosen;
}

asio::awaitable<void> TracePage::record(Sink& sink, std::shared_ptr<Recorder> recorder, Choice chosen) {
    const std::chrono::duration<double> time(chosen.seconds);
    if (!co_await sink.wait(std::chrono::duration_cast<std::chrono::nanoseconds>(time))) co_return;
    sink.ends_by(std::chrono::steady_clock::now() + patience_);
    std::optional<trace::Pieces> pieces;
    std::string summary;
    const std::function<std::string()> next = [&] {
        if (!pieces) {
            trace::Recording recording = recorder->stop();
            summary = summary_of(recording);
            pieces.emplace(std::move(recording), chosen.json ? trace::json() : trace::perfetto());
        }
        return pieces->next();
    };
    std::string piece = co_await on_thread_of(*reader_, next);
    while (!piece.empty()) {
        const bool there = co_await sink.write(piece);
        if (!there) co_return;
        piece = co_await on_thread_of(*reader_, next);
    }
    // Before the client knows that it has everything: it may ask for the next at once.
    pieces.reset();
    recorder->release();
    sink.trail(kTraceTrailer, summary);
}

Reply TracePage::answer(std::string_view target) {
    const auto asked = choice(target);
    if (const auto* const wrong = std::get_if<std::string>(&asked)) return plain(400, *wrong);
    const Choice chosen = std::get<Choice>(asked);
    // Whatever fails for want of memory or threads fails before the recording begins, or ends it.
    provide_reader();
    auto recorder = std::make_shared<Recorder>(*this);
    const trace::Source::Start start = recorder->start();
    if (start.outcome == trace::Source::Start::busy)
        return plain(409, "a recording is under way; there is one at a time\n");
    if (start.outcome == trace::Source::Start::impossible)
        return plain(503, fmt::format("there is no recording: {}\n", start.why));
    return Stream{.type = chosen.json ? "application/json" : "application/octet-stream",
                  .fields = {{"Content-Disposition", disposition(chosen.json)}},
                  .run = [this, recorder = std::move(recorder),
                          chosen](Sink& sink) { return record(sink, recorder, chosen); },
                  .trailer = kTraceTrailer,
                  .probe = chosen.json ? kNoJson : kNoPacket};
}

}  // namespace baton::admin
