// The load of a comparison's rounds, made of the engine: the URLs of the command line with this round's
// ports.
//
// Threads: one; the engine's workers are its own affair. Lifetime: outlives the runner that calls it.
// Cannot: keep a target from changing between rounds.
#pragma once

#include <string>
#include <vector>

#include "loadgen/cli/one_run.hpp"
#include "loadgen/cli/plan_flags.hpp"
#include "loadgen/compare/round.hpp"

namespace loadgen::cli {

class CompareLoad {
  public:
    CompareLoad(const PlanFlags& flags, Current& current) : flags_(flags), current_(current) {}

    // The flags' plan with these ports; also says whether there is anything wrong with the flags.
    plan::Parsed<plan::Plan> plan_for(const compare::Addresses& addresses) const;
    compare::Load load();

  private:
    // What a run came to, or why there was none.
    struct Ran {
        std::string unreachable;
        result::Result result;
    };

    plan::Plan sound_plan_for(const compare::Addresses& addresses) const;
    bool reachable(const compare::Addresses& addresses);
    bool answers(const compare::Addresses& addresses);
    void warm_up(const compare::Addresses& addresses);
    compare::Measured measure(const compare::Addresses& addresses);
    Ran run(const plan::Plan& plan);

    const PlanFlags& flags_;
    Current& current_;
};

}  // namespace loadgen::cli
