#include "attention.h"

#include <algorithm>
#include <cmath>

#include "gemm.h"
#include "pool.h"
#include "scratch.h"
#include "vmath.h"

namespace tasklab {
namespace {

constexpr int64_t kQueries = 128;  // rows of one block of scores: 128 x 512 floats are 256 KiB, inside a core's L2

// One head of one sequence: where its rows are.
struct Head {
  int64_t begin, rows, width;  // first packed row, tokens of the sequence, H
  const float *q, *k, *v;      // row stride 3 H
  uint32_t counter;            // dropout index of its first score

  Head(const Attention& a, int64_t index) {
    const int64_t b = index / a.heads, n = index % a.heads, S = a.tokens.length;
    begin = a.tokens.start[b];
    rows = a.tokens.start[b + 1] - begin;
    width = a.heads * a.head_size;
    q = a.qkv + begin * 3 * width + n * a.head_size;
    k = q + width;
    v = k + width;
    counter = static_cast<uint32_t>(index * S) * static_cast<uint32_t>(S);
  }
};

uint32_t row_counter(const Attention& a, const Head& head, int64_t row) {
  return head.counter + static_cast<uint32_t>(a.tokens.column[head.begin + row] * a.tokens.length);
}

void drop(float* p, const int32_t* column, int64_t count, uint32_t counter, const Dropout dropout) {
#pragma omp simd
  for (int64_t j = 0; j < count; ++j) p[j] *= dropout.factor(counter + static_cast<uint32_t>(column[j]));
}

// scores -> probabilities of `count` keys; returns log(sum(exp(scale * score)))
float softmax(float* score, int64_t count, float scale) {
  float top = -INFINITY, sum = 0;
#pragma omp simd reduction(max : top)
  for (int64_t j = 0; j < count; ++j) top = score[j] > top ? score[j] : top;
  top *= scale;  // scale is positive
#pragma omp simd reduction(+ : sum)
  for (int64_t j = 0; j < count; ++j) {
    score[j] = fast_exp(score[j] * scale - top);
    sum += score[j];
  }
  const float inverse = 1.0f / sum;
#pragma omp simd
  for (int64_t j = 0; j < count; ++j) score[j] *= inverse;
  return top + std::log(sum);
}

}  // namespace

void attention_forward(const Attention& a) {
  const float scale = 1.0f / std::sqrt(static_cast<float>(a.head_size));
  parallel_for(a.tokens.batch * a.heads, [&](int64_t index) {
    const Head h(a, index);
    const int64_t L = h.rows, D = a.head_size, ld = 3 * h.width, n = index % a.heads;
    float* scores = thread_floats(0, std::min(L, kQueries) * L);
    for (int64_t from = 0; from < L; from += kQueries) {
      const int64_t rows = std::min(kQueries, L - from);
      multiply({false, true, rows, L, D, h.q + from * ld, ld, h.k, ld, 0.0f, scores, L});
      for (int64_t i = 0; i < rows; ++i) {
        const float log_sum = softmax(scores + i * L, L, scale);
        if (a.log_sum != nullptr) a.log_sum[(h.begin + from + i) * a.heads + n] = log_sum;
        if (a.dropout.on())
          drop(scores + i * L, &a.tokens.column[h.begin], L, row_counter(a, h, from + i), a.dropout);
      }
      float* context = a.context + (h.begin + from) * h.width + n * D;
      multiply({false, false, rows, D, L, scores, L, h.v, ld, 0.0f, context, h.width});
    }
  });
}

void attention_backward(const Attention& a, const float* dcontext, float* dqkv) {
  const float scale = 1.0f / std::sqrt(static_cast<float>(a.head_size));
  parallel_for(a.tokens.batch * a.heads, [&](int64_t index) {
    const Head h(a, index);
    const int64_t L = h.rows, D = a.head_size, H = h.width, ld = 3 * H, n = index % a.heads;
    float* dq = dqkv + (h.q - a.qkv);
    float *dk = dq + H, *dv = dk + H;
    float* weights = thread_floats(0, std::min(L, kQueries) * L);  // dropped probabilities
    float* dscores = thread_floats(1, std::min(L, kQueries) * L);  // first of the weights, then of the scores
    for (int64_t from = 0; from < L; from += kQueries) {
      const int64_t rows = std::min(kQueries, L - from);
      const float more = from > 0 ? 1.0f : 0.0f;  // dk and dv sum over the blocks
      const float* q = h.q + from * ld;
      const float* context = a.context + (h.begin + from) * H + n * D;
      const float* dout = dcontext + (h.begin + from) * H + n * D;
      multiply({false, true, rows, L, D, q, ld, h.k, ld, 0.0f, weights, L});
      multiply({false, true, rows, L, D, dout, H, h.v, ld, 0.0f, dscores, L});
      for (int64_t i = 0; i < rows; ++i) {
        float *p = weights + i * L, *d = dscores + i * L;
        const float log_sum = a.log_sum[(h.begin + from + i) * a.heads + n];
        float along = 0;  // sum over the keys of weight * its gradient = context . dcontext
#pragma omp simd reduction(+ : along)
        for (int64_t j = 0; j < D; ++j) along += context[i * H + j] * dout[i * H + j];
        if (a.dropout.on()) {
          const int32_t* column = &a.tokens.column[h.begin];
          const uint32_t counter = row_counter(a, h, from + i);
          const Dropout dropout = a.dropout;  // a copy on the stack: the loop below cannot change it
#pragma omp simd
          for (int64_t j = 0; j < L; ++j) {
            const float probability = fast_exp(p[j] * scale - log_sum);
            const float factor = dropout.factor(counter + static_cast<uint32_t>(column[j]));
            p[j] = probability * factor;
            d[j] = probability * (d[j] * factor - along) * scale;
          }
        } else {
#pragma omp simd
          for (int64_t j = 0; j < L; ++j) {
            p[j] = fast_exp(p[j] * scale - log_sum);
            d[j] = p[j] * (d[j] - along) * scale;
          }
        }
      }
      multiply({true, false, L, D, rows, weights, L, dout, H, more, dv, ld});
      multiply({false, false, rows, D, L, dscores, L, h.k, ld, 0.0f, dq + from * ld, ld});
      multiply({true, false, L, D, rows, dscores, L, q, ld, more, dk, ld});
    }
  });
}

}  // namespace tasklab
