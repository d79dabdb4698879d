// Products with a matrix that lies in panels: 32 outputs side by side, input after input, so that a vector holds
// neighbouring outputs and every output is one chain of sums over its inputs. A row's result is then the same bits
// alone and among others. (oneDNN's products are not: it cuts sums by the shape of the whole product.)
#pragma once
#include <cstdint>
#include <type_traits>

#include "lanes.h"

namespace tasklab {

constexpr int64_t kPanel = 32;              // outputs of a panel
constexpr int kVectors = kPanel / kLanes;   // vectors of these
constexpr int kRows = kLanes == 16 ? 8 : kLanes == 8 ? 3 : 1;  // rows whose sums fit the registers together

// Sums of one panel for `M` rows.
template <int M>
struct Sums {
  Lanes of[M][kVectors] = {};

  void write(int row, float* out) const {
    for (int v = 0; v < kVectors; ++v) store(out + v * kLanes, of[row][v]);
  }
};

// What to bring nearer while a panel is read: `step` bytes from `from` on for each input. Weights come from memory
// faster than by the processor's own guesses: int8 in 5 ms in place of 10 for the 143 MB of SmolLM2.
struct Ahead {
  const char* from;
  int64_t step;

  template <int kLines = 1>
  void fetch(int64_t k) const {
    for (int line = 0; line < kLines; ++line) __builtin_prefetch(from + k * step + line * 64);
  }
};

// sums += x [M rows, stride ldx, `inputs` columns] times a panel of floats [inputs, 32].
template <int M>
inline void add_panel(const float* panel, int64_t inputs, const float* x, int64_t ldx, Ahead ahead, Sums<M>& sums) {
  Sums<M> s = sums;  // a copy that the compiler keeps in registers
  for (int64_t k = 0; k < inputs; ++k) {
    ahead.fetch<2>(k);
    Lanes w[kVectors];
    for (int v = 0; v < kVectors; ++v) w[v] = load<Lanes>(panel + k * kPanel + v * kLanes);
    for (int m = 0; m < M; ++m)
      for (int v = 0; v < kVectors; ++v) s.of[m][v] += w[v] * x[m * ldx + k];
  }
  sums = s;
}

// body(std::integral_constant<int, M>, first row) for blocks of M <= kRows rows that cover `rows`.
template <class Body>
inline void for_rows(int64_t rows, Body&& body) {
  int64_t row = 0;
  for (; row + kRows <= rows; row += kRows) body(std::integral_constant<int, kRows>{}, row);
  switch (rows - row) {
    case 1: return body(std::integral_constant<int, 1>{}, row);
    case 2: return body(std::integral_constant<int, kRows < 2 ? 1 : 2>{}, row);
    case 3: return body(std::integral_constant<int, kRows < 3 ? 1 : 3>{}, row);
    case 4: return body(std::integral_constant<int, kRows < 4 ? 1 : 4>{}, row);
    case 5: return body(std::integral_constant<int, kRows < 5 ? 1 : 5>{}, row);
    case 6: return body(std::integral_constant<int, kRows < 6 ? 1 : 6>{}, row);
    case 7: return body(std::integral_constant<int, kRows < 7 ? 1 : 7>{}, row);
  }
}

}  // namespace tasklab
