// The Python world as the app room sees it: Runtime, load_application(), make_wsgi(), WorkerPool. None of it
// needs Python.h.
//
// Order of building: Runtime, application, WorkerPool. Order of the end: WorkerPool::close() and
// join_until(); if no thread is stuck, the WorkerPool, the Application and the Runtime, on the thread that
// made them.
#pragma once

#include "interp/app_loader.hpp"
#include "interp/application.hpp"
#include "interp/gc_watch.hpp"
#include "interp/long_holds.hpp"
#include "interp/runtime.hpp"
#include "interp/worker.hpp"
#include "interp/wsgi/wsgi.hpp"
