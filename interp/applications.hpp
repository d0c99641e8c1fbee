// Several applications as one: each request goes to the one that it is mounted for.
//
// Threads: as Application. Lifetime: as Application; owns them.
// Cannot: serve requests of applications that run elsewhere; these are not pushed to interpreter threads.
#pragma once

#include <memory>
#include <utility>
#include <vector>

#include "interp/application.hpp"
#include "server/dispatch/mounts.hpp"

namespace baton::interp {

class Applications final : public Application {
  public:
    // By Mount::application; null where another one runs it.
    explicit Applications(std::vector<std::unique_ptr<Application>> by_number)
        : by_number_(std::move(by_number)) {}

    void serve(dispatch::Exchange& exchange) noexcept override {
        by_number_[exchange.mount->application]->serve(exchange);
    }

  private:
    std::vector<std::unique_ptr<Application>> by_number_;
};

}  // namespace baton::interp
