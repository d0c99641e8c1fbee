#include "server/admin/live.hpp"

#include <algorithm>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <utility>

#include "server/admin/gil_status.hpp"
#include "server/admin/loop_status.hpp"
#include "server/admin/status.hpp"
#include "server/dispatch/clock.hpp"
#include "server/history/json.hpp"

namespace baton::admin {
namespace {

namespace json = boost::json;
namespace asio = boost::asio;

constexpr std::string_view kEventStream = "text/event-stream";
constexpr metrics::Nanoseconds kPeriod = 1'000'000'000;
constexpr std::chrono::seconds kPatience{10};
constexpr int kSendBuffer = 64 * 1024;
// How long a browser waits before it comes again.
constexpr std::string_view kGreeting = "retry: 2000\n\n";

double wall_clock() {
    return std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
}

// JSON text has no line ends of its own, so one line of data is enough.
std::string event(std::string_view name, std::string_view data) {
    std::string out = "event: ";
    out.append(name).append("\ndata: ").append(data).append("\n\n");
    return out;
}

}  // namespace

class Live::Viewer {
  public:
    explicit Viewer(Live& live) : live_(live) { ++live_.viewers_; }
    ~Viewer() {
        if (--live_.viewers_ == 0) live_.routes_.forget();
    }
    Viewer(const Viewer&) = delete;
    Viewer& operator=(const Viewer&) = delete;

    // What it has been told already.
    std::uint64_t news = 0;
    std::uint64_t slow = ~std::uint64_t{0};

  private:
    Live& live_;
};

Live::Live(metrics::Observatory& observatory, std::function<Readiness()> readiness)
    : observatory_(observatory), readiness_(std::move(readiness)) {
    history_.add(history::moment(observatory_.observe(), dispatch::now(), wall_clock()));
}

void Live::tick() {
    const metrics::Nanoseconds now = dispatch::now();
    // Before the labels are read: so every route in it has one there.
    slow_.add(observatory_.take_slow(slow_.threshold(now)), now);
    const metrics::Observation seen = observatory_.observe();
    history_.add(history::moment(seen, now, wall_clock()));
    next_ = now + kPeriod;
    if (viewers_ > 0) publish(seen);
}

void Live::publish(const metrics::Observation& seen) {
    routes_.add(seen, dispatch::now());
    auto news = std::make_shared<News>();
    news->number = news_->number + 1;
    news->text = event("now", now_json(seen));
    news->slow_version = slow_.version();
    const bool same = !news_->slow.empty() && news_->slow_version == news->slow_version;
    news->slow = same ? news_->slow : event("slow", slow_json(seen));
    news_ = std::move(news);
}

std::string Live::now_json(const metrics::Observation& seen) const {
    json::object out{{"state", word(readiness_())}, {"viewers", viewers_}};
    if (history_.size() > 0)
        out["sample"] = history::sample_object(history_.at(history_.size() - 1), history_.columns());
    out["routes"] = history::routes_object(routes_, seen, kMostRoutes);
    out["threads"] = threads_object(seen.threads);
    out["python_threads"] = python_threads_array(seen);
    out["event_loops"] = loops_array(seen);
    out["blame"] = blame_array(seen);
    return json::serialize(out);
}

std::string Live::slow_json(const metrics::Observation& seen) const {
    const double epoch = wall_clock() - static_cast<double>(dispatch::now()) / 1e9;
    return json::serialize(history::slow_array(slow_.slowest(), seen.route_labels, epoch));
}

std::string Live::history_json() const {
    return history::history_json(history_);
}

Reply Live::events() {
    if (readiness_() == Readiness::draining) return plain(503, "draining\n");
    if (viewers_ == kMostViewers) return plain(503, "there are enough viewers\n");
    auto viewer = std::make_shared<Viewer>(*this);
    // For the first who looks: what there is was made for others, long ago.
    if (viewers_ == 1) publish(observatory_.observe());
    Stream stream{.type = kEventStream};
    stream.patience = kPatience;
    stream.send_buffer = kSendBuffer;
    stream.probe = ":\n\n";  // a comment
    stream.run = [this, viewer = std::move(viewer)](Sink& sink) { return show(sink, viewer); };
    return stream;
}

asio::awaitable<void> Live::show(Sink& sink, std::shared_ptr<Viewer> viewer) {
    bool there = co_await sink.write(kGreeting);
    while (there) {
        const std::shared_ptr<const News> news = news_;
        if (viewer->slow != news->slow_version) {
            viewer->slow = news->slow_version;
            there = co_await sink.write(news->slow);
            if (!there) co_return;
        }
        if (viewer->news != news->number) {
            viewer->news = news->number;
            there = co_await sink.write(news->text);
            if (!there) co_return;
        }
        if (readiness_() == Readiness::draining) {
            co_await sink.write(event("end", "\"draining\""));
            co_return;
        }
        const metrics::Nanoseconds rest = next_ - dispatch::now();
        const auto pause = std::clamp<metrics::Nanoseconds>(rest, 10'000'000, kPeriod);
        there = co_await sink.wait(std::chrono::nanoseconds(pause));
    }
}

}  // namespace baton::admin
