#include "interp/gc_watch.hpp"

#include <memory>
#include <numeric>

#include "interp/errors.hpp"
#include "tests/unit/interp/support.hpp"

namespace baton::interp {
namespace {

using test::runtime;

void run(const std::string& source) {
    const Attach attached(runtime().main_thread());
    const Owned globals = expect(PyDict_New());
    expect(PyRun_String(source.c_str(), Py_file_input, globals.get(), globals.get()));
}

std::uint64_t collections(const GcWatch& watch, std::size_t generation) {
    const GcWatch::Pauses pauses = watch.pauses();
    const auto& buckets = pauses.at(generation).buckets;
    return std::accumulate(buckets.begin(), buckets.end(), std::uint64_t{0});
}

struct GcWatchTest : ::testing::Test {
    // Nothing is collected but what is asked for.
    GcWatchTest() { run("import gc; gc.disable(); gc.collect()"); }
    ~GcWatchTest() override { run("import gc; gc.enable(); gc.callbacks.clear()"); }
};

TEST_F(GcWatchTest, CountsByGeneration) {
    const GcWatch watch(runtime());
    run("import gc; gc.collect(); gc.collect(0); gc.collect(0)");
    EXPECT_EQ(collections(watch, 2), 1U);
    EXPECT_EQ(collections(watch, 0), 2U);
    EXPECT_EQ(collections(watch, 1), 0U);
}

TEST_F(GcWatchTest, APauseIsAsLongAsItsFinalisersTake) {
    const GcWatch watch(runtime());
    run(R"py(
import gc, time
class Slow:
    def __init__(self): self.me = self
    def __del__(self): time.sleep(0.03)
Slow()
gc.collect()
)py");
    EXPECT_EQ(collections(watch, 2), 1U);
    EXPECT_GE(watch.pauses()[2].sum, 30'000'000);
    EXPECT_EQ(watch.pauses()[0].sum, 0);
}

TEST_F(GcWatchTest, AnApplicationMayTakeItOut) {
    const GcWatch watch(runtime());
    run("import gc; gc.collect(); gc.callbacks.clear(); gc.collect()");
    EXPECT_EQ(collections(watch, 2), 1U);
}

TEST_F(GcWatchTest, TheCallbackOutlivesTheWatch) {
    std::make_unique<GcWatch>(runtime()).reset();
    run("import gc; gc.collect(); assert gc.callbacks");
}

TEST_F(GcWatchTest, NonsenseIsNoCollection) {
    const GcWatch watch(runtime());
    run(R"py(
import gc
watch = gc.callbacks[-1]
watch("stop", {"generation": 2})
watch("start", {})
watch("stop", {})
watch("start", {})
watch("stop", {"generation": 10 ** 30})
for wrong in ((), ("start",), (1, {})):
    try:
        watch(*wrong)
    except TypeError:
        continue
    raise AssertionError(wrong)
)py");
    for (std::size_t generation = 0; generation < GcWatch::kGenerations; ++generation)
        EXPECT_EQ(collections(watch, generation), 0U);
}

}  // namespace
}  // namespace baton::interp
