#include "loadgen/result/interval_json.hpp"

#include <fmt/format.h>

#include <boost/json.hpp>
#include <cmath>
#include <limits>
#include <utility>

namespace loadgen::result {

namespace json = boost::json;

namespace {

// No counter gets there within a second, and sums of these don't overflow.
constexpr std::uint64_t kMost = std::uint64_t{1} << 48;
constexpr std::size_t kDeepest = 8;
// Of one thread within one interval; a suspended machine may make a long one.
constexpr double kMostSeconds = 1e6;
constexpr std::size_t kLongestText = 1000;

// Caught in read_interval(); thrown so that every reader below can return what it reads.
struct Wrong {
    std::string why;
};

// --- Writing

json::value value_of(const stats::Cells& cells) {
    if (cells.total == 0) return nullptr;
    json::array counts;
    counts.reserve(cells.counts.size());
    for (const auto& [cell, count] : cells.counts) counts.push_back(json::array{cell, count});
    return json::object{{"counts", std::move(counts)},
                        {"least", cells.least.count()},
                        {"most", cells.most.count()},
                        {"sum", static_cast<std::uint64_t>(std::llround(cells.sum * 1e9))},
                        {"total", cells.total}};
}

json::value value_of(const Tally& tally) {
    json::object failures;
    for (std::size_t i = 1; i < kFailures; ++i) {
        if (tally.failures[i] > 0) failures[name_of(static_cast<Failure>(i))] = tally.failures[i];
    }
    json::array statuses;
    for (const auto& [status, count] : tally.statuses) statuses.push_back(json::array{status, count});
    return json::object{{"due", tally.due},
                        {"sent", tally.sent},
                        {"again", tally.again},
                        {"answered", tally.answered},
                        {"failures", std::move(failures)},
                        {"statuses", std::move(statuses)},
                        {"bytes_in", tally.bytes_in},
                        {"bytes_out", tally.bytes_out},
                        {"response", value_of(tally.response)},
                        {"service", value_of(tally.service)},
                        {"first_byte", value_of(tally.first_byte)},
                        {"failed", value_of(tally.failed)}};
}

// --- Reading

// The members of an object, each of which is asked for once.
class Members {
  public:
    Members(const json::value& value, std::string_view what, std::size_t expected) : what_(what) {
        object_ = value.if_object();
        if (object_ == nullptr) throw Wrong{fmt::format("{} is not an object", what)};
        if (object_->size() != expected)
            throw Wrong{fmt::format("{} has {} members instead of {}", what, object_->size(), expected)};
    }

    const json::value& at(std::string_view name) const {
        const json::value* value = object_->if_contains(name);
        if (value == nullptr) throw Wrong{fmt::format("{} has no {}", what_, name)};
        return *value;
    }

    std::uint64_t whole(std::string_view name, std::uint64_t most = kMost) const;

    const json::array& array(std::string_view name, std::size_t longest) const {
        const json::array* array = at(name).if_array();
        if (array == nullptr || array->size() > longest)
            throw Wrong{fmt::format("{} of {} is not an array of at most {}", name, what_, longest)};
        return *array;
    }

