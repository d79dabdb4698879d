// Arrays between two zones that nobody may touch, at an address of the caller's choice.
#pragma once
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <vector>

#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/asan_interface.h>
#else
#define ASAN_POISON_MEMORY_REGION(address, size) ((void)(address), (void)(size))
#define ASAN_UNPOISON_MEMORY_REGION(address, size) ((void)(address), (void)(size))
#endif

[[noreturn]] inline void fail(const char* what, const char* where) {
  std::printf("FAILED: %s: %s\n", where, what);
  std::exit(1);
}

// `count` values of T, 64-byte aligned or 4 bytes beyond that; not a number until somebody writes them.
// Under AddressSanitizer touching a zone stops the program; otherwise a changed one is found in the destructor.
template <class T>
class Guarded {
  static_assert(sizeof(T) == 4);
  static constexpr size_t kZone = 64;  // bytes
  static constexpr unsigned char kMark = 0xFF;  // four of them are a NaN

 public:
  Guarded(int64_t count, bool unaligned) : count_(count), bytes_(kZone + 4 * unaligned + 4 * count + kZone) {
    const size_t whole = (bytes_ + 63) / 64 * 64;
    memory_ = static_cast<unsigned char*>(std::aligned_alloc(64, whole));
    std::memset(memory_, kMark, whole);
    data_ = reinterpret_cast<T*>(memory_ + kZone + 4 * unaligned);
    ASAN_POISON_MEMORY_REGION(memory_, kZone);
    ASAN_POISON_MEMORY_REGION(data_ + count_, kZone);
  }
  Guarded(const Guarded&) = delete;
  Guarded& operator=(const Guarded&) = delete;
  ~Guarded() {
    ASAN_UNPOISON_MEMORY_REGION(memory_, bytes_);
    const unsigned char *begin = reinterpret_cast<unsigned char*>(data_), *end = begin + 4 * count_;
    for (const unsigned char* p = memory_; p < memory_ + bytes_; ++p)
      if ((p < begin || p >= end) && *p != kMark) fail("a guard zone was written", "Guarded");
    std::free(memory_);
  }

  T* data() { return data_; }
  int64_t count() const { return count_; }
  void copy(const std::vector<T>& values) { std::copy(values.begin(), values.end(), data_); }
  std::vector<T> values() const { return {data_, data_ + count_}; }

 private:
  int64_t count_;
  size_t bytes_;
  unsigned char* memory_;
  T* data_;
};
