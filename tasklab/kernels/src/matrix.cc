#include "matrix.h"

#include <sys/mman.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <new>

#include "formats.h"
#include "pool.h"

namespace tasklab {
namespace {

constexpr int64_t kPage = 2 << 20;
constexpr int64_t kPieces = 2;    // of a product per thread: few, as a thread reads on where it is
constexpr int64_t kAhead = 4096;  // bytes

bool are_bfloat16(const float* values, int64_t count) {
  uint32_t rest = 0;
#pragma omp simd reduction(| : rest)
  for (int64_t i = 0; i < count; ++i) rest |= float_bits(values[i]) & 0xFFFFu;
  return rest == 0;
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

Matrix::Matrix(int64_t outputs, int64_t inputs, Format format) : outputs_(outputs), inputs_(inputs), format_(format) {}

void Matrix::pack(const float* weights, int64_t first, int64_t count) {
  if (memory_ == nullptr) {
    exact_ = format_ == kFloat32;
    allocate(exact_ ? kBFloat16 : format_);
  }
  if (exact_ && !are_bfloat16(weights, count * inputs_)) widen();
  with_format(format_, [&](auto f) {
    parallel_for(blocks_of(first + count, kPanel) - first / kPanel, [&](int64_t piece) {
      const int64_t index = first / kPanel + piece, from = std::max(first, index * kPanel);
      for (int64_t o = from; o < std::min(first + count, (index + 1) * kPanel); ++o)
        f.pack(weights + (o - first) * inputs_, inputs_, panel(index), o % kPanel);
    });
  });
}

void Matrix::allocate(Format format) {
  format_ = format;
  panel_bytes_ = with_format(format, [&](auto f) { return f.bytes(inputs_); });
  const int64_t whole = bytes() / kPage * kPage;  // a last page of 2 MB would lie half empty
  memory_.reset(static_cast<char*>(std::aligned_alloc(whole > 0 ? kPage : 64, blocks_of(bytes(), 64) * 64)));
  if (memory_ == nullptr) throw std::bad_alloc();
  if (whole > 0) madvise(memory_.get(), whole, MADV_HUGEPAGE);  // a hint: large pages miss the TLB less
  std::fill_n(memory_.get(), bytes(), 0);
}

void Matrix::widen() {
  const std::unique_ptr<char[], Free> halves = std::move(memory_);
  const int64_t panel_bytes = panel_bytes_;
  exact_ = false;
  allocate(kFloat32);
  parallel_for(panels(), [&](int64_t index) {
    for (int64_t i = 0; i < inputs_ * kPanel; ++i)
      FloatPanel::at(panel(index), i / kPanel, i % kPanel) =
          BFloat16Panel::get(halves.get() + index * panel_bytes, i / kPanel, i % kPanel);
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
    char* from = panel(index / kPanel);
    for (int64_t k = 0; k < inputs_; ++k) weights[k] = f.get(from, k, index % kPanel);
  });
}

}  // namespace tasklab
