#include "layer.h"

#include "attention.h"
#include "gemm.h"
#include "norm.h"
#include "scratch.h"

namespace tasklab {
namespace {

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

NormForward norm_of(const Layer& l, const Dense& norm, const Dense& dense, const Dropout& dropout, const Tokens& t) {
  NormForward n{};
  n.rows = t.count();
  n.width = l.hidden;
  n.bias = dense.bias;
  n.gamma = norm.weight;
  n.beta = norm.bias;
  n.dropout = dropout;
  n.flat = t.flat.data();
  n.eps = l.eps;
  return n;
}

}  // namespace

template <class E>
int64_t saved_floats(const Layer& l, int64_t tokens) {
  const int64_t operands = tokens * (4 * l.hidden + l.inner) * static_cast<int64_t>(sizeof(E));
  return blocks_of(operands, sizeof(float)) + tokens * (2 * l.hidden + 4 + l.heads);
}

template <class E>
Saved<E> saved_at(const Layer& l, int64_t T, float* p) {
  Saved<E> s;
  s.sum1 = p;
  s.sum2 = s.sum1 + T * l.hidden;
  s.mean1 = s.sum2 + T * l.hidden;
  s.rstd1 = s.mean1 + T;
  s.mean2 = s.rstd1 + T;
  s.rstd2 = s.mean2 + T;
  s.log_sum = s.rstd2 + T;
  s.qkv = reinterpret_cast<E*>(s.log_sum + T * l.heads);
  s.context = s.qkv + T * 3 * l.hidden;
  s.inner = s.context + T * l.hidden;
  return s;
}

template <class E>
void layer_forward(const Layer& l, const Tokens& tokens, const float* x, const Saved<E>& s, float* y) {
  const int64_t T = tokens.count(), H = l.hidden, I = l.inner;
  Scratch scratch;
  {
    Scratch inputs;
    const E* rows = operand<E>(x, T * H, inputs);
    const Dense* parts[3] = {&l.query, &l.key, &l.value};
    std::vector<Product<E>> products;
    for (int i = 0; i < 3; ++i)
      products.push_back(apply(rows, operand<E>(parts[i]->weight, H * H, inputs), T, H, H,
                               in_place(s.qkv + i * H), 3 * H));
    multiply_all(products, [&](const Tile& t, const float* c, int64_t ldc) {
      E* out = s.qkv + t.job * H + t.row * 3 * H + t.column;
      add_bias(c, ldc, parts[t.job]->bias + t.column, out, 3 * H, t.rows, t.columns);
    });
  }
  attention_forward(Attention<E>{tokens, l.heads, H / l.heads, l.causal, s.qkv, l.on_probabilities, s.log_sum, s.context});
  const E* output = operand<E>(l.output.weight, H * H, scratch);
  multiply_all<E>({apply<E>(s.context, output, T, H, H, s.sum1, H)});

  float* x1 = scratch.floats(T * H);
  NormForward first = norm_of(l, l.attention_norm, l.output, l.on_attention, tokens);
  first.residual = x;
  first.sum = s.sum1;
  first.mean = s.mean1;
  first.rstd = s.rstd1;
  first.y = x1;
  norm_forward(first);

  E* active = scratch.take<E>(T * I);
  const E *rows = operand<E>(x1, T * H, scratch), *up = operand<E>(l.up.weight, I * H, scratch);
  multiply_all<E>({apply(rows, up, T, H, I, in_place(s.inner), I)}, [&](const Tile& t, const float* c, int64_t ldc) {
    const int64_t at = t.row * I + t.column;
    activate(l.activation, c, ldc, l.up.bias + t.column, s.inner + at, active + at, I, t.rows, t.columns);
  });
  const E* down = operand<E>(l.down.weight, H * I, scratch);
  multiply_all<E>({apply<E>(active, down, T, I, H, s.sum2, H)});
  NormForward last = norm_of(l, l.norm, l.down, l.on_output, tokens);
  last.residual = x1;
  last.sum = s.sum2;
  last.mean = s.mean2;
  last.rstd = s.rstd2;
  last.y = y;
  norm_forward(last);
}

template <class E>
void layer_backward(const Layer& l, const Tokens& tokens, const float* x, const Saved<E>& s, const float* dy,
                    float* dx, const LayerGrad& g) {
  const int64_t T = tokens.count(), H = l.hidden, I = l.inner;
  Scratch scratch;
  float* dout = scratch.floats(T * H);  // gradient of a Dense's product, before the residual joins
  const int32_t* flat = tokens.flat.data();

  norm_backward({T, H, dy, s.sum2, s.mean2, s.rstd2, l.norm.weight, l.on_output, flat, dx, dout, g.norm.weight,
                 g.norm.bias, g.down.bias});
  {
    Scratch wide;
    float* x1 = wide.floats(T * H);
    norm_again(T, H, s.sum1, s.mean1, s.rstd1, l.attention_norm.weight, l.attention_norm.bias, x1);
    const E *rows = operand<E>(x1, T * H, wide), *dsum = operand<E>(dout, T * H, wide);
    const E *up = operand<E>(l.up.weight, I * H, wide), *down = operand<E>(l.down.weight, H * I, wide);
    E* active = wide.take<E>(T * I);
    float* dactive = wide.floats(T * I);
    multiply_all<E>({back(dsum, H, down, T, I, H, 0.0f, dactive)});
    E* dinner = replacing<E>(dactive, T * I, wide);
    activate_backward(l.activation, s.inner, active, dactive, dinner, g.up.bias, T, I);
    multiply_all<E>({weigh<E>(dsum, H, active, T, I, H, g.down.weight),
                     weigh<E>(dinner, I, rows, T, H, I, g.up.weight)});
    multiply_all<E>({back<E>(dinner, I, up, T, H, I, 1.0f, dx)});  // dx is now the gradient of x1
  }
  norm_backward({T, H, dx, s.sum1, s.mean1, s.rstd1, l.attention_norm.weight, l.on_attention, flat, dx, dout,
                 g.attention_norm.weight, g.attention_norm.bias, g.output.bias});
  E* dqkv = scratch.take<E>(T * 3 * H);
  {
    Scratch narrow;
    const E *dsum = operand<E>(dout, T * H, narrow), *output = operand<E>(l.output.weight, H * H, narrow);
    E* dcontext = narrow.take<E>(T * H);
    std::vector<Product<E>> products{back(dsum, H, output, T, H, H, 0.0f, in_place(dcontext)),
                                     weigh<E>(dsum, H, s.context, T, H, H, g.output.weight)};
    multiply_all(products, [&](const Tile& t, const float* c, int64_t ldc) {
      if (t.job == 0) narrow_rows(c, ldc, dcontext + t.row * H + t.column, H, t.rows, t.columns);
    });
    const Attention<E> attention{tokens, l.heads, H / l.heads, l.causal, s.qkv, l.on_probabilities, s.log_sum, s.context};
    attention_backward<E>(attention, dcontext, dqkv);
  }
  const E* rows = operand<E>(x, T * H, scratch);
  const Dense* parts[3] = {&l.query, &l.key, &l.value};
  const DenseGrad* grads[3] = {&g.query, &g.key, &g.value};
  std::vector<Product<E>> products;
  for (int i = 0; i < 3; ++i) {
    products.push_back(weigh<E>(dqkv + i * H, 3 * H, rows, T, H, H, grads[i]->weight));
    column_sums<E>(dqkv + i * H, T, H, 3 * H, grads[i]->bias);
  }
  multiply_all(products);
  for (int i = 0; i < 3; ++i) {
    const E* weight = operand<E>(parts[i]->weight, H * H, scratch);
    multiply_all<E>({back<E>(dqkv + i * H, 3 * H, weight, T, H, H, 1.0f, dx)});
  }
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
