// How weights lie in a panel, as float32, bfloat16 or int8, and how products read them.
#pragma once
#include <algorithm>
#include <cmath>
#include <cstdint>

#include "number.h"
#include "panels.h"

namespace tasklab {

enum Format : int64_t { kFloat32 = 0, kBFloat16 = 1, kInt8 = 2 };

constexpr int64_t kBlock = 32;  // inputs of int8 weights that share a scale per output

// Each has: bytes of a panel, get and pack (the weights of one output), and sums += rows of x times a panel.
struct FloatPanel {
  static int64_t bytes(int64_t inputs) { return inputs * kPanel * 4; }
  static float& at(char* panel, int64_t k, int64_t output) {
    return reinterpret_cast<float*>(panel)[k * kPanel + output];
  }
  static float get(char* panel, int64_t k, int64_t output) { return at(panel, k, output); }
  static void pack(const float* weights, int64_t inputs, char* panel, int64_t output) {
    for (int64_t k = 0; k < inputs; ++k) at(panel, k, output) = weights[k];
  }
  template <int M>
  static void add(const char* panel, int64_t inputs, const float* x, int64_t ldx, Ahead ahead, Sums<M>& sums) {
    add_panel(reinterpret_cast<const float*>(panel), inputs, x, ldx, ahead, sums);
  }
};

// Two inputs of an output lie in one word of 32 bits: both become floats by one operation each.
struct BFloat16Panel {
  static int64_t bytes(int64_t inputs) { return (inputs + 1) / 2 * kPanel * 4; }
  static BFloat16& at(char* panel, int64_t k, int64_t output) {
    return reinterpret_cast<BFloat16*>(panel)[(k / 2 * kPanel + output) * 2 + k % 2];
  }
  static float get(char* panel, int64_t k, int64_t output) { return widen(at(panel, k, output)); }
  static void pack(const float* weights, int64_t inputs, char* panel, int64_t output) {
    for (int64_t k = 0; k < inputs; ++k) at(panel, k, output) = narrow<BFloat16>(weights[k]);
  }
  template <int M>
  static void add(const char* panel, int64_t inputs, const float* x, int64_t ldx, Ahead ahead, Sums<M>& sums) {
    Sums<M> s = sums;
    for (int64_t k = 0; k < inputs; k += 2) {
      ahead.fetch<2>(k);
      LaneBits pairs[kVectors];
      for (int v = 0; v < kVectors; ++v) pairs[v] = load<LaneBits>(panel + k / 2 * kPanel * 4 + v * sizeof(LaneBits));
      for (int m = 0; m < M; ++m)
        for (int v = 0; v < kVectors; ++v) s.of[m][v] += as_floats(pairs[v] << 16) * x[m * ldx + k];
      if (k + 1 == inputs) break;
      for (int m = 0; m < M; ++m)
        for (int v = 0; v < kVectors; ++v) s.of[m][v] += as_floats(pairs[v] & 0xFFFF0000u) * x[m * ldx + k + 1];
    }
    sums = s;
  }
};

// Blocks of 32 inputs: 32 scales (bfloat16), then 32 x 32 weights from -127 to 127. 8.5 bits a weight.
struct Int8Panel {
  static constexpr int64_t kScales = kPanel * 2, kBlockBytes = kScales + kBlock * kPanel;

  static int64_t bytes(int64_t inputs) { return blocks_of(inputs, kBlock) * kBlockBytes; }
  static float get(const char* panel, int64_t k, int64_t output) {
    const char* block = panel + k / kBlock * kBlockBytes;
    const int8_t weight = reinterpret_cast<const int8_t*>(block + kScales)[k % kBlock * kPanel + output];
    return weight * widen(reinterpret_cast<const BFloat16*>(block)[output]);
  }
  static void pack(const float* weights, int64_t inputs, char* panel, int64_t output) {
    for (int64_t from = 0; from < inputs; from += kBlock) {
      char* block = panel + from / kBlock * kBlockBytes;
      const int64_t count = std::min(kBlock, inputs - from);
      float top = 0;
      for (int64_t k = 0; k < count; ++k) top = std::max(top, std::fabs(weights[from + k]));
      BFloat16 scale = narrow<BFloat16>(top / 127);
      if (widen(scale) * 127 < top) ++scale.bits;  // rounded up, so that no weight is beyond 127 of them
      reinterpret_cast<BFloat16*>(block)[output] = scale;
      const float inverse = top > 1e-30f ? 1 / widen(scale) : 0;  // below, 1 / scale may be infinite
      for (int64_t k = 0; k < count; ++k)
        reinterpret_cast<int8_t*>(block + kScales)[k * kPanel + output] = std::lrintf(weights[from + k] * inverse);
    }
  }
  template <int M>
  static void add(const char* panel, int64_t inputs, const float* x, int64_t ldx, Ahead ahead, Sums<M>& sums) {
    for (int64_t from = 0; from < inputs; from += kBlock, panel += kBlockBytes) {
      const int64_t count = std::min(kBlock, inputs - from);
      Sums<M> s;
      for (int64_t k = 0; k < count; ++k) {
        ahead.fetch(from + k);
        Lanes w[kVectors];
        for (int v = 0; v < kVectors; ++v)
          w[v] = bytes_as_floats(reinterpret_cast<const int8_t*>(panel + kScales + k * kPanel + v * kLanes));
        for (int m = 0; m < M; ++m)
          for (int v = 0; v < kVectors; ++v) s.of[m][v] += w[v] * x[m * ldx + from + k];
      }
      for (int v = 0; v < kVectors; ++v) {
        float scale[kLanes];
        for (int i = 0; i < kLanes; ++i) scale[i] = widen(reinterpret_cast<const BFloat16*>(panel)[v * kLanes + i]);
        for (int m = 0; m < M; ++m) sums.of[m][v] += s.of[m][v] * load<Lanes>(scale);
      }
    }
  }
};

template <class Body>
auto with_format(Format format, Body&& body) {
  switch (format) {
    case kBFloat16: return body(BFloat16Panel{});
    case kInt8: return body(Int8Panel{});
    default: return body(FloatPanel{});
  }
}

}  // namespace tasklab
