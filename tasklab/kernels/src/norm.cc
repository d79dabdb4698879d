#include "norm.h"

#include <algorithm>
#include <cmath>
#include <type_traits>

#include "pool.h"
#include "scratch.h"

namespace tasklab {
namespace {

constexpr int64_t kRows = 64;  // rows of one piece; fixed, so that column sums do not depend on the threads

// parts [pieces, width] -> sums [width], in the order of the pieces; null: nobody wants them
void add_parts(const float* parts, int64_t pieces, int64_t stride, int64_t width, float* sums) {
  if (sums == nullptr) return;
  std::fill_n(sums, width, 0.0f);
  for (int64_t piece = 0; piece < pieces; ++piece)
#pragma omp simd
    for (int64_t j = 0; j < width; ++j) sums[j] += parts[piece * stride + j];
}

void normalise(const float* x, int64_t width, float mean, float rstd, const float* gamma, const float* beta,
               float* y) {
#pragma omp simd
  for (int64_t j = 0; j < width; ++j) y[j] = (x[j] - mean) * rstd * gamma[j] + beta[j];
}

// Row t of a norm; `total` is the sum of x.
void finish(const RowNorm& n, int64_t t, const float* x, int64_t width, float total, float* y) {
  const float mean = n.centred ? total / width : 0.0f;
  float squares = 0;
#pragma omp simd reduction(+ : squares)
  for (int64_t j = 0; j < width; ++j) squares += (x[j] - mean) * (x[j] - mean);
  const float rstd = 1.0f / std::sqrt(squares / width + n.eps);
  n.mean[t] = mean;
  n.rstd[t] = rstd;
  normalise(x, width, mean, rstd, n.gamma, n.beta, y);
}

// body(t) for every row, in pieces.
template <class Body>
void each_row(int64_t rows, Body&& body) {
  parallel_for(blocks_of(rows, kRows), [&](int64_t block) {
    for (int64_t t = block * kRows; t < std::min(rows, (block + 1) * kRows); ++t) body(t);
  });
}

}  // namespace

void norm_forward(const NormForward& n) {
  const int64_t H = n.width;
  each_row(n.rows, [&](int64_t t) {
    const Dropout dropout = n.dropout;  // on the stack, where the loops below cannot change it
    float* x = n.sum + t * H;
    const float* residual = n.residual + t * H;
    float total = 0;
    if (dropout.on()) {
      const uint32_t index = static_cast<uint32_t>(n.flat[t]) * static_cast<uint32_t>(H);
#pragma omp simd reduction(+ : total)
      for (int64_t j = 0; j < H; ++j) {
        x[j] = (x[j] + n.bias[j]) * dropout.factor(index + static_cast<uint32_t>(j)) + residual[j];
        total += x[j];
      }
    } else {
#pragma omp simd reduction(+ : total)
      for (int64_t j = 0; j < H; ++j) {
        x[j] = x[j] + n.bias[j] + residual[j];
        total += x[j];
      }
    }
    if (n.y != nullptr) finish(n.norm, t, x, H, total, n.y + t * H);
  });
}

void normalise_rows(int64_t rows, int64_t width, const float* x, const RowNorm& norm, float* y) {
  each_row(rows, [&](int64_t t) {
    const float* in = x + t * width;
    float total = 0;
#pragma omp simd reduction(+ : total)
    for (int64_t j = 0; j < width; ++j) total += in[j];
    finish(norm, t, in, width, total, y + t * width);
  });
}

void norm_again(int64_t rows, int64_t width, const float* x, const RowNorm& n, float* y) {
  each_row(rows, [&](int64_t t) {
    normalise(x + t * width, width, n.mean[t], n.rstd[t], n.gamma, n.beta, y + t * width);
  });
}

void norm_backward(const NormBackward& n) {
  const int64_t H = n.width, pieces = blocks_of(n.rows, kRows);
  Scratch scratch;
  float* parts = scratch.floats(pieces * 3 * H);
  parallel_for(pieces, [&](int64_t block) {
    const Dropout dropout = n.dropout;
    float *dgamma = parts + block * 3 * H, *dbeta = dgamma + H, *dbias = dbeta + H;
    std::fill_n(dgamma, 3 * H, 0.0f);
    for (int64_t t = block * kRows; t < std::min(n.rows, (block + 1) * kRows); ++t) {
      const float *dy = n.dy + t * H, *x = n.sum + t * H;
      const float mean = n.norm.mean[t], rstd = n.norm.rstd[t];
      float first = 0, second = 0;  // sums of dy gamma, and of dy gamma times the normalised value
#pragma omp simd reduction(+ : first, second)
      for (int64_t j = 0; j < H; ++j) {
        const float hat = (x[j] - mean) * rstd, g = dy[j] * n.norm.gamma[j];
        first += g;
        second += g * hat;
        dgamma[j] += dy[j] * hat;
        dbeta[j] += dy[j];
      }
      first = n.norm.centred ? first / H : 0.0f;
      second /= H;
      float *dsum = n.dsum + t * H, *dout = n.dout ? n.dout + t * H : nullptr;
      const float* along = n.along ? n.along + t * H : nullptr;
      const uint32_t index = static_cast<uint32_t>(n.flat[t]) * static_cast<uint32_t>(H);
      auto row = [&](auto passed, auto dense, auto drops) {
#pragma omp simd
        for (int64_t j = 0; j < H; ++j) {
          const float hat = (x[j] - mean) * rstd;
          float d = (dy[j] * n.norm.gamma[j] - first - hat * second) * rstd;
          if constexpr (passed) d += along[j];
          dsum[j] = d;
          if constexpr (dense) {
            const float o = drops ? d * dropout.factor(index + static_cast<uint32_t>(j)) : d;
            dout[j] = o;
            dbias[j] += o;
          }
        }
      };
      constexpr std::true_type yes;
      constexpr std::false_type no;
      if (dout == nullptr) along ? row(yes, no, no) : row(no, no, no);
      else if (dropout.on()) along ? row(yes, yes, yes) : row(no, yes, yes);
      else along ? row(yes, yes, no) : row(no, yes, no);
    }
  });
  add_parts(parts, pieces, 3 * H, H, n.dgamma);
  add_parts(parts + H, pieces, 3 * H, H, n.dbeta);
  add_parts(parts + 2 * H, pieces, 3 * H, H, n.dbias);
}

void drop_backward(int64_t rows, int64_t width, const float* dy, const Dropout& dropout, const int32_t* flat,
                   float* dout, float* dbias) {
  each_row(rows, [&](int64_t t) {
    const Dropout drop = dropout;
    const uint32_t index = static_cast<uint32_t>(flat[t]) * static_cast<uint32_t>(width);
    const float* from = dy + t * width;
    float* to = dout + t * width;
#pragma omp simd
    for (int64_t j = 0; j < width; ++j) to[j] = from[j] * drop.factor(index + static_cast<uint32_t>(j));
  });
  if (dbias != nullptr) column_sums(dout, rows, width, width, dbias);
}

template <class E>
void column_sums(const E* x, int64_t rows, int64_t width, int64_t ld, float* sums) {
  const int64_t pieces = blocks_of(rows, kRows);
  Scratch scratch;
  float* parts = scratch.floats(pieces * width);
  parallel_for(pieces, [&](int64_t block) {
    float* part = parts + block * width;
    std::fill_n(part, width, 0.0f);
    for (int64_t t = block * kRows; t < std::min(rows, (block + 1) * kRows); ++t)
#pragma omp simd
      for (int64_t j = 0; j < width; ++j) part[j] += widen(x[t * ld + j]);
  });
  add_parts(parts, pieces, width, width, sums);
}

template void column_sums(const float*, int64_t, int64_t, int64_t, float*);
template void column_sums(const BFloat16*, int64_t, int64_t, int64_t, float*);

}  // namespace tasklab
