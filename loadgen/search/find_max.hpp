// The search for the highest rate that a target keeps: doubling until it does not, bisection, and a
// confirmation.
//
// Threads: pure; one at a time. Lifetime: one search. Cannot: measure; it says at which rate to, and is told
// how it went.
#pragma once

#include <optional>

namespace loadgen::search {

struct Limits {
    double start = 100;       // requests per second
    double least = 0.1;       // no trial below
    double most = 1'000'000;  // no trial above
    double precision = 0.05;  // the answer is that close below what fails
};

class FindMax {
  public:
    explicit FindMax(Limits limits);

    struct Trial {
        double rate;
        bool confirming;  // takes longer, and decides
    };
    // What to try next; nothing when it is over.
    std::optional<Trial> next() const;
    void tell(bool kept);

    // The highest rate that was confirmed; nothing when none was.
    std::optional<double> answer() const;
    // The lowest rate that failed; nothing when none did.
    std::optional<double> failed() const;

  private:
    enum class Stage { doubling, halving, bisecting, confirming, over };
    void go_on();

    Limits limits_;
    Stage stage_ = Stage::doubling;
    double rate_;
    double kept_ = 0;    // highest that was kept in a trial
    double failed_ = 0;  // lowest that was not; 0: none yet
    int confirmations_ = 0;
    std::optional<double> answer_;
};

}  // namespace loadgen::search
