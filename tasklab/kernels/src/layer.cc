#include "layer.h"

#include <algorithm>

#include "attention.h"
#include "gemm.h"
#include "norm.h"
#include "pool.h"
#include "scratch.h"

namespace tasklab {
namespace {

constexpr int64_t kRows = 32;  // that one thread takes at a time

// y [T, out] = x [T, in] weight^T; y null: see Product
template <class E>
Product<E> apply(const E* x, const E* weight, int64_t rows, int64_t in, int64_t out, float* y, int64_t ldy) {
  return {false, true, rows, out, in, x, in, weight, in, 0.0f, y, ldy};
}

// dx [T, in] (+)= dy [T, out] weight
template <class E>
Product<E> back(const E* dy, int64_t ldy, const E* weight, int64_t rows, int64_t in, int64_t out, float beta,
                float* dx) {
  return {false, false, rows, in, out, dy, ldy, weight, in, beta, dx, in};
}

// dweight [out, in] = dy^T x
template <class E>
Product<E> weigh(const E* dy, int64_t ldy, const E* x, int64_t rows, int64_t in, int64_t out, float* dweight) {
  return {true, false, out, in, rows, dy, ldy, x, in, 0.0f, dweight, in};
}

// The target of products whose tiles are finished at once: its own memory for floats, passing tiles otherwise.
float* in_place(float* y) { return y; }
float* in_place(BFloat16*) { return nullptr; }

// Memory for E values that replace floats one by one: the floats' own, or fresh.
template <class E>
E* replacing(float* x, int64_t count, Scratch& scratch) {
  if constexpr (std::is_same_v<E, float>) return x;
  else return scratch.take<E>(count);
}

// y = c + bias; y may be c
template <class E>
void add_bias(const float* c, int64_t ldc, const float* bias, E* y, int64_t ldy, int64_t rows, int64_t columns) {
  for (int64_t t = 0; t < rows; ++t)
#pragma omp simd
    for (int64_t j = 0; j < columns; ++j) y[t * ldy + j] = narrow<E>(c[t * ldc + j] + bias[j]);
}

// Drops activated values [T, I] in the rows and columns of a tile.
template <class E>
void drop_active(const Layer& l, const Tokens& tokens, int64_t row, int64_t column, int64_t rows, int64_t columns,
                 E* active) {
  if (!l.on_active.on()) return;
  const Dropout drop = l.on_active;
  for (int64_t t = row; t < row + rows; ++t) {
    const uint32_t index = static_cast<uint32_t>(tokens.flat[t]) * static_cast<uint32_t>(l.inner);
    E* values = active + t * l.inner;
#pragma omp simd
    for (int64_t j = column; j < column + columns; ++j)
      values[j] = narrow<E>(widen(values[j]) * drop.factor(index + static_cast<uint32_t>(j)));
  }
}

// The same of all of them.
template <class E>
void drop_active(const Layer& l, const Tokens& tokens, E* active) {
  const int64_t T = tokens.count();
  parallel_for(blocks_of(T, kRows), [&](int64_t block) {
    drop_active(l, tokens, block * kRows, 0, std::min(kRows, T - block * kRows), l.inner, active);
  });
}

RowNorm norm_of(const Layer& l, const Dense& norm, float* mean, float* rstd) {
  return {norm.weight, norm.bias, l.eps, l.centred, mean, rstd};
}

template <class E>
RowNorm attention_norm(const Layer& l, const Saved<E>& s) {
  return norm_of(l, l.attention_norm, s.mean1, s.rstd1);
}

template <class E>
RowNorm last_norm(const Layer& l, const Saved<E>& s) {
  return norm_of(l, l.norm, s.mean2, s.rstd2);
}

template <class E>
Attention<E> attention_of(const Layer& l, const Tokens& tokens, const Saved<E>& s) {
  return {tokens, l.heads, l.groups, l.head_size, l.scale, l.causal, s.qkv, l.on_probabilities, s.log_sum, s.context,
          l.positions};
}

// Query, key and value: where they stand side by side, and what makes them.
struct Projection {
  const Dense& dense;
  const DenseGrad* grad;
  int64_t at, width;
};

std::vector<Projection> projections(const Layer& l, const LayerGrad* g = nullptr) {
  const int64_t wide = l.context(), narrow = l.groups * l.head_size;
  return {{l.query, g ? &g->query : nullptr, 0, wide},
          {l.key, g ? &g->key : nullptr, wide, narrow},
          {l.value, g ? &g->value : nullptr, wide + narrow, narrow}};
}

// s.qkv and s.context from the attention's input `x`; the product with the output's weight goes to `y`.
template <class E>
void attend(const Layer& l, const Tokens& tokens, const float* x, const Saved<E>& s, float* y) {
  const int64_t T = tokens.count(), H = l.hidden, ld = l.projected();
  {
    Scratch inputs;
    const E* rows = operand<E>(x, T * H, inputs);
    const std::vector<Projection> parts = projections(l);
    std::vector<Product<E>> products;
    for (const Projection& p : parts)
      products.push_back(apply(rows, operand<E>(p.dense.weight, p.width * H, inputs), T, H, p.width,
                               in_place(s.qkv + p.at), ld));
    multiply_all(products, [&](const Tile& t, const float* c, int64_t ldc) {
      E* out = s.qkv + parts[t.job].at + t.row * ld + t.column;
      add_bias(c, ldc, parts[t.job].dense.bias + t.column, out, ld, t.rows, t.columns);
    });
  }
  l.rotary.turn(tokens, s.qkv, ld, l.heads + l.groups, l.head_size, false);
  attention_forward(attention_of(l, tokens, s));
  Scratch scratch;
  const E* output = operand<E>(l.output.weight, H * l.context(), scratch);
  multiply_all<E>({apply<E>(s.context, output, T, l.context(), H, y, H)});
}

// s.inner and s.gate from the feed-forward's input `x`; the product with `down` goes to `y`.
template <class E>
void feed_forward(const Layer& l, const Tokens& tokens, const float* x, const Saved<E>& s, float* y) {
  const int64_t T = tokens.count(), H = l.hidden, I = l.inner;
  Scratch scratch;
  E* active = scratch.take<E>(T * I);
  const E *rows = operand<E>(x, T * H, scratch), *up = operand<E>(l.up.weight, I * H, scratch);
  multiply_all<E>({apply(rows, up, T, H, I, in_place(s.inner), I)}, [&](const Tile& t, const float* c, int64_t ldc) {
    const int64_t at = t.row * I + t.column;
    const float* bias = l.up.bias + t.column;
    if (l.gated) return add_bias(c, ldc, bias, s.inner + at, I, t.rows, t.columns);
    activate(l.activation, c, ldc, bias, s.inner + at, active + at, I, t.rows, t.columns);
    drop_active(l, tokens, t.row, t.column, t.rows, t.columns, active);
  });
  if (l.gated) {
    const E* gate = operand<E>(l.gate.weight, I * H, scratch);
    multiply_all<E>({apply(rows, gate, T, H, I, in_place(s.gate), I)}, [&](const Tile& t, const float* c, int64_t ldc) {
      const int64_t at = t.row * I + t.column;
      activate_gate(l.activation, c, ldc, l.gate.bias + t.column, s.gate + at, s.inner + at, active + at, I, t.rows,
                    t.columns);
      drop_active(l, tokens, t.row, t.column, t.rows, t.columns, active);
    });
  }
  const E* down = operand<E>(l.down.weight, H * I, scratch);
  multiply_all<E>({apply<E>(active, down, T, I, H, y, H)});
}

// Gradients of the feed-forward from those of its product, dout [T, H]; dx [T, H] = beta dx + its input's gradient.
template <class E>
void feed_forward_backward(const Layer& l, const Tokens& tokens, const float* x, const Saved<E>& s, const float* dout,
                           float beta, float* dx, const LayerGrad& g) {
  const int64_t T = tokens.count(), H = l.hidden, I = l.inner;
  Scratch wide;
  const E *rows = operand<E>(x, T * H, wide), *dsum = operand<E>(dout, T * H, wide);
  const E *up = operand<E>(l.up.weight, I * H, wide), *down = operand<E>(l.down.weight, H * I, wide);
  E* active = wide.take<E>(T * I);
  float* dactive = wide.floats(T * I);
  multiply_all<E>({back(dsum, H, down, T, I, H, 0.0f, dactive)});
  drop_active(l, tokens, dactive);
  E* dinner = replacing<E>(dactive, T * I, wide);
  E* dgate = nullptr;
  if (l.gated) {
    dgate = dinner;  // takes the place of dactive, as the activation's gradient does below
    dinner = wide.take<E>(T * I);
    activate_gate_backward(l.activation, s.gate, s.inner, active, dactive, dgate, dinner, T, I);
    if (g.up.bias) column_sums<E>(dinner, T, I, I, g.up.bias);
    if (g.gate.bias) column_sums<E>(dgate, T, I, I, g.gate.bias);
  } else {
    activate_backward(l.activation, s.inner, active, dactive, dinner, g.up.bias, T, I);
  }
  drop_active(l, tokens, active);
  std::vector<Product<E>> products;
  if (g.down.weight) products.push_back(weigh<E>(dsum, H, active, T, I, H, g.down.weight));
  if (g.up.weight) products.push_back(weigh<E>(dinner, I, rows, T, H, I, g.up.weight));
  if (g.gate.weight) products.push_back(weigh<E>(dgate, I, rows, T, H, I, g.gate.weight));
  multiply_all(products);
  multiply_all<E>({back<E>(dinner, I, up, T, H, I, beta, dx)});
  if (!l.gated) return;
  const E* gate = operand<E>(l.gate.weight, I * H, wide);
  multiply_all<E>({back<E>(dgate, I, gate, T, H, I, 1.0f, dx)});
}

// The same for attention: x is what it read, dout the gradient of the output's product.
template <class E>
void attend_backward(const Layer& l, const Tokens& tokens, const float* x, const Saved<E>& s, const float* dout,
                     float beta, float* dx, const LayerGrad& g) {
  const int64_t T = tokens.count(), H = l.hidden, C = l.context(), ld = l.projected();
  Scratch scratch;
  E* dqkv = scratch.take<E>(T * ld);
  {
    Scratch narrow;
    const E *dsum = operand<E>(dout, T * H, narrow), *output = operand<E>(l.output.weight, H * C, narrow);
    E* dcontext = narrow.take<E>(T * C);
    std::vector<Product<E>> products{back(dsum, H, output, T, C, H, 0.0f, in_place(dcontext))};
    if (g.output.weight) products.push_back(weigh<E>(dsum, H, s.context, T, C, H, g.output.weight));
    multiply_all(products, [&](const Tile& t, const float* c, int64_t ldc) {
      if (t.job == 0) narrow_rows(c, ldc, dcontext + t.row * C + t.column, C, t.rows, t.columns);
    });
    attention_backward<E>(attention_of(l, tokens, s), dcontext, dqkv, g.positions);
  }
  l.rotary.turn(tokens, dqkv, ld, l.heads + l.groups, l.head_size, true);
  const E* rows = operand<E>(x, T * H, scratch);
  const std::vector<Projection> parts = projections(l, &g);
  std::vector<Product<E>> products;
  for (const Projection& p : parts) {
    if (p.grad->weight) products.push_back(weigh<E>(dqkv + p.at, ld, rows, T, H, p.width, p.grad->weight));
    if (p.grad->bias) column_sums<E>(dqkv + p.at, T, p.width, ld, p.grad->bias);
  }
  multiply_all(products);
  for (const Projection& p : parts) {
    const E* weight = operand<E>(p.dense.weight, p.width * H, scratch);
    multiply_all<E>({back<E>(dqkv + p.at, ld, weight, T, H, p.width, p.at == 0 ? beta : 1.0f, dx)});
  }
}

}  // namespace

template <class E>
int64_t saved_floats(const Layer& l, int64_t tokens) {
  const int64_t values = l.projected() + l.context() + (l.gated ? 2 : 1) * l.inner;
  const int64_t operands = tokens * values * static_cast<int64_t>(sizeof(E));
  return blocks_of(operands, sizeof(float)) + tokens * ((l.norm_first ? 1 : 2) * l.hidden + 4 + l.heads);
}

template <class E>
Saved<E> saved_at(const Layer& l, int64_t T, float* p) {
  Saved<E> s;
  s.sum1 = p;
  s.sum2 = s.sum1 + (l.norm_first ? 0 : T * l.hidden);  // pre-norm: not used, what would be there is the output
  s.mean1 = s.sum2 + T * l.hidden;
  s.rstd1 = s.mean1 + T;
  s.mean2 = s.rstd1 + T;
  s.rstd2 = s.mean2 + T;
  s.log_sum = s.rstd2 + T;
  s.qkv = reinterpret_cast<E*>(s.log_sum + T * l.heads);
  s.context = s.qkv + T * l.projected();
  s.inner = s.context + T * l.context();
  s.gate = s.inner + T * l.inner;
  return s;
}

template <class E>
void layer_forward(const Layer& l, const Tokens& tokens, const float* x, const Saved<E>& s, float* y) {
  const int64_t T = tokens.count(), H = l.hidden;
  const int32_t* flat = tokens.flat.data();
  Scratch scratch;
  float* normal = scratch.floats(T * H);  // what attention reads if the norm is first; then what the feed-forward reads
  if (l.norm_first) normalise_rows(T, H, x, attention_norm(l, s), normal);
  attend(l, tokens, l.norm_first ? normal : x, s, s.sum1);
  norm_forward({T, H, x, l.output.bias, l.on_attention, flat, s.sum1,
                l.norm_first ? last_norm(l, s) : attention_norm(l, s), normal});
  float* sum = l.norm_first ? y : s.sum2;
  feed_forward(l, tokens, normal, s, sum);
  norm_forward({T, H, l.norm_first ? s.sum1 : normal, l.down.bias, l.on_output, flat, sum, last_norm(l, s),
                l.norm_first ? nullptr : y});
}

template <class E>
void layer_backward(const Layer& l, const Tokens& tokens, const float* x, const Saved<E>& s, const float* dy,
                    float* dx, const LayerGrad& g) {
  const int64_t T = tokens.count(), H = l.hidden;
  const bool first = l.norm_first;
  const RowNorm early = attention_norm(l, s), late = last_norm(l, s), middle = first ? late : early;
  const DenseGrad& between = first ? g.norm : g.attention_norm;
  const int32_t* flat = tokens.flat.data();
  Scratch scratch;
  float* dout = scratch.floats(T * H);  // gradient of a Dense's product, before the residual joins
  float* normal = scratch.floats(T * H);
  // Post-norm: dx holds the gradient of the residual, to which the products add theirs. Pre-norm: what they give goes
  // through a norm first.
  float* dnormal = first ? scratch.floats(T * H) : dx;
  const float* dsum = dout;
  if (!first) {
    norm_backward({T, H, dy, s.sum2, late, l.on_output, flat, nullptr, dx, dout, g.norm.weight, g.norm.bias,
                   g.down.bias});
  } else if (l.on_output.on()) {
    drop_backward(T, H, dy, l.on_output, flat, dout, g.down.bias);
  } else {
    dsum = dy;
    if (g.down.bias) column_sums(dy, T, H, H, g.down.bias);
  }
  norm_again(T, H, s.sum1, middle, normal);
  feed_forward_backward(l, tokens, normal, s, dsum, first ? 0.0f : 1.0f, dnormal, g);
  norm_backward({T, H, dnormal, s.sum1, middle, l.on_attention, flat, first ? dy : nullptr, dx, dout, between.weight,
                 between.bias, g.output.bias});  // dx is now the gradient of x + attention
  if (first) norm_again(T, H, x, early, normal);
  attend_backward(l, tokens, first ? normal : x, s, dout, first ? 0.0f : 1.0f, dnormal, g);
  if (first)
    norm_backward({T, H, dnormal, x, early, Dropout{}, flat, dx, dx, nullptr, g.attention_norm.weight,
                   g.attention_norm.bias, nullptr});
}

template int64_t saved_floats<float>(const Layer&, int64_t);
template int64_t saved_floats<BFloat16>(const Layer&, int64_t);
template Saved<float> saved_at(const Layer&, int64_t, float*);
template Saved<BFloat16> saved_at(const Layer&, int64_t, float*);
template void layer_forward(const Layer&, const Tokens&, const float*, const Saved<float>&, float*);
template void layer_forward(const Layer&, const Tokens&, const float*, const Saved<BFloat16>&, float*);
template void layer_backward(const Layer&, const Tokens&, const float*, const Saved<float>&, const float*, float*,
                             const LayerGrad&);
template void layer_backward(const Layer&, const Tokens&, const float*, const Saved<BFloat16>&, const float*, float*,
                             const LayerGrad&);

}  // namespace tasklab
