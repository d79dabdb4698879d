#include <algorithm>
#include <cmath>

#include "decoder.h"
#include "pool.h"
#include "scratch.h"
#include "vmath.h"

namespace tasklab {
namespace {

// The halves of a head turn against each other by the angle of its position (Su et al. 2021, HuggingFace's order).
void rotate(float* head, int64_t half, const float* cosines, const float* sines) {
  for (int64_t j = 0; j < half; ++j) {
    const float a = head[j], b = head[half + j];
    head[j] = a * cosines[j] - b * sines[j];
    head[half + j] = b * cosines[j] + a * sines[j];
  }
}

// scores [padded] -> exp(score - largest) of the first `count`, 0 behind them; returns 1 / their sum
float softmax(float* scores, int64_t count, int64_t padded) {
  float top = -INFINITY;
#pragma omp simd reduction(max : top)
  for (int64_t j = 0; j < count; ++j) top = scores[j] > top ? scores[j] : top;
  for (int64_t j = 0; j < padded; ++j) scores[j] = j < count ? fast_exp(scores[j] - top) : 0.0f;
  return 1 / row_sum(padded, [&](int64_t j) { return scores[j]; });
}

// Pages lie apart in memory: while one is read, the next comes nearer.
Ahead ahead_of(const float* page) { return {reinterpret_cast<const char*>(page), kPanel * 4}; }

}  // namespace

void Decoder::attend(const std::vector<Span>& spans, int64_t layer, float* qkv, float* context) const {
  const int64_t G = shape_.kv_heads;
  parallel_for(static_cast<int64_t>(spans.size()) * G,
               [&](int64_t piece) { attend_head(spans[piece / G], layer, piece % G, qkv, context); });
}

// One head of keys and values, and the heads of queries that share it.
void Decoder::attend_head(const Span& span, int64_t layer, int64_t head, float* qkv, float* context) const {
  const int64_t D = shape_.head_size, group = shape_.heads / shape_.kv_heads, queries = shape_.heads * D;
  const int64_t width = queries + 2 * shape_.kv_heads * D;
  float* q = qkv + span.row * width + head * group * D;       // [count, group, D], row stride `width`
  float* k = qkv + span.row * width + queries + head * D;
  const float* v = k + shape_.kv_heads * D;
  const float scale = static_cast<float>(shape_.score_scale);
  for (int64_t t = 0; t < span.count; ++t) {
    const int64_t position = span.first + t, page = position / kPageTokens, column = position % kPageTokens;
    float *own_q = q + t * width, *own_k = k + t * width;
    if (shape_.rotary) {
      const float *cosines = &cosines_[position * (D / 2)], *sines = &sines_[position * (D / 2)];
      for (int64_t h = 0; h < group; ++h) rotate(own_q + h * D, D / 2, cosines, sines);
      rotate(own_k, D / 2, cosines, sines);
    }
    for (int64_t j = 0; j < group * D; ++j) own_q[j] *= scale;
    float* keys = cache_.keys(span.slot, page, layer, head);
    float* values = cache_.values(span.slot, page, layer, head);
    for (int64_t j = 0; j < D; ++j) keys[j * kPageTokens + column] = own_k[j];
    for (int64_t j = 0; j < D; ++j)
      values[(j / kPanel * kPageTokens + column) * kPanel + j % kPanel] = v[t * width + j];
  }
  // M rows of queries, `stride` apart; row m sees the first own + m * step tokens
  const auto look = [&](auto block, const float* rows, int64_t stride, int64_t own, int64_t step, float* out,
                        int64_t out_stride) {
    constexpr int M = decltype(block)::value;
    const int64_t last = own + (M - 1) * step, pages = blocks_of(last, kPageTokens), padded = pages * kPageTokens;
    float* scores = thread_values<float>(0, M * padded);  // [M, padded]
    for (int64_t page = 0; page < pages; ++page) {
      const Ahead next = ahead_of(cache_.keys(span.slot, std::min(page + 1, pages - 1), layer, head));
      Sums<M> sums;
      add_panel(cache_.keys(span.slot, page, layer, head), D, rows, stride, next, sums);
      for (int m = 0; m < M; ++m) sums.write(m, scores + m * padded + page * kPageTokens);
    }
    float inverse[M];
    for (int m = 0; m < M; ++m) inverse[m] = softmax(scores + m * padded, own + m * step, padded);
    for (int64_t from = 0; from < D; from += kPanel) {
      Sums<M> sums;
      for (int64_t page = 0; page < pages; ++page) {
        const int64_t tokens = std::min(kPageTokens, last - page * kPageTokens), panel = from * kPageTokens;
        const Ahead next = ahead_of(cache_.values(span.slot, std::min(page + 1, pages - 1), layer, head) + panel);
        add_panel(cache_.values(span.slot, page, layer, head) + panel, tokens, scores + page * kPageTokens, padded,
                  next, sums);
      }
      for (int m = 0; m < M; ++m) {
        float values[kPanel];
        sums.write(m, values);
        for (int64_t j = 0; j < std::min(kPanel, D - from); ++j)
          out[m * out_stride + from + j] = values[j] * inverse[m];
      }
    }
  };
  float* out = context + span.row * queries + head * group * D;
  if (span.count == 1) {
    for_rows(group, [&](auto block, int64_t h) { look(block, q + h * D, D, span.first + 1, 0, out + h * D, D); });
    return;
  }
  for (int64_t h = 0; h < group; ++h)
    for_rows(span.count, [&](auto block, int64_t t) {
      look(block, q + t * width + h * D, width, span.first + t + 1, 1, out + t * queries + h * D, queries);
    });
}

}  // namespace tasklab
