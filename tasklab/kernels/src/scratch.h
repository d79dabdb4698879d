// Working memory of one operator call: blocks are handed out aligned and return to a shared store afterwards,
// so that a training step touches no fresh pages after its first run.
#pragma once
#include <cstddef>
#include <cstdint>
#include <vector>

namespace tasklab {

class Scratch {
 public:
  Scratch() = default;
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;
  ~Scratch();

  template <class E>
  E* take(int64_t count) {  // uninitialised, aligned to 64 bytes; throws std::bad_alloc
    return static_cast<E*>(bytes(count * static_cast<int64_t>(sizeof(E))));
  }
  float* floats(int64_t count) { return take<float>(count); }

 private:
  void* bytes(int64_t count);

  struct Block {
    void* memory;
    size_t bytes;
  };
  std::vector<Block> blocks_;
};

constexpr int kThreadSlots = 8;
void* thread_bytes(int slot, int64_t count);

// At least `count` values that belong to the calling thread until its next call with the same slot.
template <class E>
E* thread_values(int slot, int64_t count) {
  return static_cast<E*>(thread_bytes(slot, count * static_cast<int64_t>(sizeof(E))));
}

}  // namespace tasklab
