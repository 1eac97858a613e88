#include "demo/faults.h"

#include <gtest/gtest.h>

namespace mamori::demo {
namespace {

TEST(Faults, SurviveTheTripThroughJson) {
  for (const auto& fault : kFaults) {
    Faults faults;
    faults.*fault.member = true;
    const auto read = faults_from_json(to_json(faults));
    ASSERT_TRUE(read);
    EXPECT_EQ(*read, faults);
  }
}

TEST(Faults, AreOffWhereAMessageDoesNotNameThem) {
  const auto read = faults_from_json(R"({"webhook-lag":true,"unknown":1})");
  ASSERT_TRUE(read);
  EXPECT_EQ(*read, Faults{.webhook_lag = true});
}

TEST(Faults, RefuseWhatIsNoObject) {
  EXPECT_FALSE(faults_from_json("[]"));
  EXPECT_FALSE(faults_from_json(""));
}

TEST(FindFault, NamesTheKnownOnesAndTheNearest) {
  ASSERT_TRUE(find_fault("slow-provider"));
  const auto wrong = find_fault("slow-providr");
  ASSERT_FALSE(wrong);
  EXPECT_EQ(wrong.error().code, Code::NotFound);
  EXPECT_NE(wrong.error().message.find("did you mean slow-provider?"), std::string::npos);
  EXPECT_NE(wrong.error().message.find("card-testing"), std::string::npos);
}

}  // namespace
}  // namespace mamori::demo
