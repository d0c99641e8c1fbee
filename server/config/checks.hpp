// What can only be checked when all options are known: options against each other, and against the file
// system.
//
// Threads: called once, before any thread starts.
// Lifetime: nothing is kept.
// Cannot: bind addresses or load certificates; that is for those who use them.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "server/config/config.hpp"
#include "server/config/parsed.hpp"

namespace baton::config {

// Which source had the last word on an option; options that nobody gave are missing.
class Origins {
  public:
    void note(std::string_view option, std::string origin) { given_[option] = std::move(origin); }
    bool has(std::string_view option) const { return given_.contains(option); }
    std::string of(std::string_view option) const;
    Problem problem(std::string_view option, const std::string& text) const {
        return of(option) + ": " + text;
    }

  private:
    std::map<std::string_view, std::string> given_;
};

// Also makes every path absolute, so that --chdir does not change what it means.
Problem check(Config& config, const Origins& origins);

}  // namespace baton::config
