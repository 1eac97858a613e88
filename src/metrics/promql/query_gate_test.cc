#include "metrics/promql/query_gate.h"

#include <gtest/gtest.h>

#include <atomic>
#include <functional>
#include <optional>
#include <thread>

namespace mamori::metrics::promql {
namespace {

using std::chrono::milliseconds;

QueryGate::Clock::time_point in(milliseconds time) { return QueryGate::Clock::now() + time; }

void wait_until(const std::function<bool()>& condition) {
  for (int i = 0; i < 10'000 && !condition(); ++i) std::this_thread::sleep_for(milliseconds{1});
  ASSERT_TRUE(condition());
}

/// A query of its own thread that runs until it is told to end.
class Query {
 public:
  Query(
      QueryGate& gate, std::string client, std::function<void()> on_run = [] {})
      : thread_([this, &gate, client, on_run] {
          const auto pass = gate.enter(client, in(milliseconds{20'000}));
          if (!pass) return;
          on_run();
          runs_ = true;
          runs_.notify_all();
          end_.wait(false);
        }) {}
  ~Query() {
    end();
    thread_.join();
  }
  void end() {
    end_ = true;
    end_.notify_all();
  }
  bool runs() const { return runs_; }
  void wait_until_it_runs() { runs_.wait(false); }

 private:
  std::atomic<bool> runs_{false}, end_{false};
  std::thread thread_;
};

TEST(QueryGate, LetsSoManyRunAndGivesPlacesBack) {
  QueryGate gate({.concurrency = 2, .waiting_max = 0});
  std::optional<Result<QueryGate::Pass>> a(gate.enter("a", in(milliseconds{1000})));
  const auto b = gate.enter("b", in(milliseconds{1000}));
  EXPECT_TRUE(*a && b);
  const auto refused = gate.enter("c", in(milliseconds{1000}));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Code::Unavailable);
  EXPECT_EQ(refused.error().message,
            "2 queries run (--query-concurrency) and 0 wait (--query-queue), which is as many as may; try again later");
  a.reset();
  EXPECT_TRUE(gate.enter("c", in(milliseconds{1000})));
  EXPECT_EQ(gate.stats().refused, 1u);
}

TEST(QueryGate, LeavesTheLastPlaceToAnotherClient) {
  QueryGate gate({.concurrency = 3, .waiting_max = 0});
  const auto a = gate.enter("heavy", in(milliseconds{1000})), b = gate.enter("heavy", in(milliseconds{1000}));
  EXPECT_TRUE(a && b);
  EXPECT_FALSE(gate.enter("heavy", in(milliseconds{1000})));
  EXPECT_TRUE(gate.enter("other", in(milliseconds{1000})));
}

TEST(QueryGate, GivesUpAtTheDeadline) {
  QueryGate gate({.concurrency = 1});
  const auto a = gate.enter("a", in(milliseconds{1000}));
  const auto late = gate.enter("b", in(milliseconds{20}));
  ASSERT_FALSE(late);
  EXPECT_EQ(late.error().code, Code::DeadlineExceeded);
  EXPECT_TRUE(late.error().message.starts_with("query timed out in query queue"));
  EXPECT_EQ(gate.stats().waiting, 0u);
}

TEST(QueryGate, DropsWhoHasHungUp) {
  QueryGate gate({.concurrency = 1});
  const auto a = gate.enter("a", in(milliseconds{1000}));
  int asked = 0;
  const auto gone = gate.enter("b", in(milliseconds{20'000}), [&] { return ++asked == 2; });
  ASSERT_FALSE(gone);
  EXPECT_EQ(gone.error().message, "query was canceled in query queue: the client has closed its connection");
  EXPECT_EQ(gate.stats().waiting, 0u);
  EXPECT_EQ(gate.stats().timed_out, 0u);
}

TEST(QueryGate, BoundsOneClientsLine) {
  QueryGate gate({.concurrency = 1, .waiting_max = 10, .waiting_client_max = 1});
  Query running(gate, "a");
  running.wait_until_it_runs();
  Query waiting(gate, "a");
  wait_until([&] { return gate.stats().waiting == 1; });
  EXPECT_FALSE(gate.enter("a", in(milliseconds{1000})));
  const auto other = gate.enter("b", in(milliseconds{5}));  // may wait
  EXPECT_EQ(other.error().code, Code::DeadlineExceeded);
  running.end();
  waiting.wait_until_it_runs();
}

TEST(QueryGate, ServesClientsInTurn) {
  QueryGate gate({.concurrency = 1});
  std::mutex mutex;
  std::string order;
  const auto note = [&](char client) {
    return [&, client] {
      const std::lock_guard guard(mutex);
      order += client;
    };
  };
  std::list<Query> queries;
  queries.emplace_back(gate, "x");
  queries.back().wait_until_it_runs();
  for (const char client : {'a', 'a', 'a', 'b', 'c', 'b'}) {
    const auto waiting = gate.stats().waiting;
    queries.emplace_back(gate, std::string(1, client), note(client));
    wait_until([&] { return gate.stats().waiting == waiting + 1; });
  }
  for (auto& query : queries) query.end();
  wait_until([&] { return gate.stats().running == 0; });
  EXPECT_EQ(order, "abcaba");
}

TEST(QueryGate, LosesNobodyAmongMany) {
  QueryGate gate({.concurrency = 3, .waiting_max = 1000, .waiting_client_max = 1000});
  std::atomic<int> running{0}, done{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < 12; ++i) {
    threads.emplace_back([&, i] {
      for (int k = 0; k < 200; ++k) {
        const auto pass = gate.enter(std::to_string(i % 4), in(milliseconds{20'000}));
        if (!pass) continue;
        EXPECT_LE(++running, 3);
        --running;
        ++done;
      }
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(done, 12 * 200);
  EXPECT_EQ(gate.stats().running, 0u);
}

}  // namespace
}  // namespace mamori::metrics::promql
