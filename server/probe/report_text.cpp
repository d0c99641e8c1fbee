#include <fmt/format.h>

#include <array>
#include <string_view>

#include "server/config/values.hpp"
#include "server/probe/report.hpp"

namespace baton::probe {

namespace {

constexpr std::size_t kLongestCommand = 90;

double seconds(std::int64_t nanoseconds) {
    return static_cast<double>(nanoseconds) / 1e9;
}

double percent(std::int64_t part, std::int64_t whole) {
    return whole > 0 ? 100.0 * static_cast<double>(part) / static_cast<double>(whole) : 0.0;
}

// "25 us", "2.5 ms", "1.25 s"
std::string duration(std::int64_t nanoseconds) {
    constexpr std::array<std::pair<std::int64_t, std::string_view>, 3> kUnits{
        {{1'000'000'000, "s"}, {1'000'000, "ms"}, {1'000, "us"}}};
    for (const auto& [size, name] : kUnits) {
        if (nanoseconds >= size)
            return fmt::format("{:.3g} {}", static_cast<double>(nanoseconds) / static_cast<double>(size),
                               name);
    }
    return fmt::format("{} ns", nanoseconds);
}

std::string duration(const std::optional<AtMost>& value) {
    if (!value) return "none";
    return (value->beyond ? "> " : "<= ") + duration(value->bound);
}

std::string spread(const std::array<std::uint64_t, kBuckets>& buckets) {
    return fmt::format("p50 {}, p99 {}", duration(at_most(buckets, 0.5)), duration(at_most(buckets, 0.99)));
}

std::string rows(const GilBook& gil, const std::string& held) {
    std::string out = fmt::format("    held        {:.3f} s, {}\n", seconds(gil.held), held);
    out += fmt::format("    waited      {:.3f} s, added up over threads\n", seconds(gil.waited));
    out += fmt::format("    takes       {}, {} of them had to wait\n", gil.takes, gil.contended);
    out += fmt::format("    releases    {} voluntary, {} forced\n", gil.voluntary, gil.forced);
    out += fmt::format("    a hold      {}, longest {}\n", spread(gil.holds), duration(gil.longest_hold));
    out +=
        fmt::format("    a wait      {}, longest {}\n", spread(gil.waits), duration(at_most(gil.waits, 1.0)));
    return out;
}

// One line, whatever the program has made of it.
std::string command_line(std::string_view text) {
    const std::string quoted = config::in_quotes(text.substr(0, kLongestCommand));
    return quoted.substr(1, quoted.size() - 2) + (text.size() > kLongestCommand ? " ..." : "");
}

std::string one(const Book& book, bool running) {
    const std::int64_t wall = book.written - book.started;
    const std::string_view until = book.ended != 0 ? ""
                                   : running       ? " so far"
                                                   : " up to its last sign of life";
    std::string out = fmt::format("\nprocess {}  {}\n", book.pid, command_line(book.command.data()));
    out += fmt::format("  {}, {:.2f} s{}, {:.3f} s of CPU\n", python_name(book), seconds(wall), until,
                       seconds(book.cpu));
    if (const std::string reason = refusal(book); !reason.empty()) return out + fmt::format("  {}\n", reason);
    for (std::size_t i = 0; i < book.gil_count; ++i) {
        out += fmt::format("  GIL of interpreter {}\n", interpreter_name(book.gils[i]));
        out += rows(book.gils[i], fmt::format("{:.1f} % of the time", percent(book.gils[i].held, wall)));
    }
    return out;
}

std::string head(const Run& run, std::size_t processes) {
    std::string command;
    for (const std::string& word : run.command) command += (command.empty() ? "" : " ") + word;
    const std::string state = run.status ? fmt::format("exit status {}", *run.status) : "still running";
    return fmt::format("baton probe: {}\n{:.2f} s, {}, {} process{} with Python\n", command_line(command),
                       seconds(run.wall), state, processes, processes == 1 ? "" : "es");
}

}  // namespace

std::string report_text(const Run& run, const Books& books) {
    std::string out = head(run, books.books.size());
    if (books.books.empty()) {
        out +=
            "\nNo Python was seen: none ran, or it is a program that takes no preloaded library (linked "
            "statically,\nset-user-ID, or started with an environment of its own).\n";
    }
    for (const Book& book : books.books) out += one(book, !run.status);
    for (const std::string& fault : books.faults) out += "\n" + fault + "\n";
    const Total sum = total(books.books);
    if (sum.processes > 1) {
        out += fmt::format("\ntotal of {} processes\n  {:.3f} s of CPU\n", sum.processes, seconds(sum.cpu));
        out += rows(sum.gil, fmt::format("by {} GILs", sum.gils));
    }
    return out;
}

}  // namespace baton::probe
