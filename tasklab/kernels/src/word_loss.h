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

// All of them have one value or row for each row of `hidden` and are written for rows with a target only, but `table`.
struct WordResults {
  float *target, *mean;     // log-probability of the target, mean log-probability of all words
  float* hidden = nullptr;  // [.., H] gradient of -log-probability by hidden; null: no gradients
  float* table = nullptr;   // [V, H] gradient of the sum of -log-probability * rate by the table; null: not wanted
  const float* rates = nullptr;  // null: all 1
};

// Scores are computed once: with gradients those of a few hundred rows are kept, over all words, until their sum is
// there. Products read their operands as E.
template <class E>
void words_forward(const WordLoss& w, const WordResults& results);

// From `results` of the forward pass, the gradients of what has the gradients dtarget and dmean by log-probability and
// mean; where a table's are wanted results.table turns into them. When rows count alike, which is what a mean over the
// words comes to, that scales them; else the scores are computed once more.
template <class E>
void words_backward(const WordLoss& w, const float* dtarget, const float* dmean, const WordResults& results,
                    float* dhidden);

}  // namespace tasklab
