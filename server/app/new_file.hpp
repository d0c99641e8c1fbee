// A file that is there when it is whole, and not before: until then it has another name beside its own, of
// which nothing is left when it is not finished, also when SIGINT, SIGTERM or SIGHUP ends the process. Only
// when it is whole and cannot have its name is it left under the other. Standard output ("-"), devices, pipes
// and links to what is not there yet are written as they are.
//
// Threads: main's; one at a time, as signals know one. Lifetime: owns the file until finish().
// Cannot: keep the permissions of a file that it replaces, or clean up after SIGKILL.
#pragma once

#include <cstdint>
#include <cstdio>
#include <memory>
#include <string>
#include <string_view>

namespace baton::app {

class NewFile {
  public:
    explicit NewFile(std::string path);
    ~NewFile();
    NewFile(const NewFile&) = delete;
    NewFile& operator=(const NewFile&) = delete;

    // Each is empty, or says why not in one line.
    std::string open();
    std::string write(std::string_view bytes);
    std::string finish();

    std::uint64_t size() const { return size_; }

  private:
    struct Close {
        void operator()(std::FILE* file) const;
    };
    std::string open_beside(bool replaces);
    std::string fault(int error) const;
    void remove_unfinished() noexcept;

    const std::string path_;
    std::string target_;      // without symbolic links
    std::string unfinished_;  // empty: `path_` is written itself
    std::unique_ptr<std::FILE, Close> file_;
    std::uint64_t size_ = 0;
};

}  // namespace baton::app
