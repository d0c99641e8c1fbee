// A small recording with something of everything: two threads, two interpreters, two requests, a forced
// hand-over.
#pragma once

#include <memory>
#include <string>
#include <utility>

#include "server/trace/pieces.hpp"
#include "server/trace/recording.hpp"

namespace baton::trace::test {

inline Recording sample() {
    Recording recording;
    recording.process_id = 77;
    recording.begin = 1'000'000;
    recording.end = 2'000'000;
    recording.begin_realtime = 1'700'000'000'000'000'123;
    recording.begin_boottime = 5'000'000;
    recording.interpreters = {"main", "1"};
    recording.routes = {"_OTHER", "/say/\"hi\""};
    recording.text = "id-one/say/hi";
    recording.requests = {{}, {.route = 1, .id_size = 6, .path_size = 7, .at = 0}, {.route = 0}};
    recording.tracks = {
        {0,
         101,
         "worker\n1",
         {{1'000'000, 1'200'000, 1, Doing::holding, true}, {1'200'000, 1'500'001, 1, Doing::waiting, false}}},
        {0, 102, "other", {{1'000'500, 1'300'000, 0, Doing::waiting, false}}},
        {1, 101, "worker\n1", {{1'600'000, 1'700'000, 2, Doing::in_lock, false}}},
    };
    return recording;
}

inline std::string written(Recording recording, std::unique_ptr<Format> format) {
    Pieces pieces(std::move(recording), std::move(format));
    std::string all;
    for (std::string piece = pieces.next(); !piece.empty(); piece = pieces.next()) all += piece;
    return all;
}

}  // namespace baton::trace::test
