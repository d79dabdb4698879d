// The real tokens of a padded batch, packed: everything but the input and the output works on these rows only.
#pragma once
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <stdexcept>
#include <vector>

#include "pool.h"

namespace tasklab {

// Tokens that see one another: a row of the batch, or a document in it.
struct Stretch {
  int64_t begin, rows, row;  // first packed row, tokens, row of the batch
  int64_t prefix = 0;        // tokens at its beginning that all of it sees
};

struct Tokens {
  int64_t batch = 0, length = 0;  // B, S of the padded batch
  std::vector<int32_t> flat;      // [T] b * S + s of every token whose mask is not 0
  std::vector<int32_t> column;    // [T] s alone
  std::vector<int64_t> start;     // [B + 1] first packed row of each row of the batch
  std::vector<Stretch> stretches;        // in the order of their tokens

  // documents: mask [B, S] numbers the documents of a row from 1, the tokens of a prefix by the number below 0; else
  // each row is one stretch.
  Tokens(const int32_t* mask, int64_t b, int64_t s, bool documents = false) : batch(b), length(s), start(b + 1, 0) {
    flat.reserve(b * s);
    column.reserve(b * s);
    for (int64_t i = 0; i < b; ++i) {
      for (int64_t j = 0; j < s; ++j)
        if (mask[i * s + j] != 0) {
          flat.push_back(static_cast<int32_t>(i * s + j));
          column.push_back(static_cast<int32_t>(j));
        }
      start[i + 1] = flat.size();
      if (documents) add_documents(mask, i);
      else stretches.push_back({start[i], start[i + 1] - start[i], i});
    }
  }

  int64_t count() const { return flat.size(); }
  int64_t padded() const { return batch * length; }
  bool full() const { return count() == padded(); }

  // packed [T, width] from padded [B, S, width]
  void pack(const float* padded, float* packed, int64_t width) const {
    parallel_for(blocks_of(count(), kRows), [&](int64_t block) {
      for (int64_t t = block * kRows; t < count() && t < (block + 1) * kRows; ++t)
        std::memcpy(packed + t * width, padded + flat[t] * width, width * sizeof(float));
    });
  }

  // padded [B, S, width] from packed [T, width], zeros where the mask is 0
  void unpack(const float* packed, float* padded, int64_t width) const {
    parallel_for(batch, [&](int64_t b) {
      int64_t t = start[b];
      for (int64_t row = b * length; row < (b + 1) * length; ++row) {
        if (t < start[b + 1] && flat[t] == row) std::memcpy(padded + row * width, packed + t++ * width, width * 4);
        else std::memset(padded + row * width, 0, width * sizeof(float));
      }
    });
  }

 private:
  void add_documents(const int32_t* numbers, int64_t row) {
    int32_t last = 0;
    for (int64_t t = start[row]; t < start[row + 1]; ++t) {
      const int32_t number = std::abs(numbers[flat[t]]);
      if (number < last) throw std::invalid_argument("the numbers of the documents in a row must not fall");
      if (number != last) stretches.push_back({t, 0, row});
      ++stretches.back().rows;
      if (numbers[flat[t]] < 0) {
        if (++stretches.back().prefix < stretches.back().rows)
          throw std::invalid_argument("a prefix stands at the beginning of its document");
      }
      last = number;
    }
  }

  static constexpr int64_t kRows = 64;
};

}  // namespace tasklab
