// SPDX-License-Identifier: BSD-2-Clause
#include "model/spread.hpp"

#include <gmock/gmock.h>

#include "model/verdict.hpp"
#include "unit/model/service_row_builder.hpp"

namespace acceptscope::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

Spread spread_of(const ServiceRow& service, Basis basis = Basis::all) {
  FairDraws draws;
  return Spreads(service, draws).by(basis);
}

ServiceRow judged(ServiceRow service) {
  FairDraws draws;
  judge(service, 60s, {}, draws);
  return service;
}

/// One of 8 workers has 100 connections. The 7 others replaced 20 workers that had one each.
ServiceRow reloaded() {
  Counts counts(28, 1);
  counts[0] = 100;
  for (std::size_t i = 1; i < 8; ++i) counts[i] = 0;
  ServiceRowBuilder builder = service_of(28).open(counts, 60s);
  ServiceRow row = builder;
  for (std::size_t i = 8; i < 28; ++i) row.workers[i].exited = true;
  return row;
}

TEST(Spread, OwnersAreTheFewestWorkersWithNineTenths) {
  const ServiceRow service = service_of(8).open({20, 12, 8, 2}, 60s);
  const Spread spread = spread_of(service);

  EXPECT_THAT(spread.owners, ElementsAre(0, 1, 2));
  EXPECT_EQ(spread.owned, 40U);
  EXPECT_EQ(spread.total, 42U);
  EXPECT_EQ(spread.workers(), 8U);
  EXPECT_EQ(spread.busy(), 4U);
  EXPECT_THAT(spread.without, ElementsAre(4, 5, 6, 7));
}

TEST(Spread, WithoutConnectionsNobodyOwnsAny) {
  const Spread spread = spread_of(service_of(2));

  EXPECT_THAT(spread.owners, IsEmpty());
  EXPECT_EQ(spread.workers(), 2U);
  EXPECT_EQ(spread.effective, 0);
}

TEST(Spread, WhatWorkersThatLeftHadGoesToTheirSuccessors) {
  const Spread spread = spread_of(reloaded());

  EXPECT_EQ(spread.workers(), 8U);
  EXPECT_THAT(spread.amounts, ElementsAre(100, 3, 3, 3, 3, 3, 3, 2));
  EXPECT_THAT(spread.owners, ElementsAre(0)) << "who has more than an even share";
  EXPECT_EQ(spread.owned, 100U);
  EXPECT_EQ(spread.total, 120U);
  EXPECT_THAT(spread.without, ElementsAre(1, 2, 3, 4, 5, 6, 7));
}

TEST(Spread, IsOverAllWorkersIfNoneIsAlive) {
  const ServiceRow service = service_of(2).closed({30, 10}, 1s).exited({0, 1});
  const Spread spread = spread_of(service);

  EXPECT_THAT(spread.amounts, ElementsAre(30, 10));
  EXPECT_THAT(spread.without, IsEmpty());
}

TEST(Spread, WorkersWithoutARowAreIdleOrSuccessors) {
  ServiceRow service = service_of(2).open({4, 10}, 60s).exited({1});
  service.workers_eligible = 3;
  const Spread spread = spread_of(service);

  EXPECT_THAT(spread.amounts, ElementsAre(10, 4));
  EXPECT_THAT(spread.owners, ElementsAre(Spread::kNoRow));
}

TEST(Spread, ADumpCannotMakeMillionsOfWorkers) {
  ServiceRow service = service_of(2).open({10, 4}, 60s);
  service.workers_eligible = 1'000'000'000;

  EXPECT_LT(spread_of(service).workers(), 100'000U);
}

TEST(Spread, CountsTheConnectionsOfItsBasis) {
  const ServiceRow service = service_of(2).closed({500, 500}, 3ms).preexisting({30, 10}, 60s);

  EXPECT_EQ(spread_of(service, Basis::all).total, 1'040U);
  EXPECT_EQ(spread_of(service, Basis::open).total, 40U);
  EXPECT_EQ(spread_of(service, Basis::accepts).total, 1'000U);
}

TEST(Spread, OfAVerdictIsThatOfItsSummary) {
  const ServiceRow beside = judged(service_of(8).closed(Counts(8, 500), 3ms).preexisting({22, 11, 7}, 60s));
  EXPECT_EQ(beside.spread.basis, Basis::open);
  EXPECT_EQ(beside.spread.total, 40U);
  EXPECT_EQ(beside.spread.workers(), 8U);
  EXPECT_EQ(beside.spread.busy(), 3U);
  EXPECT_NEAR(beside.spread.effective, 2.4, 0.05);
  EXPECT_TRUE(beside.spread.fair);
  EXPECT_TRUE(beside.spread.uneven);

  const ServiceRow even = judged(service_of(8).preexisting({5, 3, 8, 4, 6, 2, 7, 5}, 60s));
  EXPECT_EQ(even.spread.basis, Basis::all);
  EXPECT_NEAR(even.spread.effective, 7.0, 0.05);
  EXPECT_FALSE(even.spread.uneven);
}

TEST(AddSpreads, GivesAReadDumpWhatTheLivePictureHad) {
  const ServiceRow live = judged(reloaded());
  Snapshot snapshot;
  snapshot.run.duration = 60s;
  snapshot.services = {live};
  snapshot.services[0].spread = {};

  add_spreads(snapshot);

  EXPECT_EQ(snapshot.services[0].spread, live.spread);
}

}  // namespace
}  // namespace acceptscope::testing
