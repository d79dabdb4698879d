#include "pool.h"

#include <sched.h>
#include <unistd.h>

#include <atomic>
#include <condition_variable>
#include <exception>
#include <mutex>
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
  std::vector<std::thread> workers;
  std::atomic<uint64_t> round{0};  // changes when there is work
  std::atomic<bool> open{false};
  std::atomic<int> active{0};      // workers that may touch the fields below
  std::atomic<int64_t> next{0};    // hands out the pieces
  int64_t count = 0;
  Piece piece = nullptr;
  void* context = nullptr;
  std::exception_ptr failure;      // the first one of this call, guarded by `lock`

  explicit Pool(int size) {
    for (int i = 1; i < size; ++i) workers.emplace_back([this] { work(); });
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
      if (open.load()) take();
      active.fetch_sub(1);
      for (int i = 0; i < kSpins && round.load() == seen; ++i) TASKLAB_PAUSE();
      std::unique_lock<std::mutex> guard(lock);
      wake.wait(guard, [&] { return round.load() != seen; });
    }
  }

  void run(int64_t pieces, Piece body, void* data) {
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
int pool_size = 0;
pid_t pool_pid = 0;

int cores() {
  cpu_set_t set;
  if (sched_getaffinity(0, sizeof set, &set) == 0) return CPU_COUNT(&set);
  return static_cast<int>(std::thread::hardware_concurrency());
}

Pool* current() {
  std::lock_guard<std::mutex> guard(creation);
  const int size = threads();
  if (pool == nullptr || pool_pid != getpid()) {  // after fork only the forking thread lives: the old pool is lost
    pool = new Pool(size);
  } else if (pool_size != size) {
    std::lock_guard<std::mutex> idle(pool->owner);
    Pool* old = pool;
    pool = new Pool(size);
    for (auto& worker : old->workers) worker.detach();  // `old` stays allocated: its threads sleep for good
  }
  pool_size = size;
  pool_pid = getpid();
  return pool;
}

}  // namespace

int threads() {
  const int count = wanted.load();
  return count > 0 ? count : (cores() > 0 ? cores() : 1);
}

void set_threads(int count) { wanted.store(count); }

void run_pieces(int64_t count, Piece piece, void* context) {
  const bool alone = count <= 1 || inside || threads() == 1;
  if (!alone) {
    Pool* workers = current();
    std::unique_lock<std::mutex> guard(workers->owner, std::try_to_lock);
    if (guard.owns_lock()) {
      inside = true;
      struct Leave { ~Leave() { inside = false; } } leave;
      workers->run(count, piece, context);
      return;
    }
  }
  for (int64_t i = 0; i < count; ++i) piece(context, i);
}

}  // namespace tasklab

extern "C" void tasklab_set_threads(int count) { tasklab::set_threads(count); }
extern "C" int tasklab_threads() { return tasklab::threads(); }
