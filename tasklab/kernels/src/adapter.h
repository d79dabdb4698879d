// LoRA (Hu et al. 2021): y += drop(x) A^T B^T, what learns beside a Dense whose weight stands still.
#pragma once
#include <cstdint>

#include "dropout.h"
#include "gemm.h"
#include "scratch.h"
#include "tokens.h"

namespace tasklab {

struct Adapter {
  int64_t rank = 0, in = 0, out = 0;       // rank 0: there is none, and what is below does nothing
  const float *a = nullptr, *b = nullptr;  // A [rank, in], B [out, rank], scaled
  Dropout dropout;                         // of what A reads
};

struct AdapterGrad {
  float *a = nullptr, *b = nullptr;
};

// What the tokens' rows x [T, in] come to between A and B. It lives as long as `scratch`.
template <class E>
struct AdapterForward {
  AdapterForward(const Adapter& adapter, const Tokens& tokens, const E* x, Scratch& scratch);
  void add(const Tile& tile, float* y, int64_t ldy) const;  // to one tile of y [T, out]

  const Adapter& adapter;
  const E *read = nullptr, *inner = nullptr, *b = nullptr;  // drop(x) [T, in], drop(x) A^T [T, rank], B
};

// The way back from dy [T, out].
template <class E>
struct AdapterBackward {
  AdapterBackward(const Adapter& adapter, const Tokens& tokens, const E* dy, int64_t ldy, Scratch& scratch);
  void add(const Tile& tile, float* dx, int64_t ldx) const;  // to one tile of dx [T, in]
  void learn(const E* x, const AdapterGrad& grad) const;

  const Adapter& adapter;
  const Tokens& tokens;
  const E *dy, *dinner = nullptr, *a = nullptr;  // dinner [T, rank]
  int64_t ldy;
};

}  // namespace tasklab
