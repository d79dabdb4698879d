#include "layer.h"

#include "attention.h"
#include "gemm.h"
#include "norm.h"
#include "scratch.h"

namespace tasklab {
namespace {

// y [T, out] = x [T, in] weight^T
Product apply(const float* x, const float* weight, int64_t rows, int64_t in, int64_t out, float* y, int64_t ldy) {
  return {false, true, rows, out, in, x, in, weight, in, 0.0f, y, ldy};
}

// dx [T, in] (+)= dy [T, out] weight
Product back(const float* dy, int64_t ldy, const float* weight, int64_t rows, int64_t in, int64_t out, float beta,
             float* dx) {
  return {false, false, rows, in, out, dy, ldy, weight, in, beta, dx, in};
}

// dweight [out, in] = dy^T x
Product weigh(const float* dy, int64_t ldy, const float* x, int64_t rows, int64_t in, int64_t out, float* dweight) {
  return {true, false, out, in, rows, dy, ldy, x, in, 0.0f, dweight, in};
}

void add_bias(float* y, int64_t ldy, const float* bias, int64_t rows, int64_t columns) {
  for (int64_t t = 0; t < rows; ++t)
#pragma omp simd
    for (int64_t j = 0; j < columns; ++j) y[t * ldy + j] += bias[j];
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

int64_t saved_floats(const Layer& l, int64_t tokens) { return tokens * (6 * l.hidden + l.inner + 4 + l.heads); }

Saved saved_at(const Layer& l, int64_t T, float* p) {
  Saved s;
  s.qkv = p;
  s.context = s.qkv + T * 3 * l.hidden;
  s.sum1 = s.context + T * l.hidden;
  s.inner = s.sum1 + T * l.hidden;
  s.sum2 = s.inner + T * l.inner;
  s.mean1 = s.sum2 + T * l.hidden;
  s.rstd1 = s.mean1 + T;
  s.mean2 = s.rstd1 + T;
  s.rstd2 = s.mean2 + T;
  s.log_sum = s.rstd2 + T;
  return s;
}

void layer_forward(const Layer& l, const Tokens& tokens, const float* x, const Saved& s, float* y) {
  const int64_t T = tokens.count(), H = l.hidden, I = l.inner;
  const Dense* parts[3] = {&l.query, &l.key, &l.value};
  std::vector<Product> products;
  for (int i = 0; i < 3; ++i) products.push_back(apply(x, parts[i]->weight, T, H, H, s.qkv + i * H, 3 * H));
  multiply_all(products, [&](const Tile& t) {
    float* out = products[t.job].c + t.row * 3 * H + t.column;
    add_bias(out, 3 * H, parts[t.job]->bias + t.column, t.rows, t.columns);
  });
  attention_forward({tokens, l.heads, H / l.heads, s.qkv, l.on_probabilities, s.log_sum, s.context});
  multiply_all({apply(s.context, l.output.weight, T, H, H, s.sum1, H)});

  Scratch scratch;
  float* x1 = scratch.floats(T * H);
  NormForward first = norm_of(l, l.attention_norm, l.output, l.on_attention, tokens);
  first.residual = x;
  first.sum = s.sum1;
  first.mean = s.mean1;
  first.rstd = s.rstd1;
  first.y = x1;
  norm_forward(first);

  float* active = scratch.floats(T * I);
  multiply_all({apply(x1, l.up.weight, T, H, I, s.inner, I)}, [&](const Tile& t) {
    const int64_t at = t.row * I + t.column;
    activate(l.activation, s.inner + at, I, l.up.bias + t.column, active + at, I, t.rows, t.columns);
  });
  multiply_all({apply(active, l.down.weight, T, I, H, s.sum2, H)});
  NormForward last = norm_of(l, l.norm, l.down, l.on_output, tokens);
  last.residual = x1;
  last.sum = s.sum2;
  last.mean = s.mean2;
  last.rstd = s.rstd2;
  last.y = y;
  norm_forward(last);
}

void layer_backward(const Layer& l, const Tokens& tokens, const float* x, const Saved& s, const float* dy, float* dx,
                    const LayerGrad& g) {
  const int64_t T = tokens.count(), H = l.hidden, I = l.inner;
  Scratch scratch;
  float* dout = scratch.floats(T * H);  // gradient of a Dense's product, before the residual joins
  float* x1 = scratch.floats(T * H);
  const int32_t* flat = tokens.flat.data();

  norm_backward({T, H, dy, s.sum2, s.mean2, s.rstd2, l.norm.weight, l.on_output, flat, dx, dout, g.norm.weight,
                 g.norm.bias, g.down.bias});
  norm_again(T, H, s.sum1, s.mean1, s.rstd1, l.attention_norm.weight, l.attention_norm.bias, x1);
  {
    Scratch wide;
    float* active = wide.floats(T * I);
    float* dinner = wide.floats(T * I);
    multiply_all({back(dout, H, l.down.weight, T, I, H, 0.0f, dinner)});
    activate_backward(l.activation, s.inner, active, dinner, g.up.bias, T, I);
    multiply_all({weigh(dout, H, active, T, I, H, g.down.weight), weigh(dinner, I, x1, T, H, I, g.up.weight)});
    multiply_all({back(dinner, I, l.up.weight, T, H, I, 1.0f, dx)});  // dx is now the gradient of x1
  }
  norm_backward({T, H, dx, s.sum1, s.mean1, s.rstd1, l.attention_norm.weight, l.on_attention, flat, dx, dout,
                 g.attention_norm.weight, g.attention_norm.bias, g.output.bias});
  float* dcontext = x1;  // x1 has done its work
  multiply_all({back(dout, H, l.output.weight, T, H, H, 0.0f, dcontext),
                weigh(dout, H, s.context, T, H, H, g.output.weight)});
  float* dqkv = scratch.floats(T * 3 * H);
  const Attention attention{tokens, l.heads, H / l.heads, s.qkv, l.on_probabilities, s.log_sum, s.context};
  attention_backward(attention, dcontext, dqkv);

  const Dense* parts[3] = {&l.query, &l.key, &l.value};
  const DenseGrad* grads[3] = {&g.query, &g.key, &g.value};
  std::vector<Product> products;
  for (int i = 0; i < 3; ++i) {
    products.push_back(weigh(dqkv + i * H, 3 * H, x, T, H, H, grads[i]->weight));
    column_sums(dqkv + i * H, T, H, 3 * H, grads[i]->bias);
  }
  multiply_all(products);
  for (int i = 0; i < 3; ++i) multiply_all({back(dqkv + i * H, 3 * H, parts[i]->weight, T, H, H, 1.0f, dx)});
}

}  // namespace tasklab