  private:
    std::string_view what_;
    const json::object* object_;
};

std::uint64_t whole_of(const json::value& value, std::string_view what, std::uint64_t most) {
    std::uint64_t number = std::numeric_limits<std::uint64_t>::max();
    if (const auto* positive = value.if_uint64()) number = *positive;
    if (const auto* whole = value.if_int64(); whole != nullptr && *whole >= 0)
        number = static_cast<std::uint64_t>(*whole);
    if (number > most) throw Wrong{fmt::format("{} is not a whole number from 0 to {}", what, most)};
    return number;
}

std::uint64_t Members::whole(std::string_view name, std::uint64_t most) const {
    return whole_of(at(name), name, most);
}

// [number, count]; a count of 0 is left out by those who write.
std::pair<std::uint64_t, std::uint64_t> pair_of(const json::value& value, std::string_view what,
                                                std::uint64_t most) {
    const json::array* pair = value.if_array();
    if (pair == nullptr || pair->size() != 2) throw Wrong{fmt::format("{} are not pairs", what)};
    return {whole_of((*pair)[0], what, most), whole_of((*pair)[1], what, kMost)};
}

stats::Cells cells_of(const json::value& value, std::string_view what) {
    stats::Cells cells;
    if (value.is_null()) return cells;
    const Members members(value, what, 5);
    const json::array& counts = members.array("counts", stats::Histogram::kCells);
    cells.counts.reserve(counts.size());
    for (const json::value& count : counts) {
        const auto [cell, times] = pair_of(count, "counts", stats::Histogram::kCells - 1);
        cells.counts.emplace_back(static_cast<std::uint32_t>(cell), times);
    }
    constexpr auto kHour = static_cast<std::uint64_t>(stats::Histogram::kHighest.count());
    cells.least = Nanoseconds(static_cast<Nanoseconds::rep>(members.whole("least", kHour)));
    cells.most = Nanoseconds(static_cast<Nanoseconds::rep>(members.whole("most", kHour)));
    cells.sum = static_cast<double>(members.whole("sum", std::numeric_limits<std::int64_t>::max())) / 1e9;
    cells.total = members.whole("total");
    if (cells.total == 0 || !stats::Histogram::could_give(cells))
        throw Wrong{fmt::format("{} is no histogram", what)};
    return cells;
}

std::map<int, std::uint64_t> statuses_of(const json::array& statuses) {
    std::map<int, std::uint64_t> out;
    for (const json::value& each : statuses) {
        const auto [status, count] = pair_of(each, "statuses", 999);
        if (!out.emplace(static_cast<int>(status), count).second)
            throw Wrong{fmt::format("status {} occurs twice", status)};
    }
    return out;
}

std::array<std::uint64_t, kFailures> failures_of(const json::value& value) {
    const json::object* failures = value.if_object();
    if (failures == nullptr) throw Wrong{"failures is not an object"};
    std::array<std::uint64_t, kFailures> out{};
    for (const auto& [name, count] : *failures) {
        const Failure failure = failure_of(name);
        if (failure == Failure::none) throw Wrong{"failures has a name that is none"};
        out[static_cast<std::size_t>(failure)] = whole_of(count, "a failure", kMost);
    }
    return out;
}

Tally tally_of(const json::value& value) {
    const Members members(value, "an endpoint", 12);
    Tally tally;
    tally.due = members.whole("due");
    tally.sent = members.whole("sent");
    tally.again = members.whole("again");
    tally.answered = members.whole("answered");
    tally.failures = failures_of(members.at("failures"));
    tally.statuses = statuses_of(members.array("statuses", 1000));
    tally.bytes_in = members.whole("bytes_in");
    tally.bytes_out = members.whole("bytes_out");
    tally.response = cells_of(members.at("response"), "response");
    tally.service = cells_of(members.at("service"), "service");
    tally.first_byte = cells_of(members.at("first_byte"), "first_byte");
    tally.failed = cells_of(members.at("failed"), "failed");
    return tally;
}

double span_of(const Members& members, std::string_view name) {
    json::error_code error;
    const auto seconds = members.at(name).to_number<double>(error);
    if (error || !(seconds >= 0 && seconds <= kMostSeconds))
        throw Wrong{fmt::format("{} is not a number of seconds", name)};
    return seconds;
}

std::map<Failure, std::string> texts_of(const json::value& value) {
    const json::object* texts = value.if_object();
    if (texts == nullptr || texts->size() >= kFailures) throw Wrong{"texts is not an object of failures"};
    std::map<Failure, std::string> out;
    for (const auto& [name, text] : *texts) {
        const Failure failure = failure_of(name);
        const json::string* string = text.if_string();
        if (failure == Failure::none || string == nullptr || string->size() > kLongestText)
            throw Wrong{"texts has a member that is none"};
        out.emplace(failure, std::string(*string));
    }
    return out;
}

Interval interval_of(const json::value& value) {
    constexpr std::uint64_t kMostWhole = std::numeric_limits<std::uint32_t>::max();
    const Members members(value, "an interval", 13);
    Interval interval;
    interval.second = static_cast<std::uint32_t>(members.whole("second", kMostWhole));
    interval.worker = static_cast<std::uint32_t>(members.whole("worker", kMostWhole));
    interval.in_flight = members.whole("in_flight");
    interval.opened = members.whole("opened");
    interval.missed = members.whole("missed");
    interval.cpu = span_of(members, "cpu");
    interval.waited = span_of(members, "waited");
    interval.stalled = span_of(members, "stalled");
    interval.late = cells_of(members.at("late"), "late");
    interval.blocked = cells_of(members.at("blocked"), "blocked");
    interval.connect = cells_of(members.at("connect"), "connect");
    interval.texts = texts_of(members.at("texts"));
    for (const json::value& endpoint : members.array("endpoints", kMostEndpoints))
        interval.endpoints.push_back(tally_of(endpoint));
    return interval;
}

}  // namespace

std::string json_of(const Interval& interval) {
    json::array endpoints;
    endpoints.reserve(interval.endpoints.size());
    for (const Tally& tally : interval.endpoints) endpoints.push_back(value_of(tally));
    json::object texts;
    for (const auto& [failure, text] : interval.texts) texts[name_of(failure)] = text;
    return json::serialize(json::object{{"second", interval.second},
                                        {"worker", interval.worker},
                                        {"in_flight", interval.in_flight},
                                        {"opened", interval.opened},
                                        {"missed", interval.missed},
                                        {"cpu", interval.cpu},
                                        {"waited", interval.waited},
                                        {"stalled", interval.stalled},
                                        {"late", value_of(interval.late)},
                                        {"blocked", value_of(interval.blocked)},
                                        {"connect", value_of(interval.connect)},
                                        {"texts", std::move(texts)},
                                        {"endpoints", std::move(endpoints)}});
}

std::variant<Interval, Unreadable> read_interval(std::string_view line) {
    if (line.size() > kLongestLine) return Unreadable{fmt::format("a line of {} bytes", line.size())};
    json::parse_options options;
    options.max_depth = kDeepest;
    json::error_code error;
    const json::value value = json::parse(line, error, {}, options);
    if (error) return Unreadable{"not JSON: " + error.message()};
    return interval_from(value);
}

std::variant<Interval, Unreadable> interval_from(const json::value& value) {
    try {
        return interval_of(value);
    } catch (const Wrong& wrong) {
        return Unreadable{wrong.why};
    }
}

}  // namespace loadgen::result
