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

}  // namespace
}  // namespace tasklab

TASKLAB_OPERATOR(TasklabWords) {  // hidden, table, targets, settings -> log-probability, mean, log of the sum [T]
  using namespace tasklab;
  args.need(7);
  const WordLoss w = read(args, 0);
  const int64_t T = args.dim(0, 0);
  float* results[3];
  for (int i = 0; i < 3; ++i) {
    results[i] = args.floats(4 + i, T);
    std::fill_n(results[i], T, 0.0f);
  }
  const bool bfloat16 = args.ints(3, kSettings)[kBFloat16] != 0;
  (bfloat16 ? words_forward<BFloat16> : words_forward<float>)(w, results[0], results[1], results[2]);
}

// d log-probability, d mean, hidden, table, targets, settings, log of the sum -> d hidden, d table
TASKLAB_OPERATOR(TasklabWordsGrad) {
  using namespace tasklab;
  args.need(9);
  const WordLoss w = read(args, 2);
  const int64_t T = args.dim(2, 0);
  const int32_t* settings = args.ints(5, kSettings);
  float *dhidden = args.floats(7, T * w.width), *dtable = args.floats(8, settings[kFrozen] ? 1 : w.words * w.width);
  std::fill_n(dhidden, T * w.width, 0.0f);
  if (settings[kFrozen] || w.rows.empty()) std::fill_n(dtable, args.size(8), 0.0f);
  if (w.rows.empty()) return;
  (settings[kBFloat16] ? words_backward<BFloat16> : words_backward<float>)(
      w, args.floats(0, T), args.floats(1, T), args.floats(6, T), dhidden, settings[kFrozen] ? nullptr : dtable);
}
