#include "word_loss.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <stdexcept>
#include <string>

#include "gemm.h"
#include "number.h"
#include "pool.h"
#include "scratch.h"
#include "vmath.h"

namespace tasklab {
namespace {

// Fixed sizes, so that sums do not depend on the threads. A tile of scores is 512 KiB, inside a core's own cache.
constexpr int64_t kTileRows = 256, kTileWords = 512;
constexpr int64_t kBlock = 4096;  // words of one block of gradients; with 2048 rows its scores are 32 MiB

// The rows with a target, one behind the other. [R, H]
const float* packed(const WordLoss& w, Scratch& scratch) {
  const int64_t H = w.width;
  float* copy = scratch.floats(w.rows.size() * H);
  parallel_for(w.rows.size(), [&](int64_t r) {
    std::memcpy(copy + r * H, w.hidden + w.rows[r] * H, H * sizeof(float));
  });
  return copy;
}

// What a row of scores comes to, words taken in any number of parts.
struct Totals {
  float top, exponentials, sum;  // largest score, sum of exp(score - top), sum of the scores
};

Totals totals_of(const float* score, int64_t count) {
  float top = -INFINITY, exponentials = 0, sum = 0;
#pragma omp simd reduction(max : top)
  for (int64_t j = 0; j < count; ++j) top = score[j] > top ? score[j] : top;
#pragma omp simd reduction(+ : exponentials, sum)
  for (int64_t j = 0; j < count; ++j) {
    exponentials += fast_exp(score[j] - top);
    sum += score[j];
  }
  return {top, exponentials, sum};
}

// The gradient by one row's scores of `count` words in place of the scores, but for the target's own part.
void score_gradients(float* score, int64_t count, float log_sum, float whole, float each) {
#pragma omp simd
  for (int64_t j = 0; j < count; ++j) score[j] = each - whole * fast_exp(score[j] - log_sum);
}

}  // namespace

WordLoss::WordLoss(const float* hidden, int64_t count, int64_t width, const float* table, int64_t words,
                   const int32_t* targets)
    : width(width), words(words), hidden(hidden), table(table), targets(targets) {
  for (int64_t t = 0; t < count; ++t) {
    if (targets[t] >= words)
      throw std::invalid_argument("target " + std::to_string(targets[t]) + " is no word of a vocabulary of " +
                                  std::to_string(words));
    if (targets[t] >= 0) rows.push_back(t);
  }
}

template <class E>
void words_forward(const WordLoss& w, float* target, float* mean, float* log_sum) {
  const int64_t R = w.rows.size(), V = w.words, H = w.width;
  const int64_t tall = blocks_of(R, kTileRows), wide = blocks_of(V, kTileWords);
  Scratch scratch;
  const E* rows = operand<E>(packed(w, scratch), R * H, scratch);
  Totals* parts = scratch.take<Totals>(R * wide);
  constexpr int64_t kTogether = 8;  // tiles side by side whose words are rounded at a time
  for (int64_t first = 0; first < wide && R > 0; first += kTogether) {
    Scratch inputs;
    const int64_t tiles = std::min(kTogether, wide - first), base = first * kTileWords;
    const E* table = operand<E>(w.table + base * H, std::min(tiles * kTileWords, V - base) * H, inputs);
    parallel_for(tall * tiles, [&](int64_t index) {
      const int64_t tile = index / tall, top = index % tall * kTileRows, word = (first + tile) * kTileWords;
      const int64_t m = std::min(kTileRows, R - top), n = std::min(kTileWords, V - word);
      float* scores = thread_values<float>(0, m * n);
      multiply(Product<E>{false, true, m, n, H, rows + top * H, H, table + tile * kTileWords * H, H, 0.0f, scores, n});
      for (int64_t i = 0; i < m; ++i) {
        const int64_t row = w.rows[top + i], own = w.targets[row] - word;
        parts[(top + i) * wide + first + tile] = totals_of(scores + i * n, n);
        if (own >= 0 && own < n) target[row] = scores[i * n + own];
      }
    });
  }
  parallel_for(R, [&](int64_t r) {
    const Totals* part = parts + r * wide;
    const int64_t row = w.rows[r];
    double top = -INFINITY, exponentials = 0, sum = 0;
    for (int64_t i = 0; i < wide; ++i) top = std::max<double>(top, part[i].top);
    for (int64_t i = 0; i < wide; ++i) {
      exponentials += part[i].exponentials * std::exp(part[i].top - top);
      sum += part[i].sum;
    }
    const double total = top + std::log(exponentials);
    log_sum[row] = static_cast<float>(total);
    target[row] = static_cast<float>(target[row] - total);
    mean[row] = static_cast<float>(sum / V - total);
  });
}

template <class E>
void words_backward(const WordLoss& w, const float* dtarget, const float* dmean, const float* log_sum, float* dhidden,
                    float* dtable) {
  const int64_t R = w.rows.size(), V = w.words, H = w.width;
  Scratch scratch;
  const E* rows = operand<E>(packed(w, scratch), R * H, scratch);
  float* dpacked = scratch.floats(R * H);
  float* dscores = scratch.floats(R * spread(std::min(kBlock, V)));
  for (int64_t base = 0; base < V; base += kBlock) {
    Scratch inputs;
    const int64_t n = std::min(kBlock, V - base), ld = spread(n);
    const E* table = operand<E>(w.table + base * H, n * H, inputs);
    const Product<E> scores{false, true, R, n, H, rows, H, table, H, 0.0f, dscores, ld};
    multiply_all<E>({scores}, [&](const Tile& t, float* c, int64_t ldc) {
      for (int64_t i = 0; i < t.rows; ++i) {
        const int64_t row = w.rows[t.row + i], own = w.targets[row] - base - t.column;
        const float whole = dtarget[row] + dmean[row];
        score_gradients(c + i * ldc, t.columns, log_sum[row], whole, dmean[row] / V);
        if (own >= 0 && own < t.columns) c[i * ldc + own] += dtarget[row];
      }
    });
    const E* ds = operand<E>(dscores, R * ld, inputs);
    std::vector<Product<E>> products{{false, false, R, H, n, ds, ld, table, H, base > 0 ? 1.0f : 0.0f, dpacked, H}};
    if (dtable != nullptr) products.push_back({true, false, n, H, R, ds, ld, rows, H, 0.0f, dtable + base * H, H});
    multiply_all(products);
  }
  parallel_for(R, [&](int64_t r) {
    std::memcpy(dhidden + w.rows[r] * H, dpacked + r * H, H * sizeof(float));
  });
}

template void words_forward<float>(const WordLoss&, float*, float*, float*);
template void words_forward<BFloat16>(const WordLoss&, float*, float*, float*);
template void words_backward<float>(const WordLoss&, const float*, const float*, const float*, float*, float*);
template void words_backward<BFloat16>(const WordLoss&, const float*, const float*, const float*, float*, float*);

}  // namespace tasklab
