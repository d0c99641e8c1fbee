// Takes Exchanges out of the loop's mail: new ones become tasks of the applications, news go to those who
// have the Exchange.
//
// Threads: the loop's; attached. Lifetime: the loop's. Cannot: hold the loop for long: after a bounded number
// it lets others run and comes again.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "interp/asgi/lifespan.hpp"
#include "interp/asgi/request.hpp"
#include "interp/asgi/scope.hpp"

namespace baton::interp::asgi {

// One application that the loop serves.
struct Served {
    Served(Loop& loop, std::size_t mount_number, const std::string& prefix, Owned callable, Lifespan mode,
           std::function<void()> changed)
        : number(mount_number),
          application(std::move(callable)),
          scopes(loop, prefix),
          lifespan(loop, application, mode, std::move(changed)) {}

    const std::size_t number;
    Owned application;
    Scopes scopes;
    LifespanRun lifespan;
};

class Mail {
  public:
    // `looked` is called after each look at the mail.
    Mail(Loop& loop, std::vector<std::unique_ptr<Served>>& served, std::function<void()> looked);
    Mail(const Mail&) = delete;
    Mail& operator=(const Mail&) = delete;

    // The loop watches the queue's descriptor from now on. Throws PythonError.
    void watch();
    void unwatch();

  private:
    static PyObject* readable(PyObject* capsule, PyObject*);
    static PyObject* again(PyObject* capsule, PyObject*);
    void look();
    void begin(dispatch::ExchangePtr exchange);
    bool call(Served& served, Request& request, Borrowed scope, Borrowed context);
    void report_raised();
    Served& served_for(const dispatch::Exchange& exchange);

    Loop& loop_;
    std::vector<std::unique_ptr<Served>>& served_;
    const std::function<void()> looked_;
    Owned capsule_, again_, get_task_factory_;
    dispatch::Nanoseconds waited_ = 0;  // for the GIL, before this look
};

}  // namespace baton::interp::asgi
