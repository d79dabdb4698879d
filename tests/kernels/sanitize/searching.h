// Exact search through the calls of kernels/search.py, in sizes that fill no vector, block or group of queries.
#pragma once
#include <array>
#include <random>
#include <vector>

#include "calling.h"
#include "guarded.h"

extern "C" {
int tasklab_search(const float*, int64_t, int64_t, const float*, int64_t, int64_t, float*, int64_t*);
int tasklab_search_bytes(const int8_t*, const float*, const float*, int64_t, int64_t, const float*, int64_t, int64_t,
                         int64_t, float*, int64_t*);
}

// Scores and rows of both searches.
inline Results search_rows(int64_t count, int64_t size, int64_t asked, int64_t top, bool unaligned) {
  std::mt19937 engine(5);
  std::normal_distribution<float> normal;
  Guarded<float> rows(count * size, unaligned), queries(asked * size, unaligned), scales(count, unaligned);
  Guarded<int> words(count * size / 4, unaligned);  // four bytes in each
  for (float* values : {rows.data(), queries.data()})
    for (int64_t i = 0; i < (values == rows.data() ? count : asked) * size; ++i) values[i] = normal(engine);
  int8_t* bytes = reinterpret_cast<int8_t*>(words.data());
  for (int64_t i = 0; i < count * size; ++i) bytes[i] = static_cast<int8_t>(static_cast<int>(engine() % 255) - 127);
  for (int64_t i = 0; i < count; ++i) scales.data()[i] = 0.01f * (i % 7 + 1);
  Results found;
  for (const bool by_bytes : {false, true}) {
    Guarded<float> scores(asked * top, unaligned);
    std::vector<int64_t> numbers(asked * top);
    const int failed =
        by_bytes ? tasklab_search_bytes(bytes, scales.data(), rows.data(), count, size, queries.data(), asked, 2 * top,
                                        top, scores.data(), numbers.data())
                 : tasklab_search(rows.data(), count, size, queries.data(), asked, top, scores.data(), numbers.data());
    if (failed) fail("no memory", "search");
    found.push_back(scores.values());
    found.emplace_back(numbers.begin(), numbers.end());
  }
  return found;
}

inline Results search_all(bool unaligned) {
  Results found;
  for (const auto& [count, size, asked, top] : std::vector<std::array<int64_t, 4>>{
           {1, 4, 1, 3}, {37, 36, 5, 4}, {300, 132, 39, 7}, {0, 8, 2, 1}, {5, 3 * 4, 0, 1}})
    for (Floats& values : search_rows(count, size, asked, top, unaligned)) found.push_back(std::move(values));
  return found;
}
