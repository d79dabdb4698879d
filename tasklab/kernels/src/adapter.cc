#include "adapter.h"

#include <algorithm>

#include "number.h"
#include "pool.h"

namespace tasklab {
namespace {

constexpr int64_t kRows = 32;  // that one thread drops at a time

// out = rows of x, or with `plus` out + rows of x, some of their values dropped: those from `column` on of the tokens
// from `first` on.
template <bool plus, class X, class E>
void drop(const Adapter& adapter, const Tokens& tokens, int64_t first, int64_t column, int64_t rows, int64_t columns,
          const X* x, int64_t ldx, E* out, int64_t ldo) {
  const Dropout dropout = adapter.dropout;
  for (int64_t t = 0; t < rows; ++t) {
    const uint32_t index = static_cast<uint32_t>(tokens.flat[first + t]) * static_cast<uint32_t>(adapter.in) +
                           static_cast<uint32_t>(column);
    const X* from = x + t * ldx;
    E* to = out + t * ldo;
#pragma omp simd
    for (int64_t j = 0; j < columns; ++j) {
      const float value = widen(from[j]) * dropout.factor(index + static_cast<uint32_t>(j));
      to[j] = narrow<E>(plus ? widen(to[j]) + value : value);
    }
  }
}

template <class E>
const E* dropped(const Adapter& adapter, const Tokens& tokens, const E* x, Scratch& scratch) {
  if (!adapter.dropout.on()) return x;
  const int64_t T = tokens.count(), in = adapter.in;
  E* out = scratch.take<E>(T * in);
  parallel_for(blocks_of(T, kRows), [&](int64_t block) {
    const int64_t at = block * kRows;
    drop<false>(adapter, tokens, at, 0, std::min(kRows, T - at), in, x + at * in, in, out + at * in, in);
  });
  return out;
}

}  // namespace

template <class E>
AdapterForward<E>::AdapterForward(const Adapter& adapter, const Tokens& tokens, const E* x, Scratch& scratch)
    : adapter(adapter) {
  const int64_t T = tokens.count(), r = adapter.rank, in = adapter.in;
  if (r == 0) return;
  read = dropped(adapter, tokens, x, scratch);
  const E* a = operand<E>(adapter.a, r * in, scratch);
  float* product = scratch.floats(T * r);
  multiply_all<E>({{false, true, T, r, in, read, in, a, in, 0.0f, product, r}});
  inner = operand<E>(product, T * r, scratch);
  b = operand<E>(adapter.b, adapter.out * r, scratch);
}

template <class E>
void AdapterForward<E>::add(const Tile& t, float* y, int64_t ldy) const {
  const int64_t r = adapter.rank;
  if (r > 0)
    multiply(Product<E>{false, true, t.rows, t.columns, r, inner + t.row * r, r, b + t.column * r, r, 1.0f, y, ldy});
}

template <class E>
AdapterBackward<E>::AdapterBackward(const Adapter& adapter, const Tokens& tokens, const E* dy, int64_t ldy,
                                    Scratch& scratch)
    : adapter(adapter), tokens(tokens), dy(dy), ldy(ldy) {
  const int64_t T = tokens.count(), r = adapter.rank, out = adapter.out;
  if (r == 0) return;
  const E* b = operand<E>(adapter.b, out * r, scratch);
  float* product = scratch.floats(T * r);
  multiply_all<E>({{false, false, T, r, out, dy, ldy, b, r, 0.0f, product, r}});
  dinner = operand<E>(product, T * r, scratch);
  a = operand<E>(adapter.a, r * adapter.in, scratch);
}

template <class E>
void AdapterBackward<E>::add(const Tile& t, float* dx, int64_t ldx) const {
  const int64_t r = adapter.rank, in = adapter.in;
  if (r == 0) return;
  const E *from = dinner + t.row * r, *columns = a + t.column;
  if (!adapter.dropout.on())
    return multiply(Product<E>{false, false, t.rows, t.columns, r, from, r, columns, in, 1.0f, dx, ldx});
  float* part = thread_values<float>(0, kRows * t.columns);
  for (int64_t row = 0; row < t.rows; row += kRows) {
    const int64_t rows = std::min(kRows, t.rows - row);
    multiply(Product<E>{false, false, rows, t.columns, r, from + row * r, r, columns, in, 0.0f, part, t.columns});
    drop<true>(adapter, tokens, t.row + row, t.column, rows, t.columns, part, t.columns, dx + row * ldx, ldx);
  }
}

template <class E>
void AdapterBackward<E>::learn(const E* x, const AdapterGrad& g) const {
  const int64_t T = tokens.count(), r = adapter.rank, in = adapter.in, out = adapter.out;
  if (r == 0 || g.a == nullptr) return;
  Scratch scratch;
  const AdapterForward<E> forward(adapter, tokens, x, scratch);
  multiply_all<E>({{true, false, out, r, T, dy, ldy, forward.inner, r, 0.0f, g.b, r},
                   {true, false, r, in, T, dinner, r, forward.read, in, 0.0f, g.a, in}});
}

template struct AdapterForward<float>;
template struct AdapterForward<BFloat16>;
template struct AdapterBackward<float>;
template struct AdapterBackward<BFloat16>;

}  // namespace tasklab
