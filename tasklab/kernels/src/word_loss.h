// Log-probabilities of words, log softmax(hidden table^T)[target], by blocks of the vocabulary: no [T, V] in memory.
#pragma once
#include <cstdint>
#include <vector>

namespace tasklab {

struct WordLoss {
  int64_t width, words;         // H, V
  const float* hidden;          // [.., H]
  const float* table;           // [V, H]
  const int32_t* targets;       // word of each row of `hidden`, or a negative number
  std::vector<int64_t> rows;    // [R] the rows that have a target

  // Throws std::invalid_argument for a target beyond the vocabulary.
  WordLoss(const float* hidden, int64_t count, int64_t width, const float* table, int64_t words,
           const int32_t* targets);
};

// All results have one value for each row of `hidden` and are written for rows with a target only: log-probability of
// the target, mean log-probability of all words, log of the sum of exp(scores). Products read their operands as E.
template <class E>
void words_forward(const WordLoss& w, float* target, float* mean, float* log_sum);

// Gradients by hidden (written for rows with a target only) and by the table [V, H]; null: not wanted.
template <class E>
void words_backward(const WordLoss& w, const float* dtarget, const float* dmean, const float* log_sum, float* dhidden,
                    float* dtable);

}  // namespace tasklab
