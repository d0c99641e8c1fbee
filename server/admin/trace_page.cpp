#include "server/admin/trace_page.hpp"

#include <array>
#include <charconv>
#include <ctime>
#include <memory>
#include <optional>
#include <string>

#include "server/admin/query.hpp"
#include "server/trace/json.hpp"
#include "server/trace/perfetto.hpp"
#include "server/trace/pieces.hpp"

namespace baton::admin {

namespace {

namespace asio = boost::asio;

constexpr double kShortest = 0.01;
constexpr double kLongest = 60.0;

struct Choice {
    double seconds = 5.0;
    bool json = false;
};

std::optional<double> seconds(std::string_view text) {
    double value = 0.0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
    if (!(value >= kShortest && value <= kLongest)) return std::nullopt;  // nor is it NaN
    return value;
}

// What is asked for, or what is wrong with it.
std::variant<Choice, std::string> choice(const Query& query) {
    Choice chosen;
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

// A recording under way; given up when nobody wants it any more.
class Recorder {
  public:
    explicit Recorder(const trace::Source& source) : source_(source) {}
    ~Recorder() {
        if (running_) source_.abandon();
    }
    Recorder(const Recorder&) = delete;
    Recorder& operator=(const Recorder&) = delete;

    trace::Recording stop() {
        running_ = false;
        return source_.stop();
    }

  private:
    const trace::Source& source_;
    bool running_ = true;
};

std::string disposition(bool json) {
    std::array<char, 32> at{};
    const std::time_t now = std::time(nullptr);
    std::tm parts{};
    gmtime_r(&now, &parts);
    std::strftime(at.data(), at.size(), "%Y%m%d-%H%M%S", &parts);
    return "attachment; filename=\"baton-gil-" + std::string(at.data()) + (json ? ".json\"" : ".pftrace\"");
}

asio::awaitable<void> record(Sink& sink, std::shared_ptr<Recorder> recorder, Choice chosen) {
    const std::chrono::duration<double> time(chosen.seconds);
    if (!co_await sink.wait(std::chrono::duration_cast<std::chrono::nanoseconds>(time))) co_return;
    trace::Pieces pieces(recorder->stop(), chosen.json ? trace::json() : trace::perfetto());
    for (std::string piece = pieces.next(); !piece.empty(); piece = pieces.next()) {
        const bool there = co_await sink.write(piece);
        if (!there) co_return;
    }
}

}  // namespace

Reply trace_page(std::string_view target, const trace::Source& source) {
    const auto asked = choice(Query(target));
    if (const auto* const wrong = std::get_if<std::string>(&asked)) return plain(400, *wrong);
    const auto start = source.start ? source.start() : trace::Source::Start::impossible;
    if (start == trace::Source::Start::busy)
        return plain(409, "a recording is under way; there is one at a time\n");
    if (start == trace::Source::Start::impossible)
        return plain(503, "there is nothing to record: the GIL ledger is off\n");
    const Choice chosen = std::get<Choice>(asked);
    auto recorder = std::make_shared<Recorder>(source);
    return Stream{
        chosen.json ? "application/json" : "application/octet-stream",
        {{"Content-Disposition", disposition(chosen.json)}},
        [recorder = std::move(recorder), chosen](Sink& sink) { return record(sink, recorder, chosen); }};
}

}  // namespace baton::admin
