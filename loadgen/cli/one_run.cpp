#include "loadgen/cli/one_run.hpp"

#include <unistd.h>

#include <stdexcept>
#include <utility>

#include "loadgen/books/scrape.hpp"
#include "loadgen/cli/exit.hpp"
#include "loadgen/cli/run_parts.hpp"
#include "loadgen/live/viewer.hpp"
#include "loadgen/result/collector.hpp"

namespace loadgen::cli {

namespace {

// Between the last preparation and the first request: threads have to be there by then.
constexpr Nanoseconds kHeadStart = std::chrono::milliseconds(50);

// The publisher may ask the collector for as long as there is one.
class Publishing {
  public:
    Publishing(metrics::Publisher* publisher, const result::Collector& collector) : publisher_(publisher) {
        if (publisher_ != nullptr) publisher_->begin(collector);
    }
    ~Publishing() {
        if (publisher_ != nullptr) publisher_->end();
    }
    Publishing(const Publishing&) = delete;
    Publishing& operator=(const Publishing&) = delete;

  private:
    metrics::Publisher* publisher_;
};

std::optional<NoRun> look_first(engine::Engine& engine, const RunOptions& options) {
    if (options.reach)
        if (auto why = engine.reach()) return NoRun{kUnreachable, std::move(*why)};
    if (options.admin.empty()) return std::nullopt;
    auto scrape = books::scrape(options.admin);
    if (const auto* trouble = std::get_if<books::Trouble>(&scrape))
        return NoRun{kUnreachable, "--admin: " + trouble->why};
    return std::nullopt;
}

// Of a target that was not there: nothing has been sent, and the document says so.
NoRun unreached(const result::Collector& collector, const RunOptions& options, NoRun no_run) {
    report::Report report{options.environment, collector.result(utc_of(Clock::now()), 0, 0), {}, {}};
    report.verdict.bottlenecks = {no_run.why};
    no_run.report = std::move(report);
    return no_run;
}

// What a run came to; if that is nothing, why.
std::variant<report::Report, NoRun> outcome_of(report::Report report, bool stopped) {
    const result::Sum& all = report.result.all;
    const bool local = all.failures[static_cast<std::size_t>(result::Failure::local)] > 0;
    if (all.answered > 0 || (all.due == 0 && !stopped)) return report;
    if (stopped) return NoRun{kInterrupted, "interrupted before anything was answered"};
    if (local) return report;
    std::string why = nothing_answered(report.result);
    return NoRun{kUnreachable, std::move(why), std::move(report)};
}

}  // namespace

void Current::set(engine::Engine* engine) {
    const std::lock_guard lock(mutex_);
    engine_ = engine;
    if (engine_ != nullptr && stops_ > 0) engine_->stop();
}

void Current::stop() {
    const std::lock_guard lock(mutex_);
    ++stops_;
    if (engine_ != nullptr) engine_->stop();
}

bool Current::stopped() const {
    const std::lock_guard lock(mutex_);
    return stops_ > 0;
}

std::variant<report::Report, NoRun> run_once(const plan::Plan& plan, const RunOptions& options,
                                             Current& current) {
    result::Collector collector(plan);
    std::optional<engine::Engine> engine;
    try {
        engine.emplace(plan, [&collector](result::Interval&& interval) { collector.add(interval); });
    } catch (const std::runtime_error& error) {
        return NoRun{kUsage, error.what()};
    }
    const Running running(current, *engine);
    if (auto no_run = look_first(*engine, options))
        return current.stopped() ? NoRun{kInterrupted, std::move(no_run->why)}
                                 : unreached(collector, options, std::move(*no_run));
    const Publishing publishing(options.publisher, collector);
    report::Report report{options.environment, {}, {}, {}};
    const Moment start = Clock::now() + kHeadStart;
    const std::string started = utc_of(start);
    std::optional<FirstScrape> first;
    if (!options.admin.empty()) first.emplace(options.admin, start + plan.load.warm_up);
    live::Viewer viewer(plan, collector, options.style, STDERR_FILENO);
    viewer.begin(start);
    const engine::Outcome outcome = engine->run(start);
    viewer.end();
    report.result = collector.result(started, outcome.wall, outcome.cpu);
    report.verdict = result::judge(report.result);
    report.environment.load_after = report::load_averages();
    if (outcome.stopped)
        report.verdict.warnings.emplace_back("the run was interrupted; what was measured until then counts");
    if (first) put_books(report, *first);
    return outcome_of(std::move(report), outcome.stopped);
}

}  // namespace loadgen::cli
