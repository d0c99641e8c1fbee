// What ledger and scheduler of the GIL cost: nanoseconds per call, the least of many rounds. Built twice,
// with the ledger and without; the difference of the two outputs is the cost.
#include <Python.h>
#include <pthread.h>
#include <semaphore.h>

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <limits>

#ifdef BATON_LEDGER
#include "interp/gil/scheduler.hpp"
#include "interp/gil/trace.hpp"
#endif

namespace {

constexpr int kRounds = 60;
constexpr int kCalls = 20'000;

std::int64_t now() {
    timespec t{};
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * std::int64_t{1'000'000'000} + t.tv_nsec;
}

template <typename Call, typename Around>
void measure(const char* what, Call call, Around before, Around after) {
    std::int64_t least = std::numeric_limits<std::int64_t>::max();
    for (int round = 0; round < kRounds; ++round) {
        before();
        const std::int64_t start = now();
        for (int i = 0; i < kCalls; ++i) call();
        least = std::min(least, now() - start);
        after();
    }
    std::printf("%-44s %7.1f ns\n", what, static_cast<double>(least) / kCalls);
}

template <typename Call>
void measure(const char* what, Call call) {
    measure(what, call, +[] {}, +[] {});
}

void start_python() {
    PyConfig config;
    PyConfig_InitPythonConfig(&config);
    PyConfig_SetBytesString(&config, &config.program_name, BATON_PYTHON_EXECUTABLE);
    if (PyStatus_Exception(Py_InitializeFromConfig(&config)) != 0) std::abort();
    PyConfig_Clear(&config);
}

}  // namespace

int main() {
    start_python();
#ifdef BATON_LEDGER
    baton::gil::set_policy(baton::gil::Policy::latency);
#endif
    pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
    pthread_cond_t cond = PTHREAD_COND_INITIALIZER;
    measure("a mutex that is no GIL's: lock and unlock", [&] {
        pthread_mutex_lock(&mutex);
        pthread_mutex_unlock(&mutex);
    });
    measure("a condition that is no GIL's: signal", [&] { pthread_cond_signal(&cond); });
    measure("the GIL, uncontended: release and take", [] { PyEval_RestoreThread(PyEval_SaveThread()); });
#ifdef BATON_LEDGER
    measure(
        "the same while the timeline is recorded", [] { PyEval_RestoreThread(PyEval_SaveThread()); },
        +[] { baton::gil::start_trace(); }, +[] { baton::gil::abandon_trace(); });
#endif
    PyThreadState* state = PyEval_SaveThread();
    sem_t semaphore;
    sem_init(&semaphore, 0, 0);
    measure("a semaphore off the GIL: post and wait", [&] {
        sem_post(&semaphore);
        sem_wait(&semaphore);
    });
    PyEval_RestoreThread(state);
    measure("a reading of the clock", [] { now(); });
    return 0;
}
