// What is done once a second. Something that fails is reported, does not keep the others from being done, and
// is tried again the next time.
//
// Threads: one at a time. Lifetime: keeps what it is given. Cannot: report the same thing more than once a
// minute: what fails each second would fill the log.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace baton::admin {

class Rounds {
  public:
    using Report = std::function<void(const std::string& line)>;
    using Time = std::chrono::steady_clock::time_point;

    // `report` may be empty.
    explicit Rounds(Report report);

    // `name` is for the log.
    void add(std::string name, std::function<void()> step);
    void run(Time now) noexcept;

  private:
    struct Step {
        std::string name;
        std::function<void()> run;
        std::uint64_t failures = 0;  // since the last report
        Time quiet_until{};
    };
    void failed(Step& step, const char* why, Time now) const noexcept;

    const Report report_;
    std::vector<Step> steps_;
};

}  // namespace baton::admin
