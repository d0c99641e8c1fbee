// The parameters of a target: "?seconds=2&format=json".
//
// Threads: a plain value. Lifetime: owns its texts. Cannot: keep a name twice; the first one counts.
#pragma once

#include <algorithm>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "server/http/uri.hpp"

namespace baton::admin {

class Query {
  public:
    explicit Query(std::string_view target) {
        const std::size_t mark = target.find('?');
        if (mark == std::string_view::npos) return;
        for (std::string_view rest = target.substr(mark + 1); !rest.empty();) {
            const std::string_view pair = rest.substr(0, rest.find('&'));
            rest.remove_prefix(std::min(pair.size() + 1, rest.size()));
            if (pair.empty()) continue;
            const std::size_t equals = std::min(pair.find('='), pair.size());
            const std::string_view value = pair.substr(std::min(equals + 1, pair.size()));
            values_.emplace(http::percent_decode(pair.substr(0, equals)), http::percent_decode(value));
        }
    }

    std::optional<std::string> get(std::string_view name) const {
        const auto found = values_.find(name);
        if (found == values_.end()) return std::nullopt;
        return found->second;
    }
    const std::map<std::string, std::string, std::less<>>& all() const { return values_; }

  private:
    std::map<std::string, std::string, std::less<>> values_;
};

}  // namespace baton::admin
