// alerts/test_dir.h: a directory for one test, gone when the test ends. In memory where the machine has /dev/shm: the
// simulations sync thousands of files, and what a disk does with a sync is not what they test.
#pragma once
#include <stdlib.h>

#include <filesystem>
#include <string>

namespace mamori::alerts::test {

class TestDir {
 public:
  TestDir() {
    std::string name = "/dev/shm/mamori-alerts-XXXXXX";
    if (::mkdtemp(name.data()) == nullptr) {
      name = (std::filesystem::temp_directory_path() / "mamori-alerts-XXXXXX").string();
      if (::mkdtemp(name.data()) == nullptr) std::abort();
    }
    path_ = name;
  }
  ~TestDir() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  TestDir(const TestDir&) = delete;
  TestDir& operator=(const TestDir&) = delete;
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

}  // namespace mamori::alerts::test
