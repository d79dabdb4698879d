// The rows of a matrix whose products with a vector are largest: exact search among vectors, as float32 or as int8
// with the best ones scored again.
#pragma once
#include <cstdint>
#include <limits>
#include <vector>

namespace tasklab {

struct Hit {
  float score;
  int64_t row;

  bool before(const Hit& other) const { return score > other.score || (score == other.score && row < other.row); }
};

// The best `room` of what is offered, by score and then by row, so that the order of offers is no matter.
class Best {
 public:
  explicit Best(int64_t room) : room_(room) {}

  void offer(Hit hit) {  // a score that is no number never enters
    if (static_cast<int64_t>(heap_.size()) < room_ ? hit.score >= kLowest : hit.before(heap_.front())) take(hit);
  }
  std::vector<Hit> sorted();  // best first; empties it

 private:
  static constexpr float kLowest = -std::numeric_limits<float>::infinity();
  void take(Hit hit);

  int64_t room_;
  std::vector<Hit> heap_;  // the worst in front
};

struct FloatRows {
  const float* values;  // [count, size]
  int64_t count, size;
};

struct ByteRows {  // values * scales[row] is about the row
  const int8_t* values;  // [count, size], -127 to 127
  const float* scales;   // [count]
  int64_t count, size;
};

// For each of `queries` [asked, size] its best `top` rows, best first; fewer where scores are no numbers.
std::vector<std::vector<Hit>> search(const FloatRows& rows, const float* queries, int64_t asked, int64_t top);
std::vector<std::vector<Hit>> search(const ByteRows& rows, const float* queries, int64_t asked, int64_t top);

// The same scores as a search among all, of some rows alone.
std::vector<Hit> score_again(const FloatRows& rows, const float* query, std::vector<Hit> hits, int64_t top);

}  // namespace tasklab
