#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

#include "server/metrics/histogram.hpp"
#include "server/probe/report.hpp"

namespace baton::probe {

namespace {

namespace json = boost::json;

double seconds(std::int64_t nanoseconds) {
    return static_cast<double>(nanoseconds) / 1e9;
}

// Null when there is no value, or none that can be said: above the last bound.
json::value bound(const std::optional<AtMost>& value) {
    if (!value || value->beyond) return nullptr;
    return seconds(value->bound);
}

json::object histogram(const std::array<std::uint64_t, kBuckets>& buckets, std::int64_t sum) {
    json::array counts;
    for (std::size_t i = 0; i < kBuckets; ++i) {
        const json::value edge =
            i + 1 < kBuckets ? json::value(seconds(metrics::kPhaseBounds[i])) : json::value(nullptr);
        counts.push_back(json::object{{"at_most_seconds", edge}, {"count", buckets[i]}});
    }
    return {{"p50_at_most_seconds", bound(at_most(buckets, 0.5))},
            {"p99_at_most_seconds", bound(at_most(buckets, 0.99))},
            {"longest_at_most_seconds", bound(at_most(buckets, 1.0))},
            {"sum_seconds", seconds(sum)},
            {"buckets", std::move(counts)}};
}

json::object describe(const GilBook& gil) {
    return {{"held_seconds", seconds(gil.held)},
            {"waited_seconds", seconds(gil.waited)},
            {"lock_waited_seconds", seconds(gil.lock_waited)},
            {"takes", gil.takes},
            {"contended", gil.contended},
            {"forced", gil.forced},
            {"voluntary", gil.voluntary},
            {"waiters", gil.waiters},
            {"longest_hold_seconds", seconds(gil.longest_hold)},
            {"holds", histogram(gil.holds, gil.holds_sum)},
            {"waits", histogram(gil.waits, gil.waits_sum)}};
}

std::string_view word(Verdict verdict) {
    if (verdict == Verdict::exact) return "exact";
    return verdict == Verdict::refused ? "refused" : "undecided";
}

// Program text may be in any encoding; JSON is UTF-8.
std::string ascii(std::string_view text) {
    std::string out(text);
    for (char& c : out) {
        if (static_cast<unsigned char>(c) >= 0x80) c = '?';
    }
    return out;
}

json::object describe(const Book& book) {
    json::array gils;
    if (book.verdict == Verdict::exact) {
        for (std::size_t i = 0; i < book.gil_count; ++i) {
            json::object gil{{"interpreter", interpreter_name(book.gils[i])}};
            for (auto& [key, value] : describe(book.gils[i])) gil[key] = std::move(value);
            gils.push_back(std::move(gil));
        }
    }
    const std::string reason = refusal(book);
    return {{"pid", book.pid},
            {"parent", book.parent},
            {"command", ascii(book.command.data())},
            {"python", python_name(book)},
            {"books", word(book.verdict)},
            {"reason", reason.empty() ? json::value(nullptr) : json::value(reason)},
            {"ended", book.ended != 0},
            {"wall_seconds", seconds(book.written - book.started)},
            {"cpu_seconds", seconds(book.cpu)},
            {"gils", std::move(gils)}};
}

}  // namespace

std::string report_json(const Run& run, const Books& books) {
    json::array command;
    for (const std::string& argument : run.command) command.emplace_back(ascii(argument));
    json::array processes;
    for (const Book& book : books.books) processes.push_back(describe(book));
    json::array faults;
    for (const std::string& fault : books.faults) faults.emplace_back(ascii(fault));
    const Total sum = total(books.books);
    json::object all{{"processes", sum.processes}, {"cpu_seconds", seconds(sum.cpu)}};
    for (auto& [key, value] : describe(sum.gil)) all[key] = std::move(value);
    const json::object report{{"command", std::move(command)},
                              {"wall_seconds", seconds(run.wall)},
                              {"exit_status", run.status ? json::value(*run.status) : json::value(nullptr)},
                              {"processes", std::move(processes)},
                              {"total", std::move(all)},
                              {"faults", std::move(faults)}};
    return json::serialize(report) + "\n";
}

}  // namespace baton::probe
