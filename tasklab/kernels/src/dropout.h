// Counter-based dropout: whether element i is kept depends on (seed, site, i) only, never on threads or order.
// The formula stands in nn/blocks/dropout.py; a change of it is a new DROPOUT_VERSION there.
#pragma once
#include <cstdint>

namespace tasklab {

constexpr uint32_t kGolden = 0x9E3779B9u;  // 2^32 over the golden ratio, odd: its multiples keep far from one another

inline uint32_t fmix32(uint32_t h) {  // the finaliser of MurmurHash3
  h ^= h >> 16;
  h *= 0x85EBCA6Bu;
  h ^= h >> 13;
  h *= 0xC2B2AE35u;
  return h ^ (h >> 16);
}

struct Dropout {
  uint32_t key = 0;
  uint32_t threshold = 0;  // floor(p * 2^31)
  float scale = 1.0f;      // 1 / (1 - p)

  bool on() const { return threshold != 0; }
  // 0 or 1 / (1 - p) for the element at flat row-major index i (modulo 2^32) of its tensor. The product spreads
  // neighbours before the finaliser, which alone (i ^ key) leaves rows of a tensor alike.
  float factor(uint32_t i) const { return (fmix32(i * kGolden + key) >> 1) >= threshold ? scale : 0.0f; }
};

inline Dropout make_dropout(uint32_t seed, uint32_t site, uint32_t threshold, float scale) {
  return {fmix32(seed + kGolden * (site + 1u)), threshold, scale};
}

}  // namespace tasklab
