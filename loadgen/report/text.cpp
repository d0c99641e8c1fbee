#include "loadgen/report/text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <string_view>

#include "loadgen/report/server_text.hpp"
#include "loadgen/report/table.hpp"
#include "loadgen/report/words.hpp"

namespace loadgen::report {

namespace {

constexpr std::string_view kIndent = "  ";

class Writer {
  public:
    Writer(const Report& report, bool colours)
        : report_(report), result_(report.result), paint_(colours), open_(is_open(report.result.plan)) {}

    std::string text() {
        head();
        totals();
        latencies();
        answers();
        if (result_.endpoints.size() > 1) endpoints();
        thresholds();
        generator();
        if (!report_.agents.empty()) agents();
        if (report_.books) out_ += server_text(*report_.books, result_, paint_);
        sentences("warning", report_.verdict.warnings, Colour::yellow);
        sentences(report_.verdict.own ? "the generator was the bottleneck" : "not what was asked for",
                  report_.verdict.bottlenecks, Colour::red);
        return std::move(out_);
    }

  private:
    void head() {
        out_ += paint_(Colour::bold, "baton-load " + printable(report_.environment.version, 40)) + ": " +
                target_line(result_.plan) + '\n';
        out_ += model_line(result_.plan) + "\n\n";
    }

    void totals() {
        const result::Sum& all = result_.all;
        const std::string errors =
            fmt::format("{} errors ({})", count_text(all.errors()), percent_text(all.error_share()));
        std::string requests = open_ ? count_text(all.due) + " offered, " : std::string();
        requests += fmt::format("{} sent{}, ", count_text(all.sent), open_ ? " in time" : "");
        if (all.again > 0) requests += fmt::format("sent again: {}, ", count_text(all.again));
        requests += count_text(all.answered) + " answered, ";
        line("requests", requests + (all.errors() == 0 ? errors : paint_(Colour::red, errors)));
        const std::string behind = all.behind == 0
                                       ? std::string()
                                       : ", " + count_text(all.behind) + " more came after the measured time";
        std::string rate = open_ ? rate_text(result_.offered()) + "/s offered, " : std::string();
        line("rate", rate + paint_(Colour::bold, rate_text(result_.rate()) + "/s") + " answered as expected" +
                         behind);
        const auto per_second = [&](std::uint64_t bytes) {
            return result_.self.wall > 0 ? bytes_text(static_cast<std::uint64_t>(static_cast<double>(bytes) /
                                                                                 result_.self.wall)) +
                                               "/s"
                                         : std::string(kNotAvailable);
        };
        line("bytes",
             fmt::format("{} in ({}), {} out ({})", bytes_text(all.bytes_in), per_second(all.bytes_in),
                         bytes_text(all.bytes_out), per_second(all.bytes_out)));
        out_ += '\n';
    }

    void latencies() {
        Table table(1);
        std::vector<std::string> names = {""};
        for (const Percentile& shown : kPercentiles) names.emplace_back(shown.name);
        names.insert(names.end(), {"max", "n"});
        table.row(std::move(names));
        const auto row = [&table](std::string_view name, const stats::Histogram& histogram) {
            std::vector<std::string> cells = latency_cells(histogram);
            cells.insert(cells.begin(), std::string(name));
            table.row(std::move(cells));
        };
        // Without a schedule nothing is due, so there is only one number to have.
        if (open_) row(kResponseRow, result_.all.response);
        row(kServiceRow, result_.all.service);
        if (result_.all.first_byte.count() > 0) row("first byte (from sent)", result_.all.first_byte);
        if (result_.all.failed.count() > 0) row(kFailedRow, result_.all.failed);
        if (result::enough(result_.self.connect.count(), 0.5)) row(kConnectRow, result_.self.connect);
        out_ += table.text(kIndent) + '\n';
    }

    void answers() {
        std::string statuses;
        for (const auto& [status, count] : result_.all.statuses) {
            const std::string entry = fmt::format("{}: {}", status, count_text(count));
            statuses += (statuses.empty() ? "" : "  ") + (status < 400 ? entry : paint_(Colour::red, entry));
        }
        line("status", statuses.empty() ? "none" : statuses);
        std::string failures;
        for (std::size_t kind = 1; kind < result::kFailures; ++kind) {
            if (result_.all.failures[kind] == 0) continue;
            failures += fmt::format("{}{}", failures.empty() ? "" : "  ",
                                    failure_text(result_, static_cast<result::Failure>(kind)));
        }
        if (!failures.empty()) line("errors", paint_(Colour::red, failures));
    }

