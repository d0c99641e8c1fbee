// One run of a plan from the first connection to the finished report, with the live view and the server's
// books.
//
// Threads: blocks the caller; makes the engine's threads. Lifetime: one run each call.
// Cannot: print the report; its caller does.
#pragma once

#include <mutex>
#include <optional>
#include <string>
#include <variant>

#include "loadgen/engine/engine.hpp"
#include "loadgen/live/viewer.hpp"
#include "loadgen/metrics/publisher.hpp"
#include "loadgen/report/report.hpp"

namespace loadgen::cli {

struct RunOptions {
    std::string admin;  // the server's admin address; empty: none
    live::Style style = live::Style::none;
    bool reach = true;  // look first whether the target can be reached
    report::Environment environment;
    metrics::Publisher* publisher = nullptr;  // who shows it to Prometheus while it runs
};

// No run took place, or it came to nothing; `status` is the exit status. `report` is what there is to tell
// all the same, for those who have asked for a file.
struct NoRun {
    int status;
    std::string why;
    std::optional<report::Report> report = {};
};

// Who may interrupt a run asks for its engine here; empty between runs.
class Current {
  public:
    void set(engine::Engine* engine);
    // Stops what is running, and remembers.
    void stop();
    bool stopped() const;

  private:
    mutable std::mutex mutex_;
    engine::Engine* engine_ = nullptr;
    int stops_ = 0;
};

// So that an engine can be stopped from elsewhere while it looks for its target, and while it runs.
class Running {
  public:
    Running(Current& current, engine::Engine& engine) : current_(current) { current_.set(&engine); }
    ~Running() { current_.set(nullptr); }
    Running(const Running&) = delete;
    Running& operator=(const Running&) = delete;

  private:
    Current& current_;
};

std::variant<report::Report, NoRun> run_once(const plan::Plan& plan, const RunOptions& options,
                                             Current& current);

}  // namespace loadgen::cli
