// Rotary positions (Su et al. 2021): the first values of a head turn with the second ones, by the token's place.
#pragma once
#include <cstdint>
#include <stdexcept>
#include <string>

#include "number.h"
#include "pool.h"
#include "tokens.h"

namespace tasklab {

struct RotaryTables {
  const float *cos = nullptr, *sin = nullptr;  // [places, half]
  int64_t places = 0, half = 0;                // half: pairs of a head that turn; the rest of its values stays

  // Turns heads [T, heads, head_size] of row stride ld in place, back again with `backwards`; places count from 0 in
  // each stretch of the tokens.
  template <class E>
  void turn(const Tokens& tokens, E* x, int64_t ld, int64_t heads, int64_t head_size, bool backwards) const {
    if (cos == nullptr) return;
    const float sign = backwards ? -1.0f : 1.0f;
    for (const Stretch& stretch : tokens.stretches)
      if (stretch.rows > places)
        throw std::invalid_argument("a document has " + std::to_string(stretch.rows) + " tokens, the rotary tables " +
                                    std::to_string(places) + " places");
    parallel_for(tokens.stretches.size(), [&](int64_t i) {
      const Stretch& stretch = tokens.stretches[i];
      for (int64_t place = 0; place < stretch.rows; ++place) {
        const float *c = cos + place * half, *s = sin + place * half;
        for (int64_t n = 0; n < heads; ++n) {
          E *first = x + (stretch.begin + place) * ld + n * head_size, *second = first + half;
#pragma omp simd
          for (int64_t j = 0; j < half; ++j) {
            const float a = widen(first[j]), b = widen(second[j]), sine = sign * s[j];
            first[j] = narrow<E>(a * c[j] - b * sine);
            second[j] = narrow<E>(b * c[j] + a * sine);
          }
        }
      }
    });
  }
};

}  // namespace tasklab
