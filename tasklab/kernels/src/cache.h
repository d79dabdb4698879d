// Keys and values of the tokens that a decoder has read, by slot: pages of 32 tokens that slots share until one of them
// writes, so that a copy of a slot costs nothing and a common beginning lies in memory once.
#pragma once
#include <cstdint>
#include <memory>
#include <vector>

#include "panels.h"

namespace tasklab {

constexpr int64_t kPageTokens = kPanel;

class Cache {
 public:
  Cache() = default;
  Cache(int64_t layers, int64_t heads, int64_t head_size);

  int64_t length(int64_t slot) const { return slot < count() ? slots_[slot].length : 0; }
  int64_t bytes() const { return static_cast<int64_t>(pages_.size()) * page_floats_ * 4; }

  // Makes room for `length` tokens, in pages that are this slot's alone from its present length on. Throws
  // std::bad_alloc; the slot is then as it was.
  void reserve(int64_t slot, int64_t length);
  void set_length(int64_t slot, int64_t length) { slots_[slot].length = length; }

  // The first lengths[i] tokens of sources[i] become targets[i], all at once: targets may be sources too.
  void copy(int64_t count, const int64_t* sources, const int64_t* targets, const int64_t* lengths);
  void cut(int64_t slot, int64_t length);
  bool same(int64_t slot, int64_t other) const;  // whether they share all of their pages

  // Of one page, layer and head: keys [head_size, 32 tokens], the panel of a product that gives scores.
  float* keys(int64_t slot, int64_t page, int64_t layer, int64_t head) const {
    return pages_[slots_[slot].pages[page]].values.get() + (layer * heads_ + head) * (keys_ + values_);
  }
  // Panels of 32 columns, each [32 tokens, 32].
  float* values(int64_t slot, int64_t page, int64_t layer, int64_t head) const {
    return keys(slot, page, layer, head) + keys_;
  }

 private:
  struct Page {
    std::unique_ptr<float[]> values;
    int64_t users = 0;
  };
  struct Slot {
    std::vector<int32_t> pages;
    int64_t length = 0;
  };

  int64_t count() const { return slots_.size(); }
  int32_t take();
  void drop(int32_t page);

  int64_t heads_ = 0, keys_ = 0, values_ = 0, page_floats_ = 0;
  std::vector<Page> pages_;
  std::vector<int32_t> free_;
  std::vector<Slot> slots_;
};

}  // namespace tasklab
