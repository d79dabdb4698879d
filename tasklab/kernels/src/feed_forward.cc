#include "feed_forward.h"

#include <algorithm>

#include "dense.h"
#include "norm.h"
#include "pool.h"
#include "scratch.h"

namespace tasklab {
namespace {

constexpr int64_t kRows = 32;  // that one thread takes at a time

// Drops activated values [T, I] of row stride ld in the rows and columns of a tile.
template <class E>
void drop_active(const Layer& l, const Tokens& tokens, int64_t row, int64_t column, int64_t rows, int64_t columns,
                 E* active, int64_t ld) {
  if (!l.on_active.on()) return;
  const Dropout drop = l.on_active;
  for (int64_t t = row; t < row + rows; ++t) {
    const uint32_t index = static_cast<uint32_t>(tokens.flat[t]) * static_cast<uint32_t>(l.inner);
    E* values = active + t * ld;
#pragma omp simd
    for (int64_t j = column; j < column + columns; ++j)
      values[j] = narrow<E>(widen(values[j]) * drop.factor(index + static_cast<uint32_t>(j)));
  }
}

// The same of all of them.
template <class E>
void drop_active(const Layer& l, const Tokens& tokens, E* active, int64_t ld) {
  const int64_t T = tokens.count();
  parallel_for(blocks_of(T, kRows), [&](int64_t block) {
    drop_active(l, tokens, block * kRows, 0, std::min(kRows, T - block * kRows), l.inner, active, ld);
  });
}

}  // namespace

template <class E>
void feed_forward(const Layer& l, const Tokens& tokens, const float* x, const Saved<E>& s, float* y) {
  const int64_t T = tokens.count(), H = l.hidden, I = l.inner;
  Scratch scratch;
  E* active = scratch.take<E>(T * I);
  const E *rows = operand<E>(x, T * H, scratch), *up = operand<E>(l.up.weight, I * H, scratch);
  const AdapterForward<E> beside_up(l.up.adapter, tokens, rows, scratch);
  multiply_all<E>({apply(rows, up, T, H, I, in_place(s.inner), I)}, [&](const Tile& t, float* c, int64_t ldc) {
    beside_up.add(t, c, ldc);
    const int64_t at = t.row * I + t.column;
    const float* bias = l.up.bias + t.column;
    if (l.gated) return add_bias(c, ldc, bias, s.inner + at, I, t.rows, t.columns);
    activate(l.activation, c, ldc, bias, s.inner + at, active + at, I, t.rows, t.columns);
    drop_active(l, tokens, t.row, t.column, t.rows, t.columns, active, I);
  });
  if (l.gated) {
    const E* gate = operand<E>(l.gate.weight, I * H, scratch);
    const AdapterForward<E> beside_gate(l.gate.adapter, tokens, rows, scratch);
    multiply_all<E>({apply(rows, gate, T, H, I, in_place(s.gate), I)}, [&](const Tile& t, float* c, int64_t ldc) {
      beside_gate.add(t, c, ldc);
      const int64_t at = t.row * I + t.column;
      activate_gate(l.activation, c, ldc, l.gate.bias + t.column, s.gate + at, s.inner + at, active + at, I, t.rows,
                    t.columns);
      drop_active(l, tokens, t.row, t.column, t.rows, t.columns, active, I);
    });
  }
  const E* down = operand<E>(l.down.weight, H * I, scratch);
  const AdapterForward<E> beside_down(l.down.adapter, tokens, active, scratch);
  multiply_all<E>({apply<E>(active, down, T, I, H, y, H)},
                  [&](const Tile& t, float* c, int64_t ldc) { beside_down.add(t, c, ldc); });
}

template <class E>
void feed_forward_backward(const Layer& l, const Tokens& tokens, const float* x, const Saved<E>& s, const float* dout,
                           float beta, float* dx, const LayerGrad& g) {
  const int64_t T = tokens.count(), H = l.hidden, I = l.inner, ld = spread(I);
  Scratch wide;
  const E *rows = operand<E>(x, T * H, wide), *dsum = operand<E>(dout, T * H, wide);
  const E *up = operand<E>(l.up.weight, I * H, wide), *down = operand<E>(l.down.weight, H * I, wide);
  E* active = wide.take<E>(T * I);
  float* dactive = wide.floats(T * ld);
  const AdapterBackward<E> beside_down(l.down.adapter, tokens, dsum, H, wide);
  multiply_all<E>({{false, false, T, I, H, dsum, H, down, I, 0.0f, dactive, ld}},
                  [&](const Tile& t, float* c, int64_t ldc) { beside_down.add(t, c, ldc); });
  drop_active(l, tokens, dactive, ld);
  E* dinner = replacing<E>(dactive, T * ld, wide);
  E* dgate = nullptr;
  if (l.gated) {
    dgate = dinner;  // takes the place of dactive, as the activation's gradient does below
    dinner = wide.take<E>(T * ld);
    activate_gate_backward(l.activation, s.gate, s.inner, active, dactive, dgate, dinner, ld, T, I);
    if (g.up.bias) column_sums<E>(dinner, T, I, ld, g.up.bias);
    if (g.gate.bias) column_sums<E>(dgate, T, I, ld, g.gate.bias);
  } else {
    activate_backward(l.activation, s.inner, active, dactive, dinner, ld, g.up.bias, T, I);
  }
  drop_active(l, tokens, active, I);
  std::vector<Product<E>> products;
  if (g.down.weight) products.push_back(weigh<E>(dsum, H, active, T, I, H, g.down.weight));
  if (g.up.weight) products.push_back(weigh<E>(dinner, ld, rows, T, H, I, g.up.weight));
  if (g.gate.weight) products.push_back(weigh<E>(dgate, ld, rows, T, H, I, g.gate.weight));
  multiply_all(products);
  beside_down.learn(active, g.down.adapter);
  auto pass_back = [&](const Dense& dense, const E* dy, const E* weight, float before, const AdapterGrad& grad) {
    const AdapterBackward<E> beside(dense.adapter, tokens, dy, ld, wide);
    multiply_all<E>({back<E>(dy, ld, weight, T, H, I, before, dx)},
                    [&](const Tile& t, float* c, int64_t ldc) { beside.add(t, c, ldc); });
    beside.learn(rows, grad);
  };
  pass_back(l.up, dinner, up, beta, g.up.adapter);
  if (l.gated) pass_back(l.gate, dgate, operand<E>(l.gate.weight, I * H, wide), 1.0f, g.gate.adapter);
}

template void feed_forward(const Layer&, const Tokens&, const float*, const Saved<float>&, float*);
template void feed_forward(const Layer&, const Tokens&, const float*, const Saved<BFloat16>&, float*);
template void feed_forward_backward(const Layer&, const Tokens&, const float*, const Saved<float>&, const float*, float,
                                    float*, const LayerGrad&);
template void feed_forward_backward(const Layer&, const Tokens&, const float*, const Saved<BFloat16>&, const float*,
                                    float, float*, const LayerGrad&);

}  // namespace tasklab
