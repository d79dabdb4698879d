#include "pool.h"

#include <unistd.h>

#include <atomic>
#include <condition_variable>
#include <exception>
#include <mutex>
#include <system_error>
#include <thread>
#include <vector>

#if defined(__x86_64__)
#include <immintrin.h>
#define TASKLAB_PAUSE() _mm_pause()
#else
#define TASKLAB_PAUSE() std::this_thread::yield()
#endif

namespace tasklab {
namespace {

thread_local bool inside = false;  // this thread already runs pieces
constexpr int kSpins = 4000;  // about 50 microseconds: longer than the gap between two steps of one operator

// A worker joins a call only while it is open, so a call never waits for a worker that the system has not woken.
struct Pool {
  std::mutex owner;  // held by the caller that uses the workers
  std::mutex lock;
  std::condition_variable wake;
  std::vector<std::thread> workers;  // never fewer: the ones that a call does not want stay asleep
  std::atomic<uint64_t> round{0};  // changes when there is work
  std::atomic<bool> open{false};
  std::atomic<int> seats{0};       // workers that may still join this call
  std::atomic<int> active{0};      // workers that may touch the fields below
  std::atomic<int64_t> next{0};    // hands out the pieces
  int64_t count = 0;
  Piece piece = nullptr;
  void* context = nullptr;
  std::exception_ptr failure;      // the first one of this call, guarded by `lock`

  void hire(int count) {
    try {
      while (static_cast<int>(workers.size()) < count) workers.emplace_back([this] { work(); });
    } catch (const std::system_error&) {  // the system gives no more threads: go on with these
    }
  }

  void take() {
    for (int64_t i; (i = next.fetch_add(1)) < count;) {
      try {
        piece(context, i);
      } catch (...) {
        std::lock_guard<std::mutex> guard(lock);
        if (!failure) failure = std::current_exception();
      }
    }
  }

  void work() {
    inside = true;
    for (uint64_t seen = 0;; seen = round.load()) {
      active.fetch_add(1);
      if (open.load() && seats.fetch_sub(1) > 0) take();
      active.fetch_sub(1);
      for (int i = 0; i < kSpins && round.load() == seen; ++i) TASKLAB_PAUSE();
      std::unique_lock<std::mutex> guard(lock);
      wake.wait(guard, [&] { return round.load() != seen; });
    }
  }

  void run(int64_t pieces, Piece body, void* data, int helpers) {
    hire(helpers);
    seats.store(helpers);
    count = pieces;
    piece = body;
    context = data;
    failure = nullptr;
    next.store(0);
    open.store(true);
    {
      std::lock_guard<std::mutex> guard(lock);
      round.fetch_add(1);
    }
    wake.notify_all();
    take();
    open.store(false);
    for (int i = 0; active.load() != 0; ++i) {
      if (i < kSpins * 4) TASKLAB_PAUSE();
      else std::this_thread::yield();  // more threads than free cores: let the others finish
    }
    if (failure) std::rethrow_exception(failure);
  }
};

std::atomic<int> wanted{0};
std::mutex creation;
Pool* pool = nullptr;
pid_t pool_pid = 0;

Pool* current() {
  std::lock_guard<std::mutex> guard(creation);
  if (pool == nullptr || pool_pid != getpid()) {  // after fork only the forking thread lives: the old pool is lost
    pool = new Pool;
    pool_pid = getpid();
  }
  return pool;
}

}  // namespace

int threads() {
  const int count = wanted.load();
  return count > 0 ? count : 1;  // whoever loads the library says how many
}

void set_threads(int count) { wanted.store(count); }

void run_pieces(int64_t count, Piece piece, void* context) {
  const int helpers = threads() - 1;
  if (count > 1 && helpers > 0 && !inside) {
    Pool* workers = current();
    std::unique_lock<std::mutex> guard(workers->owner, std::try_to_lock);
    if (guard.owns_lock()) {
      inside = true;
      struct Leave { ~Leave() { inside = false; } } leave;
      workers->run(count, piece, context, helpers);
      return;
    }
  }
  for (int64_t i = 0; i < count; ++i) piece(context, i);
}

}  // namespace tasklab

extern "C" void tasklab_set_threads(int count) { tasklab::set_threads(count); }
extern "C" int tasklab_threads() { return tasklab::threads(); }
