#include "matrix.h"

#include <sys/mman.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <new>

#include "number.h"
#include "pool.h"

namespace tasklab {
namespace {

constexpr int64_t kBlock = 32;  // inputs of int8 weights that share a scale per output
constexpr int64_t kPage = 2 << 20;
constexpr int64_t kPieces = 2;    // of a product per thread: few, as a thread reads on where it is
constexpr int64_t kAhead = 4096;  // bytes

// What a panel looks like in each format, and sums += rows of x times a panel.
struct FloatPanel {
  static int64_t bytes(int64_t inputs) { return inputs * kPanel * 4; }
  static float get(const char* panel, int64_t k, int64_t output) {
    return reinterpret_cast<const float*>(panel)[k * kPanel + output];
  }
  static void pack(const float* weights, int64_t inputs, char* panel, int64_t output) {
    for (int64_t k = 0; k < inputs; ++k) reinterpret_cast<float*>(panel)[k * kPanel + output] = weights[k];
  }
  template <int M>
  static void add(const char* panel, int64_t inputs, const float* x, int64_t ldx, Ahead ahead, Sums<M>& sums) {
    add_panel(reinterpret_cast<const float*>(panel), inputs, x, ldx, ahead, sums);
  }
};

// Two inputs of an output lie in one word of 32 bits: both become floats by one operation each.
struct BFloat16Panel {
  static int64_t bytes(int64_t inputs) { return (inputs + 1) / 2 * kPanel * 4; }
  static BFloat16& at(const char* panel, int64_t k, int64_t output) {
    return reinterpret_cast<BFloat16*>(const_cast<char*>(panel))[(k / 2 * kPanel + output) * 2 + k % 2];
  }
  static float get(const char* panel, int64_t k, int64_t output) { return widen(at(panel, k, output)); }
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

// sums -> columns [0, count) of a row of y
void finish(const float* sums, int64_t count, const float* bias, bool add, float* y) {
  for (int64_t j = 0; j < count; ++j) {
    const float value = bias == nullptr ? sums[j] : sums[j] + bias[j];
    y[j] = add ? y[j] + value : value;
  }
}

}  // namespace

void Matrix::Free::operator()(char* memory) const { std::free(memory); }

Matrix::Matrix(int64_t outputs, int64_t inputs, Format format) : outputs_(outputs), inputs_(inputs), format_(format) {
  panel_bytes_ = with_format(format, [&](auto f) { return f.bytes(inputs); });
  const int64_t size = blocks_of(bytes(), kPage) * kPage;
  memory_.reset(static_cast<char*>(std::aligned_alloc(size < kPage * 2 ? 64 : kPage, size)));
  if (memory_ == nullptr) throw std::bad_alloc();
  madvise(memory_.get(), size, MADV_HUGEPAGE);  // a hint: streaming through large pages misses the TLB less
  std::fill_n(memory_.get(), bytes(), 0);
}

void Matrix::pack(const float* weights, int64_t first, int64_t count) {
  with_format(format_, [&](auto f) {
    parallel_for(blocks_of(first + count, kPanel) - first / kPanel, [&](int64_t piece) {
      const int64_t index = first / kPanel + piece, from = std::max(first, index * kPanel);
      for (int64_t o = from; o < std::min(first + count, (index + 1) * kPanel); ++o)
        f.pack(weights + (o - first) * inputs_, inputs_, panel(index), o % kPanel);
    });
  });
}

void Matrix::multiply(const float* x, int64_t ldx, int64_t rows, const float* bias, bool add, float* y,
                      int64_t ldy) const {
  const int64_t size = std::max<int64_t>(1, panels() / (threads() * kPieces)), blocks = blocks_of(rows, kRows);
  with_format(format_, [&](auto f) {
    parallel_for(blocks_of(panels(), size), [&](int64_t piece) {
      for (int64_t index = piece * size; index < std::min(panels(), (piece + 1) * size); ++index) {
        const int64_t first = index * kPanel, count = std::min(kPanel, outputs_ - first);
        for_rows(rows, [&](auto block, int64_t row) {
          constexpr int M = decltype(block)::value;
          // one block of rows waits for this panel's own weights, several read the next panel meanwhile
          const int64_t step = panel_bytes_ / inputs_ / blocks;
          const Ahead ahead{panel(index) + (blocks == 1 ? kAhead : panel_bytes_ + row / kRows * inputs_ * step), step};
          Sums<M> sums;
          f.template add<M>(panel(index), inputs_, x + row * ldx, ldx, ahead, sums);
          for (int m = 0; m < M; ++m) {
            float values[kPanel];
            sums.write(m, values);
            finish(values, count, bias == nullptr ? nullptr : bias + first, add, y + (row + m) * ldy + first);
          }
        });
      }
    });
  });
}

void Matrix::output(int64_t index, float* weights) const {
  with_format(format_, [&](auto f) {
    const char* from = panel(index / kPanel);
    for (int64_t k = 0; k < inputs_; ++k) weights[k] = f.get(from, k, index % kPanel);
  });
}

}  // namespace tasklab
