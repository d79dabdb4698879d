#include "cache.h"

#include <algorithm>
#include <cstring>

namespace tasklab {

Cache::Cache(int64_t layers, int64_t heads, int64_t head_size)
    : heads_(heads),
      keys_(head_size * kPageTokens),
      values_((head_size + kPanel - 1) / kPanel * kPanel * kPageTokens),
      page_floats_(layers * heads * (keys_ + values_)) {}

int32_t Cache::take() {
  if (free_.empty()) {
    free_.reserve(pages_.size() + 1);  // so that giving a page back never fails
    Page page;
    page.values.reset(new float[page_floats_]());
    pages_.push_back(std::move(page));
    free_.push_back(static_cast<int32_t>(pages_.size()) - 1);
  }
  const int32_t page = free_.back();
  free_.pop_back();
  pages_[page].users = 1;
  return page;
}

void Cache::drop(int32_t page) {
  if (--pages_[page].users == 0) free_.push_back(page);
}

void Cache::reserve(int64_t slot, int64_t length) {
  if (slot >= count()) slots_.resize(slot + 1);
  Slot& s = slots_[slot];
  s.pages.reserve((length + kPageTokens - 1) / kPageTokens);
  const int64_t begun = s.length / kPageTokens;  // the first page that is written to
  if (s.length % kPageTokens != 0 && pages_[s.pages[begun]].users > 1) {
    const int32_t own = take();
    std::memcpy(pages_[own].values.get(), pages_[s.pages[begun]].values.get(), page_floats_ * sizeof(float));
    drop(s.pages[begun]);
    s.pages[begun] = own;
  }
  while (static_cast<int64_t>(s.pages.size()) * kPageTokens < length) s.pages.push_back(take());
}

void Cache::copy(int64_t count, const int64_t* sources, const int64_t* targets, const int64_t* lengths) {
  std::vector<Slot> copies(count);
  for (int64_t i = 0; i < count; ++i) {
    if (lengths[i] == 0) continue;
    const std::vector<int32_t>& pages = slots_[sources[i]].pages;
    copies[i].pages.assign(pages.begin(), pages.begin() + (lengths[i] + kPageTokens - 1) / kPageTokens);
    copies[i].length = lengths[i];
  }
  const int64_t last = count == 0 ? -1 : *std::max_element(targets, targets + count);
  if (last >= this->count()) slots_.resize(last + 1);  // from here on nothing fails
  for (const Slot& copy : copies)
    for (int32_t page : copy.pages) ++pages_[page].users;
  for (int64_t i = 0; i < count; ++i) {
    cut(targets[i], 0);
    slots_[targets[i]] = std::move(copies[i]);
  }
}

bool Cache::same(int64_t slot, int64_t other) const {
  return slot < count() && other < count() && slots_[slot].pages == slots_[other].pages;
}

void Cache::cut(int64_t slot, int64_t length) {
  if (slot >= count()) return;
  Slot& s = slots_[slot];
  length = std::min(length, s.length);
  for (const int64_t kept = (length + kPageTokens - 1) / kPageTokens; static_cast<int64_t>(s.pages.size()) > kept;) {
    drop(s.pages.back());
    s.pages.pop_back();
  }
  s.length = length;
}

}  // namespace tasklab
