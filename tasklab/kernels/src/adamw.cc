// Global-norm clipping and AdamW (Loshchilov & Hutter 2019, decoupled decay) over many tensors, in place.
#include <cmath>
#include <cstdint>
#include <vector>

#include "pool.h"

namespace tasklab {
namespace {

constexpr int64_t kBlock = 32768;  // elements; fixed, so that the norm does not depend on the number of threads

struct Block {
  int64_t tensor, begin, end;
};

std::vector<Block> cut(int64_t count, const int64_t* sizes) {
  std::vector<Block> blocks;
  for (int64_t t = 0; t < count; ++t)
    for (int64_t begin = 0; begin < sizes[t]; begin += kBlock)
      blocks.push_back({t, begin, begin + kBlock < sizes[t] ? begin + kBlock : sizes[t]});
  return blocks;
}

double square_sum(const float* values, int64_t count) {
  double sum = 0;
#pragma omp simd reduction(+ : sum)
  for (int64_t i = 0; i < count; ++i) sum += static_cast<double>(values[i]) * values[i];
  return sum;
}

double norm_of(const std::vector<Block>& blocks, const float* const* tensors) {
  std::vector<double> partial(blocks.size());
  parallel_for(blocks.size(), [&](int64_t i) {
    partial[i] = square_sum(tensors[blocks[i].tensor] + blocks[i].begin, blocks[i].end - blocks[i].begin);
  });
  double sum = 0;
  for (double value : partial) sum += value;
  return std::sqrt(sum);
}

struct Rates {
  float beta1, beta2, rest1, rest2, eps, keep, step, root, scale;  // keep = 1 - lr * decay, step = lr / correction1
};

void update(float* p, const float* g, float* m, float* v, int64_t count, const Rates& r) {
#pragma omp simd
  for (int64_t i = 0; i < count; ++i) {
    const float grad = g[i] * r.scale;
    m[i] = r.beta1 * m[i] + r.rest1 * grad;
    v[i] = r.beta2 * v[i] + r.rest2 * grad * grad;
    p[i] = p[i] * r.keep - r.step * m[i] / (std::sqrt(v[i]) * r.root + r.eps);
  }
}

}  // namespace
}  // namespace tasklab

// Returns the norm of grad_scale * gradients, before clipping. When it is not finite nothing is changed.
// correction1/2: 1 - beta^step, or 1 without bias correction; max_norm <= 0 does not clip; tensor t learns at the rate
// lr * lr_scales[t], which its decay follows.
extern "C" double tasklab_adamw(int64_t count, float** params, const float** grads, float** first, float** second,
                                const int64_t* sizes, const uint8_t* decays, const double* lr_scales, double lr,
                                double beta1, double beta2, double eps, double decay, double correction1,
                                double correction2, double max_norm, double grad_scale) {
  using namespace tasklab;
  const std::vector<Block> blocks = cut(count, sizes);
  const double norm = norm_of(blocks, grads) * std::abs(grad_scale);
  if (!std::isfinite(norm)) return norm;
  const double clip = max_norm > 0 && norm > max_norm ? max_norm / (norm + 1e-6) : 1.0;  // 1e-6 as in torch
  Rates rates{(float)beta1, (float)beta2, (float)(1 - beta1), (float)(1 - beta2), (float)eps, 1.0f,
              (float)(lr / correction1), (float)(1.0 / std::sqrt(correction2)), (float)(grad_scale * clip)};
  parallel_for(blocks.size(), [&](int64_t i) {
    const Block& b = blocks[i];
    Rates mine = rates;
    const double own_lr = lr * lr_scales[b.tensor];
    mine.step = (float)(own_lr / correction1);
    if (decays[b.tensor]) mine.keep = (float)(1.0 - own_lr * decay);
    update(params[b.tensor] + b.begin, grads[b.tensor] + b.begin, first[b.tensor] + b.begin,
           second[b.tensor] + b.begin, b.end - b.begin, mine);
  });
  return norm;
}

extern "C" double tasklab_norm(int64_t count, const float** tensors, const int64_t* sizes) {
  return tasklab::norm_of(tasklab::cut(count, sizes), tensors);
}

// sums[t] += values[t] for every tensor.
extern "C" void tasklab_accumulate(int64_t count, float** sums, const float** values, const int64_t* sizes) {
  using namespace tasklab;
  const std::vector<Block> blocks = cut(count, sizes);
  parallel_for(blocks.size(), [&](int64_t i) {
    const Block& b = blocks[i];
    float* sum = sums[b.tensor];
    const float* value = values[b.tensor];
#pragma omp simd
    for (int64_t j = b.begin; j < b.end; ++j) sum[j] += value[j];
  });
}
