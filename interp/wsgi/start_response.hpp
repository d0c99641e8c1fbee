// start_response and write(): the Python callables in front of a Response.
//
// Threads: attached. Lifetime: counted by Python; may outlive their request, and raise when they are called
// then. Cannot: serve two requests at once; a pair that nobody has kept is used again for a later request.
#pragma once

#include <vector>

#include "interp/module.hpp"
#include "interp/wsgi/response.hpp"

namespace baton::interp::wsgi {

class StartResponses {
  public:
    explicit StartResponses(Module& module);

    // A start_response for this request, or null with an exception.
    Owned lend(Response& response);
    // The request is over.
    void take_back(Owned start_response);

  private:
    Owned make();

    Owned start_type_;
    Owned write_type_;
    std::vector<Owned> spare_;  // at most as many as there were requests at the same time
};

}  // namespace baton::interp::wsgi
