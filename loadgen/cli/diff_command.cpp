#include "loadgen/cli/diff_command.hpp"

#include <array>
#include <iostream>
#include <memory>
#include <utility>
#include <variant>

#include "loadgen/cli/exit.hpp"
#include "loadgen/report/diff.hpp"
#include "loadgen/report/json.hpp"

namespace loadgen::cli {

namespace {

using Files = std::array<std::string, 2>;

int diff(const Files& files) {
    std::array<report::Report, 2> reports;
    for (std::size_t i = 0; i < files.size(); ++i) {
        report::Read read = report::load(files.at(i));
        if (const auto* fault = std::get_if<report::Unreadable>(&read)) return complain(kUsage, fault->why);
        reports.at(i) = std::get<report::Report>(std::move(read));
    }
    std::cout << report::diff_text(reports[0], reports[1], files[0], files[1]);
    return std::cout.flush().good() ? kWell : complain(kUsage, "standard output cannot be written");
}

}  // namespace

void add_diff(CLI::App& app, Work& work) {
    auto* command = app.add_subcommand("diff", "Two reports that --json saved beside each other");
    auto files = std::make_shared<Files>();
    command->add_option("A", (*files)[0], "a report, as --json writes it")->required()->type_name("FILE");
    command->add_option("B", (*files)[1], "the other")->required()->type_name("FILE");
    command->callback([&work, files] { work = [files] { return diff(*files); }; });
}

}  // namespace loadgen::cli
