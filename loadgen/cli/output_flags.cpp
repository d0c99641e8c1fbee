#include "loadgen/cli/output_flags.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <boost/json/serialize.hpp>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iostream>

#include "loadgen/books/scrape.hpp"
#include "loadgen/cli/commands.hpp"
#include "loadgen/cli/exit.hpp"
#include "loadgen/report/html.hpp"
#include "loadgen/report/json.hpp"
#include "loadgen/report/text.hpp"
#include "loadgen/result/hdr_log.hpp"

namespace loadgen::cli {

namespace {

bool is_terminal(int descriptor) {
    const char* const term = std::getenv("TERM");
    return isatty(descriptor) == 1 && term != nullptr && std::strcmp(term, "dumb") != 0;
}

bool colours_wanted() {
    const char* const no = std::getenv("NO_COLOR");
    return is_terminal(STDOUT_FILENO) && (no == nullptr || *no == '\0');
}

// Nobody may be left to read it, or the disk be full.
bool all_said() {
    errno = 0;
    if (std::cout.flush().good()) return true;
    complain(kUsage, fmt::format("standard output cannot be written{}{}", errno == 0 ? "" : ": ",
                                 errno == 0 ? "" : std::strerror(errno)));
    return false;
}

bool put_file(const std::string& name, const std::function<void(std::ostream&)>& write) {
    if (name.empty()) return true;
    if (name == "-") {
        write(std::cout);
        return all_said();
    }
    std::ofstream file(name, std::ios::binary | std::ios::trunc);
    if (file) write(file);
    file.close();
    if (file) return true;
    complain(kUsage, fmt::format("{}: cannot be written: {}", name, std::strerror(errno)));
    return false;
}

}  // namespace

void add_output_flags(CLI::App& command, OutputFlags& flags) {
    const auto add = [&command](const std::string& name, std::string& place, const std::string& help,
                                const std::string& type) {
        return command.add_option(name, place, help)->type_name(type)->group("What is shown and kept");
    };
    add("--admin", flags.admin, "the server's admin address: its books beside the client's numbers", "URL");
    add("--json", flags.json, "the whole report as JSON; - is standard output", "FILE");
    add("--html", flags.html, "the whole report as one page", "FILE");
    add("--hdr-log", flags.hdr_log, "latencies by second, for HdrHistogram's tools", "FILE");
    add("--live", flags.live, "while it runs: auto, screen, plain or off (auto)", "VIEW");
}

plan::Problem check_output(const OutputFlags& flags) {
    if (flags.live != "auto" && flags.live != "screen" && flags.live != "plain" && flags.live != "off")
        return plan::Fault{"--live: must be auto, screen, plain or off, not " + plan::in_quotes(flags.live)};
    if (!flags.admin.empty()) {
        auto address = books::admin_address(flags.admin);
        if (const auto* trouble = std::get_if<books::Trouble>(&address))
            return plan::Fault{"--admin: " + trouble->why};
    }
    for (const std::string* name : {&flags.json, &flags.html, &flags.hdr_log}) {
        if (name->empty() || *name == "-") continue;
        const std::filesystem::path folder = std::filesystem::path(*name).parent_path();
        std::error_code error;
        if (!folder.empty() && !std::filesystem::is_directory(folder, error))
            return plan::Fault{fmt::format("{}: there is no folder {}", *name, folder.string())};
    }
    return {};
}

live::Style live_style(const OutputFlags& flags) {
    if (flags.live == "off") return live::Style::none;
    if (flags.live == "plain") return live::Style::plain;
    if (flags.live == "screen" || is_terminal(STDERR_FILENO)) return live::Style::screen;
    return live::Style::plain;
}

bool write_report(const report::Report& report, const OutputFlags& flags) {
    // Standard output belongs to the document that was asked for there.
    const bool text = flags.json != "-" && flags.html != "-" && flags.hdr_log != "-";
    bool written = true;
    if (text) {
        std::cout << report::to_text(report, colours_wanted());
        written = all_said();
    }
    return write_files(report, flags) && written;
}

bool write_files(const report::Report& report, const OutputFlags& flags) {
    bool written = put_file(flags.json, [&](std::ostream& out) {
        out << boost::json::serialize(report::to_json(report)) << '\n';
    });
    written = put_file(flags.html, [&](std::ostream& out) { out << report::to_html(report); }) && written;
    return put_file(flags.hdr_log, [&](std::ostream& out) { result::write_hdr_log(out, report.result); }) &&
           written;
}

int exit_status(const report::Report& report) {
    // Of numbers that are not the target's, no threshold says anything.
    if (report.verdict.own) return kBottleneck;
    for (const result::Kept& kept : report.verdict.thresholds)
        if (!kept.kept) return kThreshold;
    return report.verdict.bottlenecks.empty() ? kWell : kBottleneck;
}

}  // namespace loadgen::cli
