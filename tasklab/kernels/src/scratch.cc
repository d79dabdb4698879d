#include "scratch.h"

#include <cstdlib>
#include <map>
#include <mutex>
#include <new>

namespace tasklab {
namespace {

constexpr size_t kAlign = 64;
constexpr size_t kMost = size_t{1} << 30;  // free blocks kept for the next call, in bytes, before they go back

std::mutex lock;
auto& store = *new std::multimap<size_t, void*>;  // free blocks by size; outlives threads that run on at exit
size_t stored = 0;

size_t rounded(size_t bytes) {
  const size_t step = bytes < (1u << 20) ? 4096 : 1u << 18;  // near sizes share blocks
  return (bytes + step - 1) / step * step;
}

void* obtain(size_t bytes) {
  void* memory = std::aligned_alloc(kAlign, bytes);
  if (memory == nullptr) throw std::bad_alloc();
  return memory;
}

}  // namespace

void* Scratch::bytes(int64_t count) {
  size_t bytes = rounded(count > 0 ? static_cast<size_t>(count) : 1);
  blocks_.reserve(blocks_.size() + 1);
  void* memory = nullptr;
  {
    std::lock_guard<std::mutex> guard(lock);
    auto found = store.lower_bound(bytes);
    if (found != store.end() && found->first <= bytes + bytes / 4) {  // not a far larger one: others will want it
      bytes = found->first;
      memory = found->second;
      stored -= bytes;
      store.erase(found);
    }
  }
  if (memory == nullptr) memory = obtain(bytes);
  blocks_.push_back({memory, bytes});
  return memory;
}

Scratch::~Scratch() {
  for (const Block& block : blocks_) {
    bool kept = false;
    try {
      std::lock_guard<std::mutex> guard(lock);
      if (stored + block.bytes <= kMost) {
        store.emplace(block.bytes, block.memory);
        stored += block.bytes;
        kept = true;
      }
    } catch (const std::bad_alloc&) {
      kept = false;
    }
    if (!kept) std::free(block.memory);
  }
}

void* thread_bytes(int slot, int64_t count) {
  struct Buffer {
    void* memory = nullptr;
    size_t bytes = 0;
    ~Buffer() { std::free(memory); }
  };
  thread_local Buffer buffers[kThreadSlots];
  Buffer& buffer = buffers[slot];
  const size_t bytes = rounded(count > 0 ? static_cast<size_t>(count) : 1);
  if (buffer.bytes < bytes) {
    std::free(buffer.memory);
    buffer.memory = nullptr;
    buffer.bytes = 0;
    buffer.memory = obtain(bytes);
    buffer.bytes = bytes;
  }
  return buffer.memory;
}

}  // namespace tasklab
