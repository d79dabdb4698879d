// Log-probabilities of words as MindSpore operators.
#include <algorithm>

#include "arguments.h"
#include "number.h"
#include "word_loss.h"

namespace tasklab {
namespace {

// int32 settings in the order of tasklab/kernels/word_loss.py
enum Setting { kBFloat16, kFrozen, kSettings };

// Arguments hidden [T, H], table [V, H], targets [T] start at `first`.
WordLoss read(const Arguments& args, int first) {
  args.need_rank(first, 2);
  args.need_rank(first + 1, 2);
  const int64_t T = args.dim(first, 0), H = args.dim(first, 1), V = args.dim(first + 1, 0);
  return {args.floats(first, T * H), T, H, args.floats(first + 1, V * H), V, args.ints(first + 2, T)};
}

// From the first result on: log-probability and mean [T], both 0 without a target.
void forward(const Arguments& args, int first, WordResults& results) {
  const WordLoss w = read(args, 0);
  const int64_t T = args.dim(0, 0);
  results.target = args.floats(first, T);
  results.mean = args.floats(first + 1, T);
  for (float* result : {results.target, results.mean}) std::fill_n(result, T, 0.0f);
  const bool bfloat16 = args.ints(3, kSettings)[kBFloat16] != 0;
  (bfloat16 ? words_forward<BFloat16> : words_forward<float>)(w, results);
}

}  // namespace
}  // namespace tasklab

TASKLAB_OPERATOR(TasklabWords) {  // hidden, table, targets, settings -> log-probability, mean [T]
  using namespace tasklab;
  args.need(6);
  WordResults results{};
  forward(args, 4, results);
}

// the same -> log-probability, mean, gradients of -log-probability by hidden [T, H] and by the table [V, H], or [1]
TASKLAB_OPERATOR(TasklabWordsTrain) {
  using namespace tasklab;
  args.need(8);
  const bool frozen = args.ints(3, kSettings)[kFrozen] != 0;
  WordResults results{};
  results.hidden = args.floats(6, args.size(0));
  float* table = args.floats(7, frozen ? 1 : args.size(1));
  if (!frozen) results.table = table;
  std::fill_n(results.hidden, args.size(0), 0.0f);
  if (frozen || read(args, 0).rows.empty()) std::fill_n(table, args.size(7), 0.0f);
  forward(args, 4, results);
}

// d log-probability, d mean, hidden, table, targets, settings, the two gradients above -> d hidden.
// The gradient by the table turns into d table where it is: there is no second tensor of that size.
TASKLAB_OPERATOR(TasklabWordsGrad) {
  using namespace tasklab;
  args.need(9);
  const WordLoss w = read(args, 2);
  const int64_t T = args.dim(2, 0);
  const int32_t* settings = args.ints(5, kSettings);
  WordResults results{};
  results.hidden = args.floats(6, T * w.width);
  if (!settings[kFrozen]) results.table = args.floats(7, w.words * w.width);
  float* dhidden = args.floats(8, T * w.width);
  std::fill_n(dhidden, T * w.width, 0.0f);
  (settings[kBFloat16] ? words_backward<BFloat16> : words_backward<float>)(w, args.floats(0, T), args.floats(1, T),
                                                                           results, dhidden);
}
