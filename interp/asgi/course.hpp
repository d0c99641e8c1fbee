// A call of an application on its way, as a coroutine that a Task can run: it passes everything through to
// the application's own coroutine and knows at once, without another turn of the loop, how that one ended.
//
// Threads: the loop's; attached. Lifetime: counted by Python. Cannot: be told from the application's
// coroutine by those who look at its attributes: they are the other's.
#pragma once

#include "interp/asgi/loop.hpp"

namespace baton::interp::asgi {

// How it ended. For `raised` the exception is set, and the function takes it.
enum class CourseEnd { returned, raised };
using CourseEnded = void (*)(PyObject* subject, CourseEnd end);

Owned make_course_type(Module& module);
// Runs application(scope, receive, send). `subject` is kept and handed to `ended`.
Owned make_course(Loop& loop, Owned subject, Owned call_result, CourseEnded ended);
// The awaitable's iterator: what a coroutine is driven by. Null with an exception when it is none.
Owned awaited(Borrowed awaitable);

// Makes a Task of it in the context that is entered, and runs its first step at once. Null with an exception.
Owned start_task(Loop& loop, Borrowed course, Borrowed context);

}  // namespace baton::interp::asgi
