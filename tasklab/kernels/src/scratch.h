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
  float* floats(int64_t count);  // uninitialised, aligned to 64 bytes; throws std::bad_alloc

 private:
  struct Block {
    void* memory;
    size_t bytes;
  };
  std::vector<Block> blocks_;
};

// At least `count` floats that belong to the calling thread until its next call with the same slot (0..3).
float* thread_floats(int slot, int64_t count);

}  // namespace tasklab