    void endpoints() {
        out_ += '\n';
        Table table(1);
        table.row({"endpoint", "requests", "errors", "p50", "p99", "p99.9", "max"});
        const std::size_t known = std::min(result_.endpoints.size(), result_.plan.endpoints.size());
        for (std::size_t i = 0; i < known; ++i) {
            const result::Sum& sum = result_.endpoints[i];
            const stats::Histogram& latency = open_ ? sum.response : sum.service;
            const std::vector<std::string> cells = latency_cells(latency);
            table.row({printable(result_.plan.endpoints[i].name, 60), count_text(sum.ended()),
                       percent_text(sum.error_share()), cells[0], cells[3], cells[4], cells[5]});
        }
        out_ += table.text(kIndent);
        out_ += fmt::format("{}({})\n", kIndent, open_ ? kResponseRow : kServiceRow);
    }

    void thresholds() {
        if (report_.verdict.thresholds.empty()) return;
        out_ += '\n';
        for (const result::Kept& kept : report_.verdict.thresholds) {
            const std::string text = threshold_text(kept);
            line("threshold", kept.kept ? paint_(Colour::green, "kept") + "    " + text
                                        : paint_(Colour::red, "missed") + "  " + text);
        }
    }

    void generator() {
        const result::Self& self = result_.self;
        out_ += '\n';
        std::string own = fmt::format("{} of a core, busiest thread {}",
                                      self.wall > 0 ? percent_text(self.cpu / self.wall) : kNotAvailable,
                                      percent_text(self.busiest));
        // Without a schedule there is nothing to be late for.
        if (open_) own += ", own lateness p99 " + duration_text(result::percentile(self.late, 0.99));
        if (const double lost = std::max(open_ ? 0 : self.waited, self.stalled); lost >= 0.01)
            own += ", kept from running for " + percent_text(lost);
        own += fmt::format(", {} connection{} opened", count_text(self.opened), self.opened == 1 ? "" : "s");
        if (self.connect.count() > 0) own += " in at most " + duration_text(seconds_of(self.connect.most()));
        line("generator", own);
        if (self.blocked.count() > 0) {
            line("", fmt::format("{} requests waited for a free connection, at most {}",
                                 count_text(self.blocked.count()),
                                 duration_text(seconds_of(self.blocked.most()))));
        }
    }

    void agents() {
        out_ += '\n';
        Table table(2);
        table.row({"agent", "address", "requests", "CPU", "late p99", "clock offset", "round trip"});
        for (const Agent& agent : report_.agents) {
            table.row({printable(agent.name, 64), printable(agent.address, 60), count_text(agent.due),
                       result_.self.wall > 0 ? percent_text(agent.cpu / result_.self.wall)
                                             : std::string(kNotAvailable),
                       open_ ? duration_text(agent.late_p99) : std::string(kNotAvailable),
                       (agent.clock_ahead < Nanoseconds::zero() ? "-" : "") +
                           duration_text(std::abs(seconds_of(agent.clock_ahead))),
                       duration_text(seconds_of(agent.round_trip))});
        }
        out_ += table.text(kIndent);
    }

    void sentences(std::string_view label, const std::vector<std::string>& all, Colour colour) {
        for (const std::string& sentence : all) {
            out_ += '\n' + paint_(colour, std::string(label) + ": ") + printable(sentence, 1000);
        }
        if (!all.empty()) out_ += '\n';
    }

    void line(std::string_view label, const std::string& text) { out_ += labelled(label, text); }

    const Report& report_;
    const result::Result& result_;
    Paint paint_;
    bool open_;
    std::string out_;
};

}  // namespace

std::string threshold_value(std::string_view metric, double value) {
    if (metric == "errors") return percent_text(value);
    if (metric == "rate") return rate_text(value) + "/s";
    return duration_text(value);
}

std::string threshold_text(const result::Kept& kept) {
    const std::string actual =
        kept.actual ? "actual " + threshold_value(kept.threshold.metric, *kept.actual) : "not enough samples";
    return printable(kept.threshold.text) + ", " + actual;
}

std::string labelled(std::string_view label, std::string_view text) {
    return fmt::format("  {:<11}{}\n", label, text);
}

std::string Paint::operator()(Colour colour, std::string_view text) const {
    if (!on_) return std::string(text);
    return fmt::format("\x1b[{}m{}\x1b[0m", static_cast<int>(colour), text);
}

std::string to_text(const Report& report, bool colours) {
    return Writer(report, colours).text();
}

}  // namespace loadgen::report
